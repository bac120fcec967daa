"""The patterns of ``match``: whether one fits a value, and the names that it binds."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from shapecheck.interp.operators import binary, truth_of
from shapecheck.interp.targets import store
from shapecheck.interp.values import Const, Items, Mapping, Unknown, Value

if TYPE_CHECKING:
    from shapecheck.interp.machine import Interpreter


def fits(m: Interpreter, pattern: ast.pattern, value: Value) -> bool | None:
    """Whether a pattern fits, None where it cannot be told."""
    match pattern:
        case ast.MatchValue(value=node):
            return truth_of(binary(m, "eq", value, m.eval(node), node))
        case ast.MatchSingleton(value=constant):
            if isinstance(value, Unknown):
                return None
            return type(value) is Const and value.value is constant
        case ast.MatchAs(pattern=inner):
            return True if inner is None else fits(m, inner, value)
        case ast.MatchOr(patterns=parts):
            verdicts = [fits(m, part, value) for part in parts]
            return True if True in verdicts else None if None in verdicts else False
        case ast.MatchSequence(patterns=parts):
            return _sequence(m, parts, value)
        case ast.MatchMapping(keys=keys):
            if type(value) is not Mapping:
                return None
            wanted = [key.value for key in keys if isinstance(key, ast.Constant)]
            return None if all(key in value.items for key in wanted) or not value.complete else False
    return None


def _sequence(m: Interpreter, parts: list[ast.pattern], value: Value) -> bool | None:
    if isinstance(value, Const):
        return False
    if not isinstance(value, Items) or value.items is None or any(isinstance(part, ast.MatchStar) for part in parts):
        return None
    if len(parts) != len(value.items):
        return False
    verdicts = [fits(m, part, item) for part, item in zip(parts, value.items, strict=True)]
    return False if False in verdicts else None if None in verdicts else True


def bind(m: Interpreter, pattern: ast.pattern, value: Value) -> None:
    """Bind the names of a pattern to the parts of a value that it fits."""
    match pattern:
        case ast.MatchAs(pattern=inner, name=name):
            if inner is not None:
                bind(m, inner, value)
            if name is not None:
                store(m, name, value)
        case ast.MatchStar(name=name):
            if name is not None:
                store(m, name, Items("list", None))
        case ast.MatchOr(patterns=parts):
            for part in parts:
                bind(m, part, value if len(parts) == 1 else Unknown())
        case ast.MatchSequence(patterns=parts):
            known = value.items if isinstance(value, Items) else None
            exact = known is not None and len(known) == len(parts)
            for number, part in enumerate(parts):
                bind(m, part, known[number] if known is not None and exact else Unknown())
        case ast.MatchMapping(keys=keys, patterns=parts, rest=rest):
            for key, part in zip(keys, parts, strict=True):
                bind(m, part, m.item(value, m.eval(key), key))
            if rest is not None:
                store(m, rest, Unknown())
        case ast.MatchClass(patterns=parts, kwd_attrs=names, kwd_patterns=named):
            for part in parts:
                bind(m, part, Unknown())
            for name, part in zip(names, named, strict=True):
                bind(m, part, m.attribute(value, name, part))
