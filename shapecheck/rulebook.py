"""What the rules say to their readers: the texts of ``rules/SHP*.md``, read one file at a time when first asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from shapecheck.errors import ShapecheckError, UsageError
from shapecheck.findings import SEVERITIES, Severity
from shapecheck.resources import rules_dir

SECTIONS = ("What it does", "Why is this bad", "Example", "Use instead", "Fix safety")
"""The headings that every rule's text has, in this order."""

_FRONT = re.compile(r"\A---\n(.*?)\n---\n(.*)\Z", re.DOTALL)
_CODE_BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule as its Markdown file has it.

    Attributes:
        code, name: ``SHP101`` and ``unpooled-classifier``.
        severity: of an ordinary finding; a detector may lower it and then says which assumption it rests on.
        since: the first version that has the rule.
        fix: the safety of its fixes, ``none`` where there is none.
        messages: templates with named placeholders, by variant (``""`` is the usual one).
        wrong: what shows that the example does wrong where PyTorch raises nothing: a claim for the tests (empty where
            it raises), which is not true of what stands under *Use instead*.
        sections: the Markdown under each of :data:`SECTIONS`.
    """

    code: str
    name: str
    severity: Severity
    since: str
    fix: str
    messages: dict[str, str]
    wrong: str
    sections: dict[str, str]

    def say(self, variant: str = "", /, **values: object) -> str:
        """The message of one variant, its placeholders filled in; raises KeyError for a name that is missing."""
        return self.messages[variant].format(**values)

    @property
    def example(self) -> str:
        """The script that the rule finds fault with."""
        return _code(self.sections["Example"])

    @property
    def use_instead(self) -> str:
        """The same script, mended."""
        return _code(self.sections["Use instead"])


def codes() -> list[str]:
    """Every rule code, in order."""
    return sorted(path.name.split("-", 1)[0] for path in rules_dir().glob("SHP*.md"))


@cache
def rule(code: str) -> Rule:
    """The rule of a code; UsageError for a code that does not exist."""
    path = next(iter(rules_dir().glob(f"{code}-*.md")), None) if re.fullmatch(r"SHP\d{3}", code) else None
    if path is None:
        raise UsageError(f"there is no rule {code}; `shapecheck rule --all` lists those there are")
    return parse(path.read_text(encoding="utf-8"), path.name)


def rules() -> Iterator[Rule]:
    """All rules, by code."""
    return map(rule, codes())


def parse(text: str, where: str) -> Rule:
    """A rule's text taken apart; ``where`` names the file in errors."""
    parts = _FRONT.match(text)
    if parts is None:
        raise ShapecheckError(f"{where}: no front matter between two lines of three dashes")
    front = dict(_pairs(parts[1], where))
    messages = {key.partition(".")[2]: value for key, value in front.items() if key.partition(".")[0] == "message"}
    missing = {"code", "name", "severity", "since", "fix"} - front.keys()
    if missing or not messages:
        raise ShapecheckError(f"{where}: the front matter lacks {', '.join(sorted(missing)) or 'a message'}")
    if front["severity"] not in SEVERITIES:
        raise ShapecheckError(f"{where}: severity is {front['severity']}, which is none of {', '.join(SEVERITIES)}")
    return Rule(
        front["code"],
        front["name"],
        front["severity"],
        front["since"],
        front["fix"],
        messages,
        front.get("wrong", ""),
        _sections(parts[2]),
    )


def _pairs(text: str, where: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        key, colon, value = line.partition(":")
        if not colon:
            raise ShapecheckError(f"{where}: a line of the front matter is not `key: value`: {line}")
        yield key.strip(), value.strip()


def _sections(body: str) -> dict[str, str]:
    pieces = re.split(r"^## (.+)\n", body, flags=re.MULTILINE)
    return {title.strip(): text.strip() for title, text in zip(pieces[1::2], pieces[2::2], strict=True)}


def _code(section: str) -> str:
    block = _CODE_BLOCK.search(section)
    return block[1] if block else ""
