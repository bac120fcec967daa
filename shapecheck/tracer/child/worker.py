"""The worker: a process that imported torch once, and lets a keeper look after each request in forks of itself.

It works for the one process that started it, over pipes, and ends with it; or, as a server, for whoever comes in by a
socket and is the same user, until nobody has come for a while, or what it is made of has changed.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import select
import shutil
import sys
import tempfile
import time
from typing import Any

from shapecheck.tracer.child import kernel
from shapecheck.tracer.child.door import Client, Door
from shapecheck.tracer.child.keeper import Keeper
from shapecheck.tracer.child.run import trace
from shapecheck.tracer.child.stream import Stream

_AT_ONCE = max(4, 2 * (os.cpu_count() or 1))
"""Requests that run at the same time; further ones wait."""

_LARGEST = 2**30
"""Bytes that a server may grow to by what it imports for its clients; then another one takes its place."""

_GLANCE = 0.2
"""Seconds after which a worker with requests under way looks whether their keepers are well."""

Request = dict[str, Any]


def main(arguments: list[str]) -> None:
    """Work for the parent, or with arguments (socket, fingerprint, idle seconds) as a server for every client."""
    if arguments:
        path, fingerprint, idle = arguments
        door = Door(path, fingerprint)
        _detach()
        Worker([], door, float(idle)).run()
        return
    client = _parent()
    if hasattr(os, "fork"):
        kernel.die_with(os.getppid())
        Worker([client]).run()
    else:
        _once(client)


def _detach() -> None:
    """Go on in a process of its own, while the one that was started ends: its socket can be connected to."""
    if os.fork():
        os._exit(0)
    os.setsid()
    os.chdir("/")


def _parent() -> Client:
    """The process that started this one. Its pipes are kept apart: the script reads nothing and prints into nothing."""
    client = Client(os.dup(0), os.dup(1))
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    return client


class Worker:
    """Takes requests and starts a keeper for each."""

    def __init__(self, clients: list[Client], door: Door | None = None, idle: float = 0.0) -> None:
        self._clients, self._door, self._idle = clients, door, idle
        self._keepers: dict[int, tuple[Client, Request]] = {}
        self._waiting: list[tuple[Client, Request]] = []
        self._active = time.monotonic()

    def run(self) -> None:
        """Work until there is nobody left to work for."""
        gc.disable()
        while self._clients or self._keepers or self._is_open():
            for ready in self._ready():
                if isinstance(ready, Door):
                    self._clients += ready.admit()
                else:
                    self._listen(ready)
            self._reap()
            while self._waiting and len(self._keepers) < _AT_ONCE:
                self._take(*self._waiting.pop(0))
        if self._door is not None:
            self._door.shut()

    def _is_open(self) -> bool:
        if self._door is None or not self._door.open:
            return False
        return bool(self._waiting) or time.monotonic() - self._active < self._idle

    def _ready(self) -> list[Client | Door]:
        """Who has something to say."""
        doors = [self._door] if self._door is not None and self._door.open else []
        sources: list[Client | Door] = [*self._clients, *doors]
        patience = _GLANCE if self._keepers else None if self._door is None else self._idle
        ready: list[Client | Door] = select.select(sources, [], [], patience)[0]
        if ready or self._clients:
            self._active = time.monotonic()
        return ready

    def _listen(self, client: Client) -> None:
        lines = client.lines()
        for line in lines or ():
            said = json.loads(line)
            if "hello" in said:
                lines = lines if self._welcomed(client, said["hello"]) else None
            else:
                self._waiting.append((client, said))
        if lines is None:
            self._clients.remove(client)
            self._waiting = [(other, request) for other, request in self._waiting if other is not client]
            client.close()

    def _welcomed(self, client: Client, fingerprint: str) -> bool:
        """Whether this server is what the client wants. If not it makes room for another one."""
        fits = self._door is not None and self._door.fits(fingerprint)
        Stream(client.writer, 0).send({"kind": "welcome" if fits else "stale"})
        if not fits and self._door is not None:
            self._door.shut()
        return fits

    def _reap(self) -> None:
        while self._keepers:
            done, status = os.waitpid(-1, os.WNOHANG)
            if not done:
                return
            client, request = self._keepers.pop(done)
            if status and client in self._clients:
                Stream(client.writer, request["id"]).send({"kind": "exit", "code": None, "killed": False})

    def _take(self, client: Client, request: Request) -> None:
        stream = Stream(client.writer, request["id"])
        if not _imports(request, stream):
            self._leave()
            return
        if self._door is not None and kernel.resident_bytes() > _LARGEST:
            self._door.shut()
        gc.freeze()  # a collection in the fork would copy every page that it looks at
        me = os.getpid()
        keeper = os.fork()
        if keeper == 0:
            self._close_all_but(client)
            Keeper(request, client.reader, stream).keep(me)
        self._keepers[keeper] = client, request

    def _leave(self) -> None:
        """Take no more requests: there is no torch to answer them with."""
        if self._door is not None:
            self._door.shut()
        self._close_all_but(None)
        self._clients.clear()
        self._waiting.clear()

    def _close_all_but(self, client: Client | None) -> None:
        for other in self._clients:
            if other is not client:
                other.close()
        if self._door is not None:
            self._door.close()


def _once(client: Client) -> None:
    """Answer one request in this process, where there are no forks."""
    while True:
        lines = client.lines()
        if lines is None:
            return
        if lines:
            break
    request = json.loads(lines[0])
    stream = Stream(client.writer, request["id"])
    if _imports(request, stream):
        request["scratch"] = tempfile.mkdtemp(prefix="shapecheck-")
        try:
            trace(request, stream)
        finally:
            shutil.rmtree(request["scratch"], ignore_errors=True)


def _imports(request: Request, stream: Stream) -> bool:
    """Import what the script is going to need, once for all requests; False where torch is not there."""
    for name in request["imports"]:
        module, _, attribute = name.partition(":")
        first = name == "torch" and name not in sys.modules
        try:
            getattr(importlib.import_module(module), attribute or "__name__", None)
        except Exception as error:  # whatever a library raises at import: the script will meet it again
            if name == "torch":
                stream.send({"kind": "unavailable", "message": str(error), "python": sys.version.split()[0]})
                return False
        if first:
            _prepare()
    return True


def _prepare() -> None:
    """Load, once for all requests, what every trace loads."""
    from shapecheck.tracer import standins
    from shapecheck.tracer.child import compiler, failure, fakes, guard, loops, outputs, recorder, source, target

    compiler.leave_unloaded()
    fakes.fake((2, 3)).detach().add(1)
    standins.load()
    assert all((failure, guard, loops, outputs, recorder, source, target))
