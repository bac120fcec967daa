"""Compare the shapes of a trace with those of the script's real run, at every expression that both have.

    python tools/traced_agreement.py [SCRIPT...] [--fixtures] [--verbose] [--timeout SECONDS] [--keep FOLDER]

The real run is recorded as for tools/agreement.py, in this environment (HF_HUB_CACHE says where the models are). A size
that the tracer chose (a length of texts that it cut otherwise, the rows of data that it made up) may be any number, the
same one throughout a shape. Prints how each trace ended, what was invented on the way to the loss, how many expressions
agree, each that does not, and errors that PyTorch words otherwise; exits 1 if a shape does not agree, or a script that
really runs to its end does not in the trace.
``--fixtures`` adds every script, notebook and project of the fixtures, and every fault of their lists.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from agreement import Key, fits, prepare, really, scripts

from shapecheck.dims import UNKNOWN
from shapecheck.graph import Stage, Tensor
from shapecheck.places import Span
from shapecheck.shapes import Shape
from shapecheck.tracer import Tracer, TraceRequest, TraceResult
from shapecheck.tracer.outcome import is_loss

_WANTING = ("ImportError", "ModuleNotFoundError")
"""Ends of real runs that say what is missing here, and nothing of the script."""


@dataclass(slots=True)
class Comparison:
    """One script: how its trace ended, and how many expressions agree, exactly or but for a chosen size.

    Attributes:
        wrong: expressions whose traced shape the real run never showed.
        invented: losses with an operand of made-up shape, and, of a script that runs to its end, numbers that were made
            up before its first loss.
        ended: what the real run and the trace came to.
        good: whether the script really runs to its end.
        reworded: what the trace said instead of what PyTorch says, where both raised and the words are not the same.
    """

    exact: int = 0
    chosen: int = 0
    wrong: list[str] = field(default_factory=list)
    invented: list[str] = field(default_factory=list)
    ended: str = ""
    alike: bool = True
    good: bool = False
    reworded: str = ""

    @property
    def agrees(self) -> bool:
        """Whether nothing speaks against the trace."""
        return self.alike and not self.wrong and not self.invented


def traced(result: TraceResult) -> dict[Key, list[Shape]]:
    """The shapes of the tensors that the user's own expressions gave, and of those that they took, by place."""
    found: dict[Key, list[Shape]] = {}
    stages = [stage for stage in result.graph.stages if not stage.within and stage.repeat == 1]
    for before, stage, after in zip([None, *stages], stages, [*stages[1:], None], strict=False):
        if list(stage.outputs) == ["out"] and not _one_call(stage, after):
            found.setdefault(key_of(stage.span), []).append(stage.out.shape)
        for name, span in stage.input_spans.items() if not _one_call(before, stage) else ():
            operand = stage.inputs.get(name)
            if isinstance(operand, Tensor):
                found.setdefault(key_of(span), []).append(operand.shape)
    return found


def _one_call(stage: Stage | None, following: Stage | None) -> bool:
    """Whether two modules ran one after the other in one call of the user's: the parts of a Sequential."""
    both = stage is not None and following is not None and stage.module and following.module
    return bool(both) and stage.span == following.span


def key_of(span: Span) -> Key:
    """A place, with the whole path of its file."""
    return str(Path(span.path).resolve()), span.line, span.column, span.end_line, span.end_column


def compare(script: Path, real: dict[Key, list[list[int]]], error: str, result: TraceResult) -> Comparison:
    """Set what a trace showed against what the real run did."""
    out = Comparison(ended=f"trace {result.status}, really {error or 'ran through'}")
    out.good = not error
    out.alike = (result.status in ("completed", "stopped")) == out.good and not error.startswith(_WANTING)
    for key, shapes in traced(result).items():
        for shape in shapes if key in real else ():
            if _exact(shape) and [dim.value for dim in shape.dims] in real[key]:
                out.exact += 1
            elif any(fits(_without_chosen(shape), sizes) for sizes in real[key]):
                out.chosen += 1
            else:
                sizes = " or ".join(str(tuple(sizes)) for sizes in real[key])
                out.wrong.append(f"{Path(key[0]).name}:{key[1]}: {shape}, really {sizes}")
    if result.error is not None and error:
        said = f"{result.error.type}: {result.error.message}"
        out.reworded = said if said != error else ""
    out.invented = list(_invented(result, out.good))
    return out


def _invented(result: TraceResult, good: bool) -> Iterator[str]:
    losses = [stage for stage in result.graph.stages if is_loss(stage.op, stage.outputs)]
    for stage in losses:
        if _is_invented(stage.inputs):
            yield f"{stage.op} at line {stage.span.line}"
    for number in result.invented if good and losses else ():
        if not number.late:
            yield f"{number.what} at line {number.span.line if number.span else '?'}, before the first loss"


def _exact(shape: Shape) -> bool:
    return shape.rank is not None and all(dim.value is not None for dim in shape.dims)


def _without_chosen(shape: Shape) -> Shape:
    """The shape with sizes that the tracer chose left open where they have no name."""
    return replace(
        shape,
        dims=tuple(UNKNOWN if dim.status == "assumed" and isinstance(dim.expr, int) else dim for dim in shape.dims),
    )


def _is_invented(inputs: dict[str, Any]) -> bool:
    shapes = (getattr(value, "shape", None) for value in inputs.values())
    return any(dim.status == "invented" for shape in shapes if isinstance(shape, Shape) for dim in shape.dims)


def total(results: list[Comparison]) -> str:
    """What came of all scripts, in three sentences."""
    exact, chosen, wrong = (sum(n) for n in zip(*((r.exact, r.chosen, len(r.wrong)) for r in results), strict=True))
    good = [result for result in results if result.good]
    well = sum(result.alike and not result.invented for result in good)
    raised = [result for result in results if result.alike and not result.good]
    return (
        f"{sum(r.agrees for r in results)} of {len(results)} scripts agree: {exact} shapes exactly, "
        f"{chosen} but for sizes that the tracer chose, {wrong} not\n"
        f"{well} of {len(good)} that really run to their end do so in the trace, with nothing invented on the way to "
        f"their loss\n{sum(not r.reworded for r in raised)} of {len(raised)} that really raise do so in the same words"
    )


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="*", type=Path)
    parser.add_argument(
        "--fixtures", action="store_true", help="every script, notebook, project and fault of fixtures/"
    )
    parser.add_argument("--verbose", action="store_true", help="say how each script ended")
    parser.add_argument("--timeout", type=float, default=300.0, metavar="SECONDS")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep what the real runs showed")
    options = parser.parse_args()
    prepare()
    results = []
    with Tracer() as tracer, tempfile.TemporaryDirectory() as copies:
        wanted = list(scripts(options.paths))
        if options.fixtures:
            from fixture_scripts import every

            wanted += every(Path(copies))
        for script in wanted:
            real, error = really(script.resolve(), options.timeout, options.keep)
            out = compare(script, real, error, tracer.trace(TraceRequest(script.resolve(), timeout=options.timeout)))
            results.append(out)
            if options.verbose or not out.agrees:
                print(f"{script}: {out.ended}; {out.exact} exact, {out.chosen} but for chosen sizes", flush=True)
            for kind, texts in (("WRONG", out.wrong), ("INVENTED", out.invented), ("SAID", [out.reworded])):
                for text in filter(None, texts):
                    print(f"  {kind} {text}")
    print(total(results))
    return 0 if all(result.agrees for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
