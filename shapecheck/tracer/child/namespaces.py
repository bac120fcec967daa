"""Namespaces of the Linux kernel: a network without a way out, and folders of our own over what must not be seen."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

from shapecheck.tracer.child.kernel import LINUX, libc

_NEW_MOUNTS, _NEW_IPC, _NEW_USER, _NEW_NETWORK = 0x00020000, 0x08000000, 0x10000000, 0x40000000
_BIND, _RECURSIVE, _PRIVATE = 1 << 12, 1 << 14, 1 << 18
_READ_SEARCH = 1 << 2
"""The one capability that root keeps: to read files of others, as a script that root starts may have to."""
_CAPABILITIES_V3 = 0x20080522

SHARED_MEMORY = "/dev/shm"


class _Header(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int32)]


def leave_the_network() -> bool:
    """Move this process (of one thread) into namespaces of its own: of the network, of mounts, of System V IPC."""
    if not LINUX:
        return False
    wanted = _NEW_NETWORK | _NEW_MOUNTS | _NEW_IPC
    if os.geteuid() == 0 and libc().unshare(wanted) == 0:
        return True
    user, group = os.geteuid(), os.getegid()
    if libc().unshare(_NEW_USER | wanted) != 0:
        return False
    try:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    except OSError:
        pass  # the namespace holds all the same; the process does not know its own name in it
    return True


def hide(secrets: list[str], empty: str) -> bool:
    """Put nothing in the place of files and folders, and of what other processes share in memory.

    Args:
        secrets: paths to hide; those that are not there are left out.
        empty: an empty folder.

    Returns:
        Whether all of them are hidden. Wants the namespace of :func:`leave_the_network`.
    """
    if not _mount("none", "/", _RECURSIVE | _PRIVATE):
        return False
    there = [path for path in secrets if os.path.exists(path)]
    hidden = [_mount(empty if os.path.isdir(path) else os.devnull, path, _BIND) for path in there]
    if os.path.isdir(SHARED_MEMORY):
        hidden.append(_mount("tmpfs", SHARED_MEMORY, 0, "tmpfs", "size=256m"))
    return all(hidden)


def _mount(source: str, target: str, flags: int, kind: str = "", options: str = "") -> bool:
    done = libc().mount(
        os.fsencode(source),
        os.fsencode(target),
        kind.encode() or None,
        ctypes.c_ulong(flags),
        options.encode() or None,
    )
    return bool(done == 0)


def drop_capabilities() -> bool:
    """Give up what root may do beyond others, for good (nothing can be executed that would give it back)."""
    if not LINUX:
        return False
    kept = _READ_SEARCH if os.geteuid() == 0 else 0
    sets = (ctypes.c_uint32 * 6)(kept, kept, 0, 0, 0, 0)  # effective, permitted, inheritable: low half, then high
    if libc().capset(ctypes.byref(_Header(_CAPABILITIES_V3, 0)), sets) == 0:
        return True
    none = (ctypes.c_uint32 * 6)()
    return bool(libc().capset(ctypes.byref(_Header(_CAPABILITIES_V3, 0)), none) == 0)
