"""The Python API: shapes of a model in this process, asserted in a test."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

import shapecheck  # noqa: E402
from shapecheck.tracing import fits  # noqa: E402

ROOT = Path(__file__).parents[1]


class Tagger(torch.nn.Module):
    """Ids to scores per token, with what a forward in train mode changes: running statistics and random numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = torch.nn.Embedding(50, 8)
        self.layers = torch.nn.ModuleList(Block() for _ in range(3))
        self.norm = torch.nn.BatchNorm1d(8)
        self.head = torch.nn.Linear(8, 4)

    def forward(self, ids: Any) -> dict[str, Any]:
        hidden = self.embed(ids)
        for layer in self.layers:
            hidden = layer(hidden)
        hidden = self.norm(hidden.transpose(1, 2)).transpose(1, 2)
        return {"scores": self.head(hidden), "pooled": hidden.mean(1)}


class Block(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear, self.drop = torch.nn.Linear(8, 8), torch.nn.Dropout(0.5)

    def forward(self, hidden: Any) -> Any:
        return hidden + self.drop(self.linear(hidden))


@pytest.fixture(scope="module")
def seen() -> shapecheck.Trace:
    return shapecheck.trace(Tagger(), ids=torch.zeros(2, 7, dtype=torch.int64))


def test_each_module_has_its_shapes_under_its_path(seen: shapecheck.Trace) -> None:
    assert seen.shape("embed") == seen.shape("layers.2") == seen.shape("layers.0.linear") == (2, 7, 8)
    assert (seen.shape("", "scores"), seen.shape("", "pooled")) == ((2, 7, 4), (2, 8))
    assert len(seen.modules["norm"]) == 1


def test_the_stages_stand_at_the_lines_of_the_model(seen: shapecheck.Trace) -> None:
    head = next(stage for stage in seen.stages if stage.module == "head")
    assert (head.op, head.span.path, head.outputs["out"].sizes) == ("torch.nn.Linear", __file__, (2, 7, 4))
    assert "head" in Path(__file__).read_text().splitlines()[head.span.line - 1]


def test_the_table_is_what_print_shows(seen: shapecheck.Trace) -> None:
    (line,) = [line for line in str(seen).splitlines() if " head " in line]
    assert line.split()[1:] == ["head", "Linear", "(2,", "7,", "8)", "(2,", "7,", "4)"]


def test_the_model_and_the_random_state_are_what_they_were() -> None:
    model = Tagger().train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    ids, state = torch.zeros(2, 7, dtype=torch.int64), torch.get_rng_state()
    calls = torch.nn.Module.__call__
    shapecheck.trace(model, ids)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert torch.equal(torch.get_rng_state(), state) and model.training and model.head.weight.grad is None
    assert torch.nn.Module.__call__ is calls


def test_names_stand_for_one_size_and_stars_for_every_name(seen: shapecheck.Trace) -> None:
    seen.assert_shapes(
        {"layers.*": ("batch", "seq", 8), "embed": (..., 8), "head": (None, "seq", 4)}, pooled=("batch", 8)
    )


def test_every_shape_that_is_another_is_named(seen: shapecheck.Trace) -> None:
    with pytest.raises(AssertionError) as raised:
        seen.assert_shapes({"embed": ("batch", "seq", 8), "layers.*": ("batch", 3, 8)}, scores=("seq", "batch", 4))
    assert str(raised.value).splitlines() == [
        "shapes are not as expected:",
        "  layers.0: (2, 7, 8) and not (batch, 3, 8)",
        "  layers.1: (2, 7, 8) and not (batch, 3, 8)",
        "  layers.2: (2, 7, 8) and not (batch, 3, 8)",
        "  the model: scores: (2, 7, 4) and not (seq, batch, 4)",
        "where batch = 2, seq = 7",
    ]


def test_a_module_that_was_not_called_is_told_with_the_nearest_one(seen: shapecheck.Trace) -> None:
    with pytest.raises(AssertionError, match="heads: no such module was called; head was"):
        seen.assert_shapes({"heads": (2, 7, 4)})


def test_a_field_that_was_not_returned_is_told_with_those_that_were(seen: shapecheck.Trace) -> None:
    with pytest.raises(AssertionError, match="returned scores, pooled, and not logits"):
        seen.assert_shapes(logits=(2, 4))


@pytest.mark.parametrize(
    ("sizes", "expected", "fit"),
    [
        ((2, 3), ("a", "b"), True),
        ((2, 3), ("a", "a"), False),
        ((2, 2), ("a", "a"), True),
        ((2, 3), ("known", None), False),
        ((5, 3), ("known", None), True),
        ((), (...,), True),
        ((2,), (..., 3, 2), False),
        ((4, 3, 2), (..., 2), True),
        ((4, 3, 2), (4, ..., 3), False),
    ],
)
def test_a_shape_fits_as_it_reads(sizes: tuple[int, ...], expected: Any, fit: bool) -> None:
    assert fits(sizes, expected, {"known": 5}) is fit


def test_inputs_are_made_where_none_are_given() -> None:
    seen = shapecheck.trace(Tagger())
    assert seen.shape("embed") == (2, 16, 8)
    assert seen.assumptions == ["input ids: (2, 16) of int64"]


def test_made_inputs_are_of_the_dtype_of_the_model() -> None:
    assert shapecheck.trace(torch.nn.Sequential(torch.nn.Linear(8, 4)).double()).shape() == (2, 4)


def test_what_the_model_raises_is_raised_with_its_explanation() -> None:
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied") as raised:
        shapecheck.trace(torch.nn.Linear(8, 4), torch.zeros(2, 7))
    if sys.version_info >= (3, 11):
        assert "torch.nn.Linear" in raised.value.__notes__[0] and "got input (2, 7)" in raised.value.__notes__[0]


def test_importing_shapecheck_imports_no_torch() -> None:
    code = "import sys, shapecheck; shapecheck.explain_errors; print('torch' in sys.modules, 'libcst' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
