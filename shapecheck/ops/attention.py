"""Attention and the Transformer's layers."""

from __future__ import annotations

from shapecheck.dims import UNKNOWN as UNKNOWN_DIM
from shapecheck.dims import Dim, Truth, number
from shapecheck.ops.call import Call
from shapecheck.ops.values import UNKNOWN, Spec, as_dim, is_tensor, listed
from shapecheck.shapes import ANY, Conflict, Shape, broadcast, compare


def scaled_dot_product(call: Call) -> Spec:
    """``scaled_dot_product_attention``: (..., L, E), (..., S, E), (..., S, Ev) to (..., L, Ev)."""
    query, key, value = (call.shape(name) for name in ("query", "key", "value"))
    for name, one in (("query", query), ("key", key), ("value", value)):
        if one.rank is not None and one.rank < 2:
            words = (
                "Expected query, key, and value to all be  at least 2 dimensional, but got "
                f"query.dim: {query.rank} key.dim: {key.rank} and value.dim: {value.rank} instead."
            )
            raise call.clash("rank", words, left_name=name)
    _same(call, query.dim(-1), key.dim(-1), "query", "key", _product_words(query, key))
    if len(value.dims) < 4 and value.rank is not None and query.rank == key.rank == value.rank:
        # Batches of heads go to a fused kernel that takes the keys' number for both.
        _same(call, key.dim(-2), value.dim(-2), "key", "value", _values_words(query, key, value))
    _score_mask(call, query, key)
    if None in (query.rank, key.rank, value.rank):
        return Spec(Shape((query.dim(-2), value.dim(-1)), 0), call.tensor("query").dtype)
    batch = broadcast(*[Shape(one.dims[:-2]) for one in (query, key, value)])
    if isinstance(batch, Conflict):
        if call["enable_gqa"] is not False:
            return Spec(Shape((*query.dims[:-1], value.dims[-1])), call.tensor("query").dtype)
        raise call.clash(
            "broadcast",
            batch.message,
            left=batch.left,
            right=batch.right,
            left_name="query",
            right_name="key",
            axis=batch.axis,
        )
    return Spec(Shape((*batch.dims, query.dims[-2], value.dims[-1])), call.tensor("query").dtype)


def _product_words(query: Shape, key: Shape) -> str:
    if key.rank == 2:
        return (
            f"mat1 and mat2 shapes cannot be multiplied ({query.dim(-2)}x{query.dim(-1)} and "
            f"{key.dim(-1)}x{key.dim(-2)})"
        )
    count = Shape(key.dims[:-2], key.open_at).numel
    return (
        f"Expected size for first two dimensions of batch2 tensor to be: [{count}, {query.dim(-1)}] but got: "
        f"[{count}, {key.dim(-1)}]."
    )


def _values_words(query: Shape, key: Shape, value: Shape) -> str:
    if value.rank == 2:
        rows, columns = query.dims[0], value.dims[1]
        return f"mat1 and mat2 shapes cannot be multiplied ({rows}x{key.dims[0]} and {value.dims[0]}x{columns})"
    count = value.dims[0]
    return (
        f"Expected size for first two dimensions of batch2 tensor to be: [{count}, {key.dims[1]}] "
        f"but got: [{count}, {value.dims[1]}]."
    )


def _same(call: Call, left: Dim, right: Dim, left_name: str, right_name: str, words: str) -> None:
    if left.compare(right) is Truth.DIFFERENT:
        raise call.clash("inner", words, left=left, right=right, left_name=left_name, right_name=right_name)


def _score_mask(call: Call, query: Shape, key: Shape) -> None:
    mask = call["attn_mask"]
    if not is_tensor(mask) or None in (query.rank, key.rank):
        return
    batch = broadcast(Shape(query.dims[:-2]), Shape(key.dims[:-2]))
    if isinstance(batch, Conflict):
        return
    scores = Shape((*batch.dims, query.dims[-2], key.dims[-2]))
    out = broadcast(scores, mask.shape)
    if isinstance(out, Conflict):
        raise call.clash(
            "broadcast", out.message, left=out.right, right=out.left, left_name="attn_mask", right_name="key"
        )
    if compare(out, scores) is Truth.DIFFERENT:
        words = f"output with shape [{listed(scores)}] doesn't match the broadcast shape [{listed(out)}]"
        raise call.clash("broadcast", words, left_name="attn_mask", right_name="key")


