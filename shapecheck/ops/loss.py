"""Losses, as functions and as modules: which targets they take, and the shape under each ``reduction``."""

from __future__ import annotations

from shapecheck.dims import Dim, Truth, number
from shapecheck.ops import dtypes
from shapecheck.ops.call import Call
from shapecheck.ops.elementwise import joined
from shapecheck.ops.values import UNKNOWN, Clash, Operand, Spec, Unclear, is_tensor, listed
from shapecheck.shapes import ANY, Conflict, Shape, broadcast, compare


def _reduced(call: Call, unreduced: Shape, dtype: str | None) -> Spec:
    """The loss: a scalar, or with ``reduction="none"`` one number for each element of ``unreduced``."""
    reduction = call["reduction"]
    if reduction is UNKNOWN or call.args.get("reduce") is not None or call.args.get("size_average") is not None:
        return Spec(Shape(()) if call.args.get("reduce") is True else ANY, dtype)
    return Spec(unreduced if reduction == "none" else Shape(()), dtype)


def _torch_size(shape: Shape) -> str:
    return f"torch.Size([{listed(shape)}])"


def _bracketed(shape: Shape) -> str:
    return f"[{listed(shape)}]"


# Classes


def cross_entropy(call: Call) -> Spec:
    """Class ids (N, d1, ...) or class probabilities of the input's own shape (N, C, d1, ...)."""
    operand, target = call.tensor(), call.tensor("target")
    if operand.shape.rank is None or target.shape.rank is None:
        return _open_classes(call, operand, target)
    same = compare(operand.shape, target.shape)
    if same is Truth.EQUAL:
        if dtypes.is_integral(target.dtype):
            words = (
                f"Expected floating point type for target with class probabilities, got {dtypes.title(target.dtype)}"
            )
            raise call.clash("dtype", words, left_name="target", right_name="input")
        _class_weight(call, operand.shape, prefix="cross_entropy: ")
        return _reduced(call, _without_classes(operand.shape), operand.dtype)
    if same is Truth.UNKNOWN:
        return _reduced(call, ANY if operand.shape.rank == 1 else _without_classes(operand.shape), operand.dtype)
    return class_ids(call)


def _open_classes(call: Call, operand: Operand, target: Operand) -> Spec:
    if target.shape.rank is not None and dtypes.is_integral(target.dtype):
        return _reduced(call, target.shape, operand.dtype)
    rows = [shape.dim(0) for shape in (operand.shape, target.shape)]
    if rows[0].known and rows[1].known and len(operand.shape.dims) > 1 and rows[0].compare(rows[1]) is Truth.DIFFERENT:
        raise _wrong_rows(call, operand.shape, target.shape)
    return _reduced(call, ANY, operand.dtype)


def _without_classes(shape: Shape) -> Shape:
    return Shape(()) if len(shape.dims) < 2 else Shape((shape.dims[0], *shape.dims[2:]))


def _wrong_rows(call: Call, shape: Shape, target: Shape) -> Clash:
    rows = target.dims[0] if target.dims else number(0)
    words = f"Expected input batch_size ({shape.dims[0]}) to match target batch_size ({rows})."
    return call.clash("batch", words, left=shape.dims[0], right=rows, right_name="target", axis=0)


def class_ids(call: Call) -> Spec:
    """``nll_loss``: one class id for each row, (N, C, d1, ...) against (N, d1, ...)."""
    operand, target = call.tensor(), call.tensor("target")
    shape, wanted = operand.shape, target.shape
    if shape.rank is None or wanted.rank is None:
        return _open_classes(call, operand, target)
    if shape.rank == 0:
        raise call.clash("rank", "Expected 1 or more dimensions (got 0)")
    if shape.rank > 1 and (wanted.rank == 0 or shape.dims[0].compare(wanted.dims[0]) is Truth.DIFFERENT):
        raise _wrong_rows(call, shape, wanted)
    if shape.rank <= 2:
        _rows_of_ids(call, shape, wanted)
    else:
        _maps_of_ids(call, shape, wanted)
    if target.dtype in dtypes.KIND and target.dtype not in ("int64", "uint8", "int"):
        words = f"expected target dtype to be Long or Byte, but got {dtypes.title(target.dtype)}"
        raise call.clash("dtype", words, left_name="target")
    _class_weight(call, shape)
    return _reduced(call, wanted if shape.rank > 1 else Shape(()), operand.dtype)


