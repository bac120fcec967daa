"""Which place a finding blames, on hand-made graphs."""

from __future__ import annotations

from shapecheck import checks, flow
from shapecheck.findings import Finding
from shapecheck.graph import Frame, Module
from shapecheck.shapes import Conflict
from tests.checks.graphs import Script, inner, span


def only(script: Script) -> Finding:
    flow.annotate(script.graph)
    (finding,) = checks.run(script.graph)
    return finding


def test_token_scores_under_a_loss_per_text_blame_the_classifiers_input() -> None:
    script = Script()
    hidden = script.bert(script.tensor("batch", "seq"))
    logits = script.linear(hidden, 768, 5, line=6, created=3)
    target = script.tensor("batch", dtype="int64")
    raised = Conflict("target", "Expected target size [batch, 5], got [batch]")
    script.stage("torch.nn.functional.cross_entropy", {"input": logits, "target": target}, line=7, conflict=raised)
    finding = only(script)
    assert (finding.rule, finding.span, finding.severity) == ("SHP101", span(6, 20, 30), "error")
    assert finding.related[0].span == span(7)
    assert "(batch, seq, 768)" in finding.message and "(batch, 768)" in finding.message


def test_a_name_that_claims_a_pooled_vector_is_blamed_itself() -> None:
    script = Script()
    hidden = script.bert(script.tensor("batch", "seq"))
    hidden.text, hidden.span = "cls", span(5, 7, 33)
    logits = script.linear(hidden, 768, 5, line=6, created=3)
    raised = Conflict("target", "Expected target size [batch, 5], got [batch]")
    script.stage(
        "torch.nn.CrossEntropyLoss", {"input": logits, "target": script.tensor("batch")}, line=7, conflict=raised
    )
    assert only(script).span == span(5, 7, 33)


def test_token_scores_flattened_by_a_view_are_still_unpooled() -> None:
    script = Script()
    hidden = script.bert(script.tensor("batch", "seq"))
    logits = script.linear(hidden, 768, 5, line=6, created=3)
    rows = logits.shape.dim(0) * logits.shape.dim(1)
    flat = script.stage("torch.Tensor.view", {"input": logits}, (rows, 5), line=7)
    raised = Conflict("batch", "Expected input batch_size (batch*seq) to match target batch_size (batch).")
    script.stage(
        "torch.nn.CrossEntropyLoss", {"input": flat, "target": script.tensor("batch")}, line=8, conflict=raised
    )
    finding = only(script)
    assert (finding.rule, finding.span.line) == ("SHP101", 6)


def test_a_tagger_whose_classes_stand_last_is_no_pooling_fault() -> None:
    script = Script()
    hidden = script.bert(script.tensor("batch", "seq"))
    logits = script.linear(hidden, 768, 5, line=6, created=3)
    raised = Conflict("target", "Expected target size [batch, 5], got [batch, seq]")
    target = script.tensor("batch", "seq")
    script.stage("torch.nn.CrossEntropyLoss", {"input": logits, "target": target}, line=7, conflict=raised)
    assert only(script).rule == "SHP301"


def test_the_width_of_a_bidirectional_lstm_blames_in_features() -> None:
    script = Script()
    hidden = script.bert(script.tensor("batch", "seq"))
    lstm = Module(
        "torch.nn.LSTM", params={"bidirectional": True, "batch_first": True, "hidden_size": 768}, created=span(3)
    )
    states = script.stage("torch.nn.LSTM", {"input": hidden}, ("batch", "seq", 1536), line=6, field="0", module=lstm)
    script.linear(states, 768, 9, line=7, created=4, conflict=inner(1536, 768))
    finding = only(script)
    assert (finding.rule, finding.span) == ("SHP208", span(4, 11, 14))
    assert "1536 (both directions of the bidirectional nn.LSTM, 2 * 768, line 6)" in finding.message


def test_joined_parts_blame_in_features_and_list_the_parts() -> None:
    script = Script()
    text, tab = script.tensor("batch", 768, text="text"), script.tensor("batch", 15, text="tab")
    joined = script.stage("torch.cat", {"tensors": [text, tab], "dim": 1}, ("batch", 783), line=6)
    script.linear(joined, 775, 64, line=7, created=4, conflict=inner(783, 775))
    finding = only(script)
    assert finding.span == span(4, 11, 14)
    assert "768 of `text` + 15 of `tab`" in finding.message


def test_a_mean_over_the_hidden_axis_is_named_as_the_root_cause() -> None:
    script = Script()
    hidden = script.bert(script.tensor(2, 196))
    pooled = script.stage("torch.Tensor.mean", {"input": hidden, "dim": 2, "keepdim": False}, (2, 196), line=6)
    script.linear(pooled, 768, 10, line=7, created=3, conflict=inner(196, 768))
    finding = only(script)
    assert (finding.rule, finding.span) == ("SHP103", span(6))
    assert "dim=1" in finding.message


def test_the_first_example_taken_for_the_first_token_is_named() -> None:
    script = Script()
    hidden = script.bert(script.tensor(5, 17))
    first = script.stage("torch.Tensor.__getitem__", {"input": hidden, "key": 0}, (17, 768), line=6)
    logits = script.linear(first, 768, 3, line=7, created=3)
    raised = Conflict("batch", "Expected input batch_size (17) to match target batch_size (5).")
    script.stage(
        "torch.nn.functional.cross_entropy", {"input": logits, "target": script.tensor(5)}, line=8, conflict=raised
    )
    finding = only(script)
    assert (finding.rule, finding.span) == ("SHP103", span(6))


