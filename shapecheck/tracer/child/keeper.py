"""The keeper of one request: forks the process that runs the script, and outlives it whatever it does."""

from __future__ import annotations

import gc
import os
import re
import select
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NoReturn

from shapecheck.tracer.child import kernel
from shapecheck.tracer.child.frames import is_user_file
from shapecheck.tracer.child.run import trace
from shapecheck.tracer.child.stream import Stream

_GRACE = 2.0
"""Seconds that a process past its limit is given to say where it was."""

_GLANCE = 0.02
"""Seconds between two looks at a run."""

_COLLECT = 100_000
"""Objects that a run makes between two collections: most runs end before the first one."""


class Keeper:
    """Looks after one run: kills it at its limit, or when its client is gone, and removes what it left behind."""

    def __init__(self, request: dict[str, Any], reader: int, stream: Stream) -> None:
        self._request, self._reader, self._stream = request, reader, stream

    def keep(self, server: int) -> NoReturn:
        """Run the request for a server, say how it ended, and end."""
        leave, code = os._exit, 1
        try:
            os.setsid()
            kernel.prctl(kernel.SET_SUBREAPER, 1)
            scratch = tempfile.mkdtemp(prefix="shapecheck-", dir=self._request["temporary"])
            self._request["scratch"] = scratch
            try:
                gone = self._run(server)
                gone["crash"] = _crashed_at(scratch)
            finally:
                _remove(scratch)
            if os.getppid() == server:  # a client that hears no end from a server that is gone asks again
                self._stream.send({"kind": "exit", **gone})
            code = 0
        except BrokenPipeError:
            code = 0  # the client does not want to know
        finally:
            leave(code)

    def _run(self, server: int) -> dict[str, Any]:
        keeper = os.getpid()
        child = os.fork()
        if child == 0:
            self._become_the_script(keeper)
        try:
            return self._wait(child, server)
        finally:
            _sweep()

    def _become_the_script(self, keeper: int) -> NoReturn:
        leave = os._exit
        try:
            os.setsid()
            kernel.die_with(keeper)
            if self._reader != self._stream.descriptor:
                os.close(self._reader)
            _settle_in(self._request)
            trace(self._request, self._stream)
        except BaseException as error:
            self._stream.send({"kind": "broken", "message": f"{type(error).__name__}: {error}", "trace": _trace(error)})
        finally:
            leave(0)

    def _wait(self, child: int, server: int) -> dict[str, Any]:
        """How the run ended, its processor seconds and its largest memory."""
        until = time.monotonic() + self._request["timeout"] + _GRACE
        client = select.poll()
        client.register(self._reader, getattr(select, "POLLRDHUP", 0) | select.POLLHUP)
        pause = 1.0
        killed = False
        while True:
            done, status, used = os.wait4(child, os.WNOHANG)
            if done:
                code = os.waitstatus_to_exitcode(status)
                return {
                    "code": code,
                    "killed": killed,
                    "cpu": used.ru_utime + used.ru_stime,
                    "memory": used.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
                }
            if time.monotonic() > until:
                killed = True
                _kill(child)
            elif client.poll(pause) or os.getppid() != server:
                _kill(child)
                time.sleep(_GLANCE)
            pause = min(pause * 1.5, 1000 * _GLANCE)


def _settle_in(request: dict[str, Any]) -> None:
    """Take over the client's environment and folder; temporary files go to scratch."""
    written = os.path.join(request["scratch"], "tmp")
    os.mkdir(written)
    os.environ.clear()
    os.environ.update({**request["environment"], "TMPDIR": written})
    tempfile.tempdir = written
    time.tzset()
    try:
        os.chdir(request["folder"])
    except OSError:
        os.chdir(written)  # the client's folder is gone
    gc.set_threshold(_COLLECT, 50, 100)
    gc.enable()


def _kill(child: int) -> None:
    """End a process and its group; it may have left the group."""
    for send, target in ((os.kill, child), (os.killpg, child)):
        try:
            send(target, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue


def _sweep() -> None:
    """Kill what the script started and left behind: the kernel makes it this process's children."""
    while kernel.LINUX:
        me = os.getpid()
        left = Path(f"/proc/self/task/{me}/children")
        try:
            children = [int(word) for word in left.read_text().split()]
        except OSError:
            return  # a kernel that keeps no such list
        if not children:
            return
        for child in children:
            _kill(child)
        os.waitpid(-1, 0)


def _remove(scratch: str) -> None:
    """Remove a folder; folders in it may have been closed to their owner."""
    for place, folders, _ in os.walk(scratch):
        for name in folders:
            path = os.path.join(place, name)
            if not os.path.islink(path):
                os.chmod(path, 0o700)
    shutil.rmtree(scratch, ignore_errors=True)


def _crashed_at(scratch: str) -> int | None:
    """The user's line in what faulthandler wrote at a crash, innermost frame first."""
    try:
        report = Path(scratch, "crash.txt").read_text(errors="replace")
    except OSError:
        return None
    frames = re.findall(r'File "(.+)", line (\d+) in', report)
    return next((int(line) for file, line in frames if is_user_file(file)), None)


def _trace(error: BaseException) -> str:
    import traceback

    return "".join(traceback.format_exception(error)[-6:])
