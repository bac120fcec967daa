"""Looking at the disk: what is there, which names a folder holds, what a file says. Each answer is a fact."""

from __future__ import annotations

import os
import re
import stat
import time
from pathlib import Path

from shapecheck.disk.facts import UNSETTLED, Fact, Signature, digest
from shapecheck.disk.sessions import current


def is_file(path: str) -> bool:
    """Whether there is a file (links followed)."""
    return kind(path) == "file"


def is_dir(path: str) -> bool:
    """Whether there is a folder (links followed)."""
    return kind(path) == "folder"


def exists(path: str) -> bool:
    """Whether there is anything (links followed)."""
    return kind(path) != ""


def names(folder: str, pattern: str) -> list[str]:
    """The names in a folder that match a pattern as a whole, sorted; none where it cannot be listed."""
    here = current()
    known = here.facts.get(("names", folder, pattern))
    if known is None:
        try:
            found = [name for name in os.listdir(folder) if re.fullmatch(pattern, name)]
            value = "/".join(sorted(found))
        except (OSError, ValueError):
            value = ""
        known = Fact("names", folder, pattern, value)
    return list(filter(None, here.observed(known).value.split("/")))


def read(path: str, most: int | None = None) -> bytes:
    """The bytes of a file.

    Raises:
        OSError: it cannot be read.
        OverflowError: it has more than ``most`` bytes.
    """
    here, detail, at = current(), str(most or ""), time.time_ns()
    try:
        with Path(path).open("rb", buffering=0) as file:
            status = os.fstat(file.fileno())
            if most is not None and status.st_size > most:
                raise OverflowError
            data = file.read()
    except OSError as why:
        here.observed(Fact("bytes", path, detail, f"!{why.errno}"))
        raise
    except OverflowError:
        here.observed(Fact("bytes", path, detail, "!large"))
        raise
    signature = Signature.of(status)
    regular = stat.S_ISREG(status.st_mode)
    fact = Fact("bytes", path, detail, digest(data) if regular else UNSETTLED)
    fact.signature = signature if regular and signature.settled(at) else None
    here.observed(fact)
    return data


def kind(path: str) -> str:
    """What is there: ``file``, ``folder``, ``other``, or nothing at all (an empty string)."""
    here = current()
    known = here.facts.get(("kind", path, ""))
    if known is not None:
        here.note(known)
        return known.value
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        value = ""
    else:
        value = "file" if stat.S_ISREG(status.st_mode) else "folder" if stat.S_ISDIR(status.st_mode) else "other"
        if value == "file":
            here.signatures[path] = Signature.of(status)
    return here.observed(Fact("kind", path, "", value)).value
