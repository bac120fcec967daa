"""One traced run: what stand-ins may ask for and must tell.

A stand-in never talks to the parent or to the engine directly: it marks tensors, assumes, invents and reports
events through the :class:`Session`, so that everything made up is written down with its line.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecheck.places import Span
from shapecheck.tracer.child.frames import span_of, user_frame
from shapecheck.tracer.child.imports import ImportHooks

if TYPE_CHECKING:
    import torch

    from shapecheck.tracer.child.marks import Marks
    from shapecheck.tracer.child.modules import Modules


class Sizes(NamedTuple):
    """The sizes that the tracer chooses where the script leaves them open; no two can be mistaken for each other.

    ``rows`` is the length of a data set that is not there: large enough for a few batches, and prime, so that
    the last batch of a loader is shorter than the others.
    """

    batch: int = 3
    seq: int = 17
    rows: int = 67


class Stop(BaseException):
    """Ends the script from within: not an error, and not caught by ``except Exception``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass
class Session:
    """What one traced run shares between the engine and the stand-ins.

    Attributes:
        script: the script, as an absolute path.
        sizes: what to use where the script leaves a size open; reading it makes the run depend on them.
        send: hands one record (a JSON-able dict with ``kind``) to the parent.
        scratch: the only folder that may be written to.
        rules_dir: the knowledge files, for :mod:`shapecheck.hub`.
        assumed_rows: whether the number of rows of a data set was made up.
        invented: whether anything was made up that a script read: from then on, shapes may rest on it.
        guessed: whether a number that the script takes from its user was made up: any size may follow from it.
        last_of_one: whether a loader's last batch is cut to one row, as an unlucky number of rows would have it.
        concrete: whether the run is on real numbers, its models with few layers.
        origin: where a stage stands that no line of the project called; None: such stages are not recorded.
    """

    script: Path
    chosen: Sizes
    send: Callable[[dict[str, Any]], None]
    scratch: Path
    rules_dir: Path
    argv: list[str] = field(default_factory=list)
    hooks: ImportHooks = field(default_factory=ImportHooks)
    assumed_rows: bool = False
    last_of_one: bool = False
    concrete: bool = False
    origin: Span | None = None
    sizes_used: bool = False
    invented: bool = False
    guessed: bool = False
    _assumed: set[str] = field(default_factory=set)
    stages: int = 0
    _marks: Marks | None = None
    _modules: Modules | None = None
    _made: dict[int, tuple[Any, int]] = field(default_factory=dict)
    _tuples: dict[int, tuple[tuple[Any, ...], list[str]]] = field(default_factory=dict)

    @property
    def sizes(self) -> Sizes:
        """The chosen sizes. Whoever reads them makes the traced shapes depend on them."""
        self.sizes_used = True
        return self.chosen

    @property
    def marks(self) -> Marks:
        """What is known of each live tensor (imports torch)."""
        if self._marks is None:
            from shapecheck.tracer.child.marks import Marks

            self._marks = Marks()
        return self._marks

    @property
    def modules(self) -> Modules:
        """Numbers and places of the modules (imports torch)."""
        if self._modules is None:
            from shapecheck.tracer.child.modules import Modules

            self._modules = Modules()
        return self._modules

    def send_stage(self, record: dict[str, Any], result: Any) -> None:
        """Send a stage; remember it as the maker of its result where that is a model output."""
        self.send(record)
        if hasattr(result, "keys"):
            self._made[id(result)] = (result, self.stages)
        self.stages += 1

    def stage_of(self, value: Any) -> int | None:
        """Which stage (counted from 0 in the order of sending) made a model output."""
        held = self._made.get(id(value))
        return held[1] if held is not None else None

    def note_fields(self, value: tuple[Any, ...], fields: list[str]) -> None:
        """Note which outputs of a model a tuple holds."""
        self._tuples[id(value)] = (value, fields)

    def fields_of(self, value: tuple[Any, ...]) -> list[str]:
        """The names of a model's outputs that a tuple holds; none where it is not known to be one."""
        held = self._tuples.get(id(value))
        return held[1] if held is not None else []

    def field_of_output(self, value: Any) -> str:
        """The field of a model's output that a value is, empty for none."""
        made = (item for output, _ in self._made.values() for item in output.items())
        return next((str(name) for name, part in made if part is value), "")

    def assume(self, text: str) -> None:
        """Say once, in words for the user, what was assumed: ``"unknown checkpoint x: the defaults of bert"``."""
        if text not in self._assumed:
            self._assumed.add(text)
            self.send({"kind": "assumption", "text": text})

    def guess(self, text: str, *, number: bool) -> None:
        """Say which answer the script was given in its user's place; a made-up number leaves no later error certain."""
        self.assume(text)
        self.guessed = self.guessed or number

    def invent(self, what: str, value: Any) -> None:
        """Write down a value that was made up (``".item()"``, ``0.7``), with the user's line."""
        self.invented = True
        shown = value if isinstance(value, (bool, int, float, str)) or value is None else type(value).__name__
        self.send({"kind": "invented", "what": what, "value": shown, "span": self.user_span()})

    def user_span(self) -> Span | None:
        """The expression of the user's text that is being evaluated."""
        frame = user_frame(sys._getframe(1))
        return span_of(frame) if frame else None

    def event(self, kind: str, **data: Any) -> None:
        """Report an event (kinds and their data: :class:`shapecheck.graph.Event`).

        Values may be plain, tensors, modules, or model outputs (as ``stage``: the stage that made it).
        """
        self.event_at(self.user_span(), kind, **data)

    def event_at(self, span: Span | None, kind: str, **data: Any) -> None:
        """The same of a place that is not the one where the script is."""
        from shapecheck.tracer.child.describe import describe

        described = {key: describe(self, value) for key, value in data.items()}
        self.send({"kind": "event", "event": kind, "span": span, "data": described})

    def mark(
        self,
        tensor: torch.Tensor,
        *,
        role: str | None = None,
        status: str = "assumed",
        padding: str | None = None,
    ) -> torch.Tensor:
        """Note what a source tensor means, and that its shape was assumed (or is ``observed``); returns the tensor."""
        self.marks.note(tensor, role=role, status=status, padding=padding)
        return tensor

    def carry(self, tensor: torch.Tensor, made: torch.Tensor) -> None:
        """What was made of a tensor (a parameter) stands for it: it came from the same place, made up or not."""
        if made is not tensor:
            self.marks.carry(tensor, made)

    def fake(self, like: torch.Tensor | tuple[int, ...], dtype: torch.dtype | None = None) -> torch.Tensor:
        """An abstract float tensor: a shape and a dtype without numbers; zeros where the run is on real ones."""
        import torch

        from shapecheck.tracer.child.fakes import fake

        if self.concrete:
            shape = tuple(like.shape) if isinstance(like, torch.Tensor) else like
            return torch.zeros(shape, dtype=dtype or (like.dtype if isinstance(like, torch.Tensor) else None))
        return fake(like, dtype)

    def on_import(self, module_name: str, callback: Callable[[ModuleType], None]) -> None:
        """Call ``callback(module)`` right after the script imports a module (at once where it is loaded)."""
        self.hooks.on_import(module_name, callback)

    def stop(self, reason: str) -> None:
        """End the script; ``reason`` is one sentence for the user."""
        raise Stop(reason)
