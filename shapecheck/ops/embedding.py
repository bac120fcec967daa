"""Embeddings."""

from __future__ import annotations

from shapecheck.dims import UNKNOWN as UNKNOWN_DIM
from shapecheck.dims import Dim, Truth, number
from shapecheck.ops import dtypes
from shapecheck.ops.call import Call
from shapecheck.ops.values import UNKNOWN, Operand, Spec, as_dim, is_tensor, listed
from shapecheck.shapes import Shape, compare


def embedding(call: Call) -> Spec:
    """``Embedding`` and ``embedding(input, weight)``: one vector for every id."""
    ids = call.tensor()
    _whole_numbers(call, ids, "embedding")
    if "embedding_dim" in call.args:
        width, dtype = as_dim(call["embedding_dim"]), dtypes.as_dtype(call["dtype"]) or "float32"
    else:
        weight = call.tensor("weight")
        if weight.shape.rank is not None and weight.shape.rank != 2:
            raise call.clash("rank", "'weight' must be 2-D", left_name="weight")
        width, dtype = weight.shape.dim(-1), weight.dtype or "float"
    return Spec(Shape((*ids.shape.dims, width), ids.shape.open_at), dtype)


def embedding_bag(call: Call) -> Spec:
    """``EmbeddingBag``: (bags, length) ids, or all ids in a row with the offset of each bag, to (bags, width)."""
    ids = call.tensor()
    _whole_numbers(call, ids, "embedding_bag")
    if "embedding_dim" in call.args:
        width, dtype = as_dim(call["embedding_dim"]), dtypes.as_dtype(call["dtype"]) or "float32"
    else:
        width, dtype = call.shape("weight").dim(-1), call.tensor("weight").dtype or "float"
    if ids.shape.rank is None:
        return Spec(Shape((UNKNOWN_DIM, width)), dtype)
    if ids.shape.rank not in (1, 2):
        words = f"input has to be 1D or 2D Tensor, but got Tensor of dimension {ids.shape.rank}"
        raise call.clash("rank", words, left=number(ids.shape.rank), right=number(2))
    return Spec(Shape((_bags(call, ids.shape), width)), dtype)


def _bags(call: Call, ids: Shape) -> Dim:
    offsets = call["offsets"]
    weights = call["per_sample_weights"]
    if is_tensor(weights) and compare(weights.shape, ids) is Truth.DIFFERENT:
        words = (
            f"embedding_bag: If per_sample_weights (torch.Size([{listed(weights.shape)}])) is not None, then "
            "it must have the same "
            f"shape as the input (torch.Size([{listed(ids)}]))"
        )
        raise call.clash("broadcast", words, left_name="per_sample_weights", right_name="input")
    if ids.rank == 2:
        if is_tensor(offsets):
            words = (
                "if input is 2D, then offsets has to be None, as input is treated is a mini-batch of fixed "
                "length sequences. "
                "However, found offsets of type <class 'torch.Tensor'>"
            )
            raise call.clash("parameter", words, left_name="offsets")
        return ids.dims[0]
    if offsets is None:
        raise call.clash("parameter", "offsets has to be a 1D Tensor but got None", left_name="offsets")
    if not is_tensor(offsets):
        return UNKNOWN_DIM
    if offsets.shape.rank is not None and offsets.shape.rank != 1:
        raise call.clash("rank", "offsets has to be a 1D Tensor", left_name="offsets")
    count = offsets.shape.dim(0)
    last = call["include_last_offset"]
    return UNKNOWN_DIM if last is UNKNOWN else count - number(1) if last else count


def _whole_numbers(call: Call, ids: Operand, said: str) -> None:
    """Ids must be integers."""
    if ids.dtype is not None and ids.dtype not in ("int64", "int32", "int") and ids.dtype in dtypes.KIND:
        words = (
            "Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; but got "
            f"torch.{dtypes.title(ids.dtype)}Tensor instead (while checking arguments for {said})"
        )
        raise call.clash("dtype", words)
