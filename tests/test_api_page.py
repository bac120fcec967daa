"""The examples of docs/api.md run, and say what they say."""

from __future__ import annotations

import re
import runpy
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

PAGE = (Path(__file__).parents[1] / "docs" / "api.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the examples define, run one after another as one file."""
    script = tmp_path_factory.mktemp("page") / "examples.py"
    script.write_text("\n".join(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)), encoding="utf-8")
    return runpy.run_path(str(script))


def test_the_examples_run(names: dict[str, Any]) -> None:
    assert names["trace"].shape("layers.2") == (2, 7, 32)


@pytest.mark.skipif(sys.version_info < (3, 11), reason="exceptions have no notes")
def test_the_note_is_the_one_that_the_page_shows(names: dict[str, Any]) -> None:
    with pytest.raises(RuntimeError) as raised:
        names["train"]()
    (note,) = raised.value.__notes__
    [shown] = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)
    assert _without_places(note) == _without_places(shown)


def _without_places(text: str) -> list[str]:
    """The lines without paths, numbers of lines and the blanks that their widths ask for."""
    plain = re.sub(r"\S+\.py:\d+", "FILE", re.sub(r"line \d+", "line N", text))
    return [re.sub(r"^\s*\d* \|", "|", line).strip() for line in plain.splitlines()]
