"""What git ignores: by the .gitignore files of a repository, its ``info/exclude``, and the user's own file."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache

from shapecheck.gitignore import Patterns


@dataclass(frozen=True, slots=True)
class Ignored:
    """The patterns in force in a folder, the weakest first.

    Attributes:
        ignore_case: whether git takes names that differ in case alone for the same (``core.ignoreCase``).
    """

    levels: tuple[Patterns, ...] = ()
    ignore_case: bool = False

    @classmethod
    def of(cls, folder: str) -> Ignored:
        """The patterns in force in a folder (an absolute path); outside of any repository its own alone."""
        top = _top(folder)
        if top is None:
            return cls().within(folder)
        user, ignore_case = _configured(top)
        rules = cls((_read(user, top, ignore_case), _read(_info(top), top, ignore_case)), ignore_case)
        below = top
        rules = rules._with_own(below)
        for part in os.path.relpath(folder, top).split(os.sep) if folder != top else ():
            below = os.path.join(below, part)
            rules = rules._with_own(below)
        return rules

    def within(self, folder: str) -> Ignored:
        """The patterns in force in a folder just below; a repository in a repository goes by its own alone."""
        return Ignored.of(folder) if os.path.lexists(os.path.join(folder, ".git")) else self._with_own(folder)

    def _with_own(self, folder: str) -> Ignored:
        path = os.path.join(folder, ".gitignore")
        if os.path.islink(path):  # git does not follow it either
            return self
        own = _read(path, folder, self.ignore_case)
        return Ignored((*self.levels, own), self.ignore_case) if own.patterns else self

    def ignores(self, path: str, folder: bool) -> bool:
        """Whether a file or folder (an absolute path) is ignored, all folders above it not being so."""
        for patterns in reversed(self.levels):
            verdict = patterns.verdict(path, folder)
            if verdict is not None:
                return verdict
        return False


def _top(folder: str) -> str | None:
    """The root of the repository that a folder lies in."""
    while not os.path.lexists(os.path.join(folder, ".git")):
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above
    return folder


def _read(path: str | None, base: str, ignore_case: bool) -> Patterns:
    try:
        with open(path or "", "rb") as file:
            return Patterns.of_file(base, file.read(), ignore_case)
    except OSError:
        return Patterns(base)


def _info(top: str) -> str:
    """The file of patterns that belong to one clone. Work trees and submodules keep what is git's elsewhere."""
    git = os.path.join(top, ".git")
    git = os.path.join(top, _line(git).removeprefix("gitdir:").strip()) if os.path.isfile(git) else git
    return os.path.join(git, _line(os.path.join(git, "commondir")), "info", "exclude")


def _line(path: str) -> str:
    try:
        with open(path, "rb") as file:
            return os.fsdecode(file.read(4096)).strip("\n")
    except OSError:
        return ""


@lru_cache(maxsize=64)
def _configured(top: str) -> tuple[str | None, bool]:
    """The user's own file of patterns, and whether names that differ in case alone are the same; as git says."""
    import subprocess  # a tenth of a second for searches is much, for single files far too much

    user = os.path.join(os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config"), "git", "ignore")
    ask = ["git", "-C", top, "config", "-z", "--type=path", "--get-regexp", r"^core\.(excludesfile|ignorecase)$"]
    try:
        done = subprocess.run(ask, capture_output=True, timeout=10)
    except (OSError, subprocess.SubprocessError):  # no git here
        return user, False
    told = dict(os.fsdecode(entry).partition("\n")[::2] for entry in done.stdout.split(b"\0") if entry)
    file = told.get("core.excludesfile", user)
    return (os.path.join(top, file) if file else None), told.get("core.ignorecase", "") in ("true", "yes", "on", "1")
