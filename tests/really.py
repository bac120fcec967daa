"""Runs scripts under real PyTorch and says of each how it ended: ``python really.py OUT SCRIPT...``.

One process for all, because importing torch and transformers takes longer than any of the scripts. OUT gets, for
each script, ``raised`` (what was raised, or null), ``raised_at`` (path and line of each frame in its folder) and
``wrong``: whether a comment ``# wrong: <claim>`` is true of a script that ran (see ``properties.py``); null where there
is none, and words where it cannot be told.
"""

from __future__ import annotations

import json
import runpy
import sys
import traceback
import warnings
from pathlib import Path
from typing import Any

import properties


def outcome(script: Path) -> dict[str, Any]:
    """How a script ended; one with relative imports is run as part of its package, as ``python -m`` does."""
    text = script.read_text()
    claim = next((line[9:] for line in text.splitlines() if line.startswith("# wrong: ")), None)
    folder, name = script.parent, script.stem
    relative = "\nfrom ." in text
    while relative and (folder / "__init__.py").exists():
        folder, name = folder.parent, f"{folder.name}.{name}"
    before, path = set(sys.modules), list(sys.path)
    sys.path.insert(0, str(folder))
    properties.seed()
    try:
        if relative:
            runpy.run_module(name, run_name="__main__")
        else:
            runpy.run_path(str(script), run_name="__main__")
    except Exception as why:
        frames = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(why.__traceback__)]
        inside = [frame for frame in frames if Path(frame[0]).is_relative_to(folder)]
        return {"raised": f"{type(why).__name__}: {why}", "raised_at": inside, "wrong": None}
    finally:
        sys.path[:] = path
        for module in set(sys.modules) - before:  # the next project may have modules of the same names
            if str(getattr(sys.modules[module], "__file__", "")).startswith(str(folder)):
                del sys.modules[module]
    try:
        wrong = properties.wrong(claim, script, text) if claim else None
    except Exception as why:
        wrong = f"cannot be told by {claim}: {type(why).__name__}: {why}"
    return {"raised": None, "raised_at": [], "wrong": wrong}


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    out, *scripts = sys.argv[1:]
    Path(out).write_text(json.dumps({script: outcome(Path(script)) for script in scripts}))
