"""Which files to check: paths as given, folders searched for Python files."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from shapecheck.errors import UsageError

EXCLUDED = frozenset(
    ".bzr .direnv .eggs .git .hg .ipynb_checkpoints .mypy_cache .nox .pants.d .pyenv .pytest_cache .pytype "
    ".ruff_cache .svn .tox "
    ".venv .vscode .idea __pycache__ __pypackages__ _build buck-out build dist node_modules site-packages venv".split()
)
"""Folders that hold no code of the user's own."""


@dataclass(slots=True)
class Discovery:
    """The files to check, in a stable order, and the folders that hold none."""

    files: list[Path] = field(default_factory=list)
    empty: list[Path] = field(default_factory=list)


def discover(
    paths: Iterable[str | Path],
    suffixes: tuple[str, ...] = (".py",),
    exclude: tuple[str, ...] = (),
    include: tuple[str, ...] = (),
) -> Discovery:
    """Find the files under ``paths``. A file that is named is always taken; a folder is searched.

    Args:
        suffixes: which files of a folder count.
        exclude: further patterns of folders or files to leave out (as in .gitignore, ``*`` and ``?``).
        include: patterns of files to take back in.

    Raises:
        UsageError: a path does not exist.
    """
    found = Discovery()
    seen: set[Path] = set()
    for path in map(Path, paths):
        if not path.exists():
            raise UsageError(f"{path} does not exist")
        if path.is_dir():
            files = [f for f in _walk(path, exclude, include) if f.suffix in suffixes]
            if not files:
                found.empty.append(path)
        else:
            files = [path]
        for file in files:
            key = Path(os.path.abspath(file))
            if key not in seen:
                seen.add(key)
                found.files.append(file)
    return found


def _walk(root: Path, exclude: tuple[str, ...], include: tuple[str, ...]) -> Iterator[Path]:
    rules = _Ignore.of(root, exclude)
    pending: list[tuple[str, _Ignore]] = [(str(root), rules)]
    while pending:
        folder, rules = pending.pop()
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError:
            continue
        if any(entry.name == ".gitignore" for entry in entries) and folder != str(root):
            rules = rules.within(Path(folder))
        folders: list[tuple[str, _Ignore]] = []
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in EXCLUDED and not rules.ignores(entry.path, True) and not _environment(entry.path):
                    folders.append((entry.path, rules))
            elif not rules.ignores(entry.path, False) or any(fnmatch.fnmatch(entry.name, p) for p in include):
                yield Path(entry.path)
        pending.extend(reversed(folders))


def _environment(folder: str) -> bool:
    return os.path.exists(os.path.join(folder, "pyvenv.cfg"))


@dataclass(frozen=True, slots=True)
class _Rule:
    pattern: str
    base: str
    negated: bool
    folders_only: bool
    anchored: bool

    def matches(self, path: str, name: str, folder: bool) -> bool:
        if self.folders_only and not folder:
            return False
        if not self.anchored:
            return fnmatch.fnmatchcase(name, self.pattern)
        inside = os.path.relpath(path, self.base).replace(os.sep, "/")
        return fnmatch.fnmatchcase(inside, self.pattern)


@dataclass(frozen=True, slots=True)
class _Ignore:
    """The .gitignore rules in force in a folder; later ones win, as in git."""

    rules: tuple[_Rule, ...]

    @classmethod
    def of(cls, root: Path, exclude: tuple[str, ...]) -> _Ignore:
        """The rules at a root: those of the repository above it, its own, and further patterns."""
        rules: list[_Rule] = []
        above = [*reversed(Path(os.path.abspath(root)).parents), Path(os.path.abspath(root))]
        start = max((i for i, folder in enumerate(above) if (folder / ".git").exists()), default=len(above) - 1)
        for folder in above[start:]:
            rules += _read(folder)
        return cls((*rules, *(r for p in exclude if (r := _rule(p, os.path.abspath(root))))))

    def within(self, folder: Path) -> _Ignore:
        """These rules and those of a folder below."""
        return _Ignore((*self.rules, *_read(Path(os.path.abspath(folder)))))

    def ignores(self, path: str, folder: bool) -> bool:
        """Whether a file or folder is left out."""
        if not self.rules:
            return False
        full, name = os.path.abspath(path), os.path.basename(path)
        verdict = False
        for rule in self.rules:
            if rule.negated == verdict and rule.matches(full, name, folder):
                verdict = not rule.negated
        return verdict


def _read(folder: Path) -> list[_Rule]:
    try:
        lines = (folder / ".gitignore").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    return [rule for line in lines if (rule := _rule(line, str(folder)))]


def _rule(line: str, base: str) -> _Rule | None:
    text = line.strip()
    if not text or text.startswith("#"):
        return None
    negated = text.startswith("!")
    text = text.removeprefix("!")
    folders_only, text = text.endswith("/"), text.rstrip("/")
    anchored = "/" in text
    text = text.removeprefix("/")
    if text.startswith("**/") and "/" not in text[3:]:
        anchored, text = False, text[3:]
    return _Rule(text, base, negated, folders_only, anchored) if text else None
