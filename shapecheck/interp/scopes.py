"""Where names live while a program is interpreted: scopes, and the activation of one function."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shapecheck.interp.heap import Changes
    from shapecheck.interp.values import Value

_OTHER_SCOPES = (
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.Lambda,
    ast.ListComp,
    ast.SetComp,
    ast.DictComp,
    ast.GeneratorExp,
)

NEXT, RETURN, RAISE, BREAK, CONTINUE, LEFT = range(6)
"""How a statement ends: on to the next one, or by leaving the function, the path, the loop or the pass; LEFT where each
arm of a branch left in its own way, and put its state where it belongs."""


class Scope:
    """The names of a module, class or function. ``redirects``: names declared global or nonlocal, with their scope;
    ``own``: those that a function assigns, which are never looked for further out."""

    __slots__ = ("kind", "names", "own", "parent", "redirects")

    def __init__(
        self,
        kind: str,
        parent: Scope | None,
        names: dict[str, Value] | None = None,
        own: frozenset[str] = frozenset(),
    ) -> None:
        self.kind = kind
        self.parent = parent
        self.own = own
        self.names: dict[str, Value] = {} if names is None else names
        self.redirects: dict[str, Scope] | None = None

    def find(self, name: str) -> Value | None:
        """The value of a name here or further out; None where it is bound nowhere."""
        scope: Scope | None = self
        while scope is not None:
            if scope.redirects is not None and name in scope.redirects:
                scope = scope.redirects[name]
            value = scope.names.get(name)
            if value is not None or name in scope.own:
                return value
            scope = scope.parent
        return None

    def closure(self) -> Scope:
        """The scope that a function defined here closes over: methods do not see the names of their class."""
        scope = self
        while scope.kind == "class" and scope.parent is not None:
            scope = scope.parent
        return scope

    def module(self) -> Scope:
        """The scope of the file."""
        scope = self
        while scope.parent is not None:
            scope = scope.parent
        return scope


def assigned(function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> frozenset[str]:
    """The names that a function assigns in its own body."""
    known: frozenset[str] | None = getattr(function, "assigned_names", None)
    if known is None:
        body = function.body if isinstance(function.body, list) else [function.body]
        known = function.assigned_names = frozenset(stored(body))  # type: ignore[union-attr]
    return known


def stored(body: list[ast.stmt] | list[ast.expr]) -> Iterator[str]:
    """Each name that statements assign, once for each place that does, not counting the scopes within them."""
    waiting: list[ast.AST] = [*body]
    while waiting:
        part = waiting.pop()
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            yield part.id
        if not isinstance(part, _OTHER_SCOPES):
            waiting += ast.iter_child_nodes(part)


class Activation:
    """One function (or file) being interpreted: what it returned and yielded so far, and how arms left it.

    ``base`` and ``loop_base`` are the layers of the heap that began with the function and with the loop: an arm that
    leaves takes with it all that has changed since.
    """

    __slots__ = (
        "base",
        "breaks",
        "continues",
        "depth",
        "exits",
        "function",
        "impure",
        "loop_base",
        "returns",
        "started",
        "yields",
    )

    def __init__(self, function: Any, depth: int, started: int) -> None:
        self.function = function
        self.depth = depth
        self.started = started
        self.impure = False
        self.base = 0
        self.loop_base = 0
        self.returns: list[Value] = []
        self.yields: list[Value] = []
        self.exits: list[Changes] = []
        self.breaks: list[Changes] = []
        self.continues: list[Changes] = []
