"""A connection to a worker: requests and records are lines of JSON."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import socket
import subprocess
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

Record = dict[str, Any]

BOOTSTRAP = Path(__file__).parent / "child" / "bootstrap.py"


class Link:
    """Lines to and from a worker, over the pipes of a process of our own or over a server's socket."""

    def __init__(self, worker: subprocess.Popen[bytes] | socket.socket) -> None:
        self._worker = worker
        self._reader, self._writer = _ends(worker)
        self._lines: queue.Queue[bytes] = queue.Queue()
        threading.Thread(target=_pump, args=(self._reader, self._lines), daemon=True).start()

    @property
    def alive(self) -> bool:
        """Whether it can be asked: as far as that can be told without asking."""
        return not isinstance(self._worker, subprocess.Popen) or self._worker.poll() is None

    def send(self, record: Record) -> None:
        """Send one line. A worker that is gone is met by reading."""
        try:
            self._writer.write(json.dumps(record).encode() + b"\n")
            self._writer.flush()
        except (BrokenPipeError, ConnectionError):
            return

    def line(self, until: float) -> bytes | None:
        """The next line, empty at the end, None where none comes until then (a monotonic time)."""
        try:
            return self._lines.get(timeout=max(until - time.monotonic(), 0.01))
        except queue.Empty:
            return None

    def close(self) -> int | None:
        """Hang up; a process of our own is ended, and its exit code is given."""
        if isinstance(self._worker, socket.socket):
            with contextlib.suppress(OSError):  # the other end has hung up
                self._worker.shutdown(socket.SHUT_RDWR)  # closing alone would not wake who reads from it
        for end in (self._writer, self._reader):
            try:
                end.close()
            except BrokenPipeError:
                continue
        if isinstance(self._worker, socket.socket):
            self._worker.close()
            return None
        try:
            return self._worker.wait(timeout=0.5)
        except subprocess.TimeoutExpired:
            self._worker.kill()
            return self._worker.wait()


def start(python: str, environment: Mapping[str, str]) -> Link:
    """A worker of our own, which ends when it is hung up on. OSError where there is no such interpreter."""
    worker = subprocess.Popen(
        [python, "-u", str(BOOTSTRAP)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=dict(environment),
        start_new_session=os.name == "posix",
    )
    return Link(worker)


def _ends(worker: subprocess.Popen[bytes] | socket.socket) -> tuple[BinaryIO, BinaryIO]:
    if isinstance(worker, socket.socket):
        return worker.makefile("rb"), worker.makefile("wb")
    assert worker.stdout is not None and worker.stdin is not None
    return worker.stdout, worker.stdin  # type: ignore[return-value] # IO[bytes] is what BinaryIO is


def _pump(reader: BinaryIO, lines: queue.Queue[bytes]) -> None:
    """Pass on what the worker says; an empty line at its end."""
    try:
        for line in reader:
            lines.put(line)
    except (ValueError, OSError):
        pass  # closed while reading: the worker is being left
    lines.put(b"")
