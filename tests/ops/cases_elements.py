"""Cases for operators that work element by element, that fold axes, and that take tensors apart for Python."""

from __future__ import annotations

from typing import Any

from tests.ops.harness import Case, T
from tests.ops.strategies import Draw, axis, bent, broadcastable, chance, op, pick, rule, shape, size

_WHOLE = ("torch.bitwise_not",)
_INTEGERS = (
    "torch.bitwise_and",
    "torch.bitwise_or",
    "torch.bitwise_xor",
    "torch.bitwise_left_shift",
    "torch.bitwise_right_shift",
)
_TENSORS_ONLY = tuple(
    f"torch.{name}"
    for name in "nextafter heaviside hypot isclose logaddexp logaddexp2 atan2 fmax fmin maximum minimum "
    "logical_and logical_or logical_xor".split()
)
_SAME_TYPE = (
    "torch.nextafter",
    "torch.heaviside",
    "torch.hypot",
    "torch.isclose",
    "torch.logaddexp",
    "torch.logaddexp2",
)


@rule("same", "unchanged")
def _same(draw: Draw, name: str) -> Case:
    tensor = T(shape(draw), "int64" if name in _WHOLE else "float32")
    more = {"torch.threshold": (0.1, 1.0), "torch.Tensor.fill_": (1.0,)}.get(name, ())
    return Case(name, (tensor, *more), init=(0.1, 1.0) if name == "torch.nn.Threshold" else ())


@rule("broadcasted", "divided")
def _binary(draw: Draw, name: str) -> Case:
    first = shape(draw)
    dtype = pick(draw, "float32", "int64", "float16", "bool", "float64")
    if name in ("torch.sub", "torch.rsub", *_SAME_TYPE):
        dtype = "float32"
    mine = "float32"
    if name in _INTEGERS:
        mine, dtype = "int64", "int64"
    other: Any = T(broadcastable(draw, first), dtype)
    if chance(draw, 5) and name not in _TENSORS_ONLY:
        other = pick(draw, 2, 3) if name in _INTEGERS else pick(draw, 2, 0.5)
    return Case(name, (T(first, mine), other))


@op("torch.lerp", "torch.addcmul", "torch.addcdiv")
def _three(draw: Draw, name: str) -> Case:
    first = shape(draw)
    return Case(name, (T(first), T(broadcastable(draw, first)), T(broadcastable(draw, first))))


@op("torch.clamp")
def _clamp(draw: Draw, name: str) -> Case:
    first = shape(draw)
    if chance(draw, 2):
        return Case(
            name,
            (T(first), T(broadcastable(draw, first))),
            {} if chance(draw, 2) else {"max": T(broadcastable(draw, first))},
        )
    return Case(name, (T(first),), {"min": 0.5})


@op("torch.masked_fill", "torch.Tensor.masked_fill_")
def _masked(draw: Draw, name: str) -> Case:
    first = shape(draw)
    return Case(name, (T(first), T(broadcastable(draw, first), "bool"), pick(draw, 0.0, float("-inf"))))


@op("torch.where")
def _where(draw: Draw, name: str) -> Case:
    first = shape(draw)
    other: Any = T(broadcastable(draw, first)) if chance(draw, 2) else 0.0
    return Case(name, (T(broadcastable(draw, first), "bool"), T(first), other))


@op("torch.Tensor.where")
def _where_method(draw: Draw, name: str) -> Case:
    first = shape(draw)
    return Case(name, (T(first), T(broadcastable(draw, first), "bool"), T(broadcastable(draw, first))))


# Reductions


def _dims(draw: Draw, rank: int) -> Any:
    if chance(draw, 3):
        return tuple({axis(draw, rank) for _ in range(size(draw, 1, 2))})
    return axis(draw, rank)


@rule("reduce", "total", "spread", "spread_pair")
def _reduce(draw: Draw, name: str) -> Case:
    first = shape(draw)
    dtype = (
        "bool"
        if name in ("torch.all", "torch.any")
        else pick(draw, "float32", "float32", "int64")
        if name == "torch.sum"
        else "float32"
    )
    several = name in (
        "torch.sum",
        "torch.mean",
        "torch.std",
        "torch.var",
        "torch.amax",
        "torch.amin",
        "torch.all",
        "torch.logsumexp",
    )
    kwargs: dict[str, Any] = {"dim": _dims(draw, len(first)) if several else axis(draw, len(first))}
    if name not in ("torch.count_nonzero",) and chance(draw, 2):
        kwargs["keepdim"] = pick(draw, True, False)
    if name != "torch.logsumexp" and chance(draw, 5):
        kwargs = {}
    return Case(name, (T(first, dtype),), kwargs)


