"""Which rules are on, and with which severity, by code or prefix of a code."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from shapecheck import rulebook
from shapecheck.errors import UsageError
from shapecheck.findings import SEVERITIES, Severity

ALWAYS = frozenset({"SHP902", "SHP903"})
"""A file that could not be looked at is said so whatever was selected; only ``--ignore`` silences it."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Codes or prefixes of codes. The longest prefix that fits a rule decides, ``ignore`` where two are as long.

    Attributes:
        off: rules that are off whatever else is said, as they are in one file alone.
        severities: other severities than the rules' own; ``off`` among them counts as ``ignore`` does.
        under: what decides on rules that this selection does not speak of.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    off: tuple[str, ...] = ()
    severities: tuple[tuple[str, str], ...] = ()
    under: Selection | None = None

    def enabled(self, code: str) -> bool:
        """Whether findings of a rule are wanted."""
        wanted = _fit(code, (*self.select, *self.extend_select))
        unwanted = _fit(code, self.ignore)
        if self.under is not None and wanted == unwanted == -1:
            return self.under.enabled(code) and _fit(code, self.off) == -1
        prefix, severity = self._severity(code)
        if self.under is None and severity == "off":
            unwanted = max(unwanted, len(prefix))
        if not self.select or code in ALWAYS:
            wanted = max(wanted, 0)
        return wanted > unwanted and _fit(code, self.off) == -1

    def severity(self, code: str) -> Severity | None:
        """The severity that the findings of a rule are to have; None for their own."""
        return next((known for known in SEVERITIES if known == self._severity(code)[1]), None)

    def _severity(self, code: str) -> tuple[str, str]:
        fitting = (one for one in self.severities if code.startswith(one[0]))
        return max(fitting, key=lambda one: len(one[0]), default=("", ""))


def _fit(code: str, prefixes: Iterable[str]) -> int:
    return max((len(prefix) for prefix in prefixes if code.startswith(prefix)), default=-1)


def prefixes(words: Iterable[str]) -> tuple[str, ...]:
    """Codes and prefixes as typed (``SHP1,shp201``), taken apart; UsageError for one that no rule begins with."""
    found = tuple(word.strip().upper() for given in words for word in given.split(",") if word.strip())
    known = rulebook.codes()
    for prefix in found:
        if not any(code.startswith(prefix) for code in known):
            near = nearest(prefix, dict.fromkeys(code[: len(prefix)] for code in known))
            raise UsageError(f"there is no rule {prefix}{near}")
    return found


def nearest(word: str, known: Iterable[str]) -> str:
    """`` (did you mean SHP101?)``, or nothing where no name is near."""
    close = difflib.get_close_matches(word, list(known), n=1)
    return f" (did you mean {close[0]}?)" if close else ""
