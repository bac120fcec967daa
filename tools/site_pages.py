"""The pages of the documentation that are made from the code and from `rules/` while the site is built.

python tools/site_pages.py           lists them
python tools/site_pages.py PAGE      prints one
"""

from __future__ import annotations

import inspect
import io
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import click  # noqa: E402

from shapecheck import rulebook  # noqa: E402 - the checkout's own package
from shapecheck.cli import cli  # noqa: E402
from shapecheck.hub import tables  # noqa: E402
from shapecheck.reports import rules  # noqa: E402

FAMILIES = {
    "SHP1": "pooling",
    "SHP2": "sizes that operators want",
    "SHP3": "losses and labels",
    "SHP4": "inputs and tokenization",
    "SHP5": "model outputs, checkpoints and configs",
    "SHP6": "what runs over the wrong axis, or broadcasts",
    "SHP7": "shapes that the author wrote down",
    "SHP9": "shapecheck itself",
}


def pages() -> dict[str, str]:
    """The text of every made page, by its path below `docs/`."""
    found = {
        "reference/options.md": options(),
        "reference/json.md": schema(json.loads((ROOT / "docs" / "schema.json").read_text("utf-8"))),
        "reference/checkpoints.md": checkpoints(),
        "reference/rules/index.md": rule_list(),
        "security.md": (ROOT / "SECURITY.md").read_text("utf-8"),
        "changes.md": (ROOT / "CHANGELOG.md").read_text("utf-8"),
        "contributing.md": (ROOT / "CONTRIBUTING.md").read_text("utf-8"),
    }
    return found | {f"reference/rules/{code}.md": rules.text(code, io.StringIO(), "never") for code in rulebook.codes()}


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table in Markdown; line ends and bars in a cell do not end it."""
    lines = [list(head), *map(list, rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    return "".join(f"| {' | '.join(_cell(cell) for cell in line)} |\n" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def options() -> str:
    """Every command with its arguments and options, as its `--help` has them."""
    parts = [
        "# Commands and options\n\nMade from the command line itself; `shapecheck COMMAND --help` says the same. "
        "[Using shapecheck](../usage.md) says what they are for.\n"
    ]
    root = cli.make_context("shapecheck", [], resilient_parsing=True)
    for name, command in cli.commands.items():
        context = click.Context(command, parent=root, info_name=name)
        usage = " ".join(command.collect_usage_pieces(context))
        parts.append(f"\n## shapecheck {name}\n\n```text\nshapecheck {name} {usage}\n```\n\n{_told(command.help)}\n\n")
        records = [record for one in command.get_params(context) if (record := one.get_help_record(context))]
        parts.append(table(("option", "meaning"), ((f"`{flags}`", text) for flags, text in records if text)))
        if command.epilog:
            parts.append(f"\n{_told(command.epilog)}\n")
    return "".join(parts)


def _told(text: str | None) -> str:
    """A command's own words; a block that click leaves as it is becomes code."""
    blocks = (text or "").split("\n\n")
    code = (inspect.cleandoc(block.removeprefix("\b\n")) for block in blocks)
    return "\n\n".join(
        f"```text\n{lines}\n```" if block.startswith("\b") else block for block, lines in zip(blocks, code, strict=True)
    )


def schema(document: Mapping[str, Any]) -> str:
    """The fields of the JSON report."""
    rows = [(f"`{path}`", form, text) for path, form, text in _fields(document, document, "")]
    return (
        f"# The JSON report\n\n{document['description']}\n\nMade from [schema.json](../schema.json), "
        "which is the whole of it, for programs.\n\n"
    ) + table(("field", "form", "meaning"), rows)


def _fields(node: Mapping[str, Any], root: Mapping[str, Any], path: str) -> Iterator[tuple[str, str, str]]:
    for name, field in node.get("properties", {}).items():
        here = f"{path}.{name}".lstrip(".")
        whole = _resolved(field, root)
        items = _resolved(whole.get("items", {}), root)
        yield (here, _form(whole, items), field.get("description", "") or whole.get("description", ""))
        yield from _fields(whole, root, here)
        yield from _fields(items, root, f"{here}[]")
        others = whole.get("additionalProperties")
        if isinstance(others, dict):
            yield from _fields(_resolved(others, root), root, f"{here}.*")


def _resolved(node: Mapping[str, Any], root: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a node comes to: references followed, and of alternatives the one that is not null."""
    if "$ref" in node:
        found: Any = root
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        return _resolved(found, root)
    if "anyOf" in node or "oneOf" in node:
        chosen = [one for one in node.get("anyOf", node.get("oneOf", [])) if one.get("type") != "null"]
        return {**node, **_resolved(chosen[0], root), "nullable": True}
    return node


def _form(field: Mapping[str, Any], items: Mapping[str, Any]) -> str:
    if "const" in field:
        return f"`{field['const']}`"
    if "enum" in field:
        return ", ".join("null" if value is None else f"`{value}`" for value in field["enum"])
    kinds = field.get("type", "")
    told = kinds if isinstance(kinds, str) else " or ".join(kinds)
    told = f"array of {_form(items, {}) or 'values'}" if told == "array" else told
    return f"{told} or null" if field.get("nullable") and "null" not in told else told


def checkpoints() -> str:
    """The published checkpoints whose sizes are known."""
    columns = "hidden_size num_hidden_layers num_attention_heads vocab_size max_position_embeddings default_pooling"
    rows = [
        (f"`{row['checkpoint']}`", row["aliases"].replace(";", ", "), row["model_type"], *map(row.get, columns.split()))
        for row in tables.every("checkpoints")
    ]
    head = ("checkpoint", "also", "type", "hidden size", "layers", "heads", "vocabulary", "positions", "pooling")
    return (
        f"# Checkpoints\n\nThe {len(rows)} checkpoints whose sizes `check` knows without reading a config, from "
        "`rules/hub/checkpoints.csv`, where each row names its sources.\n\n"
    ) + table(head, ([cell or "" for cell in row] for row in rows))


def rule_list() -> str:
    """Every rule in one line, by family."""
    parts = ["# Rules\n\n`shapecheck rule CODE` prints the same texts.\n"]
    for prefix, title in FAMILIES.items():
        members = [rule for rule in rulebook.rules() if rule.code.startswith(prefix)]
        rows = ((f"[{rule.code}]({rule.code}.md)", rule.name, rule.severity, rule.fix) for rule in members)
        parts.append(f"\n## {prefix}xx: {title}\n\n" + table(("code", "fault", "severity", "fix"), rows))
    return "".join(parts)


def main() -> None:
    """Print the names of the pages, or one of them."""
    found = pages()
    print(found[sys.argv[1]] if len(sys.argv) > 1 else "\n".join(found))


if __name__ == "__main__":
    main()
