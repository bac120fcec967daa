"""What a run has shown already: nobody reads the same stage a thousand times."""

from __future__ import annotations

from collections import Counter
from types import FrameType

TURNS = 256
"""Times that a call at one place is recorded."""

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


class Rows(Seen):
    """The same for the rows that one loader reads: one stage of each kind is enough."""

    def __init__(self) -> None:
        super().__init__(ROWS)
