"""Imports: which names are files of the program, read on demand, and which belong to libraries."""

from __future__ import annotations

import ast
import os
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from shapecheck import disk
from shapecheck.errors import UnreadableSource
from shapecheck.interp import library, outline
from shapecheck.interp.files import Layout, absolute, beside, package_of
from shapecheck.interp.python.names import HANDLERS, constant_of
from shapecheck.interp.python.objects import Deferred, LocalModule
from shapecheck.interp.scopes import Activation, Scope
from shapecheck.interp.targets import store
from shapecheck.interp.values import Builtin, Const, Mapping, Unknown, Value
from shapecheck.source import Source
from shapecheck.syntax import parse

if TYPE_CHECKING:
    from shapecheck.interp.machine import Interpreter

_MOST_SEARCHED = 256
"""Files looked through for one that registers a name."""

STARRED = "*"
"""The name under which a scope keeps the modules that it imported everything from."""


@dataclass(slots=True, eq=False)
class Starred(Value):
    """The modules that a file imported everything from, in order: names, and files where they are of the program."""

    modules: tuple[tuple[str, str | None], ...]


class Modules:
    """The files of one program that were read so far, by path."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.loaded: dict[str, LocalModule] = {}
        self.mentioned: dict[str, str] = {}  # files that import statements named so far, with their modules' names
        self.seen: set[tuple[str, str]] = set()  # those of them, and of what they import, that were looked at
        self.registering: dict[str, list[tuple[str, str]]] = {}  # by name, the files that may register it

    # -- import statements ---------------------------------------------------------------------------------------------

    def imported(self, m: Interpreter, name: str, whole: bool) -> Value:
        """What ``import name`` binds: the module itself where it gets another name, else its first package."""
        wanted = name if whole else name.partition(".")[0]
        path = self.layout.find(wanted)
        if path is None:
            return Builtin(wanted)
        self.mentioned.setdefault(path, wanted)
        return Deferred(partial(self._load, path=path, name=wanted))

    def import_from(self, m: Interpreter, node: ast.ImportFrom) -> None:
        """``from module import name as other``, absolute or relative."""
        name = absolute(_package_of(m.scope.module()), node.module, node.level)
        path = None if name is None else self.layout.find(name)
        if path is not None and name is not None:
            self.mentioned.setdefault(path, name)
        for alias in node.names:
            inside = self.layout.of_cell(f"{name}.{alias.name}")
            if alias.name == "*":
                self._star(m, name, path)
            elif inside is not None:
                store(
                    m,
                    alias.asname or alias.name,
                    Deferred(partial(self._load, path=inside, name=f"{name}.{alias.name}")),
                )
            elif path is not None and name is not None:
                loader = partial(self._member, path=path, name=name, member=alias.name)
                store(m, alias.asname or alias.name, Deferred(loader))
            else:
                store(m, alias.asname or alias.name, constant_of(f"{name}.{alias.name}") if name else Unknown())

    def starred(self, scope: Scope, name: str, m: Interpreter) -> Value | None:
        """A name that a library's ``*`` may have brought."""
        sources = scope.names.get(STARRED)
        if not isinstance(sources, Starred) or name.startswith("_"):
            return None
        for package, path in reversed(sources.modules):
            if path is not None:
                found = self._member(m, path, package, name) if name in self.layout.text(path) else None
                if found is not None and not isinstance(found, Unknown):
                    return found
            full = f"{package}.{name}"
            if library.constant(full) is not None or library.lookup(full) is not None or full in HANDLERS:
                return constant_of(full)
        return None

    def _star(self, m: Interpreter, name: str | None, path: str | None) -> None:
        if name is not None:
            old = m.scope.names.get(STARRED)
            before = old.modules if isinstance(old, Starred) else ()
            m.scope.names[STARRED] = Starred((*before, (name, path)))

    def register(self, m: Interpreter, mapping: Mapping, key: object) -> None:
        """Before ``mapping[key]``: where the key is a name that is missing, read the imported files of which nothing
        was wanted so far and in which that name stands. Running them may register something under it."""
        if type(key) is not str or mapping.complete is not True or key in mapping.items:
            return
        self._look_around()
        for path, name in self.registering.pop(key, ()):
            if path not in self.loaded:
                self._load(m, path=path, name=name)

    def _look_around(self) -> None:
        """Take note of what the files that were mentioned since, and those that they import, may register."""
        waiting = [found for found in self.mentioned.items() if found not in self.seen]
        self.seen.update(waiting)
        while waiting and len(self.seen) < _MOST_SEARCHED:
            path, name = waiting.pop()
            for word in outline.of(path).registers:
                self.registering.setdefault(word, []).append((path, name))
            new = [found for found in self.layout.imported(path, name) if found not in self.seen]
            self.seen.update(new)
            waiting += new

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
        below = beside(os.path.join(os.path.dirname(path), member)) if path.endswith("__init__.py") else None
        if disk.is_dir(path):
            below = beside(os.path.join(path, member))
        return self._load(m, path=below, name=f"{name}.{member}") if below is not None else Unknown()

    def _load(self, m: Interpreter, path: str, name: str) -> Value:
        known = self.loaded.get(path)
        if known is not None:
            return known
        if disk.is_dir(path):
            return self._package(path, name)
        try:
            home = self.layout.tree(path)
        except UnreadableSource:
            return Unknown()
        package = package_of(path, name)
        module = LocalModule(name, package, home, module_scope(name, package))
        self.loaded[path] = module
        m.budget.imported(len(home.source.lines))
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
        for entry in disk.names(folder, r"\w+(\.py)?"):
            word = entry.removesuffix(".py")
            if word.isidentifier() and word not in module.scope.names and (path := beside(os.path.join(folder, word))):
                module.scope.names[word] = Deferred(partial(self._load, path=path, name=f"{name}.{word}"))

    def run(self, m: Interpreter, module: LocalModule) -> None:
        """Run a file's statements in its own scope.

        A file is run once: what it does stands, even where it is first wanted in an arm that is only tried out.
        """
        saved = m.scope, m.activation, m.context, m.way, m.home, m.conditions, m.turns
        layers, m.heap.layers = m.heap.layers, []
        m.scope, m.home, m.context, m.way, m.conditions, m.turns = module.scope, module.home, (), 0, (), ()
        m.activation = Activation(None, saved[1].depth + 1, m.heap.clock)
        try:
            m.run(module.home.tree.body)
        finally:
            m.scope, m.activation, m.context, m.way, m.home, m.conditions, m.turns = saved
            m.heap.layers = layers


def module_scope(name: str, package: str | None = None) -> Scope:
    """The scope of a file that is about to be run."""
    return Scope("module", None, {"__name__": Const(name), "__package__": Const(name if package is None else package)})


def _package_of(scope: Scope) -> str:
    package = scope.names.get("__package__")
    return package.value if isinstance(package, Const) and isinstance(package.value, str) else ""


_NOTHING = parse(Source(os.devnull, ""))
