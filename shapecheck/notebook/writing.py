"""New source text in the JSON of a notebook: the strings of changed lines are replaced, every other byte stays."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import accumulate

from shapecheck.edits import equal_start, lines_of
from shapecheck.notebook.document import Cell, Document

_UNIT = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|[^\\]", re.DOTALL)
"""What stands for one character in a JSON string."""

_ESCAPED = re.compile(r"\\u(?!00[0-7])[0-9a-fA-F]{4}")

Change = tuple[int, int, str]
"""Start and end in the JSON text, and what to put there."""


def rewritten(document: Document, sources: Mapping[int, str]) -> bytes:
    """The notebook's bytes with other text in some cells, by their numbers."""
    ascii_only = document.text.isascii() and _ESCAPED.search(document.text) is not None
    out: list[str] = []
    done = 0
    for cell in document.cells:
        if sources.get(cell.number, cell.source) == cell.source:
            continue
        for start, end, text in _changes(document.text, cell, sources[cell.number], ascii_only):
            out += [document.text[done:start], text]
            done = end
    text = "".join([*out, document.text[done:]])
    return (codecs.BOM_UTF8 if document.bom else b"") + text.encode()


def _changes(text: str, cell: Cell, source: str, ascii_only: bool) -> Iterator[Change]:
    """What to change in the JSON text for a cell's new source, in order."""
    if not cell.listed:
        (part,) = cell.parts
        yield part.start, part.end, _spliced(text[part.start : part.end], part.text, source, ascii_only)
        return
    old = [part.text for part in cell.parts]
    new = lines_of(source) if lines_of(cell.source) == old else _divided(old, source)
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        same = min(b - a, d - c)
        for part, line in zip(cell.parts[a : a + same], new[c:d], strict=False):
            yield part.start, part.end, _spliced(text[part.start : part.end], part.text, line, ascii_only)
        if d - c > same:
            yield _added(text, cell, a + same, [_literal(line, ascii_only) for line in new[c + same : d]])
        elif b - a > same:
            yield _removed(cell, a + same, b)


def _divided(old: Sequence[str], source: str) -> list[str]:
    """A source in strings that are the old ones as far as both are equal, from the start and from the end."""
    head, tail = list[str](), list[str]()
    for part in old:
        if not source.startswith(part):
            break
        head.append(part)
        source = source[len(part) :]
    for part in reversed(old[len(head) :]):
        if not source.endswith(part):
            break
        tail.insert(0, part)
        source = source[: len(source) - len(part)]
    return [*head, *lines_of(source), *tail]


def _added(text: str, cell: Cell, at: int, literals: Sequence[str]) -> Change:
    """Further strings before the one with the number ``at``, set apart as those that are there."""
    parts = cell.parts
    if not parts:
        return cell.start, cell.end, f"[{', '.join(literals)}]"
    between = text[parts[0].end : parts[1].start] if len(parts) > 1 else _comma(text, cell)
    if at < len(parts):
        return parts[at].start, parts[at].start, "".join(literal + between for literal in literals)
    return parts[-1].end, parts[-1].end, "".join(between + literal for literal in literals)


def _comma(text: str, cell: Cell) -> str:
    """What would stand between two strings of a source that has one: as behind its ``[``, or as behind its ``:``."""
    return "," + (text[cell.start + 1 : cell.parts[0].start] or (" " if text[cell.start - 1] == " " else ""))


def _removed(cell: Cell, first: int, end: int) -> Change:
    """The strings from one to another taken out, with the commas that they leave over."""
    parts = cell.parts
    if end < len(parts):
        return parts[first].start, parts[end].start, ""
    return (parts[first - 1].end if first else parts[0].start), parts[-1].end, ""


def _spliced(literal: str, old: str, new: str, ascii_only: bool) -> str:
    """A JSON string with another text: what stays of the old one stays as it was spelled."""
    units = _UNIT.findall(literal[1:-1])
    if len(units) != len(old):
        return _literal(new, ascii_only)
    before, after = lines_of(old), lines_of(new)
    starts = [0, *accumulate(map(len, before))]
    out: list[str] = []
    for tag, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        kept = units[starts[a] : starts[b]]
        out.append(
            "".join(kept) if tag == "equal" else _middle(kept, "".join(before[a:b]), "".join(after[c:d]), ascii_only)
        )
    return f'"{"".join(out)}"'


def _middle(units: Sequence[str], old: str, new: str, ascii_only: bool) -> str:
    """A stretch of a JSON string with another text between the longest equal start and end."""
    head = equal_start(old, new)
    tail = equal_start(old[head:][::-1], new[head:][::-1])
    middle = _literal(new[head : len(new) - tail], ascii_only)[1:-1]
    return "".join([*units[:head], middle, *units[len(units) - tail :]])


def _literal(text: str, ascii_only: bool) -> str:
    return json.dumps(text, ensure_ascii=ascii_only)
