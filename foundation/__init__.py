"""Shared modules: files, settings, the command line, colours and videos. Nothing here knows about mazes."""
