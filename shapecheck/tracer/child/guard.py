"""What a traced script may not do: the network, writing outside its scratch folder, other processes, credentials.

The kernel holds what it can (see the modules beside this one); an audit hook refuses the same deeds in words, and
stands alone where the kernel does not help. A script that sets out to get past the hook alone can.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from shapecheck.tracer.child import kernel, landlock, namespaces, seccomp

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
    "socket.gethostbyaddr",
    "socket.sendto",
    "socket.sendmsg",
)
_SIGNALS = ("os.kill", "os.killpg")
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
    "os.setxattr",
    "os.removexattr",
    "shutil.rmtree",
    "shutil.move",
)
_IN_FOLDERS = ("os.remove", "os.rmdir")
"""Changes whose path may stand below an open folder, whose number comes last: how a temporary folder is emptied."""

_BELOW_PYTHON = frozenset(
    """
    fork vfork clone system popen posix_spawn posix_spawnp execl execle execlp execv execve execvp execvpe fexecve
    syscall socket connect bind sendto kill killpg tgkill ptrace prctl
    open openat open64 creat fopen fopen64 freopen truncate ftruncate write pwrite unlink unlinkat remove rmdir rename
    renameat renameat2 link linkat symlink symlinkat mkdir mkdirat mknod mkfifo chmod fchmod fchmodat chown lchown
    """.split()
)
"""Functions of the C library that are refused by name where the kernel does not close what they do."""

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_SECRETS = (
    ".ssh",
    ".aws",
    ".azure",
    ".gnupg",
    ".netrc",
    ".git-credentials",
    ".config/git/credentials",
    ".config/gh",
    ".kube",
    ".docker/config.json",
    ".cache/huggingface/token",
    ".cache/huggingface/stored_tokens",
    ".huggingface/token",
    ".kaggle",
    ".config/gcloud",
    ".config/kaggle",
    ".config/wandb",
    ".pypirc",
)
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/tty", "/dev/random", "/dev/urandom")

_SCRIPT_FILE = 2**30
"""Bytes that one file of the script may grow to."""


class Refused(PermissionError):
    """What a traced script tried and was not allowed."""


class Guard:
    """Everything that stands between a script and the machine."""

    def __init__(self, scratch: Path) -> None:
        self._scratch = os.path.realpath(scratch)
        home = os.path.expanduser("~")
        self._secrets = tuple(os.path.realpath(os.path.join(home, name)) for name in _SECRETS)
        self._below = _BELOW_PYTHON
        self._me = os.getpid()

    def install(self, memory_mb: int, seconds: float) -> list[str]:
        """Close what can be closed, for good; returns the names of what holds.

        ``netns`` (no network is reachable), ``mounts`` (credentials and shared memory are out of sight), ``landlock``
        (no writes outside scratch), ``seccomp`` (no processes, sockets or signals), ``rlimits``, ``audit``.
        """
        held = _limits(memory_mb, seconds)
        if namespaces.leave_the_network():
            held.append("netns")
            if self._hide():
                held.append("mounts")
        namespaces.drop_capabilities()
        writable = [self._scratch, *([namespaces.SHARED_MEMORY] if "mounts" in held else [])]
        if landlock.restrict(writable, list(_DEVICES)):
            held.append("landlock")
        if seccomp.restrict():
            held.append("seccomp")
        if {"landlock", "seccomp"} <= set(held):
            self._below = frozenset()
        sys.addaudithook(self._audit)
        return [*held, "audit"]

    def _hide(self) -> bool:
        empty = os.path.join(self._scratch, "empty")
        os.mkdir(empty)
        return namespaces.hide(list(self._secrets), empty)

    def _audit(self, event: str, args: tuple[Any, ...]) -> None:
        if event == "open":
            self.opened(*args)
        elif event in _CHANGES:
            folders = [folder for folder in args if type(folder) is int and folder >= 0] if event in _IN_FOLDERS else []
            for path in args[:2]:
                if isinstance(path, (str, bytes, os.PathLike)):
                    self._changed(_below(folders[0], path) if folders else path)
        elif event in _NETWORK:
            raise Refused("the network is closed while tracing")
        elif event in _PROCESSES:
            raise Refused("starting other programs is closed while tracing")
        elif event in _SIGNALS:
            if args[0] != self._me:
                raise Refused("signals to other processes are closed while tracing")
        elif event == "ctypes.dlsym" and args[1] in self._below:
            raise Refused(f"{args[1]} of the C library is closed while tracing")

    def opened(self, path: Any, mode: Any, flags: Any) -> None:
        """Refuse to open a file for writing outside scratch, or one with credentials."""
        if not isinstance(path, (str, bytes, os.PathLike)):
            return
        if isinstance(flags, int) and flags & _WRITING:
            self._changed(path)
        elif self._is_secret(os.path.realpath(os.fsdecode(path))):
            raise Refused(f"{os.fsdecode(path)}: files with credentials are closed while tracing")

    def _is_secret(self, real: str) -> bool:
        return any(real == secret or real.startswith(secret + os.sep) for secret in self._secrets)

    def _changed(self, path: Any) -> None:
        real = os.path.realpath(os.fsdecode(path))
        inside = (self._scratch + os.sep, namespaces.SHARED_MEMORY + os.sep)
        if real != self._scratch and real not in _DEVICES and not real.startswith(inside):
            raise Refused(f"{os.fsdecode(path)}: writing outside the scratch folder is closed while tracing")


def _below(folder: int, path: Any) -> str:
    """A path below an open folder (``dir_fd``)."""
    return os.path.join(os.path.realpath(f"/proc/self/fd/{folder}"), os.fsdecode(path))


def _limits(memory_mb: int, seconds: float) -> list[str]:
    """Limits on memory, processor time and file sizes; those that the script brings along do not count."""
    try:
        import resource
    except ImportError:  # Windows has none
        return []
    used = kernel.virtual_bytes() or 4 * 2**30
    for limit, value in (
        (resource.RLIMIT_AS, used + memory_mb * 2**20),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, _SCRIPT_FILE),
        (resource.RLIMIT_CPU, int(2 * seconds) + 5),
    ):
        _, hard = resource.getrlimit(limit)
        lowest = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(limit, (lowest, lowest))
    return ["rlimits"]
