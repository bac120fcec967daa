"""How the operands of a stage that raises are told: their names, the sizes that clash, and what to do about them."""

from __future__ import annotations

from shapecheck.checks import blame, words
from shapecheck.dims import Dim
from shapecheck.flow import token_axis
from shapecheck.graph import Stage, Tensor
from shapecheck.shapes import Conflict
from shapecheck.vocabulary import (
    axis,
    given,
    ints,
)


def named(stage: Stage, name: str) -> Tensor | None:
    """The operand that a conflict names."""
    return stage.tensor(name) if name else None


def second(operands: list[Tensor], left: Tensor | None) -> Tensor | None:
    """The second of two operands, where the conflict does not name it."""
    return next((t for t in operands if t is not left), None) if len(operands) == 2 else None


def name_of(stage: Stage, tensor: Tensor) -> str:
    """What the text calls an operand; "" where it has no name there."""
    return tensor.text or blame.operand_name(stage, tensor) or ""


def disagreeing(operands: list[Tensor], left: Tensor | None, right: Tensor | None) -> list[Tensor]:
    """The two operands that disagree, where both are known; else all, each once."""
    once = list({id(tensor): tensor for tensor in operands}.values())
    if left is None or right is None or left is right:
        return once
    return [tensor for tensor in once if tensor is left or tensor is right]


def has(tensor: Tensor, size: Dim | None) -> bool:
    """Whether one of the axes of a tensor has a size."""
    return size is not None and any(blame.equal(dim, size) for dim in tensor.shape.dims)


def listed(operands: list[Tensor]) -> str:
    """The operands with their shapes, in words."""
    return " and ".join(f"{words.called(t)} {t.shape}" for t in operands[:3]) or "its operands"


def right_size(stage: Stage, conflict: Conflict, right: Tensor | None) -> str:
    """The second size of a conflict with its reason: an operand's, or a parameter's."""
    if right is None:
        return words.parameter(stage, conflict.right_name, conflict.right)
    return size(conflict.right, right, None)


def size(dim: Dim | None, tensor: Tensor | None, index: int | None) -> str:
    """A size with its reason, looked for along the axis that has it."""
    if dim is None:
        return "?"
    rank = tensor.shape.rank if tensor is not None else None
    if tensor is not None and rank is not None:
        order = [*([index] if index is not None and index < rank else []), *range(rank)]
        at = next((k for k in order if blame.equal(tensor.shape.dim(k), dim)), None)
        if at is not None:
            return words.sized(axis(tensor, at))
    return f"{words.size(dim)} ({words.told(dim.origin)})" if dim.origin else words.size(dim)


def advice(code: str, left: Tensor | None, right: Tensor | None) -> tuple[str, str]:
    """What to write, where the shapes themselves say it; and the part of it that a fix can write."""
    if code == "SHP511":
        return "project both first: get_text_features(...) and get_image_features(...) do", ""
    if left is None or right is None or left.shape.rank is None or right.shape.rank is None:
        return "", ""
    if code == "SHP220" and _exchanged(left, right):
        turn = ".transpose(0, 1)"
        return f"its two axes are exchanged: pass {left.text or 'it'}{turn}", turn
    if code == "SHP209" and needs_transpose(left, right):
        turn = ".transpose(-2, -1)"
        return f"transpose the second: {right.text or 'it'}{turn}", turn
    if code == "SHP211" and left.shape.rank == right.shape.rank + 1 == 3:
        return f"give each token its copy: {right.text or 'it'}.unsqueeze(1).expand(-1, {left.shape.dim(1)}, -1)", ""
    return "", ""


def _exchanged(mask: Tensor, source: Tensor) -> bool:
    """Whether a padding mask that does not fit has the sizes of its source, and only stands on its side."""
    if mask.shape.rank != 2 or source.shape.rank != 3 or token_axis(source) not in (0, 1, None):
        return False
    here, there = mask.shape.dims, source.shape.dims[:2]
    texts_last = token_axis(source) == 0
    wanted = there if texts_last else there[::-1]  # as they stand, where the operator wants them the other way round
    return blame.differ(*there) and all(map(blame.equal, here, wanted))


def missing_axis(stage: Stage, pair: list[Tensor]) -> str:
    """What to write where one of two tensors only lacks the axis along which they are joined."""
    small, large = sorted(pair, key=lambda t: t.shape.rank or 0)
    at, rank = ints(given(stage, "dim", "axis")), large.shape.rank or 0
    if at is None or len(at) != 1 or rank != (small.shape.rank or 0) + 1:
        return ""
    rest = [dim for index, dim in enumerate(large.shape.dims) if index != at[0] % rank]
    return f"pass {small.text or 'it'}.unsqueeze({at[0]})" if all(map(blame.equal, rest, small.shape.dims)) else ""


def needs_transpose(left: Tensor, right: Tensor) -> bool:
    """Whether a product's second factor only stands on its side: the last axes of both agree."""
    ranks = left.shape.rank, right.shape.rank
    return (
        None not in ranks and min(r or 0 for r in ranks) >= 2 and blame.equal(left.shape.dim(-1), right.shape.dim(-1))
    )
