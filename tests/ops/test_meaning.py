"""What operators say of sizes that have names or origins, or that are not known, and of parameters that are not."""

from __future__ import annotations

from typing import Any

import pytest

from shapecheck import algebra, ops
from shapecheck.dims import Dim, number, symbol
from shapecheck.ops import UNKNOWN, NotKnown, Packed, Result, Spec
from shapecheck.places import Origin, Span
from shapecheck.shapes import ANY, Conflict, Shape, of

TOKENS = Spec(of("batch", "seq", 768), "float32")
IDS = Spec(of("batch", "seq"), "int64")
HIDDEN_AT_THE_END = Spec(Shape((number(768),), 0), "float32")


def shape_of(outcome: Any) -> str:
    """A result's shape as text."""
    assert isinstance(outcome, Result), outcome
    return str(outcome.value.shape)


def method(name: str, *args: Any, **kwargs: Any) -> Any:
    """A Tensor method applied."""
    return ops.apply(f"torch.Tensor.{name}", args, kwargs)


def layer(cls: str, *init: Any, **options: Any) -> tuple[str, Any]:
    """A layer's class and parameters."""
    return f"torch.nn.{cls}", ops.construct(f"torch.nn.{cls}", init, options)


def test_a_view_joins_axes_and_remembers_them_in_order() -> None:
    joined = method("view", TOKENS, -1, 768).value.shape.dims[0]
    assert joined.factors == (algebra.name("batch"), algebra.name("seq"))
    swapped = method("reshape", method("transpose", TOKENS, 0, 1).value, -1, 768).value.shape.dims[0]
    assert swapped.factors == (algebra.name("seq"), algebra.name("batch"))


BATCH, SEQ = symbol("batch"), symbol("seq")


@pytest.mark.parametrize(
    ("sizes", "dims_after"),
    [
        ((BATCH, -1, 12, 64), (BATCH, SEQ, number(12), number(64))),
        ((BATCH, -1), (BATCH, SEQ * number(768))),
        ((-1,), (BATCH * SEQ * number(768),)),
        ((BATCH, SEQ, 12, -1), (BATCH, SEQ, number(12), number(64))),
        ((-1, SEQ, 768), (BATCH, SEQ, number(768))),
    ],
)
def test_a_view_infers_the_axis_that_is_left_out(sizes: tuple[Any, ...], dims_after: tuple[Dim, ...]) -> None:
    assert method("view", TOKENS, *sizes).value.shape == Shape(dims_after)


def test_a_size_keeps_its_origin_through_operators() -> None:
    origin = Origin("the hidden size of roberta-base", Span("train.py", 9))
    hidden = Spec(Shape((symbol("batch"), symbol("seq"), number(768, origin))), "float32")
    for moved in (
        method("transpose", hidden, 1, 2).value.shape.dims[1],
        method("mean", hidden, dim=1).value.shape.dims[1],
        method("view", hidden, -1, 768).value.shape.dims[1],
        ops.index(hidden, (slice(None), 0)).value.shape.dims[1],
    ):
        assert moved.origin == origin


def test_a_layer_on_a_shape_of_unknown_rank_changes_the_axis_it_knows() -> None:
    cls, params = layer("Linear", 768, 5)
    assert shape_of(ops.forward(cls, params, (HIDDEN_AT_THE_END,), {})) == "(..., 5)"
    cls, params = layer("Linear", 512, 5)
    conflict = ops.forward(cls, params, (HIDDEN_AT_THE_END,), {})
    assert isinstance(conflict, Conflict) and (conflict.left, conflict.right) == (number(768), number(512))


def test_a_tensor_of_which_nothing_is_known_never_conflicts() -> None:
    for cls, init in (
        ("Linear", (3, 4)),
        ("LSTM", (3, 4)),
        ("Conv2d", (3, 4, 3)),
        ("BatchNorm1d", (3,)),
        ("LayerNorm", (3,)),
    ):
        name, params = layer(cls, *init)
        assert not isinstance(ops.forward(name, params, (Spec(ANY),), {}), Conflict)
        assert not isinstance(ops.forward(name, params, (UNKNOWN,), {}), Conflict)


def test_a_named_size_may_be_any_number() -> None:
    assert shape_of(ops.apply("torch.add", (Spec(of("batch", 768)), Spec(of("rows", 768))), {})) == "(?, 768)"
    cls, params = layer("Linear", 768, 5)
    assert shape_of(ops.forward(cls, params, (Spec(of("batch", "hidden")),), {})) == "(batch, 5)"
    assert isinstance(ops.apply("torch.matmul", (Spec(of("n", "m")), Spec(of("p", "q"))), {}), Result)


def test_named_sizes_that_cannot_agree_conflict() -> None:
    width = symbol("hidden")
    cls, params = layer("Linear", width, 5)
    wide = Spec(Shape((symbol("batch"), width * number(2))), "float32")
    conflict = ops.forward(cls, params, (wide,), {})
    assert isinstance(conflict, Conflict) and conflict.kind == "inner"
    assert conflict.message == "mat1 and mat2 shapes cannot be multiplied (batchx2*hidden and hiddenx5)"


def test_a_conflict_says_which_two_sizes_disagree_and_whose_they_are() -> None:
    cls, params = layer("Linear", 512, 5)
    conflict = ops.forward(cls, params, (TOKENS,), {})
    assert isinstance(conflict, Conflict)
    assert (conflict.left_name, conflict.right_name, conflict.axis) == ("input", "in_features", 2)
    conflict = ops.apply("torch.nn.functional.cross_entropy", (Spec(of(8, 5)), Spec(of(4), "int64")), {})
    assert isinstance(conflict, Conflict)
    assert (conflict.kind, conflict.left, conflict.right, conflict.right_name) == (
        "batch",
        number(8),
        number(4),
        "target",
    )


