"""Linux's Landlock: from now on this process writes beneath some folders only, and starts no program at all."""

from __future__ import annotations

import ctypes
import os
import struct

from shapecheck.tracer.child.kernel import LINUX, NO_NEW_PRIVILEGES, libc, prctl

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION = 1
_PATH_BENEATH = 1
_EXECUTE, _WRITE_FILE, _REFER, _TRUNCATE = 1 << 0, 1 << 1, 1 << 13, 1 << 14
_CHANGES = sum(1 << bit for bit in (4, 5, 6, 7, 8, 9, 10, 11, 12))
"""remove_dir, remove_file, make_char, make_dir, make_reg, make_sock, make_fifo, make_block, make_sym."""
_BENEATH = "=Qi"
"""What a rule is to the kernel, without padding: the rights and the folder's descriptor."""
_TCP = 0b11
"""bind and connect, since the fourth version."""
_SCOPES = 0b11
"""abstract unix sockets and signals, since the sixth version: only to processes under the same rules."""


class _Ruleset(ctypes.Structure):
    _fields_ = [("fs", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64)]


def restrict(folders: list[str], files: list[str]) -> bool:
    """Refuse writes outside ``folders`` and ``files``, and programs, TCP and signals to others altogether.

    Returns whether the kernel agreed. It cannot be undone.
    """
    version = _version()
    if version < 1:
        return False
    writes = _WRITE_FILE | (_TRUNCATE if version >= 3 else 0)
    changes = writes | _CHANGES | (_REFER if version >= 2 else 0)
    ruleset = _Ruleset(changes | _EXECUTE, _TCP if version >= 4 else 0, _SCOPES if version >= 6 else 0)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    handle = libc().syscall(_CREATE_RULESET, ctypes.byref(ruleset), ctypes.c_size_t(size), ctypes.c_uint32(0))
    if handle < 0:
        return False
    try:
        allowed = [(folder, changes) for folder in folders] + [(file, writes) for file in files]
        return all(_allow(handle, *rule) for rule in allowed) and _restrict_self(handle)
    finally:
        os.close(handle)


def _version() -> int:
    """Which Landlock the kernel has; less than 1 where there is none."""
    if not LINUX:
        return 0
    return int(libc().syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION)))


def _allow(handle: int, path: str, rights: int) -> bool:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return True  # what is not there needs no permission
    try:
        rule = struct.pack(_BENEATH, rights, descriptor)
        return bool(libc().syscall(_ADD_RULE, handle, _PATH_BENEATH, rule, ctypes.c_uint32(0)) == 0)
    finally:
        os.close(descriptor)


def _restrict_self(handle: int) -> bool:
    return prctl(NO_NEW_PRIVILEGES, 1) and libc().syscall(_RESTRICT_SELF, handle, ctypes.c_uint32(0)) == 0
