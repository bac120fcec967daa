"""The texts of the files that a graph speaks of, read when first asked for."""

from __future__ import annotations

from collections.abc import Mapping

from shapecheck.errors import UnreadableSource
from shapecheck.source import read


class Texts:
    """Texts by path. Those given stand for their files; what cannot be read (``<string>``, say) has none."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self.given = frozenset(given)
        self._texts: dict[str, str | None] = dict(given)

    def __call__(self, path: str) -> str | None:
        """The text of a file, or None."""
        if path not in self._texts:
            try:
                self._texts[path] = read(path).text
            except UnreadableSource:
                self._texts[path] = None
        return self._texts[path]

    def over(self, patched: Mapping[str, str]) -> Texts:
        """The same, with patched texts in place of some files."""
        known = {path: text for path, text in self._texts.items() if text is not None}
        return Texts(known | dict(patched))

    def of(self, paths: set[str]) -> dict[str, str]:
        """The texts of several files, those that have none left out."""
        return {path: text for path in sorted(paths) if (text := self(path)) is not None}
