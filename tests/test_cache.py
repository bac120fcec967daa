"""Kept outcomes: never a stale one, whatever is edited, and never a broken check, whatever happens to the folder."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shapecheck import cache, disk, engine, plain, results, suppressions, tracer
from shapecheck.cache import Cache
from shapecheck.cli import cli
from shapecheck.discovery import discover
from shapecheck.engine import Options
from shapecheck.tracer.child.kernel import LINUX

ROOT = Path(__file__).parents[1]
PROJECTS = ROOT / "fixtures" / "projects"
BROKEN = "import torch\nlayer = torch.nn.Linear(768, 5)\nscores = layer(torch.zeros(8, 512))\n"


def check(*arguments: str) -> tuple[int, dict[str, Any]]:
    """`shapecheck check` in this process: the exit code and the report less its seconds."""
    done = CliRunner().invoke(cli, ["check", "--output-format", "json", *arguments], standalone_mode=False)
    report = json.loads(done.stdout)
    del report["summary"]["seconds"]
    return done.return_value, report


def command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The same in a process of its own, text and all."""
    return subprocess.run(
        [sys.executable, "-m", "shapecheck", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
    )


@pytest.fixture
def folder() -> Path:
    return Path(os.environ["SHAPECHECK_CACHE_DIR"])


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small project in the working folder: a script that imports a module and a package."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "parts").mkdir()
    for path, text in FIRST.items():
        (tmp_path / path).write_text(text)
    return tmp_path


FIRST = {
    "train.py": "import torch\nimport other\nfrom sizes import WIDTH\nfrom parts.head import Head\n\n"
    "hidden = torch.zeros(8, WIDTH)\nscores = Head()(hidden)\n",
    "sizes.py": "WIDTH = 768\n",
    "parts/__init__.py": "",
    "parts/head.py": "import torch\n\n\nclass Head(torch.nn.Module):\n    def __init__(self):\n"
    "        super().__init__()\n        self.score = torch.nn.Linear(768, 5)\n\n"
    "    def forward(self, x):\n        return self.score(x)\n",
    "setup.cfg": "",
}


def entries(folder: Path) -> list[Path]:
    return sorted(path for path in (folder / "entries").glob("??/*") if path.name[0] != ".")


@pytest.fixture
def analysed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that are looked at and not taken from the cache."""
    seen: list[str] = []
    real = engine.check_file

    def noted(path: str, options: Options) -> results.Outcome:
        seen.append(path)
        return real(path, options)

    monkeypatch.setattr(engine, "check_file", noted)
    return seen


# -- never stale -------------------------------------------------------------------------------------------------------


def test_an_unchanged_project_is_not_analysed_again(project: Path, analysed: list[str]) -> None:
    cold = check(".")
    first = len(analysed)
    assert (check("."), first, len(analysed)) == (cold, 4, 4)


@pytest.mark.parametrize(
    ("path", "text", "again"),
    [
        ("train.py", FIRST["train.py"] + "\n", ["train.py"]),
        ("sizes.py", "WIDTH = 769\n", ["sizes.py", "train.py"]),
        ("parts/head.py", FIRST["parts/head.py"].replace("768", "767"), ["parts/head.py", "train.py"]),
        ("other.py", "DEPTH = 3\n", ["other.py", "train.py"]),
        ("sizes/__init__.py", "WIDTH = 5\n", ["sizes/__init__.py"]),
        ("setup.py", "", ["setup.py"]),
    ],
)
def test_what_a_file_rests_on_makes_it_looked_at_again(
    project: Path, analysed: list[str], path: str, text: str, again: list[str]
) -> None:
    check(".")
    analysed.clear()
    (project / path).parent.mkdir(exist_ok=True)
    (project / path).write_text(text)
    warm = check(".")
    assert set(again) <= set(analysed)
    assert warm == check("--no-cache", ".")


def test_a_requirement_that_changes_what_models_return_is_seen(project: Path) -> None:
    (project / "train.py").write_text(
        "import torch\nfrom transformers import BertModel\nbert = BertModel.from_pretrained('bert-base-uncased')\n"
        "ids = torch.ones(2, 9, dtype=torch.long)\nhidden, pooled = bert(ids)\n"
    )
    _, newer = check("train.py")
    (project / "requirements.txt").write_text("transformers==3.0.2\n")
    _, older = check("train.py")
    assert [finding["rule"] for finding in newer["findings"]] == ["SHP503"]
    assert older["findings"] == []
    (project / "requirements.txt").write_text("transformers==4.0.2\n")
    assert check("train.py")[1] == newer


def test_other_options_and_another_folder_have_outcomes_of_their_own(
    project: Path, monkeypatch: pytest.MonkeyPatch, analysed: list[str]
) -> None:
    (project / "train.py").write_text(BROKEN)
    assert check("train.py")[0] == 1
    assert check("--ignore", "SHP", "train.py")[0] == 0
    assert check("train.py")[0] == 1
    assert len(analysed) == 2
    monkeypatch.chdir(project / "parts")
    assert check("../train.py")[1]["findings"][0]["path"] == "../train.py"


def test_settings_of_an_imported_file_count_for_what_is_found_in_it(project: Path) -> None:
    (project / "sizes.py").write_text("WIDTH = 512\n")
    settled = project / "parts" / "shapecheck.toml"
    settled.write_text("ignore = ['SHP']\n")
    assert check("train.py")[1]["findings"] == []
    settled.unlink()
    (finding,) = check("train.py")[1]["findings"]
    assert finding["path"] == "parts/head.py"
    settled.write_text("ignore = ['SHP']\n")
    assert check("train.py")[1]["findings"] == []


def test_another_state_of_shapecheck_begins_anew(project: Path, analysed: list[str], monkeypatch: Any) -> None:
    check("train.py")
    monkeypatch.setattr("shapecheck.own.version", lambda memory: "0.0.0 of tomorrow")
    check("train.py")
    assert analysed == ["train.py", "train.py"]


def test_every_file_of_shapecheck_counts_for_what_it_is(tmp_path: Path) -> None:
    for name in ("shapecheck", "rules"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    code = "import sys; from pathlib import Path; from shapecheck import own; print(own.version(Path(sys.argv[1])))"

    def version() -> str:
        called = [sys.executable, "-c", code, str(tmp_path / "memory")]
        done = subprocess.run(
            called, env={**os.environ, "PYTHONPATH": str(tmp_path)}, cwd=tmp_path, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    first = version()
    assert version() == first
    for path in ("rules/errors.toml", "rules/ops/linalg.toml", "shapecheck/interp/loops.py"):
        assert (tmp_path / path).exists()
        (tmp_path / path).write_text((tmp_path / path).read_text() + "\n")
        assert version() != first, path
        first = version()


def test_failures_of_our_own_are_not_kept(project: Path, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    def fails(path: str, options: Options) -> results.Outcome:
        return results.Outcome(failures=[results.Failure(path, "RuntimeError: today")], files=1)

    with monkeypatch.context() as patch:
        patch.setattr(engine, "check_file", fails)
        assert CliRunner().invoke(cli, ["check", "train.py"], standalone_mode=False).return_value == 2
    assert entries(folder) == []
    assert check("train.py")[0] == 0


def test_a_file_that_could_not_be_read_is_looked_at_again_once_it_can(project: Path) -> None:
    (project / "train.py").write_bytes(b"# caf\xe9\n")
    assert check("train.py")[1]["findings"][0]["rule"] == "SHP903"
    (project / "train.py").write_bytes(b"# cafe\n")
    assert check("train.py")[0] == 0


PATHS = ["train.py", "sizes.py", "parts/__init__.py", "parts/head.py", "parts.py", "src/sizes.py", "other.py"]
LINES = [
    "import torch\n", "from sizes import *\n", "from parts import head\n", "from parts.head import Head\n",
    "import other\n", "WIDTH = 768\n", "WIDTH = 512\n", "x = torch.zeros(8, WIDTH)\n", "y = Head()(x)\n",
    "y = head.Head()(x)\n", "z = torch.nn.Linear(768, 5)(x)  # shapecheck: ignore[SHP201]\n", "def f(:\n",
]  # fmt: skip
SETTINGS = ["shapecheck.toml", "pyproject.toml", "parts/.shapecheck.toml"]
SETTLED = [
    "", "ignore = ['SHP2']\n", "transformers-version = '3.0'\n", "[severities]\nSHP2 = 'info'\n",
    "[per-file-ignores]\n'head.py' = ['SHP']\n",
]  # fmt: skip
REQUIREMENTS = ["requirements.txt", "setup.cfg", "environment.yml"]

edit = st.one_of(
    st.tuples(st.just("write"), st.sampled_from(PATHS), st.lists(st.sampled_from(LINES), max_size=6).map("".join)),
    st.tuples(st.just("size"), st.sampled_from(PATHS), st.sampled_from(["767", "768", "512"])),
    st.tuples(st.just("delete"), st.sampled_from(PATHS), st.just("")),
    st.tuples(st.just("rename"), st.sampled_from(PATHS), st.sampled_from(PATHS)),
    st.tuples(st.just("require"), st.sampled_from(REQUIREMENTS), st.sampled_from(["transformers<4\n", "x\n", ""])),
    st.tuples(st.just("settle"), st.sampled_from(SETTINGS), st.sampled_from(SETTLED)),
    st.tuples(st.just("back"), st.sampled_from(PATHS), st.sampled_from(["5", "50000"])),
    st.tuples(st.just("options"), st.sampled_from(["SHP2", "SHP9", ""]), st.just("")),
)


def apply(kind: str, path: Path, what: str, root: Path) -> None:
    """One edit of a project; one that has nothing to work on does nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind == "settle" and path.name == "pyproject.toml":
        what = what.replace("[", "[tool.shapecheck.", 1) if what[:1] == "[" else "[tool.shapecheck]\n" + what
    if kind in ("write", "require", "settle"):
        path.write_text(what)
    elif not path.exists():
        return
    elif kind == "size":  # as many bytes as before, at the same time as before
        status, text = path.stat(), path.read_text()
        path.write_text(text.replace("768", what).replace("512", what))
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    elif kind == "delete":
        path.unlink()
    elif kind == "rename":
        (root / what).parent.mkdir(parents=True, exist_ok=True)
        path.replace(root / what)
    elif kind == "back":
        then = time.time() - int(what)
        os.utime(path, (then, then))


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(st.lists(edit, min_size=1, max_size=3), min_size=1, max_size=6))
def test_whatever_is_edited_a_warm_check_says_what_a_cold_one_says(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, rounds: list[list[tuple[str, str, str]]]
) -> None:
    root = tmp_path_factory.mktemp("project")
    monkeypatch.chdir(root)
    for path, text in FIRST.items():
        apply("write", root / path, text, root)
    options: list[str] = []
    for edits in [[], *rounds]:
        for kind, path, what in edits:
            if kind == "options":
                options = ["--ignore", path] if path else []
            else:
                apply(kind, root / path, what, root)
        assert check(*options, ".") == check("--no-cache", *options, ".")
        assert check("--verbose", *options, ".") == check("--verbose", "--no-cache", *options, ".")
    shutil.rmtree(root)


