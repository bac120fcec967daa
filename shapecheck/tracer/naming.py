"""Dims get their names back: a size that follows the batch from one trace to another is the batch. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from shapecheck.dims import Expr, add, mul, name

Record = dict[str, Any]

BATCH, SEQ = name("batch"), name("seq")


@dataclass(frozen=True, slots=True)
class Chosen:
    """The sizes that the tracer chose for one trace."""

    batch: int
    seq: int
    rows: int


def choose(numbers: Iterable[int]) -> tuple[Chosen, Chosen]:
    """Sizes for two traces: primes, told apart from each other and from every number of the script.

    >>> choose({3, 17})
    (Chosen(batch=5, seq=19, rows=67), Chosen(batch=7, seq=29, rows=73))
    """
    taken = set(numbers)
    batches = [n for n in (3, 5, 7, 11, 13) if n not in taken] or [3, 5]
    seqs = [n for n in (17, 19, 23, 29, 31, 37, 41) if n not in taken] or [17, 23]
    rows = [n for n in (67, 71, 73, 79, 83, 89) if n not in taken] or [67, 73]
    first = Chosen(batches[0], seqs[0], rows[0])
    return first, Chosen(batches[1 % len(batches)], seqs[2 % len(seqs)], rows[2 % len(rows)])


def expression(here: int, there: int, first: Chosen, second: Chosen) -> Expr | None:
    """The size that is ``here`` in one trace and ``there`` in the other; None where the two do not explain it.

    >>> from shapecheck.dims import render
    >>> a, b = Chosen(3, 17, 67), Chosen(5, 23, 71)
    >>> [render(e) for e in (expression(768, 768, a, b), expression(3, 5, a, b), expression(51, 115, a, b), expression(16, 22, a, b)) if e]
    ['768', 'batch', 'batch*seq', 'seq - 1']
    """
    if here == there:
        return here
    products = (
        (BATCH, first.batch, second.batch),
        (SEQ, first.seq, second.seq),
        (mul(BATCH, SEQ), first.batch * first.seq, second.batch * second.seq),
        (mul(SEQ, SEQ), first.seq**2, second.seq**2),
        (mul(BATCH, BATCH), first.batch**2, second.batch**2),
    )
    for expr, left, right in products:
        if here % left == 0 and there % right == 0 and here // left == there // right > 0:
            return mul(expr, here // left)
    for expr, left, right in (products[1], products[0]):
        times, rest = divmod(there - here, right - left)
        if rest == 0 and times > 0 and abs(here - times * left) <= 4 * times:
            return add(mul(expr, times), here - times * left)
    return None


def names(
    first: list[Record], second: list[Record], sizes: tuple[Chosen, Chosen]
) -> dict[int, tuple[Expr | None, ...]]:
    """The axes of each tensor of the first trace as expressions, by the tensor's number.

    Stages are matched by operator, place and count; a tensor without a partner has no entry.
    """
    found: dict[int, tuple[Expr | None, ...]] = {}
    partners = {key: record for key, record in _keyed(second)}
    for key, record in _keyed(first):
        partner = partners.get(key)
        if partner is None:
            continue
        for a, b in zip(_tensors(record), _tensors(partner)):
            if len(a["sizes"]) == len(b["sizes"]):
                found[a["t"]] = tuple(expression(x, y, *sizes) for x, y in zip(a["sizes"], b["sizes"]))
    return found


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
