"""`check --watch` and `run --watch`: a report after each change that matters, and none after others."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from queue import Queue
from typing import IO

import pytest

ROOT = Path(__file__).parents[1]
FINE = "import torch\nfrom sizes import WIDTH\nscores = torch.nn.Linear(WIDTH, 5)(torch.zeros(8, 768))\n"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent otherwise there")


class Watched:
    """A check (or a run) that watches; its reports come one by one."""

    def __init__(self, *arguments: str, command: str = "check") -> None:
        called = [sys.executable, "-m", "shapecheck", command, "--watch", "--output-format", "concise", *arguments]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
        self.process = subprocess.Popen(
            called, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.lines: Queue[str] = Queue()
        assert self.process.stdout is not None
        threading.Thread(target=self._listen, args=(self.process.stdout,), daemon=True).start()

    def _listen(self, stream: IO[str]) -> None:
        for line in stream:
            self.lines.put(line)
        self.lines.put("")

    def report(self) -> str:
        """What is printed up to the next time that it waits."""
        told = ""
        while "watching for changes" not in told:
            line = self.lines.get()
            assert line, told
            told += line
        return told

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait()


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    monkeypatch.chdir(tmp_path)
    Path("train.py").write_text(FINE)
    Path("sizes.py").write_text("WIDTH = 768\n")
    watched = Watched(".")
    yield watched
    watched.process.kill()
    watched.process.wait()


def test_each_change_is_followed_by_a_report(watched: Watched) -> None:
    assert "SHP" not in watched.report()
    Path("sizes.py").write_text("WIDTH = 512\n")  # as many bytes as before
    assert "SHP2" in watched.report()
    Path("shapecheck.toml").write_text("ignore = ['SHP2']\n")
    assert "SHP2" not in watched.report()
    Path("shapecheck.toml").write_text("ignore = ['SHP2'\n")
    assert "not TOML" in watched.report()
    Path("shapecheck.toml").unlink()
    assert "sizes.py:1" in watched.report()
    Path("more.py").write_text("def f(:\n")
    assert "more.py:1" in watched.report()
    Path("train.py").unlink()
    Path("more.py").unlink()
    while "nothing found" not in watched.report():  # both are gone, be it in one look or in two
        pass
    assert watched.stop() == 0


def test_what_does_not_matter_is_followed_by_none(watched: Watched) -> None:
    watched.report()
    Path("notes.txt").write_text("nothing that a shape depends on")
    os.utime("train.py")
    Path("train.py").write_text(FINE + "x = 1\n")
    watched.report()
    assert watched.stop() == 0
    assert "watching" not in "".join(watched.lines.queue)


READS = """import importlib, json, torch
sizes = importlib.import_module("si" + "zes")
with open("classes.json") as file:
    classes = json.load(file)
scores = torch.nn.Linear(sizes.WIDTH, classes["count"])(torch.zeros(8, 768))
"""
"""A script that says only while it runs what it reads."""


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    monkeypatch.chdir(tmp_path)
    Path("train.py").write_text(READS)
    Path("sizes.py").write_text("WIDTH = 768\n")
    Path("classes.json").write_text('{"count": 5}')
    watched = Watched("train.py", command="run")
    yield watched
    watched.process.kill()
    watched.process.wait()


def test_a_script_is_run_again_after_a_change_of_what_it_read(running: Watched) -> None:
    assert "trace completed" in running.report()
    Path("sizes.py").write_text("WIDTH = 512\n")
    assert "SHP201" in running.report()
    Path("classes.json").write_text('{"count": 7}')
    assert "8x768 and 512x7" in running.report()
    Path("shapecheck.toml").write_text("ignore = ['SHP2']\n")
    assert "SHP201" not in running.report()
    Path("train.py").rename("later.py")
    while "train.py does not exist" not in running.report():  # it may go away while it is being read
        pass
    Path("later.py").rename("train.py")
    assert "trace raised" in running.report()
    assert running.stop() == 0


def test_a_script_is_not_run_again_for_nothing(running: Watched) -> None:
    running.report()
    Path("notes.txt").write_text("nothing that the script reads")
    os.utime("classes.json")
    Path("sizes.py").write_text("WIDTH = 512\n")
    assert "SHP201" in running.report()
    assert running.stop() == 0
    assert "watching" not in "".join(running.lines.queue)


def test_fixes_are_written_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    broken = (ROOT / "fixtures" / "scripts" / "loader_cls_broken.py").read_text()
    Path("train.py").write_text(broken)
    watched = Watched("--fix", "--pooling", "cls", "train.py")
    while "SHP101" in watched.report():
        pass
    mended = Path("train.py").read_text()
    assert mended != broken
    Path("train.py").write_text(broken)
    watched.report()
    assert watched.stop() == 0
    assert Path("train.py").read_text() == mended


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["check", "-"], "--watch waits for files to change, and standard input is none"),
        (["check", "--add-ignores", "known", "."], "--add-ignores writes once, and --watch goes on: choose one"),
        (["check", "nowhere.py"], "nowhere.py does not exist"),
        (["run", "--update-baseline", "train.py"], "--update-baseline writes once, and --watch goes on: choose one"),
        (["run", "nowhere.py"], "nowhere.py does not exist"),
        (["run", "."], ". is a folder; run takes a script"),
        (["run", "-m", "nowhere"], "there is no module nowhere here"),
    ],
)
def test_what_cannot_be_watched_is_refused(tmp_path: Path, arguments: list[str], said: str) -> None:
    called = [sys.executable, "-m", "shapecheck", *arguments[:1], "--watch", *arguments[1:]]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(called, env=environment, capture_output=True, text=True, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (2, f"shapecheck: {said}\n")


def test_a_terminal_is_cleared_before_each_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pty

    monkeypatch.chdir(tmp_path)
    Path("train.py").write_text("import torch\n")
    master, slave = pty.openpty()
    called = [sys.executable, "-m", "shapecheck", "check", "--watch", "train.py"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm"}
    process = subprocess.Popen(called, env=environment, stdout=slave, stderr=slave)
    os.close(slave)
    shown = b""
    while b"watching" not in shown:
        shown += os.read(master, 4096)
    process.send_signal(signal.SIGINT)
    assert process.wait() == 0
    os.close(master)
    assert shown.startswith(b"\x1b[2J\x1b[1;1H")
