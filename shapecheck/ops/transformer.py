"""The Transformer's layers."""

from __future__ import annotations

from shapecheck.dims import Dim, Truth, number
from shapecheck.ops.call import Call
from shapecheck.ops.values import UNKNOWN, Spec, Unclear, as_dim, is_tensor
from shapecheck.shapes import Shape


def encoder_layer(call: Call) -> Spec:
    """``TransformerEncoderLayer`` and ``TransformerEncoder``: the source's shape."""
    source = call.tensor("src")
    params = _inner(call, "encoder_layer")
    _model_width(call, source.shape, "src", params)
    _own_mask(call, source.shape, "mask" if "encoder_layer" in call.args else "src_mask", params)
    _padding_mask(call, source.shape, "src", params)
    return Spec(source.shape, source.dtype)


def decoder_layer(call: Call) -> Spec:
    """``TransformerDecoderLayer`` and ``TransformerDecoder``: the target's shape."""
    target = call.tensor("tgt")
    params = _inner(call, "decoder_layer")
    _model_width(call, target.shape, "tgt", params)
    _model_width(call, call.shape("memory"), "memory", params)
    _same_rank(call, target.shape, call.shape("memory"), "tgt", "memory")
    _same_batch(call, target.shape, call.shape("memory"), "tgt", "memory", params)
    for name, shape in (("tgt", target.shape), ("memory", call.shape("memory"))):
        _padding_mask(call, shape, name, params)
    return Spec(target.shape, target.dtype)


def _own_mask(call: Call, source: Shape, name: str, params: dict[str, object]) -> None:
    """The mask of a text's tokens among each other is (seq, seq)."""
    mask, first = call.args.get(name), params.get("batch_first", UNKNOWN)
    if not is_tensor(mask) or mask.shape.rank != 2 or source.rank != 3 or not isinstance(first, bool):
        return
    length = source.dims[1 if first else 0]
    for at, size in enumerate(mask.shape.dims):
        if size.compare(length) is Truth.DIFFERENT:
            have, want = ", ".join(map(str, mask.shape.dims)), f"({length}, {length})"
            words = f"The shape of the 2D attn_mask is torch.Size([{have}]), but should be {want}."
            raise call.clash("inner", words, left=size, right=length, left_name=name, right_name="src", axis=at)


def _padding_mask(call: Call, shape: Shape, name: str, params: dict[str, object], operand: str = "") -> None:
    """A mask of padding is (batch, seq), wherever the sequence itself has its batch."""
    mask, first = call.args.get(f"{name}_key_padding_mask"), params.get("batch_first", UNKNOWN)
    if is_tensor(mask) and shape.rank == 2 and mask.shape.rank not in (1, None):
        words = (
            "For unbatched (2-D) `query`, expected `key_padding_mask` to be `None` or 1-D but found "
            f"{mask.shape.rank}-D tensor instead"
        )
        raise call.clash("rank", words, left_name=f"{name}_key_padding_mask", right_name=operand or name)
    if not is_tensor(mask) or mask.shape.rank != 2 or shape.rank != 3 or not isinstance(first, bool):
        return
    wanted = shape.dims[:2] if first else shape.dims[1::-1]
    for at, (have, want) in enumerate(zip(mask.shape.dims, wanted, strict=True)):
        if have.compare(want) is Truth.DIFFERENT:
            words = f"Expected key_padded_mask.shape[{at}] to be {want}, but got {have}"
            raise call.clash(
                "inner",
                words,
                left=have,
                right=want,
                left_name=f"{name}_key_padding_mask",
                right_name=operand or name,
                axis=at,
            )


