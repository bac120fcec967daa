"""The worker process: started once per interpreter, asked by lines of JSON, answering by lines of JSON."""

from __future__ import annotations

import itertools
import json
import os
import queue
import subprocess
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Record = dict[str, Any]

_BOOTSTRAP = Path(__file__).parent / "child" / "bootstrap.py"
_START = 60.0
"""Seconds that importing torch and transformers may take, on top of the time limit of a run."""

_MOST = 512 * 2**20
"""Bytes of answers beyond which a run is cut off: no honest trace is that long."""


class Worker:
    """One child process that imported torch, and runs scripts in forks of itself."""

    def __init__(self, python: str, environment: Mapping[str, str]) -> None:
        self._python, self._environment = python, dict(environment)
        self._numbers = itertools.count(1)
        self._process: subprocess.Popen[bytes] | None = None
        self._lines: queue.Queue[bytes] = queue.Queue()

    def ask(self, request: Record, timeout: float) -> list[Record]:
        """Run one request; its records, as many as came. The last one tells how it ended, unless the worker died."""
        process = self._running()
        number = next(self._numbers)
        line = json.dumps({**request, "id": number, "timeout": timeout}).encode() + b"\n"
        assert process.stdin is not None
        try:
            process.stdin.write(line)
            process.stdin.flush()
        except BrokenPipeError:
            pass  # its last words are read below
        return self._read(number, time.monotonic() + timeout + _START)

    def close(self) -> None:
        """End the process and what it runs."""
        process, self._process = self._process, None
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            process.wait(timeout=0.5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self.close()
        self._process = subprocess.Popen(
            [self._python, "-u", str(_BOOTSTRAP)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=self._environment,
            start_new_session=os.name == "posix",
        )
        self._lines = queue.Queue()
        threading.Thread(target=_pump, args=(self._process, self._lines), daemon=True).start()
        return self._process

    def _read(self, number: int, until: float) -> list[Record]:
        records: list[Record] = []
        size = 0
        while True:
            try:
                line = self._lines.get(timeout=max(until - time.monotonic(), 0.01))
            except queue.Empty:
                self.close()
                return [*records, {"kind": "exit", "code": None, "killed": True}]
            size += len(line)
            record = _parsed(line)
            if not line or size > _MOST:
                code = self._process.wait() if self._process and not line else None
                self.close()
                return [*records, {"kind": "exit", "code": code, "killed": size > _MOST}]
            if record is None or record.get("request") != number:
                continue
            records.append(record)
            if record["kind"] in ("exit", "unavailable"):
                return records


def _pump(process: subprocess.Popen[bytes], lines: queue.Queue[bytes]) -> None:
    """Pass on what the worker says; an empty line at its end."""
    assert process.stdout is not None
    try:
        for line in process.stdout:
            lines.put(line)
    except ValueError:
        pass  # closed while reading: the worker is being ended
    lines.put(b"")


def _parsed(line: bytes) -> Record | None:
    """A record; None for a line that was cut off, or that the script wrote itself."""
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) and isinstance(record.get("kind"), str) else None
