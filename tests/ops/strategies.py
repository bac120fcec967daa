"""What to try each operator with: one strategy for every rule of a family, or for an operator by name.

A strategy draws a :class:`Case`; most are valid, some are not. A new operator whose rule has a strategy needs nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from shapecheck.ops import tables
from tests.ops.harness import Case

Draw = Callable[[st.SearchStrategy[Any]], Any]


@dataclass(frozen=True)
class Strategy:
    """How to draw a case.

    Attributes:
        draw: takes hypothesis' draw and the operator's name.
        examples: how many cases to try.
        open_ended: the result depends on data, so shapecheck may say that it is not known.
        lenient: torch may raise for reasons that are no matter of shapes.
        not_compared: torch cannot do it here; only that shapecheck does not stumble is tried.
        plain: names are taken to be large enough, so that nothing is tried with them.
    """

    draw: Callable[[Draw, str], Case]
    examples: int = 20
    open_ended: bool = False
    lenient: bool = False
    not_compared: bool = False
    plain: bool = False


_BY_NAME: dict[str, Strategy] = {}
_BY_RULE: dict[str, Strategy] = {}


def of(name: str) -> Strategy | None:
    """The strategy of an operator: its own, or that of its rule."""
    entry = tables.entry(name)
    assert entry is not None
    return _BY_NAME.get(name) or _BY_RULE.get(entry.rule)


def rule(*names: str, **options: Any) -> Callable[[Callable[[Draw, str], Case]], Callable[[Draw, str], Case]]:
    """Register a strategy for all operators of some rules."""

    def register(draw: Callable[[Draw, str], Case]) -> Callable[[Draw, str], Case]:
        _BY_RULE.update({name: Strategy(draw, **options) for name in names})
        return draw

    return register


def op(*names: str, **options: Any) -> Callable[[Callable[[Draw, str], Case]], Callable[[Draw, str], Case]]:
    """Register a strategy for operators by name."""

    def register(draw: Callable[[Draw, str], Case]) -> Callable[[Draw, str], Case]:
        _BY_NAME.update({name: Strategy(draw, **options) for name in names})
        return draw

    return register


# Building blocks

SIZES = st.integers(1, 5)


def size(draw: Draw, low: int = 1, high: int = 5) -> int:
    """A small size."""
    return int(draw(st.integers(low, high)))


def chance(draw: Draw, one_in: int) -> bool:
    """True once in so many times."""
    return draw(st.integers(1, one_in)) == 1


def pick(draw: Draw, *choices: Any) -> Any:
    """One of several values."""
    return draw(st.sampled_from(choices))


def shape(draw: Draw, low: int = 0, high: int = 4) -> tuple[int, ...]:
    """A shape of ``low`` to ``high`` axes."""
    return tuple(draw(st.lists(SIZES, min_size=low, max_size=high)))


def bent(draw: Draw, sizes: tuple[int, ...], one_in: int = 4) -> tuple[int, ...]:
    """The same shape most times, else one with another size or another rank."""
    if not chance(draw, one_in):
        return sizes
    if not sizes or chance(draw, 3):
        return sizes[1:] if sizes and chance(draw, 2) else (size(draw), *sizes)
    at = draw(st.integers(0, len(sizes) - 1))
    return (*sizes[:at], size(draw, 1, 6), *sizes[at + 1 :])


def broadcastable(draw: Draw, sizes: tuple[int, ...]) -> tuple[int, ...]:
    """A shape that broadcasts with another most times."""
    cut = draw(st.integers(0, len(sizes)))
    return bent(draw, tuple(1 if chance(draw, 4) else n for n in sizes[cut:]), 4)


def axis(draw: Draw, rank: int, wrong_one_in: int = 8) -> int:
    """An axis number, negative ones too; now and then beyond the rank."""
    rank = max(rank, 1)
    return int(draw(st.integers(-rank, rank - 1))) if not chance(draw, wrong_one_in) else pick(draw, rank, -rank - 1)


def given_or_left(draw: Draw, **choices: list[Any]) -> dict[str, Any]:
    """Keyword arguments, each left out half the time."""
    return {key: pick(draw, *values) for key, values in choices.items() if chance(draw, 2)}


def _load() -> None:
    """Import the files that register strategies."""
    from tests.ops import cases_elements, cases_layers, cases_losses, cases_products, cases_shapes  # noqa: F401


_load()