@rule("reduce_pair", "reduce_or_pair")
def _pair(draw: Draw, name: str) -> Case:
    first = shape(draw)
    if name in ("torch.max", "torch.min") and chance(draw, 3):
        return Case(name, (T(first), T(broadcastable(draw, first))))
    if name != "torch.mode" and chance(draw, 4):
        return Case(name, (T(first),))
    return Case(name, (T(first),), {"dim": axis(draw, len(first)), "keepdim": pick(draw, True, False)})


@op("torch.kthvalue", "torch.topk")
def _kth(draw: Draw, name: str) -> Case:
    first = shape(draw)
    return Case(name, (T(first), size(draw, 1, 4)), {"dim": axis(draw, len(first))} if chance(draw, 2) else {})


@rule("along", "cumulative", "along_pair")
def _along(draw: Draw, name: str) -> Case:
    first = shape(draw)
    dim = axis(draw, len(first))
    if name.startswith("torch.nn.") and name[9].isupper():
        return Case(name, (T(first),), init_kwargs={"dim": dim})
    return Case(name, (T(first),), {"dim": dim})


@rule("gumbel")
def _gumbel(draw: Draw, name: str) -> Case:
    first = shape(draw)
    return Case(name, (T(first),), {"dim": axis(draw, len(first))})


@rule("softmax2d")
def _softmax2d(draw: Draw, name: str) -> Case:
    return Case(name, (T(shape(draw, 2, 5)),))


@rule("flip")
def _flip(draw: Draw, name: str) -> Case:
    first = shape(draw)
    return Case(name, (T(first), [axis(draw, len(first))]))


@rule("roll")
def _roll(draw: Draw, name: str) -> Case:
    first = shape(draw, 1)
    if chance(draw, 3):
        return Case(name, (T(first), 1))
    if chance(draw, 3):
        return Case(name, (T(first), (1, 2)[: size(draw, 1, 2)], (0, 1)[: size(draw, 1, 2)]))
    return Case(name, (T(first), 1, axis(draw, len(first))))


@rule("glu")
def _glu(draw: Draw, name: str) -> Case:
    first = shape(draw)
    dim = axis(draw, len(first))
    return Case(name, (T(first),), init_kwargs={"dim": dim}) if "GLU" in name else Case(name, (T(first),), {"dim": dim})


# Python values out of tensors


@rule("rank", "numel", "length", "element_type", "is_floating_point", "new_type")
def _asked(draw: Draw, name: str) -> Case:
    return Case(name, (T(shape(draw), pick(draw, "float32", "int64")),))


@rule("size")
def _size(draw: Draw, name: str) -> Case:
    first = shape(draw)
    if name.endswith("size") and chance(draw, 2):
        return Case(name, (T(first), axis(draw, len(first))))
    return Case(name, (T(first),))


@rule("item", "truth", "backward", lenient=True)
def _scalar(draw: Draw, name: str) -> Case:
    return Case(name, (T(pick(draw, (), (1,), (1, 1), (2,), (2, 3))),))


@rule("unknown", "nothing", open_ended=True, lenient=True, examples=2)
def _unknown(draw: Draw, name: str) -> Case:
    first = T(shape(draw))
    if name == "torch.Tensor.register_hook":
        return Case(name, (first, print))
    if name.endswith("parameters_to_vector"):
        return Case(name, ([first],))
    return Case(name, (first, first) if name in ("torch.equal", "torch.allclose") else (first,))


@rule("cast")
def _cast(draw: Draw, name: str) -> Case:
    first = T(shape(draw), pick(draw, "float32", "int64"))
    if name.endswith(".to") and chance(draw, 2):
        return (
            Case(name, (first, T(shape(draw), "float64")))
            if chance(draw, 2)
            else Case(name, (first,), {"dtype": "torch.float16"})
        )
    return Case(name, (first, pick(draw, "torch.float64", "torch.int64", "torch.bool")))


@rule("type_as")
def _type_as(draw: Draw, name: str) -> Case:
    return Case(name, (T(shape(draw), "int64"), T(shape(draw))))


