"""Two evidences of one fault are one finding; a trace refutes only what it really ran."""

from __future__ import annotations

from dataclasses import replace

from shapecheck import checks, flow, merge
from shapecheck.dims import Dim, Status
from shapecheck.findings import Edit, Finding, Fix
from shapecheck.graph import Frame, ShapeGraph
from shapecheck.places import Span
from shapecheck.shapes import Conflict, Shape
from tests.checks.graphs import Script, inner, span

CALL = (Frame(span(20), "Net.forward"),)
OTHER_CALL = (Frame(span(21), "Net.forward"),)


def found(script: Script, source: str = "static") -> list[Finding]:
    script.graph.source = source  # type: ignore[assignment]
    flow.annotate(script.graph)
    return checks.run(script.graph)


def head(wants: int, *, raises: bool, calls: tuple[Frame, ...] = CALL, status: Status = "observed") -> Script:
    """A Linear on line 7 that is fed 768 features."""
    script = Script()
    dims = tuple(Dim(n, status=status) for n in (8, 768))
    x = script.tensor(text="x")
    x.shape = Shape(dims)
    conflict = inner(768, wants) if raises else None
    script.linear(x, wants, 5, line=7, created=3, conflict=conflict, context=calls)
    return script


def merged(static: Script, traced: Script, status: str = "completed") -> list[Finding]:
    return merge.merge(found(static), found(traced, "traced"), traced.graph, status)


def test_a_claim_that_the_trace_shows_too_is_one_finding_with_both_evidences() -> None:
    (finding,) = merged(head(512, raises=True), head(512, raises=True), "raised")
    assert (finding.rule, finding.evidence, finding.severity) == ("SHP201", ("static", "traced"), "error")


def test_a_claim_is_refuted_by_a_trace_that_ran_that_stage_on_observed_operands() -> None:
    assert merged(head(512, raises=True), head(768, raises=False)) == []


def test_a_claim_about_the_ids_of_a_whole_data_set_outlives_a_batch_that_has_none_of_them() -> None:
    static, traced = Script(), Script()
    for script, highest in ((static, 7), (traced, 4)):
        scores, labels = script.tensor(4, 5), script.tensor(4, text="labels", dtype="int64")
        labels.low, labels.high = 0, highest
        for tensor in (scores, labels):
            tensor.shape = Shape(tuple(Dim(dim.value, status="observed") for dim in tensor.shape.dims))
        script.stage("torch.nn.functional.cross_entropy", {"input": scores, "target": labels}, (), line=7)
    (finding,) = merged(static, traced)
    assert (finding.rule, finding.evidence) == ("SHP303", ("static",))


def test_assumed_and_invented_operands_refute_nothing() -> None:
    for status in ("assumed", "invented"):
        (finding,) = merged(head(512, raises=True), head(768, raises=False, status=status))  # type: ignore[arg-type]
        assert finding.evidence == ("static",)


def test_the_same_line_reached_by_another_call_refutes_nothing() -> None:
    assert len(merged(head(512, raises=True), head(768, raises=False, calls=OTHER_CALL))) == 1


def test_a_path_that_was_not_taken_refutes_nothing() -> None:
    assert len(merged(head(512, raises=True), Script())) == 1


def test_without_a_trace_every_claim_stays() -> None:
    claims = found(head(512, raises=True))
    assert merge.merge(claims, [], None, None) == claims


def test_what_only_the_trace_shows_is_added() -> None:
    (finding,) = merged(Script(), head(512, raises=True), "raised")
    assert finding.evidence == ("traced",)


def test_a_general_rule_is_silent_where_a_telling_one_explains_the_same_error() -> None:
    general = Script()
    raised = Conflict("raised", "mat1 and mat2 shapes cannot be multiplied (8x768 and 512x5)")
    general.stage("torch.addmm", {"input": general.tensor(8, 768)}, line=7, conflict=raised)
    (finding,) = merged(head(512, raises=True), general, "raised")
    assert (finding.rule, finding.evidence) == ("SHP201", ("static", "traced"))


def test_an_error_that_rests_on_an_invented_size_is_a_warning() -> None:
    (finding,) = found(head(512, raises=True, status="invented"), "traced")
    assert finding.severity == "warning"


def test_padding_and_the_use_of_an_output_are_not_refuted_by_shapes() -> None:
    script = Script()
    ids = script.tensor("batch", "seq", padding="right")
    hidden = script.bert(ids)
    script.stage("torch.mean", {"input": hidden, "dim": 1, "keepdim": False}, ("batch", 768), line=6)
    script.event(
        "attribute", 8, name="pooler_output", missing=True, fields=("last_hidden_state",), stage=hidden.producer
    )
    claims = found(script)
    assert [claim.rule for claim in claims] == ["SHP501", "SHP102"]
    assert not any(merge.refuted(claim, script.graph) for claim in claims)


def test_the_most_severe_and_most_certain_comes_first() -> None:
    (error,) = found(head(512, raises=True))
    warning = replace(error, severity="warning", rule="SHP601")
    traced = replace(error, evidence=("static", "traced"), rule="SHP103")
    assert merge.ordered([warning, error, traced]) == [traced, error, warning]


def test_an_empty_graph_has_no_findings() -> None:
    assert checks.run(ShapeGraph("static")) == []


def test_what_one_change_mends_is_one_finding() -> None:
    edit = Edit(Span("a.py", 5, 30, 5, 31), "1")
    axis = Finding(
        "SHP229",
        "axis-argument",
        "error",
        "m",
        Span("a.py", 5, 30, 5, 31),
        torch_says="it raises",
        fixes=(Fix("f", (edit,)),),
    )
    choice = Finding("SHP608", "argmax-axis", "warning", "m", Span("a.py", 5, 8, 5, 32), fixes=(Fix("f", (edit,)),))
    (both,) = merge.merge([choice], [axis], None, None)
    assert (both.rule, both.severity, both.torch_says) == ("SHP608", "error", "it raises")