def test_a_width_passed_down_blames_the_call_beside_the_maker() -> None:
    script = Script()
    tagger = Frame(span(90), "Tagger.__init__")
    highway = Frame(span(78), "Highway.__init__")
    lstm = Module(
        "torch.nn.LSTM", params={"bidirectional": True, "batch_first": True, "hidden_size": 200}, context=(tagger,)
    )
    x = script.tensor("batch", "seq", 768)
    states = script.stage("torch.nn.LSTM", {"input": x}, ("batch", "seq", 400), line=86, field="0", module=lstm)
    script.linear(states, 200, 200, line=68, created=63, built_in=(tagger, highway), conflict=inner(400, 200))
    script.graph.passed[(span(63, 11, 14), (tagger, highway))] = (span(78, 32, 40), span(104, 10, 20))
    assert only(script).span == span(78, 32, 40)


def test_an_image_that_is_not_flattened_blames_the_operand() -> None:
    script = Script()
    image = script.tensor(4, 1, 28, 28, text="image")
    script.linear(image, 784, 10, line=7, created=3, conflict=inner(28, 784))
    finding = only(script)
    assert finding.span == span(7, 20, 30)
    assert "not flattened" in finding.message


def test_class_ids_in_a_column_blame_where_the_column_was_made() -> None:
    script = Script()
    scores = script.linear(script.tensor(4, 768), 768, 3, line=6, created=3)
    column = script.tensor(4, 1, line=2, text="labels")
    raised = Conflict("target", "0D or 1D target tensor expected, multi-target not supported")
    script.stage("torch.nn.CrossEntropyLoss", {"input": scores, "target": column}, line=7, conflict=raised)
    finding = only(script)
    assert (finding.rule, finding.span) == ("SHP305", span(2, 1, 9))


def test_a_view_that_swaps_rows_is_blamed_for_the_losss_rows() -> None:
    script = Script()
    scores = script.linear(script.tensor(12, 768), 768, 1, line=6, created=3)
    grouped = script.stage("torch.Tensor.view", {"input": scores}, (3, 4), line=7, text="scores")
    raised = Conflict("batch", "Expected input batch_size (3) to match target batch_size (4).")
    script.stage(
        "torch.nn.functional.cross_entropy", {"input": grouped, "target": script.tensor(4)}, line=9, conflict=raised
    )
    finding = only(script)
    assert (finding.rule, finding.span) == ("SHP313", span(7))


def test_a_column_of_predictions_against_a_row_of_targets_is_a_broadcast() -> None:
    script = Script()
    scores = script.linear(script.tensor("batch", 768), 768, 1, line=6, created=3)
    script.stage("torch.nn.MSELoss", {"input": scores, "target": script.tensor("batch")}, line=7)
    finding = only(script)
    assert (finding.rule, finding.severity) == ("SHP601", "warning")
    assert "(batch, batch)" in finding.message


def test_a_squared_difference_by_hand_counts_as_a_loss() -> None:
    script = Script()
    scores = script.linear(script.tensor(4, 768), 768, 1, line=6, created=3)
    truth = script.tensor(4, line=1, text="score")
    gap = script.stage("torch.sub", {"input": scores, "other": truth}, (4, 4), line=7)
    square = script.stage("torch.pow", {"input": gap, "exponent": 2}, (4, 4), line=7)
    script.stage("torch.Tensor.mean", {"input": square}, (), line=7)
    finding = only(script)
    assert (finding.rule, finding.span) == ("SHP601", span(1, 1, 9))
    assert finding.related[0].span == span(7)


def test_pairs_made_on_purpose_are_left_alone() -> None:
    script = Script()
    rows = script.linear(script.tensor(4, 768), 768, 1, line=6, created=3)
    flat = script.stage("torch.Tensor.squeeze", {"input": rows, "dim": -1}, (4,), line=6)
    column = script.stage("torch.Tensor.unsqueeze", {"input": flat, "dim": 1}, (4, 1), line=7)
    pairs = script.stage("torch.sub", {"input": column, "other": flat}, (4, 4), line=7)
    script.stage("torch.mean", {"input": script.stage("torch.abs", {"input": pairs}, (4, 4), line=7)}, (), line=7)
    flow.annotate(script.graph)
    assert checks.run(script.graph) == []


def test_a_pooler_that_is_not_there_is_said_at_the_attribute() -> None:
    script = Script()
    hidden = script.bert(script.tensor("batch", "seq"))
    script.event(
        "attribute", 6, name="pooler_output", missing=True, fields=("last_hidden_state",), stage=hidden.producer
    )
    assert only(script).rule == "SHP501"


def test_an_unpacked_output_names_its_keys() -> None:
    script = Script()
    hidden = script.bert(script.tensor("batch", "seq"))
    fields = ("last_hidden_state", "pooler_output")
    script.event("unpack", 6, of="model_output", count=2, fields=fields, stage=hidden.producer)
    finding = only(script)
    assert finding.rule == "SHP503" and "'last_hidden_state'" in finding.message


def test_a_product_is_explained_with_both_sizes() -> None:
    script = Script()
    a, b = script.tensor(8, 512, text="images"), script.tensor(256, 8, text="texts")
    raised = Conflict("inner", "mat1 and mat2 ...", a.shape.dims[1], b.shape.dims[0], "input", "other", 1)
    script.stage("torch.matmul", {"input": a, "other": b}, line=3, conflict=raised)
    finding = only(script)
    assert finding.rule == "SHP209" and "512" in finding.message and "256" in finding.message
