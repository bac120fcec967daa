"""Imports: which names are files of the program, read on demand, and which belong to libraries."""

from __future__ import annotations

import ast
import os
from functools import partial
from typing import TYPE_CHECKING

from shapecheck.errors import UnreadableSource
from shapecheck.interp import library
from shapecheck.interp.python.names import BUILTINS, HANDLERS, constant_of
from shapecheck.interp.python.objects import Deferred, LocalModule
from shapecheck.interp.scopes import Activation, Scope
from shapecheck.interp.targets import store
from shapecheck.interp.values import Builtin, Const, Items, Unknown, Value
from shapecheck.source import read
from shapecheck.syntax import Parsed, parse

if TYPE_CHECKING:
    from shapecheck.interp.machine import Interpreter

STARRED = "*"
"""The name under which a scope keeps the libraries that it imported everything from."""


class Modules:
    """The files of one program, by path: where they are looked for, and what was read of them."""

    def __init__(self, entry: str) -> None:
        self.loaded: dict[str, LocalModule] = {}
        self.entry = os.path.abspath(entry)
        self.roots = _roots(self.entry)
        self.main: LocalModule | None = None

    # -- import statements ---------------------------------------------------------------------------------------------

    def imported(self, m: Interpreter, name: str, whole: bool) -> Value:
        """What ``import name`` binds: the module itself where it gets another name, else its first package."""
        wanted = name if whole else name.partition(".")[0]
        path = self.find(wanted)
        if path is None:
            return Builtin(wanted)
        return Deferred(partial(self._load, path=path, name=wanted))

    def import_from(self, m: Interpreter, node: ast.ImportFrom) -> None:
        """``from module import name as other``, absolute or relative."""
        name = self._absolute(m, node)
        path = None if name is None else self.find(name, relative=bool(node.level))
        for alias in node.names:
            if alias.name == "*":
                self._star(m, name, path)
            elif path is not None and name is not None:
                loader = partial(self._member, path=path, name=name, member=alias.name)
                store(m, alias.asname or alias.name, Deferred(loader))
            else:
                library_name = f"{name}.{alias.name}" if name and not node.level else None
                store(m, alias.asname or alias.name, constant_of(library_name) if library_name else Unknown())

    def starred(self, scope: Scope, name: str, m: Interpreter) -> Value | None:
        """A name that a library's ``*`` may have brought."""
        sources = scope.names.get(STARRED)
        if not isinstance(sources, Items) or name.startswith("__"):
            return None
        for source in sources.items or ():
            full = f"{source.name}.{name}" if isinstance(source, Builtin) else ""
            if library.constant(full) is not None or library.lookup(full) is not None or full in HANDLERS:
                return constant_of(full)
        return None

    def _star(self, m: Interpreter, name: str | None, path: str | None) -> None:
        if path is not None and name is not None:
            module = self._load(m, path=path, name=name)
            if isinstance(module, LocalModule):
                for word, value in module.scope.names.items():
                    if not word.startswith("_"):
                        store(m, word, value)
        elif name is not None:
            old = m.scope.names.get(STARRED)
            m.scope.names[STARRED] = Items("tuple", [*(old.items or () if isinstance(old, Items) else ()), Builtin(name)])

    # -- loading -------------------------------------------------------------------------------------------------------

    def _member(self, m: Interpreter, path: str, name: str, member: str) -> Value:
        module = self._load(m, path=path, name=name)
        if isinstance(module, LocalModule):
            value = module.scope.names.get(member)
            if value is not None:
                return value.resolve(m) if type(value) is Deferred else value
            starred = self.starred(module.scope, member, m)
            if starred is not None:
                return starred
        below = _beside(os.path.join(os.path.dirname(path), member)) if path.endswith("__init__.py") else None
        if os.path.isdir(path):
            below = _beside(os.path.join(path, member))
        return self._load(m, path=below, name=f"{name}.{member}") if below is not None else Unknown()

    def _load(self, m: Interpreter, path: str, name: str) -> Value:
        known = self.loaded.get(path)
        if known is not None:
            return known
        if os.path.isdir(path):
            return self._package(path, name)
        try:
            home = parse(read(_shown(path)))
        except UnreadableSource:
            return Unknown()
        package = name if path.endswith("__init__.py") else name.rpartition(".")[0]
        module = LocalModule(name, package, home, module_scope(name))
        self.loaded[path] = module
        self.run(m, module)
        if path.endswith("__init__.py"):
            self._add_submodules(module, os.path.dirname(path), name)
        return module

    def _package(self, path: str, name: str) -> Value:
        module = LocalModule(name, name, _NOTHING, module_scope(name))
        self.loaded[path] = module
        self._add_submodules(module, path, name)
        return module

    def _add_submodules(self, module: LocalModule, folder: str, name: str) -> None:
        for entry in sorted(os.listdir(folder)):
            word = entry.removesuffix(".py")
            if word.isidentifier() and word not in module.scope.names and (path := _beside(os.path.join(folder, word))):
                module.scope.names[word] = Deferred(partial(self._load, path=path, name=f"{name}.{word}"))

    def run(self, m: Interpreter, module: LocalModule) -> None:
        """Run a file's statements in its own scope."""
        saved = m.scope, m.activation, m.context, m.home, m.conditions, m.turns
        m.scope, m.home, m.context, m.conditions, m.turns = module.scope, module.home, (), (), ()
        m.activation = Activation(None, saved[1].depth + 1, m.heap.clock)
        try:
            m.run(module.home.tree.body)
        finally:
            m.scope, m.activation, m.context, m.home, m.conditions, m.turns = saved

    # -- looking for files ---------------------------------------------------------------------------------------------

    def find(self, name: str, relative: bool = False) -> str | None:
        """The file (or package folder) of a module of the program; None for libraries."""
        parts = name.split(".")
        if not relative and (parts[0] in _LIBRARIES or f"builtins.{name}" in BUILTINS):
            return None
        for root in self.roots:
            found = _beside(os.path.join(root, *parts))
            if found is not None:
                return found
        return None

    def _absolute(self, m: Interpreter, node: ast.ImportFrom) -> str | None:
        if not node.level:
            return node.module
        package = self._package_of(m).split(".")
        if node.level - 1 > len(package):
            return None
        base = package[: len(package) - (node.level - 1)]
        return ".".join(part for part in (*base, node.module) if part)

    def _package_of(self, m: Interpreter) -> str:
        scope = m.scope.module().names.get("__package__")
        return scope.value if isinstance(scope, Const) and isinstance(scope.value, str) else ""


