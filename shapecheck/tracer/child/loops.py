"""Training and evaluation loops: as many batches as show every shape, the loader's last, shorter one among them."""

from __future__ import annotations

import inspect
from collections import Counter, deque
from collections.abc import ItemsView, Iterable, Iterator, KeysView, ValuesView
from itertools import islice
from typing import Any

import torch
from torch.utils.data import DataLoader, IterableDataset

from shapecheck.tracer.child.describe import is_mapping
from shapecheck.tracer.child.novelty import Rows
from shapecheck.tracer.child.recorder import Recorder
from shapecheck.tracer.child.session import Session

WHOLE = 512
"""A data set of at most so many rows is run through where nothing is trained: what it gave may be counted later."""

MANY = 64
"""Batches without a training step (gradients may be accumulated) after which a loader ends."""

TURNS = 3
"""Training steps after which a loop ends whose length is not known."""

MOST = 2_000_000
"""Rows that are drawn from a loader's sampler beforehand; some draw with replacement, ten thousand million times."""

REPEATS = 16
"""Backward passes in a row that show nothing new, after which the script is stopped.

As many turns of an evaluation over an iterator of unknown length, after which only its last item is left.
"""


_VIEWS: tuple[Any, ...] = (KeysView, ValuesView, ItemsView)


class Loops:
    """Counts training steps, and ends loops over loaders and sequences once one was seen."""

    def __init__(self, session: Session, recorder: Recorder) -> None:
        self.session, self.recorder = session, recorder
        self.steps = 0
        self._optimizes = self._in_step = False
        self._repeats = 0
        self._collated: set[int] = set()
        self._rows: dict[int, Rows] = {}

    def install(self) -> None:
        """Watch optimizers, backward passes and loaders from now on."""
        from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

        register_optimizer_step_pre_hook(self._steps)
        register_optimizer_step_post_hook(self._stepped)
        self._watch_optimizers()
        self.recorder.on_backward = self._backward
        _without_workers()
        original = DataLoader.__iter__
        loops = self

        def iterate(loader: DataLoader[Any]) -> Iterator[Any]:
            return _SingleProcessDataLoaderIter(loader, loops.batches(loader, original))

        DataLoader.__iter__ = iterate

    def _watch_optimizers(self) -> None:
        original = torch.optim.Optimizer.__init__

        def init(optimizer: Any, *args: Any, **kwargs: Any) -> None:
            self._optimizes = True
            original(optimizer, *args, **kwargs)

        torch.optim.Optimizer.__init__ = init

    def _steps(self, *_: Any) -> None:
        self._in_step = True

    def _stepped(self, *_: Any) -> None:
        self._in_step = False
        self.steps += 1

    def _backward(self, new: bool) -> None:
        """A backward pass: a training step where there is no optimizer. ``new``: it followed something new."""
        if not self._optimizes:
            self.steps += 1
        self._repeats = 0 if new else self._repeats + 1
        if self._repeats >= REPEATS:
            self.session.stop(f"stopped in a training loop that goes on: {REPEATS} turns showed nothing new")

    def loop(self, iterable: Iterable[Any], alike: bool = False) -> Iterable[Any]:
        """What a ``for`` of the user runs over: after a training step within it, only the last item is left.

        Nothing is left of a mere count of turns that are ``alike``: of epochs that no condition asks for.
        """
        if self._in_step and isinstance(iterable, list) and all(isinstance(p, torch.nn.Parameter) for p in iterable):
            return _of_each_shape(iterable)
        counted = getattr(iterable, "iterable", iterable)  # a progress bar's own
        if isinstance(counted, _VIEWS) and len(counted) > 1:
            return self._items(list(counted), False)
        if isinstance(counted, (range, list, tuple)):
            return self._items(counted, alike and isinstance(counted, range))
        if isinstance(iterable, Iterator) and not isinstance(iterable, _SingleProcessDataLoaderIter):
            return self._turns(iterable)
        return iterable

    def _items(self, sequence: Any, alike: bool) -> Iterator[Any]:
        before = self.steps
        position = 0
        while position < len(sequence):
            yield sequence[position]
            trained = self.steps > before
            if trained and alike:
                return
            position = max(position + 1, len(sequence) - 1) if trained else position + 1

    def _turns(self, iterator: Iterator[Any]) -> Iterator[Any]:
        before, stages, quiet = self.steps, self.session.stages, 0
        for item in iterator:
            news = self.recorder.news
            yield item
            if self.steps - before >= TURNS:
                return
            evaluates = not torch.is_grad_enabled() and self.session.stages > stages
            quiet = quiet + 1 if evaluates and self.recorder.news == news else 0
            if quiet >= REPEATS:
                yield from deque(islice(iterator, WHOLE), maxlen=1)
                return

    def batches(self, loader: DataLoader[Any], original: Any) -> Iterator[Any]:
        """The batches of a loader: the first ones up to a training step, and its last one."""
        plan = _plan(loader)
        batches = self._planned(loader, original, plan) if plan is not None else self._unplanned(loader, original)
        for number, batch in enumerate(batches):
            if number == 0:
                self._tell(loader, batch)
            yield batch

    def _unplanned(self, loader: DataLoader[Any], original: Any) -> Iterator[Any]:
        before = self.steps
        for number, batch in enumerate(original(loader)):
            yield batch
            if self.steps > before or number >= MANY:
                return

    def _planned(self, loader: DataLoader[Any], original: Any, plan: list[Any]) -> Iterator[Any]:
        before = self.steps
        large = len(plan) > MANY or sum(len(rows) for rows in plan if hasattr(rows, "__len__")) > WHOLE
        if self.session.last_of_one and self.session.assumed_rows and plan and not loader.drop_last:
            plan[-1] = plan[-1][:1]
        position = 0
        while position < len(plan):
            yield self._load(loader, original, plan[position])
            done = self.steps > before or position >= MANY or (large and not torch.is_grad_enabled())
            position = max(position + 1, len(plan) - 1) if done else position + 1

    def _load(self, loader: DataLoader[Any], original: Any, rows: Any) -> Any:
        """One batch, through the loader's own reading and collating."""
        one = DataLoader(loader.dataset, batch_sampler=[rows], collate_fn=loader.collate_fn)
        self.recorder.loading = self._rows.setdefault(id(loader), Rows())
        try:
            return next(iter(original(one)))
        finally:
            self.recorder.loading = None

    def _tell(self, loader: DataLoader[Any], batch: Any) -> None:
        if id(loader) in self._collated:
            return
        self._collated.add(id(loader))
        keys = (
            list(batch)
            if is_mapping(batch)
            else [str(i) for i in range(len(batch))]
            if isinstance(batch, (list, tuple))
            else ["batch"]
        )
        rows = None
        if not isinstance(loader.dataset, IterableDataset) and hasattr(loader.dataset, "__len__"):
            rows = len(loader.dataset)
        self.session.event(
            "collate",
            keys=keys,
            batch_size=loader.batch_size,
            rows=rows,
            drop_last=loader.drop_last,
            rows_assumed=self.session.assumed_rows,
        )


