"""Which files of the project a run reads: whoever waits for changes has to know them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from shapecheck.tracer.child.frames import is_user_file

_NOT_ON_DISK = tuple(f"{folder}{os.sep}" for folder in ("/dev", "/proc", "/sys"))


def install(send: Callable[[dict[str, Any]], None], scratch: Path) -> None:
    """Send the path of each file of the project that is opened to be read, or would be if it were there: once each,
    and at once, as a script may end in ways that leave no time for a last word."""
    told: set[str] = set()
    aside = (*_NOT_ON_DISK, os.path.realpath(scratch) + os.sep)

    def audit(event: str, args: tuple[Any, ...]) -> None:
        if event != "open" or not isinstance(args[0], (str, bytes, os.PathLike)) or _writes(args[2]):
            return
        path = os.path.abspath(os.fsdecode(args[0]))
        if path in told:
            return
        told.add(path)
        if is_user_file(path) and not os.path.realpath(path).startswith(aside) and not os.path.isdir(path):
            send({"kind": "opened", "path": path})

    sys.addaudithook(audit)


def _writes(flags: Any) -> bool:
    return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR))
