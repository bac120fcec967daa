"""Which files a path means."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from shapecheck.discovery import discover
from shapecheck.errors import UsageError
from shapecheck.settings import NO_SETTINGS, Lookup

NONE = NO_SETTINGS


def tree(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("")
    return folder


def found(folder: Path, *paths: str, lookup: Lookup = NONE, force: bool = False, git: bool = True) -> list[str]:
    files = discover([folder / p for p in paths] or [folder], lookup, force, git).files
    return [str(path.relative_to(folder)) for path in files]


def test_a_folder_is_searched_in_a_stable_order(tmp_path: Path) -> None:
    tree(tmp_path, "b.py", "a.py", "pkg/z.py", "pkg/deep/y.py", "c.ipynb", "notes.txt", "a.pyc", "a.pyi")
    assert found(tmp_path) == ["a.py", "b.py", "c.ipynb", "pkg/z.py", "pkg/deep/y.py"]


def test_folders_that_hold_no_code_of_the_user_are_left_out(tmp_path: Path) -> None:
    tree(
        tmp_path,
        "a.py",
        ".venv/x.py",
        "build/x.py",
        "node_modules/x.py",
        "__pycache__/x.py",
        ".git/x.py",
        "env/x.py",
        "env/pyvenv.cfg",
    )
    assert found(tmp_path) == ["a.py"]


def test_gitignore_is_honoured_at_every_level(tmp_path: Path) -> None:
    tree(
        tmp_path, "a.py", "gen/x.py", "out_1.py", "keep_out.py", "pkg/tmp/x.py", "pkg/b.py", "pkg/c.py", "deep/gen/y.py"
    )
    (tmp_path / ".git").mkdir()
    (tmp_path / ".gitignore").write_text("# generated\n/gen/\n*out*.py\n!keep_out.py\n")
    (tmp_path / "pkg" / ".gitignore").write_text("tmp\nc.py\n")
    assert found(tmp_path) == ["a.py", "keep_out.py", "deep/gen/y.py", "pkg/b.py"]


def test_a_file_that_is_named_is_taken_even_where_it_is_ignored_and_only_once(tmp_path: Path) -> None:
    tree(tmp_path, "build/x.py", "script")
    assert found(tmp_path, "build/x.py", "script", "build/x.py") == ["build/x.py", "script"]


def test_a_folder_without_python_files_is_reported_and_a_missing_path_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert discover([tmp_path / "empty"], NONE).empty == [tmp_path / "empty"]
    with pytest.raises(UsageError, match="does not exist"):
        discover([tmp_path / "nothing"], NONE)


def settings(folder: Path, text: str) -> Lookup:
    (folder / "shapecheck.toml").write_text(text)
    return Lookup()


def test_settings_leave_out_more_and_take_back(tmp_path: Path) -> None:
    tree(tmp_path, "a.py", "old/b.py", "a_test.py", "gen/c.py", "gen/keep.py", "build/d.py")
    lookup = settings(tmp_path, 'extend-exclude = ["/old/", "*_test.py", "/gen/*", "!keep.py", "!build/"]')
    assert found(tmp_path, lookup=lookup) == ["a.py", "build/d.py", "gen/keep.py"]


def test_exclude_stands_in_place_of_the_usual_folders(tmp_path: Path) -> None:
    tree(tmp_path, "a.py", "old/b.py", "build/c.py", "env/pyvenv.cfg", "env/d.py")
    assert found(tmp_path, lookup=settings(tmp_path, 'exclude = ["old"]')) == ["a.py", "build/c.py"]


def test_patterns_are_relative_to_the_folder_of_their_settings(tmp_path: Path) -> None:
    tree(tmp_path, "gen/a.py", "pkg/gen/b.py", "pkg/c.py", "pkg/deep/gen/d.py")
    settings(tmp_path, 'exclude = ["/gen"]')
    lookup = settings(tmp_path / "pkg", 'exclude = ["/gen"]')
    assert found(tmp_path, lookup=lookup) == ["pkg/c.py", "pkg/deep/gen/d.py"]


def test_patterns_of_extended_settings_are_relative_to_their_own_folder(tmp_path: Path) -> None:
    tree(tmp_path, "one/a.py", "pkg/one/b.py", "pkg/two/c.py")
    settings(tmp_path, 'extend-exclude = ["/pkg/one"]')
    lookup = settings(tmp_path / "pkg", 'extend = "../shapecheck.toml"\nextend-exclude = ["/two"]')
    assert found(tmp_path, lookup=lookup) == ["one/a.py"]


def test_what_is_named_is_taken_unless_excludes_are_forced(tmp_path: Path) -> None:
    tree(tmp_path, "old/deep/a.py", "b.py")
    lookup = settings(tmp_path, 'exclude = ["old/"]')
    assert found(tmp_path, "old/deep/a.py", "old", "b.py", lookup=lookup) == ["old/deep/a.py", "b.py"]
    assert found(tmp_path, "old/deep/a.py", "old", "b.py", lookup=lookup, force=True) == ["b.py"]


def test_folders_above_the_settings_exclude_nothing(tmp_path: Path) -> None:
    folder = tree(tmp_path / "build", "a.py")
    assert found(folder, "a.py", lookup=settings(folder, ""), force=True) == ["a.py"]


def test_what_git_ignores_is_searched_where_that_is_asked_for(tmp_path: Path) -> None:
    tree(tmp_path, "a.py", "b.py")
    (tmp_path / ".gitignore").write_text("b.py")
    assert found(tmp_path) == ["a.py"]
    assert found(tmp_path, git=False) == ["a.py", "b.py"]


def test_folders_behind_links_are_looked_at_once_and_named_where_they_lie_elsewhere(tmp_path: Path) -> None:
    tree(tmp_path, "elsewhere/a.py", "project/pkg/b.py")
    project = tmp_path / "project"
    (project / "inside").symlink_to("pkg")
    (project / "up").symlink_to(".")
    (project / "outside").symlink_to("../elsewhere")
    (project / "linked.py").symlink_to("../elsewhere/a.py")
    searched = discover([project], NONE)
    assert [str(file.relative_to(project)) for file in searched.files] == ["linked.py", "pkg/b.py"]
    reason = "a link to a folder elsewhere is not followed; name it to have it checked"
    assert searched.unfollowed == [(project / "outside", reason)]
    assert found(project, "outside") == ["outside/a.py"]


def test_links_in_a_circle_and_what_is_no_file_are_named(tmp_path: Path) -> None:
    (tmp_path / "round.py").symlink_to("round.py")
    (tmp_path / "circle").symlink_to("circle")
    (tmp_path / "nowhere.py").symlink_to("gone.py")
    os.mkfifo(tmp_path / "pipe.py")
    searched = discover([tmp_path], NONE)
    assert searched.files == []
    assert {path.name: reason.rpartition(": ")[2] for path, reason in searched.unfollowed} == {
        "round.py": "too many levels of symbolic links",
        "circle": "too many levels of symbolic links",
        "nowhere.py": "no such file or directory",
        "pipe.py": "neither a file nor a folder",
    }
    with pytest.raises(UsageError, match=r"cannot read .*round\.py: Too many levels"):
        discover([tmp_path / "round.py"], NONE)


def test_a_folder_that_cannot_be_read_is_named_and_the_others_are_searched(tmp_path: Path) -> None:
    tree(tmp_path, "b/a.py")
    deep, names = tmp_path / "a", "n" * 200
    deep.mkdir()
    here = os.open(deep, os.O_RDONLY)
    for _ in range(25):  # further down than a path may be long
        os.mkdir(names, dir_fd=here)
        below = os.open(names, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    searched = discover([tmp_path], NONE)
    assert [file.name for file in searched.files] == ["a.py"]
    ((folder, why),) = searched.unread
    assert folder.is_relative_to(deep)
    assert str(why) == "the folder cannot be read: file name too long"


def test_a_deep_tree_is_searched_to_its_end(tmp_path: Path) -> None:
    folder = tmp_path
    for _ in range(600):
        folder = folder / "d"
        folder.mkdir()
    tree(folder, "a.py")
    assert len(found(tmp_path, lookup=Lookup())) == 1
    assert Lookup().of(folder / "a.py").file is None


@pytest.mark.skipif(sys.platform != "linux", reason="names of any bytes")
def test_names_may_be_of_any_characters_and_bytes(tmp_path: Path) -> None:
    names = ["line\nend.py", "tab\t.py", os.fsdecode(b"latin-\xe9.py"), "emoji \U0001f600.py", "-q.py"]
    tree(tmp_path, *names)
    assert found(tmp_path) == sorted(names)
