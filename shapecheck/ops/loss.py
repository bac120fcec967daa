"""Losses, as functions and as modules: which targets they take, and the shape under each ``reduction``."""

from __future__ import annotations

from shapecheck.dims import Dim, Truth, number
from shapecheck.ops import dtypes
from shapecheck.ops.call import Call
from shapecheck.ops.elementwise import joined
from shapecheck.ops.values import UNKNOWN, Spec, is_tensor, listed
from shapecheck.shapes import ANY, Conflict, Shape, broadcast, compare


def reduced(call: Call, unreduced: Shape, dtype: str | None) -> Spec:
    """The loss: a scalar, or with ``reduction="none"`` one number for each element of ``unreduced``."""
    reduction = call["reduction"]
    if reduction is UNKNOWN or call.args.get("reduce") is not None or call.args.get("size_average") is not None:
        return Spec(Shape(()) if call.args.get("reduce") is True else ANY, dtype)
    return Spec(unreduced if reduction == "none" else Shape(()), dtype)


def torch_size(shape: Shape) -> str:
    """A shape as Python shows it: ``torch.Size([8, 5])``."""
    return f"torch.Size([{listed(shape)}])"


def bracketed(shape: Shape) -> str:
    """A shape as torch's C++ shows it: ``[8, 5]``."""
    return f"[{listed(shape)}]"


# Classes


# Numbers against numbers


def binary_cross_entropy(call: Call) -> Spec:
    """Probabilities against targets of the same shape, which are floats."""
    shape, target = call.shape(), call.tensor("target")
    _same_size(
        call,
        shape,
        target.shape,
        "Using a target size ({target}) that is different to the input size ({input}) is deprecated. Please "
        "ensure they have the same size.",
    )
    if dtypes.is_integral(target.dtype):
        words = f"Found dtype {dtypes.title(target.dtype)} but expected Float"
        raise call.clash("dtype", words, left_name="target", right_name="input")
    _elementwise_weight(call, shape)
    return reduced(call, shape, call.tensor().dtype)


def binary_cross_entropy_with_logits(call: Call) -> Spec:
    """Logits against targets of the same shape, which are floats."""
    shape, target = call.shape(), call.tensor("target")
    _same_size(call, shape, target.shape, "Target size ({target}) must be the same as input size ({input})")
    if dtypes.is_integral(target.dtype) and not dtypes.is_integral(call.tensor().dtype):
        words = f"result type Float can't be cast to the desired output type {dtypes.title(target.dtype)}"
        raise call.clash("dtype", words, left_name="target", right_name="input")
    _elementwise_weight(call, shape)
    return reduced(call, shape, call.tensor().dtype)


def _same_size(call: Call, shape: Shape, target: Shape, words: str) -> None:
    if compare(shape, target) is not Truth.DIFFERENT:
        return
    pairs = zip(shape.dims, target.dims, strict=False)
    left, right, at = next(
        ((a, b, i) for i, (a, b) in enumerate(pairs) if a.compare(b) is Truth.DIFFERENT), (None, None, None)
    )
    if left is None and shape.rank is not None and target.rank is not None and shape.rank != target.rank:
        left, right, at = number(shape.rank), number(target.rank), None
    text = words.format(target=torch_size(target), input=torch_size(shape))
    raise call.clash("target", text, left=left, right=right, right_name="target", axis=at)


def _elementwise_weight(call: Call, shape: Shape) -> None:
    for name in ("pos_weight", "weight"):
        given = call.args.get(name)
        if not is_tensor(given):
            continue
        pair = (given.shape, shape) if name == "pos_weight" else (shape, given.shape)
        out = broadcast(*pair)
        if isinstance(out, Conflict):
            words = out.message
            if call.name in ("BCELoss", "binary_cross_entropy"):
                words = (
                    f"Attempting to broadcast a dimension of length {given.shape.dim(-1)} at -1! Mismatching "
                    "argument at index 1 had "
                    f"{torch_size(given.shape)}; but expected shape should be broadcastable to {bracketed(shape)}"
                )
            raise call.clash("classes", words, left=out.left, right=out.right, right_name=name, axis=out.axis)
        if compare(out, shape) is Truth.DIFFERENT:
            words = f"output with shape {bracketed(shape)} doesn't match the broadcast shape {bracketed(out)}"
            raise call.clash("broadcast", words, left_name=name)


def elementwise(call: Call) -> Spec:
    """``mse_loss`` and its like: input and target are broadcast, which is a warning at most."""
    dtype = dtypes.floating(dtypes.promote([call.tensor(), call.tensor("target")]))
    return reduced(call, joined(call, ["input", "target"]), dtype)


def kl_divergence(call: Call) -> Spec:
    """``kl_div``: broadcast; integers are refused."""
    target = call.tensor("target")
    if dtypes.is_integral(target.dtype) or dtypes.is_integral(call.tensor().dtype):
        raise call.clash("dtype", "kl_div: Integral inputs not supported.", left_name="target")
    return elementwise(call)


def multilabel_soft_margin(call: Call) -> Spec:
    """``multilabel_soft_margin_loss``: the class axis (the last one) is averaged."""
    if call.shape().rank == 0:
        raise call.clash("rank", "Dimension specified as -1 but tensor has no dimensions")
    out = joined(call, ["target", "input"])
    return reduced(call, Shape(out.dims[:-1], out.open_at) if out.dims else out, call.tensor().dtype)


