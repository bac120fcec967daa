"""What ``shapecheck check`` costs, against the parse alone, on the same files in the same run.

    python benchmarks/static.py PATH...

Prints CPU seconds and the ratio to libcst.parse_module. Each tool runs in a process of its own, with one job and no
cache; its bare import is told apart, so that small trees do not drown in it.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

PARSE = """
import sys, libcst
for path in sys.argv[1:]:
    try:
        libcst.parse_module(open(path, "rb").read())
    except Exception:
        pass
"""
CHECK = """
import sys
from shapecheck.cli import cli
cli.main(["check", "--jobs", "1", "--no-cache", "--exit-zero", "--output-file", "/dev/null", *sys.argv[1:]])
"""
ONE = Path(__file__).parents[1] / "fixtures" / "scripts" / "loader_cls_broken.py"


def cpu(code: str, *arguments: str) -> float:
    """CPU seconds (user and system) of the quickest of three runs of some code in a fresh interpreter."""
    return min(_once(code, arguments) for _ in range(3))


def _once(code: str, arguments: tuple[str, ...]) -> float:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # what is installed is compiled once, not at every start
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code, *arguments], check=True, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def files(paths: list[str]) -> list[str]:
    """Every Python file under the paths."""
    found = [[str(file) for file in sorted(Path(p).rglob("*.py"))] if Path(p).is_dir() else [p] for p in paths]
    return [path for group in found for path in group]


def main(paths: list[str]) -> None:
    """Measure one script, then all files under the paths."""
    bare, libcst = cpu("pass"), cpu("import libcst")
    print(f"bare interpreter {bare:.3f} CPU s, import libcst {libcst:.3f}")
    one = cpu(CHECK, str(ONE))
    print(f"check of {ONE.name}: {one:.3f} CPU s, {one - libcst:+.3f} over import libcst")
    if not paths:
        return
    every = files(paths)
    parse, check = cpu(PARSE, *every) - libcst, cpu(CHECK, *every) - bare
    print(f"{len(every)} files, {sum(Path(path).read_bytes().count(10) for path in every)} lines")
    print(f"libcst.parse_module {parse:.2f} CPU s; check {check:.2f} CPU s: {check / parse:.2f} times the parse")


if __name__ == "__main__":
    main(sys.argv[1:])
