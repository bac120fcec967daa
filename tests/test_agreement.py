"""What `check` knows of the fixtures' tensors agrees with what they are when PyTorch runs them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fixture_scripts import run, tiny_hub

pytestmark = pytest.mark.xdist_group("fixtures")

HERE = Path(__file__).parent
FIXTURES = HERE.parent / "fixtures"
SCRIPTS = ["scripts/loader_cls.py", "scripts/module_mean_broken.py", "projects/keywords/keywords/train.py"]


def test_nothing_that_is_known_of_a_fixture_is_contradicted_and_most_is_known(tmp_path: Path) -> None:
    tool, hub = HERE.parent / "tools" / "agreement.py", tiny_hub(tmp_path / "hub")
    said = run(tool, *(FIXTURES / script for script in SCRIPTS), hub=hub)
    *scripts, _, total = said.splitlines()
    assert len(scripts) == len(SCRIPTS)
    known, of, count = total.split()[:3]
    assert of == "of" and int(known) >= 0.8 * int(count) > 40
    assert total.endswith("0 contradicted")
