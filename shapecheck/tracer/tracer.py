"""The tracer: runs a script twice with different sizes, and makes one graph of what it saw."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict
from types import TracebackType
from typing import Any, NamedTuple

from shapecheck import errorbook
from shapecheck.algebra import Expr, render
from shapecheck.errors import TraceUnavailable, UnreadableSource
from shapecheck.graph import Frame, ShapeGraph
from shapecheck.places import Span
from shapecheck.resources import rules_dir
from shapecheck.source import Source, read
from shapecheck.tracer import interpreters, needs, warm
from shapecheck.tracer.api import Invented, TraceError, TraceRequest, TraceResult
from shapecheck.tracer.build import Builder, canonical
from shapecheck.tracer.folding import fold
from shapecheck.tracer.link import Record
from shapecheck.tracer.naming import Atoms, Axes, Chosen, by_size, choose, named_by_size, names
from shapecheck.tracer.outcome import ending, is_loss
from shapecheck.tracer.process import Worker
from shapecheck.tracer.text import Text

_OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "OMP_NUM_THREADS": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    "CUDA_VISIBLE_DEVICES": "",
    "WANDB_MODE": "disabled",
}


class Tracer:
    """Runs scripts in forks of a process that imported torch, one per interpreter, kept until the tracer is closed.

    Args:
        server: whether that process may be one that outlives this tracer (see :mod:`shapecheck.tracer.warm`).

    >>> with Tracer() as tracer:  # doctest: +SKIP
    ...     result = tracer.trace(TraceRequest(Path("train.py")))
    """

    def __init__(self, server: bool = False) -> None:
        self._server = server and warm.possible()
        self._workers: dict[str, Worker] = {}
        self._named: dict[tuple[str, ...], Named] = {}
        self._patched: dict[str, list[Record]] = {}

    def __enter__(self) -> Tracer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End every worker; a server is left to others."""
        for worker in self._workers.values():
            worker.close()
        self._workers.clear()

    def trace(self, request: TraceRequest) -> TraceResult:
        """Run a script; never raises for what the script does."""
        try:
            python = interpreters.choose(request.python, request.script)
        except TraceUnavailable as why:
            return TraceResult("unavailable", str(why))
        files = Files(request)
        script = files.text(files.script)
        if script is None and (request.target is None or request.target.in_file):
            return TraceResult("unavailable", f"{request.script} cannot be read")
        worker = self._workers.setdefault(python, Worker(python, {**os.environ, **_OFFLINE}, self._server))
        given = repr((request.target, request.env, request.inputs))
        key = (python, files.script, request.module, *request.argv, given)
        before = self._named.get(key) if request.overlay else None
        sizes = before.sizes if before else choose(script.integers if script is not None else ())
        asked: Asked = functools.partial(self._ask, worker, request, files)
        first = asked(sizes[0], needs.of(request.target, script))
        if _abstraction_failed(first, alone=request.target is not None):
            first, asked = _for_real(asked, sizes[0], first)
        atoms = Atoms(*sizes)
        second = asked(sizes[1], _loaded(first)) if request.names and _varies(first) and not before else []
        axes = named_by_size(first, before.known) if before else names(first, second, atoms)
        result = _result(request, files, python, first, second, atoms, axes)
        if request.overlay:
            return result
        known = by_size(first, axes) if second else None
        if known is not None:
            self._named[key] = Named(sizes, known)
        if result.status in ("completed", "stopped") and _rows_unknown(first):
            one = asked(sizes[0], _loaded(first), last_of_one=True)
            result.batch_of_one = _only_for_one(one, files)
        return result

    def _ask(
        self,
        worker: Worker,
        request: TraceRequest,
        files: Files,
        sizes: Chosen,
        imports: list[str],
        last_of_one: bool = False,
        concrete: bool = False,
    ) -> list[Record]:
        asked = {
            "script": files.script,
            "argv": request.argv,
            "environment": {**os.environ, **request.env, **_OFFLINE},
            "module": request.module,
            "sizes": list(asdict(sizes).values()),
            "memory_mb": request.memory_mb,
            "last_of_one": last_of_one,
            "concrete": concrete,
            "target": request.target.record() if request.target is not None else None,
            "inputs": {name: asdict(given) for name, given in request.inputs.items()},
            "overlay": files.overlay,
            "rules": str(rules_dir()),
            "imports": ["torch", *imports],
        }
        if not files.overlay:
            return worker.ask(asked, request.timeout)
        same = json.dumps(asked)  # a fix is tried to go on under it, and tried again to be verified
        if same not in self._patched:
            self._patched[same] = worker.ask(asked, request.timeout)
        return self._patched[same]


