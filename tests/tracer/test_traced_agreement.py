"""What a trace shows of a script is what its real run shows, at every expression that both have."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("fixtures")

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "fixtures" / "scripts"
NAMES = ("loader_cls", "loader_cls_broken", "module_mean", "loader_helper")


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Checkpoints of true width and one layer, for the real runs."""
    folder = tmp_path_factory.mktemp("hub")
    subprocess.run([sys.executable, ROOT / "tests" / "tiny_hub.py", folder], check=True, capture_output=True)
    return folder


def test_traced_shapes_equal_those_of_the_real_run(hub: Path) -> None:
    environment = {
        **os.environ,
        "HF_HUB_CACHE": str(hub),
        "HF_HUB_OFFLINE": "1",
        "OMP_NUM_THREADS": "1",
        "CUDA_VISIBLE_DEVICES": "",
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, ROOT / "tools" / "traced_agreement.py", *(SCRIPTS / f"{name}.py" for name in NAMES)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    counts = re.search(r"(\d+) of (\d+) scripts agree: (\d+) shapes exactly, \d+ but .*, 0 not", done.stdout)
    assert counts is not None and int(counts[1]) == len(NAMES) and int(counts[3]) > 10 * len(NAMES), done.stdout