def _rows_of_ids(call: Call, shape: Shape, wanted: Shape) -> None:
    if len(wanted.dims) > 1:
        words = "0D or 1D target tensor expected, multi-target not supported"
        raise call.clash("target", words, left=number(len(wanted.dims)), right=number(1), left_name="target", axis=1)
    if shape.rank == 1 and wanted.rank == 1 and wanted.dims[0].compare(number(1)) is Truth.DIFFERENT:
        words = f"For 1D input, 1D target must have size 1, but got target size: {wanted.dims[0]}"
        raise call.clash("target", words, left=wanted.dims[0], right=number(1), left_name="target", axis=0)


def _maps_of_ids(call: Call, shape: Shape, wanted: Shape) -> None:
    expected = Shape((shape.dims[0], *shape.dims[2:]))
    if compare(wanted, expected) is not Truth.DIFFERENT:
        return
    pairs = zip(expected.dims, wanted.dims, strict=False)
    left, right, at = next(
        ((a, b, i + (i > 0)) for i, (a, b) in enumerate(pairs) if a.compare(b) is Truth.DIFFERENT), (None, None, None)
    )
    if left is None and len(shape.dims) > 2:
        at, left = 2, shape.dims[2]
    words = f"Expected target size {_bracketed(expected)}, got {_bracketed(wanted)}"
    if len(shape.dims) == 4:
        words = f"size mismatch (got input: {_bracketed(shape)} , target: {_bracketed(wanted)}"
        if len(wanted.dims) != 3:
            words = f"only batches of spatial targets supported (3D tensors) but got targets of dimension: {len(wanted.dims)}"
    raise call.clash("target", words, left=left, right=right, right_name="target", axis=at)


def _class_weight(call: Call, shape: Shape, prefix: str = "") -> None:
    weight = call.args.get("weight")
    if not is_tensor(weight):
        return
    classes = shape.dims[1 if len(shape.dims) > 1 else 0]
    given: Shape = weight.shape
    if given.rank is not None and (given.rank != 1 or given.dims[0].compare(classes) is Truth.DIFFERENT):
        words = (
            f"{prefix}weight tensor should be defined either for all {classes} classes or no classes "
            f"but got weight tensor of shape: {_bracketed(given)}"
        )
        raise call.clash("classes", words, left=classes, right=given.dim(0), right_name="weight", axis=1)


def multi_margin(call: Call) -> Spec:
    """``multi_margin_loss``: (N, C) against (N,) class ids."""
    shape, target = call.shape(), call.tensor("target")
    if shape.rank is None or target.shape.rank is None:
        return _reduced(call, target.shape, call.tensor().dtype)
    if shape.rank not in (1, 2):
        words = f"Expected non-empty vector or matrix with optional 0-dim batch size, but got: {_bracketed(shape)}"
        raise call.clash("rank", words, left=number(shape.rank), right=number(2))
    rows = shape.dims[0] if shape.rank == 2 else number(1)
    if target.shape.rank > 1 or target.shape.numel.compare(rows) is Truth.DIFFERENT:
        words = (
            "multi_margin_loss: target tensor should be 1-D with size equal to the number of input samples (batch size). "
            f"Expected target size [{rows}], but got {_bracketed(target.shape)}. Input has shape {_bracketed(shape)}."
        )
        raise call.clash("target", words, left=rows, right=target.shape.dim(0), right_name="target", axis=0)
    if target.dtype in dtypes.KIND and target.dtype not in ("int64", "int"):
        raise call.clash(
            "dtype", f"expected scalar type Long but found {dtypes.title(target.dtype)}", left_name="target"
        )
    return _reduced(call, target.shape, call.tensor().dtype)


def multilabel_margin(call: Call) -> Spec:
    """``multilabel_margin_loss``: (N, C) against (N, C) class ids, the list ended by -1."""
    shape, target = call.shape(), call.tensor("target")
    if shape.rank is None:
        return _reduced(call, ANY, call.tensor().dtype)
    if shape.rank > 2:
        words = f"Expected non-empty vector or matrix with optional 0-dim batch size, but got: {_bracketed(shape)}"
        raise call.clash("rank", words, left=number(shape.rank), right=number(2))
    if compare(shape, target.shape) is Truth.DIFFERENT:
        words = f"inconsistent target size: {_bracketed(target.shape)} for input of size: {_bracketed(shape)}"
        raise call.clash("target", words, left=shape.dim(-1), right=target.shape.dim(-1), right_name="target")
    if target.dtype in dtypes.KIND and target.dtype not in ("int64", "int"):
        raise call.clash(
            "dtype", f"expected scalar type Long but found {dtypes.title(target.dtype)}", left_name="target"
        )
    return _reduced(call, Shape(shape.dims[:1]) if shape.rank == 2 else Shape(()), call.tensor().dtype)


# Numbers against numbers


