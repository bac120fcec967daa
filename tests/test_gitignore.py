"""What git ignores, held against git itself."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shapecheck.discovery import discover
from shapecheck.gitignore import Patterns
from shapecheck.settings import Lookup

PIECES = [*"abc*?[]!^-\\/ #:é", "**", "**/", "/**", ".py", "*.py", "[a-b]", "[!a]", "[[:alpha:]]", "[[:no:]]", "\\ "]
PIECES += ["[b-a]", "[]a]", "[\\]a]", "a", "b", "/", "*", "a/", "b.py", "\t", "\r"]
LINE = st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map("".join)
LINES = st.lists(LINE, max_size=3)

NAMES = [
    "a.py",
    "b.py",
    "ab.py",
    "a b.py",
    "é.py",
    "].py",
    "a-b.py",
    "#a.py",
    "!a.py",
    "\\.py",
    " .py",
    "a.py ",
    "[.py",
]
FOLDERS = ["", "a", "b", "c", "a/b", "a/a", "b/a", "a/b/a", "é", "a b", "c/[", "c/!a"]


class Repository:
    """A real repository, whose user has a configuration of its own."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "repository"
        self.user = folder / "user-ignores"
        (folder / "gitconfig").write_text(f"[core]\n\texcludesFile = {self.user}\n")
        self.root.mkdir()
        self.git("init", "-q")

    def git(self, *words: str) -> bytes:
        return subprocess.run(["git", "-C", str(self.root), *words], capture_output=True, check=True).stdout

    def write(self, name: str, text: str = "") -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.fsencode(text))

    def left_by_git(self) -> set[str]:
        """What git would add, as far as it is Python."""
        listed = self.git("ls-files", "--others", "--exclude-standard", "-z").split(b"\0")
        return {name for name in map(os.fsdecode, listed) if name.endswith((".py", ".ipynb"))}

    def left_by_us(self) -> set[str]:
        found = discover([self.root], Lookup(isolated=True))
        return {os.path.relpath(file, self.root) for file in found.files}


@pytest.fixture(scope="module")
def environment() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory, environment: pytest.MonkeyPatch) -> Repository:
    folder = tmp_path_factory.mktemp("user")
    environment.setenv("GIT_CONFIG_GLOBAL", str(folder / "gitconfig"))
    environment.setenv("GIT_CONFIG_NOSYSTEM", "1")
    made = Repository(folder)
    for inside in FOLDERS:
        for name in NAMES if inside.count("/") < 2 else NAMES[:3]:
            made.write(os.path.join(inside, name))
    return made


@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(root=LINES, below=LINES, deep=LINES, clone=LINES, user=LINES, line_end=st.sampled_from(["\n", "\r\n"]))
def test_a_search_leaves_out_what_git_ignores_and_nothing_else(
    repository: Repository,
    root: list[str],
    below: list[str],
    deep: list[str],
    clone: list[str],
    user: list[str],
    line_end: str,
) -> None:
    for name, lines in ((".gitignore", root), ("a/.gitignore", below), ("a/b/.gitignore", deep)):
        repository.write(name, line_end.join(lines))
    repository.write(".git/info/exclude", "\n".join(clone))
    repository.user.write_bytes(os.fsencode("\n".join(user)))
    assert repository.left_by_us() == repository.left_by_git()


