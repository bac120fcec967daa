"""The first loss that a trace reached, with what went into it and how each size is known.

shapecheck run --output-format json train.py | python benchmarks/losses.py
"""

from __future__ import annotations

import json
import sys
from typing import Any

_LOSSES = ("loss", "entropy", "Loss")


def computes_a_loss(stage: dict[str, Any]) -> bool:
    """A loss function or module, or a model that was given labels and returned a loss."""
    name = stage["op"].rsplit(".", 1)[-1]
    return "loss" in stage["outputs"] or any(word in name for word in _LOSSES)


def told(tensors: dict[str, Any]) -> str:
    """Names, shapes, types and statuses on one line."""
    return ", ".join(f"{name} {tuple(t['shape'])} {t['dtype']} {t['status']}" for name, t in tensors.items())


def main() -> None:
    """Print what came of the script on standard input."""
    report = json.load(sys.stdin)
    print(f"trace {report['trace']['status']}: {report['trace']['reason']}")
    print(f"stages: {len(report['stages'])}, findings: {[f['rule'] for f in report['findings']]}")
    for text in report["assumptions"]:
        print(f"assumed: {text}")
    first = next((stage for stage in report["stages"] if computes_a_loss(stage)), None)
    if first is None:
        print("no loss was reached")
        return
    print(f"first loss: {first['path']}:{first['line']} {first['op']}")
    print(f"  in:  {told(first['inputs'])}")
    print(f"  out: {told(first['outputs'])}")


if __name__ == "__main__":
    main()
