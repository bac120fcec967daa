"""Comments that silence a rule: ``# shapecheck: ignore[SHP101] -- why``, ``ignore-file[...]``, ``# noqa: SHP101``.

A comment counts for findings whose marked span starts or ends on its line; on the first or the last line of a statement
of several lines it counts for the whole statement. One that silences nothing is reported itself (SHP901), unless the
rules it names were not asked for.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from shapecheck import rulebook
from shapecheck.comments import Comment, layout
from shapecheck.findings import Edit, Finding, Fix, Safety
from shapecheck.places import Span
from shapecheck.selection import Selection, nearest

UNUSED = "SHP901"

_SEGMENT = re.compile(r"(?:^|(?<=\s))#(?!\d)")
"""Where a comment begins, or another one behind it on the line; ``see #12`` is prose."""
_OURS = re.compile(r"#\s*shapecheck:\s*([\w-]+)\s*(\[)?", re.IGNORECASE)
_WHOLE = re.compile(
    r"#\s*shapecheck:\s*ignore(-file)?\s*(?:\[(?P<codes>[^\[\]]*)\]\s*)?(?:--\s*(?P<reason>.*))?", re.IGNORECASE
)
_NOQA = re.compile(r"#\s*noqa:\s*(?P<codes>[A-Z]+\d+(?:[,\s]+[A-Z]+\d+)*)(?:\s*--\s*(?P<reason>.*))?", re.IGNORECASE)
_WORDS = ("ignore", "ignore-file")


@dataclass(slots=True)
class Suppression:
    """One comment.

    Attributes:
        codes: codes or prefixes of codes; empty for all rules.
        first, last: the lines of the statement around it.
        named: every code that it lists as written, those of other tools included, and where the list stands.
        removal: what to delete to be rid of it.
        reason: what its author says behind ``--``, or "".
        malformed: it means to be a suppression and is none: it silences nothing.
        used: those of the codes that silenced something.
    """

    span: Span
    codes: tuple[str, ...]
    first: int
    last: int
    removal: Span
    named: tuple[str, ...] = ()
    list_span: Span | None = None
    reason: str = ""
    whole_file: bool = False
    malformed: bool = False
    used: set[str] = field(default_factory=set)

    def silences(self, finding: Finding) -> bool:
        """Whether the comment covers a finding; takes note if it does."""
        if self.malformed or self.span.path != finding.span.path or not self.reaches(finding.span):
            return False
        hits = [code for code in self.codes if finding.rule.startswith(code)] if self.codes else [""]
        self.used.update(hits)
        return bool(hits)

    def reaches(self, span: Span) -> bool:
        """Whether a finding at a span (of the same file) is within reach of the comment."""
        line = self.span.line
        own_line = line in (span.line, span.end_line)
        statement = line in (self.first, self.last) and self.first <= span.line <= self.last
        return self.whole_file or own_line or statement


def read(path: str, text: str) -> list[Suppression]:
    """The suppressions in a file's comments; a file without the words costs little."""
    lowered = text.lower()
    if "shapecheck:" not in lowered and not ("noqa:" in lowered and "shp" in lowered):
        return []
    return [found for comment in layout(text).comments for found in _of(path, comment)]


def _of(path: str, comment: Comment) -> Iterator[Suppression]:
    starts = [match.start() for match in _SEGMENT.finditer(comment.text)]
    for start, end in zip(starts, [*starts[1:], len(comment.text)], strict=True):
        found = _parsed(path, comment, start, end)
        if found is not None:
            yield found


def _parsed(path: str, comment: Comment, start: int, end: int) -> Suppression | None:
    """The suppression in one part of a comment, from ``start`` to where the next part begins."""
    text = comment.text[start:end].rstrip()
    ours = _OURS.match(text)
    match = _WHOLE.fullmatch(text) if ours else _NOQA.match(text)
    if match is None and not (ours and _meant(ours)):
        return None
    named = tuple(re.split(r"[,\s]+", match["codes"].strip(" ,\t"))) if match and match["codes"] else ()
    codes = tuple(code for word in named if (code := word.upper()).startswith("SHP") or ours)
    if not ours and not codes:
        return None

    def span(first: int, last: int) -> Span:
        column = comment.column + start
        return Span(path, comment.line, column + first, comment.line, column + last)

    emptied = match is not None and match["codes"] is not None and not "".join(named)
    return Suppression(
        span(0, len(text)),
        codes,
        comment.first,
        comment.last,
        removal=_removal(path, comment, start, end),
        named=named,
        list_span=span(*match.span("codes")) if match and named else None,
        reason=(match["reason"] or "").strip() if match else "",
        whole_file=bool(ours and match and match[1]),
        malformed=match is None or emptied,
    )


