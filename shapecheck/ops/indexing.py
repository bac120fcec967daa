"""``tensor[key]`` and the functions that select by index."""

from __future__ import annotations

from typing import Any

from shapecheck.algebra import add, lower, mul, sub
from shapecheck.dims import UNKNOWN as UNKNOWN_DIM
from shapecheck.dims import Dim, Truth, largest, number
from shapecheck.ops import dtypes
from shapecheck.ops.call import Call
from shapecheck.ops.values import UNKNOWN, Clash, Operand, Spec, Unclear, as_dim, as_int, is_tensor, listed
from shapecheck.shapes import ANY, Conflict, Shape, broadcast


def getitem(call: Call) -> Spec:
    """Indexing: ints drop an axis, slices shorten it, None adds one, Ellipsis skips, tensors and lists select."""
    shape, key = call.shape(), call["key"]
    items = list(key) if isinstance(key, tuple) else [key]
    if any(item is UNKNOWN for item in items):
        raise Unclear("the index is not known")
    items = [_as_selector(item) for item in items]
    if shape.rank is None:
        items, front, back = _around_the_gap(items, shape)
        if items is None:
            return call.out(ANY)
        head, _ = _indexed(call, Shape(shape.dims[:front]), items[0], 0) if items[0] else (shape.dims[:front], None)
        tail, _ = _indexed(call, Shape(shape.dims[back:]), items[1], 0) if items[1] else (shape.dims[back:], None)
        middle = shape.dims[front:back]
        return call.out(Shape((*head, *middle, *tail), len(head) + (shape.open_at or 0) - front))
    dims, _ = _indexed(call, shape, _filled(call, items, shape), 0)
    return call.out(Shape(tuple(dims)))


def _as_selector(item: Any) -> Any:
    """Lists and ranges of ints select like tensors of one axis; bools like a mask without axes."""
    if isinstance(item, (list, range, tuple)):
        return _listed_selector(item)
    if is_tensor(item) and item.shape.rank == 0 and dtypes.KIND.get(item.dtype or "") == "int":
        return UNKNOWN_DIM  # torch takes it for a number
    return item


def _listed_selector(item: Any) -> Spec:
    sizes: list[Dim] = []
    masked = False
    while isinstance(item, (list, tuple, range)):
        sizes.append(number(len(item)))
        item = item[0] if len(item) else None
        masked = isinstance(item, bool)
    return Spec(Shape(tuple(sizes)), "bool" if masked else "int64")


def _taken(item: Any) -> int:
    """How many axes of the tensor an item uses up."""
    if item is None or isinstance(item, bool) or item is Ellipsis:
        return 0
    if is_tensor(item) and item.dtype in ("bool", "uint8"):
        if item.shape.rank is None:
            raise Unclear("a mask of unknown rank")
        return int(item.shape.rank)
    if is_tensor(item) and item.dtype is None:
        raise Unclear("an index tensor of unknown type")
    return 1


def _filled(call: Call, items: list[Any], shape: Shape) -> list[Any]:
    """The items with Ellipsis (or what is left out at the end) spelled out as full slices."""
    rank = len(shape.dims)
    used = sum(map(_taken, items))
    if used > rank:
        words = f"too many indices for tensor of dimension {rank}"
        if rank == 0 and all(isinstance(item, (int, Dim)) for item in items):
            words = (
                "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in C++ "
                "to convert a 0-dim tensor to a number"
            )
        raise call.clash("rank", words, left=number(rank), right=number(used), right_name="key")
    gap = [slice(None)] * (rank - used)
    at = next((place for place, item in enumerate(items) if item is Ellipsis), None)
    if at is None:
        return [*items, *gap]
    rest = [item for item in items[at + 1 :] if item is not Ellipsis]
    return [*items[:at], *gap, *rest]


def _around_the_gap(items: list[Any], shape: Shape) -> tuple[Any, int, int]:
    """The items before and after an Ellipsis, where they lie in the known ends of a shape of unknown rank."""
    at = next((place for place, item in enumerate(items) if item is Ellipsis), len(items))
    before, after = items[:at], items[at + 1 :]
    if any(is_tensor(item) for item in items):
        return None, 0, 0
    front, back = sum(map(_taken, before)), sum(map(_taken, after))
    open_at = shape.open_at or 0
    if front > open_at or back > len(shape.dims) - open_at:
        return None, 0, 0
    return (before, after), front, len(shape.dims) - back


