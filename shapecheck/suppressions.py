"""Comments that silence a rule: ``# shapecheck: ignore[SHP101]``, ``# shapecheck: ignore-file``, ``# noqa: SHP101``.

A comment counts for findings whose marked span starts or ends on its line. One that silences nothing is reported
itself (SHP901), unless the rules it names were not asked for.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shapecheck import rulebook
from shapecheck.findings import Edit, Finding, Fix
from shapecheck.places import Span

if TYPE_CHECKING:
    from shapecheck.selection import Selection

UNUSED = "SHP901"

_OURS = re.compile(r"#\s*shapecheck:\s*(ignore-file|ignore)\b(?:\s*\[([^\]]*)\])?", re.IGNORECASE)
_NOQA = re.compile(r"#\s*noqa:\s*([A-Z]+\d+(?:[,\s]+[A-Z]+\d+)*)", re.IGNORECASE)


@dataclass(slots=True)
class Suppression:
    """One comment.

    Attributes:
        codes: codes or prefixes of codes; empty for all rules.
        removal: what to delete to be rid of it; None where the comment also speaks to another tool.
        used: those of the codes that silenced something.
    """

    span: Span
    codes: tuple[str, ...]
    removal: Span | None = None
    whole_file: bool = False
    used: set[str] = field(default_factory=set)

    def silences(self, finding: Finding) -> bool:
        """Whether the comment covers a finding; takes note if it does."""
        last = finding.span.end_line or finding.span.line
        if finding.rule == UNUSED or not (self.whole_file or self.span.line in (finding.span.line, last)):
            return False
        hits = [code for code in self.codes if finding.rule.startswith(code)] if self.codes else [""]
        self.used.update(hits)
        return bool(hits)


def read(path: str, text: str) -> list[Suppression]:
    """The suppressions in a file's comments; a file without the words costs two searches."""
    if "shapecheck:" not in text and "SHP" not in text:
        return []
    return [found for token in _comments(text) if (found := _parsed(path, token))]


def _comments(text: str) -> Iterator[tokenize.TokenInfo]:
    """Comments up to the first place that Python cannot tokenize: a broken file still has its suppressions."""
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                yield token
    except (tokenize.TokenError, SyntaxError):
        return


def _parsed(path: str, token: tokenize.TokenInfo) -> Suppression | None:
    if match := _OURS.search(token.string):
        named = codes = tuple(code.strip().upper() for code in (match[2] or "").split(",") if code.strip())
    elif match := _NOQA.search(token.string):
        named = tuple(re.split(r"[,\s]+", match[1].upper()))
        codes = tuple(code for code in named if code.startswith("SHP"))
        if not codes:
            return None
    else:
        return None
    line, column = token.start
    first, last = column + match.start() + 1, column + match.end() + 1
    before = len(token.line[: first - 1].rstrip()) + 1
    removal = Span(path, line, before, line, last) if named == codes else None
    whole_file = match.re is _OURS and match[1].lower() == "ignore-file"
    return Suppression(Span(path, line, first, line, last), codes, removal, whole_file)


def silence(findings: Iterable[Finding], comments: list[Suppression]) -> list[Finding]:
    """The findings that no comment silences."""
    return [finding for finding in findings if not _silenced(finding, comments)]


def unused(comments: Iterable[Suppression], rules: Callable[[str], Selection]) -> list[Finding]:
    """One finding for each comment that silenced nothing, after all files were looked at.

    ``rules`` says which rules are on in a file: a comment for another rule is not unused.
    """
    merged: dict[Span, Suppression] = {}
    for comment in comments:
        merged.setdefault(comment.span, comment).used.update(comment.used)
    idle = ((comment, _idle(comment, rules(comment.span.path))) for comment in merged.values())
    return [_unused(comment, codes) for comment, codes in idle if codes is not None]


def _silenced(finding: Finding, suppressions: list[Suppression]) -> bool:
    """Whether any comment covers a finding; every one that does takes note."""
    return sum(s.silences(finding) for s in suppressions if s.span.path == finding.span.path) > 0


def _idle(suppression: Suppression, rules: Selection) -> tuple[str, ...] | None:
    """The codes that silenced nothing, ``()`` for a bare comment that did not; None where there is nothing to say."""
    if not suppression.codes:
        return None if suppression.used or rules.off else ()
    known = rulebook.codes()
    idle = (code for code in suppression.codes if code not in suppression.used)
    return tuple(code for code in idle if all(rules.enabled(k) for k in known if k.startswith(code))) or None


def _unused(suppression: Suppression, idle: tuple[str, ...]) -> Finding:
    rule = rulebook.rule(UNUSED)
    fixes: tuple[Fix, ...] = ()
    if suppression.removal and idle == suppression.codes:
        fixes = (Fix("remove the comment", (Edit(suppression.removal, ""),)),)
    message = rule.say(codes=", ".join(idle) or "any rule")
    return Finding(UNUSED, rule.name, rule.severity, message, suppression.span, fixes=fixes)
