"""Colours, where there is a terminal for them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal, TextIO

ColorChoice = Literal["auto", "always", "never"]

_CODES = {"bold": 1, "dim": 2, "red": 31, "green": 32, "yellow": 33, "blue": 34, "cyan": 36}


@dataclass(frozen=True, slots=True)
class Paint:
    """Wraps text in ANSI codes, or leaves it alone."""

    on: bool = False

    def __call__(self, text: str, *styles: str) -> str:
        """The text in the given styles."""
        if not (self.on and text):
            return text
        return f"\x1b[{';'.join(str(_CODES[style]) for style in styles)}m{text}\x1b[0m"


def wanted(choice: ColorChoice, stream: TextIO) -> bool:
    """Whether to colour: as ``--color`` says, else on a terminal unless NO_COLOR is set (https://no-color.org)."""
    if choice != "auto":
        return choice == "always"
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb" and stream.isatty()
