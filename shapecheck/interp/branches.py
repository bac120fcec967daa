"""Statements that branch: ``if``, ``try``, ``with``, ``match``.

An undecided branch tries its arms and joins what they leave.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from shapecheck.interp import expected, patterns
from shapecheck.interp.conditions import decide, narrow
from shapecheck.interp.heap import Changes
from shapecheck.interp.scopes import BREAK, CONTINUE, LEFT, NEXT, RAISE, RETURN
from shapecheck.interp.targets import assign
from shapecheck.interp.values import CallArgs, Const, Context, Instance, Unknown, Value

if TYPE_CHECKING:
    from shapecheck.interp.machine import Interpreter

Arm = Callable[[], int]


def fork(m: Interpreter, arms: list[Arm]) -> int:
    """Run each arm from the same state; go on with the join of those that come out at the end."""
    flowing: list[Changes] = []
    flows: list[int] = []
    activation = m.activation
    for arm in arms:
        m.heap.push()
        try:
            flow = arm()
        finally:
            after = m.heap.pop()
        flows.append(flow)
        if flow == NEXT:
            flowing.append(after)
        elif flow == RETURN:
            activation.exits.append(m.heap.since(activation.base, after))
        elif flow == BREAK:
            activation.breaks.append(m.heap.since(activation.loop_base, after))
        elif flow == CONTINUE:
            activation.continues.append(m.heap.since(activation.loop_base, after))
    if flowing:
        m.heap.adopt(flowing)
        return NEXT
    return RAISE if set(flows) == {RAISE} else LEFT


def settle(m: Interpreter, left: list[Changes], flows_on: bool) -> None:
    """Join the state now (if it flows on) with those of arms that left to this place; forgets them."""
    if left:
        m.heap.adopt([*left, {}] if flows_on else left)
        left.clear()


def if_(m: Interpreter, node: ast.If) -> int:
    """``if``: one side where the test is decided, else both."""
    truth = decide(m, node.test, m.eval(node.test))
    if truth is not None:
        return m.run(node.body if truth else node.orelse)
    return fork(m, [_arm(m, node.test, True, node.body), _arm(m, node.test, False, node.orelse)])


def _arm(m: Interpreter, test: ast.expr, met: bool, body: list[ast.stmt]) -> Arm:
    def run() -> int:
        before = m.conditions
        m.conditions = (*before, (m.home, test, met))
        try:
            narrow(m, test, met)
            return m.run(body)
        finally:
            m.conditions = before

    return run


def with_(m: Interpreter, node: ast.With | ast.AsyncWith) -> int:
    """``with``: a library's context may set a guard; an object of the program enters by ``__enter__``."""
    before = m.guard
    for item in node.items:
        context = m.eval(item.context_expr)
        entered = _enter(m, context, item.context_expr)
        if item.optional_vars is not None:
            assign(m, item.optional_vars, entered, node)
        m.guard = m.guard | expected.by_context(item.context_expr)
    try:
        return m.run(node.body)
    finally:
        m.guard = before


def _enter(m: Interpreter, context: Value, node: ast.AST) -> Value:
    if type(context) is Context:
        if context.guard is not None:
            m.guard = m.guard | {context.guard}
        return context.enters
    if type(context) is Instance:
        method = m.attribute(context, "__enter__", node)
        return context if isinstance(method, Unknown) else m.call(method, CallArgs(), node)
    return context


def try_(m: Interpreter, node: ast.Try) -> int:
    """``try``: what the body does stands; a handler is an arm that may run instead, from some point within."""
    flow = _attempt(m, node)
    if node.finalbody:
        last = m.run(node.finalbody)
        return last or flow
    return flow


def _attempt(m: Interpreter, node: ast.Try) -> int:
    if not node.handlers:
        return m.run(node.body) or m.run(node.orelse)
    importing = all(isinstance(part, (ast.Import, ast.ImportFrom)) for part in node.body)
    if importing:
        # An import that is there is there: the fallback runs on other machines.
        return m.run(node.body) or m.run(node.orelse)
    arms: list[Arm] = [lambda: _tried(m, node) or m.run(node.orelse)]
    arms += [_handler(m, node, handler) for handler in node.handlers]
    return fork(m, arms)


def _tried(m: Interpreter, node: ast.Try) -> int:
    before = m.guard
    m.guard = before | expected.by_handlers(node)
    try:
        return m.run(node.body)
    finally:
        m.guard = before


def _handler(m: Interpreter, node: ast.Try, handler: ast.ExceptHandler) -> Arm:
    def run() -> int:
        # What the body may have bound before it raised is not known here.
        m.heap.touch(m.scope)
        for name in _bound(node.body):
            if name in m.scope.names:
                m.scope.names[name] = Unknown()
        if handler.name:
            m.scope.names[handler.name] = Unknown()
        before, returns = m.guard, m.activation.returns
        m.guard, m.activation.returns = before | {"an exception"}, []
        try:
            flow = m.run(handler.body)
        finally:
            m.guard, found, m.activation.returns = before, m.activation.returns, returns
        if flow == RETURN and found and all(type(value) is Const and value.value is None for value in found):
            return RAISE  # it gives up: who goes on has what the body gives
        returns += found
        return flow

    return run


def _bound(body: list[ast.stmt]) -> set[str]:
    return {
        part.id
        for statement in body
        for part in ast.walk(statement)
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)
    }


def match(m: Interpreter, node: ast.Match) -> int:
    """``match``: the first case that certainly fits, and those before it that may."""
    subject = m.eval(node.subject)
    arms: list[Arm] = []
    for case in node.cases:
        fits = patterns.fits(m, case.pattern, subject)
        if fits is False:
            continue
        if fits and case.guard is not None:
            patterns.bind(m, case.pattern, subject)
            fits = decide(m, case.guard, m.eval(case.guard))
            if fits is False:
                continue
        arms.append(_case(m, case, subject))
        if fits:
            break
    else:
        arms.append(lambda: NEXT)
    return arms[0]() if len(arms) == 1 else fork(m, arms)


def _case(m: Interpreter, case: Any, subject: Value) -> Arm:
    def run() -> int:
        patterns.bind(m, case.pattern, subject)
        return m.run(case.body)

    return run
