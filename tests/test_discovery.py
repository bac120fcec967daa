"""Which files a path means."""

from __future__ import annotations

from pathlib import Path

import pytest

from shapecheck.discovery import discover
from shapecheck.errors import UsageError


def tree(folder: Path, *names: str, **texts: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("")
    return folder


def found(folder: Path, *paths: str, **options: tuple[str, ...]) -> list[str]:
    return [
        str(path.relative_to(folder)) for path in discover([folder / p for p in paths] or [folder], **options).files
    ]


def test_a_folder_is_searched_in_a_stable_order(tmp_path: Path) -> None:
    tree(tmp_path, "b.py", "a.py", "pkg/z.py", "pkg/deep/y.py", "notes.txt", "a.pyc")
    assert found(tmp_path) == ["a.py", "b.py", "pkg/z.py", "pkg/deep/y.py"]


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


def test_patterns_leave_out_more_and_take_back(tmp_path: Path) -> None:
    tree(tmp_path, "a.py", "old/b.py", "a_test.py")
    assert found(tmp_path, exclude=("old/", "*_test.py")) == ["a.py"]


def test_a_folder_without_python_files_is_reported_and_a_missing_path_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert discover([tmp_path / "empty"]).empty == [tmp_path / "empty"]
    with pytest.raises(UsageError, match="does not exist"):
        discover([tmp_path / "nothing"])
