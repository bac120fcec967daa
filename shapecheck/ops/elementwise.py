"""Operators that work element by element, broadcasting their operands."""

from __future__ import annotations

from shapecheck.ops.call import Call
from shapecheck.ops.values import UNKNOWN, Result, Spec, Unclear, is_tensor
from shapecheck.shapes import Conflict, Shape, broadcast

_SCALAR_PARAMETERS = frozenset(("dtype", "out", "alpha", "rounding_mode", "generator", "inplace"))


def same(call: Call) -> Spec:
    """The shape of the input."""
    return call.out(call.shape(call.entry.operands[0]))


def unchanged(call: Call) -> Result:
    """The input itself, or nothing known of it."""
    return Result(call.args[call.entry.operands[0]])


def broadcasted(call: Call) -> Spec:
    """All operands broadcast against each other; numbers count as tensors without axes."""
    names = [
        key
        for key, value in call.args.items()
        if key not in _SCALAR_PARAMETERS and (is_tensor(value) or value is UNKNOWN)
    ]
    if not names:
        return call.out(Shape(()))
    return call.out(joined(call, names))


def joined(call: Call, names: list[str]) -> Shape:
    """The shape that the named operands broadcast to; Clash with the two names that disagree."""
    out, first = call.shape(names[0]), names[0]
    for name in names[1:]:
        found = broadcast(out, call.shape(name))
        if isinstance(found, Conflict):
            raise call.clash(
                found.kind,
                found.message,
                left=found.left,
                right=found.right,
                left_name=first,
                right_name=name,
                axis=found.axis,
            )
        out = found
    return out


def where(call: Call) -> Spec:
    """``where(condition, input, other)``; with a condition alone it gives as many rows as are true."""
    if call["input"] is None:
        raise Unclear("the number of true elements is not known")
    return call.out(
        joined(call, [key for key in ("condition", "input", "other") if is_tensor(call[key]) or call[key] is UNKNOWN])
    )


def into_input(call: Call) -> Spec:
    """Operands are broadcast to the input's shape (``masked_fill``, in-place forms)."""
    joined(call, [key for key, value in call.args.items() if is_tensor(value)])
    return call.out(call.shape())
