"""Kept outcomes of single files, by path, settings and what shapecheck itself is, with the facts that each rests on.

An entry is one file, put in its place in one step and headed by its checksum: what a killed process, a full disk
or a second run at the same time leave behind is either an entry or none. It holds JSON (see :mod:`plain`), and names
the texts that its findings speak of instead of copying them. Nothing here raises: without a cache a check takes longer.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shapecheck import disk, own
from shapecheck.disk import Fact, Signature
from shapecheck.errors import UnreadableSource, UsageError
from shapecheck.plain import plain, value_of
from shapecheck.results import Outcome
from shapecheck.source import read
from shapecheck.writing import put

if TYPE_CHECKING:
    from shapecheck.engine import Options

MOST_BYTES = 200_000_000
MOST_SECONDS = 30 * 86_400
"""What is kept: the entries used last, up to this size together, none that was not used for so long."""

_LARGEST = MOST_BYTES // 50
_SWEEP_BYTES = MOST_BYTES // 10
_SWEEP_SECONDS = 86_400
"""A sweep looks at every entry, so there is none until so much was written, or so much time has passed."""

_TAG = (
    "Signature: 8a477f597d28d172789f06886806bc55\n# This folder is shapecheck's cache: https://bford.info/cachedir/\n"
)
_ENTRIES, _OWN, _TAG_NAME, _SWEPT, _GROWTH = "entries", "own", "CACHEDIR.TAG", "swept", "growth"

_ASIDE = "."
"""How the name of a file begins that is being written (see :mod:`writing`)."""

_BROKEN = (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError)
"""What reading damaged data raises."""


def user_folder(environment: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Path | None:
    """The cache folder of this user, by the rules of the platform; None for one without a home."""
    home = environment.get("HOME") or environment.get("USERPROFILE")
    if platform == "win32":
        local = environment.get("LOCALAPPDATA")
        return Path(local) / "shapecheck" / "Cache" if local else None
    if platform != "darwin":
        named = environment.get("XDG_CACHE_HOME", "")
        if os.path.isabs(named):  # others are to be ignored, says the XDG specification
            return Path(named) / "shapecheck"
    if not home:
        return None
    return Path(home) / ("Library/Caches" if platform == "darwin" else ".cache") / "shapecheck"


@dataclass(slots=True)
class Cache:
    """The outcomes kept in one folder.

    Attributes:
        trouble: why nothing more is read or written, or "".
    """

    folder: Path
    trouble: str = ""
    _prefix: list[Any] = field(default_factory=list)
    _written: int = 0

    def get(self, path: str, options: Options) -> Outcome | None:
        """The outcome of a file under some options, if all that it rests on is as it was."""
        place = self._place(path, options)
        data = self._bytes(place) if place is not None else None
        if place is None or data is None:
            return None
        try:
            entry = _opened(data)
            facts = _facts(entry["facts"])
            if entry["settings"] != _settings(facts, options) or not all(map(disk.holds, facts)):
                return None
            outcome = value_of(entry["outcome"])
            outcome.sources = _texts(entry["texts"], facts)
        except (*_BROKEN, UnreadableSource, UsageError):
            return None
        settled = [disk.settled(fact) for fact in facts]
        disk.add(settled)
        if settled != facts:
            self._keep(place, settled, options, outcome)
        return outcome if isinstance(outcome, Outcome) else None

    def put(self, path: str, options: Options, facts: Iterable[Fact], outcome: Outcome) -> None:
        """Keep what came of a file. (Not our own failures: these may have passed by the next time.)"""
        every = sorted(facts, key=lambda fact: (fact.look, fact.path, fact.detail))
        if outcome.failures or any(fact.value == disk.UNSETTLED for fact in every):
            return
        place = self._place(path, options)
        if place is not None:
            self._keep(place, every, options, outcome)

    def close(self) -> None:
        """Make room, if much was written since this was last done."""
        if not self._written:
            return
        with suppress(OSError):
            growth = self.folder / _GROWTH
            with growth.open("ab") as file:  # a byte for each kilobyte: appending needs no lock
                file.write(b"." * -(-self._written // 1024))
                grown = file.tell() * 1024
            if grown > _SWEEP_BYTES or _age(self.folder / _SWEPT) > _SWEEP_SECONDS:
                (self.folder / _SWEPT).touch()
                growth.unlink()
                sweep(self.folder)
        self._written = 0

    # -- one entry -----------------------------------------------------------------------------------------------------

    def _place(self, path: str, options: Options) -> Path | None:
        if self.trouble:
            return None
        try:
            if not self._prefix:
                self._prefix = [own.version(self.folder / _ENTRIES / _OWN), sys.version, os.getcwd()]
            key = json.dumps([*self._prefix, path, options.lookup.key(path), _asked(options)])
        except OSError as why:
            self._fail(why)
            return None
        name = disk.digest(key.encode("utf-8", "surrogatepass"))
        return self.folder / _ENTRIES / name[:2] / name[2:]

    def _bytes(self, place: Path) -> bytes | None:
        try:
            with place.open("rb", buffering=0) as file:
                if time.time() - os.fstat(file.fileno()).st_mtime > _SWEEP_SECONDS:
                    with suppress(OSError):
                        os.utime(place)  # used again: the sweep takes the others first
                return file.read()
        except FileNotFoundError:
            return None
        except OSError as why:
            self._fail(why)
            return None

    def _keep(self, place: Path, facts: list[Fact], options: Options, outcome: Outcome) -> None:
        try:
            texts = sorted(outcome.sources)
            _texts(texts, facts)  # entries that cannot be read again are not worth writing
            entry = {
                "facts": _told(facts),
                "settings": _settings(facts, options),
                "outcome": plain(replace(outcome, sources={})),
                "texts": texts,
            }
            data = json.dumps(entry, separators=(",", ":")).encode("ascii")
            if len(data) > _LARGEST:
                return
            tag = self.folder / _TAG_NAME
            if not tag.exists():
                self.folder.mkdir(parents=True, exist_ok=True)
                put(tag, _TAG.encode())
            place.parent.mkdir(parents=True, exist_ok=True)
            put(place, b"%s\n%s" % (disk.digest(data).encode(), data))
        except (*_BROKEN, UnreadableSource, UsageError):
            return
        except OSError as why:
            self._fail(why)
            return
        self._written += len(data)

    def _fail(self, why: OSError) -> None:
        self.trouble = f"no cache in {self.folder}: {(why.strerror or str(why)).lower()}"


def _asked(options: Options) -> dict[str, Any]:
    """What options ask for, whatever they hold, but for the settings, which are each file's own."""
    own_words = (field.name for field in fields(options) if field.name not in ("jobs", "lookup"))
    return {name: plain(getattr(options, name)) for name in own_words}


