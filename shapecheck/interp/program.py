"""One file from its first statement to its last, then what nobody in it uses."""

from __future__ import annotations

from shapecheck.graph import ShapeGraph
from shapecheck.interp import uncalled
from shapecheck.interp.budget import Budget, Exhausted
from shapecheck.interp.files import Layout, concerned, written
from shapecheck.interp.machine import Interpreter
from shapecheck.interp.modules import Modules, module_scope
from shapecheck.interp.python.objects import LocalModule
from shapecheck.interp.watching import Seen, Watcher
from shapecheck.places import Span
from shapecheck.syntax import Parsed


def interpret(parsed: Parsed, transformers: str | None, path: str | None = None) -> ShapeGraph:
    """Run a file as a script, then analyse the classes and functions that it never calls; ``path`` is where its imports
    are seen from, if not the place of its text."""
    m = Interpreter(_modules(parsed, transformers, path), parsed, Budget(len(parsed.source.lines)))
    return _interpreted(m, parsed)


def watch(parsed: Parsed, transformers: str | None) -> tuple[ShapeGraph, dict[Span, Seen]]:
    """The same, with the tensors that the program's expressions were found to be, by place."""
    m = Watcher(_modules(parsed, transformers), parsed, Budget(len(parsed.source.lines)))
    return _interpreted(m, parsed), m.seen


def _modules(parsed: Parsed, transformers: str | None, path: str | None = None) -> Modules:
    return Modules(Layout(path or parsed.source.path, transformers, written(parsed.source)))


def _interpreted(m: Interpreter, parsed: Parsed) -> ShapeGraph:
    modules, layout = m.modules, m.modules.layout
    if not concerned(parsed.source, layout):
        return m.graph
    module = LocalModule("__main__", layout.package, parsed, module_scope("__main__", layout.package))
    try:
        modules.run(m, module)
    except Exhausted:
        m.home = parsed
        m.not_checked(parsed.tree, "the file is too long to be followed to its end")
    uncalled.analyse(m, module)
    return m.graph
