"""Finding the warm server: one for each interpreter, that only its user can reach, started where there is none."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from shapecheck import __version__
from shapecheck.tracer.child.door import peer
from shapecheck.tracer.link import BOOTSTRAP, Link

IDLE = 300
"""Seconds without a client after which a server ends."""

_ANSWER = 60.0
"""Seconds in which a server answers, though it may be importing torch for somebody else."""

_LONGEST = 100
"""Bytes that the name of a socket may have everywhere."""

_RELEVANT = (
    "PYTHON",
    "LD_",
    "DYLD_",
    "TORCH",
    "PYTORCH",
    "HF_",
    "HUGGINGFACE",
    "TRANSFORMERS_",
    "TOKENIZERS_",
    "CUDA",
    "OMP_",
    "MKL_",
    "KMP_",
    "OPENBLAS",
    "USE_",
    "XDG_CACHE_HOME",
    "HOME",
    "LANG",
    "LC_",
    "VIRTUAL_ENV",
)
"""Beginnings of the variables that matter while libraries are imported; scripts see all of their user's."""


def possible(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether a server may outlive a command here: not without forks and sockets, and not in CI."""
    return hasattr(os, "fork") and hasattr(socket, "AF_UNIX") and not environment.get("CI")


def connect(python: str, environment: Mapping[str, str]) -> Link | None:
    """A link to the server of an interpreter, started or renewed if need be. None where that fails."""
    home = folder(environment)
    if home is None:
        return None
    door = str(home / f"{_name(python)}.sock")
    if len(os.fsencode(door)) > _LONGEST:
        return None
    kept = {name: value for name, value in environment.items() if name.startswith(_RELEVANT)}
    wanted = fingerprint(kept)
    found = _reach(door, wanted)
    if found is None:
        with _alone(door):
            found = _reach(door, wanted)
            if found is None and _start(python, door, wanted, kept):
                found = _reach(door, wanted)
    return found


def folder(environment: Mapping[str, str] = os.environ) -> Path | None:
    """A folder that nobody else can enter; None where there is none to be had."""
    base = environment.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
    path = Path(base, f"shapecheck-{os.getuid()}")
    try:
        path.mkdir(mode=0o700, exist_ok=True)
        found = path.lstat()
    except OSError:
        return None
    private = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o077
    return path if private else None


def fingerprint(kept: Mapping[str, str]) -> str:
    """What must be alike for two commands to share a server, beside what the server sees of its own files."""
    return hashlib.sha256(json.dumps([__version__, sorted(kept.items())]).encode()).hexdigest()


def _name(python: str) -> str:
    return hashlib.sha256(f"{python}\n{BOOTSTRAP}".encode()).hexdigest()[:16]


def _reach(door: str, wanted: str) -> Link | None:
    """A link to the server behind a door, if it is ours, alive, and what is wanted."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(door)
        ours = peer(connection) in (None, os.getuid())
    except OSError:
        ours = False
    if not ours:
        connection.close()
        return None
    link = Link(connection)
    link.send({"hello": wanted})
    answer = link.line(time.monotonic() + _ANSWER)
    if answer and json.loads(answer)["kind"] == "welcome":
        return link
    link.close()
    return None


def _start(python: str, door: str, wanted: str, environment: Mapping[str, str]) -> bool:
    """Start a server; it can be connected to once this returns."""
    try:
        started = subprocess.run(
            [python, "-u", str(BOOTSTRAP), door, wanted, str(IDLE)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=dict(environment),
            cwd="/",
            start_new_session=True,
            timeout=_ANSWER,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return started.returncode == 0


@contextlib.contextmanager
def _alone(door: str) -> Iterator[None]:
    """Hold off others who would start the same server."""
    import fcntl

    with open(f"{door}.lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
