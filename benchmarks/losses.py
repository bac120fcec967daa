"""How far public training scripts come under ``shapecheck run``: to their first loss, and with what in it.

    python benchmarks/losses.py CORPORA [--only WORDS] [--keep FOLDER] [--timeout SECONDS] [--errors]

Runs, unchanged, every script of ``benchmarks/scripts.toml`` whose repository stands in the folder CORPORA (as
``owner+name``), each in its own folder, and prints a table in Markdown. ``--keep`` keeps the reports, and runs only
what it has none of; ``--errors`` says below the table how each script ended that missed.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shapecheck.tracer.outcome import is_loss

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_SPEC = Path(__file__).parent / "scripts.toml"


@dataclass(frozen=True, slots=True)
class Script:
    """One public script: where it stands, and the arguments that its own README starts it with."""

    repository: str
    path: str
    arguments: tuple[str, ...]

    @property
    def name(self) -> str:
        """Repository and path."""
        return f"{self.repository} {self.path}"


@dataclass(frozen=True, slots=True)
class Measured:
    """The report of one run, and the CPU seconds that it took, children included."""

    report: dict[str, Any]
    seconds: float

    @property
    def loss(self) -> dict[str, Any] | None:
        """The first stage that computes a loss behind a module, else what the first backward pass starts from."""
        behind = False
        for stage in self.report["stages"]:
            if is_loss(stage["op"], stage["outputs"]):
                if (behind or "loss" in stage["outputs"]) and stage["outputs"]:
                    return dict(stage)
            elif stage["module"] or stage["op"].startswith(("torch.nn.", "transformers.")):
                behind = True
            elif behind and stage["op"] == "torch.Tensor.backward":
                return dict(stage)
        return None

    @property
    def made_up(self) -> list[str]:
        """The operands of the loss whose size is invented, or not known at all."""
        inputs = self.loss["inputs"] if self.loss is not None else {}
        return [name for name, tensor in inputs.items() if tensor["status"] not in ("observed", "assumed")]

    @property
    def errors(self) -> list[str]:
        """Findings of severity error, by rule and place."""
        return [
            f"{finding['rule']} {finding['path']}:{finding['line']}"
            for finding in self.report["findings"]
            if finding["severity"] == "error"
        ]

    @property
    def reached(self) -> bool:
        """Whether the script came to its loss, with nothing made up in it and no error claimed."""
        return self.loss is not None and not self.made_up and not self.errors


def scripts() -> Iterator[Script]:
    """The scripts of the list, in its order."""
    for entry in tomllib.loads(_SPEC.read_text("utf-8"))["script"]:
        yield Script(entry["repository"], entry["path"], tuple(entry.get("arguments", "").split()))


def folder_of(corpora: Path, script: Script) -> Path:
    """The clone that a script stands in."""
    return corpora / script.repository.replace("/", "+")


def measured(corpora: Path, script: Script, timeout: float) -> Measured:
    """Run one script as a user would, in its own folder."""
    path = folder_of(corpora, script) / script.path
    arguments = ["--", *script.arguments] if script.arguments else []
    command = [sys.executable, "-m", "shapecheck", "run", "--no-server", "--output-format", "json"]
    before = _children()
    done = subprocess.run(
        [*command, "--timeout", str(timeout), path.name, *arguments], cwd=path.parent, capture_output=True, check=False
    )
    try:
        report = json.loads(done.stdout)
    except ValueError:
        raise SystemExit(f"{script.name}: no report\n{done.stderr.decode(errors='replace')}") from None
    return Measured(report, _children() - before)


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def kept(corpora: Path, script: Script, timeout: float, keep: Path | None) -> Measured:
    """The kept report of a script, or a new one."""
    if keep is None:
        return measured(corpora, script, timeout)
    keep.mkdir(parents=True, exist_ok=True)
    file = keep / (script.name.replace("/", "+").replace(" ", "+") + ".json")
    if file.exists():
        held = json.loads(file.read_text("utf-8"))
        return Measured(held["report"], held["seconds"])
    found = measured(corpora, script, timeout)
    file.write_text(json.dumps({"report": found.report, "seconds": found.seconds}), "utf-8")
    return found


def row(script: Script, found: Measured) -> str:
    """One line of the table."""
    loss = found.loss
    place = f"{loss['op'].removeprefix('torch.')} at {loss['path']}:{loss['line']}" if loss else "none"
    operands = ", ".join(shown(tensor["shape"]) for tensor in loss["inputs"].values()) if loss else ""
    verdict = "yes" if found.reached else "no"
    cells = (
        script.path,
        verdict,
        found.report["trace"]["status"],
        len(found.report["stages"]),
        len(found.report["assumptions"]),
        f"{place} {operands}".strip(),
        f"{found.seconds:.1f}",
    )
    return "| " + " | ".join(map(str, cells)) + " |"


def shown(shape: list[str | int]) -> str:
    """A shape as Python writes a tuple."""
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


def told(script: Script, found: Measured) -> str:
    """How a script that missed ended."""
    why = [f"trace {found.report['trace']['status']}: {found.report['trace']['reason']}", *found.errors]
    if found.made_up:
        why.append(f"made up or not known in the loss: {', '.join(found.made_up)}")
    return f"{script.name}: {'; '.join(why)}"


def commit(folder: Path) -> str:
    """The commit of a clone."""
    done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", type=Path)
    parser.add_argument("--only", default="", help="scripts whose repository and path contain this")
    parser.add_argument("--keep", type=Path, metavar="FOLDER")
    parser.add_argument("--timeout", type=float, default=120.0, metavar="SECONDS")
    parser.add_argument("--errors", action="store_true", help="say how those ended that missed")
    options = parser.parse_args()
    wanted = [script for script in scripts() if options.only in script.name]
    results: list[tuple[Script, Measured]] = []
    for repository in dict.fromkeys(script.repository for script in wanted):
        mine = [script for script in wanted if script.repository == repository]
        folder = folder_of(options.corpora, mine[0])
        if not folder.is_dir():
            print(f"{repository}: not in {options.corpora}", file=sys.stderr)
            continue
        print(f"\n{repository} at {commit(folder)}\n")
        print("| script | loss | status | stages | assumed | first loss | CPU s |")
        print("|" + " --- |" * 7)
        for script in mine:
            found = kept(options.corpora, script, options.timeout, options.keep)
            results.append((script, found))
            print(row(script, found), flush=True)
    reached = sum(found.reached for _, found in results)
    print(f"\n{reached} of {len(results)} reach their first loss, {time.strftime('%Y-%m-%d')}")
    if options.errors:
        print("\n".join(told(*result) for result in results if not result[1].reached))


if __name__ == "__main__":
    main()
