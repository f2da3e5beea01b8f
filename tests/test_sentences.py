"""Planted mice through the whole pipeline: what the report says about each of them must be true."""