_LIBRARIES = frozenset(("torch", "transformers", "numpy", "typing", "os", "sys", "math", "re", "json", "random", "time", "collections"))


def module_scope(name: str, package: str | None = None) -> Scope:
    """The scope of a file that is about to be run."""
    return Scope("module", None, {"__name__": Const(name), "__package__": Const(name if package is None else package)})


def _beside(stem: str) -> str | None:
    if os.path.isfile(stem + ".py"):
        return stem + ".py"
    if os.path.isdir(stem):
        start = os.path.join(stem, "__init__.py")
        return start if os.path.isfile(start) else stem
    return None


def _roots(entry: str) -> list[str]:
    """Where absolute imports of the program are looked for: beside the script, above its packages, a ``src`` beside those."""
    folder = os.path.dirname(entry)
    roots = [folder]
    top = folder
    while os.path.isfile(os.path.join(top, "__init__.py")) and os.path.dirname(top) != top:
        top = os.path.dirname(top)
    roots.append(top)
    above = top
    for _ in range(4):
        for mark in ("pyproject.toml", "setup.py", "setup.cfg", ".git", "requirements.txt"):
            if os.path.exists(os.path.join(above, mark)):
                roots += [above, os.path.join(above, "src")]
                break
        above = os.path.dirname(above)
    return list(dict.fromkeys(roots))


def package_of(entry: str) -> str:
    """The dotted package that a file stands in, by the ``__init__.py`` files above it."""
    parts: list[str] = []
    folder = os.path.dirname(os.path.abspath(entry))
    while os.path.isfile(os.path.join(folder, "__init__.py")) and os.path.dirname(folder) != folder:
        parts.insert(0, os.path.basename(folder))
        folder = os.path.dirname(folder)
    return ".".join(parts)


def _shown(path: str) -> str:
    """A path as it is named in findings: from the working folder, where it lies below."""
    shown = os.path.relpath(path)
    return path if shown.startswith("..") else shown


_NOTHING = parse(read(os.devnull))
