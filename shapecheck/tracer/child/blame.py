"""Which operator raised an exception, with its operands, and whether anything that was made up led there."""

from __future__ import annotations

from typing import Any

import torch
from torch.utils._pytree import tree_flatten

from shapecheck.tracer.child import numbers
from shapecheck.tracer.child.describe import dtype_name
from shapecheck.tracer.child.session import Session


def blame(session: Session, error: BaseException, op: str, args: Any, kwargs: Any, func: Any = None) -> None:
    """Keep with an exception which operator raised it, once: further out it is only passed on.

    With the function itself, a number that was made up counts only if another one would have averted the error.
    """
    if "shapecheck_op" in error.__dict__:
        return
    leaves = tree_flatten((args, kwargs))[0]
    tensors = [leaf for leaf in leaves if isinstance(leaf, torch.Tensor)]
    read = numbers.among((args, kwargs)) and (func is None or numbers.could_avert(func, args, kwargs))
    error.__dict__["shapecheck_op"] = {
        "op": op,
        "operands": [{"sizes": [int(n) for n in t.shape], "dtype": dtype_name(t.dtype)} for t in tensors],
        # Whether a list was left empty hangs on the way that the script took.
        "invented": read
        or any(map(session.marks.is_invented, tensors))
        or any(map(_made_up, leaves))
        or (session.invented and not tensors),
        "takes": bool(tensors) or any(isinstance(leaf, str) or leaf is None for leaf in leaves),
    }


def _made_up(value: Any) -> bool:
    """Whether a value stands in for something that is not there."""
    return not numbers.is_made(value) and type(value).__module__.startswith("shapecheck.")
