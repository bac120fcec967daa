"""The files of a program on disk: where a module's file stands, which files concern tensors, trees already parsed."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping

from shapecheck import disk
from shapecheck.interp import outline
from shapecheck.interp.outline import Import
from shapecheck.places import NOTEBOOK
from shapecheck.source import Source, read
from shapecheck.syntax import Parsed, parse, parsed

LIBRARIES = frozenset(
    "torch transformers numpy typing os sys math re json random time collections torchvision torchaudio "
    "torchtext datasets "
    "accelerate peft sentence_transformers pandas scipy sklearn PIL tqdm einops lightning pytorch_lightning "
    "click".split()
)
"""Packages that are never read as files of the program, even where their sources lie beside it."""

_INSTALLED = ("site-packages", "dist-packages")
_KEPT_LINES = 40_000


class Layout:
    """Where the modules of one program are looked for, seen from its entry file; the version of transformers that it is
    said to be for, if any; the modules that a notebook's cells write, by their paths."""

    def __init__(
        self, entry: str, transformers: str | None = None, written: Mapping[str, Parsed] | None = None
    ) -> None:
        self.transformers = transformers
        folder = os.path.dirname(os.path.abspath(entry))
        self.written = written or {}
        top = folder
        parts: list[str] = []
        while disk.is_file(os.path.join(top, "__init__.py")) and os.path.dirname(top) != top:
            parts.insert(0, os.path.basename(top))
            top = os.path.dirname(top)
        self.package = ".".join(parts)
        self.roots = _roots(folder, top)

    def find(self, name: str) -> str | None:
        """The file (or package folder) of a module of the program; None for libraries."""
        return self.of_cell(name) or _file_of(name, self.roots, self.package.partition(".")[0])

    def of_cell(self, name: str) -> str | None:
        """The file of a module that a cell of the program writes."""
        if not self.written:
            return None
        paths = (os.path.join(root, name.replace(".", os.sep) + ".py") for root in self.roots)
        return next((path for path in paths if path in self.written), None)

    def tree(self, path: str) -> Parsed:
        """The tree of a file that was found. UnreadableSource where it cannot be read or parsed."""
        return self.written.get(path) or tree(path)

    def text(self, path: str) -> str:
        """The text of a file that was found, or one that it is a part of; of a folder an empty one."""
        return self.written[path].source.text if path in self.written else outline.text_of(path)

    def resolved(self, imports: Iterable[Import], package: str) -> Iterator[tuple[str, str]]:
        """The files of the program that stand behind imports in a package, with their modules' names."""
        return _resolved(imports, package, self.roots, self.package.partition(".")[0])

    def imported(self, path: str, name: str) -> tuple[tuple[str, str], ...]:
        """The files of the program that a module of it imports, with their modules' names."""
        return _imported(path, package_of(path, name), self.roots, self.package.partition(".")[0])


@disk.remembered(16384)
def _file_of(name: str, roots: tuple[str, ...], package: str) -> str | None:
    first, _, _ = name.partition(".")
    if first in LIBRARIES:
        return None
    stem = name.replace(".", os.sep)
    for root in roots:
        if os.path.basename(root) in _INSTALLED and first != package:
            continue
        found = beside(os.path.join(root, stem))
        if found is not None:
            return found
    return None


@disk.remembered(16384)
def _imported(path: str, inside: str, roots: tuple[str, ...], package: str) -> tuple[tuple[str, str], ...]:
    return tuple(_resolved(outline.of(path).imports, inside, roots, package))


def _resolved(
    imports: Iterable[Import], inside: str, roots: tuple[str, ...], package: str
) -> Iterator[tuple[str, str]]:
    for module, level, members in imports:
        name = absolute(inside, module, level)
        path = _file_of(name, roots, package) if name else None
        if name is None or path is None:
            continue
        yield path, name
        if not path.endswith(".py") or path.endswith("__init__.py"):
            for member in members:
                below = _file_of(f"{name}.{member}", roots, package)
                if below is not None:
                    yield below, f"{name}.{member}"


@disk.remembered(512)
def _roots(folder: str, top: str) -> tuple[str, ...]:
    """Where absolute imports are looked for: beside the script, above its packages, at the project's root and its
    ``src``."""
    roots = [folder, top]
    above = top
    for _ in range(4):
        if os.path.basename(above) in _INSTALLED:
            break
        if any(disk.exists(os.path.join(above, mark)) for mark in ("pyproject.toml", "setup.py", "setup.cfg", ".git")):
            roots.append(above)
            break
        above = os.path.dirname(above)
    roots.append(os.path.join(roots[-1], "src"))
    return tuple(dict.fromkeys(roots))


@disk.remembered(8192)
def beside(stem: str) -> str | None:
    """The file ``stem.py``, or the package folder ``stem`` (its ``__init__.py`` where it has one)."""
    if disk.is_file(stem + ".py"):
        return stem + ".py"
    if disk.is_dir(stem):
        start = os.path.join(stem, "__init__.py")
        return start if disk.is_file(start) else stem
    return None


def absolute(package: str, module: str | None, level: int) -> str | None:
    """The absolute name of ``from ..module import``, inside a package; None where it leads out of it."""
    if not level:
        return module
    parts = package.split(".") if package else []
    if level - 1 > len(parts):
        return None
    return ".".join(part for part in (*parts[: len(parts) - (level - 1)], module) if part)


def concerned(source: Source, layout: Layout) -> bool:
    """Whether a file, or a file of the program that it imports, mentions torch or transformers at all."""
    if outline.mentions_tensors(source.text):
        return True
    pending = list(layout.resolved(outline.imports(source.text), layout.package))
    seen = set(pending)
    while pending:
        path, name = pending.pop()
        if outline.of(path).tensors:
            return True
        new = [found for found in layout.imported(path, name) if found not in seen]
        seen.update(new)
        pending += new
    return False


def package_of(path: str, name: str) -> str:
    """The package that the relative imports of a module start from."""
    return name if path.endswith("__init__.py") else name.rpartition(".")[0]


def tree(path: str) -> Parsed:
    """The tree of an imported file.

    Raises:
        UnreadableSource: the file cannot be read or parsed.
    """
    return _tree(shown(path))


@disk.remembered(_KEPT_LINES, weight=lambda parsed: len(parsed.source.lines))
def _tree(name: str) -> Parsed:
    return parse(read(name))


def tree_of(source: Source) -> Parsed:
    """The tree of a text, which is kept where the text is that of a file.

    Raises:
        UnreadableSource: the text cannot be parsed.
    """
    known = _tree(source.path) if source.on_disk else None
    return known if known is not None and known.source.text == source.text else parse(source)


def written(source: Source) -> dict[str, Parsed]:
    """The modules that the cells of a notebook write, by their absolute paths; none for other texts."""
    if not source.path.endswith(NOTEBOOK):
        return {}
    from shapecheck import notebook  # most programs are none

    folder = os.path.dirname(os.path.abspath(source.path))
    modules = notebook.written(source.text).items()
    return {os.path.join(folder, path): parsed(source, tree) for path, tree in modules}


def shown(path: str) -> str:
    """A path as it is named in findings: from the working folder, where it lies below."""
    inside = os.path.relpath(path)
    return path if inside.startswith("..") else inside