@pytest.mark.parametrize(
    "lines",
    [
        ["/gen/", "*out*.py", "!keep_out.py"],
        ["*", "!*/", "!a.py"],
        ["a/**", "!a/b/", "!a/b/a.py"],
        ["**/b/*.py", "!**/b/ab.py"],
        ["a/**/a/", "foo**/x"],
        ["[[:alpha:]].py", "[!b]b.py", "\\#a.py", "\\!a.py"],
        ["a b.py  ", "a.py\\ ", "é.py"],
        ["a/", "!a"],
        ["\ufeff", "#a.py", "\\", "[", "[a-", "!"],
        ["\ufeffa.py"],
        ["a/b", "b/", "/c"],
    ],
    ids=" ".join,
)
def test_patterns_mean_what_they_mean_to_git(repository: Repository, lines: list[str]) -> None:
    for name in ("a/.gitignore", "a/b/.gitignore", ".git/info/exclude"):
        repository.write(name)
    repository.user.write_text("")
    repository.write(".gitignore", "\n".join(lines))
    assert repository.left_by_us() == repository.left_by_git()


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    made = Repository(tmp_path)
    for name in ("a.py", "A.py", "b.py", "sub/a.py", "sub/b.py"):
        made.write(name)
    return made


def test_the_users_own_file_is_the_usual_one_where_none_is_configured(
    fresh: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "gitconfig").write_text("")
    (tmp_path / "home" / "git").mkdir(parents=True)
    (tmp_path / "home" / "git" / "ignore").write_text("b.py\n")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    assert fresh.left_by_us() == fresh.left_by_git() == {"a.py", "A.py", "sub/a.py"}


def test_without_git_its_files_are_heeded_all_the_same(
    fresh: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fresh.write(".gitignore", "b.py\n")
    fresh.write(".git/info/exclude", "A.py\n")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert fresh.left_by_us() == {"a.py", "sub/a.py"}


def test_case_matters_as_it_does_to_git(fresh: Repository) -> None:
    fresh.write(".gitignore", "a.py\n")
    assert fresh.left_by_us() == fresh.left_by_git() == {"A.py", "b.py", "sub/b.py"}
    other = fresh.root.parent / "folding"
    fresh.root.rename(other)
    fresh.root = other
    fresh.git("config", "core.ignoreCase", "true")
    assert fresh.left_by_us() == fresh.left_by_git() == {"b.py", "sub/b.py"}


def test_a_work_tree_goes_by_the_exclude_file_of_its_clone(fresh: Repository, tmp_path: Path) -> None:
    who = ("-c", "user.name=A", "-c", "user.email=a@b.c")
    fresh.git(*who, "commit", "-q", "--allow-empty", "-m", "Begin")
    fresh.git("worktree", "add", "-q", str(tmp_path / "tree"))
    fresh.write(".git/info/exclude", "b.py\n")
    fresh.root = tmp_path / "tree"
    for name in ("a.py", "b.py"):
        fresh.write(name)
    assert fresh.left_by_us() == fresh.left_by_git() == {"a.py"}


def test_a_repository_in_a_repository_goes_by_its_own_files(fresh: Repository) -> None:
    fresh.write(".gitignore", "b.py\n")
    subprocess.run(["git", "init", "-q", str(fresh.root / "sub")], check=True)
    fresh.write("sub/.gitignore", "a.py\n")
    assert fresh.left_by_us() == {"a.py", "A.py", "sub/b.py"}


def test_a_gitignore_that_is_a_link_is_not_followed(fresh: Repository) -> None:
    fresh.write("patterns", "a.py\n")
    (fresh.root / ".gitignore").symlink_to("patterns")
    assert fresh.left_by_us() == {"a.py", "A.py", "b.py", "sub/a.py", "sub/b.py"}


def test_a_search_that_begins_below_the_root_goes_by_the_files_above_it(fresh: Repository) -> None:
    fresh.write(".gitignore", "/sub/b.py\n")
    found = discover([fresh.root / "sub"], Lookup(isolated=True))
    assert [file.name for file in found.files] == ["a.py"]


def test_a_folder_above_decides_where_a_whole_path_is_asked_for() -> None:
    patterns = Patterns.of("/project", ["tests/", "!tests/keep.py"])
    assert patterns.ignores("/project/tests/deep/x.py")
    assert patterns.ignores("/project/tests/keep.py")
    assert not patterns.ignores("/project/src/tests.py")
    assert patterns.ignores("/elsewhere/tests/x.py")
