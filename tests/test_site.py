"""The documentation: it builds as a site whose links lead somewhere, and its commands print what it shows."""

from __future__ import annotations

import html.parser
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from shapecheck.cli import cli
from tools import console

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built strictly: a link or an anchor that leads nowhere fails the build."""
    folder = tmp_path_factory.mktemp("site")
    words = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


class Text(html.parser.HTMLParser):
    """The words of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @classmethod
    def of(cls, page: Path) -> str:
        reader = cls()
        reader.feed(page.read_text(encoding="utf-8"))
        return " ".join(" ".join(reader.words).split())


def test_every_rule_has_a_page_and_is_listed(site: Path) -> None:
    listed = Text.of(site / "reference" / "rules" / "index.html")
    for text in (ROOT / "rules").glob("SHP*.md"):
        code, _, name = text.stem.partition("-")
        assert name in listed
        assert f"{code} {name}" in Text.of(site / "reference" / "rules" / code / "index.html")


def test_every_option_of_every_command_is_in_the_reference(site: Path) -> None:
    told = Text.of(site / "reference" / "options" / "index.html")
    for name, command in cli.commands.items():
        assert f"shapecheck {name}" in told
        for parameter in command.params:
            if isinstance(parameter, click.Option) and not parameter.hidden:
                assert all(word in told for word in parameter.opts), parameter.name


def test_pages_made_of_tables_and_of_texts_at_the_root_are_there(site: Path) -> None:
    assert "google-bert/bert-base-uncased" in Text.of(site / "reference" / "checkpoints" / "index.html")
    assert "findings[].fixes[].safety" in Text.of(site / "reference" / "json" / "index.html")
    for name in ("configuration", "security", "changes", "contributing", "operators", "architectures"):
        assert (site / name / "index.html").is_file()
    assert (site / "schema.json").read_bytes() == (ROOT / "docs" / "schema.json").read_bytes()


def test_a_link_that_leads_nowhere_fails_the_build(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    settings = (ROOT / "mkdocs.yml").read_text().split("nav:\n  - ")[0].replace("hooks: [tools/site_hook.py]", "")
    (tmp_path / "mkdocs.yml").write_text(settings)
    for link, code in (("index.md#there", 0), ("missing.md", 1), ("index.md#missing", 1)):
        (tmp_path / "docs" / "index.md").write_text(f"# A page\n\n## There\n\n[a link]({link})\n")
        words = [sys.executable, "-m", "mkdocs", "build", "--strict"]
        assert subprocess.run(words, cwd=tmp_path, capture_output=True).returncode == code, link


def test_what_a_page_shows_of_a_command_is_compared_unless_it_is_a_measurement() -> None:
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")):
        for info, block in re.findall(r"^```([^`\n]*)\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL):
            for command in re.findall(r"^\$ (.*)", block, re.MULTILINE) if info != "console" else ():
                measures = re.search(r"python ((?:benchmarks|tools|tests)/\w+\.py)", command) or command.startswith(
                    "export"
                )
                assert measures, f"{page.name}: {command}"


def test_every_call_in_a_shell_block_is_one_that_the_command_line_takes() -> None:
    calls = []
    for page in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md")):
        for block in re.findall(r"^```sh\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
            calls += re.findall(r"(?:^|\| )shapecheck ([^|>#\n]+)", block, re.MULTILINE)
    assert calls
    for call in calls:
        name, *words = shlex.split(call)
        cli.commands[name].make_context(name, words).close()


def test_the_comparison_with_ruff_names_options_that_there_are() -> None:
    known = {word for command in cli.commands.values() for one in command.params for word in one.opts}
    page = (ROOT / "docs" / "ruff.md").read_text(encoding="utf-8")
    same, different = re.split(r"^## Different.*$", page, flags=re.MULTILINE)
    for row in re.findall(r"^\| (`.*?) \| the same(.*?) \| ", same, re.MULTILINE):
        assert set(re.findall(r"(--[a-z-]+)", row[0])) <= known, row
    for told in re.findall(r"^\| .*? \| (`.*?) \| ", different, re.MULTILINE):
        assert set(re.findall(r"(--[a-z-]+)", told)) <= known, told


@pytest.mark.parametrize("page", console.pages(), ids=lambda page: page.name)
def test_the_commands_of_a_page_print_what_it_shows(page: Path) -> None:
    assert list(console.differences(page)) == []


def test_the_runner_of_commands_tells_a_page_that_is_not_current(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text('```python title="a.py"\nx = 1\n```\n\n```console\n$ cat a.py; false\nx = 2\n$ echo $?\n1\n```\n')
    (told,) = console.differences(page)
    assert told.startswith("page.md: $ cat a.py; false\nx = 1")
    page.write_text(console.written(page.read_text()))
    assert list(console.differences(page)) == []
    assert "x = 2" not in page.read_text()


@pytest.mark.parametrize(("shown", "same"), [(["a", "...", "d"], True), (["a", "...", "b"], False), (["a"], False)])
def test_three_dots_stand_for_any_lines(shown: list[str], same: bool) -> None:
    assert console.fits(shown, ["a", "b", "c", "d"]) is same
