"""Fixes: what to write instead, as text edits; applying them, and writing the result.

libcst is imported with the first finding that has something to fix.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from shapecheck.edits import edited, unified_diff
from shapecheck.errors import FixConflict, UnreadableSource, UsageError
from shapecheck.findings import Edit, Finding, Fix
from shapecheck.graph import ShapeGraph
from shapecheck.places import NOTEBOOK
from shapecheck.source import Source, decode
from shapecheck.syntax import parse
from shapecheck.writing import put


def attach(findings: list[Finding], graph: ShapeGraph, sources: Mapping[str, str]) -> None:
    """Propose fixes for findings, in place. A file that does not parse, or whose text is not given, gets none."""
    if not findings:
        return
    from shapecheck.fixes.propose import Proposals

    proposals = Proposals(graph, sources)
    for finding in findings:
        if not finding.fixes:
            finding.fixes = tuple(fix for fix in proposals.of(finding) if _parses(fix, sources))


def _parses(fix: Fix, sources: Mapping[str, str]) -> bool:
    try:
        return apply(fix.edits, sources) != {}
    except FixConflict:
        return False


def apply(edits: Iterable[Edit], sources: Mapping[str, str]) -> dict[str, str]:
    """The new text of each file that edits change.

    Raises FixConflict where two edits overlap, a file's text is not given, or what comes out does not parse.
    """
    by_file: dict[str, list[Edit]] = defaultdict(list)
    for edit in edits:
        by_file[edit.span.path].append(edit)
    texts = {}
    for path, wanted in by_file.items():
        if path not in sources:
            raise FixConflict(f"the text of {path} is not at hand")
        text = edited(sources[path], wanted)
        if text != sources[path]:
            _check(path, sources[path], text)
            texts[path] = text
    return texts


def _check(path: str, before: str, text: str) -> None:
    try:
        parse(Source(path, text))
    except UnreadableSource as why:
        raise FixConflict(f"{path} would not parse after this fix") from why
    if path.endswith(NOTEBOOK) or "# %%" in before:
        diff(path, before, text)  # which asks for the text as its author would have changed it


def diff(path: str, before: str, after: str) -> str:
    """What changes in a file, as a unified diff; in a notebook, one for each cell."""
    if path.endswith(NOTEBOOK):
        from shapecheck import notebook

        return notebook.diff(path, before, after)
    if "# %%" in before:
        from shapecheck import notebook

        before, after = notebook.own(before), notebook.restored(before, after)
    return unified_diff(path, before, after)


def write(texts: Mapping[str, str]) -> None:
    """Put new texts in place of files: each is whole at every moment, in its own encoding, with its BOM and mode.

    UsageError where a file cannot be written; before anything is, where its encoding lacks a character of the text.
    """
    for path, data in [(Path(path), rewritten(Path(path).read_bytes(), path, text)) for path, text in texts.items()]:
        try:
            put(path, data)
        except OSError as why:
            raise UsageError(f"cannot write {path}: {why.strerror}") from why


def rewritten(data: bytes, path: str, text: str) -> bytes:
    """The bytes of a file once it holds another text: in its own encoding, with its BOM; a notebook as it was around
    its code.

    UsageError where the encoding lacks a character.
    """
    if path.endswith(NOTEBOOK):
        from shapecheck import notebook

        return notebook.updated(data, text)
    source = decode(data, path)
    try:
        return source.encoded(text)
    except UnicodeEncodeError as why:
        raise UsageError(f"{path} is {source.encoding}, which has no {why.object[why.start]!r}") from why
