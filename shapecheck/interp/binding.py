"""From the arguments of a call to the names of a function's parameters."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from shapecheck.interp.values import CallArgs, Function, Items, Mapping, Unknown, Value

if TYPE_CHECKING:
    from shapecheck.interp.machine import Interpreter


def parameters_of(function: Function) -> list[ast.arg]:
    """The parameters that can be given by position, and those by keyword alone; without ``*`` and ``**``."""
    spec = function.node.args
    return [*spec.posonlyargs, *spec.args, *spec.kwonlyargs]


def bind(m: Interpreter, function: Function, args: CallArgs) -> dict[str, Value] | None:
    """The value of each parameter; None where Python would raise.

    What an unknown ``*`` or ``**`` may give is unknown.
    """
    spec = function.node.args
    given = args.positional if function.receiver is None else [function.receiver, *args.positional]
    order = [arg.arg for arg in (*spec.posonlyargs, *spec.args)]
    out: dict[str, Value] = dict(zip(order, given, strict=False))
    extra = given[len(order) :]
    if extra and spec.vararg is None:
        return None
    keywords = {arg.arg for arg in (*spec.args, *spec.kwonlyargs)}
    others: dict[str, Value] = {}
    for name, value in args.keywords.items():
        if name in keywords and name not in out:
            out[name] = value
        elif spec.kwarg is not None:
            others[name] = value
        else:
            return None
    for name in (*order, *(arg.arg for arg in spec.kwonlyargs)):
        if name in out:
            continue
        if not args.exact:
            out[name] = Unknown()
        elif name in function.defaults:
            out[name] = function.defaults[name]
        elif name in args.perhaps:
            out[name] = args.perhaps[name]
        else:
            return None
    if spec.vararg is not None:
        out[spec.vararg.arg] = Items("tuple", list(extra) if args.exact else None, born=m.heap.clock)
    if spec.kwarg is not None:
        out[spec.kwarg.arg] = Mapping(others, args.exact, born=m.heap.clock)
    return out