def binary_cross_entropy(call: Call) -> Spec:
    """Probabilities against targets of the same shape, which are floats."""
    shape, target = call.shape(), call.tensor("target")
    _same_size(
        call,
        shape,
        target.shape,
        "Using a target size ({target}) that is different to the input size ({input}) is deprecated. Please ensure they have the same size.",
    )
    if dtypes.is_integral(target.dtype):
        words = f"Found dtype {dtypes.title(target.dtype)} but expected Float"
        raise call.clash("dtype", words, left_name="target", right_name="input")
    _elementwise_weight(call, shape)
    return _reduced(call, shape, call.tensor().dtype)


def binary_cross_entropy_with_logits(call: Call) -> Spec:
    """Logits against targets of the same shape, which are floats."""
    shape, target = call.shape(), call.tensor("target")
    _same_size(call, shape, target.shape, "Target size ({target}) must be the same as input size ({input})")
    if dtypes.is_integral(target.dtype) and not dtypes.is_integral(call.tensor().dtype):
        words = f"result type Float can't be cast to the desired output type {dtypes.title(target.dtype)}"
        raise call.clash("dtype", words, left_name="target", right_name="input")
    _elementwise_weight(call, shape)
    return _reduced(call, shape, call.tensor().dtype)


def _same_size(call: Call, shape: Shape, target: Shape, words: str) -> None:
    if compare(shape, target) is not Truth.DIFFERENT:
        return
    pairs = zip(shape.dims, target.dims, strict=False)
    left, right, at = next(
        ((a, b, i) for i, (a, b) in enumerate(pairs) if a.compare(b) is Truth.DIFFERENT), (None, None, None)
    )
    if left is None and shape.rank is not None and target.rank is not None and shape.rank != target.rank:
        left, right, at = number(shape.rank), number(target.rank), None
    text = words.format(target=_torch_size(target), input=_torch_size(shape))
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
                    f"Attempting to broadcast a dimension of length {given.shape.dim(-1)} at -1! Mismatching argument at index 1 had "
                    f"{_torch_size(given.shape)}; but expected shape should be broadcastable to {_bracketed(shape)}"
                )
            raise call.clash("classes", words, left=out.left, right=out.right, right_name=name, axis=out.axis)
        if out.rank is not None and shape.rank is not None and out.rank > shape.rank:
            words = f"output with shape {_bracketed(shape)} doesn't match the broadcast shape {_bracketed(out)}"
            raise call.clash("broadcast", words, left_name=name)


def elementwise(call: Call) -> Spec:
    """``mse_loss`` and its like: input and target are broadcast, which is a warning at most."""
    dtype = dtypes.floating(dtypes.promote([call.tensor(), call.tensor("target")]))
    return _reduced(call, joined(call, ["input", "target"]), dtype)


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
    return _reduced(call, Shape(out.dims[:-1], out.open_at) if out.dims else out, call.tensor().dtype)


def gaussian(call: Call) -> Spec:
    """``gaussian_nll_loss(input, target, var)``: the variance as the input, or without (or with 1 for) its last axis."""
    shape, var = call.shape(), call["var"]
    if is_tensor(var) and var.shape.rank is not None and shape.rank is not None:
        fits = [shape, Shape(shape.dims[:-1]), Shape((*shape.dims[:-1], number(1)))]
        if all(compare(var.shape, one) is Truth.DIFFERENT for one in fits):
            raise call.clash(
                "target", "var is of incorrect size", left=shape.dim(-1), right=var.shape.dim(-1), right_name="var"
            )
    return _reduced(call, joined(call, ["input", "target"]), call.tensor().dtype)


# Pairs and triples


