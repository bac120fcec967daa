"""Which part may import which: nothing below imports anything above, and only the traced process imports torch."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "shapecheck"

DATA = {
    "disk",
    "places",
    "algebra",
    "dims",
    "shapes",
    "graph",
    "findings",
    "errors",
    "edits",
    "resources",
    "gitignore",
    "inputs",
}
TEXT = {"notebook", "source", "discovery", "syntax", "texts"}
KNOWLEDGE = {"ops", "hub", "rulebook"}
GRAPH = DATA | KNOWLEDGE | {"vocabulary", "trail", "flow"}

ALLOWED: dict[str, set[str]] = {
    "places": set(),
    "algebra": set(),
    "dims": {"algebra", "places"},
    "shapes": {"algebra", "dims", "places"},
    "graph": {"places", "shapes", "dims"},
    "findings": {"places"},
    "errors": set(),
    "resources": set(),
    "disk": set(),
    "edits": DATA,
    "gitignore": set(),
    "inputs": {"errors"},
    "repository": {"gitignore"},
    "writing": set(),
    "fingerprints": DATA,
    "notebook": DATA,
    "source": {"disk", "errors", "notebook", "places"},
    "discovery": DATA | {"repository", "settings"},
    "syntax": DATA | {"source"},
    "texts": DATA | {"source"},
    "ops": DATA,
    "hub": DATA | {"ops"},
    "rulebook": DATA,
    "errorbook": DATA,
    "tracebacks": DATA,
    "interp": DATA | TEXT | {"ops", "hub"},
    "entry": {"errors"},
    "tracer": DATA | TEXT | {"entry", "errorbook", "ops", "hub"},
    "vocabulary": DATA,
    "trail": DATA | {"vocabulary"},
    "bindings": DATA | TEXT,
    "passing": DATA | TEXT | {"bindings"},
    "flow": GRAPH | {"passing"},
    "rerun": DATA | {"ops"},
    "checks": GRAPH | {"errorbook", "rerun"},
    "merge": DATA | {"checks"},
    "fixes": GRAPH | TEXT | {"cells", "comments", "results", "selection", "suppressions", "writing"},
    "comments": DATA,
    "baseline": DATA | TEXT | {"results", "selection", "writing"},
    "changes": DATA | TEXT | {"selection"},
    "sieve": DATA | {"baseline", "changes", "results", "selection"},
    "suppressions": DATA | {"rulebook", "comments", "selection"},
    "selection": DATA | {"rulebook"},
    "settings": DATA | {"rulebook", "selection"},
    "results": DATA | {"suppressions"},
    "cells": DATA | {"notebook", "results"},
    "reports": DATA | {"fingerprints", "results", "rulebook", "selection"},
    "engine": GRAPH
    | TEXT
    | {"interp", "checks", "merge", "fixes", "suppressions", "selection", "settings", "results"}
    | {"cache", "many"},
    "plain": DATA | {"results", "suppressions"},
    "own": DATA | {"writing"},
    "workers": {"disk"},
    "many": {"cache", "disk", "results", "workers"},
    "cache": DATA | TEXT | {"own", "plain", "results", "writing"},
    "diagnosis": DATA | {"engine", "errorbook", "results", "tracebacks"},
    "verify": DATA | {"source", "texts", "fixes", "tracer"},
    "mend": DATA | {"fixes", "results"},
    "onward": DATA | {"engine", "fixes", "merge", "texts", "tracer", "verify"},
    "running": DATA | TEXT | {"engine", "fixes", "merge", "onward", "results", "settings", "tracer", "verify"},
    "cli": DATA
    | {"cache", "hub", "rulebook", "cells", "diagnosis", "engine", "running", "mend", "selection", "settings"}
    | {"results", "reports", "tracer", "writing"}
    | {"baseline", "changes", "entry", "fixes", "sieve"},
    "explaining": DATA | TEXT | {"engine", "merge", "results", "reports", "tracer"},
    "tracing": DATA | {"explaining", "results", "reports", "tracer"},
    "__main__": {"cli"},
    "__init__": {"explaining", "tracing"},
}

OUTSIDE: dict[str, set[str]] = {
    "syntax": {"libcst"},
    "fixes": {"libcst"},
    "cli": {"click"},
    "ops": {"tomli"},
    "errorbook": {"tomli"},
    "settings": {"tomli"},
}
"""Packages beside the standard library that a part may import; the traced process has its own rule below."""


def part(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def in_child(path: Path) -> bool:
    """Whether a module runs in the traced process, under the project's Python."""
    return path.is_relative_to(PACKAGE / "tracer" / "child") or path.is_relative_to(PACKAGE / "tracer" / "standins")


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever it stands, those for type checkers only left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for_types = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for statement in node.body
        for inner in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if node in for_types:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == "shapecheck":
            yield from (f"shapecheck.{alias.name}" for alias in node.names if not alias.name.startswith("__"))
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


MODULES = sorted(PACKAGE.rglob("*.py"))


def test_every_part_has_its_arrows() -> None:
    assert {part(path) for path in MODULES} == set(ALLOWED)


@pytest.mark.parametrize("name", sorted(ALLOWED))
def test_a_part_imports_only_what_stands_below_it(name: str) -> None:
    wrong = defaultdict(set)
    for path in MODULES:
        if part(path) == name:
            inside = {module.split(".")[1] for module in imports(path) if module.startswith("shapecheck.")}
            wrong[str(path.relative_to(PACKAGE))] |= inside - ALLOWED[name] - {name}
    assert {path: names for path, names in wrong.items() if names} == {}


@pytest.mark.parametrize("path", [p for p in MODULES if not in_child(p)], ids=lambda p: str(p.relative_to(PACKAGE)))
def test_outside_packages_are_imported_where_they_belong(path: Path) -> None:
    standard = {*sys.stdlib_module_names, "tomllib"}  # which Python 3.10 has not yet, and tomli stands in for
    outside = {module.split(".")[0] for module in imports(path)} - standard - {"shapecheck", ""}
    assert outside <= OUTSIDE.get(part(path), set())


def test_check_imports_neither_torch_nor_what_it_does_not_need(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text("import torch\nlayer = torch.nn.Linear(768, 5)\nscores = layer(torch.zeros(8, 768))\n")
    code = (
        "import sys\nfrom shapecheck.cli import cli\n"
        f"cli.main(['check', {str(script)!r}], standalone_mode=False)\n"
        "print(sorted({'torch', 'transformers', 'numpy', 'libcst'} & set(sys.modules)))"
    )
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, cwd=tmp_path)
    assert "nothing found" in done.stdout, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "[]"
