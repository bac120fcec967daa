"""``tensor[key]`` and the functions that select by index."""

from __future__ import annotations

from typing import Any

from shapecheck.dims import UNKNOWN as UNKNOWN_DIM
from shapecheck.dims import Dim, Truth, add, largest, lower, number, sub
from shapecheck.ops import dtypes
from shapecheck.ops.axes import axis, removed
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
                f"The shape of the mask [{', '.join(map(str, item.shape.dims))}] at index {place} does not match the shape of the "
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
        words = f"shape mismatch: value tensor of shape [{listed(value)}] cannot be broadcast to indexing result of shape [{listed(target)}]"
    elif len(value.dims) > len(target.dims):
        words = (
            f"expand(torch.FloatTensor{{[{listed(value)}]}}, size=[{listed(target)}]): the number of sizes provided "
            f"({len(target.dims)}) must be greater or equal to the number of dimensions in the tensor ({len(value.dims)})"
        )
    else:
        words = (
            f"The expanded size of the tensor ({want}) must match the existing size ({have}) at non-singleton dimension {axis_number}.  "
            f"Target sizes: [{listed(target)}].  Tensor sizes: [{listed(value)}]"
        )
    return call.clash("broadcast", words, left=have, right=want, left_name="value", right_name="input")


def gather(call: Call) -> Spec:
    """``gather(input, dim, index)``: the shape of the index; its other axes may not be longer than the input's."""
    shape, chosen = call.shape(), call.tensor("index")
    at = axis(shape, call["dim"])
    _index_type(call, chosen, f"{call.name}(): Expected dtype int32/int64 for index")
    if shape.rank is not None and chosen.shape.rank is not None:
        if max(shape.rank, 1) != max(chosen.shape.rank, 1):
            words = "Index tensor must have the same number of dimensions as input tensor"
            raise call.clash(
                "rank", words, left=number(shape.rank), right=number(chosen.shape.rank), right_name="index"
            )
        _not_longer(call, chosen.shape, shape, at)
    return call.out(chosen.shape)


def _index_type(call: Call, chosen: Operand, words: str) -> None:
    if chosen.dtype is not None and chosen.dtype not in ("int64", "int32", "int") and chosen.dtype in dtypes.KIND:
        raise call.clash("dtype", words, left_name="index")


def _not_longer(call: Call, chosen: Shape, shape: Shape, at: int) -> None:
    for place, (size, have) in enumerate(zip(chosen.dims, shape.dims, strict=False)):
        if place != at and size.value is not None and have.value is not None and size.value > have.value:
            words = (
                f"Size does not match at dimension {place} expected index [{', '.join(map(str, chosen.dims))}] to be no larger than "
                f"self [{', '.join(map(str, shape.dims))}] apart from dimension {at}"
            )
            raise call.clash("index", words, left=size, right=have, left_name="index", axis=place)


def scatter(call: Call) -> Spec:
    """``scatter(input, dim, index, src)``: the input's shape; the index fits into input and source."""
    shape, chosen = call.shape(), call.tensor("index")
    at = axis(shape, call["dim"])
    _index_type(call, chosen, f"{call.name}(): Expected dtype int64 for index")
    source = call.args.get("src")
    if shape.rank is not None and chosen.shape.rank is not None and chosen.shape.numel.value != 0:
        if max(shape.rank, 1) != max(chosen.shape.rank, 1):
            raise call.clash(
                "rank", "Index tensor must have the same number of dimensions as self tensor", right_name="index"
            )
        _scatter_sizes(call, chosen.shape, shape, at)
        if is_tensor(source) and source.shape.rank is not None:
            if max(source.shape.rank, 1) != max(chosen.shape.rank, 1):
                raise call.clash(
                    "rank", "Index tensor must have the same number of dimensions as src tensor", right_name="index"
                )
            _scatter_sizes(call, chosen.shape, source.shape, -1)
    return call.out(shape)


def _scatter_sizes(call: Call, chosen: Shape, shape: Shape, at: int) -> None:
    for place, (size, have) in enumerate(zip(chosen.dims, shape.dims or (number(1),), strict=False)):
        if place != at and size.value is not None and have.value is not None and size.value > have.value:
            words = (
                f"Expected index [{', '.join(map(str, chosen.dims))}] to be no larger than self [{', '.join(map(str, call.shape().dims))}] "
                f"apart from dimension {axis(call.shape(), call['dim'])}"
            )
            source = call.args.get("src")
            if is_tensor(source):
                words += f" and to be no larger size than src [{', '.join(map(str, source.shape.dims))}]"
            raise call.clash("index", words, left=size, right=have, left_name="index", axis=place)


