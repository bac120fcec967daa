"""Makes the files of a new rule: ``python tools/new_rule.py SHP219 attention-heads --severity error``.

It writes ``rules/SHPnnn-name.md`` with every heading, and a broken and a mended fixture; for a rule that is no error,
each with a place for what shows a silent fault. What is left to write is marked ``TODO``, which the tests refuse.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from shapecheck.findings import SEVERITIES
from shapecheck.rulebook import SECTIONS

ROOT = Path(__file__).resolve().parents[1]
FRONT = """\
---
code: {code}
name: {name}
severity: {severity}
since: {since}
fix: none
message: TODO: what disagrees, with both sizes and where they come from
{wrong}---
"""
WRONG = "wrong: TODO: what shows it where PyTorch raises nothing, a claim in the words of tests/properties.py"
FIXTURE = '"""TODO: what this script is for."""\n\nimport torch\n'


def text_of(code: str, name: str, severity: str, since: str) -> str:
    """The rule's text, with every heading and nothing under them yet."""
    bodies = {"Example": "```python\n# TODO\n```\n", "Use instead": "```python\n# TODO\n```\n"}
    sections = (f"## {title}\n{bodies.get(title, 'TODO' + chr(10))}" for title in SECTIONS)
    wrong = "" if severity == "error" else f"{WRONG}\n"
    return FRONT.format(code=code, name=name, severity=severity, since=since, wrong=wrong) + "\n".join(sections)


def make(root: Path, code: str, name: str, severity: str, since: str) -> list[Path]:
    """Write the files of a rule and return their paths; FileExistsError where the code is taken."""
    if next(iter((root / "rules").glob(f"{code}-*.md")), None):
        raise FileExistsError(f"there is a rule {code} already")
    folder = root / "fixtures" / "rules" / code
    wrong = "" if severity == "error" else f"# {WRONG}\n"
    files = {
        root / "rules" / f"{code}-{name}.md": text_of(code, name, severity, since),
        folder / "bad_first.py": FIXTURE + f"x = torch.zeros(2, 3)  # expect: {code}\n{wrong}",
        folder / "good_first.py": FIXTURE + f"x = torch.zeros(2, 3)\n{wrong}",
    }
    folder.mkdir(parents=True, exist_ok=True)
    for path, text in files.items():
        path.write_text(text, encoding="utf-8")
    return list(files)


def main() -> None:
    """Read the arguments and say what is left to do."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("code", help="SHP and three digits")
    parser.add_argument("name", help="what is wrong, in words joined by hyphens")
    parser.add_argument("--severity", choices=SEVERITIES, default="error")
    parser.add_argument("--since", default="0.1.0", help="the first version that has it")
    asked = parser.parse_args()
    if not re.fullmatch(r"SHP\d{3}", asked.code) or not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", asked.name):
        parser.error("the code is SHP and three digits, the name lower-case words joined by hyphens")
    try:
        made = make(ROOT, asked.code, asked.name, asked.severity, asked.since)
    except FileExistsError as why:
        parser.error(str(why))
    for path in made:
        print(path.relative_to(ROOT))
    print("then: the detector in shapecheck/checks/, its place in checks/__init__.py, a line in CHANGELOG.md")


if __name__ == "__main__":
    main()
