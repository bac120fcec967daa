"""The user's text: compiled from a patched copy where there is one, its loops made to end after a training step."""

from __future__ import annotations

import ast
import builtins
import importlib.abc
import importlib.machinery
import inspect
import io
import linecache
import os
import sys
import tokenize
from collections.abc import Callable, Iterable
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from shapecheck import notebook
from shapecheck.entry import root_of
from shapecheck.tracer.child.frames import is_user_file

_LOOP = "__shapecheck_loop__"
_NUMBER = "__shapecheck_number__"
_OPERAND = "__shapecheck_operand__"


def read(path: str, overlay: dict[str, str]) -> str:
    """The text of a file as Python decodes it, or its patched text (kept for tracebacks and ``inspect`` too)."""
    if path in overlay:
        text = overlay[path]
        linecache.cache[path] = (len(text), None, text.splitlines(keepends=True), path)
        return text
    if path.endswith(notebook.SUFFIX):
        text = notebook.text_of(Path(path).read_bytes())
        linecache.cache[path] = (len(text), None, text.splitlines(keepends=True), path)
        return text
    with open(path, "rb") as file:
        encoding, _ = tokenize.detect_encoding(file.readline)
    return notebook.plain(Path(path).read_text(encoding))


def compiled(text: str, path: str) -> CodeType:
    """The code of a user's file. Positions are those of the text; a notebook's is a coroutine's where it awaits."""
    return compiled_tree(ast.parse(text, path), path)


def compiled_tree(tree: ast.Module, path: str) -> CodeType:
    """The code of a tree, whose loops end after a training step."""
    for node in ast.walk(tree):
        if isinstance(node, ast.For):
            name = ast.copy_location(ast.Name(_LOOP, ast.Load()), node.iter)
            alike = ast.copy_location(ast.Constant(not _turns_differ(node)), node.iter)
            node.iter = ast.copy_location(ast.Call(name, [node.iter, alike], []), node.iter)
        elif isinstance(node, ast.Call):
            _keep_marks(node)
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT if path.endswith(notebook.SUFFIX) else 0
    code: CodeType = compile(tree, path, "exec", flags, dont_inherit=True)
    return code


def _keep_marks(call: ast.Call) -> None:
    """Let a call of ``int``, ``float`` or ``len`` hand on that a number was made up (see :mod:`.numbers`)."""
    if isinstance(call.func, ast.Name) and call.func.id in ("int", "float", "len"):
        call.func = _called(_NUMBER, call.func)
    elif isinstance(call.func, ast.Name) and call.func.id == "map" and call.args:
        call.args[0] = _called(_NUMBER, call.args[0])
    name = getattr(call.func, "attr", getattr(call.func, "id", "int"))
    if name in ("int", "round", "ceil", "floor", "trunc"):
        for argument in call.args[:1]:
            _keep_marks_of_operands(argument)


def _keep_marks_of_operands(node: ast.expr) -> None:
    """The right operands of arithmetic: a float on their left would make the number anew."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub, ast.Mult, ast.Div)):
        _keep_marks_of_operands(node.left)
        _keep_marks_of_operands(node.right)
        node.right = _called(_OPERAND, node.right)


def _called(name: str, argument: ast.expr) -> ast.Call:
    return ast.copy_location(
        ast.Call(ast.copy_location(ast.Name(name, ast.Load()), argument), [argument], []), argument
    )


def _turns_differ(loop: ast.For) -> bool:
    """Whether the loop's variable decides or counts anything in its body; to be shown or passed on is no difference."""
    targets = {node.id for node in ast.walk(loop.target) if isinstance(node, ast.Name)}
    waiting: list[ast.AST] = list(loop.body)
    while waiting:
        node = waiting.pop()
        if _only_shows(node):
            continue
        if isinstance(node, _DECIDING) and any(
            isinstance(part, ast.Name) and part.id in targets for part in ast.walk(node)
        ):
            return True
        waiting += [node.test, *node.body, *node.orelse] if isinstance(node, ast.If) else ast.iter_child_nodes(node)
    return False


_DECIDING = (ast.BinOp, ast.BoolOp, ast.UnaryOp, ast.Compare, ast.IfExp, ast.Subscript)


def _only_shows(node: ast.AST) -> bool:
    """Whether an expression makes text for people: a print, a log line, a formatted string."""
    if isinstance(node, ast.BinOp):
        return isinstance(node.left, ast.Constant) and isinstance(node.left.value, str)
    if isinstance(node, ast.Call):
        owner = node.func.value if isinstance(node.func, ast.Attribute) else node.func
        text = isinstance(owner, ast.Constant) and isinstance(owner.value, str)
        return text or (isinstance(owner, ast.Name) and owner.id in ("print", "logger", "logging", "log"))
    return isinstance(node, ast.JoinedStr)


