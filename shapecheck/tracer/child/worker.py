"""The worker: imports torch once, then a forked process per request (a fresh worker where there is no fork)."""

from __future__ import annotations

import importlib
import json
import os
import re
import signal
import sys
import time
from pathlib import Path
from typing import Any, BinaryIO

from shapecheck.tracer.child.frames import is_user_file
from shapecheck.tracer.child.run import trace
from shapecheck.tracer.child.stream import Stream

_GRACE = 2.0
"""Seconds that a process past its limit is given to say where it was."""


def main() -> None:
    """Read requests from standard input, one JSON line each; answer on standard output."""
    requests, answers = _take_the_pipes()
    dies_with_its_parent()
    for line in requests:
        request = json.loads(line)
        stream = Stream(answers, request["id"])
        if not _imports(request, stream):
            return
        if not hasattr(os, "fork"):
            trace(request, stream)
            return
        _forked(request, stream)


def _take_the_pipes() -> tuple[BinaryIO, int]:
    """Keep the parent's pipes for ourselves; the script reads nothing and prints into nothing."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    return requests, answers


def _imports(request: dict[str, Any], stream: Stream) -> bool:
    """Import what the script is going to need, once for all requests."""
    os.environ.update(request["environment"])
    for name in request["imports"]:
        module, _, attribute = name.partition(":")
        try:
            getattr(importlib.import_module(module), attribute or "__name__", None)
        except Exception as error:  # whatever a library raises at import: the script will meet it again
            if name == "torch":
                stream.send({"kind": "unavailable", "message": str(error), "python": sys.version.split()[0]})
                return False
        if name == "torch":
            _prepare()
    return True


def _prepare() -> None:
    """Load, once for all requests, what the first abstract tensor loads."""
    from shapecheck.tracer.child import compiler, fakes

    compiler.leave_unloaded()
    fakes.fake((2, 3)).detach().add(1)


def _forked(request: dict[str, Any], stream: Stream) -> None:
    child = os.fork()
    if child == 0:
        leave = os._exit
        os.setsid()
        dies_with_its_parent()
        try:
            trace(request, stream)
        except BaseException as error:
            stream.send({"kind": "broken", "message": f"{type(error).__name__}: {error}", "trace": _trace(error)})
        leave(0)
    gone = _wait(child, request["timeout"] + _GRACE)
    stream.send({"kind": "exit", **gone, "crash": _crashed_at(request["scratch"])})


def _wait(child: int, seconds: float) -> dict[str, Any]:
    """How a process ended; it and what it started are killed at the limit."""
    until = time.monotonic() + seconds
    pause = 0.001
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            _kill_group(child)
            return {"code": os.waitstatus_to_exitcode(status), "killed": False}
        if time.monotonic() > until:
            _kill_group(child)
            os.waitpid(child, 0)
            return {"code": -signal.SIGKILL, "killed": True}
        time.sleep(pause)
        pause = min(pause * 1.5, 0.02)


def _crashed_at(scratch: str) -> int | None:
    """The user's line in what faulthandler wrote at a crash, innermost frame first."""
    try:
        report = Path(scratch, "crash.txt").read_text(errors="replace")
    except OSError:
        return None
    frames = re.findall(r'File "(.+)", line (\d+) in', report)
    return next((int(line) for file, line in frames if is_user_file(file)), None)


def _kill_group(leader: int) -> None:
    try:
        os.killpg(leader, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def dies_with_its_parent() -> None:
    """Ask Linux to kill this process when its parent is gone."""
    if sys.platform.startswith("linux"):
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)


def _trace(error: BaseException) -> str:
    import traceback

    return "".join(traceback.format_exception(error)[-6:])
