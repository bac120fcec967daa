"""``shapecheck explain``: an error's text to what it means, and to the line at fault where its files are here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from shapecheck import engine, errorbook, tracebacks
from shapecheck.engine import Options
from shapecheck.errorbook import Meaning
from shapecheck.findings import Finding
from shapecheck.places import Span
from shapecheck.results import Outcome

_FILES = 4
"""Files of a traceback that are read, the innermost first."""
_INSTALLED = ("site-packages", "dist-packages", "/lib/python", "<frozen")


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What is known of an error.

    Attributes:
        message: the message that was understood (of several, the most telling one).
        meaning: what it means; None where the wording is not known.
        own: the innermost line of the user's own files in the traceback.
        outcome: what the static check found in these files, only what has to do with the error; None without a
            traceback, or where none of its files is here.
    """

    message: str
    meaning: Meaning | None
    own: Span | None = None
    outcome: Outcome | None = None


def explain(text: str, options: Options) -> Diagnosis:
    """Explain an error from its text."""
    report = tracebacks.read(text)
    understood = ((message, errorbook.meaning(message)) for message in report.messages)
    message, meaning = next(
        ((message, meaning) for message, meaning in understood if meaning is not None), (report.messages[-1], None)
    )
    frames = [frame for frame in report.frames if _is_here(frame)]
    if not frames:
        return Diagnosis(message, meaning)
    outcome = engine.check(tuple(dict.fromkeys(frame.path for frame in reversed(frames)))[:_FILES], options)
    outcome.findings = _of_this_error(outcome.findings, frames, meaning)
    return Diagnosis(message, meaning, frames[-1], outcome)


def _is_here(frame: Span) -> bool:
    return not any(part in frame.path for part in _INSTALLED) and Path(frame.path).is_file()


def _of_this_error(findings: list[Finding], frames: Iterable[Span], meaning: Meaning | None) -> list[Finding]:
    """The findings on the way to the error, else those of the likely rules."""
    lines = {(Path(frame.path).resolve(), frame.line) for frame in frames}
    passed = [f for f in findings if any((Path(p.path).resolve(), p.line) in lines for p in f.places)]
    likely = meaning.rules if meaning is not None else ()
    errors = [f for f in passed if f.severity == "error"]
    return errors or [f for f in passed if f.rule in likely] or [f for f in findings if f.rule in likely]
