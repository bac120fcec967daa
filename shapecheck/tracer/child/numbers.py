"""Numbers that were made up: an int or a float to every reader, marked through arithmetic until a shape is made of it.

A mark is lost where Python or a library makes a number anew (``range``, an array of numpy): then what follows is
taken for observed, as everything else is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch.utils._pytree import tree_map

from shapecheck.tracer.child import replay
from shapecheck.tracer.child.fakes import is_fake, tensors_in

_MOST = 1 << 16
"""Numbers of one ``tolist()`` that are marked; nobody reads a size out of more."""

_BINARY = ("add", "sub", "mul", "truediv", "floordiv", "mod", "divmod", "pow")
_OF_BITS = ("lshift", "rshift", "and", "or", "xor")
_UNARY = ("neg", "pos", "abs")
_TO_WHOLE = ("round", "trunc", "floor", "ceil")


class _Made:
    """What a number that was made up adds to an ordinary one: copied it stays so, saved it is an ordinary one."""

    _plain: type = object

    def __reduce__(self) -> Any:
        return self._plain, (self._plain(self),)

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, memo: Any) -> Any:
        return self


class MadeInt(_Made, int):
    """A whole number that was made up."""

    _plain = int


class MadeFloat(_Made, float):
    """A number that was made up."""

    _plain = float


def made(value: Any) -> Any:
    """A number, or numbers in lists and tuples, as made up; anything else as it is."""
    if isinstance(value, (list, tuple)):
        return type(value)(map(made, value))
    if isinstance(value, bool):
        return value
    return MadeInt(value) if isinstance(value, int) else MadeFloat(value) if isinstance(value, float) else value


def listed(value: Any, count: int) -> Any:
    """What ``tolist()`` of so many numbers gives, as made up."""
    return made(value) if count <= _MOST else value


def _arithmetic(kind: type, name: str) -> Callable[..., Any]:
    method = f"__{name}__"

    def operate(self: Any, *others: Any) -> Any:
        base: type = float if kind is float or any(isinstance(other, float) for other in others) else int
        result = getattr(base, method)(base(self), *others)
        return result if result is NotImplemented else made(result)

    return operate


for _kind, _marked in ((int, MadeInt), (float, MadeFloat)):
    for _name in (*_BINARY, *(f"r{name}" for name in _BINARY), *_UNARY, *_TO_WHOLE):
        setattr(_marked, f"__{_name}__", _arithmetic(_kind, _name))
for _name in (*_OF_BITS, *(f"r{name}" for name in _OF_BITS), "invert"):
    setattr(MadeInt, f"__{_name}__", _arithmetic(int, _name))


def as_right_operand(value: Any) -> Any:
    """A whole number that was made up as a float, which a float on its left leaves marked; anything else as it is."""
    return MadeFloat(value) if isinstance(value, MadeInt) else value


def keeping(is_invented: Callable[[torch.Tensor], bool]) -> Callable[[Any], Any]:
    """A function that gives for ``int``, ``float`` and ``len`` what does the same and keeps marks.

    Args:
        is_invented: whether the shape of a tensor rests on a number that was made up.
    """

    def marking(function: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            result = function(*args, **kwargs)
            return made(result) if args and (is_made(args[0]) or is_fake(args[0])) else result

        return call

    def length(*args: Any) -> int:
        found = len(*args)
        return MadeInt(found) if isinstance(args[0], torch.Tensor) and is_invented(args[0]) else found

    known = {int: marking(int), float: marking(float), len: length}
    return lambda function: next((other for mine, other in known.items() if mine is function), function)


def is_made(value: Any) -> bool:
    """Whether a value is a number that was made up."""
    return isinstance(value, (MadeInt, MadeFloat))


def among(value: Any) -> bool:
    """Whether there are made-up numbers among an operator's operands, in lists, sizes and slices too."""
    return any(True for _ in _made_in(value))


def _made_in(value: Any, *, sliced: bool = False) -> Iterator[Any]:
    if is_made(value) or (sliced and is_fake(value)):
        yield value
    elif isinstance(value, slice):
        for part in (value.start, value.stop, value.step):
            yield from _made_in(part, sliced=True)
    elif isinstance(value, (tuple, list)):
        for part in value:
            yield from _made_in(part)
    elif isinstance(value, dict):
        for part in value.values():
            yield from _made_in(part)


def decide_the_shape(func: Callable[..., Any], args: Any, kwargs: Any, result: Any) -> bool:
    """Whether an operator would have given another shape for other numbers in place of those that were made up.

    So it would for ``zeros(n)`` and ``x[:n]``, but not for ``x * n`` and ``x[n]``.
    """
    here = _shapes(result)
    if not here:
        return False
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        run = _on_meta if _tried(_on_meta, func, args, kwargs) == here else replay.run
        others = [_tried(run, func, *_with_others((args, kwargs), change)) for change in _CHANGES]
    known = [shapes for shapes in others if shapes is not None]
    return not known or any(shapes != here for shapes in known)


def could_avert(func: Callable[..., Any], args: Any, kwargs: Any) -> bool:
    """Whether an operator that raised would not have for other numbers in place of those that were made up."""
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        return any(_tried(replay.run, func, *_with_others((args, kwargs), change)) is not None for change in _CHANGES)


Shapes = list[tuple[int, ...]]

_CHANGES: tuple[Callable[[float, int], float], ...] = (
    lambda number, position: number + 1 + position,
    lambda number, position: max(number - 1 - position, 0),
    lambda number, position: number / 3 + position,
)
"""Other numbers for one, by its position among all: several differ by another amount each, as the ends of a slice."""


def _shapes(result: Any) -> Shapes:
    return [tuple(map(int, tensor.shape)) for tensor in tensors_in(result)]


def _tried(run: Callable[..., Any], func: Callable[..., Any], args: Any, kwargs: Any) -> Shapes | None:
    """The shapes that an operator gives, None where it refuses."""
    try:
        return _shapes(run(func, args, kwargs))
    except Exception:
        return None


def _on_meta(func: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """The operator on tensors without numbers: nothing is computed, and none of its operands changes."""
    if not any(True for _ in tensors_in((args, kwargs))):
        kwargs = {**kwargs, "device": "meta"}
    bare_args, bare_kwargs = tree_map(_bare, (args, kwargs))
    return func(*bare_args, **bare_kwargs)


def _bare(value: Any) -> Any:
    if not isinstance(value, torch.Tensor):
        return value
    return torch.empty_strided(tuple(value.shape), value.stride(), dtype=value.dtype, device="meta")


def _with_others(value: Any, change: Callable[[float, int], float]) -> Any:
    """The operands with each number that was made up changed."""
    count = 0

    def other(part: Any, *, sliced: bool = False) -> Any:
        nonlocal count
        if is_made(part) or (sliced and is_fake(part)):
            whole = not isinstance(part, MadeFloat)
            number = change(1 if is_fake(part) else part, count)
            count += 1
            return int(number) if whole else float(number)
        if isinstance(part, slice):
            return slice(*(other(bound, sliced=True) for bound in (part.start, part.stop, part.step)))
        if isinstance(part, (tuple, list)):
            parts = [other(item) for item in part]
            return parts if isinstance(part, list) else tuple(parts)
        if isinstance(part, dict):
            return {key: other(item) for key, item in part.items()}
        return part

    return other(value)
