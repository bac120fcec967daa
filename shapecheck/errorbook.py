"""What PyTorch's and transformers' errors over shapes mean: the texts of ``rules/errors.toml``."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from functools import cache

from shapecheck.resources import rules_dir

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # type: ignore[import-not-found, unused-ignore]


@dataclass(frozen=True, slots=True)
class Wording:
    """One error's wording. ``means`` and ``look`` may name the groups of ``match``; likely ``rules`` come first."""

    name: str
    match: re.Pattern[str]
    means: str
    look: str
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one message means, in words, with the sizes that it names."""

    name: str
    means: str
    look: str
    rules: tuple[str, ...]


@cache
def wordings() -> tuple[Wording, ...]:
    """All wordings, the telling ones first."""
    entries = tomllib.loads((rules_dir() / "errors.toml").read_text(encoding="utf-8"))["error"]
    return tuple(Wording(e["name"], re.compile(e["match"]), e["means"], e["look"], tuple(e["rules"])) for e in entries)


def meaning(message: str) -> Meaning | None:
    """What a message means; None for one that has nothing to do with shapes, or is not known."""
    line = " ".join(message.split())
    for wording in wordings():
        found = wording.match.search(line)
        if found is not None:
            sizes = _Sizes(_named(found))
            means, look = wording.means.format_map(sizes), wording.look.format_map(sizes)
            return Meaning(wording.name, means, look, wording.rules)
    return None


class _Sizes(dict[str, str]):
    """The groups of a match; a size that this form of the message does not name is left open."""

    def __missing__(self, key: str) -> str:
        return "another number"


def _named(found: re.Match[str]) -> dict[str, str]:
    """The groups that took part; the forms of one wording tell their groups apart by underscores at the end."""
    return {name.rstrip("_"): value for name, value in found.groupdict().items() if value is not None}
