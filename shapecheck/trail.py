"""Walking a ShapeGraph backwards: the stages a tensor came through, and the one that gave an axis its size."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from shapecheck.dims import Dim
from shapecheck.graph import Stage, Tensor
from shapecheck.vocabulary import (
    BINARY,
    CONVOLUTIONS,
    KEEPS,
    RECURRENT,
    REDUCTIONS,
    Axis,
    axis,
    given,
    ints,
    is_model,
    key_parts,
    main,
    operands,
    reduced_axes,
    short,
    words,
)

_WINDOWS = frozenset(
    f"{kind}{n}d"
    for kind in (
        "MaxPool",
        "AvgPool",
        "AdaptiveMaxPool",
        "AdaptiveAvgPool",
        "max_pool",
        "avg_pool",
        "adaptive_max_pool",
        "adaptive_avg_pool",
    )
    for n in (1, 2, 3)
)
_REGROUPS = words("view reshape flatten Flatten unflatten Unflatten expand repeat view_as reshape_as tile")


def steps(tensor: Tensor) -> Iterator[Stage]:
    """The stages that a tensor came through, nearest first, along main operands."""
    seen: set[int] = set()
    while tensor.producer is not None and id(tensor.producer) not in seen:
        stage = tensor.producer
        seen.add(id(stage))
        yield stage
        operand = main(stage)
        if operand is None:
            return
        tensor = operand


def made(start: Axis) -> Axis:
    """The axis followed back through the stages that only hand it on, to where it got its size."""
    seen: set[int] = set()
    here = start
    while (before := previous(here)) is not None and id(here.tensor) not in seen:
        seen.add(id(here.tensor))
        here = before
    return here


def previous(here: Axis) -> Axis | None:
    """The same axis of the operand it came from; None where the stage gave it its size (or there is no stage)."""
    stage = here.stage
    if stage is None:
        return None
    follow = _FOLLOW.get(short(stage))
    if follow is None:
        if is_model(stage):
            return _model(stage, here)
        return _same(stage, here) if short(stage) in KEEPS else None
    return follow(stage, here)


def resized(here: Axis) -> Axis | None:
    """The axis that a part was taken of (``x[:, 1:]``, a convolution's positions): it counts the same things."""
    stage = here.stage
    operand = main(stage) if stage is not None else None
    if stage is None or operand is None:
        return None
    name = short(stage)
    if name == "__getitem__":
        return _getitem(stage, here, part=True)
    keeps = name in CONVOLUTIONS | _WINDOWS and here.index != (here.tensor.shape.rank or 0) - int(name[-2]) - 1
    return axis(operand, here.index) if keeps or name in ("pad", "narrow", "roll") else None


def _back(index: int, tensor: Tensor) -> int:
    """An axis number as counted from the end, for comparing tensors of other ranks."""
    rank = tensor.shape.rank
    return index - rank if rank is not None and index >= 0 else index


def _is_last(here: Axis) -> bool:
    return _back(here.index, here.tensor) == -1


def _same(stage: Stage, here: Axis) -> Axis | None:
    operand = main(stage)
    return axis(operand, here.index) if operand is not None else None


def _but_last(stage: Stage, here: Axis) -> Axis | None:
    return None if _is_last(here) else _same(stage, here)


def _recurrent(stage: Stage, here: Axis) -> Axis | None:
    first = next(iter(stage.outputs.values()), None)
    return _but_last(stage, here) if here.tensor is first else None


def _channels(stage: Stage, here: Axis) -> Axis | None:
    return _same(stage, here) if here.index == 0 and (here.tensor.shape.rank or 0) > 2 else None


def _window(stage: Stage, here: Axis) -> Axis | None:
    spatial = int(short(stage)[-2])
    return _same(stage, here) if _back(here.index, here.tensor) < -spatial else None


def _picked(stage: Stage, here: Axis) -> Axis | None:
    """``topk`` and ``sort`` hand on every axis but the one along which they pick."""
    operand, dims, rank = main(stage), ints(given(stage, "dim")), here.tensor.shape.rank
    at = -1 if dims is None else dims[0]
    if operand is None or rank is None or here.index == at % max(rank, 1):
        return None
    return axis(operand, here.index)


def _patches(stage: Stage, here: Axis) -> Axis | None:
    """``F.unfold`` of pictures keeps the examples."""
    operand = main(stage)
    pictures = operand is not None and operand.shape.rank == 4 and here.tensor.shape.rank == 3
    return _same(stage, here) if here.index == 0 and pictures else None


def _model(stage: Stage, here: Axis) -> Axis | None:
    operand = main(stage)
    if operand is None or here.index not in (0, 1):
        return None
    per_token = here.tensor.shape.rank == 3 and operand.shape.rank is not None and operand.shape.rank < 4
    kept = here.index == 0 or (per_token and here.dim.equals(operand.shape.dim(1)))
    return axis(operand, here.index) if kept else None


def _reduction(stage: Stage, here: Axis) -> Axis | None:
    gone, operand = reduced_axes(stage), main(stage)
    if operand is None or gone is None or here.index < 0:
        return None
    if given(stage, "keepdim") is True:
        return None if here.index in gone else axis(operand, here.index)
    kept = [i for i in range(here.index + len(gone) + 1) if i not in gone]
    return axis(operand, kept[here.index])


def _getitem(stage: Stage, here: Axis, part: bool = False) -> Axis | None:
    operand, index = main(stage), here.index
    if operand is None or index < 0:
        return None
    picked = _picked_places(stage)
    if picked:
        return axis(picked[-1], 0) if index == 0 else axis(operand, index - 1 + len(picked))
    came, gone = 0, 0
    for piece in key_parts(stage):
        if isinstance(piece, Tensor) and len(key_parts(stage)) == 1:
            return _picked_rows(piece, operand, index)
        if piece is Ellipsis or isinstance(piece, (Tensor, list)):
            rank = operand.shape.rank
            rest = key_parts(stage)[-1] if piece is Ellipsis else None
            return axis(operand, index) if rank and isinstance(rest, (int, Dim)) and index < rank - 1 else None
        if piece is None:
            if came == index:
                return None
            came += 1
        elif isinstance(piece, (int, Dim)) and not isinstance(piece, bool):
            gone += 1
        elif isinstance(piece, slice):
            if came == index:
                return axis(operand, gone) if part or piece == slice(None) else None
            came, gone = came + 1, gone + 1
        else:
            return None
    return axis(operand, gone + index - came)


def _picked_places(stage: Stage) -> list[Tensor]:
    """The rows and places of ``hidden[rows, places]``, which give one vector for each row; none for any other index."""
    picked = [piece for piece in key_parts(stage) if isinstance(piece, Tensor)]
    rest = key_parts(stage)[len(picked) :]
    plain = all(piece.shape.rank == 1 and (piece.dtype or "bool").startswith("int") for piece in picked)
    return picked if len(picked) > 1 and plain and all(piece == slice(None) for piece in rest) else []


def _picked_rows(rows: Tensor, operand: Tensor, index: int) -> Axis | None:
    """``x[rows]`` hands on the axes behind those that it picks of."""
    rank = rows.shape.rank
    if rank is None or (rank != 1 and rows.dtype is None):
        return None
    new, gone = (1, rank) if rows.dtype == "bool" else (rank, 1)
    return axis(operand, index - new + gone) if index >= new else None


def _permutation(stage: Stage, rank: int) -> tuple[int, ...] | None:
    name = short(stage)
    if name in ("t", "T", "mT"):
        pair: tuple[int, ...] | None = (-2, -1)
    elif name == "permute":
        dims = ints(given(stage, "dims", "dim"))
        return tuple(d % rank for d in dims) if dims is not None and len(dims) == rank else None
    else:
        one, two = ints(given(stage, "dim0", "axis0")), ints(given(stage, "dim1", "axis1"))
        pair = (one[0], two[0]) if one and two else None
    if pair is None or rank < 2:
        return None
    order = list(range(rank))
    a, b = (d % rank for d in pair)
    order[a], order[b] = order[b], order[a]
    return tuple(order)


def _permuted(stage: Stage, here: Axis) -> Axis | None:
    operand = main(stage)
    if operand is None or operand.shape.rank is None or here.index < 0:
        return None
    order = _permutation(stage, operand.shape.rank)
    return axis(operand, order[here.index]) if order and here.index < len(order) else None


def _squeeze(stage: Stage, here: Axis) -> Axis | None:
    operand = main(stage)
    if operand is None or operand.shape.rank is None or here.index < 0:
        return None
    dims = ints(given(stage, "dim"))
    ones = [i for i, d in enumerate(operand.shape.dims) if d.value == 1]
    gone = [i for i in ones if dims is None or i in {d % operand.shape.rank for d in dims}]
    kept = [i for i in range(operand.shape.rank) if i not in gone]
    return axis(operand, kept[here.index]) if here.index < len(kept) else None


def _unsqueeze(stage: Stage, here: Axis) -> Axis | None:
    operand, dims, rank = main(stage), ints(given(stage, "dim")), here.tensor.shape.rank
    if operand is None or dims is None or rank is None or here.index < 0:
        return None
    new = dims[0] % rank
    return None if here.index == new else axis(operand, here.index - (here.index > new))


def _regrouped(stage: Stage, here: Axis) -> Axis | None:
    """A view hands an axis on where it and everything before (or behind) it stayed as it was."""
    operand = main(stage)
    if operand is None or operand.shape.rank is None or here.tensor.shape.rank is None:
        return None
    before, after, index = operand.shape.dims, here.tensor.shape.dims, here.index
    if index < len(before) and all(map(Dim.equals, before[: index + 1], after[: index + 1])):
        return axis(operand, index)
    back = len(after) - index
    if back <= len(before) and all(map(Dim.equals, before[-back:], after[-back:])):
        return axis(operand, -back)
    return None


def _cat(stage: Stage, here: Axis) -> Axis | None:
    dims, rank = ints(given(stage, "dim", "axis")) or (0,), here.tensor.shape.rank
    at = dims[0] % rank if rank else dims[0]
    if here.index == at:
        return None
    first = next(iter(operands(stage)), None)
    if first is None:
        return None
    return axis(first, here.index - (short(stage) == "stack" and here.index > at))


def _binary(stage: Stage, here: Axis) -> Axis | None:
    back = _back(here.index, here.tensor)
    for operand in operands(stage):
        rank = operand.shape.rank
        if rank is not None and -back > rank:
            continue
        if operand.shape.dim(back).equals(here.dim):
            return axis(operand, back)
    return None


def _matmul(stage: Stage, here: Axis) -> Axis | None:
    left_right = operands(stage)
    if len(left_right) == 2 and left_right[1].shape.rank == 1 and (left_right[0].shape.rank or 0) > 1:
        return axis(left_right[0], here.index) if here.index >= 0 else None
    if len(left_right) < 2 or (left_right[1].shape.rank or 0) < 2 or (left_right[0].shape.rank or 0) < 2:
        return None
    if _is_last(here):
        return axis(left_right[1], -1)
    back = _back(here.index, here.tensor)
    return next((axis(t, back) for t in left_right if back >= -(t.shape.rank or 0)), None)


def _einsum(stage: Stage, here: Axis) -> Axis | None:
    equation = given(stage, "equation")
    if not isinstance(equation, str) or "->" not in equation or "." in equation:
        return None
    left, right = equation.replace(" ", "").split("->")
    if not 0 <= here.index < len(right):
        return None
    letter = right[here.index]
    found = [
        (t, term.index(letter)) for t, term in zip(operands(stage), left.split(","), strict=False) if letter in term
    ]
    return axis(*found[0]) if found else None


_FOLLOW: dict[str, Callable[[Stage, Axis], Axis | None]] = {
    **dict.fromkeys(("Linear", "linear", "Embedding", "embedding", "LazyLinear"), _but_last),
    **dict.fromkeys(RECURRENT, _recurrent),
    **dict.fromkeys(("MultiheadAttention", "scaled_dot_product_attention"), _recurrent),
    **dict.fromkeys(
        ("TransformerEncoder", "TransformerEncoderLayer", "TransformerDecoder", "TransformerDecoderLayer"), _same
    ),
    **dict.fromkeys(CONVOLUTIONS, _channels),
    **dict.fromkeys(_WINDOWS, _window),
    **dict.fromkeys(REDUCTIONS, _reduction),
    **dict.fromkeys(("permute", "transpose", "swapaxes", "swapdims", "t", "T", "mT"), _permuted),
    **dict.fromkeys(_REGROUPS, _regrouped),
    **dict.fromkeys(("cat", "concat", "concatenate", "stack"), _cat),
    **dict.fromkeys(BINARY, _binary),
    **dict.fromkeys(("matmul", "bmm", "mm", "baddbmm"), _matmul),
    **dict.fromkeys(("topk", "kthvalue"), _picked),
    **dict.fromkeys(("Unfold", "unfold"), _patches),
    "__getitem__": _getitem,
    "select": lambda stage, here: None,
    "squeeze": _squeeze,
    "unsqueeze": _unsqueeze,
    "einsum": _einsum,
}
