"""The disk as an analysis sees it: every look is a fact, and whoever keeps an answer can ask which facts it rests on.

Nothing that an analysis does may look at files in another way (tests/test_disk.py holds that): a module that is not
there today is a fact as well, and one that appears tomorrow must not meet an answer from before.

Within a *session* each fact is observed once, and what follows from files may be :func:`remembered`. Without a session
everything is looked at anew.
"""

from __future__ import annotations

import os
import re
import stat
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import wraps
from hashlib import blake2b
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar, cast

Function = TypeVar("Function", bound=Callable[..., Any])

UNSETTLED = "?"
"""The value of what changed while it was looked at, or can be read but once (a pipe): it never holds."""

_RECENT = 2_000_000_000
"""Nanoseconds since its last change in which a file may be changed again without a trace in its times: file systems
count them in steps of up to two seconds."""

_MOST = 50_000
"""Facts that a session keeps: a score of megabytes."""


class Signature(NamedTuple):
    """What ``stat`` says of a file's content. The time of the inode's change cannot be set back by its owner."""

    size: int
    modified: int
    changed: int
    inode: int

    @classmethod
    def of(cls, status: os.stat_result) -> Signature:
        """From a status."""
        return cls(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)

    def settled(self, at: int) -> bool:
        """Whether the content cannot have changed at or after a time (in nanoseconds) under the same signature."""
        return max(self.modified, self.changed) + _RECENT < at


@dataclass(slots=True, eq=False)
class Fact:
    """One look at the disk and what it showed.

    Attributes:
        look: ``kind`` (is there a file?), ``names`` (which names of a folder match?) or ``bytes`` (what does it say?).
        detail: for ``names`` the pattern.
        value: the kind; the names; a digest of the bytes, or ``!`` and why they cannot be read; or :data:`UNSETTLED`.
        signature: of bytes, where an equal signature means equal bytes.
    """

    look: Literal["kind", "names", "bytes"]
    path: str
    detail: str
    value: str
    signature: Signature | None = None


