"""Reading files: encodings, line ends, positions, and what cannot be read."""

from __future__ import annotations

import ast
import codecs
from pathlib import Path

import pytest

from shapecheck.errors import UnreadableSource
from shapecheck.places import Span
from shapecheck.source import Source, decode, read
from shapecheck.syntax import argument_spans, calls_at, parse, text_at


@pytest.mark.parametrize(
    ("data", "encoding", "bom", "text"),
    [
        (b"x = 1\n", "utf-8", False, "x = 1\n"),
        ("é = 1".encode(), "utf-8", False, "é = 1"),
        (codecs.BOM_UTF8 + b"x = 1", "utf-8", True, "x = 1"),
        (
            "# -*- coding: latin-1 -*-\ns = 'é'".encode("latin-1"),
            "iso-8859-1",
            False,
            "# -*- coding: latin-1 -*-\ns = 'é'",
        ),
        (
            "#!/usr/bin/python\n# vim: set fileencoding=cp1251 :\ns = 'я'".encode("cp1251"),
            "cp1251",
            False,
            "#!/usr/bin/python\n# vim: set fileencoding=cp1251 :\ns = 'я'",
        ),
        (b"x = 1\r\ny = 2\r\n", "utf-8", False, "x = 1\r\ny = 2\r\n"),
        (b"", "utf-8", False, ""),
    ],
)
def test_a_file_is_decoded_as_python_decodes_it_and_can_be_written_back(
    data: bytes, encoding: str, bom: bool, text: str
) -> None:
    source = decode(data, "a.py")
    assert (source.encoding, source.bom, source.text) == (encoding, bom, text)
    assert source.encoded(source.text) == data


@pytest.mark.parametrize(
    ("data", "words", "line"),
    [
        (b"# coding: no-such-codec\n", "unknown encoding", 1),
        (b"x = 1\ny = '\xff'\n", "not utf-8 text", 2),
        (codecs.BOM_UTF8 + b"# coding: latin-1\n", "encoding problem", 1),
    ],
)
def test_what_cannot_be_decoded_is_said_with_its_line(data: bytes, words: str, line: int) -> None:
    with pytest.raises(UnreadableSource, match=words) as raised:
        decode(data)
    assert raised.value.line == line


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(UnreadableSource, match="no such file"):
        read(tmp_path / "none.py")


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("x = f(1)", Span("a.py", 1, 5, 1, 9)),
        ("'é', f(1)", Span("a.py", 1, 6, 1, 10)),
        ("'𝕏é'; f(\n  'é')", Span("a.py", 1, 7, 2, 7)),
        ("x = 1\r\n'é'; f(2)\r\n", Span("a.py", 2, 6, 2, 10)),
        ("s = '''\x0c\u2028'''\nf(1)", Span("a.py", 2, 1, 2, 5)),
    ],
)
def test_spans_count_characters_from_one(text: str, span: Span) -> None:
    parsed = parse(Source("a.py", text))
    call = next(node for node in ast.walk(parsed.tree) if isinstance(node, ast.Call))
    assert parsed.span(call) == span
    assert parsed.text(call) == text_at(parsed.source, span)
    assert parsed.text(call).startswith("f(")


def test_the_arguments_of_a_call_are_found_by_its_span() -> None:
    parsed = parse(Source("a.py", "y = outer(inner(a, b), key=c)\n"))
    (call,) = calls_at(parsed, Span("a.py", 1, 11, 1, 22))
    assert {name: text_at(parsed.source, span) for name, span in argument_spans(parsed, call, ("first",)).items()} == {
        "first": "a",
        "1": "b",
    }
    outer, _ = calls_at(parsed, Span("a.py", 1))
    assert argument_spans(parsed, outer)["key"] == Span("a.py", 1, 28, 1, 29)


@pytest.mark.parametrize(
    ("text", "words", "line"),
    [
        ("x = 1\ndef f(:\n", "invalid syntax", 2),
        ("print 'python 2'\n", "print", 1),
        ("x = (\n", "never closed", 1),
        ("x = 1\n  y = 2\n", "indent", 2),
        ("x = '\0'\n", "null", 1),
        ("(" * 500 + ")" * 500, "nest", 1),
    ],
)
def test_what_cannot_be_parsed_is_said_with_its_place(text: str, words: str, line: int) -> None:
    with pytest.raises(UnreadableSource, match=words) as raised:
        parse(Source("a.py", text))
    assert raised.value.line == line
