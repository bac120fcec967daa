"""Which files to check: paths as given, folders searched for Python files and notebooks."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from shapecheck.errors import UnreadableSource, UsageError
from shapecheck.gitignore import Patterns
from shapecheck.repository import Ignored
from shapecheck.settings import EXCLUDED, NO_SETTINGS, Lookup, Settings

SUFFIXES = (".py", ".ipynb")
"""The files of a folder that count. Stubs (``.pyi``) hold nothing that runs."""

_USUAL = Patterns.of(os.sep, EXCLUDED)


@dataclass(slots=True)
class Discovery:
    """The files to check, in a stable order.

    Attributes:
        empty: folders that were named and hold none.
        unread: folders that cannot be read, with the reason.
        unfollowed: links and the like that a search leaves out, with the reason.
    """

    files: list[Path] = field(default_factory=list)
    empty: list[Path] = field(default_factory=list)
    unread: list[tuple[Path, UnreadableSource]] = field(default_factory=list)
    unfollowed: list[tuple[Path, str]] = field(default_factory=list)


def discover(
    paths: Iterable[str | Path],
    lookup: Lookup = NO_SETTINGS,
    force_exclude: bool = False,
    respect_gitignore: bool = True,
) -> Discovery:
    """Find the files under ``paths``. What is named is always taken; a folder is searched.

    Args:
        lookup: finds the settings, which say what a search leaves out.
        force_exclude: leave out what the settings exclude even where it is named.
        respect_gitignore: leave out of a search what git ignores.

    Raises:
        UsageError: a path does not exist, or a settings file is wrong.
    """
    found = Discovery()
    given = [str(path) for path in paths]
    search = _Search(found, lookup, respect_gitignore, [os.path.realpath(path) for path in given])
    seen: set[str] = set()
    for path in given:
        folder = _is_folder(path)
        if force_exclude and excluded(path, folder, lookup):
            continue
        files = list(search.walk(path)) if folder else [path]
        if not files:
            found.empty.append(Path(path))
        for file in files:
            key = os.path.abspath(file)
            if key not in seen:
                seen.add(key)
                found.files.append(Path(file))
    return found


def _is_folder(path: str) -> bool:
    """Whether a path is a folder; UsageError where there is nothing."""
    try:
        os.stat(path)
    except FileNotFoundError as why:
        raise UsageError(f"{path} does not exist") from why
    except (OSError, ValueError) as why:
        raise UsageError(f"cannot read {path}: {getattr(why, 'strerror', None) or why}") from why
    return os.path.isdir(path)


@dataclass(slots=True)
class _Search:
    """The search of folders.

    Attributes:
        found: takes what cannot be looked at.
        roots: the real paths of all that is looked at.
    """

    found: Discovery
    lookup: Lookup
    respect_gitignore: bool
    roots: list[str]

    def walk(self, root: str) -> Iterator[str]:
        """The files below a folder: those of a folder first, then those of the folders in it, by name."""
        pending = [(root, Ignored.of(os.path.abspath(root)) if self.respect_gitignore else Ignored())]
        while pending:
            folder, ignored = pending.pop()
            settings = self.lookup.of_folder(folder)
            below: list[tuple[str, Ignored]] = []
            for entry in self._entries(folder):
                is_folder = entry.is_dir(follow_symlinks=False)
                if not (is_folder or entry.is_symlink() or entry.name.endswith(SUFFIXES)):
                    continue
                full = os.path.abspath(entry.path)
                if ignored.ignores(full, is_folder) or _excluded(settings, full, is_folder):
                    continue
                if is_folder and not os.path.exists(os.path.join(entry.path, "pyvenv.cfg")):
                    below.append((entry.path, ignored.within(full) if self.respect_gitignore else ignored))
                elif not is_folder and self._readable(entry):
                    yield entry.path
            pending.extend(reversed(below))

    def _entries(self, folder: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(folder) as entries:
                return sorted(entries, key=lambda entry: entry.name)
        except OSError as why:
            reason = f"the folder cannot be read: {(why.strerror or str(why)).lower()}"
            self.found.unread.append((Path(folder), UnreadableSource(reason)))
            return []

    def _readable(self, entry: os.DirEntry[str]) -> bool:
        """Whether there is a file to read behind an entry; why not is noted, where it may have been meant to be one."""
        try:
            if entry.is_file():
                return entry.name.endswith(SUFFIXES)
            reason = self._not_a_file(entry)
        except OSError as why:
            reason = f"a link that cannot be followed: {(why.strerror or str(why)).lower()}"
        if reason:
            self.found.unfollowed.append((Path(entry.path), reason))
        return False

    def _not_a_file(self, entry: os.DirEntry[str]) -> str:
        if not entry.is_symlink():
            return "neither a file nor a folder"
        if not entry.is_dir():
            os.stat(entry.path)  # raises the reason for which it leads nowhere
            return "a link to what is neither a file nor a folder"
        target = os.path.realpath(entry.path)
        if any(target == root or target.startswith(os.path.join(root, "")) for root in self.roots):
            return ""  # looked at in its own place
        return "a link to a folder elsewhere is not followed; name it to have it checked"


def _excluded(settings: Settings, path: str, folder: bool) -> bool:
    """Whether settings exclude an absolute path itself; the folders above it are for the caller to ask about."""
    usual = _USUAL if settings.exclude is None else settings.exclude
    for patterns in (*reversed(settings.extend_exclude), usual):
        verdict = patterns.verdict(path, folder)
        if verdict is not None:
            return verdict
    return False


def excluded(path: str, folder: bool, lookup: Lookup) -> bool:
    """Whether the settings exclude a path or a folder above it, up to the one that they are for."""
    full = os.path.abspath(path)
    top = lookup.root_of(full)
    while not _excluded(lookup.of(full), full, folder):
        above = os.path.dirname(full)
        if above in (top, full):
            return False
        full, folder = above, True
    return True
