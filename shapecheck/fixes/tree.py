"""One file as libcst sees it: nodes by their place in the text, and what stands around them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar, cast

import libcst as cst
from libcst.metadata import CodeRange, MetadataWrapper, PositionProvider

from shapecheck.edits import lines_of
from shapecheck.findings import Edit
from shapecheck.places import Span

Node = TypeVar("Node", bound=cst.CSTNode)
_ATOMS = (cst.Name, cst.Attribute, cst.Subscript, cst.Call)


@dataclass(slots=True)
class Tree:
    """A parsed file. ``path`` is as spans name it, ``lines`` have their ends."""

    path: str
    module: cst.Module
    lines: list[str]
    _ranges: Mapping[cst.CSTNode, CodeRange]
    _parents: Mapping[cst.CSTNode, cst.CSTNode]

    @classmethod
    def parse(cls, path: str, text: str) -> Tree:
        """Parse a file; raises libcst.ParserSyntaxError."""
        wrapper = MetadataWrapper(cst.parse_module(text), unsafe_skip_copy=True)
        ranges = cast(Mapping[cst.CSTNode, CodeRange], wrapper.resolve(PositionProvider))
        return cls(path, wrapper.module, lines_of(text), ranges, _parents(wrapper.module))

    def span(self, node: cst.CSTNode) -> Span:
        """Where a node stands."""
        at = self._ranges[node]
        return Span(self.path, at.start.line, at.start.column + 1, at.end.line, at.end.column + 1)

    def end(self, node: cst.BaseExpression) -> Span:
        """The place behind an expression and the parentheses around it."""
        at = self.span(node.rpar[-1]) if node.rpar else self.span(node)
        return Span(self.path, at.end_line, at.end_column, at.end_line, at.end_column)

    def code(self, node: cst.CSTNode) -> str:
        """A node as text, without the parentheses around it."""
        if isinstance(node, cst.BaseExpression):
            node = node.with_changes(lpar=(), rpar=())
        return self.module.code_for_node(node)

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """The node around a node."""
        return self._parents.get(node)

    def around(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """The nodes around a node, innermost first."""
        here = self.parent(node)
        while here is not None:
            yield here
            here = self.parent(here)

    def expression(self, span: Span) -> cst.BaseExpression | None:
        """The expression that stands exactly at a span: the outermost one, where several do."""
        return next((node for node in self._at(span) if isinstance(node, cst.BaseExpression)), None)

    def call(self, span: Span) -> cst.Call | None:
        """The call at a span; the only call of its line, where the columns are not known."""
        found = [node for node in self._at(span) if isinstance(node, cst.Call)]
        return found[0] if found and (span.exact or len(found) == 1) else None

    def _at(self, span: Span) -> Iterator[cst.CSTNode]:
        for node, at in self._ranges.items():
            if at.start.line == span.line and (not span.exact or self.span(node) == span):
                yield node

    def function(self, node: cst.CSTNode) -> cst.FunctionDef | None:
        """The function that a node stands in, None for the module's own level (or a lambda's)."""
        for outer in self.around(node):
            if isinstance(outer, (cst.FunctionDef, cst.Lambda, cst.ClassDef)):
                return outer if isinstance(outer, cst.FunctionDef) else None
        return None

    def scope(self, node: cst.CSTNode) -> cst.CSTNode:
        """The function that a node stands in, or the module."""
        return self.function(node) or self.module

    def within(self, scope: cst.CSTNode, kind: type[Node]) -> Iterator[Node]:
        """The nodes of a kind whose innermost scope is ``scope``, in order of the text."""
        found = [n for n in self._ranges if isinstance(n, kind) and self.scope(n) is scope]
        return iter(sorted(found, key=lambda n: (self._ranges[n].start.line, self._ranges[n].start.column)))

    def all(self, kind: type[Node]) -> Iterator[Node]:
        """All nodes of a kind."""
        return (node for node in self._ranges if isinstance(node, kind))

    def replace(self, node: cst.CSTNode, code: str) -> Edit:
        """Put other code in place of a node; what both have at the start and at the end is left alone."""
        span, old = self.span(node), self.code(node)
        start = 0
        while start < min(len(old), len(code)) and old[start] == code[start]:
            start += 1
        end = 0
        while end < min(len(old), len(code)) - start and old[-1 - end] == code[-1 - end]:
            end += 1
        if "\n" in old or "\r" in old:
            return Edit(span, code)
        return Edit(
            Span(span.path, span.line, span.column + start, span.end_line, span.end_column - end),
            code[start : len(code) - end],
        )

    def indent(self, span: Span) -> str:
        """A line break and the indentation of a statement, both as the file has them."""
        return self.module.default_newline + self.lines[span.line - 1][: span.column - 1]

    def below(self, span: Span, statement: str) -> Edit:
        """Put a statement on a line of its own below the one that stands at a span."""
        return after(span, self.indent(span) + statement)

    def appended(self, items: Sequence[cst.Arg | cst.Param], code: str) -> Edit:
        """One more argument or parameter behind the others; on a line of its own where each of them has one."""
        last = items[-1]
        at, comma = self.span(last), last.comma
        if isinstance(comma, cst.Comma) and not self.lines[at.line - 1][: at.column - 1].strip():
            end, line = self.span(comma), self.lines[self.span(comma).end_line - 1].rstrip("\r\n")
            behind = line[end.end_column - 1 :].strip()
            if not behind or behind.startswith("#"):
                spot = Span(self.path, end.end_line, len(line) + 1, end.end_line, len(line) + 1)
                return Edit(spot, f"{self.indent(at)}{code},")
        return after(self._closed(last), f", {code}")

    def without(self, args: Sequence[cst.Arg], at: int) -> Edit:
        """An argument left out, with the comma before it (behind it, where it is the first)."""
        here = self.span(args[at])
        if at:
            end = self._closed(args[at])
            start = self._closed(args[at - 1])
            return Edit(Span(self.path, start.end_line, start.end_column, end.end_line, end.end_column), "")
        last = self.span(args[1]) if len(args) > 1 else here
        stop = (last.line, last.column) if len(args) > 1 else (here.end_line, here.end_column)
        return Edit(Span(self.path, here.line, here.column, *stop), "")

    def _closed(self, item: cst.Arg | cst.Param) -> Span:
        """The place behind an argument or parameter, without its comma."""
        if isinstance(item, cst.Arg):
            return self.end(item.value)
        node = item.default or (item.annotation.annotation if item.annotation else item.name)
        return self.end(node)

    def before(self, node: cst.CSTNode, *statements: str) -> Edit | None:
        """Put statements on lines of their own before the statement that a node stands in.

        None where that statement shares its line with others or with its block's head, or where the node is evaluated
        more than once or not at all (a loop's condition, a comprehension, a lambda, a branch of an expression).
        """
        for outer in self.around(node):
            if isinstance(outer, (cst.BaseComp, cst.Lambda, cst.BooleanOperation, cst.IfExp, cst.While)):
                return None
            if isinstance(outer, cst.SimpleStatementLine):
                at = self.span(outer)
                if len(outer.body) != 1:
                    return None
                indented = "".join(statement + self.indent(at) for statement in statements)
                return Edit(Span(self.path, at.line, at.column, at.line, at.column), indented)
            if isinstance(outer, (cst.BaseCompoundStatement, cst.SimpleStatementSuite)):
                return None
        return None


def _parents(root: cst.CSTNode) -> dict[cst.CSTNode, cst.CSTNode]:
    """The node around each node. (ParentNodeProvider visits every node twice, which takes ten times as long.)"""
    parents: dict[cst.CSTNode, cst.CSTNode] = {}
    pending = [root]
    while pending:
        node = pending.pop()
        for name in node.__dataclass_fields__:
            part = getattr(node, name)
            children = [c for c in (part if isinstance(part, (list, tuple)) else (part,)) if isinstance(c, cst.CSTNode)]
            parents.update(dict.fromkeys(children, node))
            pending += children
    return parents


def grouped(node: cst.BaseExpression, code: str) -> str:
    """An expression's code so that a subscript or an attribute can follow it."""
    return code if isinstance(node, _ATOMS) else f"({code})"


def after(span: Span, text: str) -> Edit:
    """Insert text behind a span."""
    return Edit(Span(span.path, span.end_line, span.end_column, span.end_line, span.end_column), text)


def bound(tree: Tree, name: cst.Name, alone: bool = False) -> cst.BaseExpression | None:
    """The expression that a name is bound to, if it is bound once in its scope (and, ``alone``, read once)."""
    scope = tree.scope(name)
    uses = [n for n in tree.within(scope, cst.Name) if n.value == name.value]
    bound = [n for n in uses if isinstance(tree.parent(n), cst.AssignTarget)]
    if len(bound) != 1 or (alone and len(uses) > 2):
        return None
    assign = tree.parent(tree.parent(bound[0]) or name)
    return assign.value if isinstance(assign, cst.Assign) and len(assign.targets) == 1 else None
