"""Compare what ``check`` knows of a script's tensors with what they are when the script really runs.

    python tools/agreement.py SCRIPT... [--verbose] [--timeout SECONDS]

Every call, attribute, subscript and operator whose value is a tensor is recorded while the script runs, in its own
lines and in those of its project's files that it imports, and compared with the shapes that the interpreter found
for the same expression. The script runs in a child process with this environment (HF_HUB_CACHE says where the
models are). Prints, for each script and in total, how many of the expressions are known, and each contradiction;
exits 1 if there is one.
"""

from __future__ import annotations

import argparse
import ast
import builtins
import contextlib
import hashlib
import importlib.machinery
import json
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType
from typing import Any
from unittest.mock import MagicMock

from shapecheck.places import NOTEBOOK
from shapecheck.source import read

Key = tuple[str, int, int, int, int]
"""Where an expression stands: file, line, column, end line, end column; columns count characters from 1."""

EXPRESSIONS = (ast.Call, ast.Attribute, ast.Subscript, ast.BinOp, ast.UnaryOp)


# -- the real run ------------------------------------------------------------------------------------------------------


class Recorder(ast.NodeTransformer):
    """Wraps the expressions of one file so that their values are seen; ``keys`` takes their places."""

    def __init__(self, path: str, text: str, keys: list[Key]) -> None:
        self.path = path
        self.lines = [line.encode() for line in text.splitlines()]
        self.keys = keys

    def _column(self, line: int, offset: int) -> int:
        return len(self.lines[line - 1][:offset].decode()) + 1

    def _wrapped(self, node: Any) -> ast.expr:
        start = (node.lineno, self._column(node.lineno, node.col_offset))
        end = (node.end_lineno, self._column(node.end_lineno, node.end_col_offset))
        self.keys.append((self.path, *start, *end))
        name = ast.copy_location(ast.Name("__seen__", ast.Load()), node)
        number = ast.copy_location(ast.Constant(len(self.keys) - 1), node)
        return ast.copy_location(ast.Call(name, [number, node], []), node)

    def generic_visit(self, node: ast.AST) -> ast.AST:
        """Leave annotations, decorators and patterns alone; wrap every expression that is read."""
        if isinstance(node, (ast.pattern, ast.AnnAssign)) and not (isinstance(node, ast.AnnAssign) and node.value):
            return node
        if isinstance(node, ast.AnnAssign):
            node.value = self.visit(node.value) if node.value is not None else None
            return node
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            node.body = [self.visit(statement) for statement in node.body]
            return node
        if isinstance(node, ast.JoinedStr):
            return node
        super().generic_visit(node)
        read = isinstance(getattr(node, "ctx", ast.Load()), ast.Load)
        return self._wrapped(node) if isinstance(node, EXPRESSIONS) and read else node


def record(script: str, out: str) -> None:
    """Run a script with every expression recorded, and write down the shapes of those that were tensors."""
    path = Path(script).resolve()
    folder, package = _package_of(path)
    keys: list[Key] = []
    seen: dict[int, list[list[int]]] = {}

    def see(number: int, value: Any) -> Any:
        shape = _shape_of(value)
        if shape is not None and shape not in seen.setdefault(number, []):
            seen[number].append(shape)
        return value

    def compiled(file: str) -> CodeType:
        text = read(file).text
        tree = Recorder(file, text, keys).visit(ast.parse(text, file))
        return compile(ast.fix_missing_locations(tree), file, "exec", dont_inherit=True)

    _record_imports(folder, compiled)
    builtins.__seen__ = see  # type: ignore[attr-defined]
    sys.argv = [script]
    sys.path.insert(0, str(folder if package else path.parent))
    names = {"__name__": "__main__", "__file__": script, "__package__": package or None}
    if path.suffix == NOTEBOOK:
        names |= _front_end(read(path).text)
    error = ""
    try:
        exec(compiled(str(path)), names)
    except BaseException as failure:  # whatever ends the script, what it showed until then counts
        well = isinstance(failure, SystemExit) and not failure.code
        error = "" if well else f"{type(failure).__name__}: {failure}"
    places = [(os.path.relpath(file, path.parent), *place) for file, *place in keys]
    rows = [[*places[number], shapes] for number, shapes in seen.items() if shapes]
    Path(out).write_text(json.dumps({"error": error, "rows": rows}), "utf-8")


