"""What is asked of the tracer, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from shapecheck.graph import Frame, ShapeGraph
from shapecheck.inputs import Input
from shapecheck.places import Span
from shapecheck.tracer.target import Target

Status = Literal["completed", "raised", "stopped", "timeout", "unavailable"]


@dataclass(frozen=True, slots=True)
class TraceRequest:
    """One script to run.

    Attributes:
        script: the script, as the user names it.
        argv: its arguments.
        module: the name by which ``python -m`` runs it; empty for ``python script``.
        python: the interpreter to run it with; None for the project's (see :mod:`shapecheck.tracer.interpreters`).
        timeout: seconds that one run may take.
        memory_mb: memory that the script may use beyond what its libraries take.
        overlay: patched texts by path, run in place of what the files hold.
        names: whether a second run with other sizes is to tell the dims' names.
        target: the model to run alone, in place of the script; ``script`` is then the file that says what it is.
        env: environment variables of the script, besides those of this process.
        inputs: what models get that are called with made-up inputs, as far as they take it.
    """

    script: Path
    argv: list[str] = field(default_factory=list)
    python: str | None = None
    timeout: float = 120.0
    memory_mb: int = 8192
    overlay: dict[str, str] = field(default_factory=dict)
    target: Target | None = None
    names: bool = True
    module: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, Input] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TraceError:
    """The exception that ended the script.

    Attributes:
        type: the exception's class name.
        message: PyTorch's own wording, or what else was raised.
        op: the operator that raised, empty where none did.
        operands: the shapes of its tensors, numbers or names.
        span: the expression of the user's text that raised.
        chain: the user's frames, outermost first: where each stands, and the function that it stands in.
        shape_reason: whether shapes, or what a model takes and gives, are the reason.
        certain: whether nothing that the tracer made up led here.
    """

    type: str
    message: str
    op: str = ""
    operands: tuple[tuple[str | int, ...], ...] = ()
    span: Span | None = None
    chain: tuple[Frame, ...] = ()
    shape_reason: bool = False
    certain: bool = True


@dataclass(frozen=True, slots=True)
class Invented:
    """A number that the script read out of an abstract tensor, and the tracer made up.

    Attributes:
        late: whether the script had computed a loss before, which the number can no longer have changed.
    """

    span: Span | None
    what: str
    value: Any = None
    late: bool = False


@dataclass(slots=True)
class TraceResult:
    """What came of running a script.

    Attributes:
        status: ``completed`` (ran to its end), ``raised``, ``stopped`` (by the tracer, having seen enough),
            ``timeout``, or ``unavailable`` (nothing could be run).
        reason: one sentence for the user: what happened, at which line, what to do.
        graph: the stages up to the end; complete up to there however the script ended.
        batch_of_one: where the number of rows is not known, and a last batch of one row raises for a shape reason that
            nothing else showed: the graph of that run.
        guard: what kept the script from doing harm (``landlock``, ``seccomp``, ``audit`` ...; see SECURITY.md).
        opened: the files of the project that the run read, or would have if they were there.
    """

    status: Status
    reason: str
    graph: ShapeGraph = field(default_factory=lambda: ShapeGraph("traced"))
    error: TraceError | None = None
    invented: list[Invented] = field(default_factory=list)
    assumptions: list[str] = field(default_factory=list)
    guard: list[str] = field(default_factory=list)
    python: str | None = None
    torch: str | None = None
    transformers: str | None = None
    batch_of_one: ShapeGraph | None = None
    opened: list[str] = field(default_factory=list)
