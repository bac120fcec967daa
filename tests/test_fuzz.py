"""Whatever the bytes: a check ends with an outcome, and what it says lies in the text."""

from __future__ import annotations

import re
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from shapecheck import engine, fixes
from shapecheck.errors import FixConflict
from shapecheck.results import Outcome

SCRIPTS = sorted((Path(__file__).parents[1] / "fixtures").rglob("*.py"))
WORD = re.compile(r"\b[a-zA-Z_]\w*\b|\b\d+\b")
ODD = [
    "0",
    "-1",
    "1",
    "2",
    "10**40",
    "None",
    "'x'",
    "2.5",
    "[]",
    "()",
    "{}",
    "x",
    "self",
    "*args",
    "lambda: 0",
    "torch",
]
SIGNS = ["+", "-", "*", "/", "//", "%", "**", "@", "and", "or", "==", "<", "|", "&", "<<", "=", ":=", ",", ".", "->"]


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A fixture after one to three small accidents: cut off, or with lines or words lost, moved, doubled, exchanged."""
    text = draw(st.sampled_from(SCRIPTS)).read_text(encoding="utf-8")
    for _ in range(draw(st.integers(1, 3))):
        text = draw(st.sampled_from([_cut, _drop, _swap, _double, _exchange, _replace, _resign, _indent]))(draw, text)
    return text


def _line(draw: st.DrawFn, lines: list[str]) -> int:
    return draw(st.integers(0, len(lines) - 1))


def _cut(draw: st.DrawFn, text: str) -> str:
    return text[: draw(st.integers(0, len(text)))]


def _drop(draw: st.DrawFn, text: str) -> str:
    lines = text.split("\n")
    del lines[_line(draw, lines)]
    return "\n".join(lines)


def _swap(draw: st.DrawFn, text: str) -> str:
    lines = text.split("\n")
    i, j = _line(draw, lines), _line(draw, lines)
    lines[i], lines[j] = lines[j], lines[i]
    return "\n".join(lines)


def _double(draw: st.DrawFn, text: str) -> str:
    lines = text.split("\n")
    i = _line(draw, lines)
    return "\n".join([*lines[: i + 1], *lines[i:]])


def _indent(draw: st.DrawFn, text: str) -> str:
    lines = text.split("\n")
    i = _line(draw, lines)
    lines[i] = draw(st.sampled_from([f"    {lines[i]}", lines[i].removeprefix("    ")]))
    return "\n".join(lines)


def _exchange(draw: st.DrawFn, text: str) -> str:
    words = list(WORD.finditer(text))
    if not words:
        return text
    here, other = draw(st.sampled_from(words)), draw(st.sampled_from(words))
    return text[: here.start()] + other.group() + text[here.end() :]


def _replace(draw: st.DrawFn, text: str) -> str:
    words = list(WORD.finditer(text))
    if not words:
        return text
    here = draw(st.sampled_from(words))
    return text[: here.start()] + draw(st.sampled_from(ODD)) + text[here.end() :]


def _resign(draw: st.DrawFn, text: str) -> str:
    signs = list(re.finditer(r" ([-+*/=<@]|//|==) ", text))
    if not signs:
        return text
    here = draw(st.sampled_from(signs))
    return f"{text[: here.start()]} {draw(st.sampled_from(SIGNS))} {text[here.end() :]}"


def checked(data: bytes) -> Outcome:
    """The outcome of a check of some bytes."""
    return engine.check_data(data, "script.py", engine.Options(jobs=1))


@settings(max_examples=120, deadline=None, derandomize=True)
@given(mutated())
def test_mutated_and_truncated_scripts_are_checked_without_a_failure(text: str) -> None:
    outcome = checked(text.encode())
    assert outcome.failures == []
    lines = text.count("\n") + 1
    assert all(1 <= finding.span.line <= lines for finding in outcome.findings)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(mutated())
def test_fixes_of_mutated_scripts_leave_scripts_that_parse(text: str) -> None:
    outcome = checked(text.encode())
    for finding in outcome.findings:
        for fix in finding.fixes:
            try:
                patched = fixes.apply(list(fix.edits), outcome.sources)
            except FixConflict:
                continue
            compile(patched["script.py"], "script.py", "exec", dont_inherit=True)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(st.sampled_from(SCRIPTS), st.integers(0, 10_000), st.binary(min_size=1, max_size=6))
def test_bytes_that_are_no_text_are_told_and_nothing_fails(script: Path, place: int, strange: bytes) -> None:
    data = script.read_bytes()
    place %= len(data)
    assert checked(data[:place] + strange + data[place:]).failures == []


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "latin-1", "cp1252", "shift_jis", "utf-7", "nonsense"]),
    st.sampled_from(["utf-8", "latin-1", "utf-16", "shift_jis", "rot13", "nonsense", ""]),
    st.text(max_size=20),
)
def test_encodings_told_rightly_or_wrongly_do_no_harm(encoding: str, cookie: str, comment: str) -> None:
    text = f"# -*- coding: {cookie} -*-\nimport torch\nx = torch.zeros(2, 3)  # {comment!a}\ny = x @ x\n"
    try:
        data = text.encode(encoding)
    except LookupError:
        data = text.encode()
    assert checked(data).failures == []
