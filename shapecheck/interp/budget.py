"""How much work one file may cost: steps in proportion to its length, calls of a function, depth of calls."""

from __future__ import annotations


class Exhausted(Exception):
    """The steps are used up: the file, or the part of it that was being read, is left as far as it came."""


class Budget:
    """Steps (statements run) that are left, for the whole file and for the part at hand."""

    __slots__ = ("left", "part", "unrolled")

    DEPTH = 24
    """Calls within calls."""
    PER_FUNCTION = 2_000
    """Steps that all analyses of one function together may take, with what they call, before it is left at that."""
    UNROLLED = 16
    """Elements up to which a loop over a known sequence is run one by one."""

    def __init__(self, lines: int) -> None:
        self.left = 2_000 + 8 * lines
        self.part = self.left
        self.unrolled = 600

    def imported(self, lines: int) -> None:
        """A module that is imported brings the steps that its own statements take, and some for what these call."""
        self.left += lines
        self.part += lines

    def begin(self, share: float = 1.0) -> None:
        """Begin a part of the file (a class that nobody uses, say) that may use a share of what is left."""
        self.part = int(self.left * share)

    def step(self) -> None:
        """One statement.

        Raises:
            Exhausted: the steps are used up.
        """
        self.left -= 1
        self.part -= 1
        if self.part < 0 or self.left < 0:
            raise Exhausted

    def unroll(self, count: int) -> bool:
        """Whether a loop over this many known elements is run one by one."""
        if count > self.UNROLLED or count > self.unrolled:
            return False
        self.unrolled -= count
        return True
