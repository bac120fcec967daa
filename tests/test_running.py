"""How `run` puts its two halves together, with a tracer that only pretends."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

import pytest

from shapecheck import engine
from shapecheck.engine import Options, exit_code
from shapecheck.graph import Event, ShapeGraph
from shapecheck.places import Span
from shapecheck.results import Outcome
from shapecheck.running import How, run
from shapecheck.tracer import TraceError, TraceRequest, TraceResult
from shapecheck.tracer.tracer import Tracer

BROKEN = "import torch\nlayer = torch.nn.Linear(768, 5)\nscores = layer(torch.zeros(8, 512))\n"


class Pretender(Tracer):
    """Answers every request with one result, or raises it."""

    def __init__(self, answer: TraceResult | Exception) -> None:
        self.answer = answer
        self.asked: list[TraceRequest] = []

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def trace(self, request: TraceRequest) -> TraceResult:
        self.asked.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "train.py"
    path.write_text(BROKEN)
    return path


def ran(script: Path, answer: TraceResult | Exception, how: How = How()) -> Outcome:  # noqa: B008
    return run(script, [], Options(), how, lambda server: Pretender(answer))


def test_without_a_trace_the_static_findings_stand(script: Path) -> None:
    outcome = ran(script, TraceResult("unavailable", "torch is not installed"))
    assert [(finding.rule, finding.evidence) for finding in outcome.findings] == [("SHP201", ("static",))]
    assert {fix.verified for finding in outcome.findings for fix in finding.fixes} <= {None}
    assert exit_code(outcome, "warning") == 1


def test_limits_and_interpreter_reach_the_tracer(script: Path) -> None:
    tracer = Pretender(TraceResult("unavailable", ""))
    run(script, ["--epochs", "3"], Options(), How("python3.12", 7.0, 512), lambda server: tracer)
    (asked,) = tracer.asked
    assert (asked.argv, asked.python, asked.timeout, asked.memory_mb) == (["--epochs", "3"], "python3.12", 7.0, 512)


def test_a_failure_of_the_tracer_leaves_the_static_findings_and_exits_with_2(script: Path) -> None:
    outcome = ran(script, KeyError("a fault of ours"))
    assert [finding.rule for finding in outcome.findings] == ["SHP201"]
    assert "KeyError" in outcome.failures[0].reason
    assert exit_code(outcome, "warning") == 2


def test_a_failure_of_the_static_half_leaves_the_trace(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(source: object) -> ShapeGraph:
        raise KeyError("a fault of ours")

    monkeypatch.setattr(engine.interp, "analyze", fail)
    outcome = ran(script, TraceResult("completed", "the script ran to its end"))
    assert outcome.trace is not None
    assert exit_code(outcome, "warning") == 2


def test_a_shape_error_that_no_rule_explains_exits_with_1(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text("import torch\n")
    graph = ShapeGraph("traced")
    graph.add(Event("labels", Span(str(script), 1)))
    error = TraceError("RuntimeError", "sizes differ", shape_reason=True)
    assert exit_code(ran(script, TraceResult("raised", "sizes differ", graph, error)), "warning") == 1


def test_an_error_of_the_script_itself_leaves_the_exit_code_to_the_text(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text("import torch\n")
    error = TraceError("ValueError", "no such user")
    assert exit_code(ran(script, TraceResult("raised", "no such user", error=error)), "warning") == 0
