"""Texts and other constants: their items, loops and methods, where the outcome follows from what is known."""

from __future__ import annotations

import ast
import re
from typing import Any

from shapecheck.dims import UNKNOWN
from shapecheck.interp.operators import constant_key
from shapecheck.interp.results import plain
from shapecheck.interp.values import CallArgs, Const, Int, Items, Iteration, Machine, Slice, Text, Unknown, Value

_PURE = frozenset(
    "capitalize casefold center count endswith expandtabs find index isalnum isalpha isascii isdecimal isdigit "
    "isidentifier "
    "islower isnumeric isspace istitle isupper ljust lower lstrip partition removeprefix removesuffix replace "
    "rfind rindex "
    "rjust rpartition rsplit rstrip split splitlines startswith strip swapcase title upper zfill encode decode hex "
    "is_integer".split()
)
_TEXTS = frozenset(
    "capitalize casefold center expandtabs ljust lower lstrip removeprefix removesuffix replace rjust rstrip "
    "strip swapcase "
    "title upper zfill format join encode decode".split()
)
_LISTS = frozenset(("split", "rsplit", "splitlines"))
_NUMBERS = frozenset(("count", "find", "index", "rfind", "rindex"))
_LONGEST = 20_000
_WIDE = re.compile(r"\d{4}")
"""Field widths that would make a text of unreasonable length."""


def item(value: Const, key: Value) -> Value:
    """``text[key]``."""
    index: Any = _bounds(key) if type(key) is Slice else (constant_key(key) or (None,))[0]
    if isinstance(value.value, (str, bytes)) and isinstance(index, (int, slice)):
        try:
            return plain(value.value[index])
        except (IndexError, ValueError):
            pass
    return Unknown()


def _bounds(key: Slice) -> slice | None:
    parts = [constant_key(part) for part in (key.start, key.stop, key.step)]
    return None if None in parts else slice(*(part[0] for part in parts if part))


def of_unknown(name: str) -> Value:
    """What a method of a text gives whose characters are not known."""
    if name in _TEXTS:
        return Text()
    return Items("list", None, Text()) if name in _LISTS else Int(UNKNOWN) if name in _NUMBERS else Unknown()


def iterate(value: Const) -> Iteration:
    """A loop over a text: its characters."""
    if isinstance(value.value, str):
        return Iteration([Const(char) for char in value.value] if len(value.value) <= 512 else None, Unknown())
    return Iteration(None, Unknown())


def method(value: Const, name: str, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    """``text.name(...)``: computed where all is known."""
    raw = value.value
    if isinstance(raw, str) and name == "join":
        return _joined(raw, args, machine, node)
    if isinstance(raw, str) and name == "format":
        return _formatted(raw, args)
    if name not in _PURE or not isinstance(raw, (str, bytes, float)):
        return Unknown()
    given = [constant_key(argument) for argument in args.positional]
    named = {key: constant_key(argument) for key, argument in args.keywords.items()}
    if args.exact and None not in given and None not in named.values() and len(str(raw)) <= _LONGEST:
        if name in ("center", "ljust", "rjust", "zfill", "expandtabs") and any(
            part and part[0] and part[0] > 999 for part in given[:1]
        ):
            return Unknown()
        try:
            return _kept(
                getattr(raw, name)(*(part[0] for part in given if part), **{k: v[0] for k, v in named.items() if v})
            )
        except Exception:
            return Unknown()
    return of_unknown(name) if isinstance(raw, str) else Unknown()


def _kept(made: Any) -> Value:
    return Text() if isinstance(made, (str, bytes)) and len(made) > 100_000 else plain(made)


def _joined(raw: str, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    found = machine.iterate(args.positional[0], node).items if args.positional else None
    texts = [part.value if type(part) is Const else None for part in found or ()]
    if (
        found is None
        or not all(isinstance(text, str) for text in texts)
        or sum(len(text or "") for text in texts) > _LONGEST
    ):
        return Text()
    return Const(raw.join(str(text) for text in texts))


def _formatted(raw: str, args: CallArgs) -> Value:
    given = [constant_key(argument) for argument in args.positional]
    named = {key: constant_key(argument) for key, argument in args.keywords.items()}
    if not args.exact or None in given or None in named.values() or _WIDE.search(raw):
        return Text()
    try:
        return _kept(raw.format(*(part[0] for part in given if part), **{k: v[0] for k, v in named.items() if v}))
    except Exception:
        return Text()
