"""Writes docs/operators.md, the list of operators that shapecheck knows, from the tables in rules/ops.

python tools/operators_table.py            writes the page
python tools/operators_table.py --check    fails if the page is not what it would write
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "operators.md"
sys.path.insert(0, str(ROOT))

from shapecheck.ops import tables  # noqa: E402 - the checkout's own package

INTRODUCTION = """\
# Operators

What shapecheck knows of torch and einops, made from `rules/ops/*.toml` by `tools/operators_table.py`.
**{count} operators** under {names} further written names; Tensor methods, in-place forms with a trailing underscore and
`torch.nn.functional` names of a function in the list are known as well and not counted.

The rule is a signature in one line (`b n m, b m p -> b n p`), or the name of a small function in `shapecheck/ops/`.
Every operator is compared with torch in `tests/ops`: random ranks and sizes, valid and invalid.
"""


def page(entries: Mapping[str, tables.Entry], aliases: Mapping[str, str]) -> str:
    """The page's text."""
    others: dict[str, list[str]] = defaultdict(list)
    for alias, target in aliases.items():
        others[target].append(alias)
    families: dict[str, list[tables.Entry]] = defaultdict(list)
    for entry in entries.values():
        families[entry.family].append(entry)
    parts = [INTRODUCTION.format(count=len(entries), names=len(aliases))]
    for family in sorted(families):
        parts.append(f"\n## {family}\n\n| operator | rule | other names |\n| --- | --- | --- |\n")
        for entry in sorted(families[family], key=lambda one: one.name):
            parts.append(
                f"| `{entry.name}` | `{entry.rule}` | {', '.join(f'`{n}`' for n in sorted(others[entry.name]))} |\n"
            )
    return "".join(parts)


def main() -> int:
    """Write the page, or compare it."""
    text = page(*tables.names())
    if "--check" in sys.argv[1:]:
        if PAGE.is_file() and PAGE.read_text("utf-8") == text:
            return 0
        print("docs/operators.md is not current: run python tools/operators_table.py")
        return 1
    PAGE.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
