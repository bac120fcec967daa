"""Findings that are known already: kept in a file, and known again by their content and not by their lines.

An entry holds a rule, the text of the marked lines, the function or class around them and the path, relative to the
file's own folder; and how many findings are alike in all of these.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from shapecheck.edits import lines_of
from shapecheck.errors import UnreadableSource, UsageError
from shapecheck.findings import Finding
from shapecheck.places import NOTEBOOK
from shapecheck.results import Outcome
from shapecheck.selection import ALWAYS, Selection
from shapecheck.source import Source
from shapecheck.syntax import parse, scope_at
from shapecheck.writing import put

VERSION = 1

_STRING = r"""("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')"""
_COMMENT = re.compile(rf"{_STRING}|#.*")
_SIGN = re.compile(rf"{_STRING}|\s*([^\w\s])\s*")


@dataclass(frozen=True, order=True)
class Entry:
    """What a finding is known by.

    Attributes:
        path: of the finding, relative to the baseline's folder.
        scope: the function or class around it (``Net.forward``), "" for a module's own lines.
        text: the lines that it marks, without comments.
        entry: the file whose check leads there, where that is another one that imports it.
        traced: only a trace shows it.
    """

    path: str
    rule: str
    scope: str
    text: str
    entry: str = ""
    traced: bool = False

    @cached_property
    def key(self) -> tuple[str, str, str, str]:
        """What has to be equal; white space between words and signs does not."""
        return self.path, self.rule, self.scope, _SIGN.sub(r"\1\2", self.text)

    def __str__(self) -> str:
        return f"{self.path}: {self.rule}{f' in {self.scope}' if self.scope else ''}: {self.text}"


@dataclass(frozen=True, slots=True)
class Matched:
    """What a baseline says of findings: those that are new, those that are known, and what it holds beyond them."""

    new: list[Finding]
    known: list[Finding]
    left: Counter[Entry]


@dataclass(frozen=True, slots=True)
class Baseline:
    """The entries of one file, each with how many findings are alike in it."""

    path: Path
    entries: Counter[Entry]

    @classmethod
    def load(cls, path: Path, missing_ok: bool = False) -> Baseline:
        """Read a baseline. UsageError where there is none (unless that is fine), or it is broken."""
        try:
            return cls(path, _entries(json.loads(path.read_bytes())))
        except FileNotFoundError as why:
            if missing_ok:
                return cls(path, Counter())
            raise UsageError(f"there is no baseline {path}: --update-baseline writes it") from why
        except OSError as why:
            raise UsageError(f"cannot read the baseline {path}: {why.strerror}") from why
        except UnicodeDecodeError as why:
            raise UsageError(f"the baseline {path} is broken: not UTF-8 text") from why
        except json.JSONDecodeError as why:
            raise UsageError(f"the baseline {path} is broken: {why.msg.lower()} in line {why.lineno}") from why
        except _Broken as why:
            raise UsageError(f"the baseline {path} is broken: {why}") from why

    def match(self, findings: Iterable[Finding], sources: Mapping[str, str]) -> Matched:
        """Tell new findings from known ones; of several alike, those further down are the new ones."""
        left = Counter[tuple[str, str, str, str]]()
        for one, count in self.entries.items():
            left[one.key] += count
        new: list[Finding] = []
        known: list[Finding] = []
        for finding in sorted(findings, key=lambda finding: finding.span):
            entry = self.entry(finding, sources)
            is_known = entry is not None and left[entry.key] > 0
            if entry is not None and is_known:
                left[entry.key] -= 1
            (known if is_known else new).append(finding)
        rest = Counter[Entry]()
        for one in sorted(self.entries):
            rest[one] = min(left[one.key], self.entries[one])
            left[one.key] -= rest[one]
        return Matched(new, known, +rest)

    def entry(self, finding: Finding, sources: Mapping[str, str]) -> Entry | None:
        """What a finding is known by; None for one that no baseline may hide: its file cannot be read."""
        if finding.rule in ALWAYS:
            return None
        span, text = finding.span, _spelled_out(finding.span.path, sources.get(finding.span.path, ""))
        lines = lines_of(text)[span.line - 1 : max(span.line, span.end_line)]
        path = self.named(span.path)
        entry = self.named(finding.entry) if finding.entry else path
        return Entry(
            path,
            finding.rule,
            _scope(span.path, text, span.line),
            " ".join(" ".join(_COMMENT.sub(r"\1", line) for line in lines).split()),
            "" if entry == path else entry,
            "static" not in finding.evidence,
        )

    def stale(self, left: Counter[Entry], outcome: Outcome, rules: Callable[[str], Selection]) -> Counter[Entry]:
        """Those of the entries without a finding for which one was looked: their file was checked, or is gone.

        Args:
            rules: which rules are on in a file.
        """
        unread = {finding.span.path for finding in outcome.every if finding.rule in ALWAYS}  # or cells of it
        checked = {self.named(path) for path in outcome.entries if path not in unread}
        traced = outcome.trace is not None and outcome.trace.status in ("completed", "raised", "stopped")
        return Counter(
            {
                entry: count
                for entry, count in left.items()
                if self._looked_for(entry, checked)
                and rules(str(self._file(entry.path))).enabled(entry.rule)
                and (traced or not entry.traced)
            }
        )

    def renewed(self, matched: Matched, stale: Counter[Entry], sources: Mapping[str, str]) -> Baseline:
        """The baseline of today's findings. What was not looked for stays."""
        found = (self.entry(finding, sources) for finding in (*matched.known, *matched.new))
        return Baseline(self.path, Counter(entry for entry in found if entry is not None) + (matched.left - stale))

    def write(self) -> None:
        """Write it in one step, unless it stands there already. UsageError where that cannot be done."""
        findings = [{**_plain(entry), "count": self.entries[entry]} for entry in sorted(self.entries)]
        text = json.dumps({"version": VERSION, "findings": findings}, indent=2, ensure_ascii=False) + "\n"
        data = text.encode("utf-8", "backslashreplace")
        try:
            if not self.path.is_file() or self.path.read_bytes() != data:
                put(self.path, data)
        except OSError as why:
            raise UsageError(f"cannot write the baseline {self.path}: {why.strerror}") from why

    def named(self, path: str) -> str:
        """A path as the baseline names it: relative to its folder, the same wherever the command runs."""
        folder = os.path.realpath(os.path.dirname(os.path.abspath(self.path)))
        file = os.path.join(os.path.realpath(os.path.dirname(os.path.abspath(path))), os.path.basename(path))
        try:
            return Path(os.path.relpath(file, folder)).as_posix()
        except ValueError:  # another drive
            return Path(file).as_posix()

    def _file(self, name: str) -> Path:
        return Path(os.path.abspath(self.path)).parent / name

    def _looked_for(self, entry: Entry, checked: set[str]) -> bool:
        names = [entry.path, entry.entry] if entry.entry else [entry.path]
        return names[-1] in checked or not all(self._file(name).exists() for name in names)


class _Broken(Exception):
    """What is wrong with the form of a baseline."""


def _entries(document: Any) -> Counter[Entry]:
    if not isinstance(document, dict) or not isinstance(document.get("findings"), list):
        raise _Broken("it is no list of findings")
    if document.get("version") != VERSION:
        raise _Broken(f"its version is {document.get('version')!r}, and this shapecheck knows {VERSION}")
    entries = Counter[Entry]()
    for number, one in enumerate(document["findings"], 1):
        entries[_entry(one, number)] += one["count"]
    return entries


_KINDS = {"path": str, "rule": str, "scope": str, "text": str, "count": int, "entry": str, "traced": bool}
_OPTIONAL = {"entry": "", "traced": False}


def _entry(one: Any, number: int) -> Entry:
    values = {**_OPTIONAL, **one} if isinstance(one, dict) else {}
    if values.keys() != _KINDS.keys():
        raise _Broken(
            f"finding {number} does not have the keys {', '.join(key for key in _KINDS if key not in _OPTIONAL)}"
        )
    if not all(type(values[key]) is kind for key, kind in _KINDS.items()) or values["count"] < 1:
        raise _Broken(f"finding {number} has a value of another kind")
    del values["count"]
    return Entry(**values)


def _plain(entry: Entry) -> dict[str, Any]:
    values = {key: getattr(entry, key) for key in _KINDS if key != "count"}
    return {key: value for key, value in values.items() if key not in _OPTIONAL or value}


@lru_cache(maxsize=4096)
def _spelled_out(path: str, text: str) -> str:
    """A text with all of its code: in that of a notebook, a module that a cell writes is a comment."""
    if not path.endswith(NOTEBOOK):
        return text
    from shapecheck import notebook

    return notebook.spelled_out(text)


def _scope(path: str, text: str, line: int) -> str:
    try:
        return scope_at(_tree(path, text), line)
    except UnreadableSource:
        return ""


@lru_cache(maxsize=8)
def _tree(path: str, text: str) -> Any:
    return parse(Source(path, text)).tree
