"""The user's text: compiled from a patched copy where there is one, its loops made to end after a training step."""

from __future__ import annotations

import ast
import builtins
import importlib.machinery
import io
import linecache
import sys
import tokenize
from collections.abc import Callable, Iterable
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from shapecheck.tracer.child.frames import is_user_file

_LOOP = "__shapecheck_loop__"


def read(path: str, overlay: dict[str, str]) -> str:
    """The text of a file as Python decodes it, or its patched text (kept for tracebacks and ``inspect`` too)."""
    if path in overlay:
        text = overlay[path]
        linecache.cache[path] = (len(text), None, text.splitlines(keepends=True), path)
        return text
    with open(path, "rb") as file:
        encoding, _ = tokenize.detect_encoding(file.readline)
    return Path(path).read_text(encoding)


def compiled(text: str, path: str) -> CodeType:
    """The code of a user's file. Positions are those of the text."""
    tree = ast.parse(text, path)
    for node in ast.walk(tree):
        if isinstance(node, ast.For):
            name = ast.copy_location(ast.Name(_LOOP, ast.Load()), node.iter)
            node.iter = ast.copy_location(ast.Call(name, [node.iter], []), node.iter)
    return compile(tree, path, "exec", dont_inherit=True)


def install(overlay: dict[str, str], loop: Callable[[Iterable[Any]], Iterable[Any]]) -> None:
    """Compile the project's imported modules the same way as the script; ``loop`` is put around what loops run over."""
    setattr(builtins, _LOOP, loop)
    loader = importlib.machinery.SourceFileLoader
    original = loader.get_code

    def get_code(self: Any, fullname: str) -> CodeType | None:
        path = self.get_filename(fullname)
        if is_user_file(path):
            return compiled(read(path, overlay), path)
        return original(self, fullname)

    loader.get_code = get_code  # type: ignore[method-assign]


def run(script: str, argv: list[str], overlay: dict[str, str]) -> None:
    """Run the script as ``python script argv...`` would, in this process."""
    code = compiled(read(script, overlay), script)
    module = ModuleType("__main__")
    module.__file__ = script
    module.__dict__["__builtins__"] = builtins
    sys.modules["__main__"] = module
    sys.argv = [script, *argv]
    sys.path.insert(0, str(Path(script).parent))
    sys.stdin = io.StringIO()
    exec(code, module.__dict__)
