"""Recording one call of a model in this very process, on its real tensors; the model stays as it was."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from shapecheck.places import Span
from shapecheck.resources import rules_dir
from shapecheck.tracer.child import recipes, target
from shapecheck.tracer.child.describe import tensor, tensors_of
from shapecheck.tracer.child.frames import user_frame
from shapecheck.tracer.child.recorder import Recorder, recording
from shapecheck.tracer.child.session import Session, Sizes
from shapecheck.tracer.child.stream import arrived

Record = dict[str, Any]

SIZES = Sizes(batch=2, seq=16)
"""Sizes of the inputs where the caller gives none."""


@dataclass
class Recorded:
    """One call of a model.

    Attributes:
        records: stages and assumptions, as the tracing process sends them.
        modules: what each call of each module returned, by the module's path ("" for the model itself), then by field.
        script: the file that asked for the call.
    """

    script: Path
    records: list[Record] = field(default_factory=list)
    modules: dict[str, list[dict[str, Record]]] = field(default_factory=dict)


class _Watcher(Recorder):
    """A recorder that also keeps what every module returned, the user's own ones included."""

    def __init__(self, session: Session, modules: dict[str, list[dict[str, Record]]]) -> None:
        super().__init__(session)
        self._modules, self._thread = modules, threading.get_ident()

    def call_module(self, original: Callable[..., Any], module: torch.nn.Module, args: Any, kwargs: Any) -> Any:
        if threading.get_ident() != self._thread:
            return original(module, *args, **kwargs)
        result = super().call_module(original, module, args, kwargs)
        told = {name: tensor(self.session, value) for name, value in tensors_of(result)}
        self._modules.setdefault(self.session.modules.path(module), []).append(told)
        return result


def record(model: torch.nn.Module, args: tuple[Any, ...], inputs: Mapping[str, Any]) -> Recorded:
    """Call a model once, without gradients, in the mode (train or eval) that it is in.

    Parameters, buffers, modes and the random state are afterwards what they were. Whatever the model raises is raised.
    """
    frame = user_frame(sys._getframe(1))
    script = Path(frame.f_code.co_filename if frame is not None else "<python>")
    told = Recorded(script)
    session = Session(
        script, SIZES, lambda sent: told.records.append(arrived(sent)), Path(), rules_dir(), concrete=True
    )
    session.origin = Span(str(script), frame.f_lineno if frame is not None else 1)
    with _unchanged(model), torch.no_grad():
        given = inputs if args or inputs else _made(session, model)
        with recording(_Watcher(session, told.modules)):
            model(*args, **given)
    return told


def _made(session: Session, model: Any) -> dict[str, Any]:
    """Inputs by recipe, on the device and of the dtype of the model's parameters."""
    like = next(model.parameters(), torch.empty(0))
    made = target.usual(session, model)
    if recipes.of_transformers(model):
        session.assume(f"inputs by recipe: {', '.join(f'{name} {tuple(value.shape)}' for name, value in made.items())}")

    def placed(value: torch.Tensor) -> torch.Tensor:
        return value.to(like.device, like.dtype if value.is_floating_point() else value.dtype)

    return {name: torch.utils._pytree.tree_map(placed, value) for name, value in made.items()}


@contextlib.contextmanager
def _unchanged(model: torch.nn.Module) -> Iterator[None]:
    """Put back the buffers that a forward in train mode changes (running statistics), and the random state."""
    kept = [(buffer, buffer.detach().clone()) for buffer in model.buffers()]
    with torch.random.fork_rng():
        try:
            yield
        finally:
            with torch.no_grad():
                for buffer, before in kept:
                    buffer.copy_(before)
