"""The looks of an analysis at the disk: none goes unnoted, and a fact holds exactly as long as nothing changed."""

from __future__ import annotations

import ast
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from shapecheck import disk, engine
from shapecheck.disk import Fact, Signature
from tests.test_arrows import MODULES, PACKAGE, imports, part

PROJECTS = Path(__file__).parents[1] / "fixtures" / "projects"

LOOKS = set(
    "exists isfile is_file isdir is_dir islink stat lstat access listdir scandir iterdir glob rglob walk "
    "read_text read_bytes open getmtime getsize realpath samefile".split()
)
ELSEWHERE = {
    "discovery": "which files there are is looked for anew each time",
    "settings": "their digest is part of what is kept",
    "cache": "the cache itself",
    "own": "digests of the code and the knowledge",
    "resources": "knowledge, which counts as shapecheck's own code",
    "rulebook": "knowledge",
    "errorbook": "knowledge",
    "hub": "knowledge",
    "ops": "knowledge",
    "tracer": "runs code; what it sees is not kept",
    "writing": "files written back",
    "disk": "the one place that looks",
}
WRITES = {"fixes/__init__.py", "writing.py"}
"""Files written back by --fix, and reports, after the analysis."""


def looks(path: Path) -> Iterator[str]:
    """The calls in a module that ask the disk something, and what it keeps between calls."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "open":
            yield "open"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LOOKS:
            owner = node.func.value
            if not (isinstance(owner, ast.Name) and owner.id in ("ast", "disk")):
                yield ast.unparse(node.func)


def analysing() -> set[str]:
    """The parts that an analysis is made of: what the engine imports, and what that imports."""
    needs: dict[str, set[str]] = {}
    for path in MODULES:
        inside = {module.split(".")[1] for module in imports(path) if module.startswith("shapecheck.")}
        needs.setdefault(part(path), set()).update(inside)
    found, waiting = set(), {"engine"}
    while waiting:
        found |= waiting
        waiting = {name for known in waiting if known not in ELSEWHERE for name in needs[known]} - found
    return found - set(ELSEWHERE)


def test_only_disk_looks_at_the_files_that_are_analysed() -> None:
    parts, found = analysing(), {}
    assert parts >= {"interp", "source", "texts", "checks", "fixes", "suppressions", "flow"}
    for path in MODULES:
        inside = path.relative_to(PACKAGE)
        if part(path) in parts and inside.as_posix() not in WRITES:
            found[str(inside)] = list(looks(path))
    assert {path: calls for path, calls in found.items() if calls} == {}


def test_what_follows_from_files_is_kept_together_with_its_facts() -> None:
    for path in MODULES:
        text = path.read_text(encoding="utf-8")
        readers = ("import disk", "shapecheck.source import", "import outline", "interp.files import")
        if path.relative_to(PACKAGE).parts[0] == "interp" and any(word in text for word in readers):
            assert "lru_cache(" not in text.replace('"', "") and "@cache" not in text, path


_OPENED: list[str] | None = None


def _audit(event: str, arguments: tuple[object, ...]) -> None:
    if _OPENED is not None and event in ("open", "os.listdir", "os.scandir") and isinstance(arguments[0], str):
        _OPENED.append(os.path.abspath(arguments[0]))


sys.addaudithook(_audit)


def facts_of(path: str) -> set[tuple[str, str, str, str]]:
    with disk.recording() as facts:
        engine.check_file(path, engine.Options())
    return {(fact.look, os.path.abspath(fact.path), fact.detail, fact.value) for fact in facts}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files of a project with packages, a registry, names imported by `*` and requirements."""
    monkeypatch.chdir(shutil.copytree(PROJECTS, tmp_path / "work"))
    Path("setup.py").write_text("from setuptools import setup\nsetup(install_requires=['transformers>=4'])\n")
    return sorted(str(path) for path in Path(".").rglob("*.py"))


def test_every_file_that_python_opens_during_an_analysis_is_a_fact(project: list[str], tmp_path: Path) -> None:
    global _OPENED
    for path in project:
        _OPENED = []
        facts = facts_of(path)
        opened, _OPENED = set(_OPENED), None
        assert {place for place in opened if place.startswith(str(tmp_path))} <= {place for _, place, _, _ in facts}