def _front_end(text: str) -> dict[str, Any]:
    """What a notebook finds in its front end, as mocks: the shell, and packages that are not here (drives, plots)."""
    for node in ast.walk(ast.parse(text)):
        modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        for module in [node.module or ""] if isinstance(node, ast.ImportFrom) else modules:
            try:
                importlib.import_module(module)
            except ImportError:
                parts = module.split(".")
                for end in range(1, len(parts) + 1):
                    sys.modules.setdefault(".".join(parts[:end]), MagicMock())
    return {"get_ipython": MagicMock()}


def _package_of(path: Path) -> tuple[Path, str]:
    """The folder that holds the script's outermost package, and the package's dotted name."""
    folder, parts = path.parent, list[str]()
    while (folder / "__init__.py").is_file():
        parts.insert(0, folder.name)
        folder = folder.parent
    return folder, ".".join(parts)


def _record_imports(folder: Path, compiled: Callable[[str], CodeType]) -> None:
    """Record the expressions of imported files below a folder too."""
    loader = importlib.machinery.SourceFileLoader
    original = loader.get_code

    def get_code(self: Any, fullname: str) -> CodeType | None:
        file = self.get_filename(fullname)
        inside = Path(file).is_relative_to(folder) and "site-packages" not in file
        return compiled(file) if inside else original(self, fullname)

    loader.get_code = get_code  # type: ignore[method-assign]


def _shape_of(value: Any) -> list[int] | None:
    import torch

    return [int(size) for size in value.shape] if isinstance(value, torch.Tensor) else None


def really(script: Path, timeout: float, keep: Path | None) -> tuple[dict[Key, list[list[int]]], str]:
    """The shapes of a script's expressions when it runs, and the error that ended it, if one did."""
    with tempfile.TemporaryDirectory() as folder:
        out = _kept(script, keep) if keep else Path(folder) / "shapes.json"
        if out.exists():
            return _told(out, script)
        # Forked, because importing torch and transformers takes longer than most scripts.
        child = multiprocessing.get_context("fork").Process(target=_recorded, args=(str(script), str(out), folder))
        child.start()
        child.join(timeout)
        if child.is_alive():
            child.kill()
            child.join()
            return {}, "time limit"
        return _told(out, script) if out.exists() else ({}, "the run left nothing")


def _recorded(script: str, out: str, folder: str) -> None:
    """Record a script in this process, quietly, from a folder of its own."""
    os.chdir(folder)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
        record(script, out)


def prepare() -> None:
    """Import what every real run needs, before any of them is forked."""
    importlib.import_module("torch").set_num_threads(1)
    with contextlib.suppress(ImportError):
        library = importlib.import_module("transformers")
        for name in ("AutoModel", "AutoTokenizer", "BertModel", "BertTokenizerFast", "Trainer"):
            getattr(library, name, None)  # its parts are imported when they are asked for


def _kept(script: Path, folder: Path) -> Path:
    """The file in which what a run of this very text, in its place, showed is kept."""
    folder.mkdir(parents=True, exist_ok=True)
    told = str(script).encode() + b"\0" + script.read_bytes()
    return folder.resolve() / f"{hashlib.sha256(told).hexdigest()[:20]}.json"


def _told(out: Path, script: Path) -> tuple[dict[Key, list[list[int]]], str]:
    told = json.loads(out.read_text("utf-8"))
    rows = ((str((script.parent / file).resolve()), *place) for file, *place in told["rows"])
    return {row[:5]: row[5] for row in rows}, told["error"]


# -- what the interpreter knows --------------------------------------------------------------------------------------


def statically(script: Path) -> dict[Key, list[Any]]:
    """The shapes that the interpreter finds for the expressions of a script and what it imports, by place."""
    from shapecheck.interp import watch

    found: dict[Key, list[Any]] = {}
    for span, seen in watch(script)[1].items():
        key = (str(Path(span.path).resolve()), span.line, span.column, span.end_line, span.end_column)
        found[key] = [tensor.shape for tensor in seen.tensors]
    return found


