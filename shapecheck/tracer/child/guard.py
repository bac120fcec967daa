"""What a traced script may not do: the network, writing outside its scratch folder, other processes, credentials."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from shapecheck.tracer.child import landlock

_PROCESSES = (
    "subprocess.Popen",
    "os.system",
    "os.fork",
    "os.forkpty",
    "os.posix_spawn",
    "os.spawn",
    "os.exec",
    "pty.spawn",
    "os.startfile",
)
_NETWORK = (
    "socket.connect",
    "socket.bind",
    "socket.getaddrinfo",
    "socket.gethostbyname",
    "socket.sendto",
    "socket.sendmsg",
)
_CHANGES = (
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.mkdir",
    "os.truncate",
    "os.chmod",
    "os.chown",
    "os.link",
    "os.symlink",
    "os.utime",
    "shutil.rmtree",
    "shutil.move",
)
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_SECRETS = (
    ".ssh",
    ".aws",
    ".gnupg",
    ".netrc",
    ".git-credentials",
    ".kube",
    ".docker/config.json",
    ".cache/huggingface/token",
    ".cache/huggingface/stored_tokens",
    ".huggingface/token",
    ".config/gcloud",
    ".pypirc",
)
_DEVICES = ("/dev/null", "/dev/zero", "/dev/tty", "/dev/urandom")


class Refused(PermissionError):
    """What a traced script tried and was not allowed."""


class Guard:
    """An audit hook, resource limits, and Landlock where the kernel has it."""

    def __init__(self, scratch: Path) -> None:
        self._scratch = os.path.realpath(scratch)
        home = os.path.expanduser("~")
        self._secrets = tuple(os.path.join(home, name) for name in _SECRETS)

    def install(self, memory_mb: int, seconds: float) -> list[str]:
        """Close what can be closed, for good; returns the names of what holds."""
        held = _limits(memory_mb, seconds)
        if landlock.restrict_writes([self._scratch, "/dev"]):
            held.append("landlock")
        sys.addaudithook(self._audit)
        held.append("audit")
        return held

    def _audit(self, event: str, args: tuple[Any, ...]) -> None:
        if event == "open":
            self.opened(*args)
        elif event in _CHANGES:
            for path in args[:2]:
                if isinstance(path, (str, bytes, os.PathLike)):
                    self._changed(path)
        elif event in _NETWORK:
            if event not in ("socket.connect", "socket.bind") or not isinstance(args[1], (str, bytes)):
                raise Refused("the network is closed while tracing")
        elif event in _PROCESSES:
            raise Refused("starting other programs is closed while tracing")

    def opened(self, path: Any, mode: Any, flags: Any) -> None:
        """Refuse to open a file for writing outside scratch, or one with credentials."""
        if not isinstance(path, (str, bytes, os.PathLike)):
            return
        if isinstance(flags, int) and flags & _WRITING:
            self._changed(path)
        elif os.path.realpath(os.fsdecode(path)).startswith(self._secrets):
            raise Refused(f"{os.fsdecode(path)}: files with credentials are closed while tracing")

    def _changed(self, path: Any) -> None:
        real = os.path.realpath(os.fsdecode(path))
        if real != self._scratch and not real.startswith((self._scratch + os.sep, *_DEVICES)):
            raise Refused(f"{os.fsdecode(path)}: writing outside the scratch folder is closed while tracing")


def _limits(memory_mb: int, seconds: float) -> list[str]:
    try:
        import resource
    except ImportError:  # Windows has none
        return []
    used = _virtual_bytes()
    for limit, value in (
        (resource.RLIMIT_AS, used + memory_mb * 2**20),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 2**30),
        (resource.RLIMIT_CPU, int(2 * seconds) + 5),
    ):
        _, hard = resource.getrlimit(limit)
        resource.setrlimit(limit, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))
    return ["rlimits"]


def _virtual_bytes() -> int:
    """Address space in use: libraries and what the forked process brought along do not count against the script."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except (OSError, ValueError):
        return 4 * 2**30
    return pages * os.sysconf("SC_PAGE_SIZE")
