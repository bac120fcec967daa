"""Colours, where there is a terminal for them."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from typing import Literal, TextIO

ColorChoice = Literal["auto", "always", "never"]

SEVERITY_COLORS = {"error": "red", "warning": "yellow", "info": "cyan"}

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
    """Whether to colour: as ``--color`` says, else not if NO_COLOR is set (https://no-color.org), always if FORCE_COLOR
    is (https://force-color.org), else on a terminal that can."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return os.environ.get("TERM") != "dumb" and stream.isatty()


def columns(stream: TextIO) -> int | None:
    """How many columns a terminal has (``COLUMNS`` if set); None where the text goes to a file or a pipe."""
    return shutil.get_terminal_size().columns if stream.isatty() else None
