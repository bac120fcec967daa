"""Functions of torch that are written in Python, of several operators, and are one operator to whoever calls them."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from typing import Any

from shapecheck.tracer.child.recorder import Recorder
from shapecheck.tracer.standins.patching import patch_function

_FUNCTIONS = {
    "torch.nn.utils.rnn": (
        "pack_padded_sequence",
        "pack_sequence",
        "pad_packed_sequence",
        "pad_sequence",
        "unpack_sequence",
        "unpad_sequence",
    ),
}


def install(recorder: Recorder) -> None:
    """Record their calls as stages from now on."""
    for home, names in _FUNCTIONS.items():
        for name in names:
            patch_function(
                importlib.import_module(home), name, functools.partial(_recorded, recorder, f"{home}.{name}")
            )


def _recorded(recorder: Recorder, op: str, original: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        return recorder.call_function(original, op, args, kwargs)

    return call
