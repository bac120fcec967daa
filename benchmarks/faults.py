"""How many of the faults in ``fixtures/faults`` are found, where, and with a fix that real PyTorch confirms.

    python benchmarks/faults.py check|run [--jobs N] [--only RULE]

Each fault is one change of a working script. A *hit* is one of the first two findings on the changed lines, or on the
line where PyTorch raises, or with its first related place there; *root* one on the changed lines (or, where the list
says that another place is as fair, with the rule that it names). A fix is *verified* if ``run`` says so of the hit's
first one, and *proven* if the patched script then runs under PyTorch, and a silent fault is gone. An *alarm* is an
error or a warning on a script as it works.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from shapecheck.edits import edited  # noqa: E402
from shapecheck.findings import Edit  # noqa: E402
from shapecheck.places import Span  # noqa: E402
from tests.checks.test_faults import FAULTS, SCRIPTS, Fault  # noqa: E402
from tests.fixture_scripts import really  # noqa: E402


@dataclass(frozen=True, slots=True)
class Row:
    """What came of one fault; ``patched`` is the script under the hit's first verified fix."""

    fault: Fault
    hit: bool
    root: bool
    extra: int
    patched: str | None


def findings(command: str, script: Path) -> list[dict[str, Any]]:
    """The findings of one command on one script."""
    call = [sys.executable, "-m", "shapecheck", command, "--no-cache", "--output-format", "json", script.name]
    done = subprocess.run(call, cwd=script.parent, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(f"{script.name}: {done.stderr.strip()}")
    return list(json.loads(done.stdout)["findings"])


def judged(command: str, fault: Fault, script: Path, raised_at: list[int]) -> Row:
    """One broken script, held against what was changed in it and where PyTorch raised."""
    script.write_text(fault.text)
    told = [f for f in findings(command, script) if f["severity"] != "info" or fault.wrong]
    changed = set(range(fault.line, fault.line + fault.new.count("\n") + 1))
    near = changed | set(raised_at[-1:])
    hits = [
        finding
        for finding in told[:2]
        if finding["rule"] == fault.rule or near & {finding["line"], *(r["line"] for r in finding["related"][:1])}
    ]
    root = any(f["line"] in changed or (fault.elsewhere and f["rule"] == fault.rule) for f in hits)
    fixes = [fix for finding in hits for fix in finding["fixes"] if fix["verified"]]
    return Row(fault, bool(hits), root, max(0, len(told) - 2), patched(fault.text, fixes[0]) if fixes else None)


def patched(text: str, fix: dict[str, Any]) -> str:
    """A script with a fix applied."""
    edits = [
        Edit(Span(edit["path"], edit["line"], edit["column"], edit["end_line"], edit["end_column"]), edit["text"])
        for edit in fix["edits"]
    ]
    return edited(text, edits)


def proven(rows: list[Row], folder: Path) -> int:
    """How many of the patched scripts run, and compute the right thing, under PyTorch; the others are printed."""
    (folder / "again").mkdir()
    copies: dict[Path, Row] = {}
    for at, row in enumerate(rows):
        if row.patched is not None:
            copies[folder / f"patched_{at}.py"] = row
            (folder / f"patched_{at}.py").write_text(row.patched)
    said = really(copies, folder / "again") if copies else {}
    failed = {path: end for path, end in said.items() if end["raised"] is not None or end["wrong"]}
    for path, end in failed.items():
        fault = copies[path].fault
        print(f"fix not proven: {fault.rule} {fault.script}:{fault.line} {end['raised'] or 'still wrong'}")
    return len(said) - len(failed)


def main() -> None:
    """Run the command over every fault and print the counts, and each fault that is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=("check", "run"))
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    faults = [fault for fault in FAULTS if given.only in fault.rule]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        scripts = [folder / f"fault_{at}.py" for at in range(len(faults))]
        for script, fault in zip(scripts, faults, strict=True):
            script.write_text(fault.text)
        said = really(scripts, folder)
        lines = [[line for path, line in said[script]["raised_at"] if path == str(script)] for script in scripts]
        with ThreadPoolExecutor(given.jobs) as pool:
            rows = list(pool.map(lambda one: judged(given.command, *one), zip(faults, scripts, lines, strict=True)))
            alarms = [
                (script.name, finding["rule"], finding["line"])
                for script, told in zip(SCRIPTS, pool.map(lambda s: findings(given.command, s), SCRIPTS), strict=True)
                for finding in told
                if finding["severity"] != "info"
            ]
        for row in rows:
            if row.patched is None:
                print(f"no verified fix: {row.fault.rule} {row.fault.script}:{row.fault.line}")
            if not row.hit:
                print(f"missed: {row.fault.rule} {row.fault.script}:{row.fault.line} {row.fault.unseen}")
        fixed = sum(row.patched is not None for row in rows)
        print(
            f"{given.command}: {sum(row.hit for row in rows)} of {len(rows)} hit, {sum(row.root for row in rows)} at "
            f"the root, {fixed} fixes verified, {proven(rows, folder)} of these proven, "
            f"{sum(row.extra for row in rows)} findings beyond the second, {len(alarms)} alarms {alarms or ''}"
        )


if __name__ == "__main__":
    main()