def _meant(ours: re.Match[str]) -> bool:
    """Whether ``# shapecheck: word`` means to silence something: prose about shapecheck does not."""
    return ours[2] is not None or bool(difflib.get_close_matches(ours[1].lower(), _WORDS, cutoff=0.8))


def _removal(path: str, comment: Comment, start: int, end: int) -> Span:
    """What to delete to be rid of one part of a comment: its whole line where nothing else is on it."""
    line, at = comment.before + comment.text, len(comment.before)
    if line[: at + start].strip():
        first, last = len(line[: at + start].rstrip()), len(line[: at + end].rstrip())
    elif end < len(comment.text):
        first, last = at + start, at + end
    else:
        return Span(path, comment.line, 1, comment.line + 1, 1)
    return Span(path, comment.line, first + 1, comment.line, last + 1)


def sift(
    findings: Iterable[Finding], comments: list[Suppression]
) -> tuple[list[Finding], list[tuple[Finding, Suppression]]]:
    """The findings that no comment silences; and those that one does, each with the first comment that does."""
    kept: list[Finding] = []
    silenced: list[tuple[Finding, Suppression]] = []
    for finding in findings:
        by = [comment for comment in comments if comment.silences(finding)]  # all of them: each one takes note
        if by:
            silenced.append((finding, by[0]))
        else:
            kept.append(finding)
    return kept, silenced


def unused(comments: Iterable[Suppression], rules: Callable[[str], Selection]) -> list[Finding]:
    """What is to be said of the comments themselves (SHP901), after all files were looked at.

    ``rules`` says which rules are on in a file: a comment for another rule is not unused. Nor is one that names SHP901
    itself, or stands in a file whose ``ignore-file`` does.
    """
    merged: dict[Span, Suppression] = {}
    for comment in comments:
        merged.setdefault(comment.span, comment).used.update(comment.used)
    quiet = {comment.span.path for comment in merged.values() if comment.whole_file and _names_itself(comment)}
    heard = (c for c in merged.values() if c.span.path not in quiet and not _names_itself(c))
    return [finding for comment in heard for finding in _complaints(comment, rules(comment.span.path))]


def _names_itself(comment: Suppression) -> bool:
    return any(len(code) > len("SHP") and UNUSED.startswith(code) for code in comment.codes)


def _complaints(comment: Suppression, rules: Selection) -> Iterator[Finding]:
    if comment.malformed:
        yield _finding(comment, rulebook.rule(UNUSED).say("malformed"))
        return
    if not comment.codes and not comment.used and not rules.off:
        yield _finding(comment, rulebook.rule(UNUSED).say(codes="any rule"), _without(comment, ()))
    known = rulebook.codes()
    idle = [code for code in comment.codes if code not in comment.used]
    unknown = [code for code in idle if not any(k.startswith(code) for k in known)]
    for code in unknown:
        message = rulebook.rule(UNUSED).say("unknown", code=code, nearest=_nearest(code, known))
        yield _finding(comment, message, _without(comment, (code,), "unsafe", "the code may be mistyped"))
    asked = tuple(
        code for code in idle if code not in unknown and all(rules.enabled(k) for k in known if k.startswith(code))
    )
    if asked:
        yield _finding(comment, rulebook.rule(UNUSED).say(codes=", ".join(asked)), _without(comment, asked))


def _nearest(word: str, known: list[str]) -> str:
    """Which code was meant: the one of a rule named by its name, or one that looks alike."""
    named = next((code for code in known if rulebook.rule(code).name.upper() == word), None)
    return f" (did you mean {named}?)" if named else nearest(word, known)


def _without(comment: Suppression, codes: tuple[str, ...], safety: Safety = "safe", why: str = "") -> Fix:
    """Takes some codes out of a comment, or the whole comment where it holds no others."""
    kept = [word for word in comment.named if word.upper() not in codes] if codes else []
    if kept and comment.list_span is not None:
        title, edit = f"remove {', '.join(codes)} from the comment", Edit(comment.list_span, ", ".join(kept))
    else:
        title, edit = "remove the comment", Edit(comment.removal, "")
    return Fix(title, (edit,), safety=safety, why=why)


def _finding(comment: Suppression, message: str, *fixes: Fix) -> Finding:
    rule = rulebook.rule(UNUSED)
    return Finding(UNUSED, rule.name, rule.severity, message, comment.span, fixes=fixes)