def _size(shape: Shape) -> str:
    return f"torch.Size([{listed(shape)}])"


def multihead(call: Call) -> tuple[Spec, object]:
    """``MultiheadAttention(query, key, value)``: the attended values, and the weights (or None)."""
    query, key, value = (call.shape(name) for name in ("query", "key", "value"))
    dtype = call.tensor("query").dtype
    width = as_dim(call["embed_dim"])
    if None in (query.rank, key.rank, value.rank):
        weights = (
            None if call["need_weights"] is False else UNKNOWN if call["need_weights"] is UNKNOWN else Spec(ANY, dtype)
        )
        return Spec(query.replaced(-1, width) if query.dims else ANY, dtype), weights
    _ranks(call, query, key, value)
    first = call.flag("batch_first") and len(query.dims) == 3
    sizes = _layout(query, key, value, first)
    _widths(call, query, key, value, width)
    _key_and_value(call, key, value)
    _masks(call, sizes)
    return Spec(query.replaced(-1, width), dtype), _weights(call, sizes, dtype)


class _Layout:
    """Batch (None without one), target length and source length."""

    def __init__(self, batch: Dim | None, key_batch: Dim | None, target: Dim, source: Dim) -> None:
        self.batch, self.key_batch, self.target, self.source = batch, key_batch, target, source


def _layout(query: Shape, key: Shape, value: Shape, first: bool) -> _Layout:
    if len(query.dims) == 2:
        return _Layout(None, None, query.dims[0], key.dims[0])
    at, length = (0, 1) if first else (1, 0)
    return _Layout(query.dims[at], key.dims[at], query.dims[length], key.dims[length])


def _ranks(call: Call, query: Shape, key: Shape, value: Shape) -> None:
    if len(query.dims) not in (2, 3):
        words = f"query should be unbatched 2D or batched 3D tensor but received {query.rank}-D query tensor"
        raise call.clash("rank", words, left=number(len(query.dims)), right=number(3), left_name="query")
    if key.rank != query.rank or value.rank != query.rank:
        kind = "batched (3-D)" if query.rank == 3 else "unbatched (2-D)"
        words = (
            f"For {kind} `query`, expected `key` and `value` to be {query.rank}-D but found {key.rank}-D and "
            f"{value.rank}-D "
            "tensors respectively"
        )
        raise call.clash("rank", words, left_name="key", right_name="query")


def _widths(call: Call, query: Shape, key: Shape, value: Shape, width: Dim) -> None:
    have = query.dims[-1]
    if have.compare(width) is Truth.DIFFERENT:
        words = f"was expecting embedding dimension of {width}, but got {have}"
        raise call.clash(
            "inner", words, left=have, right=width, left_name="query", right_name="embed_dim", axis=len(query.dims) - 1
        )
    for name, shape, parameter in (("key", key, "kdim"), ("value", value, "vdim")):
        wanted = width if call[parameter] is None else as_dim(call[parameter])
        if shape.dims[-1].compare(wanted) is Truth.DIFFERENT:
            rows = Shape(shape.dims[:-1]).numel
            words = f"mat1 and mat2 shapes cannot be multiplied ({rows}x{shape.dims[-1]} and {wanted}x{width})"
            right = "embed_dim" if call[parameter] is None else parameter
            axis = len(shape.dims) - 1
            raise call.clash(
                "inner", words, left=shape.dims[-1], right=wanted, left_name=name, right_name=right, axis=axis
            )


def _key_and_value(call: Call, key: Shape, value: Shape) -> None:
    if compare(Shape(key.dims[:-1]), Shape(value.dims[:-1])) is Truth.DIFFERENT:
        separate = call["kdim"] is not None or call["vdim"] is not None
        words = f"key shape {_size(key)} does not match value shape {_size(value)}"
        if separate:
            words = (
                f"key's sequence and batch dims {_size(Shape(key.dims[:2]))} do not match value's "
                f"{_size(Shape(value.dims[:2]))}"
            )
        raise call.clash("inner", words, left_name="key", right_name="value")