def test_an_unknown_parameter_makes_the_result_unknown_and_not_wrong() -> None:
    assert isinstance(method("mean", TOKENS, dim=UNKNOWN), NotKnown)
    assert isinstance(method("sum", TOKENS, dim=1, keepdim=UNKNOWN), NotKnown)
    assert shape_of(ops.apply("torch.zeros", (2, UNKNOWN), {})) == "(2, ?)"
    assert shape_of(method("view", TOKENS, UNKNOWN)) == "(...)"
    cls, params = layer("LSTM", 768, 128, batch_first=UNKNOWN)
    assert isinstance(ops.forward(cls, params, (TOKENS,), {}), NotKnown)


def test_comparisons_and_index_operators_have_their_own_types() -> None:
    assert ops.apply("torch.eq", (TOKENS, 1), {}).value.dtype == "bool"
    assert method("argmax", TOKENS, dim=-1).value.dtype == "int64"
    assert method("float", IDS).value.dtype == "float32"
    assert method("long", TOKENS).value.dtype == "int64"
    assert ops.apply("torch.div", (IDS, 2), {}).value.dtype == "float32"
    assert method("to", TOKENS, "cuda").value.dtype == "float32"
    assert method("to", TOKENS, dtype="torch.float16").value.dtype == "float16"


def test_slices_of_a_named_axis_stay_named() -> None:
    assert shape_of(ops.index(TOKENS, (slice(None), slice(1, None)))) == "(batch, seq - 1, 768)"
    assert shape_of(ops.index(TOKENS, (slice(None), slice(None, -1)))) == "(batch, seq - 1, 768)"
    assert shape_of(ops.index(TOKENS, (slice(None), slice(None, 1)))) == "(batch, 1, 768)"
    assert shape_of(ops.index(TOKENS, (slice(None), slice(None, 128)))) == "(batch, ?, 768)"
    assert shape_of(ops.index(TOKENS, (Ellipsis, 0))) == "(batch, seq)"


def test_a_packed_sequence_comes_back_with_its_batch_and_features() -> None:
    packed = ops.apply("torch.nn.utils.rnn.pack_padded_sequence", (TOKENS, UNKNOWN), {"batch_first": True}).value
    assert isinstance(packed, Packed)
    cls, params = layer("LSTM", 768, 128, bidirectional=True)
    out, (hidden, _) = ops.forward(cls, params, (packed,), {}).value
    assert str(hidden.shape) == "(2, batch, 128)"
    padded, lengths = ops.apply("torch.nn.utils.rnn.pad_packed_sequence", (out,), {"batch_first": True}).value
    assert (str(padded.shape), str(lengths.shape)) == ("(batch, ?, 256)", "(batch,)")


def test_a_stacked_transformer_knows_the_width_of_its_layer() -> None:
    class Inner:
        params = ops.construct("torch.nn.TransformerEncoderLayer", (512, 8), {"batch_first": True})

    cls, params = layer("TransformerEncoder", Inner(), 6)
    assert isinstance(ops.forward(cls, params, (TOKENS,), {}), Conflict)


def test_arguments_are_bound_by_torchs_names_with_defaults() -> None:
    assert ops.bind("torch.Tensor.permute", (TOKENS, 0, 2, 1), {}) == {"input": TOKENS, "dims": (0, 2, 1)}
    bound = ops.bind("torch.Tensor.sum", (TOKENS,), {"axis": 1, "keepdims": True})
    assert bound is not None and (bound["dim"], bound["keepdim"], bound["dtype"]) == (1, True, None)
    assert ops.bind("torch.sum", (TOKENS,), {"no_such": 1}) is None
    assert ops.bind("torch.nn.LSTM", (TOKENS,), {}) == {"input": TOKENS, "hx": None}


def test_an_operator_has_one_name_under_all_its_names() -> None:
    for name in ("torch.relu", "torch.Tensor.relu", "torch.Tensor.relu_", "torch.nn.functional.relu"):
        assert ops.canonical(name) == "torch.relu"
    assert ops.canonical("torch.nn.modules.linear.Linear") == "torch.nn.Linear"
    assert ops.canonical("torch.Tensor.__matmul__") == ops.canonical("operator.matmul") == "torch.matmul"
    assert ops.canonical("torch.Tensor.no_such_method") is None
    assert ops.canonical("torch.no_such_function") is None


def test_traced_numbers_settle_what_names_leave_open() -> None:
    rows, columns = Dim(algebra.name("batch"), size=3), Dim(algebra.name("seq"), size=17)
    conflict = ops.apply("torch.add", (Spec(Shape((rows,))), Spec(Shape((columns,)))), {})
    assert isinstance(conflict, Conflict) and conflict.kind == "broadcast"


def test_an_in_place_operator_may_not_grow_its_input() -> None:
    row, matrix = Spec(of(3), "float32"), Spec(of(2, 3), "float32")
    for name in ("torch.Tensor.add_", "torch.Tensor.__iadd__"):
        conflict = ops.apply(name, (row, matrix), {})
        assert isinstance(conflict, Conflict)
        assert conflict.message == "output with shape [3] doesn't match the broadcast shape [2, 3]"
        assert shape_of(ops.apply(name, (matrix, row), {})) == "(2, 3)"
    assert shape_of(ops.apply("torch.Tensor.__invert__", (Spec(of(3), "bool"),), {})) == "(3,)"
