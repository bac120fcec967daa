"""One warm tracer for all tests, and a way to trace a text."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from shapecheck.tracer import Tracer, TraceRequest, TraceResult

Trace = Callable[..., TraceResult]


@pytest.fixture(scope="session")
def tracer() -> Iterator[Tracer]:
    with Tracer() as one:
        yield one


@pytest.fixture
def trace(tracer: Tracer, tmp_path: Path) -> Trace:
    """``trace(text, **fields of the request)``: the text is written to script.py in a folder of its own and traced."""

    def run(text: str, **fields: object) -> TraceResult:
        script = tmp_path / "script.py"
        script.write_text(textwrap.dedent(text))
        return tracer.trace(replace(TraceRequest(script, timeout=60), **fields))  # type: ignore[arg-type]

    return run
