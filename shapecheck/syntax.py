"""The one place that knows the parsers: ``ast`` reads (positions come for free), ``libcst`` judges newer syntax.

``ast`` counts columns in UTF-8 bytes from 0; everything here that leaves as a :class:`Span` counts characters from 1.
"""

from __future__ import annotations

import ast
import re
import sys
import warnings
from dataclasses import dataclass, field
from typing import NamedTuple

from shapecheck.errors import UnreadableSource
from shapecheck.places import Span
from shapecheck.source import Source


class NewerSyntax(UnreadableSource):
    """The running Python cannot parse a file that is right under a newer one."""


class Places(NamedTuple):
    """What a tree is asked for by place: its functions from the outside in, its names and calls by their first line
    (of calls that begin there, the outermost first)."""

    functions: list[ast.FunctionDef]
    names: dict[int, list[ast.Name]]
    calls: dict[int, list[ast.Call]]


@dataclass(slots=True)
class Parsed:
    """A file and its tree; ``notes`` are the shapes that comments state (``# shape: (batch, seq)``), by line, each as a
    node that stands where the comment does."""

    source: Source
    tree: ast.Module
    ascii: bool
    notes: dict[int, ast.Constant] = field(default_factory=dict)
    _places: Places | None = None

    @property
    def places(self) -> Places:
        """The tree by place, made when first asked for."""
        if self._places is None:
            self._places = Places([], {}, {})
            for node in ast.walk(self.tree):  # which goes from the outside in
                if isinstance(node, ast.FunctionDef):
                    self._places.functions.append(node)
                elif isinstance(node, ast.Name):
                    self._places.names.setdefault(node.lineno, []).append(node)
                elif isinstance(node, ast.Call):
                    self._places.calls.setdefault(node.lineno, []).append(node)
        return self._places

    def span(self, node: ast.AST) -> Span:
        """Where a node stands. (Nodes without a position, such as ``arguments``, stand at the top.)"""
        try:
            line, column, end_line, end_column = node.lineno, node.col_offset, node.end_lineno, node.end_col_offset  # type: ignore[attr-defined]
        except AttributeError:
            return Span(self.source.path, 1)
        if not self.ascii:
            column, end_column = self._characters(line, column), self._characters(end_line, end_column)
        return Span(self.source.path, line, column + 1, end_line, end_column + 1)

    def _characters(self, line: int, column: int) -> int:
        text = self.source.lines[line - 1]
        return column if text.isascii() else len(text.encode()[:column].decode(errors="replace"))

    def text(self, node: ast.AST) -> str:
        """The source text of a node."""
        return text_at(self.source, self.span(node))


def parse(source: Source) -> Parsed:
    """Parse a file.

    Raises:
        NewerSyntax: libcst reads it and the running Python does not.
        UnreadableSource: it is no Python 3, or nested too deeply.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tree = ast.parse(source.text)
        except SyntaxError as why:
            raise judged(source, why.msg, max(why.lineno or 1, 1), max(why.offset or 1, 1)) from why
        except (RecursionError, MemoryError) as why:
            raise UnreadableSource("nested too deeply to be parsed") from why
        except ValueError as why:
            raise UnreadableSource(str(why)) from why
    return parsed(source, tree)


def parsed(source: Source, tree: ast.Module) -> Parsed:
    """A text, or a part of it, whose tree is known."""
    return Parsed(source, tree, source.text.isascii(), _notes(source))


_STATED = r"[(\[]([^()\[\]]*)[)\]]"
_NOTE = re.compile(rf"#\s*shape\s*[:=]?\s*(?:{_STATED}\s*(?:->|=>|→)\s*)*{_STATED}(?!\s*(?:or\b|/|\|))", re.IGNORECASE)


def _notes(source: Source) -> dict[int, ast.Constant]:
    if not _NOTE.search(source.text):
        return {}
    found = ((number, line, _NOTE.search(line)) for number, line in enumerate(source.lines, 1))
    return {number: _note(number, line, note) for number, line, note in found if note is not None}


def _note(number: int, line: str, note: re.Match[str]) -> ast.Constant:
    start, end = (len(line[:at].encode()) for at in note.span())
    return ast.Constant(note[2], lineno=number, end_lineno=number, col_offset=start, end_col_offset=end)


_NEWEST = (3, 14)
"""The Python whose syntax libcst knows; one that runs as this or later is the better judge itself."""


def judged(source: Source, message: str, line: int, column: int) -> UnreadableSource:
    """What is to be said of a text that the running Python does not parse, for a reason and at a place."""
    import libcst

    if sys.version_info >= _NEWEST or "null byte" in message or "nested" in message:
        return UnreadableSource(message, line, column)
    try:
        libcst.parse_module(source.text)
    except (libcst.ParserSyntaxError, RecursionError, ValueError):
        return UnreadableSource(message, line, column)
    except BaseException as other:  # libcst's native parser panics (a BaseException) on some broken texts
        if isinstance(other, (KeyboardInterrupt, SystemExit)):
            raise
        return UnreadableSource(message, line, column)
    return NewerSyntax(
        "syntax that this Python does not know: run shapecheck under the Python of the project", line, column
    )


def text_at(source: Source, span: Span) -> str:
    """The text of a span, line ends as ``\\n``."""
    lines = source.lines[span.line - 1 : span.end_line]
    if not lines:
        return ""
    if span.line == span.end_line:
        return lines[0][span.column - 1 : span.end_column - 1]
    return "\n".join([lines[0][span.column - 1 :], *lines[1:-1], lines[-1][: span.end_column - 1]])


def calls_at(parsed: Parsed, span: Span) -> list[ast.Call]:
    """The calls at a span, outermost first: exactly there, or on its line where columns are not known."""
    there = parsed.places.calls.get(span.line, [])
    return there if not span.exact else [call for call in there if parsed.span(call) == span]


def argument_spans(parsed: Parsed, call: ast.Call, names: tuple[str, ...] = ()) -> dict[str, Span]:
    """The span of each argument of a call: keywords by name, positional ones by ``names`` (else by number)."""
    spans: dict[str, Span] = {}
    for number, node in enumerate(call.args):
        if isinstance(node, ast.Starred):
            break
        spans[names[number] if number < len(names) else str(number)] = parsed.span(node)
    spans.update((keyword.arg, parsed.span(keyword.value)) for keyword in call.keywords if keyword.arg)
    return spans


def scope_at(tree: ast.AST, line: int) -> str:
    """The function or class that a line stands in, by its qualified name (``Net.forward``); "" outside of any."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            first = min([child.lineno, *(decorator.lineno for decorator in child.decorator_list)])
            if first <= line <= (child.end_lineno or first):
                inner = scope_at(child, line)
                return f"{child.name}.{inner}" if inner else child.name
        elif isinstance(child, (ast.stmt, ast.excepthandler, ast.match_case)):
            inner = scope_at(child, line)
            if inner:
                return inner
    return ""
