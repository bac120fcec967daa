"""The disk as an analysis sees it: every look is a fact, and whoever keeps an answer can ask which facts it rests on.

Nothing that an analysis does may look at files in another way (tests/test_disk.py holds that): a module that is not
there today is a fact as well, and one that appears tomorrow must not meet an answer from before.

Within a *session* each fact is observed once, and what follows from files may be :func:`remembered`. Without a session
everything is looked at anew.
"""

from __future__ import annotations

from shapecheck.disk.asking import holds, settled, unchanged
from shapecheck.disk.facts import UNSETTLED, Fact, Signature, digest
from shapecheck.disk.looking import exists, is_dir, is_file, names, read
from shapecheck.disk.sessions import add, recording, remembered, session

__all__ = [
    "UNSETTLED",
    "Fact",
    "Signature",
    "add",
    "digest",
    "exists",
    "holds",
    "is_dir",
    "is_file",
    "names",
    "read",
    "recording",
    "remembered",
    "session",
    "settled",
    "unchanged",
]
