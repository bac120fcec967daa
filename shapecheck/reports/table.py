"""The stage table: line, module, operator, what went in and what came out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

from shapecheck.findings import Finding
from shapecheck.reports.paint import Paint
from shapecheck.reports.width import columns_wide, folded
from shapecheck.results import StageRow, TensorRow

_PREFIXES = ("torch.nn.functional.", "torch.nn.", "torch.Tensor.", "torch.", "transformers.")
_UNTOLD = {"input", "out", "output", "0", "self"}
_ENOUGH = 12
_HEADINGS = ("line", "module", "operator", "in", "out")


def what_matters(stages: Sequence[StageRow], findings: Iterable[Finding]) -> list[StageRow]:
    """What the user's own lines do: the inside of a model left out, and of many stages those that findings speak of."""
    outer = [stage for stage in stages if stage.raised or not _inside(stage, stages)]
    if len(outer) <= _ENOUGH:
        return outer
    told = {(span.where, span.line) for finding in findings for span in finding.places}

    def matters(stage: StageRow) -> bool:
        here = (stage.span.where, stage.span.line)
        return here in told or stage.op.startswith("transformers.") or stage is stages[-1]

    return [stage for stage in outer if matters(stage)][-_ENOUGH:]


def _inside(stage: StageRow, stages: Sequence[StageRow]) -> bool:
    """Whether a stage is a step of a module that has a row of its own on the same line."""
    here = (stage.span.where, stage.span.line)
    return bool(stage.module) and any(
        (other.span.where, other.span.line) == here and other.module and stage.module.startswith(other.module + ".")
        for other in stages
    )


def table(stages: Sequence[StageRow], paint: Paint, columns: int | None = None) -> list[str]:
    """Lines of text, one stage after another, under a heading; one below the other where there are too few columns.

    A model that no line of a file calls (a checkpoint's) has no column of lines: its modules say where a stage stands.
    """
    cells = [_HEADINGS, *(cell for stage in stages for cell in _cells(stage))]
    if all(stage.span.line == 1 for stage in stages) and any(stage.module for stage in stages):
        cells = [("", *row[1:]) for row in cells]
    widths = [max(columns_wide(row[at]) for row in cells) for at in range(len(_HEADINGS))]
    lines = [_line(row, widths) for row in cells]
    if columns is not None and max(map(columns_wide, lines)) > columns:
        return [line for stage in stages for line in _stacked(stage, widths[0], columns)]
    return [paint(lines[0], "dim"), *lines[1:]]


def _stacked(stage: StageRow, width: int, columns: int) -> Iterator[str]:
    """One stage in a narrow terminal: its operator, and below it what went in and what came out."""
    cells = _cells(stage)
    line, module, operator = cells[0][:3]
    indent = " " * (width + 4)
    yield from folded(" ".join(filter(None, (module, operator))), columns, f"  {line:>{width}}  ", indent)
    for heading, at in (("in", 3), ("out", 4)):
        for told in filter(None, (row[at] for row in cells)):
            yield from folded(told, columns, f"{indent}  {heading:<3}  ", f"{indent}       ")


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = (text + " " * (width - columns_wide(text)) for text, width in zip(row, widths, strict=True))
    place = f"  {first.strip():>{widths[0]}}" if widths[0] else ""
    return f"{place}  {'  '.join(rest)}".rstrip()


def _cells(stage: StageRow) -> list[tuple[str, str, str, str, str]]:
    times = f" x{stage.repeat}" if stage.repeat > 1 else ""
    line = f"cell {stage.span.cell}:{stage.span.line}" if stage.span.cell else str(stage.span.line)
    left = (line, stage.module, short(stage.op) + times)
    came_out = ["raised"] if stage.raised else _words(stage.outputs)
    pairs = list(zip_longest(_words(stage.inputs), came_out, fillvalue="")) or [("", "")]
    return [(*(left if at == 0 else ("", "", "")), *pair) for at, pair in enumerate(pairs)]


def _words(tensors: dict[str, TensorRow]) -> list[str]:
    """Each tensor with its name, a run of equal ones in a tuple as one: ``hidden_states.0-12 (batch, seq, 768)``."""
    runs: list[tuple[str, int | None, int | None, TensorRow]] = []
    for name, tensor in tensors.items():
        stem, at = _numbered(name)
        before = runs[-1] if runs else None
        if before and at is not None and before[0] == stem and before[2] == at - 1 and before[3] == tensor:
            runs[-1] = (stem, before[1], at, tensor)
        else:
            runs.append((stem if at is not None else name, at, at, tensor))
    return [_told(*run) for run in runs]


def _numbered(name: str) -> tuple[str, int | None]:
    stem, dot, number = name.rpartition(".")
    return (stem, int(number)) if dot and number.isdecimal() else (name, None)


def _told(name: str, first: int | None, last: int | None, tensor: TensorRow) -> str:
    place = "" if first is None else f".{first}" if first == last else f".{first}-{last}"
    return f"{'' if name in _UNTOLD and not place else name + place + ' '}{tensor}"


def short(op: str) -> str:
    """An operator's name without the package that everyone knows."""
    return next((op[len(prefix) :] for prefix in _PREFIXES if op.startswith(prefix)), op)