def test_a_file_rests_on_the_same_facts_whatever_was_looked_at_before_it(project: list[str]) -> None:
    alone = {path: facts_of(path) for path in project}
    with disk.session():
        assert {path: facts_of(path) for path in project} == alone
        assert {path: facts_of(path) for path in reversed(project)} == alone
    assert len(project) > 10


# -- facts -------------------------------------------------------------------------------------------------------------


def fact(look: str, path: Path, detail: str = "") -> Fact:
    with disk.recording() as facts:
        if look == "kind":
            disk.exists(str(path))
        elif look == "names":
            disk.names(str(path), detail)
        else:
            with suppress(OSError):
                disk.read(str(path))
    (found,) = facts
    return found


def test_a_fact_that_something_is_missing_ends_when_it_appears(tmp_path: Path) -> None:
    missing = [fact("kind", tmp_path / "a.py"), fact("bytes", tmp_path / "a.py")]
    assert all(map(disk.holds, missing))
    (tmp_path / "a.py").write_text("")
    assert not any(map(disk.holds, missing))


def test_a_file_in_place_of_a_folder_is_another_fact(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    folder = fact("kind", tmp_path / "a")
    (tmp_path / "a").rmdir()
    (tmp_path / "a").write_text("")
    assert not disk.holds(folder)


def test_names_count_where_they_match(tmp_path: Path) -> None:
    names = fact("names", tmp_path, r".*\.py")
    (tmp_path / "log.txt").write_text("")
    assert disk.holds(names)
    (tmp_path / "a.py").write_text("")
    assert not disk.holds(names)


def aged(path: Path, seconds: int = 100) -> None:
    then = path.stat().st_mtime - seconds
    os.utime(path, (then, then))


def test_an_edit_of_the_same_size_at_the_same_time_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("size = 5\n")
    before, status = fact("bytes", path), path.stat()
    path.write_text("size = 6\n")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert not disk.holds(before)


@pytest.mark.skipif(sys.platform == "win32", reason="files have no time of change there")
def test_an_edit_that_hides_its_time_is_seen_even_where_times_are_trusted(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("size = 5\n")
    status = path.stat()
    trusted = replace(fact("bytes", path), signature=Signature.of(status))
    with disk.session():
        assert disk.unchanged(trusted)
    while path.stat().st_ctime_ns == status.st_ctime_ns:  # the clock of the file system goes in steps
        path.write_text("size = 6\n")
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert not disk.holds(trusted)


def test_a_file_that_changed_just_now_is_not_known_by_its_times(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("size = 5\n")
    aged(path)  # its content could be older, but the inode was changed a moment ago
    assert fact("bytes", path).signature is None


def test_an_untouched_file_is_known_without_reading_it(monkeypatch: pytest.MonkeyPatch) -> None:
    path = Path(ast.__file__)  # nobody wrote to that within the last seconds
    settled = fact("bytes", path)
    assert settled.signature is not None
    monkeypatch.setattr("shapecheck.disk.asking.read", None)
    assert disk.holds(settled)


def test_a_touched_file_with_the_same_content_is_the_same(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("size = 5\n")
    before = fact("bytes", path)
    aged(path)
    assert disk.holds(before)


def test_a_file_that_changes_while_it_is_looked_at_is_nothing_to_rest_on(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("size = 5\n")
    with disk.recording() as facts:
        disk.read(str(path))
        path.write_text("size = 60\n")
        disk.read(str(path))
    assert not any(map(disk.holds, facts))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_nothing_to_rest_on_and_is_not_read_again(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("size = 5\n")
    before = fact("bytes", path)
    path.unlink()
    os.mkfifo(path)
    assert not disk.holds(before)  # reading would wait forever


def test_within_a_session_the_disk_stands_still(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    with disk.session():
        assert not disk.is_file(str(path))
        path.write_text("")
        assert not disk.is_file(str(path))
    assert disk.is_file(str(path))
