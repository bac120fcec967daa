"""Dims get their names back: a size that follows the batch from one trace to another is the batch. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shapecheck.algebra import Expr, add, mul, name, render
from shapecheck.algebra import names as names_of

Record = dict[str, Any]
Axes = dict[int, tuple[Expr | None, ...]]
"""The axes of each tensor of a trace as expressions, by the tensor's number."""

BATCH, SEQ = name("batch"), name("seq")


@dataclass(frozen=True, slots=True)
class Chosen:
    """The sizes that the tracer chose for one trace."""

    batch: int
    seq: int
    rows: int


def choose(numbers: Iterable[int]) -> tuple[Chosen, Chosen]:
    """Sizes for two traces: primes, told apart from each other and from every number of the script.

    >>> choose({5, 17})
    (Chosen(batch=7, seq=19, rows=67), Chosen(batch=13, seq=29, rows=73))
    """
    taken = set(numbers)
    first, second = zip(*(_two(candidates, taken) for candidates in (_BATCHES, _SEQS, _ROWS)), strict=True)
    return Chosen(*first), Chosen(*second)


_BATCHES = (5, 7, 11, 13, 3)
_SEQS = (17, 19, 23, 29, 31, 37, 41)
_ROWS = (67, 71, 73, 79, 83, 89)


def _two(candidates: tuple[int, ...], taken: set[int]) -> tuple[int, int]:
    """Two candidates that are not taken and not neighbours, as far as that goes."""
    free = [n for n in candidates if n not in taken]
    if len(free) < 2:
        free = list(candidates)
    return free[0], free[min(2, len(free) - 1)]


Atom = tuple[Expr, int, int]
"""A name, and its size in the first and in the second trace."""


class Atoms:
    """The names of one pair of traces: the chosen sizes, and the lengths that texts came to."""

    def __init__(self, first: Chosen, second: Chosen) -> None:
        self._chosen = first
        self._atoms: list[Atom] = [(BATCH, first.batch, second.batch), (SEQ, first.seq, second.seq)]

    def assumed(self, axes: Axes) -> list[str]:
        """The sizes that the tracer chose, in words: those only that an axis has, as the script left them open."""
        met = {found for shape in axes.values() for axis in shape if axis is not None for found in names_of(axis)}
        sizes = {BATCH: f"batch of {self._chosen.batch}", SEQ: f"sequences of {self._chosen.seq} tokens"}
        words = [words for size, words in sizes.items() if names_of(size) & met]
        return [", ".join(words)] if words else []

    def learn(self, tensor: Record, partner: Record) -> None:
        """Take the axes of token ids and their masks for what they are: rows, and tokens."""
        here, there = tensor["sizes"], partner["sizes"]
        if tensor.get("role") not in _TOKENS or len(here) != len(there) or not here:
            return
        if len(here) > 1:
            self._name("batch", here[0], there[0])
        self._name("seq", here[-1], there[-1])

    def _name(self, word: str, here: int, there: int) -> None:
        if here != there and not any((here, there) == (left, right) for _, left, right in self._atoms):
            used = sum(1 for expr, _, _ in self._atoms if render(expr) == word)
            self._atoms.append((name(word, used), here, there))

    def expression(self, here: int, there: int) -> Expr | None:
        """The size that is ``here`` in one trace and ``there`` in the other; None where no name explains it.

        >>> atoms = Atoms(Chosen(5, 17, 67), Chosen(11, 23, 71))
        >>> [render(atoms.expression(*pair)) for pair in ((768, 768), (5, 11), (85, 253), (16, 22), (60, 132))]
        ['768', 'batch', 'batch*seq', 'seq - 1', '12*batch']
        """
        if here == there:
            return here
        products = [*self._atoms, *self._pairs()]
        for exact in (True, False):
            for expr, left, right in products:
                times = here // left
                if here == times * left and there == times * right and (times == 1 or not exact and times > 0):
                    return mul(expr, times)
        for expr, left, right in reversed(self._atoms):
            if here - left == there - right and abs(here - left) <= _NEAR:
                return add(expr, here - left)
        return None

    def _pairs(self) -> Iterator[Atom]:
        for i, (a, left_a, right_a) in enumerate(self._atoms):
            for b, left_b, right_b in self._atoms[i:]:
                yield mul(a, b), left_a * left_b, right_a * right_b


_TOKENS = ("ids", "mask", "segments")
_NEAR = 8
"""How far from a name a size may lie to be that name and a number: special tokens, a kernel's width."""


def names(first: list[Record], second: list[Record], atoms: Atoms) -> Axes:
    """The axes of each tensor of the first trace as expressions, by the tensor's number.

    Stages are matched by operator, place and count; a tensor without a partner has no entry.
    """
    pairs = [pair for a, b in _partners(first, second) for pair in zip(_tensors(a), _tensors(b), strict=False)]
    for a, b in pairs:
        atoms.learn(a, b)
    return {
        a["t"]: tuple(atoms.expression(x, y) for x, y in zip(a["sizes"], b["sizes"], strict=True))
        for a, b in pairs
        if len(a["sizes"]) == len(b["sizes"])
    }


def by_size(records: list[Record], axes: Axes) -> dict[int, Expr] | None:
    """Which name a size bears wherever it is met among named axes; None where one and the same has two, or has none.

    With it a patched copy of the same script can be named after one run: the sizes were chosen so that no other
    is mistaken for them.
    """
    found: dict[int, Expr] = {}
    for tensor in _tensors([record for record in records if record["kind"] in ("stage", "event")]):
        for size, expr in zip(tensor["sizes"], axes.get(tensor["t"], ()), strict=False):
            if expr is None or found.setdefault(size, expr) != expr:
                return None
    return found


def named_by_size(records: list[Record], known: Mapping[int, Expr]) -> Axes:
    """The axes of each tensor of a run, by the names that its sizes bear in another one."""
    tensors = _tensors([record for record in records if record["kind"] in ("stage", "event")])
    return {tensor["t"]: tuple(known.get(size, size) for size in tensor["sizes"]) for tensor in tensors}


def _partners(first: list[Record], second: list[Record]) -> Iterator[tuple[Record, Record]]:
    others = dict(_keyed(second))
    for key, record in _keyed(first):
        if key in others:
            yield record, others[key]


def _keyed(records: list[Record]) -> Iterator[tuple[tuple[Any, ...], Record]]:
    counts: dict[tuple[Any, ...], int] = {}
    for record in records:
        if record["kind"] not in ("stage", "event"):
            continue
        key = (record.get("op") or record.get("event"), str(record.get("span")), (record.get("module") or {}).get("m"))
        counts[key] = counts.get(key, 0) + 1
        yield (*key, counts[key]), record


def _tensors(value: Any) -> Iterator[Record]:
    if isinstance(value, dict):
        if "sizes" in value and "t" in value:
            yield value
            return
        for item in value.values():
            yield from _tensors(item)
    elif isinstance(value, list):
        for item in value:
            yield from _tensors(item)
