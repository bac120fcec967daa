"""Operators in one step give what PyTorch gives: shapes, dtypes, gradients, and refusals."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shapecheck.tracer import TraceResult

torch = pytest.importorskip("torch")
F = torch.nn.functional

from shapecheck.tracer.child import shortcuts  # noqa: E402 - wants torch
from shapecheck.tracer.child.fakes import fake  # noqa: E402

Trace = Callable[..., TraceResult]
LINEAR = [
    ((2, 3), (5, 3), (5,)),
    ((3,), (5, 3), (5,)),
    ((2, 7, 3), (5, 3), None),
    ((2, 4), (5, 3), (5,)),
    ((), (5, 3), None),
]
ATTENTION = [
    ((2, 4, 7, 8), (2, 4, 9, 8), None),
    ((2, 4, 7, 8), (2, 4, 9, 8), (2, 1, 7, 9)),
    ((2, 4, 7, 8), (2, 4, 9, 8), (7, 9)),
    ((2, 4, 7, 8), (2, 4, 9, 8), (2, 1, 9, 9)),
    ((2, 4, 7, 8), (2, 4, 9, 6), None),
    ((2, 7, 8), (2, 9, 8), None),
]


@pytest.mark.parametrize("shapes", LINEAR, ids=str)
def test_linear_layers_are_as_torch_makes_them(shapes: tuple[tuple[int, ...] | None, ...]) -> None:
    real = [torch.zeros(shape) if shape is not None else None for shape in shapes]
    short = shortcuts.result("linear", tuple(fake(t) if t is not None else None for t in real), {})
    if short is not None:
        assert short.shape == F.linear(*real).shape


@pytest.mark.parametrize("shapes", ATTENTION, ids=str)
def test_attention_is_as_torch_makes_it(
    shapes: tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...] | None],
) -> None:
    query, key = torch.zeros(shapes[0]), torch.zeros(shapes[1])
    mask = torch.ones(shapes[2], dtype=torch.bool) if shapes[2] else None
    abstract = (fake(query), fake(key), fake(key))
    short = shortcuts.result("scaled_dot_product_attention", abstract, {"attn_mask": mask})
    if short is not None:
        assert short.shape == F.scaled_dot_product_attention(query, key, key, attn_mask=mask).shape


def test_what_models_do_takes_the_shortcut() -> None:
    assert shortcuts.result("linear", (fake((2, 3)), fake((5, 3)), fake((5,))), {}) is not None
    heads = fake((2, 4, 7, 8))
    assert shortcuts.result("scaled_dot_product_attention", (heads, heads, heads), {}) is not None


def test_gradients_have_the_shapes_of_their_operands() -> None:
    input, weight = fake((2, 3)).requires_grad_(), fake((5, 3)).requires_grad_()
    made = shortcuts.result("linear", (input, weight), {})
    assert made is not None and made.requires_grad
    assert [g.shape for g in torch.autograd.grad(made.sum(), (input, weight))] == [(2, 3), (5, 3)]


def test_without_gradients_none_are_promised() -> None:
    with torch.no_grad():
        made = shortcuts.result("linear", (fake((2, 3)), fake((5, 3)).requires_grad_()), {})
    assert made is not None and not made.requires_grad


def test_a_wrong_width_is_told_in_pytorchs_words(trace: Trace) -> None:
    result = trace("import torch\ntorch.nn.Linear(4, 5)(torch.nn.Linear(2, 3)(torch.zeros(7, 2)))")
    assert "mat1 and mat2 shapes cannot be multiplied (7x3 and 4x5)" in result.reason
