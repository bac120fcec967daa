"""What the repository promises about itself."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
COMMANDS = ["make demo", "make test"]


def test_the_first_shell_block_of_the_readme_is_the_two_commands() -> None:
    blocks = re.findall(r"^```sh\n(.*?)^```", (ROOT / "README.md").read_text(), re.DOTALL | re.MULTILINE)
    assert blocks[0].splitlines() == COMMANDS


def test_ci_runs_exactly_the_commands_of_the_readme() -> None:
    script = ROOT / ".ci" / "run"
    if not script.exists():
        pytest.skip("the sdist has no CI")
    assert [line for line in script.read_text().splitlines() if line.startswith("make")] == COMMANDS


def test_torch_is_pinned() -> None:
    assert "torch==2.13.0" in (ROOT / "constraints.txt").read_text().splitlines()


def test_the_links_of_the_documents_lead_somewhere() -> None:
    for document in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")):
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_every_expectation_in_a_fixture_names_a_rule() -> None:
    codes = {path.name.split("-")[0] for path in (ROOT / "rules").glob("SHP*.md")}
    for script in (ROOT / "fixtures").rglob("*.py"):
        assert set(re.findall(r"# expect: (SHP\d+)", script.read_text())) <= codes, script.name


@pytest.mark.parametrize("path", sorted((ROOT / "rules").glob("SHP*.md")), ids=lambda path: path.stem)
def test_the_file_of_a_rule_bears_its_code_and_its_name(path: Path) -> None:
    front = dict(line.split(": ", 1) for line in path.read_text().split("---\n")[1].splitlines() if ": " in line)
    assert path.stem == f"{front['code']}-{front['name']}"
