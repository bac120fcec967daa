"""Recording: an operator or a layer that was met becomes a stage of the ShapeGraph, once for each way to it."""

from __future__ import annotations

import ast
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

from shapecheck import ops
from shapecheck.graph import Module, Stage, Tensor
from shapecheck.interp import expected
from shapecheck.interp.results import Wrapped, wrap
from shapecheck.interp.values import CallArgs, TensorValue, Unknown, Value, hand_on
from shapecheck.places import Span
from shapecheck.shapes import Conflict

if TYPE_CHECKING:
    from shapecheck.interp.machine import Interpreter


def apply(m: Interpreter, op: str, args: CallArgs, node: ast.AST) -> Value:
    """Apply an operator of ``shapecheck.ops`` to what a call was given, and record the stage."""
    given = [value.operand() for value in args.positional]
    named = {name: value.operand() for name, value in args.keywords.items()}
    key = _key(m, op, node, None, args.positional, args.keywords)
    known = m.recorded.get(key)
    if known is not None:
        return known
    name = ops.canonical(op) or op
    outcome: ops.Outcome = ops.apply(name, given, named)
    if not args.exact:
        outcome = ops.NotKnown("the arguments are not known")
    bound = ops.bind(name, given, named) or {}
    inputs = bound or {**{str(i): value for i, value in enumerate(given)}, **named}
    value = _stage(m, name, inputs, _spans(m, list(bound), args), outcome, node, None)
    m.remember(m.recorded, key, value)
    return value


def _spans(m: Interpreter, names: list[str], args: CallArgs) -> dict[str, Span]:
    """Where the operands stand, by parameter; what is beyond the parameters counts to the last of them."""
    spans: dict[str, Span] = {}
    for number, place in enumerate(args.nodes):
        if place is not None and names:
            spans.setdefault(names[min(number, len(names) - 1)], m.span(place))
    spans.update((word, m.span(place)) for word, place in args.keyword_nodes.items() if place is not None)
    return spans


def record(
    m: Interpreter,
    op: str,
    inputs: dict[str, Value],
    spans: dict[str, Span],
    outcome: ops.Outcome,
    node: ast.AST,
    module: Module | None,
) -> Value:
    """Record a stage whose outcome is given; the value it gives."""
    key = _key(m, op, node, module, (), inputs)
    known = m.recorded.get(key)
    if known is not None:
        return known
    operands = {name: value.operand() for name, value in inputs.items()}
    value = _stage(m, op, operands, spans, outcome, node, module)
    m.remember(m.recorded, key, value)
    return value


def _key(
    m: Interpreter,
    op: str,
    node: ast.AST,
    module: Module | None,
    positional: list[Value] | tuple[()],
    named: dict[str, Value],
) -> Hashable:
    # Keys may hold identities: what they belong to must live as long as they do.
    m.kept.append((module, positional, named))
    keys: list[Hashable] = [value.key() for value in positional]
    keys += [(name, value.key()) for name, value in named.items()]
    return (op, id(node), m.way, id(module) if module is not None else 0, *keys)


def _stage(
    m: Interpreter,
    op: str,
    inputs: dict[str, Any],
    spans: dict[str, Span],
    outcome: ops.Outcome,
    node: ast.AST,
    module: Module | None,
) -> Value:
    span = m.span(node)
    doubt = m.doubt() if isinstance(outcome, Conflict) else None
    if doubt is not None:
        outcome = ops.NotKnown(doubt)
    if isinstance(outcome, Conflict) and expected.ANY in m.guard:
        outcome = ops.NotKnown("an exception is expected here")
    stage = Stage(op, span, inputs, spans, module=module, context=m.context, guard=guard_of(m))
    if isinstance(outcome, ops.Result):
        wrapped = wrap(outcome.value, span)
        hand_on(op, inputs, wrapped.tensors)
    elif isinstance(outcome, Conflict):
        stage.conflict = outcome
        wrapped = _unknown_tensor(span)
    else:
        stage.not_checked = outcome.reason
        m.not_checked(node, outcome.reason)
        wrapped = _unknown_tensor(span) if op.startswith("torch.") else Wrapped(Unknown(outcome.reason), {})
    stage.outputs = wrapped.tensors
    m.graph.add(stage)
    return wrapped.value


def guard_of(m: Interpreter) -> frozenset[str]:
    """Under which conditions what runs now runs."""
    guard = m.guard | {m.mode} if m.mode else m.guard
    if not m.conditions:
        return guard
    texts = [text if met else f"not ({text})" for home, node, met in m.conditions if (text := home.text(node))]
    return guard.union(texts)


def _unknown_tensor(span: Span) -> Wrapped:
    tensor = Tensor(span=span)
    return Wrapped(TensorValue(tensor), {"out": tensor})
