"""What ``shapecheck rule`` prints: the rule book, in the terminal."""

from __future__ import annotations

import re
import shutil
import textwrap
from itertools import zip_longest
from typing import TextIO

from shapecheck import rulebook
from shapecheck.errors import UsageError
from shapecheck.reports.paint import ColorChoice, Paint, wanted
from shapecheck.selection import nearest

_FENCE = re.compile(r"^```.*\n((?:.*\n)*?)```$", re.MULTILINE)
_INLINE = re.compile(r"`([^`]+)`")
_WIDEST = 120


def listing() -> str:
    """Every rule in one line: code, severity, name."""
    return "".join(f"{rule.code}  {rule.severity:<8} {rule.name}\n" for rule in rulebook.rules())


def text(code: str, stream: TextIO, color: ColorChoice) -> str:
    """One rule's whole text: Markdown, rendered on a terminal. UsageError for an unknown code."""
    code = code.upper()
    if code not in rulebook.codes():
        raise UsageError(f"there is no rule {code}{nearest(code, rulebook.codes())}; shapecheck rule --all lists them")
    markdown = _markdown(rulebook.rule(code))
    return _rendered(markdown, Paint(True)) if wanted(color, stream) else markdown


def _markdown(rule: rulebook.Rule) -> str:
    head = f"# {rule.code} {rule.name}\n\nSeverity: {rule.severity}. Fix: {rule.fix}. Since {rule.since}.\n"
    return head + "".join(f"\n## {title}\n{body}\n" for title, body in rule.sections.items())


def _rendered(markdown: str, paint: Paint) -> str:
    """Rule texts are headings, paragraphs and code blocks, and nothing else: this is all the Markdown there is."""
    width = min(shutil.get_terminal_size().columns, _WIDEST)
    pieces = _FENCE.split(markdown)
    prose = ["\n\n".join(_block(block, width, paint) for block in text.strip().split("\n\n")) for text in pieces[::2]]
    code = [textwrap.indent(paint(text.rstrip("\n"), "cyan"), "    ") for text in pieces[1::2]]
    return "\n\n".join(text for pair in zip_longest(prose, code, fillvalue="") for text in pair if text) + "\n"


def _block(block: str, width: int, paint: Paint) -> str:
    heading, _, rest = block.partition("\n")
    if heading.startswith("#"):
        title = paint(heading.lstrip("# "), "bold")
        return f"{title}\n{_block(rest, width, paint)}" if rest else title
    return _INLINE.sub(lambda code: paint(code[1], "cyan"), textwrap.fill(block, width, break_on_hyphens=False))
