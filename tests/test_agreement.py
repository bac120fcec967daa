"""What `check` knows of the fixtures' tensors agrees with what they are when PyTorch runs them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("fixtures")

HERE = Path(__file__).parent
FIXTURES = HERE.parent / "fixtures"
SCRIPTS = ["scripts/loader_cls.py", "scripts/module_mean_broken.py", "projects/keywords/keywords/train.py"]


def test_nothing_that_is_known_of_a_fixture_is_contradicted_and_most_is_known(tmp_path: Path) -> None:
    environment = {**os.environ, "HF_HUB_CACHE": str(tmp_path / "hub"), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    tool = HERE.parent / "tools" / "agreement.py"
    subprocess.run([sys.executable, HERE / "tiny_hub.py", tmp_path / "hub"], env=environment, check=True)
    command = [sys.executable, tool, *(FIXTURES / script for script in SCRIPTS)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    *scripts, _, total = done.stdout.splitlines()
    assert len(scripts) == len(SCRIPTS)
    known, of, count = total.split()[:3]
    assert of == "of" and int(known) >= 0.8 * int(count) > 40
    assert total.endswith("0 contradicted")
