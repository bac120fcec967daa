"""What a command found, in plain values: what the reports print, and what crosses the border between processes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from shapecheck.algebra import Poly
from shapecheck.dims import Dim, Status, worst
from shapecheck.findings import Finding
from shapecheck.graph import NotChecked, ShapeGraph, Stage, Tensor
from shapecheck.places import Span
from shapecheck.shapes import ANY, Shape
from shapecheck.suppressions import Suppression

if TYPE_CHECKING:
    from shapecheck.interp.watching import Seen
    from shapecheck.tracer import TraceResult


@dataclass(frozen=True, slots=True)
class TensorRow:
    """One tensor of a stage, as words.

    Attributes:
        shape: a number or a name for each axis, ``?`` for an unknown size, ``...`` where further axes may stand.
        sizes: the number of each entry of ``shape``, None where there is none.
        dtype: torch's name without the prefix, or None.
        status: ``known`` (from the text), ``observed``, ``assumed``, ``invented``, or ``unknown``.
    """

    shape: tuple[str | int, ...]
    sizes: tuple[int | None, ...]
    dtype: str | None
    status: str

    def __str__(self) -> str:
        words = [str(size) for size in self.shape]
        return f"({words[0]},)" if len(words) == 1 and words != ["..."] else f"({', '.join(words)})"


@dataclass(frozen=True, slots=True)
class StageRow:
    """One operator application, as words.

    Attributes:
        module: its path in the model, or "".
        repeat: how many equal, neighbouring layers it stands for.
        raised: PyTorch raised here.
    """

    index: int
    span: Span
    module: str
    op: str
    repeat: int
    inputs: dict[str, TensorRow]
    outputs: dict[str, TensorRow]
    raised: bool = False


@dataclass(frozen=True, slots=True)
class ExpressionRow:
    """One expression of the program, as it stands in its file, and each tensor that it may be."""

    span: Span
    text: str
    tensors: tuple[TensorRow, ...]


@dataclass(frozen=True, slots=True)
class Failure:
    """Our own failure on one file: what was raised, in one line."""

    path: str
    reason: str

    @classmethod
    def of(cls, path: str, error: BaseException) -> Failure:
        """From an unexpected error: its type, its message, and the innermost line that raised it."""
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        where = f" ({Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno})" if trace else ""
        return cls(path, f"{type(error).__name__}: {' '.join(str(error).split())[:200]}{where}")

    def __str__(self) -> str:
        return (
            f"failed on {self.path} with {self.reason}: a fault of shapecheck, not of your code; "
            f"please report it with that file and the output of `shapecheck --version`"
        )


@dataclass(frozen=True, slots=True)
class Applied:
    """A fix that was written to disk."""

    path: str
    rule: str
    title: str


HiddenBy = Literal["comment", "baseline", "since", "settings"]


@dataclass(frozen=True, slots=True)
class Hidden:
    """A finding that was asked not to be told: by a comment (with the author's reason), as a known one, because
    nothing changed there, or by settings that turn its rule off (told of where a trace showed it).

    Attributes:
        by: what hides it.
        comment: where the comment stands, for one that a comment hides.
    """

    finding: Finding
    by: HiddenBy
    reason: str = ""
    comment: Span | None = None

    @property
    def span(self) -> Span:
        """Where the finding stands."""
        return self.finding.span


@dataclass(frozen=True, slots=True)
class BaselineUse:
    """What came of a baseline.

    Attributes:
        stale: its entries that no finding matches any more, in words, each with how many are missing.
        recorded: how many findings it holds now, where it was written; None where it was not.
        added: how many of these are new in it.
    """

    path: str
    stale: tuple[tuple[str, int], ...] = ()
    recorded: int | None = None
    added: int = 0


@dataclass(slots=True)
class Outcome:
    """Everything that one command found.

    Attributes:
        findings: ordered, the most certain and most severe root cause first.
        hidden: those that were found and are not to be told.
        baseline: what came of the baseline, where there is one.
        notes: what was done beside finding and mending, in sentences.
        since: the revision since which nothing changed where ``hidden`` ones stand, where one was named.
        entries: the files that were asked for and could be looked at; imported ones are not among them.
        stages: of all files, in order of execution; empty where nobody asked for them.
        sources: the text of each file that a finding speaks of, and of each notebook, by path (for a report by
            :attr:`Span.where`).
        comments: those that silence rules, with what they silenced; not reported.
        applied: what ``--fix`` changed; ``findings`` are those that remain.
        interrupted: how many files were asked for, where Ctrl-C came before all of them were done; else 0.
        diff: what ``--diff`` would change, as a unified diff.
        trace: what came of running the script, for ``run``.
        expressions: the expressions that are known to be tensors, of all files; empty where nobody asked for them.
    """

    findings: list[Finding] = field(default_factory=list)
    stages: list[StageRow] = field(default_factory=list)
    not_checked: list[NotChecked] = field(default_factory=list)
    assumptions: list[str] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    sources: dict[str, str] = field(default_factory=dict)
    comments: list[Suppression] = field(default_factory=list)
    files: int = 0
    seconds: float = 0.0
    interrupted: int = 0
    applied: list[Applied] = field(default_factory=list)
    diff: str = ""
    trace: TraceResult | None = None
    expressions: list[ExpressionRow] = field(default_factory=list)
    hidden: list[Hidden] = field(default_factory=list)
    entries: list[str] = field(default_factory=list)
    baseline: BaselineUse | None = None
    since: str | None = None
    notes: list[str] = field(default_factory=list)

    def add(self, other: Outcome) -> None:
        """Take in what was found elsewhere (another file, another process)."""
        self.findings += other.findings
        self.hidden += other.hidden
        self.entries += other.entries
        self.stages += other.stages
        self.expressions += other.expressions
        self.not_checked += other.not_checked
        self.assumptions += [text for text in other.assumptions if text not in self.assumptions]
        self.failures += other.failures
        self.sources |= other.sources
        self.comments += other.comments
        self.files += other.files
        self.applied += other.applied
        self.diff += other.diff

    def entered(self, path: str) -> Outcome:
        """Take note that all of this was found from one file that was asked for."""
        self.entries = [path]
        for finding in self.every:
            finding.entry = path
        return self

    @property
    def every(self) -> list[Finding]:
        """The findings, and those that are not to be told."""
        return [*self.findings, *(one.finding for one in self.hidden)]

    def hidden_by(self, what: HiddenBy) -> int:
        """The number of findings that one thing hides."""
        return sum(one.by == what for one in self.hidden)

    def count(self, severity: str) -> int:
        """The number of findings of one severity."""
        return sum(finding.severity == severity for finding in self.findings)


def rows(graph: ShapeGraph) -> list[StageRow]:
    """The stages of a graph as words."""
    of_numbers: Status = "observed" if graph.source == "traced" else "known"
    return [_row(stage, of_numbers) for stage in graph.stages]


def expression_rows(seen: Mapping[Span, Seen]) -> list[ExpressionRow]:
    """The expressions of which anything is known, as words, in the order of the text."""
    found = ((span, one, [t for t in one.tensors if t.shape != ANY]) for span, one in sorted(seen.items()))
    return [
        ExpressionRow(span, " ".join(one.text.split()), tuple(dict.fromkeys(tensor_row(t) for t in tensors)))
        for span, one, tensors in found
        if tensors
    ]


def _row(stage: Stage, of_numbers: Status) -> StageRow:
    return StageRow(
        stage.index,
        stage.span,
        stage.module.path if stage.module else "",
        stage.op,
        stage.repeat,
        {name: tensor_row(tensor, of_numbers) for name, tensor in _operands(stage.inputs)},
        {name: tensor_row(tensor, of_numbers) for name, tensor in stage.outputs.items()},
        stage.message is not None,
    )


def _operands(inputs: dict[str, Any]) -> Iterator[tuple[str, Tensor]]:
    """The tensors among the operands, those in lists under ``tensors.0``, ``tensors.1`` ..."""
    for name, value in inputs.items():
        if isinstance(value, Tensor):
            yield name, value
        elif isinstance(value, dict):
            yield from _operands({f"{name}.{key}": item for key, item in value.items()})
        elif isinstance(value, (list, tuple)):
            yield from _operands({f"{name}.{at}": item for at, item in enumerate(value)})


def tensor_row(tensor: Tensor, of_numbers: Status = "known") -> TensorRow:
    """One tensor as words; ``of_numbers`` is how a tensor without axes is known."""
    shape = tensor.shape
    words: list[str | int] = [_word(dim) for dim in shape.dims]
    sizes = [dim.value for dim in shape.dims]
    if shape.open_at is not None:
        words.insert(shape.open_at, "...")
        sizes.insert(shape.open_at, None)
    status = _status(shape) if shape.dims or shape.rank is None else of_numbers
    return TensorRow(tuple(words), tuple(sizes), tensor.dtype, status)


def _word(dim: Dim) -> str | int:
    """A number where that is all there is to say (a trace's own count has a size and no expression), else words."""
    return dim.value if dim.value is not None and not isinstance(dim.expr, Poly) else str(dim)


def _status(shape: Shape) -> str:
    if shape.rank is None or not all(dim.known or dim.size is not None for dim in shape.dims):
        return "unknown"
    return worst(dim.status for dim in shape.dims)
