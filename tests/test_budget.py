"""What a check may cost, as ratios measured in one run: no test depends on how fast the machine is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCRIPTS = ROOT / "fixtures" / "scripts"

IMPORT_LIBCST = 0.155
"""CPU seconds of a bare ``import libcst`` on the machine that the budget was set on: the unit of the ratios below."""


def cpu(*arguments: str) -> float:
    """CPU seconds of the quickest of five fresh interpreters."""
    return min(_once(arguments) for _ in range(5))


def _once(arguments: tuple[str, ...]) -> float:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # what is installed is compiled once, not at every start
    code = "import os, sys, time; exec(sys.argv.pop(1)); print(sum(os.times()[:2]))"
    done = subprocess.run([sys.executable, "-c", code, *arguments], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return float(done.stdout.splitlines()[-1])


CHECK = """
from shapecheck.cli import cli
cli.main(["check", "--exit-zero", "--jobs", "1", "--no-cache", *sys.argv[1:]], standalone_mode=False)
"""


@pytest.fixture(scope="module")
def libcst() -> float:
    return cpu("import libcst")


def padded(script: str, tmp_path: Path) -> str:
    """A fixture as a script of 200 lines: copied after itself, as the sections of a longer one."""
    text = (SCRIPTS / script).read_text()
    copy = tmp_path / script
    copy.write_text(text * max(1, 200 // text.count("\n")))
    return str(copy)


def test_a_script_without_findings_costs_little_more_than_importing_libcst(libcst: float, tmp_path: Path) -> None:
    assert cpu(CHECK, padded("module_cls.py", tmp_path)) < libcst * (IMPORT_LIBCST + 0.25) / IMPORT_LIBCST


def test_a_script_with_findings_stays_within_half_a_second(libcst: float, tmp_path: Path) -> None:
    assert cpu(CHECK, str(SCRIPTS / "loader_cls_broken.py")) < libcst * 0.5 / IMPORT_LIBCST


def test_a_tree_without_torch_costs_less_than_parsing_it(tmp_path: Path) -> None:
    source = "import json\n\n\ndef load(path):\n    with open(path) as file:\n        return json.load(file)\n\n\n" * 60
    for number in range(60):
        (tmp_path / f"module{number}.py").write_text(source)
    parse = (
        "import libcst, pathlib\n"
        "for path in sorted(pathlib.Path(sys.argv[1]).glob('*.py')): libcst.parse_module(path.read_text())"
    )
    assert cpu(CHECK, str(tmp_path)) < cpu(parse, str(tmp_path))
