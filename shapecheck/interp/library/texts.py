"""The texts that a tokenizer is given: how many, and how long at least."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass

from shapecheck.dims import Dim
from shapecheck.interp.library.encodings import Words
from shapecheck.interp.values import Const, Items, Machine, Mapping, Text, Unknown, Value
from shapecheck.places import Origin


@dataclass(slots=True)
class Texts:
    """What is known of the texts of a call.

    Attributes:
        batch: their number, None for one text by itself.
        least: how many tokens the longest of them has at least (one per word).
        known: whether it is known that there is one text, or a list of them.
    """

    batch: Dim | None
    least: int
    known: bool = True


def texts_of(value: Value | None, pair: Value | None, split: bool, machine: Machine, node: ast.AST) -> Texts:
    """What a call's ``text`` and ``text_pair`` are: one text or several, and how long at least."""
    if value is None or isinstance(value, Unknown):
        return Texts(None, 1, False)
    more = _words(pair, split) if pair is not None else [0]
    if _is_one(value, split):
        return Texts(None, max(1, sum((_words(value, split) or [0])[:1]) + sum(more[:1])))
    count = value.length()
    if not count.known:
        count = machine.fresh("batch", node, "the number of texts")
    elif isinstance(count.expr, int) and count.origin is None:
        count = count.at(Origin("the number of texts", machine.span(node)))
    words = _words(value, split)
    totals = [a + b for a, b in zip(words, more if len(more) == len(words) else [0] * len(words), strict=True)]
    return Texts(count, max([1, *totals]))


def strings(value: Value | None) -> tuple[tuple[str, ...], bool]:
    """The strings in a text, a list of texts or a dict of them, and whether these are all that it holds."""
    if value is None:
        return (), True
    if isinstance(value, Const):
        return ((value.value,), True) if isinstance(value.value, str) else ((), True)
    parts: Iterable[Value] | None = None
    if isinstance(value, Items):
        parts = value.items
    elif isinstance(value, Mapping) and value.complete is True:
        parts = value.items.values()
    if parts is None:
        return (), False
    found = [strings(part) for part in parts]
    return tuple(text for texts, _ in found for text in texts), all(whole for _, whole in found)


def _is_one(value: Value, split: bool) -> bool:
    """Whether a value is one text: a string, or with ``is_split_into_words`` a list of words."""
    if isinstance(value, (Const, Text)):
        return isinstance(value, Text) or isinstance(value.value, str)
    if not split:
        return False
    if isinstance(value, Words):
        return True
    if isinstance(value, Items):
        first = value.items[0] if value.items else value.element
        return isinstance(first, (Const, Text))
    return False


def _words(value: Value, split: bool) -> list[int]:
    """How many words each text has, 0 where not known."""
    if isinstance(value, Const):
        return [len(value.value.split())] if isinstance(value.value, str) else [0]
    if isinstance(value, (Words, Text)):
        return [0]
    if not isinstance(value, Items) or value.items is None:
        return []
    if _is_one(value, split):
        return [len(value.items)]
    return [sum(_words(item, split)[:1]) for item in value.items]