# -- the folder --------------------------------------------------------------------------------------------------------


def damaged(data: bytes) -> dict[str, bytes]:
    _, _, body = data.partition(b"\n")
    resealed = body.replace(b'"Outcome"', b'"Income"')
    return {
        "empty": b"",
        "cut": data[: len(data) // 2],
        "random": os.urandom(500),
        "changed": data.replace(b"768", b"769"),
        "another form": b"%s\n%s" % (disk.digest(resealed).encode(), resealed),
        "not even that": b"%s\n[]" % disk.digest(b"[]").encode(),
        "deep": b"%s\n%s" % (disk.digest(b"[" * 100_000).encode(), b"[" * 100_000),
    }


def test_damaged_entries_are_made_anew(project: Path, folder: Path) -> None:
    (project / "train.py").write_text(BROKEN)
    cold = check("train.py")
    (entry,) = entries(folder)
    good = entry.read_bytes()
    for name, data in damaged(good).items():
        entry.write_bytes(data)
        assert check("train.py") == cold, name
        assert entry.read_bytes() == good, name


def test_what_an_entry_holds_is_data_and_no_code() -> None:
    for data in (["os.system", "true"], ["Path", "/"], [["list"]], ["Finding"], ["__import__", "os"]):
        with pytest.raises((KeyError, TypeError)):
            plain.value_of(data)


def test_every_class_that_an_outcome_may_hold_can_be_kept() -> None:
    pending, seen = [results.Outcome], set()
    while pending:
        cls = pending.pop()
        if is_dataclass(cls) and cls not in seen:
            seen.add(cls)
            names = {**vars(results), "TraceResult": type(None), "Suppression": suppressions.Suppression}
            pending += [part for hint in get_type_hints(cls, None, names).values() for part in parts(hint)]
    assert {cls.__name__ for cls in seen} <= set(plain._CLASSES)
    assert tracer  # what a trace found is never kept


def parts(hint: Any) -> list[Any]:
    return [hint, *(inner for part in get_args(hint) for inner in parts(part))]


def test_every_option_tells_outcomes_apart() -> None:
    plain.plain(Options())
    assert {field.name for field in fields(Options)} >= {"lookup", "jobs", "stages", "shapes"}


def test_an_outcome_comes_back_as_it_was(project: Path, folder: Path) -> None:
    scripts = sorted((ROOT / "fixtures" / "scripts").glob("*_broken.py"))
    options = Options(stages=True, shapes=True)
    for path in map(str, scripts):
        with disk.recording() as facts:
            outcome = engine.check_file(path, options)
        kept = Cache(folder)
        kept.put(path, options, facts, outcome)
        found = kept.get(path, replace(options, jobs=7))
        assert found == outcome
        assert found.sources
    assert len(entries(folder)) == len(scripts)


def test_a_folder_says_that_it_is_a_cache(project: Path, folder: Path) -> None:
    check("train.py")
    assert (folder / "CACHEDIR.TAG").read_text().startswith("Signature: 8a477f597d28d172789f06886806bc55")


@pytest.mark.skipif(sys.platform == "win32", reason="folders are not write-protected there")
def test_where_nothing_can_be_written_a_check_goes_on_without_and_says_so_once(project: Path) -> None:
    Path("taken").write_text("a file where the folder should be")
    quiet = command("check", "train.py", "sizes.py", "--cache-dir", "taken/cache")
    told = command("check", "train.py", "sizes.py", "--cache-dir", "taken/cache", "--verbose")
    assert (quiet.returncode, quiet.stderr) == (0, "")
    assert (told.returncode, told.stderr) == (0, "shapecheck: no cache in taken/cache: not a directory\n")


ROOT_ELSEWHERE = hasattr(os, "geteuid") and os.geteuid() == 0 and not LINUX


@pytest.mark.skipif(sys.platform == "win32" or ROOT_ELSEWHERE, reason="nothing here keeps this user from writing")
def test_a_read_only_folder_still_answers_and_stays_as_it_is(project: Path, folder: Path) -> None:
    """Root may write everywhere, unless it gives up that right as the child process here does."""
    bound = (
        "import pathlib, sys\nfrom shapecheck.tracer.child.namespaces import drop_capabilities\ndrop_capabilities()\n"
        "try:\n    pathlib.Path(sys.argv.pop(1), 'new').touch()\nexcept PermissionError:\n    pass\n"
        "else:\n    sys.exit('this folder can be written')\n"
        "from shapecheck.cli import main\nmain()\n"
    )

    def told(*arguments: str) -> tuple[int, dict[str, Any], str]:
        called = [sys.executable, "-c", bound, str(folder), "check", "--output-format", "json", *arguments]
        done = subprocess.run(called, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
        report = json.loads(done.stdout)
        del report["summary"]["seconds"]
        return done.returncode, report, done.stderr

    cold = check("train.py")
    known = sorted(folder.rglob("*"))
    for path in [folder, *known]:
        path.chmod(0o500 if path.is_dir() else 0o400)
    assert told("train.py") == (*cold, "")
    assert told(".") == (*check("--no-cache", "."), "")
    assert told("--verbose", ".")[2] == f"shapecheck: no cache in {folder}: permission denied\n"
    assert sorted(folder.rglob("*")) == known
    for path in [folder, *known]:
        path.chmod(0o700)


@pytest.mark.parametrize("fails", ["tempfile.mkstemp", "pathlib.Path.replace"])
def test_a_full_disk_leaves_a_check_without_a_cache_and_no_torn_entry(
    project: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    check("sizes.py")

    def full(*arguments: Any, **named: Any) -> Any:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(fails, full)
        done = CliRunner().invoke(cli, ["check", "--verbose", "train.py"], standalone_mode=False)
    assert done.return_value == 0
    assert done.stderr == f"shapecheck: no cache in {folder}: no space left on device\n"
    assert len(entries(folder)) == 1
    assert not list(folder.rglob(".*"))


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="processes are killed otherwise there")
def test_a_process_killed_while_writing_leaves_nothing_that_is_taken_for_an_entry(project: Path, folder: Path) -> None:
    dies = (
        "import os, pathlib, signal\nfrom shapecheck.cli import cli\nreal = pathlib.Path.replace\n"
        "def replace(scratch, place):\n"
        "    if place.parent.parent.name == 'entries' and place.parent.name != 'own':\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return real(scratch, place)\n"
        "pathlib.Path.replace = replace\ncli.main(['check', 'train.py'])\n"
    )
    done = subprocess.run([sys.executable, "-c", dies], env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.returncode == -signal.SIGKILL
    (left,) = [path for path in folder.rglob("*") if path.name.startswith(".")]
    assert check("train.py") == check("--no-cache", "train.py")
    assert left.exists()
    os.utime(left, (1e9, 1e9))
    cache.sweep(folder)
    assert not left.exists()
    assert len(entries(folder)) == 1


def test_runs_at_the_same_time_share_a_folder(project: Path, folder: Path) -> None:
    for number in range(12):
        (project / f"model{number}.py").write_text(BROKEN)
    called = [sys.executable, "-m", "shapecheck", "check", "--output-format", "json", "."]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    running = [subprocess.Popen(called, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    told = [json.loads(process.communicate()[0]) for process in running]
    for report in told:
        report["summary"].pop("seconds")
    _, cold = check("--no-cache", ".")
    assert told == [cold] * 4
    assert check(".")[1] == cold


def filled(folder: Path, sizes: Callable[[int], int], count: int) -> None:
    for number in range(count):
        path = folder / "entries" / f"{number % 16:02x}" / f"{number:04}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"." * sizes(number))
        os.utime(path, (time.time() - number * 60,) * 2)


def test_a_sweep_keeps_what_was_used_last_up_to_a_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(tmp_path, lambda number: 1000, 50)
    monkeypatch.setattr(cache, "MOST_BYTES", 20_500)
    cache.sweep(tmp_path)
    assert sorted(path.name for path in entries(tmp_path)) == [f"{number:04}" for number in range(20)]


def test_a_sweep_removes_what_was_not_used_for_a_month(tmp_path: Path) -> None:
    filled(tmp_path, lambda number: 10, 3)
    os.utime(tmp_path / "entries" / "01" / "0001", (time.time() - 31 * 86_400,) * 2)
    cache.sweep(tmp_path)
    assert [path.name for path in entries(tmp_path)] == ["0000", "0002"]


def test_a_folder_is_swept_when_much_was_written(project: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "_SWEEP_BYTES", 4096)
    swept: list[Path] = []
    monkeypatch.setattr(cache, "sweep", swept.append)
    check("sizes.py")  # the first one ever is due by its age
    for number in range(8):
        (project / "sizes.py").write_text(f"WIDTH = {number}\n")
        check("sizes.py")
    assert 1 < len(swept) < 8


def test_an_entry_that_is_used_stays_young(project: Path, folder: Path) -> None:
    check("train.py")
    (entry,) = entries(folder)
    os.utime(entry, (time.time() - 5 * 86_400,) * 2)
    check("train.py")
    assert time.time() - entry.stat().st_mtime < 86_400


def test_no_cache_leaves_no_trace(project: Path, folder: Path) -> None:
    check("--no-cache", ".")
    assert not folder.exists()


@pytest.mark.parametrize(
    ("platform", "environment", "expected"),
    [
        ("linux", {"HOME": "/home/me"}, "/home/me/.cache/shapecheck"),
        ("linux", {"HOME": "/home/me", "XDG_CACHE_HOME": "/var/me"}, "/var/me/shapecheck"),
        ("linux", {"HOME": "/home/me", "XDG_CACHE_HOME": "relative"}, "/home/me/.cache/shapecheck"),
        ("darwin", {"HOME": "/Users/me"}, "/Users/me/Library/Caches/shapecheck"),
        ("win32", {"LOCALAPPDATA": "/me/local"}, "/me/local/shapecheck/Cache"),
        ("linux", {}, None),
    ],
)
def test_the_folder_is_where_the_platform_keeps_caches(
    platform: str, environment: dict[str, str], expected: str | None
) -> None:
    assert cache.user_folder(environment, platform) == (Path(expected) if expected else None)


# -- clean -------------------------------------------------------------------------------------------------------------


def test_clean_removes_what_was_kept_and_the_folder(project: Path, folder: Path) -> None:
    check(".")
    done = command("clean")
    assert (done.returncode, done.stdout) == (0, f"removed the outcomes of 4 files from {folder}\n")
    assert not folder.exists()
    assert command("clean").stdout == "no outcomes are kept\n"


def test_clean_touches_no_folder_that_is_no_cache(project: Path) -> None:
    done = command("clean", "--cache-dir", ".")
    assert (done.returncode, done.stderr) == (
        2,
        "shapecheck: . is not a cache of shapecheck: it has no CACHEDIR.TAG of it\n",
    )
    assert (project / "train.py").exists()


def test_clean_leaves_the_files_of_others(project: Path, folder: Path) -> None:
    check(".")
    (folder / "mine.txt").write_text("")
    command("clean")
    assert [path.name for path in folder.iterdir()] == ["mine.txt"]


def test_the_files_to_check_are_looked_for_anew(project: Path) -> None:
    check(".")
    (project / "new.py").write_text(BROKEN)
    assert check(".")[1]["summary"]["files"] == len(discover(["."]).files) == 5
