"""The forms of output by name, each in a module of its own that is imported when it is asked for."""

from __future__ import annotations

from importlib import import_module

from shapecheck.findings import Severity
from shapecheck.reports.project import Project
from shapecheck.results import Outcome

FOR_PEOPLE = ("full", "concise")
"""Forms that heed the terminal: colours, columns, characters."""
FOR_PROGRAMS = ("json", "github", "gitlab", "sarif", "junit", "rdjson", "markdown")
"""Forms that are UTF-8 whatever the terminal is."""

COUNTED = ("full", "concise", "json")
"""Forms that have a place for ``--statistics``."""


def named(form: str) -> str:
    """The name of a form as it stands above, for an older name of it."""
    return "full" if form == "text" else form


def render(
    form: str,
    outcome: Outcome,
    statistics: bool = False,
    fail_on: Severity = "warning",
    suppressed: bool = False,
) -> str:
    """An outcome in one of the forms for programs; ``fail_on`` decides which files fail in ``junit``, ``suppressed``
    whether ``sarif`` holds what comments and the baseline hide."""
    module = import_module(f"shapecheck.reports.{form}")
    if form == "json":
        return str(module.render(outcome, statistics))
    project = Project.of(outcome)
    if form == "junit":
        return str(module.render(outcome, project, fail_on))
    return str(module.render(outcome, project, suppressed) if form == "sarif" else module.render(outcome, project))
