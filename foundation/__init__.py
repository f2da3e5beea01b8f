"""The ground floor: files, settings, commands, colours and films. Nothing here knows about mazes."""
