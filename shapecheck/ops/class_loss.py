"""Losses over classes: one id or one probability a class for every row."""

from __future__ import annotations

from shapecheck.dims import Truth, number
from shapecheck.ops import dtypes
from shapecheck.ops.call import Call
from shapecheck.ops.loss import bracketed, reduced
from shapecheck.ops.values import Clash, Operand, Spec, Unclear, as_dim, is_tensor
from shapecheck.shapes import ANY, Shape, compare


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
        return reduced(call, _without_classes(operand.shape), operand.dtype)
    if same is Truth.UNKNOWN:
        return reduced(call, ANY if operand.shape.rank == 1 else _without_classes(operand.shape), operand.dtype)
    return class_ids(call)


def _open_classes(call: Call, operand: Operand, target: Operand) -> Spec:
    if target.shape.rank is not None and dtypes.is_integral(target.dtype):
        return reduced(call, target.shape, operand.dtype)
    rows = [shape.dim(0) for shape in (operand.shape, target.shape)]
    if rows[0].known and rows[1].known and len(operand.shape.dims) > 1 and rows[0].compare(rows[1]) is Truth.DIFFERENT:
        raise _wrong_rows(call, operand.shape, target.shape)
    return reduced(call, ANY, operand.dtype)


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
    return reduced(call, wanted if shape.rank > 1 else Shape(()), operand.dtype)


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
    words = f"Expected target size {bracketed(expected)}, got {bracketed(wanted)}"
    if len(shape.dims) == 4:
        words = f"size mismatch (got input: {bracketed(shape)} , target: {bracketed(wanted)}"
        if len(wanted.dims) != 3:
            words = (
                "only batches of spatial targets supported (3D tensors) but got targets of dimension: "
                f"{len(wanted.dims)}"
            )
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
            f"but got weight tensor of shape: {bracketed(given)}"
        )
        raise call.clash("classes", words, left=classes, right=given.dim(0), right_name="weight", axis=1)


def multi_margin(call: Call) -> Spec:
    """``multi_margin_loss``: (N, C) against (N,) class ids."""
    shape, target = call.shape(), call.tensor("target")
    if shape.rank is None or target.shape.rank is None:
        return reduced(call, target.shape, call.tensor().dtype)
    if shape.rank not in (1, 2):
        words = f"Expected non-empty vector or matrix with optional 0-dim batch size, but got: {bracketed(shape)}"
        raise call.clash("rank", words, left=number(shape.rank), right=number(2))
    rows = shape.dims[0] if shape.rank == 2 else number(1)
    if target.shape.rank > 1 or target.shape.numel.compare(rows) is Truth.DIFFERENT:
        words = (
            "multi_margin_loss: target tensor should be 1-D with size equal to the number of input samples "
            "(batch size). "
            f"Expected target size [{rows}], but got {bracketed(target.shape)}. Input has shape {bracketed(shape)}."
        )
        raise call.clash("target", words, left=rows, right=target.shape.dim(0), right_name="target", axis=0)
    if target.dtype in dtypes.KIND and target.dtype not in ("int64", "int"):
        raise call.clash(
            "dtype", f"expected scalar type Long but found {dtypes.title(target.dtype)}", left_name="target"
        )
    return reduced(call, target.shape, call.tensor().dtype)


def multilabel_margin(call: Call) -> Spec:
    """``multilabel_margin_loss``: (N, C) against (N, C) class ids, the list ended by -1."""
    shape, target = call.shape(), call.tensor("target")
    if shape.rank is None:
        return reduced(call, ANY, call.tensor().dtype)
    if shape.rank > 2:
        words = f"Expected non-empty vector or matrix with optional 0-dim batch size, but got: {bracketed(shape)}"
        raise call.clash("rank", words, left=number(shape.rank), right=number(2))
    if compare(shape, target.shape) is Truth.DIFFERENT:
        words = f"inconsistent target size: {bracketed(target.shape)} for input of size: {bracketed(shape)}"
        raise call.clash("target", words, left=shape.dim(-1), right=target.shape.dim(-1), right_name="target")
    if target.dtype in dtypes.KIND and target.dtype not in ("int64", "int"):
        raise call.clash(
            "dtype", f"expected scalar type Long but found {dtypes.title(target.dtype)}", left_name="target"
        )
    return reduced(call, Shape(shape.dims[:1]) if shape.rank == 2 else Shape(()), call.tensor().dtype)


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


def linear_cross_entropy(call: Call) -> Spec:
    """``LinearCrossEntropyLoss``: a Linear and a cross entropy in one, (N, in) or (in,) against class ids."""
    operand, target = call.tensor(), call.tensor("target")
    if "in_features" in call.args:
        wanted, classes = as_dim(call["in_features"]), as_dim(call["num_classes"])
        more = call["out_features"]
        plain, name = isinstance(more, (tuple, list)) and not more, "in_features"
    else:
        weight = call.shape("linear_weight")
        wanted, classes = weight.dim(-1), weight.dim(0)
        plain, name = weight.rank == 2, "linear_weight"
    if not plain or operand.shape.rank is None:
        return reduced(call, ANY, operand.dtype)
    if operand.shape.rank not in (1, 2):
        words = f"expected input with dimensionality 1 or 2, got {operand.shape.rank}"
        raise call.clash("rank", words, left=number(operand.shape.rank), right=number(2))
    have = operand.shape.dims[-1]
    if have.compare(wanted) is Truth.DIFFERENT:
        words = (
            f"expected equal input and linear_weight last dimensions (in_features), got {have} and {wanted}, "
            "respectively"
        )
        raise call.clash("inner", words, left=have, right=wanted, right_name=name, axis=operand.shape.rank - 1)
    logits = Spec(Shape((*operand.shape.dims[:-1], classes)), operand.dtype)
    call.args.update(input=logits, target=target)
    return cross_entropy(call)
