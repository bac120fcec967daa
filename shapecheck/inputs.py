"""What a model's ``forward`` is given, as users write it: ``int64[batch,16]``, or a plain value. Pure."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import Any

from shapecheck.errors import UsageError

DTYPES = "float32 float64 float16 bfloat16 int64 int32 int16 int8 uint8 bool complex64 complex128".split()
_TENSOR = re.compile(r"(\w+)\[([^\[\]]*)\]")
_SIZE = re.compile(r"\d+|[A-Za-z_]\w*")


@dataclass(frozen=True, slots=True)
class Input:
    """One input of ``forward``: a tensor of a dtype and of sizes (numbers, or names of chosen ones), or a value."""

    dtype: str = ""
    axes: tuple[int | str, ...] = ()
    value: Any = None


def parse(text: str) -> Input:
    """An input from its words; UsageError for a dtype or a size that there is not.

    >>> parse("int64[batch,16]")
    Input(dtype='int64', axes=('batch', 16), value=None)
    >>> parse("False")
    Input(dtype='', axes=(), value=False)
    """
    found = _TENSOR.fullmatch(text.strip())
    if found is None:
        return Input(value=literal(text))
    if found[1] not in DTYPES:
        raise UsageError(f"{found[1]} is no dtype; one of {', '.join(DTYPES)}")
    axes = [word.strip() for word in found[2].split(",") if word.strip()]
    wrong = next((axis for axis in axes if not _SIZE.fullmatch(axis)), None)
    if wrong is not None:
        raise UsageError(f"{wrong} is no size; a number, or a name such as batch or seq")
    return Input(found[1], tuple(int(axis) if axis.isdigit() else axis for axis in axes))


def literal(text: str) -> Any:
    """A Python literal, ``true`` and ``false`` among them; other words are text."""
    words = {"true": True, "false": False, "none": None}
    if text.lower() in words:
        return words[text.lower()]
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text
