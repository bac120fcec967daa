"""Which fixes a finding gets: poolings for an unpooled classifier, edits of one place for the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import libcst as cst

from shapecheck.findings import Finding, Fix
from shapecheck.fixes import pooling, simple
from shapecheck.fixes.tree import Tree
from shapecheck.graph import ShapeGraph

_POOLED = ("SHP101",)


@dataclass(slots=True)
class Proposals:
    """Proposes fixes; each file is parsed once."""

    graph: ShapeGraph
    sources: Mapping[str, str]
    _trees: dict[str, Tree | None] = field(default_factory=dict)

    def of(self, finding: Finding) -> Iterator[Fix]:
        """The fixes of a finding, best first."""
        tree = self._tree(finding.span.path)
        if tree is None:
            return
        if finding.rule in _POOLED:
            yield from pooling.poolings(finding, self.graph, tree)
        yield from simple.fixes_of(finding, self.graph, tree)

    def _tree(self, path: str) -> Tree | None:
        if path not in self._trees:
            self._trees[path] = self._parsed(path)
        return self._trees[path]

    def _parsed(self, path: str) -> Tree | None:
        if path not in self.sources:
            return None
        try:
            return Tree.parse(path, self.sources[path])
        except (cst.ParserSyntaxError, RecursionError):
            return None
