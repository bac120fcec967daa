"""shapecheck's own errors. The exit code sits on the exception; the message is one sentence for the user."""

from __future__ import annotations


class ShapecheckError(Exception):
    """Base of all errors that are said to the user without a traceback."""

    exit_code = 2


class UsageError(ShapecheckError):
    """A path that does not exist, an unknown option, rule code or settings key, a broken settings file."""


class UnreadableSource(ShapecheckError):
    """A file that cannot be decoded or parsed: becomes a finding SHP9xx at its place, and the others go on."""

    exit_code = 1

    def __init__(self, message: str, line: int = 1, column: int = 1) -> None:
        super().__init__(message)
        self.line, self.column = line, column


class FixConflict(ShapecheckError):
    """A fix that cannot be applied: its edits overlap, or what comes out does not parse."""

    exit_code = 1


class TraceUnavailable(ShapecheckError):
    """No trace could be run: torch is not installed in the chosen interpreter, or there is no such interpreter."""