def _indexed(call: Call, shape: Shape, items: list[Any], offset: int) -> tuple[list[Dim], None]:
    """The axes after indexing every axis of a shape of known rank by one item."""
    dims: list[Dim] = []
    selectors: list[Operand] = []
    places: list[int] = []
    at = 0
    for item in items:
        if item is None:
            dims.append(number(1))
            continue
        if isinstance(item, bool):
            item = Spec(Shape(()), "bool")
        if isinstance(item, slice):
            dims.append(sliced(shape.dims[at], item))
        elif is_tensor(item):
            places.append(len(dims))
            selectors.extend(_selectors(call, item, shape, at))
        elif isinstance(item, (int, Dim)):
            _in_range(call, shape.dims[at], as_dim(item), at + offset, at)
        else:
            raise Unclear("an index of another kind")
        at += _taken(item)
    if not selectors:
        return dims, None
    return _placed(call, dims, selectors, places, items), None


def _placed(call: Call, dims: list[Dim], selectors: list[Operand], places: list[int], items: list[Any]) -> list[Dim]:
    """The axes that selecting tensors give: where they stood, in front if something stood between them."""
    joined = broadcast(*[one.shape for one in selectors])
    if isinstance(joined, Conflict):
        words = "shape mismatch: indexing tensors could not be broadcast together with shapes " + ", ".join(
            f"[{', '.join(map(str, one.shape.dims))}]" for one in selectors
        )
        raise call.clash("broadcast", words, left=joined.left, right=joined.right, left_name="key", right_name="key")
    if joined.rank is None:
        raise Unclear("an index tensor of unknown rank")
    advanced = [
        place
        for place, item in enumerate(items)
        if is_tensor(item) or (isinstance(item, (int, Dim)) and not isinstance(item, bool))
    ]
    tensors = [place for place, item in enumerate(items) if is_tensor(item) or isinstance(item, bool)]
    between = [place for place in range(tensors[0], tensors[-1] + 1) if place not in tensors]
    # An int between two tensors counts as selecting as well; a slice or None parts them.
    parted = any(place not in advanced for place in between)
    at = 0 if parted else places[0]
    return [*dims[:at], *joined.dims, *dims[at:]]


def _selectors(call: Call, item: Operand, shape: Shape, at: int) -> list[Operand]:
    """A tensor as the integer tensors that it stands for: a mask gives one for each of its axes."""
    if item.dtype not in ("bool", "uint8"):
        if item.dtype is not None and not dtypes.is_integral(item.dtype):
            words = "tensors used as indices must be long, int, byte or bool tensors"
            raise call.clash("dtype", words, left_name="key")
        return [item]
    if item.shape.rank == 0:
        return [Spec(Shape((UNKNOWN_DIM,)), "int64")]
    for place, size in enumerate(item.shape.dims):
        have = shape.dims[at + place]
        if size.compare(have) is Truth.DIFFERENT:
            words = (
                f"The shape of the mask [{', '.join(map(str, item.shape.dims))}] at index {place} does not "
                "match the shape of the "
                f"indexed tensor [{', '.join(map(str, shape.dims))}] at index {at + place}"
            )
            raise call.clash("index", words, left=have, right=size, right_name="key", axis=at + place)
    return [Spec(Shape((UNKNOWN_DIM,)), "int64")]


def _in_range(call: Call, size: Dim, at: Dim, axis_number: int, place: int) -> None:
    if at.value is None or size.value is None:
        return
    if not -size.value <= at.value < size.value:
        words = f"index {at} is out of bounds for dimension {axis_number} with size {size}"
        raise call.clash("index", words, left=size, right=at, right_name="key", axis=place)


