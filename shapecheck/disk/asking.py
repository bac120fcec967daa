"""Asking again: whether a fact of earlier still holds."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from shapecheck.disk.facts import UNSETTLED, Fact, Signature
from shapecheck.disk.looking import exists, is_file, kind, names, read
from shapecheck.disk.sessions import current, in_session, recording, session


def holds(fact: Fact) -> bool:
    """Whether a look would show the same now (within a session: as it was first seen in it)."""
    if fact.value == UNSETTLED:
        return False
    if not in_session():
        with session():
            return holds(fact)
    if fact.look == "kind":
        return kind(fact.path) == fact.value
    if fact.look == "names":
        return "/".join(names(fact.path, fact.detail)) == fact.value
    return unchanged(fact) or _latest(fact).value == fact.value


def unchanged(fact: Fact) -> bool:
    """Whether the bytes are the same by the file's signature alone."""
    return fact.signature is not None and _signature(fact.path) == fact.signature


def settled(fact: Fact) -> Fact:
    """A fact that holds, with the signature that its file has now, where that stands for the same bytes."""
    if fact.look != "bytes" or unchanged(fact):
        return fact
    now = _latest(fact)
    return fact if now.signature is None else replace(fact, signature=now.signature)


def _latest(fact: Fact) -> Fact:
    """The same look at bytes as of now, with a signature if the file has settled."""
    known = current().facts.get((fact.look, fact.path, fact.detail))
    if known is not None:
        return known
    if not is_file(fact.path) and exists(fact.path):
        return Fact(fact.look, fact.path, fact.detail, UNSETTLED)  # a pipe can be read but once: leave it alone
    with recording() as facts, suppress(OSError, OverflowError):
        read(fact.path, int(fact.detail) if fact.detail else None)
    return next(seen for seen in facts if seen.look == "bytes")


def _signature(path: str) -> Signature | None:
    here = current()
    if path not in here.signatures:
        here.signatures[path] = None
        kind(path)
    return here.signatures[path]
