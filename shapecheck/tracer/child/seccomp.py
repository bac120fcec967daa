"""A filter of system calls: no new process, no program, no socket, no signal to another process, no tracing of one.

The kernel applies it to machine code as well, so that ``ctypes`` is no way around it. The numbers of the calls are from
``asm/unistd_64.h`` (x86-64) and ``asm-generic/unistd.h`` (arm64), the filter's form from the kernel's
``Documentation/userspace-api/seccomp_filter.rst``.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import sys

from shapecheck.tracer.child.kernel import LINUX, NO_NEW_PRIVILEGES, SET_DEATH_SIGNAL, libc, prctl

_CALLS = """
    fork 57 -            vfork 58 -            execve 59 221         execveat 322 281
    socket 41 198        io_uring_setup 425 425
    tkill 200 130        rt_sigqueueinfo 129 138   rt_tgsigqueueinfo 297 240
    pidfd_send_signal 424 424                  pidfd_open 434 434    pidfd_getfd 438 438
    ptrace 101 117       process_vm_readv 310 270  process_vm_writev 311 271
    mount 165 40         umount2 166 39        pivot_root 155 41     chroot 161 51
    unshare 272 97       setns 308 268         open_tree 428 428     move_mount 429 429
    fsopen 430 430       fsconfig 431 431      fsmount 432 432       mount_setattr 442 442
    open_by_handle_at 304 265                  bpf 321 280           perf_event_open 298 241
    userfaultfd 323 282  keyctl 250 219        add_key 248 217       request_key 249 218
    kexec_load 246 104   init_module 175 105   finit_module 313 273  delete_module 176 106
    reboot 169 142       swapon 167 224        swapoff 168 225       sethostname 170 161
    setdomainname 171 162    settimeofday 164 170  clock_settime 227 112   acct 163 89
    quotactl 179 60      ioperm 173 -          iopl 172 -
"""
"""Refused: the name of each call, and its number on x86-64 and on arm64."""

_ATTRIBUTES = """
    chmod 90 -           fchmod 91 52          fchmodat 268 53       fchmodat2 452 452
    chown 92 -           fchown 93 55          lchown 94 -           fchownat 260 54
    utime 132 -          utimes 235 -          futimesat 261 -       utimensat 280 88
    setxattr 188 5       lsetxattr 189 6       fsetxattr 190 7
    removexattr 197 14   lremovexattr 198 15   fremovexattr 199 16
"""
"""Left out, and said to have worked: modes, owners and times, which Landlock does not look at, matter to no shape."""

_CLONE, _CLONE3, _KILL, _TGKILL, _PRCTL = (56, 220), (435, 435), (62, 129), (234, 131), (157, 167)
_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7), "arm64": (1, 0xC00000B7)}

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER_AT, _MACHINE_AT, _ARGUMENT_AT = 0, 4, 16
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_CLONE_THREAD = 0x00010000
_X32 = 0x40000000
_SET_MODE_FILTER, _ALL_THREADS = 1, 1
_SECCOMP = (317, 277)

Instruction = tuple[int, int, int, int]
"""Operation, jump if true, jump if false, operand."""


class _Instruction(ctypes.Structure):
    _fields_ = [("code", ctypes.c_uint16), ("yes", ctypes.c_uint8), ("no", ctypes.c_uint8), ("k", ctypes.c_uint32)]


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_uint16), ("instructions", ctypes.POINTER(_Instruction))]


def restrict() -> bool:
    """Close the calls for every thread of this process; whether the kernel agreed. It cannot be undone."""
    known = _MACHINES.get(platform.machine()) if LINUX and sys.maxsize > 2**32 else None
    if known is None or not prctl(NO_NEW_PRIVILEGES, 1):
        return False
    column, machine = known
    steps = program(column, machine, os.getpid())
    array = (_Instruction * len(steps))(*(_Instruction(*step) for step in steps))
    asked = ctypes.byref(_Program(len(steps), array))
    return bool(libc().syscall(_SECCOMP[column], _SET_MODE_FILTER, _ALL_THREADS, asked) == 0)


def program(column: int, machine: int, me: int) -> list[Instruction]:
    """The filter for a machine (by its column in the tables and its audit number) and a process."""
    steps = [
        (_LOAD, 0, 0, _MACHINE_AT),
        (_EQUAL, 1, 0, machine),
        (_RETURN, 0, 0, _ERRNO | errno.ENOSYS),
        (_LOAD, 0, 0, _NUMBER_AT),
    ]
    if column == 0:  # the other numbering of x86-64
        steps += [(_AT_LEAST, 0, 1, _X32), (_RETURN, 0, 0, _ERRNO | errno.ENOSYS)]
    for table, answer in ((_CALLS, errno.EPERM), (_ATTRIBUTES, 0)):
        for number in _numbers(table, column):
            steps += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ERRNO | answer)]
    steps += [(_EQUAL, 0, 1, _CLONE3[column]), (_RETURN, 0, 0, _ERRNO | errno.ENOSYS)]  # its callers go on to clone
    steps += _only_if(_CLONE[column], (_ANY_BIT, 1, 0, _CLONE_THREAD))
    for call in (_KILL, _TGKILL):
        steps += _only_if(call[column], (_EQUAL, 1, 0, me))
    steps += _only_if(_PRCTL[column], (_EQUAL, 0, 1, SET_DEATH_SIGNAL))
    return [*steps, (_RETURN, 0, 0, _ALLOW)]


def _only_if(number: int, test: Instruction) -> list[Instruction]:
    """Allow a call only if its first argument passes a test, which jumps over the refusal."""
    return [
        (_EQUAL, 0, 4, number),
        (_LOAD, 0, 0, _ARGUMENT_AT),
        test,
        (_RETURN, 0, 0, _ERRNO | errno.EPERM),
        (_RETURN, 0, 0, _ALLOW),
    ]


def _numbers(table: str, column: int) -> list[int]:
    words = table.split()
    return [int(word) for word in words[1 + column :: 3] if word != "-"]
