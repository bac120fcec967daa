"""What a trace shows of a script is what its real run shows, at every expression that both have."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.fixture_scripts import run, tiny_hub

pytestmark = pytest.mark.xdist_group("fixtures")

ROOT = Path(__file__).parents[2]
NAMES = (
    "scripts/loader_cls",
    "scripts/loader_cls_broken",
    "scripts/module_mean",
    "scripts/loader_helper",
    "faults/tagger",
    "faults/translate",
    "faults/unet",
    "rules/SHP106/good_mean",
    "rules/SHP109/good_trunk",
)


def test_traced_shapes_equal_those_of_the_real_run(tmp_path: Path) -> None:
    tool, hub = ROOT / "tools" / "traced_agreement.py", tiny_hub(tmp_path / "hub")
    said = run(tool, *(ROOT / "fixtures" / f"{name}.py" for name in NAMES), hub=hub)
    counts = re.search(r"(\d+) of (\d+) scripts agree: (\d+) shapes exactly, \d+ but .*, 0 not", said)
    assert counts is not None and int(counts[1]) == len(NAMES) and int(counts[3]) > 15 * len(NAMES), said
