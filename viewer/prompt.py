"""A number that is typed into the window."""

import pygame

MAX_DIGITS = 10


class NumberPrompt:
    """Collects digits until Enter or Escape.

    Attributes:
        digits: typed so far.
        closed: whether Enter or Escape was pressed.
    """

    def __init__(self):
        self.digits, self.closed = "", False

    def press(self, event: pygame.event.Event) -> None:
        """Handle a key; Escape discards the digits."""
        if event.key in (pygame.K_RETURN, pygame.K_KP_ENTER):
            self.closed = True
        elif event.key == pygame.K_ESCAPE:
            self.digits, self.closed = "", True
        elif event.key == pygame.K_BACKSPACE:
            self.digits = self.digits[:-1]
        elif event.unicode.isdecimal() and len(self.digits) < MAX_DIGITS:
            self.digits += event.unicode