def index_select(call: Call) -> Spec:
    """``index_select(input, dim, index)``: as many rows of an axis as the index has entries."""
    shape, chosen = call.shape(), call.tensor("index")
    at = axis(shape, call["dim"])
    _index_type(call, chosen, "index_select(): Expected dtype int32 or int64 for index")
    if chosen.shape.rank is not None and chosen.shape.rank > 1:
        raise call.clash(
            "rank", "index_select(): Index is supposed to be a vector", left=number(chosen.shape.rank), right=number(1)
        )
    if shape.rank == 0:
        return call.out(shape)
    count = chosen.shape.numel if chosen.shape.rank is not None else UNKNOWN_DIM
    return call.out(shape.replaced(at, count))


def select(call: Call) -> Spec:
    """``select(dim, index)``: one row of an axis."""
    shape = call.shape()
    if shape.rank == 0:
        raise call.clash("rank", "select() cannot be applied to a 0-dim tensor.")
    at = axis(shape, call["dim"])
    chosen, size = as_dim(call["index"]), shape.dim(at)
    if chosen.value is not None and size.value is not None and not -size.value <= chosen.value < size.value:
        words = f"select(): index {chosen} out of range for tensor of size [{', '.join(map(str, shape.dims))}] at dimension {at}"
        raise call.clash("index", words, left=size, right=chosen, right_name="index", axis=at)
    return call.out(removed(shape, [at]))


def narrow(call: Call) -> Spec:
    """``narrow(dim, start, length)``: a stretch of an axis."""
    shape = call.shape()
    if shape.rank == 0:
        raise call.clash("rank", "narrow() cannot be applied to a 0-dim tensor.")
    at = axis(shape, call["dim"])
    start, length, size = as_dim(call["start"]), as_dim(call["length"]), shape.dim(at)
    if length.value is not None and length.value < 0:
        raise call.clash("parameter", "narrow(): length must be non-negative.")
    if None not in (start.value, length.value, size.value):
        _narrow_fits(call, start.value or 0, length.value or 0, size.value or 0, at)
    return call.out(shape.replaced(at, length))


def _narrow_fits(call: Call, start: int, length: int, size: int, at: int) -> None:
    if not -size <= start <= size:
        words = f"Dimension out of range (expected to be in range of [{-size}, {size}], but got {start})"
        raise call.clash("index", words, right_name="start", axis=at)
    start = start + size if start < 0 else start
    if start + length > size:
        words = f"start ({start}) + length ({length}) exceeds dimension size ({size})."
        raise call.clash("index", words, left=number(size), right=number(start + length), right_name="length", axis=at)


def masked_select(call: Call) -> Spec:
    """``masked_select(input, mask)``: one axis, of as many elements as the mask has true ones."""
    joined = broadcast(call.shape(), call.shape("mask"))
    if isinstance(joined, Conflict):
        raise call.clash(
            "broadcast", joined.message, left=joined.left, right=joined.right, right_name="mask", axis=joined.axis
        )
    return call.out(Shape((UNKNOWN_DIM,)))


def nonzero(call: Call) -> Spec | tuple[Spec, ...]:
    """``nonzero``: (true elements, rank), or with ``as_tuple`` one index vector an axis."""
    shape = call.shape()
    if call.args.get("as_tuple"):
        if call["as_tuple"] is UNKNOWN or shape.rank is None:
            raise Unclear("the number of axes is not known")
        return (Spec(Shape((UNKNOWN_DIM,)), "int64"),) * max(shape.rank, 1)
    return Spec(Shape((UNKNOWN_DIM, UNKNOWN_DIM if shape.rank is None else number(shape.rank))), "int64")


def take(call: Call) -> Spec:
    """``take(input, index)``: the shape of the index."""
    return call.out(call.shape("index"))


def embedding(call: Call) -> Spec:
    """``Embedding`` and ``embedding(input, weight)``: one vector for every id."""
    ids = call.tensor()
    if ids.dtype is not None and ids.dtype not in ("int64", "int32", "int") and ids.dtype in dtypes.KIND:
        words = (
            "Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; but got "
            f"torch.{dtypes.title(ids.dtype)}Tensor instead (while checking arguments for embedding)"
        )
        raise call.clash("dtype", words)
    if "embedding_dim" in call.args:
        width, dtype = as_dim(call["embedding_dim"]), dtypes.as_dtype(call["dtype"]) or "float32"
    else:
        weight = call.tensor("weight")
        if weight.shape.rank is not None and weight.shape.rank != 2:
            raise call.clash("rank", "'weight' must be 2-D", left_name="weight")
        width, dtype = weight.shape.dim(-1), weight.dtype or "float"
    return Spec(Shape((*ids.shape.dims, width), ids.shape.open_at), dtype)
