"""Pooling rewrites: where they put the mask, and what the patched scripts compute under real PyTorch."""

from __future__ import annotations

import ast
import stat
from pathlib import Path

import pytest

from shapecheck import fixes
from shapecheck.errors import FixConflict
from shapecheck.findings import Edit, Finding, Fix
from shapecheck.fixes import pooling
from shapecheck.graph import Module, ShapeGraph, Stage, Tensor
from shapecheck.places import Span
from shapecheck.shapes import of

PATH = "train.py"

IN_SCOPE = """\
import torch
from torch import nn

# the encoder keeps its comments
def run(encoder, classifier, input_ids, attention_mask):
    out = encoder(input_ids=input_ids, attention_mask=attention_mask)
    return classifier(out.last_hidden_state)  # scores


result = run(encoder, classifier, ids, mask)
"""

ENCODING = """\
enc = {"input_ids": ids, "attention_mask": mask}
hidden = encoder(**enc).last_hidden_state
result = classifier(hidden)
"""

HANDED_DOWN = """\
from torch import nn


class Head(nn.Module):
    def forward(self, hidden):
        return classifier(hidden)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = Head()

    def forward(self, input_ids, attention_mask):
        hidden = encoder(input_ids=input_ids, attention_mask=attention_mask)[0]
        return self.head(hidden)


result = Net()(ids, mask)
"""

TWICE_DOWN = """\
def score(hidden):
    return classifier(hidden)


def step(hidden):
    return score(hidden)


inputs = {"input_ids": ids, "attention_mask": mask}
result = step(encoder(**inputs).last_hidden_state)
"""

SCRIPTS = {
    "in scope": (IN_SCOPE, "out.last_hidden_state", "encoder(input_ids=input_ids, attention_mask=attention_mask)")
}
SCRIPTS["an encoding"] = (ENCODING, "classifier(hidden)", "encoder(**enc)")
SCRIPTS["handed down"] = (
    HANDED_DOWN,
    "classifier(hidden)",
    "encoder(input_ids=input_ids, attention_mask=attention_mask)",
)
SCRIPTS["handed down twice"] = (TWICE_DOWN, "classifier(hidden)", "encoder(**inputs)")


def at(text: str, needle: str, inner: str = "") -> Span:
    """Where a text stands in a script (``inner``: the part of it that is meant)."""
    start = text.index(needle) + (needle.index(inner) if inner else 0)
    size = len(inner or needle)
    line = text.count("\n", 0, start) + 1
    column = start - (text.rfind("\n", 0, start) + 1) + 1
    return Span(PATH, line, column, line, column + size)


def proposed(text: str, needle: str, call: str, **params: object) -> tuple[Fix, ...]:
    """The fixes for token features that reach the classifier unpooled."""
    graph = ShapeGraph("static")
    ids, mask = Tensor(of("batch", "seq"), role="ids"), Tensor(of("batch", "seq"), role="mask", padding="right")
    hidden = Tensor(of("batch", "seq", 16))
    model = Module("transformers.BertModel", params=dict(params))
    outputs = {"last_hidden_state": hidden}
    if params.get("pooler"):
        outputs["pooler_output"] = Tensor(of("batch", 16))
    graph.add(
        Stage("transformers.BertModel", at(text, call), {"input_ids": ids, "attention_mask": mask}, {}, outputs, model)
    )
    inner = "hidden" if "hidden)" in needle else ""
    finding = Finding("SHP101", "", "error", "", at(text, needle, inner), tensor=hidden)
    fixes.attach([finding], graph, {PATH: text})
    return finding.fixes


def patched(text: str, fix: Fix) -> str:
    return fixes.apply(fix.edits, {PATH: text})[PATH]


@pytest.fixture(scope="module")
def world() -> dict[str, object]:
    """A padded batch, an encoder that returns known features, and a classifier that hands them through."""
    torch = pytest.importorskip("torch")
    hidden = torch.arange(2 * 4 * 3, dtype=torch.float32).reshape(2, 4, 3) + 1

    class Output(tuple):  # type: ignore[type-arg]
        last_hidden_state = hidden
        pooler_output = hidden[:, 0] * 2

    def encoder(**_: object) -> Output:
        return Output((hidden, hidden[:, 0] * 2))

    return {"torch": torch, "hidden": hidden, "encoder": encoder, "classifier": lambda x: x, "ids": torch.ones(2, 4)}


def answer(world: dict[str, object], text: str, mask: object) -> object:
    scope = {**world, "mask": mask, "__name__": "__main__"}
    exec(compile(text, PATH, "exec"), scope)
    return scope["result"]


def expected(strategy: str, hidden, mask):  # type: ignore[no-untyped-def]
    rows = [h[m.bool()] for h, m in zip(hidden, mask, strict=True)]
    pick = {
        "cls": lambda h, row: h[0],
        "mean": lambda h, row: row.mean(0),
        "max": lambda h, row: row.max(0).values,
        "last": lambda h, row: row[-1],
    }[strategy]
    return [pick(h, row) for h, row in zip(hidden, rows, strict=True)]


