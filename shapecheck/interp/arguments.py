"""The arguments of a call, with ``*`` and ``**`` taken apart."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from shapecheck.interp import operators
from shapecheck.interp.values import Bound, CallArgs, Items, Lacking, Mapping, Unknown, Value

if TYPE_CHECKING:
    from shapecheck.interp.machine import Interpreter


NOWHERE = ast.Constant(None)
"""Stands for the place of what the text does not show."""


def arguments(m: Interpreter, node: ast.Call) -> CallArgs:
    """The arguments of a call, ``*`` and ``**`` taken apart where their content is known."""
    args = CallArgs()
    for place in node.args:
        if type(place) is ast.Starred:
            _spread(m, args, place.value)
        else:
            args.positional.append(m.eval(place))
            args.nodes.append(place)
    for keyword in node.keywords:
        value = m.eval(keyword.value)
        if keyword.arg is not None:
            args.keywords[keyword.arg] = value
            args.keyword_nodes[keyword.arg] = keyword.value
        else:
            spread_keywords(m, args, value, keyword.value)
    return args


def _spread(m: Interpreter, args: CallArgs, place: ast.expr) -> None:
    found = m.iterate(m.eval(place), place)
    items = found.items
    if items is None:
        args.exact, args.spread = False, found
        return
    args.positional.extend(items)
    args.nodes.extend([place] * len(items))


def spread_keywords(m: Interpreter, args: CallArgs, value: Value, place: ast.AST | None) -> None:
    """Add ``**value`` to the arguments of a call: what it answers to ``items()``."""
    mapping = value if type(value) is Mapping else as_mapping(m, value, place)
    args.perhaps.update(getattr(value, "perhaps", {}))
    if mapping is None:
        args.exact = False
        return
    lacking = mapping.complete.keys if isinstance(mapping.complete, Lacking) else frozenset()
    for key, item in mapping.items.items():
        if isinstance(key, str):
            # A key that may be missing: whether the parameter gets this value or its default is not known.
            args.keywords[key] = Unknown() if key in lacking else item
            args.keyword_nodes[key] = place
    args.exact = args.exact and mapping.complete is not False


def as_mapping(m: Interpreter, value: Value, place: ast.AST | None) -> Mapping | None:
    """A dict-like value of a library (an encoding, a model output) as a dict of its known items."""
    node = place or NOWHERE
    pairs = (
        m.iterate(m.call(Bound(value, "items"), CallArgs(), node), node).items if type(value) is not Unknown else None
    )
    out = Mapping()
    for pair in pairs or ():
        if not isinstance(pair, Items) or pair.items is None or len(pair.items) != 2:
            return None
        key = operators.constant_key(pair.items[0])
        if key is None:
            return None
        out.items[key[0]] = pair.items[1]
    return None if pairs is None else out
