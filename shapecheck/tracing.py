"""``shapecheck.trace``: the shapes inside a model of this process, for tests and notebooks."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import EllipsisType
from typing import TYPE_CHECKING, Any

from shapecheck.reports.paint import Paint
from shapecheck.reports.table import table
from shapecheck.results import StageRow, rows
from shapecheck.tracer.api import TraceRequest
from shapecheck.tracer.build import Builder
from shapecheck.tracer.folding import fold
from shapecheck.tracer.tracer import Files

if TYPE_CHECKING:
    import torch

Sizes = tuple[int, ...]
Expected = tuple["int | str | EllipsisType | None", ...]
"""A shape to be expected: numbers, names (one name, one size), None for any size, ``...`` for any number of axes."""


@dataclass(frozen=True)
class Trace:
    """The shapes of one call of a model. ``print`` shows them as a table.

    Attributes:
        stages: what ran, in order, with the line that called it; repeated layers are one stage.
        modules: what each module returned: by its path (``encoder.layer.0``, "" for the model itself) a list with an
            entry for each call, which maps fields (``out``, ``last_hidden_state``, ``0``) to sizes.
        assumptions: what was made up, if the call was made without inputs.
    """

    stages: list[StageRow] = field(repr=False)
    modules: dict[str, list[dict[str, Sizes]]] = field(repr=False)
    assumptions: list[str] = field(default_factory=list)

    def shape(self, module: str = "", name: str = "") -> Sizes:
        """The sizes that a module returned at its last call: of the field named, else of its first tensor.

        Raises:
            KeyError: there is no such module, or it returned no such field.
        """
        fields = self.modules[module][-1]
        return fields[name] if name else next(iter(fields.values()))

    def assert_shapes(
        self,
        modules: Mapping[str, Expected | Mapping[str, Expected]] | None = None,
        /,
        **outputs: Expected,
    ) -> None:
        """Check shapes: of ``modules`` by path, where ``*`` stands for any name, and of the model's own ``outputs``.

        A name (``"batch"``) stands for one size wherever it is written. What a module returns at every call counts; of
        several tensors the first, unless fields are named.

            >>> trace.assert_shapes(  # doctest: +SKIP
            ...     {"encoder.layer.*": ("batch", "seq", 768)}, pooler_output=("batch", 768)
            ... )

        Raises:
            AssertionError: some shapes are others; the message lists them all.
        """
        wanted = [*_wanted(self.modules, modules or {}), *(("", name, shape) for name, shape in outputs.items())]
        known: dict[str, int] = {}
        wrong = [line for path, name, shape in wanted for line in self._differences(path, name, shape, known)]
        if wrong:
            names = ", ".join(f"{name} = {size}" for name, size in known.items())
            where = f"\nwhere {names}" if names else ""
            raise AssertionError("\n  ".join(["shapes are not as expected:", *wrong]) + where)

    def _differences(self, path: str, name: str, expected: Expected, known: dict[str, int]) -> Iterator[str]:
        shown = path or "the model"
        if path not in self.modules:
            close = difflib.get_close_matches(path, self.modules, n=1)
            yield f"{shown}: no such module was called{f'; {close[0]} was' if close else ''}"
            return
        for fields in self.modules[path]:
            field_name = name or next(iter(fields), "")
            if field_name not in fields:
                yield f"{shown}: returned {', '.join(fields) or 'no tensor'}, and not {name or 'a tensor'}"
            elif not fits(fields[field_name], expected, known):
                what = f"{shown}: {field_name}" if len(fields) > 1 else shown
                yield f"{what}: {fields[field_name]} and not {written(expected)}"

    def __str__(self) -> str:
        lines = table(self.stages, Paint())
        return "\n".join([*lines, *(f"assumed: {text}" for text in self.assumptions)])


def trace(model: torch.nn.Module, /, *args: Any, **inputs: Any) -> Trace:
    """The shapes inside a model, seen while it runs once, here, on its own parameters.

    The model is called as ``model(*args, **inputs)``, without gradients, in the mode that it is in, and is afterwards
    what it was: parameters, buffers and the random state too. Without any input the usual ones are made up: for a
    model of transformers by its type, for another by what its ``forward`` does first.

    Raises:
        Exception: whatever the model raises, with an explanation as for :func:`shapecheck.explain_errors`.
    """
    from shapecheck.explaining import explain_errors
    from shapecheck.tracer.child import here

    with explain_errors():
        told = here.record(model, args, inputs)
    files = Files(TraceRequest(told.script))
    builder = Builder(files.text, files.shown, {})
    for record in told.records:
        builder.add(record)
    modules = {
        path: [{name: tuple(item["sizes"]) for name, item in fields.items()} for fields in calls]
        for path, calls in told.modules.items()
    }
    said = [record["text"] for record in told.records if record["kind"] == "assumption"]
    return Trace(rows(fold(builder.graph)), modules, said)


def _wanted(
    known: Mapping[str, Any], modules: Mapping[str, Expected | Mapping[str, Expected]]
) -> Iterator[tuple[str, str, Expected]]:
    """Path, field ("" for the first) and shape of each expectation, patterns spelled out."""
    for path, expected in modules.items():
        pattern = re.compile(re.escape(path).replace(r"\*", "[^.]+"))
        fields = expected if isinstance(expected, Mapping) else {"": expected}
        for found in [other for other in known if pattern.fullmatch(other)] or [path]:
            yield from ((found, name, shape) for name, shape in fields.items())


def fits(sizes: Sizes, expected: Expected, known: dict[str, int]) -> bool:
    """Whether sizes are as expected; names that are new take their sizes in ``known`` if so.

    >>> known = {}
    >>> fits((2, 16, 768), ("batch", None, 768), known), fits((3,), ("batch",), known), fits((1, 2, 9), (..., 9), known)
    (True, False, True)
    """
    if ... in expected:
        at = expected.index(...)
        more = len(sizes) - (len(expected) - 1)
        if more < 0:
            return False
        expected = (*expected[:at], *(None,) * more, *expected[at + 1 :])
    if len(sizes) != len(expected):
        return False
    new: dict[str, int] = {}
    for size, word in zip(sizes, expected, strict=True):
        wanted = known.get(word, new.setdefault(word, size)) if isinstance(word, str) else word
        if wanted is not None and wanted != size:
            return False
    known.update(new | {name: known[name] for name in new if name in known})
    return True


def written(expected: Expected) -> str:
    """An expected shape as its author thinks of it: ``(batch, seq, 768)``."""
    words = ["..." if word is ... else "any" if word is None else str(word) for word in expected]
    return f"({words[0]},)" if len(words) == 1 else f"({', '.join(words)})"
