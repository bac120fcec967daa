"""Linux's Landlock through ctypes: from now on this process and its children write beneath some folders only."""

from __future__ import annotations

import ctypes
import os
import sys

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION = 1
_PATH_BENEATH = 1
_NO_NEW_PRIVS = 38
_WRITES = sum(1 << bit for bit in (1, 4, 5, 6, 7, 8, 9, 10, 11, 12))
"""write_file, remove_dir, remove_file, make_char, make_dir, make_reg, make_sock, make_fifo, make_block, make_sym."""
_REFER, _TRUNCATE = 1 << 13, 1 << 14
_TCP = 0b11
"""bind and connect, since the fourth version."""


class _Ruleset(ctypes.Structure):
    _fields_ = [("fs", ctypes.c_uint64), ("net", ctypes.c_uint64)]


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32)]


def restrict_writes(folders: list[str]) -> bool:
    """Refuse writes outside ``folders`` and TCP altogether; whether the kernel agreed. It cannot be undone."""
    if not sys.platform.startswith("linux"):
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION))
    if version < 1:
        return False
    writes = _WRITES | (_REFER if version >= 2 else 0) | (_TRUNCATE if version >= 3 else 0)
    ruleset = _Ruleset(writes, _TCP if version >= 4 else 0)
    size = ctypes.sizeof(ruleset) if version >= 4 else 8
    handle = libc.syscall(_CREATE_RULESET, ctypes.byref(ruleset), ctypes.c_size_t(size), ctypes.c_uint32(0))
    if handle < 0:
        return False
    try:
        return all(_allow(libc, handle, folder, writes) for folder in folders) and _restrict(libc, handle)
    finally:
        os.close(handle)


def _allow(libc: ctypes.CDLL, handle: int, folder: str, rights: int) -> bool:
    descriptor = os.open(folder, os.O_PATH | os.O_CLOEXEC)
    try:
        rule = _Beneath(rights, descriptor)
        return bool(libc.syscall(_ADD_RULE, handle, _PATH_BENEATH, ctypes.byref(rule), ctypes.c_uint32(0)) == 0)
    finally:
        os.close(descriptor)


def _restrict(libc: ctypes.CDLL, handle: int) -> bool:
    if libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    return bool(libc.syscall(_RESTRICT_SELF, handle, ctypes.c_uint32(0)) == 0)