def margin_ranking(call: Call) -> Spec:
    """``margin_ranking_loss(input1, input2, target)``: equal ranks, broadcast."""
    shapes = [call.shape(name) for name in ("input1", "input2", "target")]
    ranks = [shape.rank for shape in shapes]
    if None not in ranks and len(set(ranks)) > 1:
        texts = ", ".join(
            f"{name}: {_torch_size(one)}" for name, one in zip(("input1", "input2", "target"), shapes, strict=True)
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
    return _reduced(call, joined(call, ["input1", "input2", "target"]), call.tensor("input1").dtype)


def cosine_embedding(call: Call) -> Spec:
    """``cosine_embedding_loss(input1, input2, target)``: (N, D), (N, D), (N,) or (D,), (D,), ()."""
    first, second, target = (call.shape(name) for name in ("input1", "input2", "target"))
    if None in (first.rank, second.rank, target.rank):
        return _reduced(call, target, call.tensor("input1").dtype)
    if len(target.dims) > 1:
        words = "0D or 1D target tensor expected, multi-target not supported"
        raise call.clash("target", words, left=number(len(target.dims)), right=number(1), left_name="target", axis=1)
    wanted = len(target.dims) + 1
    if len(first.dims) != wanted or len(second.dims) != wanted:
        words = (
            f"{wanted - 1}D target tensor expects {wanted}D input tensors, but found inputs with sizes "
            f"{_bracketed(first)} and {_bracketed(second)}."
        )
        raise call.clash(
            "rank", words, left=number(len(first.dims)), right=number(wanted), left_name="input1", right_name="target"
        )
    rows = Shape(joined(call, ["input1", "input2"]).dims[:-1])
    out = broadcast(rows, target)
    if isinstance(out, Conflict):
        words = f"The size of tensor a ({out.right}) must match the size of tensor b ({out.left}) at non-singleton dimension 0"
        raise call.clash(
            "batch", words, left=out.left, right=out.right, left_name="input1", right_name="target", axis=0
        )
    return _reduced(call, out, call.tensor("input1").dtype)


def triplet_margin(call: Call) -> Spec:
    """``triplet_margin_loss(anchor, positive, negative)``: equal ranks, broadcast, the last axis measured."""
    shapes = [call.shape(name) for name in ("anchor", "positive", "negative")]
    ranks = [shape.rank for shape in shapes]
    if None in ranks:
        return _reduced(call, ANY, call.tensor("anchor").dtype)
    if len(set(ranks)) > 1:
        words = (
            "The anchor, positive, and negative tensors are expected to have the same number of dimensions, but got: "
            f"anchor {ranks[0]}D, positive {ranks[1]}D, and negative {ranks[2]}D inputs"
        )
        raise call.clash("rank", words, left_name="anchor", right_name="negative")
    if call.args.get("distance_function") is not None:
        return _reduced(call, ANY, call.tensor("anchor").dtype)
    out = joined(call, ["anchor", "positive", "negative"])
    return _reduced(call, Shape(out.dims[:-1]), call.tensor("anchor").dtype)


# Sequences and large vocabularies


def ctc(call: Call) -> Spec:
    """``ctc_loss(log_probs, targets, input_lengths, target_lengths)``: (T, N, C) or (T, C)."""
    shape, targets = call.shape("log_probs"), call.shape("targets")
    if shape.rank is None:
        return _reduced(call, ANY, call.tensor("log_probs").dtype)
    if shape.rank not in (2, 3):
        words = (
            f"Expected 3-dimensional tensor, but got {shape.rank + (shape.rank != 3)}-dimensional tensor for argument #1 'log_probs' "
            "(while checking arguments for ctc_loss_allocate_outputs)"
        )
        raise call.clash("rank", words, left=number(shape.rank), right=number(3), left_name="log_probs")
    batch = shape.dims[1] if shape.rank == 3 else number(1)
    if shape.rank == 3 and targets.rank == 2 and targets.dims[0].compare(batch) is Truth.DIFFERENT:
        words = (
            f"Expected tensor to have size {batch} at dimension 0, but got size {targets.dims[0]} for argument #2 'targets' "
            "(while checking arguments for ctc_loss_allocate_outputs)"
        )
        raise call.clash(
            "batch", words, left=batch, right=targets.dims[0], left_name="log_probs", right_name="targets", axis=1
        )
    for name in ("input_lengths", "target_lengths"):
        _one_length_each(call, name, batch if shape.rank == 3 else number(1))
    return _reduced(call, Shape((batch,)) if shape.rank == 3 else Shape(()), call.tensor("log_probs").dtype)


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


def adaptive_log_softmax(call: Call) -> tuple[Spec, Spec]:
    """``AdaptiveLogSoftmaxWithLoss``: (output, loss)."""
    shape, target = call.shape("input_"), call.shape("target_")
    if None in (shape.rank, target.rank):
        raise Unclear("the number of axes is not known")
    if len(target.dims) == 1:
        if shape.dims and shape.dims[0].compare(target.dims[0]) is Truth.DIFFERENT:
            raise call.clash(
                "batch", "Input and target should have the same size in the batch dimension.",
                left=shape.dims[0], right=target.dims[0], right_name="target", axis=0,
            )  # fmt: skip
        if len(shape.dims) != 2:
            raise call.clash("rank", "1D target tensor expects 2D input tensors, but found inputs with size")
    elif len(target.dims) > 1:
        raise call.clash("target", "0D or 1D target tensor expected, multi-target not supported", left_name="target")
    dtype = call.tensor("input_").dtype
    return Spec(target, dtype), Spec(Shape(()), dtype)
