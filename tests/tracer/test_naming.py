"""Names of sizes, from two traces; operands from the text; repeated layers as one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapecheck.algebra import Name, Poly, mul, name, names, render
from shapecheck.graph import Module, ShapeGraph, Stage
from shapecheck.places import Span
from shapecheck.source import Source
from shapecheck.tracer.folding import fold
from shapecheck.tracer.naming import BATCH, SEQ, Atoms, Axes, Chosen, choose
from shapecheck.tracer.text import Text, operands

SIZES = Chosen(5, 17, 67), Chosen(11, 23, 73)


@pytest.mark.parametrize(
    ("here", "there", "said"),
    [
        (768, 768, "768"),
        (5, 11, "batch"),
        (17, 23, "seq"),
        (85, 253, "batch*seq"),
        (60, 132, "12*batch"),
        (16, 22, "seq - 1"),
        (19, 25, "seq + 2"),
        (289, 529, "seq*seq"),
    ],
)
def test_a_size_is_named_by_what_it_follows(here: int, there: int, said: str) -> None:
    expr = Atoms(*SIZES).expression(here, there)
    assert expr is not None and render(expr) == said


def test_a_size_that_follows_nothing_is_unknown() -> None:
    assert Atoms(*SIZES).expression(100, 340) is None


def test_the_length_that_texts_came_to_is_learnt_from_their_ids() -> None:
    atoms = Atoms(*SIZES)
    atoms.learn({"sizes": [2, 9], "role": "ids"}, {"sizes": [2, 14], "role": "ids"})
    expr = atoms.expression(18, 28)
    assert expr is not None and render(expr) == "2*seq"


@pytest.mark.parametrize(
    ("axes", "said"),
    [
        ({1: (BATCH, mul(SEQ, 12)), 2: (None,)}, ["batch of 5, sequences of 17 tokens"]),
        ({1: (4, BATCH)}, ["batch of 5"]),
        ({1: (4, 32), 2: (name("seq", 1),)}, []),
    ],
)
def test_a_chosen_size_is_an_assumption_where_the_script_left_it_open(axes: Axes, said: list[str]) -> None:
    assert Atoms(*SIZES).assumed(axes) == said


@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 40))
def test_every_name_gives_the_sizes_of_both_traces(batches: int, seqs: int, rest: int) -> None:
    here, there = (batches * s.batch + seqs * s.seq + rest for s in SIZES)
    expr = Atoms(*SIZES).expression(here, there)
    if isinstance(expr, Poly):
        assert [_value(expr, s) for s in SIZES] == [here, there]


def _value(expr: Poly, sizes: Chosen) -> int:
    total = 0
    for atoms, n in expr.terms:
        for atom in atoms:
            assert isinstance(atom, Name)
            n *= sizes.batch if atom.word == "batch" else sizes.seq
        total += n
    return total


@given(st.sets(st.integers(1, 60)))
def test_chosen_sizes_are_not_numbers_of_the_script(numbers: set[int]) -> None:
    first, second = choose(numbers)
    assert first.batch != second.batch and first.seq != second.seq
    if not {3, 5, 7, 11, 13} & numbers:
        assert first.batch not in numbers and second.batch not in numbers


def test_operands_have_the_spans_of_their_expressions() -> None:
    text = Text(Source("s.py", 'é = "ü"\nloss = f(\n    a + b, weight=w[0])\n'))
    node = text.node(Span("s.py", 2, 8, 3, 24))
    spans = operands(text, node, lambda args, kwargs: {"input": args[0], **kwargs})
    assert spans == {"input": Span("s.py", 3, 5, 3, 10), "weight": Span("s.py", 3, 19, 3, 23)}
    assert text.target(node) == "loss"


def test_equal_layers_inside_a_model_are_folded_into_the_first() -> None:
    graph = ShapeGraph("traced")
    for layer in range(12):
        for part in ("attention", "output"):
            module = Module("torch.nn.Linear", f"encoder.layer.{layer}.{part}")
            graph.add(Stage("torch.nn.Linear", Span("s.py", 3), module=module, within="transformers.BertModel"))
    folded = fold(graph).stages
    assert [(stage.repeat, stage.module.path) for stage in folded if stage.module] == [
        (12, "encoder.layer.0-11.attention"),
        (12, "encoder.layer.0-11.output"),
    ]
    assert not names(3)