def fits(shape: Any, real: list[int]) -> bool:
    """Whether a real shape may be what the interpreter found: numbers agree, a name is one number throughout."""
    if shape.rank is None:
        return len(shape.dims) <= len(real)
    if shape.rank != len(real):
        return False
    bound: dict[Any, int] = {}
    sizes = sorted(zip(shape.dims, real, strict=True), key=lambda pair: len(str(pair[0])))
    return all(_agrees(dim.expr, size, bound) for dim, size in sizes)


def _agrees(expr: Any, size: int, bound: dict[Any, int]) -> bool:
    from shapecheck.algebra import Name, lower

    if expr is None:
        return True
    if isinstance(expr, int):
        return expr == size
    (atoms, factor), *rest = expr.terms
    if not rest and len(atoms) == 1 and factor == 1 and isinstance(atoms[0], Name):
        return bound.setdefault(atoms[0], size) == size and size >= atoms[0].least
    number = _value(expr, bound)
    return number == size if number is not None else lower(expr) <= size


def _value(expr: Any, bound: dict[Any, int]) -> int | None:
    """What an expression comes to, where every name in it has a number."""
    from shapecheck.algebra import Name

    if isinstance(expr, int):
        return expr
    total = 0
    for atoms, factor in expr.terms:
        product = factor
        for atom in atoms:
            part = bound.get(atom) if isinstance(atom, Name) else _call(atom, bound)
            if part is None:
                return None
            product *= part
        total += product
    return total


def _call(atom: Any, bound: dict[Any, int]) -> int | None:
    left, right = _value(atom.left, bound), _value(atom.right, bound)
    if left is None or right is None:
        return None
    return {"//": lambda: left // right, "%": lambda: left % right, "max": lambda: max(left, right)}[atom.op]()


# -- the comparison --------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Agreement:
    """How one script came out: counts of expressions, and those that contradict or are not known."""

    total: int = 0
    known: int = 0
    part: int = 0
    wrong: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


def compare(real: dict[Key, list[list[int]]], found: dict[Key, list[Any]]) -> Agreement:
    """Set the real shapes against those that were found."""
    out = Agreement()
    for key, shapes in sorted(real.items()):
        out.total += 1
        candidates = found.get(key, [])
        text = f"{Path(key[0]).name}:{key[1]}: {_text(key)}  really {' or '.join(map(str, map(tuple, shapes)))}"
        known = [shape for shape in candidates if shape.rank is not None and all(dim.known for dim in shape.dims)]
        if candidates and not all(any(fits(shape, size) for shape in candidates) for size in shapes):
            out.wrong.append(f"{text}, found {' or '.join(map(str, candidates))}")
        elif known:
            out.known += 1
        elif candidates:
            out.part += 1
            out.missing.append(f"{text}, found {' or '.join(map(str, candidates))}")
        else:
            out.missing.append(text)
    return out


def _text(key: Key) -> str:
    line = Path(key[0]).read_text("utf-8").splitlines()[key[1] - 1]
    return line[key[2] - 1 : key[4] - 1 if key[3] == key[1] else None][:70]


def report(script: Path, timeout: float, verbose: bool, keep: Path | None) -> Agreement:
    """Compare one script, and print how it came out."""
    real, error = really(script, timeout, keep)
    out = compare(real, statically(script))
    ended = f"  ({error[:80]})" if error else ""
    print(f"{script}: {out.known} of {out.total} known, {out.part} in part, {len(out.wrong)} wrong{ended}")
    for line in [
        *(f"  WRONG {text}" for text in out.wrong),
        *(f"  not known {text}" for text in out.missing if verbose),
    ]:
        print(line)
    return out


def scripts(paths: list[Path]) -> Iterator[Path]:
    """The scripts that the paths name."""
    for path in paths:
        yield from sorted(path.rglob("*.py")) if path.is_dir() else [path]


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="+", type=Path)
    parser.add_argument("--verbose", action="store_true", help="list what is not known")
    parser.add_argument("--timeout", type=float, default=300.0, metavar="SECONDS")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep what the runs showed, and do not run again")
    options = parser.parse_args()
    prepare()
    results = [
        report(script.resolve(), options.timeout, options.verbose, options.keep) for script in scripts(options.paths)
    ]
    total, known = sum(r.total for r in results), sum(r.known for r in results)
    wrong = sum(len(r.wrong) for r in results)
    print(f"\n{known} of {total} tensor expressions known ({known / max(total, 1):.1%}), {wrong} contradicted")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
