"""Runs scripts under real PyTorch: ``python observe.py OUT SCRIPT...`` writes what each raised, or computed wrongly.

A script shows a silent fault by a comment ``# wrong: <expression>``, true of its variables when it has run.
"""

from __future__ import annotations

import json
import runpy
import sys
import warnings
from pathlib import Path


def observed(script: str) -> dict[str, object]:
    """``raised``: what was raised, or None; ``wrong``: the value of the script's expression, None where it has none."""
    claim = next((line[9:] for line in Path(script).read_text().splitlines() if line.startswith("# wrong: ")), None)
    try:
        variables = runpy.run_path(script, run_name="__main__")
    except Exception as why:
        return {"raised": f"{type(why).__name__}: {why}", "wrong": None}
    return {"raised": None, "wrong": bool(eval(claim, variables)) if claim else None}


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    out, *scripts = sys.argv[1:]
    Path(out).write_text(json.dumps({script: observed(script) for script in scripts}))
