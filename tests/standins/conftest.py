"""Scripts that assert what they see, run by the tracer with every stand-in in place."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shapecheck.tracer import Tracer, TraceRequest, TraceResult

Holds = Callable[..., TraceResult]


@pytest.fixture(scope="session")
def tracer() -> Iterator[Tracer]:
    with Tracer() as one:
        yield one


@pytest.fixture
def holds(tracer: Tracer, tmp_path: Path) -> Holds:
    """``holds(text, *arguments)``: the script runs to its end, all its assertions with it."""

    def run(text: str, *arguments: str) -> TraceResult:
        script = tmp_path / "script.py"
        script.write_text(textwrap.dedent(text))
        result = tracer.trace(TraceRequest(script, argv=list(arguments), timeout=90))
        assert result.status == "completed", f"{result.reason}: {result.error}"
        return result

    return run


@pytest.fixture
def fails(tracer: Tracer, tmp_path: Path) -> Callable[[str], str]:
    """``fails(text)``: the script raises; the exception's type and message."""

    def run(text: str) -> str:
        script = tmp_path / "script.py"
        script.write_text(textwrap.dedent(text))
        result = tracer.trace(TraceRequest(script, timeout=90))
        assert result.error is not None, result.reason
        return f"{result.error.type}: {result.error.message}"

    return run


@pytest.fixture
def install(tmp_path: Path) -> Callable[..., None]:
    """``install(package, text, module=text)``: a package beside the script, which Python finds like one installed."""

    def write(package: str, text: str, **modules: str) -> None:
        (tmp_path / package).mkdir()
        for name, part in {"__init__": text, **modules}.items():
            (tmp_path / package / f"{name}.py").write_text(textwrap.dedent(part))

    return write