@rule("copy_into")
def _copy(draw: Draw, name: str) -> Case:
    first = shape(draw)
    return Case(name, (T(first), T(bent(draw, broadcastable(draw, first)))))


@op(
    "torch.Tensor.cuda",
    "torch.Tensor.pin_memory",
    "torch.Tensor.grad",
    "torch.Tensor.numpy",
    lenient=True,
    not_compared=True,
    examples=1,
)
def _not_here(draw: Draw, name: str) -> Case:
    """What needs a device or a gradient that is not here, or gives an array."""
    return Case(name, (T(shape(draw)),))


@op(
    *[
        f"torch.nn.{name}"
        for name in ("Dropout2d", "Dropout3d", "FeatureAlphaDropout", "functional.dropout2d", "functional.dropout3d")
    ],
    lenient=True,
)
@rule("dropout1d")
def _features(draw: Draw, name: str) -> Case:
    return Case(name, (T(shape(draw)),))


@rule("like_input")
def _second_is_input(draw: Draw, name: str) -> Case:
    return Case(name, (size(draw), T(shape(draw))))


@rule("like_elements")
def _elements(draw: Draw, name: str) -> Case:
    return Case(name, (T(shape(draw)), T(shape(draw))))


@rule("complex")
def _complex(draw: Draw, name: str) -> Case:
    first = shape(draw)
    return Case(name, (T(first), T(broadcastable(draw, first))))


@rule("prelu")
def _prelu(draw: Draw, name: str) -> Case:
    first = shape(draw)
    slopes = pick(draw, 1, first[1] if len(first) > 1 else 1, size(draw))
    return (
        Case(name, (T(first),), init=(slopes,))
        if "PReLU" in name
        else Case(name, (T(first), T(bent(draw, (slopes,), 6))))
    )


@rule("fans")
def _fans(draw: Draw, name: str) -> Case:
    return Case(name, (T(shape(draw)),))


@op("torch.gcd", "torch.lcm")
def _whole(draw: Draw, name: str) -> Case:
    first = shape(draw)
    return Case(name, (T(first, "int64"), T(broadcastable(draw, first), "int64")))


@op("torch.ldexp", "torch.igamma", "torch.igammac", "torch.special.xlog1py", "torch.special.zeta")
def _special(draw: Draw, name: str) -> Case:
    first = shape(draw)
    return Case(name, (T(first), T(broadcastable(draw, first))))


@op("torch.clamp_min", "torch.clamp_max")
def _one_bound(draw: Draw, name: str) -> Case:
    first = shape(draw)
    return Case(name, (T(first), pick(draw, 0.5, T(broadcastable(draw, first)))))


@op(
    "torch.mvlgamma",
    "torch.renorm",
    "torch.Tensor.map_",
    "torch.Tensor.apply_",
    "torch.nn.init.constant_",
    lenient=True,
)
def _with_numbers(draw: Draw, name: str) -> Case:
    first = T(shape(draw, 2))
    more = {
        "torch.mvlgamma": (1,),
        "torch.renorm": (1, 0, 1.0),
        "torch.Tensor.map_": (first, min),
        "torch.Tensor.apply_": (abs,),
        "torch.nn.init.constant_": (0.5,),
    }
    return Case(name, (first, *more[name]))


@rule("sorted_rows", "flipped")
def _flipped(draw: Draw, name: str) -> Case:
    return Case(name, (T(shape(draw, 1 if name == "torch.msort" else 0)),))


@rule("rotated")
def _rotated(draw: Draw, name: str) -> Case:
    first = shape(draw, 1)
    return Case(name, (T(first), size(draw, 0, 3), pick(draw, (0, 1), (1, 0), (0, -1) if len(first) > 1 else (0, 1))))


@rule("dist")
def _dist(draw: Draw, name: str) -> Case:
    first = shape(draw)
    return Case(name, (T(first), T(broadcastable(draw, first))))


@op("torch.aminmax")
def _aminmax(draw: Draw, name: str) -> Case:
    first = shape(draw)
    return Case(
        name,
        (T(first),),
        {"dim": axis(draw, len(first)), "keepdim": pick(draw, True, False)} if chance(draw, 2) else {},
    )


@rule("scalar", examples=5)
def _clip(draw: Draw, name: str) -> Case:
    return Case(name, ([T(shape(draw))], 1.0))
