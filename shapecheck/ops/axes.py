"""Axis numbers: checked as torch checks them, and moved about in shapes whose rank may be unknown."""

from __future__ import annotations

from collections.abc import Sequence

from shapecheck.dims import Dim
from shapecheck.ops.values import UNKNOWN, Clash, Unclear, as_int
from shapecheck.shapes import ANY, Conflict, Shape


def axis(shape: Shape, value: object, name: str = "dim", extra: int = 0) -> int:
    """An axis number counted from 0; as given (it may be negative) where the rank is unknown.

    ``extra`` is 1 for operators that make a new axis. Raises Clash beyond the rank, Unclear where it is not known.
    """
    number = as_int(value)
    if number is None:
        raise Unclear(f"{name} is not known")
    if shape.rank is None:
        return number
    count = max(shape.rank + extra, 1)
    if not -count <= number < count:
        raise Clash(
            Conflict(
                "axis",
                f"Dimension out of range (expected to be in range of [{-count}, {count - 1}], but got {number})",
                right_name=name,
                axis=number,
            )
        )
    return number + count if number < 0 else number


def axes(shape: Shape, value: object, name: str = "dim") -> list[int]:
    """Several axis numbers from an int or a sequence of ints; none may come twice."""
    given: Sequence[object] = value if isinstance(value, (tuple, list)) else (value,)
    if given and isinstance(given[0], (tuple, list)) and len(given) == 1:
        given = given[0]
    found = [axis(shape, one, name) for one in given]
    if len(set(found)) != len(found):
        twice = next(one for one in found if found.count(one) > 1)
        raise Clash(
            Conflict("axis", f"dim {twice} appears multiple times in the list of dims", right_name=name, axis=twice)
        )
    return found


def inserted(shape: Shape, at: int, dim: Dim) -> Shape:
    """The shape with a new axis that gets number ``at``."""
    if shape.open_at is None:
        place = at if at >= 0 else at + len(shape.dims) + 1
        return Shape((*shape.dims[:place], dim, *shape.dims[place:]))
    if 0 <= at <= shape.open_at:
        return Shape((*shape.dims[:at], dim, *shape.dims[at:]), shape.open_at + 1)
    back = -at - 1
    if at < 0 and back <= len(shape.dims) - shape.open_at:
        place = len(shape.dims) - back
        return Shape((*shape.dims[:place], dim, *shape.dims[place:]), shape.open_at)
    return ANY


def located(shape: Shape, at: int) -> int | None:
    """The place of an axis in ``shape.dims``, None where it lies in the unknown part."""
    if shape.open_at is None:
        return shape.axis(at)
    if 0 <= at < shape.open_at:
        return at
    return len(shape.dims) + at if at < 0 and -at <= len(shape.dims) - shape.open_at else None


def removed(shape: Shape, at: Sequence[int]) -> Shape:
    """The shape without some axes."""
    places = [located(shape, one) for one in at]
    if None in places:
        return ANY
    kept = tuple(dim for place, dim in enumerate(shape.dims) if place not in places)
    if shape.open_at is None:
        return Shape(kept)
    return Shape(kept, shape.open_at - sum(1 for place in places if place is not None and place < shape.open_at))


def rank_of(shape: Shape) -> int:
    """The rank; Unclear where it is unknown."""
    if shape.rank is None:
        raise Unclear("the number of axes is not known")
    return shape.rank


def lowest_rank(shape: Shape) -> int:
    """The number of axes that a shape certainly has."""
    return len(shape.dims)


def flag(value: object, name: str) -> bool:
    """A boolean parameter; Unclear where it is not known."""
    if value is UNKNOWN:
        raise Unclear(f"{name} is not known")
    return bool(value)
