"""Every fixture and every example of the rules, read and traced: both halves say the same, and what PyTorch does.

A script is traced once (its patched copies are not), for all tests of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from agreement import Key, fits
from traced_agreement import key_of, traced

from shapecheck import engine, interp, running
from shapecheck.algebra import Name, Poly
from shapecheck.engine import Options
from shapecheck.findings import Finding
from shapecheck.shapes import Shape
from shapecheck.source import read
from shapecheck.tracer import Tracer, TraceRequest, TraceResult
from tests import subjects
from tests.subjects import Place, Subject

pytest.importorskip("torch")

SHOWN_BY_THE_TEXT_ALONE = {
    "rules/SHP608/bad_metrics.py": "an array that numpy made of others is not followed back to the batch",
    "rules/SHP612/bad_choices.py": "the trace knows numbers, not what they are products of",
    "examples/SHP612.py": "the trace knows numbers, not what they are products of",
    "SHP701": "a trace does not see what is asserted",
    "SHP702": "a trace does not see comments",
}
"""Rules, and single scripts, whose fault a trace does not show, and why; it must leave these findings alone."""

SUBJECTS = [
    pytest.param(subject, id=subject.name, marks=pytest.mark.xdist_group(f"halves_{subject.family}"))
    for subject in subjects.every()
]


@dataclass(frozen=True)
class Looked:
    """What both halves made of a script."""

    expected: tuple[Place, ...]
    findings: list[Finding]
    result: TraceResult
    known: dict[Key, list[Shape]]


@pytest.fixture(scope="session")
def tracer() -> Iterator[Tracer]:
    with Tracer() as started:
        yield started


@pytest.fixture(scope="session")
def look(tracer: Tracer, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Subject], Looked]:
    """Reads and traces a script, once."""
    looked: dict[str, Looked] = {}
    folder = tmp_path_factory.mktemp("halves")

    def look(subject: Subject) -> Looked:
        if subject.name not in looked:
            script, expected = subject.at(folder)
            source = read(script)
            half = engine.static(source, Options())
            known = {
                key_of(span): [each.shape for each in seen.tensors] for span, seen in interp.watch(source)[1].items()
            }
            result = tracer.trace(TraceRequest(script))
            findings, _ = running.both(half, result, Options())
            looked[subject.name] = Looked(expected, findings, result, known)
        return looked[subject.name]

    return look


@pytest.fixture(scope="session")
def pytorch(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    return subjects.ended(tmp_path_factory)


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_script_is_said_to_have_its_fault_and_no_other(subject: Subject, look: Callable[[Subject], Looked]) -> None:
    looked = look(subject)
    rules = {rule for rule, _, _ in looked.expected}
    told = [f for f in looked.findings if f.severity != "info" or f.rule in rules or f.rule in subject.name]
    assert len(told) == len(looked.expected), told
    for finding, (rule, path, line) in zip(told, looked.expected, strict=True):
        assert finding.rule == rule
        assert path in (None, finding.span.path) and line in (None, finding.span.line)
    if told:
        alone = {told[0].rule, subject.name} & SHOWN_BY_THE_TEXT_ALONE.keys()
        assert ("traced" in told[0].evidence) is not bool(alone)


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_trace_ends_as_the_real_run_does(
    subject: Subject, look: Callable[[Subject], Looked], pytorch: dict[str, dict[str, Any]]
) -> None:
    result, raised = look(subject).result, pytorch[subject.name]["raised"]
    if subjects.not_installed(pytorch[subject.name]):
        pytest.skip("accelerate is not installed")
    assert result.status in (("raised",) if raised else ("completed", "stopped"))
    if result.error is not None:
        assert without_numbers(f"{result.error.type}: {result.error.message}") == without_numbers(raised)


def without_numbers(message: str) -> str:
    """A message without its sizes: those of texts and data that are not there are chosen by the tracer."""
    return re.sub(r"\d+", "#", message)


@pytest.mark.parametrize("subject", SUBJECTS)
def test_shapes_that_both_halves_know_agree(subject: Subject, look: Callable[[Subject], Looked]) -> None:
    looked = look(subject)
    shown = traced(looked.result)
    both = [(key, shape) for key, shapes in shown.items() if key in looked.known for shape in shapes]
    assert [
        f"line {key[1]}, column {key[2]}: {shape} in the trace, {' or '.join(map(str, looked.known[key]))} in the text"
        for key, shape in both
        if not any(agree(known, shape) for known in looked.known[key])
    ] == []
    assert both or not shown


def agree(known: Shape, shown: Shape) -> bool:
    """Whether a shape that the text gives may be the one of the trace: in its sizes, and in what they are."""
    if not fits(known, [dim.value for dim in shown.dims]):
        return False
    pairs = zip(known.dims, shown.dims, strict=False) if known.rank is not None else ()
    words = ((word_of(a.expr), word_of(b.expr)) for a, b in pairs)
    return all(a == b for a, b in words if a in ("batch", "seq") and b in ("batch", "seq"))


def word_of(expr: Any) -> str:
    """The word that a size is, where it is one: ``batch``."""
    match expr:
        case Poly(terms=(((Name(word=word),), 1),)):
            return str(word)
    return ""