@pytest.mark.parametrize("strategy", ["cls", "mean", "max", "last"])
@pytest.mark.parametrize("where", SCRIPTS)
@pytest.mark.parametrize("side", ["right", "left"])
def test_each_pooling_computes_what_its_name_says_whichever_side_is_padded(world, strategy, where, side):  # type: ignore[no-untyped-def]
    torch = world["torch"]
    mask = torch.tensor([[1, 1, 0, 0], [1, 1, 1, 1]]) if side == "right" else torch.tensor([[0, 0, 1, 1], [1, 1, 1, 1]])
    text, needle, call = SCRIPTS[where]
    fix = next(fix for fix in proposed(text, needle, call) if fix.strategy == strategy)
    got = answer(world, patched(text, fix), mask)
    assert torch.allclose(got, torch.stack(expected(strategy, world["hidden"], mask)))


def test_a_row_without_any_token_is_not_divided_by_zero(world) -> None:  # type: ignore[no-untyped-def]
    torch = world["torch"]
    text, needle, call = SCRIPTS["in scope"]
    fix = next(fix for fix in proposed(text, needle, call) if fix.strategy == "mean")
    assert torch.isfinite(answer(world, patched(text, fix), torch.zeros(2, 4, dtype=torch.long))).all()


def test_comments_and_formatting_stay() -> None:
    text, needle, call = SCRIPTS["in scope"]
    fix = proposed(text, needle, call)[0]
    assert patched(text, fix) == text.replace(needle, f"{needle}[:, 0]")


def test_the_edit_is_no_larger_than_it_must_be() -> None:
    text, needle, call = SCRIPTS["in scope"]
    (edit,) = proposed(text, needle, call)[0].edits
    assert edit.text == "[:, 0]"
    assert (edit.span.column, edit.span.end_column) == (at(text, needle).end_column,) * 2


def test_the_poolings_that_suit_the_architecture_are_offered_best_first() -> None:
    text, needle, call = SCRIPTS["in scope"]

    def order(**params: object) -> list[str]:
        return [fix.strategy for fix in proposed(text, needle, call, **params)]

    assert order() == ["cls", "mean", "max", "last"]
    assert order(pooler=True) == ["cls", "mean", "pooler", "max", "last"]
    assert order(default_pooling="mean") == ["mean", "cls", "max", "last"]
    assert order(causal=True) == ["last", "mean", "max"]
    assert "cls" not in order(model_type="t5")


def test_a_pooling_is_the_authors_choice() -> None:
    text, needle, call = SCRIPTS["in scope"]
    assert {(fix.safety, fix.why) for fix in proposed(text, needle, call)} == {("unsafe", pooling.CHOICE)}


def test_the_pooler_is_taken_by_name_or_by_index() -> None:
    text, needle, call = SCRIPTS["in scope"]
    fix = next(fix for fix in proposed(text, needle, call, pooler=True) if fix.strategy == "pooler")
    assert "classifier(out.pooler_output)" in patched(text, fix)
    text = "hidden = encoder(**enc)[0]\nresult = classifier(hidden)\n"
    fix = next(
        fix for fix in proposed(text, "classifier(hidden)", "encoder(**enc)", pooler=True) if fix.strategy == "pooler"
    )
    assert patched(text, fix) == "hidden = encoder(**enc)[1]\nresult = classifier(hidden)\n"


def test_a_long_pooling_gets_a_line_of_its_own() -> None:
    text = (
        "def run(sequence_classifier, encoder_output_of_the_model, attention_mask):\n"
        "    scores = sequence_classifier(encoder_output_of_the_model.last_hidden_state)\n"
        "    return scores\n"
    )
    fix = next(
        f for f in proposed(text, "encoder_output_of_the_model.last_hidden_state", "run") if f.strategy == "mean"
    )
    new = patched(text, fix)
    ast.parse(new)
    assert "    pooled = (encoder_output_of_the_model" in new and "sequence_classifier(pooled)" in new


def test_a_file_that_does_not_parse_gets_no_fix() -> None:
    assert proposed("result = classifier(hidden\nhidden(", "classifier(hidden", "hidden") == ()


def test_edits_that_overlap_are_refused() -> None:
    one = Edit(Span(PATH, 1, 1, 1, 5), "a")
    two = Edit(Span(PATH, 1, 3, 1, 7), "b")
    with pytest.raises(FixConflict):
        fixes.apply([one, two], {PATH: "hidden = x\n"})


def test_an_edit_that_breaks_the_file_is_refused() -> None:
    with pytest.raises(FixConflict):
        fixes.apply([Edit(Span(PATH, 1, 1, 1, 7), "(")], {PATH: "hidden = x\n"})


def test_writing_keeps_encoding_mark_line_ends_and_mode(tmp_path: Path) -> None:
    file = tmp_path / "train.py"
    file.write_bytes("\ufeffa = 'é'\r\n".encode())
    file.chmod(0o755)
    fixes.write({str(file): "b = 'é'\r\n"})
    assert file.read_bytes() == "\ufeffb = 'é'\r\n".encode()
    assert stat.S_IMODE(file.stat().st_mode) == 0o755
    assert [p.name for p in tmp_path.iterdir()] == ["train.py"]
