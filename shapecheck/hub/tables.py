"""Reading one row of a table under ``rules/hub`` without parsing the others.

A table is a CSV file whose cells hold no line end, with the key in the first column; rows of one key stand together.
The file is read once as bytes, and a row is found by searching for a line that begins with its key.
"""

from __future__ import annotations

import csv
from functools import cache

from shapecheck.resources import rules_dir

Row = dict[str, str]


@cache
def _content(table: str) -> bytes:
    return (rules_dir() / "hub" / f"{table}.csv").read_bytes()


@cache
def _header(table: str) -> list[str]:
    content = _content(table)
    return content[: content.index(b"\n")].decode().split(",")


def _parsed(table: str, lines: list[bytes]) -> list[Row]:
    header = _header(table)
    return [dict(zip(header, cells, strict=True)) for cells in csv.reader(line.decode() for line in lines)]


@cache
def rows(table: str, key: str) -> list[Row]:
    """The rows whose first cell is ``key``, in the table's order; none if there is no such row."""
    content, prefix = _content(table), b"\n" + key.encode() + b","
    start = content.find(prefix)
    if start < 0:
        return []
    end = start
    while content.startswith(prefix, end):
        end = content.index(b"\n", end + 1)
    return _parsed(table, content[start + 1 : end].split(b"\n"))


def every(table: str) -> list[Row]:
    """All rows of a table, in its order."""
    return _parsed(table, _content(table).splitlines()[1:])


def row(table: str, key: str) -> Row | None:
    """The first row whose first cell is ``key``."""
    found = rows(table, key)
    return found[0] if found else None


@cache
def row_where(table: str, column: str, value: str) -> Row | None:
    """The first row that has ``value`` among the ``;``-separated words of another column."""
    content, wanted = _content(table), value.encode()
    at = content.find(wanted)
    while at >= 0:
        start, end = content.rfind(b"\n", 0, at) + 1, content.index(b"\n", at)
        if content[at - 1 : at] in (b",", b";") and content[at + len(wanted) : at + len(wanted) + 1] in (b",", b";"):
            found = _parsed(table, [content[start:end]])[0]
            if value in found[column].split(";"):
                return found
        at = content.find(wanted, at + 1)
    return None


def pairs(text: str, separator: str = ";") -> dict[str, str]:
    """``a=1;b=2`` as a dict."""
    return dict(part.split("=", 1) for part in text.split(separator) if part)
