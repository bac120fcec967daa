"""The page on settings says what the code does: every key, and examples that are read as they stand."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from shapecheck.settings import EXCLUDED, Key, Lookup, Run, Settings, keys_of

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PAGE = (Path(__file__).parents[1] / "docs" / "configuration.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)


def row(key: str, known: Key) -> str:
    """A line of the page's tables."""
    example, mark = f"`{known.example}`" if known.example else "", " †" if known.everywhere else ""
    return f"| `{key}` | {known.kind.words} | {known.default} | {example} | {known.help}{mark} |"


def test_the_tables_hold_every_key_and_no_other() -> None:
    wanted = [row(key, known) for cls in (Settings, Run) for key, known in keys_of(cls).items()]
    assert [line for line in PAGE.splitlines() if line.startswith("| `") and line.count(" | ") == 4] == wanted


@pytest.mark.parametrize("cls", [Settings, Run])
def test_the_example_of_each_key_is_one_of_its_values(cls: type[Settings] | type[Run]) -> None:
    for key, known in keys_of(cls).items():
        if known.example:
            value = tomllib.loads(f"{key} = {known.example}")[key]
            assert known.kind.read(value, "/project") not in (None, (), ""), key


def test_there_is_no_default_that_its_kind_does_not_take() -> None:
    for key, known in keys_of().items():
        default = getattr(Settings(), key.replace("-", "_"))
        if isinstance(default, (bool, int, str)):
            assert known.kind.read(default, "/project") == default
            assert str(default).lower() == known.default


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_examples_are_settings(example: str, tmp_path: Path) -> None:
    (tmp_path / "shapecheck.toml").write_text("")
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / ("pyproject.toml" if "[tool.shapecheck" in example else "shapecheck.toml")).write_text(example)
    assert Lookup().of(folder / "a.py").file is not None


def test_the_folders_that_are_usually_left_out_are_listed() -> None:
    usual = re.search(r"The usual value of `exclude` is: (.*?)\.\n\*", PAGE, re.DOTALL)
    assert usual is not None
    assert tuple(re.findall(r"`([^`]+)`", usual[1])) == EXCLUDED
