"""Runs one call in torch and in shapecheck, and compares: the same shapes, the same verdict on what is an error.

Torch runs on meta tensors; where its meta kernels and the eager ones differ, eager torch on small zeros decides.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from shapecheck import algebra, dims, ops
from shapecheck.algebra import Poly
from shapecheck.dims import Dim
from shapecheck.ops import dtypes, tables
from shapecheck.ops.values import Packed
from shapecheck.shapes import Conflict, Shape


@dataclass(frozen=True)
class T:
    """A tensor operand of a case."""

    shape: tuple[int, ...]
    dtype: str = "float32"


@dataclass(frozen=True)
class Case:
    """One call: of a function or method, or of a module made with ``init`` and ``init_kwargs``."""

    op: str
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    init: tuple[Any, ...] = ()
    init_kwargs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class M:
    """A module among a constructor's arguments; to shapecheck it is an object with ``params``."""

    op: str
    init: tuple[Any, ...] = ()
    init_kwargs: Mapping[str, Any] = field(default_factory=dict)

    @property
    def params(self) -> Any:
        """The constructor's parameters by name."""
        return ops.construct(self.op, self.init, self.init_kwargs)


def torch_callable(name: str) -> Any:
    """The torch (or einops) object of a canonical name."""
    import einops
    import einops.layers.torch  # noqa: F401

    parts = name.split(".")
    found: Any = __import__(parts[0])
    for part in parts[1:]:
        found = getattr(found, part)
    return found


def mapped(value: Any, leaf: Callable[[Any], Any]) -> Any:
    """Apply ``leaf`` to everything in nested lists, tuples and slices."""
    if isinstance(value, list):
        return [mapped(one, leaf) for one in value]
    if isinstance(value, tuple):
        return tuple(mapped(one, leaf) for one in value)
    if isinstance(value, dict):
        return {key: mapped(one, leaf) for key, one in value.items()}
    return leaf(value)


def run_torch(case: Case, device: str) -> Any:
    """What torch gives as nested (shape, dtype) pairs; its exception where it raises."""

    def made(value: Any) -> Any:
        if isinstance(value, T):
            if value.dtype == "bool":
                return torch.ones(value.shape, dtype=torch.bool, device=device)
            return torch.zeros(value.shape, dtype=getattr(torch, value.dtype), device=device)
        if isinstance(value, M):
            return torch_callable(value.op)(*value.init, **value.init_kwargs)
        if isinstance(value, str) and value.startswith("torch."):
            return getattr(torch, value[6:])
        return value

    args, kwargs = mapped(case.args, made), mapped(dict(case.kwargs), made)
    target = torch_callable(case.op)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        try:
            if isinstance(target, type) and issubclass(target, torch.nn.Module):
                with torch.device(device):
                    target = target(*mapped(case.init, made), **mapped(dict(case.init_kwargs), made))
                if device == "meta":
                    target.to_empty(device="meta")
            if not callable(target):  # an attribute
                return summary(getattr(args[0], case.op.rpartition(".")[2]))
            with torch.device(device):
                return summary(target(*args, **kwargs))
        except (
            RuntimeError,
            ValueError,
            IndexError,
            AssertionError,
            TypeError,
            NotImplementedError,
            Exception,
        ) as error:
            return error


def summary(value: Any) -> Any:
    """A result as comparable data."""
    if isinstance(value, torch.Tensor):
        return ("tensor", tuple(value.shape), str(value.dtype).removeprefix("torch."))
    if isinstance(value, torch.nn.utils.rnn.PackedSequence):
        return ("packed", tuple(value.data.shape[1:]))
    if isinstance(value, dict):
        return {key: summary(one) for key, one in value.items()}
    if isinstance(value, (tuple, list)) or hasattr(value, "__next__"):
        return tuple(summary(one) for one in value)
    return value


def concrete(value: Any) -> Any:
    """An operand with all its sizes."""
    if isinstance(value, T):
        return ops.Spec(Shape(tuple(dims.number(n) for n in value.shape)), value.dtype)
    return value


def run_ours(case: Case, leaf: Callable[[Any], Any] = concrete) -> Any:
    """What shapecheck says: a value, a Conflict or NotKnown. ``leaf`` makes the operands."""
    entry = tables.entry(case.op)
    assert entry is not None
    init, init_kwargs = mapped(case.init, leaf), mapped(dict(case.init_kwargs), leaf)
    args, kwargs = mapped(case.args, leaf), mapped(dict(case.kwargs), leaf)
    if entry.is_module:
        params = ops.construct(case.op, init, init_kwargs)
        if params is None:
            return ops.NotKnown("the constructor's arguments do not fit")
        outcome = params if isinstance(params, Conflict) else ops.forward(case.op, params, args, kwargs)
    else:
        outcome = ops.apply(case.op, args, kwargs)
    return outcome.value if isinstance(outcome, ops.Result) else outcome


