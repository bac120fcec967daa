"""How the lines of a file are laid out that is not there, from the code that takes them apart. Pure."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, TypeGuard

Kind = Literal["text", "label", "class", "float", "ids"]
"""What stands in a field: a text, a label, the number of a class, another number, or numbers with blanks between."""

_CLASS = re.compile(r"(^|_)(labels?|tag|class|target|intent|stars?|y)$", re.I)
_ROW = re.compile(
    r"^(line|row|items?|parts?|fields?|cols?|columns?|toks?|tokens?|splits?|record|data|ex(ample)?)$", re.I
)


@dataclass
class Layout:
    """The fields of one line.

    Attributes:
        separator: what stands between them.
        kinds: what is known of each, by its number; -1 is the last one.
        count: how many there are.
    """

    separator: str
    kinds: dict[int, Kind] = field(default_factory=dict)
    count: int = 0

    def kind(self, number: int) -> Kind:
        """What stands in a field."""
        return self.kinds.get(number) or (number == self.count - 1 and self.kinds.get(-1)) or "text"


def layout(reader: str, line: int | None = None, usual: str | None = None) -> Layout | None:
    """What the code of a reader says about the lines that it splits; None where it says nothing of their fields.

    Args:
        reader: the text of the file that reads.
        line: where it opens the file: what the function there says goes before the rest.
        usual: the separator that the name of the file promises.

    >>> found = layout('items = line.split("\\t")\\nlabel, ids = int(items[0]), [int(d) for d in items[2].split()]')
    >>> found.count, [found.kind(number) for number in range(3)]
    (3, ['class', 'text', 'ids'])
    """
    try:
        module = ast.parse(reader)
    except (SyntaxError, ValueError):
        return None
    functions = (node for node in ast.walk(module) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))
    around = [node for node in functions if line and node.lineno <= line <= (node.end_lineno or node.lineno)]
    near = next(filter(None, map(_read, reversed(around))), None)
    far = _read(module) if near is None else None
    # What else a program splits at commas is no line of a file.
    return near or (far if far is not None and (line is None or far.separator in ("\t", usual)) else None)


def _read(scope: ast.AST) -> Layout | None:
    splits = [(node, sep) for node in ast.walk(scope) if (sep := _separator(node)) is not None]
    if not splits:
        return None
    found = Layout(min((sep for _, sep in splits), key=lambda sep: sep != "\t"))
    rows: set[str] = set()
    for node in ast.walk(scope):
        if isinstance(node, ast.Assign) and any(
            split is node.value and sep == found.separator for split, sep in splits
        ):
            for target in node.targets:
                if isinstance(target, ast.Tuple):
                    _unpacked(found, target, scope)
                elif isinstance(target, ast.Name):
                    rows.add(target.id)
    for number, kind in _fields(scope, rows):
        found.count = max(found.count, number + 1)
        if kind != "text":
            found.kinds.setdefault(number, kind)
    return found if found.count else None


def _separator(node: ast.AST) -> str | None:
    """The separator by which a line is split (``line.split("\\t")``, ``csv.reader(file, delimiter="\\t")``)."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return None
    if node.func.attr == "split" and node.args:
        return _text(node.args[0])
    if node.func.attr == "reader":
        return next((_text(given.value) for given in node.keywords if given.arg == "delimiter"), ",")
    return None


def _text(node: ast.expr) -> str | None:
    """A separator between fields: blanks are between words, slashes and dots in names of files."""
    given = node.value if isinstance(node, ast.Constant) else None
    return given if isinstance(given, str) and re.fullmatch(r"\t|,|;|\|+| ?\|\|\| ?|__\w+__", given) else None


def _unpacked(found: Layout, target: ast.Tuple, scope: ast.AST) -> None:
    names = [part.id if isinstance(part, ast.Name) else "" for part in target.elts]
    found.count = max(found.count, len(names))
    for number, name in enumerate(names):
        kinds = [kind for used, kind in _uses(scope) if isinstance(used, ast.Name) and used.id == name]
        kind: Kind = kinds[0] if kinds else "label" if _CLASS.search(name) else "text"
        if kind != "text":
            found.kinds.setdefault(number, kind)


def _fields(scope: ast.AST, rows: set[str]) -> Iterator[tuple[int, Kind]]:
    """The numbers by which fields are asked for, and what is made of each."""
    made = {id(node): kind for node, kind in _uses(scope)}
    for node in ast.walk(scope):
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
            number = _number(node.slice)
            if number is not None and (node.value.id in rows or _ROW.match(node.value.id)):
                yield number, made.get(id(node), "text")


def _number(node: ast.expr) -> int | None:
    try:
        value = ast.literal_eval(node)
    except ValueError:
        return None
    return value if isinstance(value, int) and -1 <= value < 50 else None


def _uses(scope: ast.AST) -> Iterator[tuple[ast.expr, Kind]]:
    """Expressions that are turned into numbers: ``int(x)``, ``float(x)``, ``[int(d) for d in x.split()]``."""
    for node in ast.walk(scope):
        if isinstance(node, (ast.ListComp, ast.GeneratorExp)):
            parts = _split_up(node.generators[0].iter)
            if parts is not None and _calls(node.elt, "int"):
                yield parts, "ids"
        elif _calls(node, "map") and len(node.args) == 2:
            parts = _split_up(node.args[1])
            if parts is not None and isinstance(node.args[0], ast.Name) and node.args[0].id == "int":
                yield parts, "ids"
        elif _calls(node, "int") and node.args:
            yield node.args[0], "class"
        elif _calls(node, "float") and node.args:
            yield node.args[0], "float"


def _calls(node: ast.AST, name: str) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name


def _split_up(node: ast.expr) -> ast.expr | None:
    """What is split into words: ``x`` of ``x.split()``."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "split":
        return node.func.value
    return None
