"""Asking the process that traces: a warm server where there may be one, else a worker of our own."""

from __future__ import annotations

import itertools
import json
import os
import tempfile
import time
from collections.abc import Mapping

from shapecheck.tracer import link, warm
from shapecheck.tracer.link import Link, Record

_START = 60.0
"""Seconds that importing torch and transformers may take, on top of the time limit of a run."""

_MOST = 512 * 2**20
"""Bytes of answers beyond which a run is cut off: no honest trace is that long."""

_TRIES = 2
"""Servers to ask: the first may be killed, or give way to a newer one, while it is asked."""


class Worker:
    """What runs the scripts of one interpreter, each in a process forked from one that imported torch.

    Args:
        python: the interpreter.
        environment: the variables that it starts with, and that scripts see which are asked for without others.
        server: whether a process that outlives this one may do the work.
    """

    def __init__(self, python: str, environment: Mapping[str, str], server: bool = False) -> None:
        self._python, self._environment, self._server = python, dict(environment), server
        self._numbers = itertools.count(1)
        self._link: Link | None = None

    def ask(self, request: Record, timeout: float) -> list[Record]:
        """Run one request; its records, as many as came. The last one tells how it ended."""
        whole = {
            "environment": self._environment,
            **request,
            "id": next(self._numbers),
            "timeout": timeout,
            "folder": _folder(),
            "temporary": tempfile.gettempdir(),
        }
        for _ in range(_TRIES):
            if not self._server:
                break
            records = self._ask_server(whole)
            if records is not None:
                return records
        self._server = False
        return self._ask_own(whole)

    def close(self) -> int | None:
        """Leave the server, or end the process of our own and what it runs; gives that one's exit code."""
        left, self._link = self._link, None
        return left.close() if left is not None else None

    def _ask_server(self, request: Record) -> list[Record] | None:
        """The server's records; None where there is none, or it went away over this."""
        self._link = self._link or warm.connect(self._python, self._environment)
        if self._link is None:
            self._server = False
            return None
        records, whole = self._exchange(self._link, request)
        if not whole:
            self.close()
            return None
        return records

    def _ask_own(self, request: Record) -> list[Record]:
        if self._link is not None and not self._link.alive:
            self.close()
        try:
            self._link = self._link or link.start(self._python, self._environment)
        except OSError as why:
            return [{"kind": "broken", "message": str(why)}]
        records, whole = self._exchange(self._link, request)
        if not whole:
            late = records and records[-1].get("killed")
            code = self.close()
            if not late:
                records.append({"kind": "exit", "code": code, "killed": False})
        return records

    def _exchange(self, to: Link, request: Record) -> tuple[list[Record], bool]:
        """The records that answer a request, and whether the worker is still well."""
        to.send(request)
        until = time.monotonic() + request["timeout"] + _START
        records: list[Record] = []
        size = 0
        while True:
            line = to.line(until)
            size += len(line or b"")
            if line is None or size > _MOST:
                return [*records, {"kind": "exit", "code": None, "killed": True}], False
            if not line:
                return records, False
            record = _parsed(line)
            if record is None or record.get("request") != request["id"]:
                continue
            records.append(record)
            if record["kind"] in ("exit", "unavailable"):
                return records, True


def _folder() -> str:
    try:
        return os.getcwd()
    except FileNotFoundError:
        return tempfile.gettempdir()


def _parsed(line: bytes) -> Record | None:
    """A record; None for a line that was cut off, or that the script wrote itself."""
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) and isinstance(record.get("kind"), str) else None
