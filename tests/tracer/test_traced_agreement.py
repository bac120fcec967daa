"""What a trace shows of a script is what its real run shows, at every expression that both have."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.fixture_scripts import run, tiny_hub

pytestmark = pytest.mark.xdist_group("fixtures")

ROOT = Path(__file__).parents[2]
NAMES = (
    "scripts/loader_cls.py",
    "scripts/loader_cls_broken.py",
    "scripts/module_mean.py",
    "scripts/loader_helper.py",
    "faults/seeing.py",
    "faults/tagger.py",
    "faults/translate.py",
    "faults/unet.py",
    "rules/SHP106/good_mean.py",
    "rules/SHP109/good_trunk.py",
    "notebooks/colab_large_mended.ipynb",
    "projects/triage/train.py",
)


def test_traced_shapes_equal_those_of_the_real_run(tmp_path: Path) -> None:
    tool, hub = ROOT / "tools" / "traced_agreement.py", tiny_hub(tmp_path / "hub")
    said = run(tool, *(ROOT / "fixtures" / name for name in NAMES), hub=hub)
    counts = re.search(r"(\d+) of (\d+) scripts agree: (\d+) shapes exactly, \d+ but .*, 0 not", said)
    assert counts is not None and int(counts[1]) == len(NAMES) and int(counts[3]) > 15 * len(NAMES), said
    good = len(NAMES) - sum("broken" in name for name in NAMES)
    assert f"{good} of {good} that really run to their end do so in the trace, with nothing invented" in said, said