def _masks(call: Call, sizes: _Layout) -> None:
    if (
        sizes.batch is not None
        and sizes.key_batch is not None
        and sizes.batch.compare(sizes.key_batch) is Truth.DIFFERENT
    ):
        words = f"the batch of query ({sizes.batch}) and of key ({sizes.key_batch}) differ"
        heads, width = as_dim(call["num_heads"]), as_dim(call["embed_dim"])
        if heads.known and width.known:
            total = sizes.source * sizes.key_batch * width
            words = (
                f"shape '[{sizes.source}, {sizes.batch * heads}, {width // heads}]' is invalid for input of "
                f"size {total}"
            )
        raise call.clash("batch", words, left=sizes.batch, right=sizes.key_batch, left_name="query", right_name="key")
    _padding_mask(call, sizes)
    _attention_mask(call, sizes)


def _padding_mask(call: Call, sizes: _Layout) -> None:
    mask = call["key_padding_mask"]
    if not is_tensor(mask) or mask.shape.rank is None:
        return
    wanted = Shape((sizes.source,) if sizes.batch is None else (sizes.batch, sizes.source))
    if mask.shape.rank != wanted.rank:
        kind = "batched (3-D)" if sizes.batch is not None else "unbatched (2-D)"
        words = (
            f"For {kind} `query`, expected `key_padding_mask` to be `None` or {wanted.rank}-D but found "
            f"{mask.shape.rank}-D tensor instead"
        )
        raise call.clash("rank", words, left_name="key_padding_mask", right_name="key")
    if compare(mask.shape, wanted) is Truth.DIFFERENT:
        at = next(
            at
            for at, (a, b) in enumerate(zip(mask.shape.dims, wanted.dims, strict=True))
            if a.compare(b) is Truth.DIFFERENT
        )
        words = f"expecting key_padding_mask shape of ({listed(wanted)}), but got {_size(mask.shape)}"
        left, right = mask.shape.dims[at], wanted.dims[at]
        raise call.clash(
            "inner", words, left=left, right=right, left_name="key_padding_mask", right_name="key", axis=at
        )


def _attention_mask(call: Call, sizes: _Layout) -> None:
    mask = call["attn_mask"]
    if not is_tensor(mask) or mask.shape.rank is None:
        return
    if mask.shape.rank not in (2, 3):
        kind = "batched (3-D)" if sizes.batch is not None else "unbatched (2-D)"
        words = (
            f"For {kind} `query`, expected `attn_mask` to be `None`, 2-D or 3-D but found {mask.shape.rank}-D "
            "tensor instead"
        )
        raise call.clash("rank", words, left_name="attn_mask")
    heads = as_dim(call["num_heads"])
    rows = (heads if sizes.batch is None else sizes.batch * heads,) if mask.shape.rank == 3 else ()
    wanted = Shape((*rows, sizes.target, sizes.source))
    if compare(mask.shape, wanted) is Truth.DIFFERENT:
        words = (
            f"The shape of the {mask.shape.rank}D attn_mask is {_size(mask.shape)}, but should be ({listed(wanted)})."
        )
        if mask.shape.rank == 3 and sizes.batch is None:
            words = f"Expected `attn_mask` shape to be ({listed(wanted)}) but got {_size(mask.shape)}"
        at = next(
            at
            for at, (a, b) in enumerate(zip(mask.shape.dims, wanted.dims, strict=True))
            if a.compare(b) is Truth.DIFFERENT
        )
        left, right = mask.shape.dims[at], wanted.dims[at]
        raise call.clash("inner", words, left=left, right=right, left_name="attn_mask", right_name="query", axis=at)


def _weights(call: Call, sizes: _Layout, dtype: str | None) -> object:
    if call["need_weights"] is UNKNOWN or call["average_attn_weights"] is UNKNOWN:
        return UNKNOWN
    if not call["need_weights"]:
        return None
    extra = number(int(call["add_bias_kv"] is True) + int(call["add_zero_attn"] is True))
    source = sizes.source + extra if UNKNOWN not in (call["add_bias_kv"], call["add_zero_attn"]) else UNKNOWN_DIM
    if extra.expr == 0:
        source = sizes.source
    batch = () if sizes.batch is None else (sizes.batch,)
    heads = () if call["average_attn_weights"] else (as_dim(call["num_heads"]),)
    return Spec(Shape((*batch, *heads, sizes.target, source)), dtype)
