"""What the shell offers after a TAB, by click's own completion; words that click cannot know by itself stand here."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from click import Context, Parameter
    from click.shell_completion import CompletionItem


def rule_codes(_context: Context, _parameter: Parameter, incomplete: str) -> list[CompletionItem]:
    """Rules that begin with what is typed; in a list, with what follows its last comma."""
    from click.shell_completion import CompletionItem

    from shapecheck import rulebook

    before, comma, begun = incomplete.rpartition(",")
    listed = set(before.upper().split(","))
    return [
        CompletionItem(before + comma + rule.code, help=rule.name)
        for rule in rulebook.rules()
        if rule.code.startswith(begun.upper()) and rule.code not in listed
    ]


def targets(_context: Context, _parameter: Parameter, incomplete: str) -> list[CompletionItem]:
    """Models to trace: checkpoints of the table by the name that is begun, and files and folders."""
    from click.shell_completion import CompletionItem

    from shapecheck.hub.checkpoints import names

    known = [CompletionItem(name) for name in names() if incomplete and name.startswith(incomplete)]
    return known or [CompletionItem(incomplete, type="file")]
