"""numpy's arrays made of tensors: what the user's lines do with them is recorded, as what they do with tensors is.

An array of this kind is numpy's own in every way, and stays one where library code works with it.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, Any

import torch

from shapecheck.tracer.child.fakes import is_fake
from shapecheck.tracer.child.frames import is_user_file

if TYPE_CHECKING:
    from shapecheck.tracer.child.recorder import Recorder

_UFUNCS = {
    "equal": "eq",
    "not_equal": "ne",
    "less": "lt",
    "less_equal": "le",
    "greater": "gt",
    "greater_equal": "ge",
    "subtract": "sub",
    "multiply": "mul",
    "divide": "truediv",
    "true_divide": "truediv",
    "floor_divide": "floordiv",
    "remainder": "mod",
    "bitwise_and": "and_",
    "bitwise_or": "or_",
    "bitwise_xor": "xor",
    "negative": "neg",
    "absolute": "abs",
}
"""Python's operators, as :mod:`operator` has them, by the functions that numpy runs for them."""

_METHODS = (
    "reshape flatten ravel squeeze transpose mean sum max min argmax argmin std var prod all any clip round argsort "
    "cumsum dot take repeat swapaxes __getitem__"
).split()
_SAME_SHAPE = ("astype", "copy")
_BY_VALUE = frozenset("nonzero unique where argwhere flatnonzero compress extract bincount repeat setdiff1d".split())
"""Functions whose result has a shape that follows from numbers."""
_ABOUT_VALUES = re.compile("out of bounds for axis|invalid literal|NaN|infinity")
_KEEPS_KIND = (f"{os.sep}transformers{os.sep}", f"{os.sep}shapecheck{os.sep}")
_HERE = os.path.normcase(os.path.realpath(__file__))

_makers: list[Callable[[Any, torch.Tensor], Any]] = []
"""What makes a recorded array of a plain one and of the tensor that it came from; empty until installed."""


def of_tensor(array: Any, tensor: torch.Tensor) -> Any:
    """The array that a tensor was turned into, recorded from now on."""
    return _makers[0](array, tensor) if _makers else array


def shadow(value: Any) -> torch.Tensor | None:
    """The tensor that stands for an array in the records; None for what is no recorded array."""
    asked = getattr(type(value), "shapecheck_shadow", None)
    made: torch.Tensor | None = asked(value) if asked is not None else None
    return made


def install(recorder: Recorder) -> None:
    """Record what is done with arrays that are made of tensors from now on; nothing where numpy is missing."""
    try:
        import numpy
    except ImportError:
        return
    kind = _kind(numpy, recorder)

    def made(array: Any, tensor: torch.Tensor) -> Any:
        found = array.view(kind)
        found.stands, found.known = tensor, not is_fake(tensor)
        return found

    _makers[:] = [made]


def _kind(numpy: Any, recorder: Recorder) -> Any:
    """The class of recorded arrays, once numpy is there to inherit from."""
    session = recorder.session
    plain_kind = numpy.ndarray

    class Array(plain_kind):  # type: ignore[misc, valid-type]
        """An array with the tensor that stands for it, and whether its numbers are real."""

        stands: torch.Tensor | None = None
        known = False

        def __array_finalize__(self, made_from: Any) -> None:
            self.known = bool(made_from.known) if isinstance(made_from, Array) else False

        def __reduce__(self) -> Any:
            return plain(self).__reduce__()

        def shapecheck_shadow(self) -> torch.Tensor:
            if self.stands is None:
                self.stands = _standing_for(numpy, session, self)
            return self.stands

        def __array_ufunc__(self, ufunc: Any, method: str, *args: Any, **kwargs: Any) -> Any:
            run = getattr(ufunc, method)
            name = _UFUNCS.get(ufunc.__name__, ufunc.__name__)
            return operate(f"numpy.{name}" if method == "__call__" and "out" not in kwargs else "", run, args, kwargs)

        def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
            return operate(f"numpy.{func.__name__}", func, args, kwargs)

    def operate(op: str, run: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        caller = _caller()
        bare, named = _mapped(args, plain), _mapped(kwargs, plain)
        file = caller.f_code.co_filename if caller is not None else ""
        if not is_user_file(file):
            result = run(*bare, **named)
            return result.view(Array) if type(result) is plain_kind and _stays(file) else result
        arrays = [value for value in _leaves((args, kwargs)) if isinstance(value, Array)]
        real = all(array.known for array in arrays)
        stands = _mapped(args, standing), _mapped(kwargs, standing)
        try:
            result = run(*bare, **named)
        except Exception as error:
            if op and (real or not _ABOUT_VALUES.search(str(error))):
                recorder.array_stage(op, stands, None, invented=False, error=error)
            raise
        if type(result) is not plain_kind or not result.shape:
            return result
        made = result.view(Array)
        made.known = real
        invented = any(map(session.marks.is_invented, (array.shapecheck_shadow() for array in arrays)))
        by_value = op.rpartition(".")[2] in _BY_VALUE or (op.endswith("__getitem__") and _picks_by_value(args))
        if op:
            recorder.array_stage(op, stands, made.shapecheck_shadow(), invented=invented or (by_value and not real))
        return made

    def plain(value: Any) -> Any:
        return value.view(plain_kind) if isinstance(value, Array) else value

    def standing(value: Any) -> Any:
        if isinstance(value, Array):
            return value.shapecheck_shadow()
        return _standing_for(numpy, session, value) if type(value) is plain_kind and value.shape else value

    def _picks_by_value(args: Any) -> bool:
        return any(isinstance(part, plain_kind) and part.dtype == bool for part in _leaves(args[1:]))

    for name in _METHODS:
        setattr(Array, name, _method(f"numpy.ndarray.{name}", getattr(plain_kind, name), operate))
    for name in _SAME_SHAPE:
        setattr(Array, name, _same_shape(getattr(plain_kind, name)))
    return Array


def _method(op: str, original: Any, operate: Callable[..., Any]) -> Any:
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return operate(op, original, (self, *args), kwargs)

    return method


def _same_shape(original: Any) -> Any:
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        made = original(self, *args, **kwargs)
        made.stands, made.known = self.stands, self.known
        return made

    return method


def _standing_for(numpy: Any, session: Any, array: Any) -> torch.Tensor:
    try:
        dtype = torch.from_numpy(numpy.empty(0, array.dtype)).dtype
    except TypeError:
        dtype = torch.float64
    made: torch.Tensor = session.fake(tuple(array.shape), dtype)
    return made


def _caller() -> FrameType | None:
    """Who calls numpy: the first frame that is not of this file."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and os.path.normcase(os.path.realpath(frame.f_code.co_filename)) == _HERE:
        frame = frame.f_back
    return frame


def _stays(file: str) -> bool:
    return any(part in file for part in _KEEPS_KIND)


def _mapped(value: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(value, (tuple, list)) and type(value) in (tuple, list):
        return type(value)(_mapped(part, change) for part in value)
    if isinstance(value, dict):
        return {key: _mapped(part, change) for key, part in value.items()}
    return change(value)


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, (tuple, list)):
        return [leaf for part in value for leaf in _leaves(part)]
    if isinstance(value, dict):
        return _leaves(list(value.values()))
    return [value]
