"""Runs scripts under real PyTorch and says of each whether it ran: ``python really.py OUT SCRIPT...``.

One process for all, because importing torch and transformers takes longer than any of the scripts.
"""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path


def outcome(script: str) -> str:
    """ "ok", or what was raised."""
    try:
        runpy.run_path(script, run_name="__main__")
    except Exception as why:
        return f"{type(why).__name__}: {why}"
    return "ok"


if __name__ == "__main__":
    out, *scripts = sys.argv[1:]
    Path(out).write_text(json.dumps({script: outcome(script) for script in scripts}))
