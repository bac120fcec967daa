"""Training and evaluation loops: as many batches as show every shape, the loader's last, shorter one among them."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch.utils.data import DataLoader, IterableDataset

from shapecheck.tracer.child.describe import is_mapping
from shapecheck.tracer.child.recorder import Recorder
from shapecheck.tracer.child.session import Session

WHOLE = 16
"""A loader of at most so many batches is run through where nothing is trained: what it gave may be counted later."""

MANY = 64
"""Batches without an optimizer step (gradients may be accumulated) after which a loader ends."""


class Loops:
    """Counts optimizer steps, and ends loops over loaders and sequences once a step was seen."""

    def __init__(self, session: Session, recorder: Recorder) -> None:
        self.session, self.recorder = session, recorder
        self.steps = 0
        self._collated: set[int] = set()
        self._rows: dict[int, set[object]] = {}

    def install(self) -> None:
        """Watch optimizers and loaders from now on."""
        from torch.optim.optimizer import register_optimizer_step_post_hook

        register_optimizer_step_post_hook(self._stepped)
        _without_workers()
        original = DataLoader.__iter__
        loops = self

        def iterate(loader: DataLoader[Any]) -> Iterator[Any]:
            return loops.batches(loader, original)

        DataLoader.__iter__ = iterate

    def _stepped(self, *_: Any) -> None:
        self.steps += 1

    def loop(self, iterable: Iterable[Any]) -> Iterable[Any]:
        """What a ``for`` of the user runs over: after an optimizer step within it, only the last item is left."""
        if isinstance(iterable, (range, list, tuple)) and len(iterable) > 2:
            return self._items(iterable)
        return iterable

    def _items(self, sequence: Any) -> Iterator[Any]:
        before = self.steps
        position = 0
        while position < len(sequence):
            yield sequence[position]
            position = max(position + 1, len(sequence) - 1) if self.steps > before else position + 1

    def batches(self, loader: DataLoader[Any], original: Any) -> Iterator[Any]:
        """The batches of a loader: the first ones up to an optimizer step, and its last one."""
        plan = _plan(loader)
        for number, batch in enumerate(self._some(loader, original, plan)):
            if number == 0:
                self._tell(loader, batch)
            yield batch

    def _some(self, loader: DataLoader[Any], original: Any, plan: list[Any] | None) -> Iterator[Any]:
        before = self.steps
        if plan is None:
            for number, batch in enumerate(original(loader)):
                yield batch
                if self.steps > before or number >= MANY:
                    return
            return
        position = 0
        while position < len(plan):
            yield self._load(loader, original, plan[position])
            done = self.steps > before or position >= MANY or (len(plan) > WHOLE and not torch.is_grad_enabled())
            position = max(position + 1, len(plan) - 1) if done else position + 1

    def _load(self, loader: DataLoader[Any], original: Any, rows: Any) -> Any:
        """One batch, through the loader's own reading and collating."""
        one = DataLoader(loader.dataset, batch_sampler=[rows], collate_fn=loader.collate_fn)
        self.recorder.loading = self._rows.setdefault(id(loader), set())
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


def _plan(loader: DataLoader[Any]) -> list[Any] | None:
    """The rows of every batch; None where the loader does not know them beforehand."""
    if isinstance(loader.dataset, IterableDataset) or loader.batch_sampler is None:
        return None
    try:
        return list(loader.batch_sampler)
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