def transformer(call: Call) -> Spec:
    """``Transformer(src, tgt)``: the target's shape."""
    source, target = call.shape("src"), call.shape("tgt")
    if None not in (source.rank, target.rank):
        first = call["batch_first"]
        at = 0 if first is True else 1
        if first is not UNKNOWN and len(source.dims) == 3 and len(target.dims) > at:
            _batches(call, source.dims[at], target.dims[at])
    width = as_dim(call["d_model"])
    for name, shape in (("src", source), ("tgt", target)):
        if shape.dims and shape.dim(-1).compare(width) is Truth.DIFFERENT:
            words = "the feature number of src and tgt must be equal to d_model"
            raise call.clash("inner", words, left=shape.dim(-1), right=width, left_name=name, right_name="d_model")
        _model_width(call, shape, name, call.args)
    _same_rank(call, target, source, "tgt", "src")
    _own_mask(call, source, "src_mask", call.args)
    _own_mask(call, target, "tgt_mask", call.args)
    for name, shape in (("src", source), ("tgt", target)):
        _padding_mask(call, shape, name, call.args)
    _padding_mask(call, source, "memory", call.args, "src")
    return Spec(target, call.tensor("tgt").dtype)


def _same_rank(call: Call, query: Shape, key: Shape, query_name: str, key_name: str) -> None:
    if None in (query.rank, key.rank) or query.rank == key.rank:
        return
    kind = "batched (3-D)" if query.rank == 3 else "unbatched (2-D)"
    words = (
        f"For {kind} `query`, expected `key` and `value` to be {query.rank}-D but found {key.rank}-D and "
        f"{key.rank}-D tensors respectively"
    )
    left, right = number(len(key.dims)), number(len(query.dims))
    raise call.clash("rank", words, left=left, right=right, left_name=key_name, right_name=query_name)


def _batches(call: Call, source: Dim, target: Dim) -> None:
    if source.compare(target) is Truth.DIFFERENT:
        words = "the batch number of src and tgt must be equal"
        raise call.clash("batch", words, left=source, right=target, left_name="src", right_name="tgt")


def _inner(call: Call, name: str) -> dict[str, object]:
    """The parameters that say the width: the layer's own, or those of the layer that is stacked."""
    if "d_model" in call.args:
        return call.args
    inner = getattr(call.args.get(name), "params", None)
    return inner if isinstance(inner, dict) else {}


def _model_width(call: Call, shape: Shape, name: str, params: dict[str, object]) -> None:
    width = as_dim(params.get("d_model"))
    if shape.rank is not None and shape.rank not in (2, 3):
        words = f"{name} should be unbatched 2D or batched 3D tensor but received {shape.rank}-D tensor"
        if name == "src":
            words = f"query should be unbatched 2D or batched 3D tensor but received {shape.rank}-D query tensor"
        raise call.clash("rank", words, left=number(shape.rank), right=number(3), left_name=name)
    if shape.dims and shape.dim(-1).compare(width) is Truth.DIFFERENT:
        words = f"was expecting embedding dimension of {width}, but got {shape.dim(-1)}"
        axis = None if shape.rank is None else shape.rank - 1
        raise call.clash(
            "inner", words, left=shape.dim(-1), right=width, left_name=name, right_name="d_model", axis=axis
        )


def _same_batch(
    call: Call, left: Shape, right: Shape, left_name: str, right_name: str, params: dict[str, object]
) -> None:
    first = params.get("batch_first", UNKNOWN)
    if left.rank != 3 or right.rank != 3 or first is UNKNOWN:
        return
    at = 0 if first else 1
    if left.dims[at].compare(right.dims[at]) is Truth.DIFFERENT:
        words = f"the batch of {left_name} ({left.dims[at]}) and of {right_name} ({right.dims[at]}) differ"
        raise call.clash(
            "batch",
            words,
            left=left.dims[at],
            right=right.dims[at],
            left_name=left_name,
            right_name=right_name,
            axis=at,
        )


def square_mask(call: Call) -> Spec:
    """``Transformer.generate_square_subsequent_mask(sz)``."""
    if call["sz"] is None:
        raise Unclear("sz is not known")
    side = as_dim(call["sz"])
    return Spec(Shape((side, side)), "float32")
