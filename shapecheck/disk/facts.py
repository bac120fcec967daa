"""What was seen of the disk: a fact, and the signature by which a file's content is known to be the same."""

from __future__ import annotations

import os
from dataclasses import dataclass
from hashlib import blake2b
from typing import Literal, NamedTuple

UNSETTLED = "?"
"""The value of what changed while it was looked at, or can be read but once (a pipe): it never holds."""
_RECENT = 2_000_000_000
"""Nanoseconds since its last change in which a file may be changed again without a trace in its times: file systems
count them in steps of up to two seconds."""


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


def digest(data: bytes) -> str:
    """What tells contents apart."""
    return blake2b(data, digest_size=16).hexdigest()