def sliced(size: Dim, cut: slice) -> Dim:
    """The size of an axis after ``[start:stop:step]``."""
    if cut.start is None and cut.stop is None and cut.step is None:
        return size
    if UNKNOWN in (cut.start, cut.stop, cut.step):
        return UNKNOWN_DIM
    step = 1 if cut.step is None else as_int(cut.step)
    if step is None:
        return UNKNOWN_DIM
    start, stop = (None if edge is None else as_dim(edge) for edge in (cut.start, cut.stop))
    numbers = [None if edge is None else edge.value for edge in (start, stop)]
    if size.value is not None and all(edge is None or edge.value is not None for edge in (start, stop)):
        count = len(range(size.value)[numbers[0] : numbers[1] : step])
        if isinstance(size.expr, int) or size.expr is None:
            return size if count == size.value else number(count, (stop or size).origin)
    length = _named_length(size, start, stop)
    return length if step == 1 or not length.known else (length + number(step - 1)) // number(step)


def _named_length(size: Dim, start: Dim | None, stop: Dim | None) -> Dim:
    """Like :func:`sliced`, where the axis or an edge has a name. An edge with a name is taken to lie in the axis."""
    first = number(0) if start is None else _from_front(start, size)
    last = size if stop is None else _from_front(stop, size)
    if first is None or last is None or first.expr is None or last.expr is None:
        return UNKNOWN_DIM
    if (
        last is not size
        and size.expr is not None
        and isinstance(last.expr, int)
        and lower(sub(size.expr, last.expr)) < 0
    ):
        return UNKNOWN_DIM
    if first.expr == 0:
        return last
    gap = sub(last.expr, first.expr)
    out = last - first
    return out if lower(gap) >= 0 else largest(out, number(0))


def _from_front(edge: Dim, size: Dim) -> Dim | None:
    if isinstance(edge.expr, int) and edge.expr < 0:
        if size.expr is None:
            return None
        place = Dim(
            add(size.expr, edge.expr), size=None if size.size is None else size.size + edge.expr, origin=size.origin
        )
        return place if lower(place.expr or 0) >= 0 else largest(place, number(0))
    if edge.expr is not None and lower(mul(edge.expr, -1)) > 0:
        # Certainly negative, whatever its names stand for: it counts from the end, and is taken to lie in the axis.
        return size + edge if size.expr is not None else None
    return edge


def setitem(call: Call) -> Any:
    """``tensor[key] = value``: the value is expanded to what the key selects; ones in front of it do not count."""
    target, value = getitem(call).shape, call["value"]
    if not is_tensor(value) or value.shape.rank is None or target.rank is None:
        return None
    sizes = list(value.shape.dims)
    while len(sizes) > len(target.dims) and sizes[0].value == 1:
        del sizes[0]
    offset = len(target.dims) - len(sizes)
    for at, (have, want) in enumerate(zip(sizes, target.dims[max(offset, 0) :], strict=False)):
        if offset < 0 or (have.value not in (1, None) and have.compare(want) is Truth.DIFFERENT):
            raise _not_assigned(call, target, value.shape, (have, want, at + offset))
    if offset < 0:
        raise _not_assigned(call, target, value.shape, (None, None, None))
    return None


def _not_assigned(call: Call, target: Shape, value: Shape, at: tuple[Dim | None, Dim | None, int | None]) -> Clash:
    have, want, axis_number = at
    key = call["key"] if isinstance(call["key"], tuple) else (call["key"],)
    if any(is_tensor(item) or isinstance(item, list) for item in key):
        words = (
            f"shape mismatch: value tensor of shape [{listed(value)}] cannot be broadcast to indexing result "
            f"of shape [{listed(target)}]"
        )
    elif len(value.dims) > len(target.dims):
        words = (
            f"expand(torch.FloatTensor{{[{listed(value)}]}}, size=[{listed(target)}]): the number of sizes provided "
            f"({len(target.dims)}) must be greater or equal to the number of dimensions in the tensor "
            f"({len(value.dims)})"
        )
    else:
        words = (
            f"The expanded size of the tensor ({want}) must match the existing size ({have}) at non-singleton "
            f"dimension {axis_number}.  "
            f"Target sizes: [{listed(target)}].  Tensor sizes: [{listed(value)}]"
        )
    return call.clash("broadcast", words, left=have, right=want, left_name="value", right_name="input")
