"""What stands in fixtures, and what is said of it: by its own comments, by the static half, and by real PyTorch."""

from __future__ import annotations

import fcntl
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from shapecheck import checks, fixes, flow, interp, merge
from shapecheck.findings import Finding
from shapecheck.source import Source

HERE = Path(__file__).parent


def expected(text: str) -> list[tuple[str, int]]:
    """Rule and line of each ``# expect: SHPnnn`` comment."""
    comments = enumerate(text.splitlines(), 1)
    return [(match[1], number) for number, line in comments if (match := re.search(r"# expect: (SHP\d+)", line))]


def found(path: str, text: str) -> list[Finding]:
    """What the static half finds in a text, in order, with its fixes."""
    graph = interp.analyze(Source(path, text))
    flow.annotate(graph, {path: text}.get)
    findings = merge.ordered(checks.run(graph))
    fixes.attach(findings, graph, {path: text})
    return findings


def environment(hub: Path) -> dict[str, str]:
    """The environment of a real run: with the checkpoints of :func:`tiny_hub`, without network and graphics card."""
    return {
        **os.environ,
        "HF_HUB_CACHE": str(hub),
        "HF_HUB_OFFLINE": "1",
        "OMP_NUM_THREADS": "1",
        "CUDA_VISIBLE_DEVICES": "",
    }


def run(*command: str | Path, hub: Path) -> str:
    """What one of the project's own Python programs prints; it must succeed."""
    done = subprocess.run([sys.executable, *command], env=environment(hub), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def tiny_hub(folder: Path) -> Path:
    """Checkpoints of true width and one layer, in a folder."""
    run(HERE / "tiny_hub.py", folder, hub=folder)
    return folder


def really(scripts: Iterable[Path], folder: Path) -> dict[Path, dict[str, Any]]:
    """How each script ends under real PyTorch (see ``really.py``)."""
    wanted = list(scripts)
    run(HERE / "really.py", folder / "out.json", *wanted, hub=tiny_hub(folder / "hub"))
    said = json.loads((folder / "out.json").read_text())
    return {path: said[str(path)] for path in wanted}


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], str]) -> str:
    """What ``make`` gives in a folder of that name: made by the first process of the tests, read by the others."""
    base = factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    folder.mkdir(exist_ok=True)
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made = folder / "made"
        if not made.exists():
            made.write_text(make(folder), "utf-8")
        return made.read_text("utf-8")
