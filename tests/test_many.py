"""Many files: any number of processes report the same, whatever becomes of them; an interrupt keeps what was found."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shapecheck import workers
from shapecheck.errors import UsageError

ROOT = Path(__file__).parents[1]
BROKEN = "import torch\nlayer = torch.nn.Linear(768, 5)\nscores = layer(torch.zeros(8, 512))\n"

HOOK = """
import ctypes, os, signal, sys, time
from pathlib import Path
from shapecheck import interp
real = interp.analyze

def recurse():
    return recurse()

def wait():
    Path("reached").write_text("")
    time.sleep(600)

DEEDS = {
    "exit": lambda: os._exit(3),
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "crash": lambda: os.kill(os.getpid(), signal.SIGSEGV),
    "recurse": recurse,
    "wait": wait,
}

def analyze(source, *others):
    deed = DEEDS.get(Path(source.path).stem.partition("_")[2])
    if deed:
        deed()
    return real(source, *others)

interp.analyze = analyze
from shapecheck.cli import main
main()
"""
"""`shapecheck`, in which the analysis of some files goes wrong by their names."""

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals are sent otherwise there")


def start(*arguments: str, code: str = "from shapecheck.cli import main; main()", **more: Any) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    called = [sys.executable, "-c", code, "check", *arguments]
    return subprocess.Popen(
        called,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        **more,
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """The exit code, and what was printed; nobody of its session is left."""
    out, err = process.communicate()
    if sys.platform != "win32":
        with pytest.raises(ProcessLookupError):
            os.killpg(process.pid, 0)
    assert "Traceback" not in err
    return process.returncode, out, err


def report(out: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(out)
    del document["summary"]["seconds"]
    return document


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of six broken files, in the working folder."""
    monkeypatch.chdir(tmp_path)
    for number in range(6):
        (tmp_path / f"part{number}.py").write_text(BROKEN)
    return tmp_path


# -- the command -------------------------------------------------------------------------------------------------------


def test_several_processes_report_what_one_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ROOT / "fixtures" / "scripts", tmp_path / "scripts")
    shutil.copytree(ROOT / "fixtures" / "projects", tmp_path / "projects")
    monkeypatch.chdir(tmp_path)
    told = [ended(start("--no-cache", "--output-format", "json", "--jobs", jobs, ".")) for jobs in ("1", "2", "5")]
    assert report(told[0][1]) == report(told[1][1]) == report(told[2][1])
    assert {code for code, _, _ in told} == {1}
    assert report(told[0][1])["findings"]


@posix
@pytest.mark.parametrize(
    ("deed", "reason"),
    [
        ("exit", "a process that ended with exit code 3"),
        ("kill", "a process that SIGKILL ended"),
        ("crash", "a process that SIGSEGV ended"),
        ("recurse", "RecursionError: maximum recursion depth exceeded"),
    ],
)
@pytest.mark.parametrize("jobs", ["2", "4"])
def test_a_crash_costs_one_file_and_is_told(tree: Path, deed: str, reason: str, jobs: str) -> None:
    (tree / f"part2_{deed}.py").write_text(BROKEN)
    (tree / f"part3_{deed}.py").write_text(BROKEN)
    code, out, err = ended(start("--jobs", jobs, "--output-format", "json", ".", code=HOOK))
    assert code == 2
    found = report(out)
    assert [finding["path"] for finding in found["findings"]] == [f"part{number}.py" for number in range(6)]
    assert found["summary"]["files"] == 8
    for number in (2, 3):
        assert f"shapecheck: failed on part{number}_{deed}.py with {reason}" in err
    assert err.count("failed on") == 2


@posix
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_an_interrupt_ends_cleanly_with_what_was_found(tree: Path, jobs: str) -> None:
    (tree / "part9_wait.py").write_text(BROKEN)
    process = start("--jobs", jobs, "--cache-dir", "cache", "--output-format", "json", ".", code=HOOK)
    while not ((tree / "reached").exists() and len(list(tree.glob("cache/entries/??/*"))) == 6):
        assert process.poll() is None
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does it: to all of them
    code, out, err = ended(process)
    found = [finding["path"] for finding in report(out)["findings"]]
    assert code == 130
    assert err == f"shapecheck: interrupted after {len(found)} of 7 files\n"
    assert found[:5] == [f"part{number}.py" for number in range(5)]  # the sixth is kept, and may not be counted yet


