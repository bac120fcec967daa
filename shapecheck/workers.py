"""Several processes that work on files, each on one at a time: a process that dies costs the file that it was at.

``concurrent.futures`` gives up all files that are left when one of its processes dies, and does not say which file was
its last; an out-of-memory killer or a crash in a native library must not hide the findings in other files.
"""

from __future__ import annotations

import multiprocessing
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from typing import Any, Generic, TypeVar

from shapecheck import disk

Result = TypeVar("Result")

_AHEAD = 2
"""Paths that a worker has at hand, so that it need not wait for the next one."""

_GROWN = 600
"""Megabytes by which a worker may grow before another one takes its place."""


@dataclass(frozen=True, slots=True)
class Lost:
    """A file whose worker died, and how."""

    reason: str


@dataclass(eq=False)
class _Worker:
    """A process, our end of the pipe to it, and the paths that it was given, the first of which it is at."""

    process: BaseProcess
    pipe: Connection
    chunk: deque[str] = field(default_factory=deque)
    given: deque[str] = field(default_factory=deque)


def each(
    work: Callable[[str], Result], paths: Sequence[str], jobs: int, method: str | None = None
) -> Generator[tuple[str, Result | Lost], None, None]:
    """The result of each path as soon as it is there, in any order, by several processes.

    Args:
        work: a function that other processes can import; the exceptions that it raises are raised here.
        jobs: how many processes; each is ended with the iterator.
        method: how to start them, if not as is best here.
    """
    crew = _Crew(work, paths, jobs, _context(method))
    try:
        yield from crew.results()
    finally:
        crew.end()


class _Crew(Generic[Result]):
    def __init__(self, work: Callable[[str], Result], paths: Sequence[str], jobs: int, context: BaseContext) -> None:
        self.work, self.context = work, context
        self.workers: list[_Worker] = []
        # Neighbours go to the same worker: they import the same files, which it then has read already.
        size = max(1, min(16, len(paths) // (6 * jobs)))
        self.chunks = deque(deque(paths[at : at + size]) for at in range(0, len(paths), size))
        self.jobs = min(jobs, len(self.chunks))

    def results(self) -> Iterator[tuple[str, Result | Lost]]:
        for _ in range(self.jobs):
            self.start()
        while self.workers:
            ready: Iterable[Any] = wait([worker.pipe for worker in self.workers])
            for worker in [worker for worker in self.workers if worker.pipe in ready]:
                yield from self.heard(worker)
        while self.chunks:  # no process could be had for these
            for path in self.chunks.popleft():
                yield path, self.work(path)

    def start(self) -> None:
        """One more worker, where there is something left for one."""
        if not self.chunks:
            return
        ours, theirs = self.context.Pipe()
        forked = self.context.get_start_method() == "fork"
        inherited = [*(worker.pipe for worker in self.workers), ours] if forked else []
        process = self.context.Process(  # type: ignore[attr-defined]
            target=_serve, args=(theirs, self.work, inherited), daemon=True
        )
        try:
            with _interrupts_held():
                process.start()
        except OSError:  # no process to be had: those that are there do its part, or this one
            ours.close()
            return
        finally:
            theirs.close()
        worker = _Worker(process, ours)
        self.workers.append(worker)
        self.feed(worker)

    def feed(self, worker: _Worker) -> None:
        """Hand a worker its next paths; with none left, let it go."""
        with suppress(OSError):  # it is dead: its pipe will tell
            while len(worker.given) < _AHEAD and (worker.chunk or self.chunks):
                worker.chunk = worker.chunk or self.chunks.popleft()
                path = worker.chunk.popleft()
                worker.given.append(path)
                worker.pipe.send(path)
        if not worker.given:
            self.dismiss(worker)

    def heard(self, worker: _Worker) -> Iterator[tuple[str, Result | Lost]]:
        """What a worker that can be read from has to say: a result, or nothing any more."""
        try:
            error, result, goes_on = worker.pipe.recv()
        except (EOFError, OSError):
            yield from self.lost(worker)
            return
        if error is not None:
            raise error
        yield worker.given.popleft(), result
        if goes_on:
            self.feed(worker)
        else:
            self.replace(worker)

    def lost(self, worker: _Worker) -> Iterator[tuple[str, Result | Lost]]:
        worker.process.join()
        code = worker.process.exitcode or 0
        yield worker.given.popleft(), Lost(_how(code))
        self.replace(worker)

    def replace(self, worker: _Worker) -> None:
        """Another worker for what one has left undone."""
        self.dismiss(worker)
        left = deque([*worker.given, *worker.chunk])
        if left:
            self.chunks.appendleft(left)
        self.start()

    def dismiss(self, worker: _Worker) -> None:
        """Let a worker end: it does as soon as there is nobody to hear it."""
        self.workers.remove(worker)
        worker.pipe.close()
        worker.process.join()

    def end(self) -> None:
        for worker in self.workers:
            worker.process.terminate()
            worker.pipe.close()
        for worker in self.workers:
            worker.process.join()


def _how(code: int) -> str:
    """In words, how a process ended."""
    if code >= 0:
        return f"a process that ended with exit code {code}"
    with suppress(ValueError):
        return f"a process that {signal.Signals(-code).name} ended"
    return f"a process that signal {-code} ended"


def _context(method: str | None) -> BaseContext:
    """Forking is cheapest, and safe where it is usual and no other thread holds a lock; else what the platform does."""
    if method is None and sys.platform == "linux" and threading.active_count() == 1:
        method = "fork"
    return multiprocessing.get_context(method)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Keep Ctrl-C from a process that is being started, until it has said itself that it does not heed it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(pipe: Connection, work: Callable[[str], Any], others: Sequence[Connection]) -> None:
    """What a worker does: take a path, send what comes of it, until nobody is there."""
    for other in others:  # copies that a fork made: while they are open, nobody learns that we, or they, have ended
        other.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to all; who asked for the work ends us
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    start = _megabytes()
    with disk.session(), suppress(EOFError, OSError):
        while True:
            error, result = None, None
            path = pipe.recv()
            try:
                result = work(path)
            except Exception as why:
                error = why
            goes_on = _megabytes() - start < _GROWN
            pipe.send((error, result, goes_on))
            if not goes_on:
                break


def _megabytes() -> float:
    """The most memory that this process has held so far; 0 where that is not told."""
    try:
        import resource
    except ImportError:  # Windows
        return 0.0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
