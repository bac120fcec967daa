"""The abstract interpreter: evaluates Python's tree over the values of ``values``, and emits a ShapeGraph."""

from __future__ import annotations

import ast
from collections.abc import Hashable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from shapecheck import ops
from shapecheck.dims import Dim, symbol
from shapecheck.graph import Event, Frame, Module, NotChecked, ShapeGraph
from shapecheck.interp import classes, expected, expressions, functions, operators, pins, stages, statements, targets
from shapecheck.interp.budget import Budget
from shapecheck.interp.heap import Heap
from shapecheck.interp.python.objects import Deferred
from shapecheck.interp.scopes import NEXT, Activation, Scope
from shapecheck.interp.values import Bound, CallArgs, Iteration, Unknown, Value
from shapecheck.places import Origin, Span
from shapecheck.syntax import Parsed

if TYPE_CHECKING:
    from shapecheck.interp.modules import Modules

EVAL = expressions.EVAL
EXEC = statements.EXEC


class Interpreter:
    """One program being interpreted, from one entry file. Implements ``values.Machine``."""

    __slots__ = (
        "activation",
        "analysed",
        "budget",
        "certain_under",
        "conditions",
        "context",
        "contexts",
        "entered",
        "graph",
        "guard",
        "heap",
        "home",
        "instances",
        "kept",
        "log",
        "memory",
        "mode",
        "modules",
        "parameters",
        "recorded",
        "said",
        "saved",
        "scope",
        "shared",
        "tentative",
        "turns",
        "uids",
        "unused",
        "way",
    )

    def __init__(self, modules: Modules, home: Parsed, budget: Budget) -> None:
        self.graph = ShapeGraph("static")
        self.modules = modules
        self.home = home
        self.budget = budget
        self.scope = Scope("module", None)
        self.heap = Heap()
        self.activation = Activation(None, 0, 0)
        self.context: tuple[Frame, ...] = ()
        self.way = 0
        self.contexts: dict[tuple[int, int, int], int] = {}
        self.conditions: tuple[tuple[Parsed, ast.expr, bool], ...] = ()
        self.certain_under: int | None = None  # on the last time round a loop: how many conditions stood around it
        self.unused = False  # whether what runs is code that nobody in the program calls
        self.guard: frozenset[str] = frozenset()
        self.mode = ""
        self.turns: tuple[int, ...] = ()
        self.uids: dict[Hashable, int] = {}
        self.recorded: dict[Hashable, Value] = {}
        self.saved: dict[Hashable, Value] = {}  # what torch.save wrote, by file
        self.parameters: dict[int, Any] = {}  # the tensors that are parameters, by identity
        self.shared: dict[int, Value] = {}  # objects that stand for several like ones
        self.memory: dict[Hashable, Any] = {}
        self.said: set[tuple[Span, str]] = set()
        self.entered: set[int] = set()
        self.analysed: dict[int, int] = {}
        self.tentative = 0
        self.kept: list[Any] = []
        self.log: list[tuple[dict[Hashable, Any], Hashable]] = []
        self.instances: dict[int, Value] = {}

    # -- running ---------------------------------------------------------------------------------------------------

    def eval(self, node: ast.expr) -> Value:
        """The value of an expression."""
        return EVAL[type(node)](self, node)

    def run(self, body: list[ast.stmt]) -> int:
        """Run statements in order; how the block ends."""
        budget = self.budget
        for statement in body:
            budget.step()
            try:
                flow = EXEC[type(statement)](self, statement)
            except RecursionError:
                self.not_checked(statement, "nested too deeply")
                continue
            if flow:
                return flow
        return NEXT

    # -- what values ask of their machine --------------------------------------------------------------------------

    def span(self, node: ast.AST) -> Span:
        """Where a node of the current file stands."""
        return self.home.span(node)

    def call(self, callee: Value, args: CallArgs, node: ast.AST) -> Value:
        """Call any value."""
        handler = functions.CALL.get(type(callee))
        return handler(self, callee, args, node) if handler is not None else callee.call(args, self, node)

    def attribute(self, value: Value, name: str, node: ast.AST) -> Value:
        """``value.name``."""
        handler = classes.ATTRIBUTE.get(type(value))
        found = handler(self, value, name, node) if handler is not None else value.attribute(name, self, node)
        return found.resolve(self) if type(found) is Deferred else found

    def item(self, value: Value, key: Value, node: ast.AST) -> Value:
        """``value[key]``."""
        handler = classes.ITEM.get(type(value))
        return handler(self, value, key, node) if handler is not None else value.item(key, self, node)

    def iterate(self, value: Value, node: ast.AST) -> Iteration:
        """What a loop over a value sees."""
        handler = classes.ITERATE.get(type(value))
        return handler(self, value, node) if handler is not None else value.iterate(self, node)

    def binary(self, op: str, left: Value, right: Value, node: ast.AST) -> Value:
        """``left op right``."""
        return operators.binary(self, op, left, right, node)

    def truth(self, value: Value) -> bool | None:
        """``bool(value)``, None where it cannot be told."""
        return value.truth()

    def fresh(self, word: str, node: ast.AST, origin: str, least: int = 1) -> Dim:
        """A size named ``word`` that equals no other one; the same one for the same place, calls and turns of loops."""
        key = (word, id(node), self.way, self.turns)
        uid = self.uids.setdefault(key, len(self.uids) + 1)
        return symbol(word, uid, Origin(origin, self.span(node)), least)

    def not_checked(self, node: ast.AST, reason: str) -> Unknown:
        """Say that a place was not followed, and why (once)."""
        said = (self.span(node), reason)
        if said not in self.said:
            self.said.add(said)
            self.graph.not_checked.append(NotChecked(*said))
        return Unknown(reason)

    def event(self, kind: str, node: ast.AST, **data: Any) -> None:
        """Record an event, once for each place and way to it; not where its exception is expected."""
        if data.get("missing", True) and (expected.expects(self.guard, kind) or self._made_up(kind)):
            return
        span = self.span(node)
        key = (kind, id(node), self.way, _data_key(data))
        self.kept.append(data)
        if key not in self.recorded:
            self.remember(self.recorded, key, Unknown())
            self.graph.add(Event(kind, span, data, self.context))

    def _made_up(self, kind: str = "") -> bool:
        """Whether what raises here may come of arguments that are made up: they may meet a condition further in that no
        real caller brings them to. Events of most kinds tell of no error."""
        return self.unused and bool(self.conditions) and len(self.context) > 1 and kind in ("", *expected.RAISED)

    def operator(self, op: str, args: CallArgs, node: ast.AST) -> Value:
        """Apply an operator of ``shapecheck.ops``, and record the stage; what it writes over has the new shape."""
        if "out" in args.keywords:
            written = {name: value for name, value in args.keywords.items() if name != "out"}
            value = stages.apply(self, op, replace(args, keywords=written), node)
            targets.write_over(self, args.keyword_nodes.get("out"), value)
            return value
        value = stages.apply(self, op, args, node)
        if ops.reshapes_in_place(op) and args.nodes:
            targets.write_over(self, args.nodes[0], value)
        return value

    def record(
        self,
        op: str,
        inputs: dict[str, Value],
        spans: dict[str, Span],
        outcome: Any,
        node: ast.AST,
        module: Module | None = None,
    ) -> Value:
        """Record a stage whose outcome is given; the value it gives.

        An equal stage at the same place is recorded once.
        """
        return stages.record(self, op, inputs, spans, outcome, node, module)

    def enter(self, node: ast.AST, function: Any, name: str) -> None:
        """One call deeper: the context that stages are recorded with, and its number."""
        key = (self.way, id(node), id(function))
        self.way = self.contexts.setdefault(key, len(self.contexts) + 1)
        self.context = (*self.context, Frame(self.span(node), name))

    def tuples_returned(self) -> bool:
        """Whether the project wants a transformers whose models return tuples, unless told otherwise."""
        layout = self.modules.layout
        told = layout.transformers
        return pins.before_outputs(layout.roots) if told is None else pins.before_4(told)

    def doubt(self) -> str | None:
        """Why what is wrong here may never come to pass; None where it does, as far as can be told."""
        if self.certain_under not in (None, len(self.conditions)):
            return "whether the last batch comes here is not known"
        if self._made_up():
            return "whether a caller comes here with these arguments is not known"
        return None

    # -- trying out --------------------------------------------------------------------------------------------------

    def remember(self, table: dict[Hashable, Any], key: Hashable, value: Any) -> None:
        """Keep what a call or an operator gave, for when it comes again."""
        table[key] = value
        if self.tentative:
            self.log.append((table, key))

    def forget(self, items: int, log: int) -> None:
        """Drop the stages and what was remembered since: the pass they belong to was only tried out."""
        self.graph.cut(items)
        for table, key in self.log[log:]:
            table.pop(key, None)
        del self.log[log:]


def _data_key(data: dict[str, Any]) -> Hashable:
    return tuple(
        (name, repr(value) if isinstance(value, (int, str, tuple, list)) else id(value)) for name, value in data.items()
    )


__all__ = ["Bound", "Interpreter"]