class _Memory(OrderedDict[Any, tuple[Any, tuple[Fact, ...], int]]):
    """The last used values of one function, up to a weight together, each with the facts that it rests on."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most, self.weight = most, 0

    def keep(self, key: Any, value: Any, facts: Iterable[Fact], weight: int) -> None:
        """Keep a value, at the cost of those that were not used for longest."""
        self[key] = value, tuple(facts), weight
        self.weight += weight
        while self.weight > self.most and len(self) > 1:
            _, (_, _, freed) = self.popitem(last=False)
            self.weight -= freed


@dataclass(slots=True)
class _Session:
    facts: dict[tuple[str, str, str], Fact] = field(default_factory=dict)
    memories: dict[Callable[..., Any], _Memory] = field(default_factory=dict)
    signatures: dict[str, Signature | None] = field(default_factory=dict)
    recordings: list[set[Fact]] = field(default_factory=list)

    def note(self, fact: Fact) -> None:
        if self.recordings:
            self.recordings[-1].add(fact)

    def observed(self, fact: Fact) -> Fact:
        """Take note of what was just seen; a file that showed something else before is not settled."""
        known = self.facts.setdefault((fact.look, fact.path, fact.detail), fact)
        if known.value != fact.value:
            known.value = UNSETTLED
        self.note(known)
        return known

    def forget(self) -> None:
        self.facts.clear()
        self.memories.clear()
        self.signatures.clear()


_SESSION: ContextVar[_Session | None] = ContextVar("disk session", default=None)


@contextmanager
def session(anew: bool = False) -> Iterator[None]:
    """One view of the disk: what was seen once is not looked at again.

    Within a session it is that session, unless one is to begin ``anew``: files may have been written meanwhile. What is
    seen in it counts for the recordings around it all the same.
    """
    outer = _SESSION.get()
    if outer is not None and not anew:
        yield
        return
    token = _SESSION.set(_Session(recordings=outer.recordings if outer is not None else []))
    try:
        yield
    finally:
        _SESSION.reset(token)


@contextmanager
def recording() -> Iterator[set[Fact]]:
    """The facts that everything inside rests on, complete at its end."""
    with session():
        here = _here()
        facts: set[Fact] = set()
        here.recordings.append(facts)
        try:
            yield facts
        finally:
            here.recordings.pop()
            if here.recordings:
                here.recordings[-1] |= facts
            elif len(here.facts) > _MOST:
                here.forget()


def add(facts: Iterable[Fact]) -> None:
    """Count facts in that were observed elsewhere (by another process, or when a kept answer was made)."""
    here = _here()
    if here.recordings:
        here.recordings[-1].update(facts)


def remembered(most: int, weight: Callable[[Any], int] = lambda value: 1) -> Callable[[Function], Function]:
    """For functions of files: within a session a value is worked out once. Those used last are kept, up to a weight.

    The facts that a value rests on count for everyone who asks for it.
    """

    def decorate(function: Function) -> Function:
        @wraps(function)
        def call(*arguments: Any) -> Any:
            here = _SESSION.get()
            if here is None:
                return function(*arguments)
            memory = here.memories.get(function)
            if memory is None:
                memory = here.memories[function] = _Memory(most)
            known = memory.get(arguments)
            if known is not None:
                memory.move_to_end(arguments)
                if here.recordings:
                    here.recordings[-1].update(known[1])
                return known[0]
            with recording() as facts:
                value = function(*arguments)
            memory.keep(arguments, value, facts, weight(value))
            return value

        return cast(Function, call)

    return decorate


# -- looking -----------------------------------------------------------------------------------------------------------


def is_file(path: str) -> bool:
    """Whether there is a file (links followed)."""
    return _kind(path) == "file"


def is_dir(path: str) -> bool:
    """Whether there is a folder (links followed)."""
    return _kind(path) == "folder"


def exists(path: str) -> bool:
    """Whether there is anything (links followed)."""
    return _kind(path) != ""


def names(folder: str, pattern: str) -> list[str]:
    """The names in a folder that match a pattern as a whole, sorted; none where it cannot be listed."""
    here = _here()
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
    here, detail, at = _here(), str(most or ""), time.time_ns()
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


def digest(data: bytes) -> str:
    """What tells contents apart."""
    return blake2b(data, digest_size=16).hexdigest()


def _kind(path: str) -> str:
    here = _here()
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


def _here() -> _Session:
    return _SESSION.get() or _Session()


# -- asking again ------------------------------------------------------------------------------------------------------


def holds(fact: Fact) -> bool:
    """Whether a look would show the same now (within a session: as it was first seen in it)."""
    if fact.value == UNSETTLED:
        return False
    if _SESSION.get() is None:
        with session():
            return holds(fact)
    if fact.look == "kind":
        return _kind(fact.path) == fact.value
    if fact.look == "names":
        return "/".join(names(fact.path, fact.detail)) == fact.value
    return unchanged(fact) or latest(fact).value == fact.value


def unchanged(fact: Fact) -> bool:
    """Whether the bytes are the same by the file's signature alone."""
    return fact.signature is not None and _signature(fact.path) == fact.signature


def settled(fact: Fact) -> Fact:
    """A fact that holds, with the signature that its file has now, where that stands for the same bytes."""
    if fact.look != "bytes" or unchanged(fact):
        return fact
    now = latest(fact)
    return fact if now.signature is None else replace(fact, signature=now.signature)


def latest(fact: Fact) -> Fact:
    """The same look at bytes as of now, with a signature if the file has settled."""
    known = _here().facts.get((fact.look, fact.path, fact.detail))
    if known is not None:
        return known
    if not is_file(fact.path) and exists(fact.path):
        return Fact(fact.look, fact.path, fact.detail, UNSETTLED)  # a pipe can be read but once: leave it alone
    with recording() as facts, suppress(OSError, OverflowError):
        read(fact.path, int(fact.detail) if fact.detail else None)
    return next(seen for seen in facts if seen.look == "bytes")


def _signature(path: str) -> Signature | None:
    here = _here()
    if path not in here.signatures:
        here.signatures[path] = None
        _kind(path)
    return here.signatures[path]
