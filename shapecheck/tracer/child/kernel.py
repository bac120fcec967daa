"""Calls into the Linux kernel that Python has no names for."""

from __future__ import annotations

import ctypes
import functools
import os
import signal
import sys

LINUX = sys.platform.startswith("linux")

SET_DEATH_SIGNAL, SET_SUBREAPER, NO_NEW_PRIVILEGES = 1, 36, 38
"""What ``prctl`` is asked for."""


@functools.cache
def libc() -> ctypes.CDLL:
    """The C library of this process."""
    return ctypes.CDLL(None, use_errno=True)


def prctl(option: int, argument: int = 0) -> bool:
    """Whether the kernel agreed to an option of this process."""
    zero = ctypes.c_ulong(0)
    return bool(libc().prctl(option, ctypes.c_ulong(argument), zero, zero, zero) == 0)


def die_with(parent: int) -> None:
    """Be killed when the process that forked this one is gone, or now if it is gone already. Nothing outside Linux."""
    if LINUX and prctl(SET_DEATH_SIGNAL, signal.SIGKILL) and os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def resident_bytes() -> int:
    """Memory that this process holds; 0 where the kernel does not say."""
    return _pages(1)


def virtual_bytes() -> int:
    """Address space that this process uses; 0 where the kernel does not say."""
    return _pages(0)


def _pages(field: int) -> int:
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[field]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 0
