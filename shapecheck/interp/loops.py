"""Loops: known elements one by one up to a bound, else passes over one element until nothing changes any more."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from shapecheck.dims import UNKNOWN
from shapecheck.graph import Stage
from shapecheck.interp import heap
from shapecheck.interp.branches import settle
from shapecheck.interp.conditions import decide, narrow
from shapecheck.interp.counting import grown_once, steps_of, turns_of
from shapecheck.interp.python.containers import plain_int
from shapecheck.interp.repeats import Settling, collect, collects
from shapecheck.interp.scopes import BREAK, CONTINUE, LEFT, NEXT, RAISE, RETURN
from shapecheck.interp.stages import guard_of
from shapecheck.interp.targets import assign, note_change
from shapecheck.interp.values import NEVER, Const, Int, Items, Number, Unknown, Value, join_all

if TYPE_CHECKING:
    from shapecheck.interp.machine import Interpreter

PASSES = 4
"""Passes over an endless loop until what still changes is given up as unknown."""


def for_(m: Interpreter, node: ast.For | ast.AsyncFor) -> int:
    """``for``: known elements one by one, or one that stands for each."""
    found = m.iterate(m.eval(node.iter), node.iter)
    items = found.items
    if items is not None:
        if not items:
            return m.run(node.orelse)
        if len(items) > 1 and collects(node):
            items = collect(m, node, items)
            if not items:
                return NEXT
        alike = len(items) > 1 and all(item is items[0] for item in items)
        if m.budget.unroll(len(items)):
            begins = [partial(assign, m, node.target, item, node.target) for item in items]
            return _each(m, node, begins, Settling(m) if alike else None)
        element, entered = (items[0] if alike else join_all(list(items))), True
    else:
        element = found.element
        entered = not isinstance(element, (Unknown, Int))
    lengths = {name: value.length() for name in grown_once(node) if type(value := m.scope.names.get(name)) is Items}
    flow = _passes(m, node, lambda: assign(m, node.target, element, node.target), entered)
    if found.last is not None and flow == NEXT and not _leaves(node.body):
        _last_time(m, node, found.last)
    for name, before in lengths.items():
        grown = m.scope.names.get(name)
        if type(grown) is Items and grown.items is None and (found.count().known or found.batched):
            m.heap.touch(grown)
            grown.size = before + found.count()
            grown.batched = found.batched if before.expr == 0 else None
    return flow


def _last_time(m: Interpreter, node: ast.For | ast.AsyncFor, last: Callable[[], Value]) -> None:
    """Once more with the last element, which is of another size; the state behind the loop stays as it is.

    What runs under a condition that is not decided may never see that element (``if step == 0``), and raises nothing.
    """
    activation, certain = m.activation, m.certain_under
    outer = activation.breaks, activation.continues, activation.loop_base
    activation.breaks, activation.continues, activation.loop_base = [], [], len(m.heap.layers)
    m.heap.push()
    m.certain_under = len(m.conditions)
    try:
        assign(m, node.target, last(), node.target)
        m.run(node.body)
    finally:
        m.certain_under = certain
        m.heap.pop()
        activation.breaks, activation.continues, activation.loop_base = outer


def _leaves(body: list[ast.stmt]) -> bool:
    """Whether a body may end its loop, or gives values to a caller: its last time is then not certain to come."""
    ways_out = (ast.Break, ast.Return, ast.Yield, ast.YieldFrom, ast.Await)
    return any(isinstance(part, ways_out) for statement in body for part in ast.walk(statement))


def while_(m: Interpreter, node: ast.While) -> int:
    """``while``: turn by turn where it counts to a known number, else passes until nothing changes."""
    truth = decide(m, node.test, m.eval(node.test))
    if truth is False:
        return m.run(node.orelse)
    turns = _turns(m, node)
    if turns and m.budget.unroll(turns):
        return _each(m, node, [lambda: None] * turns)
    return _passes(m, node, lambda: narrow(m, node.test, True), truth is True, endless=truth is True)


def _turns(m: Interpreter, node: ast.While) -> int | None:
    """How often ``while width > 8: ...; width //= 2`` goes round; None where that is not told by one counted name."""
    counted = steps_of(node)
    if counted is None:
        return None
    name, bound, step = counted
    start = m.scope.names.get(name)
    first, last, by = (plain_int(value) for value in (start or Unknown(), m.eval(bound), m.eval(step.value)))
    if first is None or last is None or by is None:
        return None
    return turns_of(node.test, step.op, (first, last, by), m.budget.UNROLLED)


def _each(
    m: Interpreter,
    node: ast.For | ast.AsyncFor | ast.While,
    begins: Sequence[Callable[[], None]],
    settling: Settling | None = None,
) -> int:
    """Run the body once after each of ``begins``, which set what the turn is about, until it has settled."""
    activation, turns = m.activation, m.turns
    outer = activation.breaks, activation.continues, activation.loop_base
    activation.breaks, activation.continues, activation.loop_base = [], [], len(m.heap.layers)
    flow, alive = NEXT, True
    m.heap.push()
    try:
        for turn, begin in enumerate(begins):
            m.turns = (*turns, turn)
            begin()
            flow = m.run(node.body)
            alive = _goes_round(m, flow)
            if not alive or (settling is not None and settling.settled(m)):
                break
        if alive and node.orelse:
            flow = m.run(node.orelse)
            alive = flow == NEXT
        alive = alive or flow == BREAK
        broken = bool(activation.breaks)
        settle(m, activation.breaks, alive)
        return NEXT if alive or broken else flow
    finally:
        m.turns = turns
        activation.breaks, activation.continues, activation.loop_base = outer
        m.heap.keep()


