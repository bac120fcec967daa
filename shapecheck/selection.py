"""Which rules were asked for: ``--select``, ``--extend-select`` and ``--ignore``, by code or prefix of a code."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from shapecheck import rulebook
from shapecheck.errors import UsageError

ALWAYS = frozenset({"SHP902", "SHP903"})
"""A file that could not be looked at is said so whatever was selected; only ``--ignore`` silences it."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Codes or prefixes of codes. The longest prefix that fits a rule decides, ``ignore`` where two are as long."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()

    def enabled(self, code: str) -> bool:
        """Whether findings of a rule are wanted."""
        everything = not self.select or code in ALWAYS
        wanted = max(_fit(code, (*self.select, *self.extend_select)), 0 if everything else -1)
        return wanted > _fit(code, self.ignore)


def _fit(code: str, prefixes: Iterable[str]) -> int:
    return max((len(prefix) for prefix in prefixes if code.startswith(prefix)), default=-1)


def prefixes(words: Iterable[str]) -> tuple[str, ...]:
    """Codes and prefixes as typed (``SHP1,shp201``), taken apart; UsageError for one that no rule begins with."""
    found = tuple(word.strip().upper() for given in words for word in given.split(",") if word.strip())
    known = rulebook.codes()
    for prefix in found:
        if not any(code.startswith(prefix) for code in known):
            raise UsageError(f"there is no rule {prefix}{nearest(prefix, known)}")
    return found


def nearest(word: str, known: Iterable[str]) -> str:
    """`` (did you mean SHP101?)``, or nothing where no name is near."""
    close = difflib.get_close_matches(word, list(known), n=1)
    return f" (did you mean {close[0]}?)" if close else ""