def _settings(facts: Iterable[Fact], options: Options) -> str:
    """A digest of the settings of every file that was read: findings may stand in any of them."""
    read_files = sorted({fact.path for fact in facts if fact.look == "bytes"})
    return disk.digest("".join(map(options.lookup.key, read_files)).encode())


def _opened(data: bytes) -> dict[str, Any]:
    checksum, _, body = data.partition(b"\n")
    if checksum != disk.digest(body).encode():
        raise ValueError
    return dict(json.loads(body))


def _told(facts: Iterable[Fact]) -> dict[str, Any]:
    kinds: dict[str, list[str]] = {}
    others = []
    for fact in facts:
        if fact.look == "kind":
            kinds.setdefault(fact.value, []).append(fact.path)
        else:
            others.append([fact.look, fact.path, fact.detail, fact.value, fact.signature])
    return {"kinds": kinds, "others": others}


def _facts(told: dict[str, Any]) -> list[Fact]:
    others = [
        Fact(look, path, detail, value, seen and Signature(*seen)) for look, path, detail, value, seen in told["others"]
    ]
    return [*others, *(Fact("kind", path, "", value) for value, paths in told["kinds"].items() for path in paths)]


def _texts(paths: Iterable[str], facts: Iterable[Fact]) -> dict[str, str]:
    """The texts of files as they were read for an outcome. ValueError where they were not, or are others now."""
    digests = {fact.path: fact.value for fact in facts if fact.look == "bytes"}
    texts = {}
    for path in paths:
        with disk.recording() as seen:
            texts[path] = read(path).text
        if any(fact.value != digests.get(path) for fact in seen):
            raise ValueError
    return texts


# -- the folder --------------------------------------------------------------------------------------------------------


def sweep(folder: Path) -> None:
    """Remove what was not used for long, what killed processes left, and of the rest the oldest beyond the size."""
    kept: list[tuple[float, int, str]] = []
    for entry in _files(folder):
        with suppress(OSError):
            status = entry.stat()
            age = time.time() - status.st_mtime
            if age > (3600 if entry.name.startswith(_ASIDE) else MOST_SECONDS):
                os.unlink(entry.path)
            else:
                kept.append((status.st_mtime, status.st_size, entry.path))
    total = 0
    for _, size, path in sorted(kept, reverse=True):
        total += size
        if total > MOST_BYTES:
            with suppress(OSError):
                os.unlink(path)


def clean(folder: Path) -> int:
    """Remove a cache; returns the number of outcomes that were kept in it.

    Raises:
        UsageError: the folder holds something else, or cannot be emptied.
    """
    try:
        if not folder.is_dir() or not any(folder.iterdir()):
            return 0
        tag = folder / _TAG_NAME
        if not tag.is_file() or tag.read_bytes() != _TAG.encode():
            raise UsageError(f"{folder} is not a cache of shapecheck: it has no {_TAG_NAME} of it")
        count = sum(1 for entry in _files(folder) if _is_entry(entry))
        if (folder / _ENTRIES).exists():
            shutil.rmtree(folder / _ENTRIES)
        for name in (_SWEPT, _GROWTH, _TAG_NAME):
            (folder / name).unlink(missing_ok=True)
    except OSError as why:
        raise UsageError(f"cannot remove {why.filename or folder}: {(why.strerror or str(why)).lower()}") from why
    with suppress(OSError):  # somebody else's files in it stay
        folder.rmdir()
    return count


def _files(folder: Path) -> Iterator[os.DirEntry[str]]:
    """The entries of a cache, and what is being written; those that vanish meanwhile left out."""
    with suppress(OSError):
        for part in os.scandir(folder / _ENTRIES):
            with suppress(OSError):
                yield from os.scandir(part.path)


def _is_entry(entry: os.DirEntry[str]) -> bool:
    return not entry.name.startswith(_ASIDE) and os.path.basename(os.path.dirname(entry.path)) != _OWN


def _age(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return float("inf")