def _goes_round(m: Interpreter, flow: int) -> bool:
    """Whether a pass comes to its end, some arm of it at least; the state is then that at its end."""
    alive = flow in (NEXT, CONTINUE)
    if m.activation.continues:
        settle(m, m.activation.continues, alive)
        return True
    return alive


def _passes(m: Interpreter, node: Any, begin: Callable[[], None], entered: bool, endless: bool = False) -> int:
    """Run a body that may run any number of times, from a state that covers every time round."""
    activation = m.activation
    outer = activation.breaks, activation.continues, activation.loop_base
    _widen(m, node)
    arms: list[heap.Changes] = []
    m.heap.push()
    activation.breaks, activation.continues, activation.loop_base = [], [], len(m.heap.layers)
    m.tentative += 1
    conditions = guard_of(m)
    try:
        for number in range(PASSES):
            mark = len(m.graph.items), len(m.log)
            parts: list[list[Any]] = [activation.returns, activation.yields, activation.exits]
            left = [len(part) for part in parts]
            m.heap.clock += 1
            started = m.heap.clock
            m.heap.push()
            begin()
            flow = m.run(node.body)
            alive = _goes_round(m, flow)
            arms += activation.breaks
            activation.breaks.clear()
            before = dict(m.heap.layers[-1])
            after = m.heap.pop()
            if not alive or not _grow(m, before, after, started, number == PASSES - 2) or number == PASSES - 1:
                break
            # Only the pass from a state that covers all others says what is certain; what fails the first time does.
            if number or not _fails(m, mark[0], conditions):
                m.forget(*mark)
            for part, count in zip(parts, left, strict=True):
                del part[count:]
            arms.clear()
    finally:
        m.tentative -= 1
        activation.breaks, activation.continues, activation.loop_base = outer
    m.heap.keep()
    if flow == RETURN:
        activation.exits.append(m.heap.since(activation.base, after))
    elif flow == BREAK or (alive and not endless):
        arms.append(after)
    if not entered:
        arms.append({})
    if not arms:
        return flow if flow in (RETURN, RAISE) and entered else LEFT
    m.heap.adopt(arms)
    return m.run(node.orelse) if node.orelse else NEXT


def _fails(m: Interpreter, since: int, conditions: frozenset[str]) -> bool:
    """Whether something raises in a pass whatever the conditions in the loop are: in the first pass that is certain."""
    return any(
        isinstance(item, Stage) and item.conflict is not None and item.guard <= conditions
        for item in m.graph.items[since:]
    )


def _grow(m: Interpreter, before: heap.Changes, after: heap.Changes, started: int, last: bool) -> bool:
    """Widen the state at the loop's head to cover another time round; whether that changed anything that was there.

    What came to be since the pass ``started`` was not there: each time round makes its own.
    """
    changed = False
    for key, (thing, old) in before.items():
        new = after[key][1]
        if getattr(thing, "born", 0) >= started or heap.same(thing, old, new):
            continue
        joined = heap.merge(thing, old, new)
        if heap.same(thing, old, joined):
            continue
        changed = True
        m.heap.touch(thing)
        heap.restore(thing, heap.given_up(thing, old, joined) if last else joined)
    return changed


def _widen(m: Interpreter, node: Any) -> None:
    """What the body adds to has no known number or length from the first pass on."""
    names = getattr(node, "growing_names", None)
    if names is None:
        names = node.growing_names = _growing(node.body)
    for name, whole in names.items():
        value = m.scope.names.get(name)
        if type(value) is Int or (type(value) is Const and type(value.value) in (float, bool)):
            m.heap.touch(m.scope)
            m.scope.names[name] = Int(UNKNOWN) if type(value) is Int and whole else Number()
        elif type(value) is Items and value.items is not None and value.kind == "list":
            m.heap.touch(value)
            note_change(m, value.born)
            value.items, value.element, value.size = None, join_all(value.items) if value.items else NEVER, UNKNOWN


def _growing(body: list[ast.stmt]) -> dict[str, bool]:
    """Names in augmented assignments, with whether only whole numbers are added; names of lists that grow."""
    found: dict[str, bool] = {}
    for statement in body:
        for part in ast.walk(statement):
            match part:
                case ast.AugAssign(target=ast.Name(id=name), value=value, op=op):
                    found[name] = found.get(name, True) and _whole(value) and not isinstance(op, ast.Div)
                case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="append" | "extend" | "insert")):
                    found.setdefault(name, True)
    return found


def _whole(value: ast.expr) -> bool:
    """Whether an expression is a whole number, as it stands: a literal, a length, a size."""
    match value:
        case ast.Constant(value=number):
            return type(number) is int
        case (
            ast.Call(func=ast.Name(id="len" | "int")) | ast.Call(func=ast.Attribute(attr="size" | "numel" | "nelement"))
        ):
            return True
        case ast.Subscript(value=ast.Attribute(attr="shape")):
            return True
    return False
