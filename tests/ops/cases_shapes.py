"""Cases for operators that rearrange, join, cut, select and create."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import strategies as st

from tests.ops.harness import Case, T
from tests.ops.strategies import Draw, axis, bent, broadcastable, chance, op, pick, rule, shape, size


def _regrouped(draw: Draw, first: tuple[int, ...]) -> tuple[int, ...]:
    """Sizes that hold as many elements most times, one of them -1 perhaps."""
    total = math.prod(first)
    left = pick(draw, *[n for n in range(1, total + 1) if total % n == 0])
    sizes = pick(draw, (left, total // left), (total,), (1, total), (*first, 1), tuple(reversed(first)))
    if sizes and chance(draw, 2):
        at = draw(st.integers(0, len(sizes) - 1))
        sizes = (*sizes[:at], -1, *sizes[at + 1 :])
    return bent(draw, sizes, 5)


@op("torch.Tensor.view", "torch.reshape")
def _view(draw: Draw, name: str) -> Case:
    first = shape(draw)
    sizes = _regrouped(draw, first)
    if first and chance(draw, 8):
        first = (0, *first[1:])
        sizes = pick(draw, (0,), (0, 0), (3, 0), (2, 3), first[::-1], (*first, 1))
    spread = name.endswith("view") and sizes and chance(draw, 2)
    return Case(name, (T(first), *sizes) if spread else (T(first), sizes))


@rule("view_as")
def _view_as(draw: Draw, name: str) -> Case:
    first = shape(draw)
    return Case(name, (T(first), T(bent(draw, tuple(reversed(first))))))


@op("torch.flatten", "torch.nn.Flatten")
def _flatten(draw: Draw, name: str) -> Case:
    first = shape(draw)
    start, end = axis(draw, len(first)), axis(draw, len(first))
    if chance(draw, 2):
        start, end = pick(draw, 0, 1), -1
    return Case(name, (T(first),), init=(start, end)) if "nn." in name else Case(name, (T(first), start, end))


@op("torch.unflatten", "torch.nn.Unflatten")
def _unflatten(draw: Draw, name: str) -> Case:
    first = shape(draw, 1)
    at = draw(st.integers(-len(first), len(first) - 1))
    left = pick(draw, *[n for n in range(1, first[at] + 1) if first[at] % n == 0])
    sizes = bent(draw, pick(draw, (left, first[at] // left), (left, -1), (-1, left)), 5)
    if not sizes:
        sizes = (1,)
    return Case(name, (T(first),), init=(at, sizes)) if "nn." in name else Case(name, (T(first), at, sizes))


@rule("permute")
def _permute(draw: Draw, name: str) -> Case:
    first = shape(draw)
    order = tuple(draw(st.permutations(range(len(first)))))
    if chance(draw, 4):
        order = bent(draw, order)
    return Case(name, (T(first), tuple(at - len(first) if chance(draw, 4) else at for at in order)))


@rule("transpose")
def _transpose(draw: Draw, name: str) -> Case:
    first = shape(draw)
    return Case(name, (T(first), axis(draw, len(first)), axis(draw, len(first))))


@rule("matrix_transpose")
def _matrix(draw: Draw, name: str) -> Case:
    return Case(name, (T(shape(draw)),))


@op("torch.Tensor.T", "torch.Tensor.H")
def _plain_transpose(draw: Draw, name: str) -> Case:
    return Case(name, (T(shape(draw, 2, 2)),))


@rule("movedim")
def _movedim(draw: Draw, name: str) -> Case:
    first = shape(draw, 1)
    if chance(draw, 2):
        return Case(name, (T(first), axis(draw, len(first)), axis(draw, len(first))))
    count = size(draw, 1, len(first))
    source, target = (tuple(draw(st.permutations(range(len(first)))))[:count] for _ in range(2))
    return Case(name, (T(first), source, bent(draw, target, 8)))


@rule("squeeze")
def _squeeze(draw: Draw, name: str) -> Case:
    first = tuple(1 if chance(draw, 2) else n for n in shape(draw))
    if chance(draw, 4):
        return Case(name, (T(first),))
    dim: Any = axis(draw, len(first))
    return Case(name, (T(first), (dim,) if chance(draw, 4) else dim))


@rule("unsqueeze")
def _unsqueeze(draw: Draw, name: str) -> Case:
    first = shape(draw)
    return Case(name, (T(first), axis(draw, len(first) + 1)))


@op("torch.Tensor.expand", "torch.broadcast_to")
def _expand(draw: Draw, name: str) -> Case:
    first = tuple(1 if chance(draw, 2) else n for n in shape(draw))
    wanted = tuple(pick(draw, n, -1) if n != 1 or chance(draw, 4) else size(draw) for n in first)
    if chance(draw, 3):
        wanted = (size(draw), *wanted)
    return Case(name, (T(first), bent(draw, wanted, 5)))


@rule("expand_as")
def _expand_as(draw: Draw, name: str) -> Case:
    wanted = shape(draw)
    return Case(name, (T(broadcastable(draw, wanted)), T(wanted)))


@rule("repeat", "tile")
def _repeat(draw: Draw, name: str) -> Case:
    first = shape(draw, 0, 3)
    times = tuple(size(draw, 1, 3) for _ in first)
    return Case(name, (T(first), bent(draw, times, 2)))


@rule("repeat_interleave")
def _interleave(draw: Draw, name: str) -> Case:
    first = shape(draw)
    return Case(name, (T(first), size(draw, 1, 3)), {"dim": axis(draw, len(first))} if chance(draw, 2) else {})


@rule("atleast", "ravel")
def _atleast(draw: Draw, name: str) -> Case:
    return Case(name, (T(shape(draw)),))


# Joining and cutting


def _family(draw: Draw, first: tuple[int, ...], at: int) -> list[Any]:
    """Tensors that differ in one axis, and now and then in another."""
    out = [T(first)]
    for _ in range(size(draw, 0, 2)):
        other = list(first)
        if other:
            other[at] = size(draw)
        out.append(T(bent(draw, tuple(other), 6), pick(draw, "float32", "float32", "int64")))
    return out


@op("torch.cat")
def _cat(draw: Draw, name: str) -> Case:
    first = shape(draw, 0 if chance(draw, 8) else 1)
    dim = axis(draw, len(first))
    at = dim if -len(first) <= dim < len(first) else 0
    tensors = _family(draw, first, at)
    if chance(draw, 8):
        tensors.append(T((0,)))
    return Case(name, (tensors,), {"dim": dim})


@op("torch.stack")
def _stack(draw: Draw, name: str) -> Case:
    first = shape(draw)
    return Case(
        name,
        ([T(first), *[T(bent(draw, first, 6)) for _ in range(size(draw, 0, 2))]],),
        {"dim": axis(draw, len(first) + 1)},
    )


@rule("along_named")
def _stacks(draw: Draw, name: str) -> Case:
    first = shape(draw, 0, 3)
    return Case(name, ([T(first), *[T(bent(draw, first, 3)) for _ in range(size(draw, 0, 2))]],))


@rule("split")
def _split(draw: Draw, name: str) -> Case:
    first = shape(draw, 1)
    at = draw(st.integers(-len(first), len(first) - 1))
    if chance(draw, 2):
        return Case(name, (T(first), size(draw, 1, 4)), {"dim": axis(draw, len(first))})
    cut = draw(st.integers(0, first[at]))
    return Case(name, (T(first), list(bent(draw, (cut, first[at] - cut), 4)) or [1]), {"dim": at})


@op("torch.chunk", plain=True)
@rule("tensor_split")
def _chunk(draw: Draw, name: str) -> Case:
    first = shape(draw, 1)
    if name == "torch.tensor_split" and chance(draw, 3):
        return Case(name, (T(first), pick(draw, (1,), (1, 3), (2, 2))), {"dim": axis(draw, len(first))})
    return Case(name, (T(first), draw(st.integers(0, 4))), {"dim": axis(draw, len(first))})


@rule("unbind")
def _unbind(draw: Draw, name: str) -> Case:
    first = shape(draw)
    return Case(name, (T(first), axis(draw, len(first))))


@op("torch.Tensor.__iter__")
def _iterate(draw: Draw, name: str) -> Case:
    return Case(name, (T(shape(draw, 1)),))


@rule("broadcast_tensors")
def _broadcast(draw: Draw, name: str) -> Case:
    first = shape(draw)
    return Case(name, (T(first), T(broadcastable(draw, first))))


@rule("meshgrid")
def _meshgrid(draw: Draw, name: str) -> Case:
    vectors = [T(shape(draw, 0, 1)) for _ in range(size(draw, 1, 3))]
    return Case(name, tuple(vectors) if chance(draw, 2) else (vectors,), {"indexing": pick(draw, "ij", "xy")})


@rule("cartesian_prod")
def _cartesian(draw: Draw, name: str) -> Case:
    return Case(name, tuple(T(shape(draw, 1, 1 if not chance(draw, 5) else 2)) for _ in range(size(draw, 1, 3))))


@rule("block_diag")
def _block(draw: Draw, name: str) -> Case:
    return Case(name, tuple(T(shape(draw, 0, 2 if not chance(draw, 5) else 3)) for _ in range(size(draw, 1, 3))))


@rule("pad_sequence")
def _pad_sequence(draw: Draw, name: str) -> Case:
    rest = shape(draw, 0, 2)
    return Case(
        name,
        ([T((size(draw), *bent(draw, rest, 8))) for _ in range(size(draw, 1, 3))],),
        {"batch_first": pick(draw, True, False)},
    )


# Selecting


def _slice(draw: Draw) -> slice:
    edge = st.one_of(st.none(), st.integers(-4, 4))
    return slice(draw(edge), draw(edge), draw(st.sampled_from([None, None, 1, 2])))


def _key(draw: Draw, rank: int) -> Any:
    items: list[Any] = []
    for _ in range(rank + (1 if chance(draw, 10) else 0)):
        kind = pick(draw, "int", "slice", "slice", "none", "tensor", "list", "stop")
        if kind == "stop":
            break
        items.append(
            {
                "int": lambda: draw(st.integers(-2, 2)),
                "slice": lambda: _slice(draw),
                "none": lambda: None,
                "tensor": lambda: T(shape(draw, 0, 2), "int64"),
                "list": lambda: [0] * size(draw, 1, 3),
            }[kind]()
        )
    if chance(draw, 3):
        items.insert(draw(st.integers(0, len(items))), Ellipsis)
    return items[0] if len(items) == 1 and chance(draw, 2) else tuple(items)


@op("torch.Tensor.__getitem__", examples=150)
def _getitem(draw: Draw, name: str) -> Case:
    first = shape(draw)
    if first and chance(draw, 6):
        at = draw(st.integers(0, len(first) - 1))
        return Case(name, (T(first), (*[slice(None)] * at, T(bent(draw, first[at : at + size(draw, 1, 2)]), "bool"))))
    return Case(name, (T(first), _key(draw, len(first))))


@op("torch.Tensor.__setitem__", examples=40)
def _setitem(draw: Draw, name: str) -> Case:
    first = shape(draw, 1)
    return Case(name, (T(first), pick(draw, 0, slice(None), (Ellipsis, 0), None), T(broadcastable(draw, first[1:]))))


@op("torch.gather")
def _gather(draw: Draw, name: str) -> Case:
    first = shape(draw)
    index = bent(draw, tuple(size(draw, 1, n) for n in first), 3)
    return Case(name, (T(first), axis(draw, len(first)), T(index, pick(draw, "int64", "int64", "int64", "float32"))))


@rule("scatter")
def _scatter(draw: Draw, name: str) -> Case:
    first = shape(draw)
    index = bent(draw, tuple(size(draw, 1, n) for n in first), 3)
    source = bent(draw, tuple(n + draw(st.integers(0, 1)) for n in index), 4)
    more = ("sum",) if name.endswith("reduce") else ()
    return Case(name, (T(first), axis(draw, len(first)), T(index, "int64"), T(source), *more))


@rule("index_select")
def _index_select(draw: Draw, name: str) -> Case:
    first = shape(draw)
    return Case(
        name,
        (
            T(first),
            axis(draw, len(first)),
            T(shape(draw, 0 if chance(draw, 5) else 1, 2 if chance(draw, 5) else 1), "int64"),
        ),
    )


@rule("select")
def _select(draw: Draw, name: str) -> Case:
    first = shape(draw)
    return Case(name, (T(first), axis(draw, len(first)), draw(st.integers(-3, 3))))


@rule("narrow")
def _narrow(draw: Draw, name: str) -> Case:
    first = shape(draw)
    return Case(name, (T(first), axis(draw, len(first)), draw(st.integers(-2, 3)), draw(st.integers(0, 3))))


@rule("masked_select")
def _masked_select(draw: Draw, name: str) -> Case:
    first = shape(draw)
    return Case(name, (T(first), T(broadcastable(draw, first), "bool")))


@rule("nonzero")
def _nonzero(draw: Draw, name: str) -> Case:
    as_tuple = {"as_tuple": pick(draw, True, False)} if name == "torch.nonzero" else {}
    return Case(name, (T(shape(draw)),), as_tuple)


@rule("take")
def _take(draw: Draw, name: str) -> Case:
    return Case(name, (T(shape(draw, 1)), T(shape(draw), "int64")))


@rule("embedding")
def _embedding(draw: Draw, name: str) -> Case:
    ids = T(shape(draw), pick(draw, "int64", "int64", "int32", "float32"))
    if "nn.Embedding" in name:
        return Case(name, (ids,), init=(size(draw), size(draw)))
    return Case(name, (ids, T(shape(draw, 2, 2))))


# Creating


@rule("sized")
def _sized(draw: Draw, name: str) -> Case:
    sizes = shape(draw)
    return Case(
        name, sizes if sizes and chance(draw, 2) else (sizes,), {"dtype": "torch.float64"} if chance(draw, 3) else {}
    )


@rule("full")
def _full(draw: Draw, name: str) -> Case:
    return Case(name, (shape(draw), pick(draw, 1, 0.5, True)))


@rule("randint")
def _randint(draw: Draw, name: str) -> Case:
    return Case(name, (*pick(draw, (3,), (0, 3)), shape(draw)))


@rule("like")
def _like(draw: Draw, name: str) -> Case:
    more = {"torch.full_like": (1.0,), "torch.randint_like": (3,)}.get(name, ())
    return Case(name, (T(shape(draw)), *more), {"dtype": "torch.float64"} if chance(draw, 3) else {})


@rule("new_sized")
def _new(draw: Draw, name: str) -> Case:
    return Case(name, (T(shape(draw), "int64"), shape(draw), *((1,) if name.endswith("full") else ())))


def _data(draw: Draw, depth: int) -> Any:
    if depth == 0:
        return pick(draw, 1, 0.5, True)
    row = _data(draw, depth - 1)
    return [row] * size(draw, 1, 3) if not chance(draw, 6) else [row, _data(draw, depth - 1)]


@rule("tensor", "typed")
def _tensor(draw: Draw, name: str) -> Case:
    return Case(name, (_data(draw, size(draw, 1, 3)),))


@op("torch.Tensor.new_tensor")
def _new_tensor(draw: Draw, name: str) -> Case:
    return Case(name, (T(shape(draw), "int64"), _data(draw, size(draw, 1, 2))))


@op("torch.from_numpy", examples=1, open_ended=True, lenient=True)
def _from_numpy(draw: Draw, name: str) -> Case:
    import numpy

    return Case(name, (numpy.zeros((2, 3)),))


@op("torch.nn.Parameter")
def _parameter(draw: Draw, name: str) -> Case:
    return Case(name, (T(shape(draw)),))


@rule("arange")
def _arange(draw: Draw, name: str) -> Case:
    if chance(draw, 2):
        return Case(name, (size(draw),))
    return Case(name, (draw(st.integers(-2, 3)), draw(st.integers(-2, 6)), pick(draw, 1, 2, 0.5, -1)))


@rule("linspace")
def _linspace(draw: Draw, name: str) -> Case:
    return Case(name, (0, 1, size(draw)))


@rule("eye")
def _eye(draw: Draw, name: str) -> Case:
    return Case(name, (size(draw), size(draw)) if chance(draw, 2) else (size(draw),))


@rule("window", "randperm")
def _one_number(draw: Draw, name: str) -> Case:
    return Case(name, (size(draw),))


@rule("normal")
def _normal(draw: Draw, name: str) -> Case:
    first = shape(draw)
    return pick(
        draw,
        Case(name, (0.0, 1.0, first)),
        Case(name, (T(first), T(broadcastable(draw, first)))),
        Case(name, (T(first), 1.0)),
    )


@rule("multinomial", lenient=True)
def _multinomial(draw: Draw, name: str) -> Case:
    return Case(name, (T(shape(draw, 0, 3)), size(draw, 1, 4)), {"replacement": pick(draw, True, False)})


@rule("triangle")
def _triangle(draw: Draw, name: str) -> Case:
    return Case(name, (size(draw), size(draw), draw(st.integers(-2, 2))))


@rule("one_hot", lenient=True)
def _one_hot(draw: Draw, name: str) -> Case:
    return Case(name, (T(shape(draw), pick(draw, "int64", "int64", "float32")), size(draw)))


@rule("split_along_named")
def _named_split(draw: Draw, name: str) -> Case:
    first = shape(draw)
    return Case(name, (T(first), size(draw, 1, 3)))


@rule("take_along_dim")
def _take_along(draw: Draw, name: str) -> Case:
    first = shape(draw, 1)
    if chance(draw, 4):
        return Case(name, (T(first), T(shape(draw), "int64")))
    return Case(name, (T(first), T(bent(draw, first, 2), "int64"), axis(draw, len(first))))


@rule("masked_scatter")
def _masked_scatter(draw: Draw, name: str) -> Case:
    first = shape(draw)
    return Case(name, (T(first), T(broadcastable(draw, first), "bool"), T((999,))))


@rule("index_into", lenient=True)
def _index_into(draw: Draw, name: str) -> Case:
    first = shape(draw, 1)
    at = draw(st.integers(-len(first), len(first) - 1))
    count = size(draw, 1, 3)
    source = list(first)
    source[at] = count
    more = ("mean",) if name.endswith("reduce") else ()
    return Case(name, (T(first), at, T(bent(draw, (count,), 5), "int64"), T(bent(draw, tuple(source), 5)), *more))


@rule("index_fill")
def _index_fill(draw: Draw, name: str) -> Case:
    first = shape(draw, 1)
    return Case(name, (T(first), axis(draw, len(first)), T(bent(draw, (2,)), "int64"), 0.5))


@rule("index_put", lenient=True)
def _index_put(draw: Draw, name: str) -> Case:
    first = shape(draw, 1)
    more = {
        "torch.index_put": ([T((2,), "int64")], T((2, *first[1:]))),
        "torch.Tensor.put_": (T((2,), "int64"), T((2,))),
        "torch.select_scatter": (T(first[1:]), 0, 0),
        "torch.slice_scatter": (T(first),),
    }
    return Case(name, (T(first), *more[name]))


@rule("embedding_bag")
def _embedding_bag(draw: Draw, name: str) -> Case:
    flat = chance(draw, 2)
    ids = T(bent(draw, (4,) if flat else (size(draw), 4), 6), "int64")
    weight = () if "nn.Embedding" in name else (T((6, 3)),)
    offsets = {"offsets": T((size(draw, 1, 3),), "int64")} if flat != chance(draw, 8) else {}
    init = (
        {"init": (6, 3), "init_kwargs": {"include_last_offset": pick(draw, True, False)} if flat else {}}
        if not weight
        else {}
    )
    return Case(name, (ids, *weight), offsets, **init)


@rule("strided", lenient=True)
def _strided(draw: Draw, name: str) -> Case:
    return Case(name, (T((9,)), (2, 2), (2, 1)))


@rule("summed")
def _summed(draw: Draw, name: str) -> Case:
    first = shape(draw)
    return Case(name, (T(first), broadcastable(draw, first)))
