"""The JSON of a notebook with the place of each source text in it, so that a line can change and nothing else does."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from json.decoder import JSONDecodeError, JSONDecoder, scanstring  # type: ignore[attr-defined]
from typing import Any

from shapecheck.errors import UnreadableSource

_BLANK = re.compile(r"[ \t\r\n]*")
_FORMAT_3 = "a notebook of format 3, which is not read: jupyter nbconvert --to notebook --inplace brings it to format 4"


@dataclass(frozen=True, slots=True)
class Literal:
    """One string of the JSON text: where it stands, quotes included, and what it says."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell.

    Attributes:
        number: its place among all cells, from 1.
        kind: ``code``, ``markdown``, ``raw``.
        parts: the strings that its source is made of.
        listed: whether they are a list (usually one string a line), or the source is one string.
        start, end: where the source stands in the JSON text.
        metadata: as it is in the JSON.
        count: when it was executed, None if it was not.
    """

    number: int
    kind: str
    parts: tuple[Literal, ...]
    listed: bool
    start: int
    end: int
    metadata: dict[str, Any]
    count: int | None

    @property
    def source(self) -> str:
        """The text of the cell."""
        return "".join(part.text for part in self.parts)


@dataclass(frozen=True, slots=True)
class Document:
    """A notebook. ``text`` is its JSON; ``bom`` tells whether a byte order mark stood before it."""

    text: str
    bom: bool
    cells: tuple[Cell, ...]
    metadata: dict[str, Any]


def load(data: bytes) -> Document:
    """Read a notebook.

    Raises:
        UnreadableSource: the bytes are no UTF-8, no JSON, or no notebook of format 4; with line and column in the JSON.
    """
    bom = data.startswith(codecs.BOM_UTF8)
    try:
        text = data[len(codecs.BOM_UTF8) if bom else 0 :].decode()
    except UnicodeDecodeError as why:
        line = data.count(b"\n", 0, why.start) + 1
        raise UnreadableSource(f"not a notebook: byte 0x{data[why.start]:02x} is not UTF-8", line) from why
    reader = _Reader(text)
    try:
        return _document(reader, bom)
    except JSONDecodeError as why:
        wrong = why.msg[:1].lower() + why.msg[1:]
        raise UnreadableSource(f"not a notebook: broken JSON: {wrong}", why.lineno, why.colno) from why
    except RecursionError as why:
        raise UnreadableSource("not a notebook: its JSON is nested too deeply") from why


class _Reader:
    """A walk through JSON text. What is not asked for is skipped by the standard library's own decoder."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self._decode = JSONDecoder().raw_decode

    def peek(self) -> str:
        """The next character that is no white space; "" at the end."""
        blank = _BLANK.match(self.text, self.at)
        self.at = blank.end() if blank else self.at
        return self.text[self.at : self.at + 1]

    def take(self, wanted: str) -> None:
        """Step over one character."""
        if self.peek() != wanted:
            raise JSONDecodeError(f"'{wanted}' expected", self.text, self.at)
        self.at += 1

    def value(self) -> Any:
        """The next value, whatever it is."""
        self.peek()
        value, self.at = self._decode(self.text, self.at)
        return value

    def string(self) -> Literal:
        """The next value, a string."""
        start = self.at
        self.take('"')
        text, self.at = scanstring(self.text, self.at, True)
        return Literal(start, self.at, text)

    def members(self) -> Iterator[str]:
        """The keys of an object; whoever takes one takes its value before asking for the next."""
        for _ in self._between("{", "}"):
            self.peek()
            key = self.string().text
            self.take(":")
            yield key

    def items(self) -> Iterator[int]:
        """The numbers of an array's items from 1; whoever takes one takes the item before asking for the next."""
        return self._between("[", "]")

    def _between(self, opened: str, closed: str) -> Iterator[int]:
        self.take(opened)
        number = 0
        while self.peek() != closed or number:
            number += 1
            yield number
            if self.peek() == closed:
                break
            self.take(",")
        self.take(closed)

    def expect(self, first: str, what: str) -> None:
        """See to it that the next value begins with a character; an error says ``what`` is wrong if it does not."""
        if self.peek() != first:
            start = self.at
            self.value()  # broken JSON is the greater trouble
            self.at = start
            raise self.refused(what)

    def refused(self, what: str) -> UnreadableSource:
        """The error that this is no notebook, here."""
        line = self.text.count("\n", 0, self.at) + 1
        return UnreadableSource(f"not a notebook: {what}", line, self.at - self.text.rfind("\n", 0, self.at))


def _document(reader: _Reader, bom: bool) -> Document:
    if not reader.peek():
        raise reader.refused("the file is empty")
    reader.expect("{", "its JSON is no object")
    cells: tuple[Cell, ...] | None = None
    metadata: Any = {}
    for key in reader.members():
        if key == "cells":
            cells = _cells(reader)
        elif key == "metadata":
            metadata = reader.value()
        elif key == "worksheets":
            raise UnreadableSource(_FORMAT_3)
        else:
            reader.value()
    if reader.peek():
        raise JSONDecodeError("extra data", reader.text, reader.at)
    if cells is None:
        reader.at = 0
        raise reader.refused("it has no cells")
    return Document(reader.text, bom, cells, metadata if isinstance(metadata, dict) else {})


def _cells(reader: _Reader) -> tuple[Cell, ...]:
    reader.expect("[", "its cells are no array")
    return tuple(_cell(reader, number) for number in reader.items())


def _cell(reader: _Reader, number: int) -> Cell:
    reader.expect("{", f"cell {number} is no object")
    start = reader.at
    known: dict[str, Any] = {}
    source: tuple[tuple[Literal, ...], bool, int, int] | None = None
    for key in reader.members():
        if key == "source":
            source = _source(reader, number)
        elif key in ("cell_type", "metadata", "execution_count"):
            known[key] = reader.value()
        else:
            reader.value()
    end, reader.at = reader.at, start
    if not isinstance(known.get("cell_type"), str):
        raise reader.refused(f"cell {number} has no cell_type")
    if source is None:
        raise reader.refused(f"cell {number} has no source")
    reader.at = end
    metadata, count = known.get("metadata"), known.get("execution_count")
    return Cell(
        number,
        known["cell_type"],
        *source,
        metadata if isinstance(metadata, dict) else {},
        count if isinstance(count, int) else None,
    )


def _source(reader: _Reader, number: int) -> tuple[tuple[Literal, ...], bool, int, int]:
    listed = reader.peek() == "["
    start = reader.at
    parts = []
    for _ in reader.items() if listed else (1,):
        reader.expect('"', f"the source of cell {number} is no text")
        parts.append(reader.string())
    return tuple(parts), listed, start, reader.at
