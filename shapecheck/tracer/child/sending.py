"""Sending: what an operator or a layer was given and gave becomes a stage of the records, at the user's line."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import torch

from shapecheck.tracer.child.describe import describe
from shapecheck.tracer.child.fakes import tensors_in
from shapecheck.tracer.child.frames import context, span_of, user_frames
from shapecheck.tracer.child.novelty import Rows, Seen
from shapecheck.tracer.child.session import Session

STAGE_LIMIT = 20_000
"""Stages after which a run records no more."""


@dataclass
class Open:
    """A module call that is running."""

    module: torch.nn.Module
    transparent: bool
    own: bool
    op: str


class Sender:
    """Knows which modules are running and what was seen before, and sends what is new."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.open: list[Open] = []
        self.loading: Rows | None = None
        """While a loader reads rows: what its other rows showed."""
        self.news = 0
        """Stages so far that showed something new."""
        self._seen = Seen()
        self._quiet = False
        self._new = False

    def array_stage(
        self,
        op: str,
        operands: tuple[Any, Any],
        result: torch.Tensor | None,
        *,
        invented: bool,
        error: BaseException | None = None,
    ) -> None:
        """Send what a line of the user's did with numpy's arrays, by the tensors that stand for them."""
        if self._quiet or self._within():
            return
        args, kwargs = operands
        outputs = [("out", result)] if result is not None else []
        self._send_stage(op, None, self._before(args, kwargs), outputs, result, invented=invented, error=error)

    def _send_stage(
        self,
        op: str,
        module: torch.nn.Module | None,
        operands: tuple[Any, Any],
        tensors: list[tuple[str, torch.Tensor]],
        result: Any,
        *,
        invented: bool,
        within: str | None = None,
        error: BaseException | None = None,
    ) -> None:
        session = self.session
        frames = list(user_frames(sys._getframe(2)))
        span = span_of(frames[0]) if frames else session.origin
        if span is None or session.stages >= STAGE_LIMIT:
            return
        key = (op, span, *(tuple(tensor.shape) for _, tensor in tensors))
        if self.loading is not None and not self.loading.add(key):
            return
        new = self._seen.add(key)
        self._new |= new
        self.news += new
        for _, tensor in tensors:
            session.marks.renew(tensor, "invented" if invented else session.marks.made_status(tensor))
        record: dict[str, Any] = {
            "kind": "stage",
            "op": op,
            "span": span,
            "args": operands[0],
            "kwargs": operands[1],
            "outputs": {name: describe(session, tensor) for name, tensor in tensors},
            "context": context(frames),
            "guard": self._guard(module),
        }
        inside = self._within() if within is None else within
        if inside:
            record["within"] = inside
        if module is not None:
            record["module"] = session.modules.record(module)
        if error is not None:
            record["message"] = str(error)
            error.__dict__["shapecheck_sent"] = True
        session.send_stage(record, result)

    def _guard(self, module: torch.nn.Module | None) -> list[str]:
        guard = [] if torch.is_grad_enabled() else ["no_grad"]
        running = module if module is not None else self.open[-1].module if self.open else None
        if running is not None:
            guard.append("train" if running.training else "eval")
        return guard

    def _within(self) -> str:
        """The class of the outermost library module that is running, empty at the user's own level.

        A module of the user's that was put into a library's model (an adapter) is the user's own again.
        """
        last = max((at for at, running in enumerate(self.open) if running.own), default=-1)
        return next((o.op for o in self.open[last + 1 :] if not o.transparent), "")

    def _before(self, args: Any, kwargs: Any) -> tuple[Any, Any]:
        """The operands as they are before the call: an operator may work in place."""
        return [describe(self.session, a) for a in args], {k: describe(self.session, v) for k, v in kwargs.items()}

    def _invented(self, args: Any, kwargs: Any) -> bool:
        return any(map(self.session.marks.is_invented, tensors_in((args, kwargs))))
