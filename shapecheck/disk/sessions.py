"""What is observed once within a session, and remembered of it, with the facts that it rests on."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, TypeVar, cast

from shapecheck.disk.facts import UNSETTLED, Fact, Signature

Function = TypeVar("Function", bound=Callable[..., Any])
_MOST = 50_000
"""Facts that a session keeps: a score of megabytes."""


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
class Session:
    """What was observed, what was made of it, and who is recording."""

    facts: dict[tuple[str, str, str], Fact] = field(default_factory=dict)
    memories: dict[Callable[..., Any], _Memory] = field(default_factory=dict)
    signatures: dict[str, Signature | None] = field(default_factory=dict)
    recordings: list[set[Fact]] = field(default_factory=list)

    def note(self, fact: Fact) -> None:
        """Count a fact in for whoever is recording."""
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
        """Let everything go; recordings that are open keep what they have."""
        self.facts.clear()
        self.memories.clear()
        self.signatures.clear()


_SESSION: ContextVar[Session | None] = ContextVar("disk session", default=None)


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
    token = _SESSION.set(Session(recordings=outer.recordings if outer is not None else []))
    try:
        yield
    finally:
        _SESSION.reset(token)


@contextmanager
def recording() -> Iterator[set[Fact]]:
    """The facts that everything inside rests on, complete at its end."""
    with session():
        here = current()
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
    here = current()
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


def in_session() -> bool:
    """Whether a session is open."""
    return _SESSION.get() is not None


def current() -> Session:
    """The session that is open; else a new one, which nobody keeps."""
    return _SESSION.get() or Session()
