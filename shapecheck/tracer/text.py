"""What the user's text says at the place of a traced stage: the span of each operand, and what a result is called."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from shapecheck.places import Span
from shapecheck.source import Source

_NAMED = (ast.Name, ast.Attribute, ast.Subscript)


class Text:
    """One file's expressions by place; and its assignments."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._ends: dict[tuple[int, int], list[ast.AST]] = {}
        self._targets: dict[int, str] = {}
        self._integers: set[int] = set()
        self.assignments: list[ast.Assign] = []
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                tree = ast.parse(source.text)
        except (SyntaxError, ValueError):
            return
        for node in ast.walk(tree):
            self._enter(node)

    def _enter(self, node: ast.AST) -> None:
        if isinstance(node, ast.Constant) and type(node.value) is int:
            self._integers.add(node.value)
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], _NAMED):
            self._targets[id(node.value)] = ast.unparse(node.targets[0])
        if isinstance(node, ast.Assign):
            self.assignments.append(node)
        if isinstance(node, (ast.expr, ast.AugAssign)):
            span = self.span(node)
            self._ends.setdefault((span.end_line, span.end_column), []).append(node)

    @property
    def integers(self) -> set[int]:
        """Every integer written in the file."""
        return self._integers

    def span(self, node: ast.expr | ast.stmt) -> Span:
        """Where a node stands."""
        end_line, end = node.end_lineno or node.lineno, node.end_col_offset or 0
        return Span(
            self.source.path,
            node.lineno,
            self._column(node.lineno, node.col_offset),
            end_line,
            self._column(end_line, end),
        )

    def _column(self, line: int, offset: int) -> int:
        text = self.source.lines[line - 1]
        return (offset if text.isascii() else len(text.encode()[:offset].decode(errors="ignore"))) + 1

    def node(self, span: Span) -> ast.AST | None:
        """The expression at a span. CPython lets a call over several lines begin at its method's name."""
        ending = self._ends.get((span.end_line, span.end_column), []) if span.exact else []
        exact = [n for n in ending if (self.span(n).line, self.span(n).column) == (span.line, span.column)]  # type: ignore[arg-type]
        if exact:
            return exact[0]
        calls = [n for n in ending if isinstance(n, ast.Call) and self.span(n).line < span.line]
        return calls[-1] if calls else None

    def within(self, span: Span) -> Iterator[ast.AST]:
        """The expressions that stand in a span."""
        for nodes in self._ends.values():
            yield from (node for node in nodes if span.covers(self.span(node)))  # type: ignore[arg-type]

    def target(self, node: ast.AST | None) -> str:
        """The name that an expression's value is given, empty where it is given none."""
        return self._targets.get(id(node), "")

    def at(self, span: Span) -> str:
        """The text of a span within one line, empty for longer ones."""
        return (
            self.source.lines[span.line - 1][span.column - 1 : span.end_column - 1]
            if span.line == span.end_line
            else ""
        )


Bind = Callable[[list[Any], dict[str, Any]], dict[str, Any] | None]


def operands(text: Text, node: ast.AST | None, bind: Bind) -> dict[str, Span]:
    """The span of each operand by parameter name; ``bind`` gives arguments their names."""
    if node is None:
        return {}
    args, kwargs = _arguments(text, node)
    bound = bind(args, kwargs) or {}
    found = {}
    for parameter, value in bound.items():
        spans = list(_spans(value))
        if spans:
            found[parameter] = _joined(spans)
    return found


def _arguments(text: Text, node: ast.AST) -> tuple[list[Any], dict[str, Any]]:
    span = text.span
    if isinstance(node, ast.Call):
        args: list[Any] = [span(a) for a in node.args if not isinstance(a, ast.Starred)]
        return args, {k.arg: span(k.value) for k in node.keywords if k.arg is not None}
    if isinstance(node, ast.BinOp):
        return [span(node.left), span(node.right)], {}
    if isinstance(node, ast.AugAssign):
        return [span(node.target), span(node.value)], {}
    if isinstance(node, ast.Compare) and len(node.comparators) == 1:
        return [span(node.left), span(node.comparators[0])], {}
    if isinstance(node, ast.UnaryOp):
        return [span(node.operand)], {}
    if isinstance(node, ast.Subscript):
        return [span(node.value), span(node.slice)], {}
    if isinstance(node, ast.Attribute):
        return [span(node.value)], {}
    return [], {}


def with_receiver(text: Text, node: ast.AST | None, args: list[Any]) -> list[Any]:
    """The arguments of a method call, the expression before the dot first."""
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and ast.unparse(node.func.value) != "torch.Tensor"
    ):
        return [text.span(node.func.value), *args]
    return args


def is_reflected(node: ast.AST | None) -> bool:
    """Whether an operator's right operand is the tensor: ``2 * x``."""
    return isinstance(node, ast.BinOp) and isinstance(node.left, ast.Constant)


def _spans(value: Any) -> Iterator[Span]:
    if isinstance(value, Span):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _spans(item)


def _joined(spans: list[Span]) -> Span:
    first, last = min(spans), max(spans, key=lambda s: (s.end_line, s.end_column))
    return Span(first.path, first.line, first.column, last.end_line, last.end_column)
