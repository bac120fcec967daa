"""Fixes: what to write instead, as text edits."""

from __future__ import annotations

from collections.abc import Mapping

from shapecheck.findings import Finding
from shapecheck.graph import ShapeGraph


def attach(findings: list[Finding], graph: ShapeGraph, sources: Mapping[str, str]) -> None:
    """Propose fixes for findings, in place. Files that do not parse get none."""