@posix
def test_an_interrupted_check_writes_no_fixes(tree: Path) -> None:
    (tree / "part9_wait.py").write_text(BROKEN)
    process = start("--fix", "--unsafe-fixes", "--jobs", "2", ".", code=HOOK)
    while not (tree / "reached").exists():
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    assert ended(process)[0] == 130
    assert all((tree / f"part{number}.py").read_text() == BROKEN for number in range(6))


@posix
def test_workers_end_when_the_command_is_killed(tree: Path) -> None:
    for number in range(40):
        (tree / f"more{number}.py").write_text(BROKEN)
    (tree / "part9_wait.py").write_text(BROKEN)
    code = HOOK.replace("time.sleep(600)", "time.sleep(1)")
    process = start("--jobs", "3", ".", code=code)
    while not (tree / "reached").exists():
        assert process.poll() is None
        time.sleep(0.02)
    process.kill()
    process.communicate()
    while True:  # until nobody is left
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            break
        time.sleep(0.02)


# -- workers -----------------------------------------------------------------------------------------------------------


def length(path: str) -> int:
    if path == "fails":
        raise UsageError("a settings file is wrong")
    if path == "dies":
        os._exit(9)
    return len(path)


METHODS = [name for name in ("fork", "forkserver", "spawn") if hasattr(os, "fork") or name == "spawn"]


@pytest.mark.parametrize("method", METHODS)
def test_each_path_has_its_result_however_processes_are_started(method: str) -> None:
    paths = ["a" * number for number in range(1, 12)]
    assert dict(workers.each(length, paths, 2, method)) == {path: len(path) for path in paths}


@pytest.mark.parametrize("method", METHODS)
def test_only_the_path_that_a_process_died_at_is_lost(method: str) -> None:
    paths = ["a", "dies", "bb", "ccc", "dddd"]
    found = dict(workers.each(length, paths, 2, method))
    assert found.pop("dies") == workers.Lost("a process that ended with exit code 9")
    assert found == {"a": 1, "bb": 2, "ccc": 3, "dddd": 4}


def test_an_error_that_holds_for_all_files_ends_the_work() -> None:
    with pytest.raises(UsageError, match="a settings file is wrong"):
        list(workers.each(length, ["a", "fails", "bb"], 2))


def test_a_worker_that_has_grown_gives_way_to_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_GROWN", -1)
    pids = dict(workers.each(identity, [str(number) for number in range(6)], 2, "fork"))
    assert len(set(pids.values())) == 6


def identity(path: str) -> int:
    return os.getpid()


def test_where_no_process_can_be_had_the_work_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*arguments: Any) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr("multiprocessing.process.BaseProcess.start", none)
    assert set(dict(workers.each(identity, ["a", "b"], 2)).values()) == {os.getpid()}


# -- the bar -----------------------------------------------------------------------------------------------------------


def on_terminal(*arguments: str, slow: float) -> str:
    """What a check shows on the terminal that its standard error is."""
    import pty

    master, slave = pty.openpty()
    code = f"from shapecheck.cli import progress, main; progress._PATIENCE = {slow}; main()"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm"}
    called = [sys.executable, "-c", code, "check", "--no-cache", "--jobs", "1", *arguments]
    process = subprocess.Popen(called, env=environment, stdout=subprocess.PIPE, stderr=slave)
    os.close(slave)
    shown = b""
    read: Callable[[], bytes] = lambda: os.read(master, 4096)  # noqa: E731
    try:
        while data := read():
            shown += data
    except OSError:  # the other end is closed
        pass
    assert process.communicate()[0]
    os.close(master)
    return shown.decode()


@posix
def test_long_work_shows_a_bar_on_a_terminal_and_removes_it(tree: Path) -> None:
    shown = on_terminal(".", slow=0)
    assert "checking" in shown
    assert "5/6" in shown
    assert shown.endswith("\x1b[1A\x1b[2K")


@posix
def test_short_work_shows_none(tree: Path) -> None:
    assert on_terminal(".", slow=1e9) == ""


@posix
def test_quiet_shows_none(tree: Path) -> None:
    assert on_terminal("--quiet", ".", slow=0) == ""


def test_without_a_terminal_there_is_none(tree: Path) -> None:
    code = "from shapecheck.cli import progress, main; progress._PATIENCE = 0; main()"
    assert ended(start("--no-cache", ".", code=code))[2] == ""