def _of_each_shape(parameters: list[torch.nn.Parameter]) -> Iterator[torch.nn.Parameter]:
    """Of the parameters that the script's own optimizer steps over, a few of every shape: the others add nothing."""
    seen: Counter[torch.Size] = Counter()
    for parameter in parameters:
        seen[parameter.shape] += 1
        if seen[parameter.shape] <= TURNS:
            yield parameter


class _SingleProcessDataLoaderIter:
    """The iterator of a loader, by the name that error messages know."""

    def __init__(self, loader: DataLoader[Any], batches: Iterator[Any]) -> None:
        self._loader, self._batches = loader, batches

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        return next(self._batches)

    def __len__(self) -> int:
        return len(self._loader)


def _plan(loader: DataLoader[Any]) -> list[Any] | None:
    """The rows of every batch, of the first ones where a sampler draws without end; None where the loader does not know
    them beforehand."""
    if isinstance(loader.dataset, IterableDataset) or loader.batch_sampler is None:
        return None
    try:
        plan, rows = [], 0
        for batch in loader.batch_sampler:
            plan.append(batch)
            rows += len(batch) if hasattr(batch, "__len__") else 1
            if rows > MOST:
                break
        return plan
    except TypeError:
        return None


def _without_workers() -> None:
    """Read every data set in this process: workers would be child processes."""
    original = DataLoader.__init__
    names = list(inspect.signature(original).parameters)

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        given = {**dict(zip(names[1:], args, strict=False)), **kwargs}
        for name in (
            "num_workers",
            "prefetch_factor",
            "persistent_workers",
            "multiprocessing_context",
            "pin_memory",
            "timeout",
            "worker_init_fn",
        ):
            given.pop(name, None)
        original(self, **given)

    DataLoader.__init__ = init
