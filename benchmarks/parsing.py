"""How long the two parsers take on the same files: why shapecheck reads with ``ast`` and writes with ``libcst``.

    python benchmarks/parsing.py FOLDER

Prints CPU seconds (best of three) of ast.parse, of libcst.parse_module, and of libcst with the positions of all nodes.
"""

from __future__ import annotations

import ast
import sys
import time
from collections.abc import Callable
from pathlib import Path

import libcst
from libcst.metadata import MetadataWrapper, PositionProvider


def best(work: Callable[[str], object], texts: list[str]) -> float:
    """CPU seconds of the fastest of three passes over all texts."""
    seconds = []
    for _ in range(3):
        started = time.process_time()
        for text in texts:
            work(text)
        seconds.append(time.process_time() - started)
    return min(seconds)


def positions(text: str) -> object:
    """A libcst tree with the position of every node."""
    return MetadataWrapper(libcst.parse_module(text), unsafe_skip_copy=True).resolve(PositionProvider)


def main(folder: Path) -> None:
    """Measure all files under a folder."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.py"))]
    print(f"{len(texts)} files, {sum(text.count(chr(10)) for text in texts)} lines")
    parsers: dict[str, Callable[[str], object]] = {
        "ast.parse (positions included)": ast.parse,
        "libcst.parse_module": libcst.parse_module,
        "libcst.parse_module + PositionProvider": positions,
    }
    took = {name: best(work, texts) for name, work in parsers.items()}
    unit = took["libcst.parse_module"]
    for name, seconds in took.items():
        print(f"{name:<40} {seconds:7.2f} CPU s  {seconds / unit:5.2f} x parse_module")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