def gaussian(call: Call) -> Spec:
    """``gaussian_nll_loss(input, target, var)``: the variance as the input, its last axis left out or 1."""
    shape, var = call.shape(), call["var"]
    if is_tensor(var) and var.shape.rank is not None and shape.rank is not None:
        fits = [shape, Shape(shape.dims[:-1]), Shape((*shape.dims[:-1], number(1)))]
        if all(compare(var.shape, one) is Truth.DIFFERENT for one in fits):
            raise call.clash(
                "target", "var is of incorrect size", left=shape.dim(-1), right=var.shape.dim(-1), right_name="var"
            )
    return reduced(call, joined(call, ["input", "target"]), call.tensor().dtype)


# Pairs and triples


def margin_ranking(call: Call) -> Spec:
    """``margin_ranking_loss(input1, input2, target)``: equal ranks, broadcast."""
    shapes = [call.shape(name) for name in ("input1", "input2", "target")]
    ranks = [shape.rank for shape in shapes]
    if None not in ranks and len(set(ranks)) > 1:
        texts = ", ".join(
            f"{name}: {torch_size(one)}" for name, one in zip(("input1", "input2", "target"), shapes, strict=True)
        )
        words = f"margin_ranking_loss : All input tensors should have same dimension but got sizes: {texts} "
        raise call.clash(
            "target",
            words,
            left=number(ranks[0] or 0),
            right=number(ranks[2] or 0),
            left_name="input1",
            right_name="target",
        )
    return reduced(call, joined(call, ["input1", "input2", "target"]), call.tensor("input1").dtype)


def cosine_embedding(call: Call) -> Spec:
    """``cosine_embedding_loss(input1, input2, target)``: (N, D), (N, D), (N,) or (D,), (D,), ()."""
    first, second, target = (call.shape(name) for name in ("input1", "input2", "target"))
    if None in (first.rank, second.rank, target.rank):
        return reduced(call, target, call.tensor("input1").dtype)
    if len(target.dims) > 1:
        words = "0D or 1D target tensor expected, multi-target not supported"
        raise call.clash("target", words, left=number(len(target.dims)), right=number(1), left_name="target", axis=1)
    wanted = len(target.dims) + 1
    if len(first.dims) != wanted or len(second.dims) != wanted:
        words = (
            f"{wanted - 1}D target tensor expects {wanted}D input tensors, but found inputs with sizes "
            f"{bracketed(first)} and {bracketed(second)}."
        )
        raise call.clash(
            "rank", words, left=number(len(first.dims)), right=number(wanted), left_name="input1", right_name="target"
        )
    rows = Shape(joined(call, ["input1", "input2"]).dims[:-1])
    out = broadcast(rows, target)
    if isinstance(out, Conflict):
        words = (
            f"The size of tensor a ({out.right}) must match the size of tensor b ({out.left}) at non-singleton "
            "dimension 0"
        )
        raise call.clash(
            "batch", words, left=out.left, right=out.right, left_name="input1", right_name="target", axis=0
        )
    return reduced(call, out, call.tensor("input1").dtype)


def triplet_margin(call: Call) -> Spec:
    """``triplet_margin_loss(anchor, positive, negative)``: equal ranks, broadcast, the last axis measured."""
    shapes = [call.shape(name) for name in ("anchor", "positive", "negative")]
    ranks = [shape.rank for shape in shapes]
    if None in ranks:
        return reduced(call, ANY, call.tensor("anchor").dtype)
    if len(set(ranks)) > 1:
        words = (
            "The anchor, positive, and negative tensors are expected to have the same number of dimensions, but got: "
            f"anchor {ranks[0]}D, positive {ranks[1]}D, and negative {ranks[2]}D inputs"
        )
        raise call.clash("rank", words, left_name="anchor", right_name="negative")
    if call.args.get("distance_function") is not None:
        return reduced(call, ANY, call.tensor("anchor").dtype)
    out = joined(call, ["anchor", "positive", "negative"])
    return reduced(call, Shape(out.dims[:-1]), call.tensor("anchor").dtype)


# Sequences and large vocabularies


def ctc(call: Call) -> Spec:
    """``ctc_loss(log_probs, targets, input_lengths, target_lengths)``: (T, N, C) or (T, C)."""
    shape, targets = call.shape("log_probs"), call.shape("targets")
    if shape.rank is None:
        return reduced(call, ANY, call.tensor("log_probs").dtype)
    if shape.rank not in (2, 3):
        words = (
            f"Expected 3-dimensional tensor, but got {shape.rank + (shape.rank != 3)}-dimensional tensor for "
            "argument #1 'log_probs' "
            "(while checking arguments for ctc_loss_allocate_outputs)"
        )
        raise call.clash("rank", words, left=number(shape.rank), right=number(3), left_name="log_probs")
    batch = shape.dims[1] if shape.rank == 3 else number(1)
    if shape.rank == 3 and targets.rank == 2 and targets.dims[0].compare(batch) is Truth.DIFFERENT:
        words = (
            f"Expected tensor to have size {batch} at dimension 0, but got size {targets.dims[0]} for argument "
            "#2 'targets' "
            "(while checking arguments for ctc_loss_allocate_outputs)"
        )
        raise call.clash(
            "batch", words, left=batch, right=targets.dims[0], left_name="log_probs", right_name="targets", axis=1
        )
    for name in ("input_lengths", "target_lengths"):
        _one_length_each(call, name, batch if shape.rank == 3 else number(1))
    return reduced(call, Shape((batch,)) if shape.rank == 3 else Shape(()), call.tensor("log_probs").dtype)


def _one_length_each(call: Call, name: str, batch: Dim) -> None:
    given = call[name]
    if is_tensor(given):
        count = given.shape.numel
    elif isinstance(given, (tuple, list)):
        count = number(len(given))
    else:
        return
    if count.compare(batch) is Truth.DIFFERENT:
        words = f"{name} must be of size batch_size"
        raise call.clash("batch", words, left=batch, right=count, left_name="log_probs", right_name=name, axis=1)
