"""Parameter lists as in torch's documentation, and binding arguments to them."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shapecheck.shapes import Shape

_REQUIRED = object()
_WORDS: dict[str, Any] = {"None": None, "True": True, "False": False}
_SYNONYMS = {"axis": "dim", "keepdims": "keepdim", "self": "input", "x": "input", "a": "input"}
"""Keywords that torch takes for numpy's sake, and those of the methods' own documentation."""


@dataclass(frozen=True, slots=True)
class Signature:
    """A parsed parameter list.

    Attributes:
        names: the parameters in order, without the collecting ones.
        positional: how many of ``names`` may be given by position.
        blank: every parameter with its default, or a marker where it has none.
        star: the parameter that collects further positional arguments (``size`` of ``*size``), or "".
        stars: the parameter that collects further keywords, or "".
    """

    names: tuple[str, ...]
    positional: int
    blank: Mapping[str, Any]
    star: str = ""
    stars: str = ""

    def bind(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any] | None:
        """Arguments by parameter name with the defaults filled in; None if they do not fit the signature."""
        bound = dict(self.blank)
        for key, value in kwargs.items():
            name = key if key in bound or self.stars else _SYNONYMS.get(key, key)
            if name not in bound:
                if not self.stars:
                    return None
                bound[self.stars] = {**bound[self.stars], key: value}
            else:
                bound[name] = value
        if len(args) > self.positional:
            if not self.star:
                return None
            rest = args[self.positional :]
            bound[self.star] = rest[0] if len(rest) == 1 and isinstance(rest[0], (tuple, list, Shape)) else tuple(rest)
        for name, value in zip(self.names[: self.positional], args, strict=False):
            if name in kwargs:
                return None
            bound[name] = value
        return None if any(value is _REQUIRED for value in bound.values()) else bound


def parse(text: str) -> Signature:
    """Parse ``input, dim=None, *, dtype=None``; ``*size`` and ``**axes`` collect.

    >>> parse("input, *size").bind(("x", 2, 3), {})
    {'input': 'x', 'size': (2, 3)}
    """
    names: list[str] = []
    blank: dict[str, Any] = {}
    positional, star, stars = -1, "", ""
    for part in _split(text):
        name, has_default, default = part.partition("=")
        if name.startswith("**"):
            stars = name[2:]
            blank[stars] = {}
        elif name.startswith("*"):
            positional, star = len(names), name[1:]
            if star:
                blank[star] = ()
        else:
            names.append(name)
            blank[name] = _literal(default) if has_default else _REQUIRED
    return Signature(tuple(names), len(names) if positional < 0 else positional, blank, star, stars)


def _literal(text: str) -> Any:
    return _WORDS[text] if text in _WORDS else ast.literal_eval(text)


def _split(text: str) -> list[str]:
    parts = [part.strip() for part in text.split(",")] if text.strip() else []
    if "(" not in text:
        return parts
    joined: list[str] = []
    for part in parts:
        if joined and joined[-1].count("(") > joined[-1].count(")"):
            joined[-1] += f", {part}"
        else:
            joined.append(part)
    return joined
