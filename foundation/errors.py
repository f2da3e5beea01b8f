"""Errors about the user's input. Commands print them in one line; all other errors show their traceback."""


class InputError(ValueError):
    """Something that the user gave is wrong; the message says what was expected, and where."""
