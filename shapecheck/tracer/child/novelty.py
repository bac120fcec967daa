"""What a run has shown already: nobody reads the same stage a thousand times."""

from __future__ import annotations

from collections import Counter, defaultdict
from types import FrameType
from typing import Any

import torch
from torch.utils._pytree import tree_flatten, tree_map

from shapecheck.tracer.child.fakes import fake, is_fake

TURNS = 256
"""Times that a call at one place is recorded."""

_PLAIN = (bool, int, float, str, type(None))

CALLS = 3
"""Times that one call of a whole model is recorded with operands of the same shapes."""

LONG = 48
"""Times that one call of a whole model is recorded with operands of any shapes: texts grow as they are generated."""

ROWS = 32
"""Times that a call in the code of a data set's rows is looked at."""


class Seen:
    """The stages of a run by operator, place and sizes, and how often each place was come by."""

    def __init__(self, limit: int = TURNS) -> None:
        self._limit = limit
        self._stages: set[object] = set()
        self._counts: Counter[object] = Counter()

    def wanted(self, frame: FrameType) -> bool:
        """Whether a call at this place is still to be recorded."""
        place = frame.f_code, frame.f_lasti
        self._counts[place] += 1
        return self._counts[place] <= self._limit

    def add(self, stage: object) -> bool:
        """Note a stage; whether it is new."""
        if stage in self._stages:
            return False
        self._stages.add(stage)
        return True


class Repeat:
    """A call that was recorded often enough; its result is kept where it would be the same every time."""

    def __init__(self) -> None:
        self._kept: Any = None

    def keep(self, module: torch.nn.Module, operands: Any, result: Any) -> None:
        """Keep the result of a library's model, neither trained nor watched, that takes and gives only tensors."""
        if torch.is_grad_enabled() or not is_library(module):
            return
        plain = all(isinstance(leaf, (torch.Tensor, *_PLAIN)) for leaf in tree_flatten(operands)[0])
        if plain and all(is_fake(leaf) for leaf in tree_flatten(result)[0]):
            self._kept = result

    def again(self) -> Any:
        """The result anew, its tensors others; None where it was not kept."""
        return None if self._kept is None or torch.is_grad_enabled() else tree_map(_another, self._kept)


class Repeats:
    """How often each call was come by."""

    def __init__(self, limit: int = CALLS, turns: int = LONG) -> None:
        self._limit, self._turns = limit, turns
        self._counts: Counter[object] = Counter()
        self._repeats: defaultdict[object, Repeat] = defaultdict(Repeat)

    def repeat(self, place: object, shapes: object) -> Repeat | None:
        """Note a call at a place; what is known of it, if enough calls there, or with these shapes, were recorded."""
        call = place, shapes
        self._counts[place] += 1
        self._counts[call] += 1
        if self._counts[call] > self._limit or self._counts[place] > self._turns:
            return self._repeats[call]
        return None


def is_library(module: torch.nn.Module) -> bool:
    """Whether a model consists of nothing but modules of torch and transformers, without hooks."""
    return all(
        type(part).__module__.startswith(("torch.", "transformers."))
        and not part._forward_hooks
        and not part._forward_pre_hooks
        for part in module.modules()
    )


def _another(leaf: torch.Tensor) -> torch.Tensor:
    return fake(tuple(leaf.shape), leaf.dtype)


class Rows(Seen):
    """The same for the rows that one loader reads: one stage of each kind is enough."""

    def __init__(self) -> None:
        super().__init__(ROWS)
