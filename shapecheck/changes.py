"""Which lines changed since a revision: the working tree, staged or not, against the commit where it branched off."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher
from functools import cached_property
from pathlib import Path

from shapecheck.edits import equal_start, lines_of
from shapecheck.errors import UnreadableSource, UsageError
from shapecheck.findings import Finding
from shapecheck.places import Span
from shapecheck.selection import ALWAYS, nearest
from shapecheck.source import decode

_OF_A_HOOK = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR")
"""What git tells its hooks of the repository that it works on; it would stand in the way of any other one."""

_LONG = 2000
"""Changed lines from which on a comparison takes frequent lines for noise, to be done in time."""


def changed_lines(before: str, after: str) -> set[int]:
    """The lines of a text, counted from 1, that an older one did not have, or beside which it had others.

    Line ends do not count.
    """
    old, new = ([line.rstrip("\r\n") for line in lines_of(text)] for text in (before, after))
    head = equal_start(old, new)
    tail = equal_start(old[head:][::-1], new[head:][::-1])
    old, new = old[head : len(old) - tail], new[head : len(new) - tail]
    changed: set[int] = set()
    for tag, _, _, first, last in SequenceMatcher(None, old, new, autojunk=len(new) > _LONG).get_opcodes():
        if tag == "delete":  # what stood there may be why the lines around it are wrong now
            changed |= {head + first, head + first + 1}
        elif tag != "equal":
            changed |= set(range(head + first + 1, head + last + 1))
    return changed


class Changes:
    """What changed since a revision, in every repository that files lie in.

    A submodule is compared with the commit that its superproject had then.
    """

    def __init__(self, revision: str, paths: Iterable[str | Path] = ()) -> None:
        """UsageError where the repositories of the paths have no such revision: before anything is looked at."""
        if revision.startswith("-") or not revision:
            raise UsageError(f"--since wants a revision, such as origin/main or HEAD~1, not {revision!r}")
        self.revision = revision
        self._repositories: dict[str, _Repository] = {}
        self._roots: dict[str, str | None] = {}
        self._lines: dict[tuple[str, str | None], set[int] | None] = {}
        self._home = self._root(os.path.realpath(os.getcwd()))
        for path in map(os.path.realpath, paths):
            root = self._root(path if os.path.isdir(path) else os.path.dirname(path))
            if root is not None:
                self._repository(root)

    def require(self, path: str) -> None:
        """UsageError where a file lies in no repository."""
        if self._root(os.path.dirname(os.path.realpath(path))) is None:
            raise UsageError(f"{path} lies in no git repository, and --since {self.revision} compares with one")

    def touch(self, finding: Finding, sources: Mapping[str, str]) -> bool:
        """Whether a line that a finding speaks of changed; for a file that cannot be read or parsed, any line of it.

        Args:
            sources: the texts of files as they were looked at, by path.
        """
        return any(self._touched(place, sources.get(place.path), finding.rule in ALWAYS) for place in finding.places)

    def _touched(self, place: Span, text: str | None, anywhere: bool) -> bool:
        if (place.path, text) not in self._lines:
            self._lines[place.path, text] = self._changed(place.path, text)
        lines = self._lines[place.path, text]
        if lines is None or anywhere:
            return lines is None or bool(lines)
        return any(line in lines for line in range(place.line, max(place.line, place.end_line) + 1))

    def _changed(self, path: str, text: str | None) -> set[int] | None:
        """The changed lines of a file; None for all. A file without a text is compared byte for byte."""
        real = os.path.realpath(path)
        root = self._root(os.path.dirname(real))
        if root is None:
            return set()
        repository = self._repository(root)
        before = repository.before(Path(os.path.relpath(real, root)).as_posix())
        if before is None:
            return None
        try:
            if text is None:
                return set() if Path(real).read_bytes() == before else None
            return changed_lines(decode(before, path).text, text)
        except (UnreadableSource, OSError):
            return None

    def _root(self, folder: str) -> str | None:
        """The repository that a folder lies in."""
        if folder not in self._roots:
            above = os.path.dirname(folder)
            here = folder if os.path.exists(os.path.join(folder, ".git")) else None
            self._roots[folder] = here or (self._root(above) if above != folder else None)
        return self._roots[folder]

    def _repository(self, root: str) -> _Repository:
        if root not in self._repositories:
            self._repositories[root] = _Repository(root, self._base(root))
        return self._repositories[root]

    def _base(self, root: str) -> str | None:
        """The commit to compare a repository with; None where the superproject had no such submodule then."""
        above = "" if root == self._home else _said(root, "rev-parse", "--show-superproject-working-tree")
        if not above:
            return _branched_off(root, self.revision)
        outer = self._repository(os.path.realpath(above))
        commit = outer.submodule(Path(os.path.relpath(root, outer.root)).as_posix())
        if commit is not None and _git(root, "cat-file", "-e", f"{commit}^{{commit}}").returncode:
            raise UsageError(f"the submodule {root} lacks the commit {commit[:12]} that it was at: git fetch in it")
        return commit


class _Repository:
    """One repository, and the commit that its files are compared with."""

    def __init__(self, root: str, base: str | None) -> None:
        self.root, self.base = root, base

    def before(self, path: str) -> bytes | None:
        """What a file was, under this name or the one that it was renamed from; None where there was no such file."""
        if self.base is None:
            return None
        blob = self._blob(path) or (self._blob(self._renamed[path]) if path in self._renamed else None)
        return _out(self.root, "cat-file", "blob", blob) if blob else None

    def submodule(self, path: str) -> str | None:
        """The commit that a submodule was at."""
        found = self.base and _out(self.root, "ls-tree", "-z", self.base, "--", f":(literal){path}")
        words = found.decode(errors="replace").split() if found else []
        return words[2] if words[1:2] == ["commit"] else None

    def _blob(self, path: str) -> str | None:
        asked = _git(self.root, "rev-parse", "--verify", "--quiet", f"{self.base}:{path}")
        return asked.stdout.decode().strip() or None

    @cached_property
    def _renamed(self) -> dict[str, str]:
        """The old name of each file that git takes for a renamed one, by its new name."""
        status = ("--name-status", "-z", "--find-renames", "--diff-filter=R")
        told = _out(self.root, "diff", *status, "--no-ext-diff", "--ignore-submodules", str(self.base), "--")
        words = [os.fsdecode(word) for word in told.split(b"\0")]
        return dict(zip(words[2::3], words[1::3], strict=False))


def _branched_off(root: str, revision: str) -> str:
    """The last commit that HEAD and a revision have in common. UsageError where there is none, or no such revision."""
    asked = _git(root, "rev-parse", "--verify", f"{revision}^{{commit}}")
    if asked.returncode and b"single revision" not in asked.stderr:
        raise _refused(asked)
    if asked.returncode:
        names = _said(root, "for-each-ref", "--format=%(refname:short)").split()
        raise UsageError(f"--since: there is no revision {revision} here{nearest(revision, names) or _shallow(root)}")
    found = _git(root, "merge-base", asked.stdout.decode().strip(), "HEAD")
    if not found.stdout.strip():
        raise UsageError(f"--since: {revision} and HEAD have no commit in common here{_shallow(root)}")
    return found.stdout.decode().split()[0]


def _shallow(root: str) -> str:
    shallow = _said(root, "rev-parse", "--is-shallow-repository") == "true"
    return "; this clone is shallow: git fetch --unshallow brings the rest" if shallow else ""


def _said(root: str, *arguments: str) -> str:
    return os.fsdecode(_out(root, *arguments)).strip()


def _out(root: str, *arguments: str) -> bytes:
    """What git prints; UsageError with its own words where it fails."""
    done = _git(root, *arguments)
    if done.returncode:
        raise _refused(done)
    return done.stdout


def _refused(done: subprocess.CompletedProcess[bytes]) -> UsageError:
    words = done.stderr.decode(errors="replace").strip().splitlines() or ["it ended without a word"]
    return UsageError(f"--since asks git, which says: {words[0]}")


def _git(root: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Ask git about a repository, changing nothing in it and starting nothing that it may be set up to start."""
    environment = {key: value for key, value in os.environ.items() if key not in _OF_A_HOOK}
    environment |= {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}
    command = ["git", "-C", root, "-c", "core.fsmonitor=false", *arguments]
    try:
        return subprocess.run(command, env=environment, capture_output=True, stdin=subprocess.DEVNULL)
    except FileNotFoundError as why:
        raise UsageError("--since needs git, which is not installed") from why
