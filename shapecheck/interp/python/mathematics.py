"""The module ``math``, and what numpy answers to plain numbers."""

from __future__ import annotations

import ast
import math
from typing import TYPE_CHECKING, Any

from shapecheck.dims import UNKNOWN, Dim
from shapecheck.interp.operators import constant_key
from shapecheck.interp.python.objects import Handler
from shapecheck.interp.results import plain
from shapecheck.interp.values import CallArgs, Const, Int, Items, Number, Unknown, Value

if TYPE_CHECKING:
    from shapecheck.interp.machine import Interpreter

CONSTANTS: dict[str, Value] = {
    f"{module}.{name}": Const(getattr(math, name)) for module in ("math", "numpy") for name in ("pi", "e", "inf", "nan")
}


def _pure(name: str) -> Handler:
    function: Any = getattr(math, name)
    whole = name in ("floor", "ceil", "trunc", "gcd", "lcm", "isqrt", "comb")

    def call(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
        given = [constant_key(value) for value in args.positional]
        if None in given or any(isinstance(part[0], int) and part[0].bit_length() > 64 for part in given if part):
            return _symbolic(name, args) if whole else Number()
        try:
            return plain(function(*(part[0] for part in given if part)))
        except (ValueError, TypeError, OverflowError, ZeroDivisionError):
            return Number()

    return call


def _symbolic(name: str, args: CallArgs) -> Value:
    value = args.positional[0]
    if type(value) is Int and name in ("floor", "ceil", "trunc"):
        return value
    return Int(value.floor) if type(value) is Number and name in ("floor", "trunc") else Int(UNKNOWN)


def _prod(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    found = m.iterate(args.positional[0], node).items if args.positional else None
    if found is None:
        return Int(UNKNOWN) if args.positional and isinstance(args.positional[0], Items) else Unknown()
    total: Dim | None = None
    for value in found:
        if type(value) is not Int:
            return Number()
        total = value.dim if total is None else total * value.dim
    return Int(total if total is not None else Dim(1))


HANDLERS: dict[str, Handler] = {
    f"math.{name}": _pure(name)
    for name in dir(math)
    if callable(getattr(math, name))
    and not name.startswith("_")
    and name not in ("factorial", "perm", "fsum", "prod", "dist")
}
HANDLERS["math.prod"] = HANDLERS["numpy.prod"] = _prod
