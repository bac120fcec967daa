"""Expressions that are merely a parameter of the function they stand in, followed out to the arguments handed over."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from shapecheck.bindings import bindings
from shapecheck.errors import UnreadableSource
from shapecheck.graph import Bound, Event, Frame, Module, ShapeGraph
from shapecheck.places import Span
from shapecheck.source import Source
from shapecheck.syntax import Parsed, argument_spans, calls_at, parse

TextOf = Callable[[str], str | None]
Calls = tuple[Frame, ...]
FACTORIES = frozenset("zeros ones empty rand randn full new_zeros new_ones new_empty arange".split())


def follow(graph: ShapeGraph, text_of: TextOf) -> None:
    """Fill ``graph.passed`` for the operands and constructor arguments of the stages that raise, and for the sizes of
    the factories before them."""
    reader = Reader(text_of)
    raising = [stage for stage in graph.stages if stage.conflict is not None and not stage.within]
    if raising:
        _bind(graph, reader)
    for stage in graph.stages:
        if raising and stage.context and stage.op.rpartition(".")[2] in FACTORIES:
            graph.sizes[stage.index] = reader.sizes(stage.span)
            for span in graph.sizes[stage.index]:
                _note(graph, reader, span, stage.context)
        if stage.conflict is None:
            continue
        for span in stage.input_spans.values():
            _note(graph, reader, span, stage.context)
        if stage.module is not None:
            for span in stage.module.param_spans.values():
                _note(graph, reader, span, stage.module.context)
    for event in graph.events:
        if event.kind == "load_state":
            for layer in _layers(event):
                for span in layer.param_spans.values():
                    _note(graph, reader, span, layer.context)


def _bind(graph: ShapeGraph, reader: Reader) -> None:
    for stage in graph.stages:
        built = stage.module.param_spans.values() if stage.module is not None else ()
        for span in (*stage.input_spans.values(), *built):
            bound = reader.bound(span)
            if bound is not None:
                graph.bound[span] = bound


def _layers(event: Event) -> Iterator[Module]:
    """The layers whose entries are loaded, and those that they were saved from."""
    for _, *tensors in event.data.get("entries", ()):
        for tensor in tensors:
            if tensor.producer is not None and tensor.producer.module is not None:
                yield tensor.producer.module


def _note(graph: ShapeGraph, reader: Reader, span: Span, calls: Calls) -> None:
    if calls and (span, calls) not in graph.passed:
        graph.passed[span, calls] = tuple(reader.arguments(span, calls))


@dataclass(slots=True)
class Reader:
    """Reads the texts that expressions stand in, each file once."""

    text_of: TextOf
    _parsed: dict[str, Parsed | None] = field(default_factory=dict)
    _bindings: dict[str, dict[Span, Bound]] = field(default_factory=dict)

    def bound(self, span: Span) -> Bound | None:
        """What the name at a span stands for, where that is one expression for certain."""
        if span.path not in self._bindings:
            parsed = self._file(span.path)
            self._bindings[span.path] = bindings(parsed) if parsed is not None else {}
        return self._bindings[span.path].get(span)

    def arguments(self, span: Span, calls: Calls) -> Iterator[Span]:
        """The arguments that an expression stands for, innermost call first; the call itself for a default."""
        while calls:
            function = self._parameter(span)
            frame = calls[-1]
            if function is None:
                if self._made_by_helper(span):
                    yield calls[-1].span
                return
            given = self._argument(frame, *function)
            if given is None:
                return
            yield given
            if given == frame.span:
                return
            span, calls = given, calls[:-1]

    def sizes(self, span: Span) -> tuple[Span, ...]:
        """The expressions of the sizes that a factory's call is given, each by itself or all in a tuple."""
        parsed = self._file(span.path)
        calls = calls_at(parsed, span) if parsed is not None and span.exact else []
        if parsed is None or not calls:
            return ()
        nodes: list[ast.expr] = list(calls[0].args)
        if nodes and isinstance(nodes[0], (ast.Tuple, ast.List)):
            nodes = nodes[0].elts
        return () if any(isinstance(node, ast.Starred) for node in nodes) else tuple(map(parsed.span, nodes))

    def _made_by_helper(self, span: Span) -> bool:
        """Whether an expression is a name that a plain function took out of what it was given: a loop's, mostly."""
        function, name = self._named(span)
        if function is None or not name or not _names(function) or _names(function)[0] in ("self", "cls"):
            return False
        return any(
            name in _targets(node) for node in ast.walk(function) if isinstance(node, (ast.For, ast.comprehension))
        )

    def _parameter(self, span: Span) -> tuple[ast.FunctionDef, str] | None:
        """The function whose parameter an expression is, and its name; None for anything else, or if it is rebound."""
        function, name = self._named(span)
        if function is None or name not in _names(function) or _rebound(function, name, span.line):
            return None
        return function, name

    def _named(self, span: Span) -> tuple[ast.FunctionDef | None, str]:
        """The innermost function around an expression, and the name that the expression is ("" where it is none)."""
        parsed = self._file(span.path)
        if parsed is None or not span.exact:
            return None, ""
        names = [node.id for node in parsed.places.names.get(span.line, ()) if parsed.span(node) == span]
        around = [node for node in parsed.places.functions if parsed.span(node).covers(span)] if names else []
        return (around[-1] if around else None), (names[-1] if names else "")

    def _argument(self, frame: Frame, function: ast.FunctionDef, name: str) -> Span | None:
        parsed = self._file(frame.span.path)
        calls = calls_at(parsed, frame.span) if parsed is not None else []
        if parsed is None or not calls or (len(calls) > 1 and not frame.span.exact):
            return None
        if any(isinstance(arg, ast.Starred) for arg in calls[0].args) or any(k.arg is None for k in calls[0].keywords):
            return None
        names = _names(function)
        spans = argument_spans(parsed, calls[0], tuple(names[1:] if names[:1] in (["self"], ["cls"]) else names))
        return spans.get(name, frame.span)

    def _file(self, path: str) -> Parsed | None:
        if path not in self._parsed:
            text = self.text_of(path)
            try:
                self._parsed[path] = parse(Source(path, text)) if text is not None else None
            except UnreadableSource:
                self._parsed[path] = None
        return self._parsed[path]


def _targets(loop: ast.For | ast.comprehension) -> set[str]:
    """The names that a loop binds."""
    return {node.id for node in ast.walk(loop.target) if isinstance(node, ast.Name)}


def _names(function: ast.FunctionDef) -> list[str]:
    args = function.args
    return [arg.arg for arg in (*args.posonlyargs, *args.args, *args.kwonlyargs)]


def _rebound(function: ast.FunctionDef, name: str, line: int) -> bool:
    """Whether a name is bound anew above a line; ``x = conv(x)`` on the line itself still reads the argument."""
    names = (node for node in ast.walk(function) if isinstance(node, ast.Name) and node.lineno < line)
    return any(node.id == name and isinstance(node.ctx, ast.Store) for node in names)