class Files:
    """The files of a run by the names that the child uses (absolute) and those that the user uses."""

    def __init__(self, request: TraceRequest) -> None:
        self.script = os.path.abspath(request.script)
        self.overlay = {os.path.abspath(path): text for path, text in request.overlay.items()}
        self._shown = {os.path.abspath(path): path for path in request.overlay} | {self.script: str(request.script)}
        self._relative = not request.script.is_absolute()
        self._texts: dict[str, Text | None] = {}

    def shown(self, path: str) -> str:
        """The user's name of a file."""
        if path not in self._shown:
            self._shown[path] = os.path.relpath(path) if self._relative else path
        return self._shown[path]

    def text(self, path: str) -> Text | None:
        """The text that ran, None where it cannot be read."""
        if path not in self._texts:
            self._texts[path] = self._read(path)
        return self._texts[path]

    def _read(self, path: str) -> Text | None:
        if path in self.overlay:
            return Text(Source(path, self.overlay[path]))
        try:
            return Text(read(path))
        except UnreadableSource:
            return None

    def span(self, item: list[Any]) -> Span:
        """A recorded place under the user's name of its file."""
        return Span(self.shown(item[0]), *item[1:])


Asked = Callable[..., list[Record]]


class Named(NamedTuple):
    """What two runs of a script settled for those of patched copies of it: its sizes, and the names that they bear."""

    sizes: tuple[Chosen, Chosen]
    known: dict[int, Expr]


def _abstraction_failed(records: list[Record], alone: bool) -> bool:
    """Whether a run raised for want of numbers in its tensors; of a model alone, also among made-up ones."""
    end = _raised(records)
    if end is None:
        return False
    return end.get("abstract", False) or (alone and any(record["kind"] == "invented" for record in records))


def _for_real(asked: Asked, sizes: Chosen, abstract: list[Record]) -> tuple[list[Record], Asked]:
    """What abstract tensors do not get through, with few layers and real numbers; that it was so is said.

    Where it does not get through either, what the abstract run said stands, unless that spoke of abstract tensors only.
    Returns the run that counts, and how to run it again.
    """
    real = asked(sizes, _loaded(abstract), concrete=True)
    end, failed = next((record for record in real if record["kind"] == "end"), None), _raised(abstract)
    if end is None or failed is None or end.get("memory"):
        return abstract, asked
    if end["status"] not in ("completed", "stopped") and not failed.get("abstract"):
        return abstract, asked
    words = f"abstract tensors failed ({failed['type']}): run on small real ones, with few layers"
    return [{"kind": "assumption", "text": words}, *real], functools.partial(asked, concrete=True)


def _varies(records: list[Record]) -> bool:
    """Whether a second run with other sizes can tell more."""
    return any(record["kind"] == "end" and record.get("sizes_used") for record in records)


def _rows_unknown(records: list[Record]) -> bool:
    """Whether a loader's last batch may hold fewer rows than the trace had: the data are not there to be counted."""
    joined = [record["data"] for record in records if record["kind"] == "event" and record["event"] == "collate"]
    return any(data["rows_assumed"] and not data["drop_last"] and data["batch_size"] != 1 for data in joined)


def _only_for_one(records: list[Record], files: Files) -> ShapeGraph | None:
    """The graph of a run that raised over a batch of one row, None where it did not.

    Batch normalisation says by itself that it wants more than one row; which number of rows comes is chance.
    """
    end = _raised(records)
    if end is None or not _about_shapes(end) or "more than 1 value per channel" in end["message"]:
        return None
    return _graph(records, files, {})