def disagreement(ours: Any, theirs: Any) -> str | None:
    """Why two outcomes differ, None where they agree. Unknown agrees with everything but an error."""
    if isinstance(theirs, Exception):
        return None if isinstance(ours, (Conflict, ops.NotKnown)) else f"torch raises {type(theirs).__name__}: {theirs}"
    if isinstance(ours, Conflict):
        return f"torch gives {theirs}, no error: {ours.message}"
    if ours is ops.UNKNOWN or isinstance(ours, ops.NotKnown):
        return None
    if isinstance(ours, ops.Spec):
        if not (isinstance(theirs, tuple) and theirs[:1] == ("tensor",)):
            return f"torch gives no tensor but {theirs}"
        return _shape_differs(ours.shape, theirs[1]) or _type_differs(ours.dtype, theirs[2])
    if isinstance(ours, Packed):
        return _shape_differs(Shape(ours.features), theirs[1])
    if isinstance(ours, Dim):
        return None if ours.value in (theirs, None) else f"{ours} is not {theirs}"
    if isinstance(ours, (tuple, list)):
        if not isinstance(theirs, tuple) or len(ours) != len(theirs):
            return f"torch gives {theirs}"
        return next((why for a, b in zip(ours, theirs, strict=True) if (why := disagreement(a, b))), None)
    if isinstance(ours, dict):
        return next((why for key in ours if (why := disagreement(ours[key], theirs[key]))), None)
    return None if ours == theirs or str(ours) == str(theirs) else f"{ours!r} is not {theirs!r}"


def _shape_differs(shape: Shape, sizes: tuple[int, ...]) -> str | None:
    if shape.rank is None:
        tail = len(shape.dims) - (shape.open_at or 0)
        known = [
            *zip(shape.dims[: shape.open_at], sizes, strict=False),
            *zip(shape.dims[::-1][:tail], sizes[::-1], strict=False),
        ]
        if len(shape.dims) > len(sizes):
            return f"{shape} is not {sizes}"
    elif len(shape.dims) != len(sizes):
        return f"{shape} is not {sizes}"
    else:
        known = list(zip(shape.dims, sizes, strict=True))
    return None if all(size_of(dim) in (n, None) for dim, n in known) else f"{shape} is not {sizes}"


def _type_differs(dtype: str | None, theirs: str) -> str | None:
    if dtype is None or dtype == theirs or dtype == dtypes.KIND.get(theirs):
        return None
    return f"{dtype} is not {theirs}"


# Names instead of numbers: what is said of them must hold for the numbers that they stand for.


def size_of(dim: Dim) -> int | None:
    """The number that a dim stands for, where each name ``n7`` stands for 7."""
    return None if dim.expr is None else _evaluated(dim.expr)


def _evaluated(expr: Any) -> int:
    if isinstance(expr, int):
        return expr
    assert isinstance(expr, Poly)
    total = 0
    for atoms, factor in expr.terms:
        product = factor
        for atom in atoms:
            product *= int(atom.word[1:]) if isinstance(atom, algebra.Name) else _operation(atom)
        total += product
    return total


def _operation(atom: Any) -> int:
    left, right = _evaluated(atom.left), _evaluated(atom.right)
    return {"//": lambda: left // right, "%": lambda: left % right, "max": lambda: max(left, right)}[atom.op]()


def abstracted(names: set[int], unknown: set[int], opened: int | None, hidden: set[int]) -> Callable[[Any], Any]:
    """A leaf for ``run_ours`` that hides what it can.

    Sizes in ``names`` become names, those in ``unknown`` unknown; ``opened`` leading axes of every tensor become an
    unknown number of axes; the arguments whose turn is in ``hidden`` become unknown (numbers and flags) or named sizes.
    """
    turn = itertools.count()

    def size(n: int) -> Dim:
        if n in unknown:
            return dims.UNKNOWN
        return dims.symbol(f"n{n}") if n in names and n > 1 else dims.number(n)

    def leaf(value: Any) -> Any:
        if isinstance(value, T):
            shape = tuple(size(n) for n in value.shape)
            if opened is not None and len(shape) >= opened:
                return ops.Spec(Shape(shape[opened:], 0), value.dtype)
            return ops.Spec(Shape(shape), value.dtype)
        if isinstance(value, (bool, int, float, type(None))) and next(turn) in hidden:
            return ops.UNKNOWN
        return size(value) if type(value) is int and value > 1 and value in names else value

    return leaf
