"""What ``shapecheck rule`` prints: the rule book, in the terminal."""

from __future__ import annotations

from typing import TextIO

from shapecheck import rulebook
from shapecheck.errors import UsageError
from shapecheck.reports.paint import ColorChoice, wanted
from shapecheck.selection import nearest


def listing() -> str:
    """Every rule in one line: code, severity, name."""
    return "".join(f"{rule.code}  {rule.severity:<8} {rule.name}\n" for rule in rulebook.rules())


def text(code: str, stream: TextIO, color: ColorChoice) -> str:
    """One rule's whole text: Markdown, rendered on a terminal. UsageError for an unknown code."""
    code = code.upper()
    if code not in rulebook.codes():
        raise UsageError(f"there is no rule {code}{nearest(code, rulebook.codes())}; shapecheck rule --all lists them")
    markdown = _markdown(rulebook.rule(code))
    return _rendered(markdown) if wanted(color, stream) else markdown


def _markdown(rule: rulebook.Rule) -> str:
    head = f"# {rule.code} {rule.name}\n\nSeverity: {rule.severity}. Fix: {rule.fix}. Since {rule.since}.\n"
    return head + "".join(f"\n## {title}\n{body}\n" for title, body in rule.sections.items())


def _rendered(markdown: str) -> str:
    from rich.console import Console
    from rich.markdown import Markdown

    console = Console(force_terminal=True)
    with console.capture() as captured:
        console.print(Markdown(markdown))
    return captured.get()
