"""What ``shapecheck check`` costs, against the parse alone and against other tools, on the same files in the same run.

    python benchmarks/static.py [--tools FOLDER] [--rounds N] [--only PART]... [PATH]...

Prints CPU seconds (user and system, the quickest of N rounds), the ratio to libcst.parse_module, and the most memory
that a process held. Every tool runs in processes of its own, one at a time, without a cache. Of torchfix, fixit and
pyrefly, those are measured that stand in FOLDER (the ``bin`` of a virtual environment, say) or on the PATH.

Then the same checks from an empty and from a filled cache, start included, and by one and by two processes (where the
seconds that pass count, on a machine that is idle otherwise). `--only` leaves the other parts out: `tree` (against the
parse and other tools), `caches`, `processes`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

PARSE = """
import sys, libcst
for path in open(sys.argv[1]).read().splitlines():
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
KEPT = """
import sys
from shapecheck.cli import cli
cli.main(["check", "--exit-zero", "--output-file", "/dev/null", *sys.argv[1:]])
"""
SHARED = """
import resource, sys
from shapecheck.cli import cli
try:
    cli.main(["check", "--exit-zero", "--output-file", "/dev/null", *sys.argv[2:]])
finally:
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    open(sys.argv[1], "w").write(" ".join(str(one.ru_utime + one.ru_stime) for one in used))
"""
PEERS: dict[str, list[str]] = {
    "torchfix": ["--jobs", "1"],
    "fixit": ["--quiet", "lint"],
    "pyrefly": ["check", "--threads", "1"],
}
PARTS = ("tree", "caches", "processes")
ONE = Path(__file__).parents[1] / "fixtures" / "scripts" / "loader_cls_broken.py"


class Cost(NamedTuple):
    """CPU seconds of a process and its children, megabytes that the largest of them held, and seconds that passed."""

    seconds: float
    megabytes: float
    passed: float = 0.0


def cost(command: list[str], rounds: int) -> Cost:
    """The cost of the cheapest of several runs of a command; what it prints and how it exits do not matter."""
    return min(_once(command) for _ in range(rounds))


def _once(command: list[str]) -> Cost:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # what is installed is compiled once, not at every start
    started = time.perf_counter()
    child = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return Cost(used.ru_utime + used.ru_stime, used.ru_maxrss / unit, time.perf_counter() - started)


def python(code: str, *arguments: str) -> list[str]:
    """The command that runs some code in a fresh interpreter."""
    return [sys.executable, "-c", code, *arguments]


def files(paths: list[str]) -> list[str]:
    """Every Python file under the paths."""
    found = [[str(file) for file in sorted(Path(p).rglob("*.py"))] if Path(p).is_dir() else [p] for p in paths]
    return [path for group in found for path in group]


def peers(tools: str | None) -> dict[str, list[str]]:
    """The other tools that are installed, with the commands that check paths with them by one process."""
    where = os.pathsep.join(part for part in (tools, os.environ.get("PATH", "")) if part)
    return {name: [found, *PEERS[name]] for name in PEERS if (found := shutil.which(name, path=where))}


def one_script(libcst: Cost, rounds: int) -> None:
    """What a short script with a fault and five fixes costs."""
    one = cost(python(CHECK, str(ONE)), rounds)
    over = one.seconds - libcst.seconds
    print(f"check of {ONE.name}: {one.seconds:.3f} CPU s, {over:+.3f} over import libcst; {one.megabytes:.0f} MB")


def tree(paths: list[str], bare: Cost, libcst: Cost, tools: str | None, rounds: int) -> None:
    """What all files under the paths cost each tool. Starts are told apart: of Python, and of libcst for the parse."""
    every = files(paths)
    print(f"{len(every)} files, {sum(Path(path).read_bytes().count(10) for path in every)} lines")
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as names:
        names.write("\n".join(every))
        names.flush()
        parse = cost(python(PARSE, names.name), rounds)
    unit = parse.seconds - libcst.seconds
    check = cost(python(CHECK, *paths), rounds)
    rows = {
        "libcst.parse_module": parse._replace(seconds=unit),
        "shapecheck check": check._replace(seconds=check.seconds - bare.seconds),
        **{name: cost([*command, *paths], rounds) for name, command in peers(tools).items()},
    }
    for name, used in rows.items():
        print(f"{name:<20} {used.seconds:8.2f} CPU s  {used.seconds / unit:6.2f} x parse  {used.megabytes:6.0f} MB")


def caches(name: str, paths: list[str], rounds: int) -> None:
    """What a check costs with an empty cache, and with one in which all outcomes are kept."""
    with tempfile.TemporaryDirectory() as folder:
        empty = (str(Path(folder) / str(number)) for number in range(rounds))
        cold = min(_once(python(KEPT, "--jobs", "1", "--cache-dir", place, *paths)) for place in empty)
        warm = cost(python(KEPT, "--jobs", "1", "--cache-dir", str(Path(folder) / "0"), *paths), rounds)
    print(f"check of {name}: cold cache {cold.seconds:.2f} CPU s, warm {warm.seconds:.2f}; {warm.megabytes:.0f} MB")


def processes(paths: list[str], rounds: int) -> None:
    """The seconds that pass with one and with two processes, and those that would on two cores that are idle."""
    with tempfile.NamedTemporaryFile("r", suffix=".txt") as told:
        one = min(
            (_once(python(KEPT, "--no-cache", "--jobs", "1", *paths)) for _ in range(rounds)), key=lambda c: c.passed
        )
        runs = []
        for _ in range(rounds):
            used = _once(python(SHARED, told.name, "--no-cache", "--jobs", "2", *paths))
            command, workers = map(float, Path(told.name).read_text().split())
            runs.append((used.passed, command, workers))
    passed, command, workers = min(runs)
    print(f"1 process   {one.passed:6.2f} s passed, {one.seconds:.2f} CPU s")
    print(f"2 processes {passed:6.2f} s passed, {command:.2f} CPU s of the command and {workers:.2f} of its workers")
    ideal = one.seconds / (command + workers / 2)
    print(
        f"{one.passed / passed:.2f} times as fast here; {ideal:.2f} times where nothing else runs, by the CPU seconds"
    )


def main() -> None:
    """Measure one script, then all files under the paths."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="*")
    parser.add_argument("--tools", help="folder of the other tools' commands")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", action="append", choices=PARTS, help="this part; may be given several times")
    given = parser.parse_args()
    wanted = given.only or PARTS
    if "tree" in wanted:
        bare, libcst = cost(python("pass"), given.rounds), cost(python("import libcst"), given.rounds)
        print(f"bare interpreter {bare.seconds:.3f} CPU s, import libcst {libcst.seconds:.3f}")
        one_script(libcst, given.rounds)
        if given.paths:
            tree(given.paths, bare, libcst, given.tools, given.rounds)
    if "caches" in wanted:
        caches(ONE.name, [str(ONE)], given.rounds)
        if given.paths:
            caches(f"{len(files(given.paths))} files", given.paths, given.rounds)
    if "processes" in wanted and given.paths:
        processes(given.paths, given.rounds)


if __name__ == "__main__":
    main()