def install(
    overlay: dict[str, str],
    loop: Callable[[Iterable[Any], bool], Iterable[Any]],
    number: Callable[[Any], Any],
    operand: Callable[[Any], Any],
) -> None:
    """Compile the project's imported modules the same way as the script.

    ``loop`` is put around what loops run over, ``number`` around the builtins that make numbers, ``operand`` around
    right operands of the arithmetic in their arguments.
    """
    setattr(builtins, _LOOP, loop)
    setattr(builtins, _NUMBER, number)
    setattr(builtins, _OPERAND, operand)
    loader = importlib.machinery.SourceFileLoader
    original = loader.get_code

    def get_code(self: Any, fullname: str) -> CodeType | None:
        path = self.get_filename(fullname)
        if is_user_file(path):
            return compiled(read(path, overlay), path)
        return original(self, fullname)

    loader.get_code = get_code  # type: ignore[method-assign]


class _Written(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports the modules that a notebook's cells write: nothing writes their files while tracing."""

    def __init__(self, script: str, modules: dict[str, ast.Module]) -> None:
        self._script, self._modules = script, modules

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        name = f"{fullname.replace('.', os.sep)}.py"
        if name not in self._modules:
            return self._package(fullname)
        origin = str(Path(self._script).parent / name)
        return importlib.machinery.ModuleSpec(fullname, self, origin=origin)

    def _package(self, fullname: str) -> importlib.machinery.ModuleSpec | None:
        """A folder that modules are written into, where there is none to import."""
        folder = Path(self._script).parent.joinpath(*fullname.split("."))
        below = fullname.replace(".", os.sep) + os.sep
        if folder.exists() or not any(name.startswith(below) for name in self._modules):
            return None
        spec = importlib.machinery.ModuleSpec(fullname, None, is_package=True)
        spec.submodule_search_locations = [str(folder)]
        return spec

    def exec_module(self, module: ModuleType) -> None:
        name = f"{module.__name__.replace('.', os.sep)}.py"
        if module.__spec__ is not None and module.__spec__.origin is not None:
            module.__file__ = module.__spec__.origin
        exec(compiled_tree(self._modules[name], self._script), module.__dict__)


def package_of(path: Path) -> tuple[Path, str]:
    """The folder that holds a file's outermost package, and the dotted name of the innermost."""
    folder, parts = path.parent, list[str]()
    while (folder / "__init__.py").is_file():
        parts.insert(0, folder.name)
        folder = folder.parent
    return folder, ".".join(parts)


def _imports_relatively(text: str) -> bool:
    return any(isinstance(node, ast.ImportFrom) and node.level > 0 for node in ast.walk(ast.parse(text)))


def _package(name: str, script: str) -> str:
    """The package that a module runs in: a package's own ``__main__`` runs in it."""
    is_package = Path(script).name == "__main__.py" and not name.endswith("__main__")
    return name if is_package else name.rpartition(".")[0]


def _of_jupyter() -> dict[str, Any]:
    """Names that every cell of a notebook knows."""
    from shapecheck.tracer.standins.absorb import Absorbing

    return {"display": lambda *args, **kwargs: None, "get_ipython": lambda: Absorbing("get_ipython()")}


def run(script: str, argv: list[str], overlay: dict[str, str], name: str = "") -> None:
    """Run the script as ``python script argv...`` would, in this process.

    With the name of a module, or with relative imports, as ``python -m`` does: as part of its package.
    """
    text = read(script, overlay)
    code = compiled(text, script)
    folder, package = Path(script).parent, ""
    module = ModuleType("__main__")
    if name:
        folder, package = root_of(name, Path(script)), _package(name, script)
        full = f"{package}.{Path(script).stem}" if package else name
        module.__spec__ = importlib.machinery.ModuleSpec(full, None, origin=script)
        module.__package__ = package
    elif _imports_relatively(text):
        folder, package = package_of(Path(script))
        module.__package__ = package
    module.__file__ = script
    module.__dict__["__builtins__"] = builtins
    if script.endswith(notebook.SUFFIX) or ("%%" in text and "get_ipython" in text):  # cells of a script, in VS Code
        module.__dict__.update(_of_jupyter())
    if script.endswith(notebook.SUFFIX):
        sys.meta_path.insert(0, _Written(script, notebook.written(text)))
    sys.modules["__main__"] = module
    sys.argv = [script, *argv]
    sys.path.insert(0, str(folder))
    sys.stdin = io.StringIO()
    if package:
        importlib.import_module(package)
    if code.co_flags & inspect.CO_COROUTINE:
        import asyncio  # only where a notebook awaits

        asyncio.run(eval(code, module.__dict__))
    else:
        exec(code, module.__dict__)
