"""What the text of a file shows without a parse: what it imports, what it may register, whether it concerns tensors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from shapecheck import disk
from shapecheck.errors import UnreadableSource
from shapecheck.source import read

_TENSORS = ("torch", "transformers", "lightning")
_IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+(\.*)([\w.]*)[ \t]+import[ \t]+(\([^)]*\)|[\w, \t]*)|import[ \t]+([\w., \t]+))", re.MULTILINE
)
_MEMBER = re.compile(r"(\w+)(?:[ \t]+as[ \t]+\w+)?")
_CALLED = re.compile(r"^@?[\w.]+[(\[][^\n]*['\"][^\n]*", re.MULTILINE)
_QUOTED = re.compile(r"['\"]([^'\"\n]+)['\"]")
_DECORATED = re.compile(r"^@[\w.]+[^\n]*\n(?:class|def)[ \t]+(\w+)", re.MULTILINE)


class Import(NamedTuple):
    """``from .module import members`` (``level`` counts the dots), or ``import module``."""

    module: str | None
    level: int
    members: tuple[str, ...]


class Outline(NamedTuple):
    """A file seen from afar.

    ``registers`` are names that a line outside of all functions may register: ``@register("name")``,
    ``MODELS["name"] =``, or a decorator above what bears the name.
    """

    tensors: bool
    imports: tuple[Import, ...]
    registers: frozenset[str]


@disk.remembered(8192)
def of(path: str) -> Outline:
    """The outline of a file; of a folder, or of a file that cannot be read, an empty one."""
    text = text_of(path)
    return Outline(mentions_tensors(text), tuple(imports(text)), frozenset(_registers(text)))


def text_of(path: str) -> str:
    """The text of a file; of a folder, or of a file that cannot be read, an empty one."""
    try:
        return read(path).text if path.endswith(".py") else ""
    except UnreadableSource:
        return ""


def mentions_tensors(text: str) -> bool:
    """Whether a text mentions torch or transformers at all."""
    return any(word in text for word in _TENSORS)


def imports(text: str) -> Iterator[Import]:
    """The imports in a text, wherever they stand."""
    for dots, module, members, whole in _IMPORT.findall(text):
        if whole:
            yield from (Import(part.split()[0], 0, ()) for part in whole.split(",") if part.strip())
        else:
            yield Import(module or None, len(dots), tuple(_MEMBER.findall(members)))


def _registers(text: str) -> Iterator[str]:
    for line in _CALLED.findall(text):
        yield from _QUOTED.findall(line)
    yield from _DECORATED.findall(text)
