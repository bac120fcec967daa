"""What shapecheck itself is: a digest of its code and its knowledge, so that no answer outlives what gave it.

The version alone would not do: in a checkout, code and tables change under the same one.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from shapecheck import __version__, disk
from shapecheck.disk import Signature
from shapecheck.resources import rules_dir
from shapecheck.writing import put


def version(memory: Path) -> str:
    """The version of shapecheck, with a digest of its files and of libcst's version, which writes fixes.

    Reading them all takes a tenth of a second, so the digest is kept in a folder under what ``stat`` says of them.
    """
    at = time.time_ns()
    found = [(path, Signature.of(os.stat(path))) for path in sorted(_files())]
    place = memory / disk.digest(repr(found).encode("utf-8", "surrogatepass"))
    with suppress(OSError, ValueError):
        known, _, checksum = place.read_text("ascii").partition(" ")
        if checksum == disk.digest(known.encode()):
            return f"{__version__} {known}"
    digests = "".join(disk.digest(Path(path).read_bytes()) for path, _ in found)
    known = disk.digest(digests.encode())
    if all(signature.settled(at) for _, signature in found):
        with suppress(OSError):
            memory.mkdir(parents=True, exist_ok=True)
            put(place, f"{known} {disk.digest(known.encode())}".encode())
    return f"{__version__} {known}"


def _files() -> Iterator[str]:
    pending = [str(Path(__file__).parent), str(rules_dir())]
    while pending:
        for entry in os.scandir(pending.pop()):
            if entry.is_dir():
                pending += [entry.path] * (entry.name != "__pycache__")
            elif not entry.name.endswith((".pyc", "~")) and not entry.name.startswith("."):
                yield entry.path
    parser = find_spec("libcst")
    if parser is not None and parser.origin is not None:
        stated = Path(parser.origin).with_name("_version.py")
        yield str(stated) if stated.exists() else parser.origin
