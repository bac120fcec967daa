"""Other processes: none is started; what one would have run, runs in this one at the point where it is waited for."""

from __future__ import annotations

import concurrent.futures
import multiprocessing.context
import multiprocessing.pool
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from shapecheck.tracer.child.session import Session


def install(session: Session) -> None:
    """Patch the ways in which a script starts workers of its own."""
    process: Any = multiprocessing.process.BaseProcess
    process.start = _start
    process.join = process.terminate = process.kill = process.close = lambda self, *args: None
    process.is_alive = lambda self: False
    process.exitcode = property(lambda self: 0)
    context: Any = multiprocessing.context.BaseContext
    context.Pool = lambda self, *args, **kwargs: Pool(*args, **kwargs)
    multiprocessing.Pool = Pool  # type: ignore[assignment]
    multiprocessing.set_start_method = torch.multiprocessing.set_start_method = lambda *args, **kwargs: None
    multiprocessing.pool.Pool = torch.multiprocessing.Pool = Pool  # type: ignore[misc, assignment]
    concurrent.futures.ProcessPoolExecutor = concurrent.futures.ThreadPoolExecutor  # type: ignore[misc, assignment]
    torch.multiprocessing.spawn = spawn


def _start(self: Any) -> None:
    """Run the process's function here; one that fails ends the script, as nobody would see it otherwise."""
    self.run()


def spawn(
    fn: Callable[..., Any], args: tuple[Any, ...] = (), nprocs: int = 1, join: bool = True, *rest: Any, **options: Any
) -> None:
    """The function as the first of the processes."""
    fn(0, *args)


class Pool:
    """A pool of one worker: this process."""

    def __init__(
        self, processes: int | None = None, initializer: Any = None, initargs: Any = (), *args: Any, **options: Any
    ) -> None:
        if initializer is not None:
            initializer(*initargs)

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *exc: object) -> None:
        return None

    def map(self, func: Callable[..., Any], iterable: Iterable[Any], *args: Any, **options: Any) -> list[Any]:
        """The function of each item."""
        return [func(item) for item in iterable]

    def starmap(self, func: Callable[..., Any], iterable: Iterable[Any], *args: Any, **options: Any) -> list[Any]:
        """The function of each tuple of arguments."""
        return [func(*item) for item in iterable]

    def imap(self, func: Callable[..., Any], iterable: Iterable[Any], *args: Any, **options: Any) -> Iterator[Any]:
        """The function of each item, one by one."""
        return (func(item) for item in iterable)

    imap_unordered = imap

    def apply(self, func: Callable[..., Any], args: Any = (), kwds: Any = None) -> Any:
        """The function once."""
        return func(*args, **(kwds or {}))

    def apply_async(self, func: Callable[..., Any], args: Any = (), kwds: Any = None, *rest: Any, **more: Any) -> Any:
        """The function once, as a result to be asked for."""
        made: concurrent.futures.Future[Any] = concurrent.futures.Future()
        made.set_result(self.apply(func, args, kwds))
        made.get = made.result  # type: ignore[attr-defined]
        return made

    def close(self) -> None:
        """Nothing is open."""

    join = terminate = close