def _graph(records: list[Record], files: Files, axes: Axes) -> ShapeGraph:
    """The graph of one run. A field that was None is missing only where the run ended over a None."""
    end = _raised(records)
    over_none = end is not None and ("None" in end["message"] or end["type"] == "AssertionError")
    unsure = end is None or not (_about_tensors(end) and end.get("certain", True))
    builder = Builder(files.text, files.shown, axes)
    for record in records:
        is_event = record["kind"] == "event"
        if is_event and record["data"].get("empty") and not over_none:
            continue
        if is_event and record["event"] == "raised" and unsure:
            continue
        builder.add(record)
    return fold(builder.graph)


def _loaded(records: list[Record]) -> list[str]:
    """What the first run imported: the worker imports it too, before the next one."""
    return next((record.get("modules", []) for record in records if record["kind"] == "end"), [])


def _result(
    request: TraceRequest,
    files: Files,
    python: str,
    first: list[Record],
    second: list[Record],
    atoms: Atoms,
    axes: Axes,
) -> TraceResult:
    end = ending(first, files.span, request, python)
    graph = _graph(first, files, axes)
    assumptions = [record["text"] for record in first if record["kind"] == "assumption"]
    graph.assumptions = [*(atoms.assumed(axes) if second else []), *assumptions]
    start: Record = next((record for record in first if record["kind"] == "start"), {})
    versions = start.get("versions", {})
    return TraceResult(
        end.status,
        end.reason,
        graph,
        error=_error(first, second, files.span, atoms),
        invented=list(_invented(first, files.span)),
        assumptions=list(graph.assumptions),
        guard=start.get("guard", []),
        python=versions.get("python"),
        torch=versions.get("torch"),
        transformers=versions.get("transformers"),
        opened=[record["path"] for record in first if record["kind"] == "opened"],
    )


def _invented(records: list[Record], span: Callable[[list[Any]], Span]) -> Iterator[Invented]:
    late = False
    for record in records:
        late |= record["kind"] == "stage" and is_loss(record["op"], record["outputs"])
        if record["kind"] == "invented":
            place = span(record["span"]) if record["span"] else None
            yield Invented(place, record["what"], record["value"], late)


def _error(
    first: list[Record], second: list[Record], span: Callable[[list[Any]], Span], atoms: Atoms
) -> TraceError | None:
    end = _raised(first)
    if end is None:
        return None
    other = _raised(second)
    return TraceError(
        end["type"],
        end["message"],
        canonical(end["op"]) if end.get("op") else "",
        _operands(end, other, atoms),
        span(end["span"]) if end["span"] else None,
        tuple(Frame(span(place), function) for place, function in end["chain"]),
        _about_shapes(end),
        end.get("certain", True),
    )


def _raised(records: list[Record]) -> Record | None:
    return next((r for r in records if r["kind"] == "end" and r["status"] == "raised"), None)


def _about_shapes(end: Record) -> bool:
    """Whether a run ended over shapes: the traced process can tell, or the wording is one of such errors."""
    return bool(end["shape_reason"] or (end.get("wording") and errorbook.meaning(end["message"]) is not None))


def _about_tensors(end: Record) -> bool:
    """Whether a run ended over the shapes of certain tensors: an operator's, or of an error whose wording is known."""
    return bool(_about_shapes(end) and end.get("wording")) and bool(end.get("op") or errorbook.meaning(end["message"]))


def _operands(end: Record, other: Record | None, atoms: Atoms) -> tuple[tuple[str | int, ...], ...]:
    """The shapes of the failing operator's operands, with names where both runs failed alike."""
    here = [operand["sizes"] for operand in end.get("operands", [])]
    there = [operand["sizes"] for operand in (other or {}).get("operands", [])]
    alike = other is not None and other["span"] == end["span"] and [len(s) for s in here] == [len(s) for s in there]
    named = []
    for index, shape in enumerate(here):
        exprs = (
            [atoms.expression(a, b) for a, b in zip(shape, there[index], strict=True)] if alike else [None] * len(shape)
        )
        named.append(
            tuple(
                size if expr is None or isinstance(expr, int) else render(expr)
                for expr, size in zip(exprs, shape, strict=True)
            )
        )
    return tuple(named)
