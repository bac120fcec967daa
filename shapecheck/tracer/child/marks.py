"""What is known of each live tensor: who made it, what it means, how its shape came about."""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Iterable
from dataclasses import dataclass

import torch


@dataclass(slots=True)
class Mark:
    """The notes on one tensor. ``number`` names it in the records that go to the parent."""

    number: int
    role: str | None = None
    status: str = "observed"
    padding: str | None = None


class Marks:
    """Marks by the identity of tensors; forgotten with them."""

    def __init__(self) -> None:
        self._marks: dict[int, tuple[weakref.ref[torch.Tensor], Mark]] = {}
        self._numbers = itertools.count()

    def get(self, tensor: torch.Tensor) -> Mark | None:
        """The mark of a tensor, if it has one."""
        held = self._marks.get(id(tensor))
        return held[1] if held is not None and held[0]() is tensor else None

    def of(self, tensor: torch.Tensor) -> Mark:
        """The mark of a tensor, made where there is none."""
        found = self.get(tensor)
        return found if found is not None else self._set(tensor, Mark(next(self._numbers)))

    def carry(self, tensor: torch.Tensor, other: torch.Tensor) -> None:
        """Let another tensor stand for one, as far as anything is known of that."""
        found = self.get(tensor)
        if found is not None:
            self._set(other, found)

    def renew(self, tensor: torch.Tensor, status: str) -> Mark:
        """A new mark: the tensor is now the output of another stage."""
        old = self.get(tensor)
        return self._set(
            tensor, Mark(next(self._numbers), old.role if old else None, status, old.padding if old else None)
        )

    def note(self, tensor: torch.Tensor, *, role: str | None, status: str, padding: str | None) -> None:
        """Add to what is known of a tensor."""
        mark = self.of(tensor)
        mark.role, mark.padding, mark.status = role or mark.role, padding or mark.padding, status

    def is_invented(self, tensor: torch.Tensor) -> bool:
        """Whether a tensor's shape rests on something that was made up."""
        held = self.get(tensor)
        return held is not None and held.status == "invented"

    def invent(self, tensors: Iterable[torch.Tensor]) -> None:
        """Note that the shapes of tensors rest on something that was made up."""
        for tensor in tensors:
            self.note(tensor, role=None, status="invented", padding=None)

    def made_status(self, tensor: torch.Tensor) -> str:
        """The status of a stage's output: observed, unless its shape was made up."""
        return "invented" if self.is_invented(tensor) else "observed"

    def _set(self, tensor: torch.Tensor, mark: Mark) -> Mark:
        key = id(tensor)

        def forget(ref: weakref.ref[torch.Tensor]) -> None:
            held = self._marks.get(key)
            if held is not None and held[0] is ref:
                del self._marks[key]

        self._marks[key] = (weakref.ref(tensor, forget), mark)
        return mark
