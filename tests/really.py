"""Runs scripts under real PyTorch and says of each how it ended: ``python really.py OUT SCRIPT...``.

One process for all, because importing torch and transformers takes longer than any of the scripts. OUT gets, for
each script, ``said`` ("ok", or what was raised) and ``raised_at``: path and line of each frame in its folder.
"""

from __future__ import annotations

import json
import runpy
import sys
import traceback
from pathlib import Path
from typing import Any


def outcome(script: Path) -> dict[str, Any]:
    """How a script ended; one with relative imports is run as part of its package, as ``python -m`` does."""
    folder, name = script.parent, script.stem
    relative = "\nfrom ." in script.read_text()
    while relative and (folder / "__init__.py").exists():
        folder, name = folder.parent, f"{folder.name}.{name}"
    before, path = set(sys.modules), list(sys.path)
    sys.path.insert(0, str(folder))
    try:
        runpy.run_module(name, run_name="__main__") if relative else runpy.run_path(str(script), run_name="__main__")
    except Exception as why:
        frames = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(why.__traceback__)]
        inside = [frame for frame in frames if Path(frame[0]).is_relative_to(folder)]
        return {"said": f"{type(why).__name__}: {why}", "raised_at": inside}
    finally:
        sys.path[:] = path
        for module in set(sys.modules) - before:  # the next project may have modules of the same names
            if str(getattr(sys.modules[module], "__file__", "")).startswith(str(folder)):
                del sys.modules[module]
    return {"said": "ok", "raised_at": []}


if __name__ == "__main__":
    out, *scripts = sys.argv[1:]
    Path(out).write_text(json.dumps({script: outcome(Path(script)) for script in scripts}))
