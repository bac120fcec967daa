"""Where a report goes and how it looks there: forms, files, terminals and their encodings, from the outside."""

from __future__ import annotations

import importlib.metadata
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from shapecheck import engine, interp, writing
from shapecheck.cli import cli
from shapecheck.graph import ShapeGraph
from shapecheck.reports import forms
from shapecheck.reports.width import columns_wide
from shapecheck.tracer import interpreters

ROOT = Path(__file__).parents[1]
BROKEN = "import torch\nlayer = torch.nn.Linear(768, 5)\nscores = layer(torch.zeros(8, 512))  # 中 é\n"
FORMS = (*forms.FOR_PEOPLE, *forms.FOR_PROGRAMS)


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a broken script below its root, and that folder as the working directory."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "train.py").write_text(BROKEN, encoding="utf-8")
    monkeypatch.chdir(tmp_path / "src")
    return tmp_path


def shapecheck(*arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    kept = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS")}
    return subprocess.run(
        [sys.executable, "-m", "shapecheck", *arguments],
        capture_output=True,
        env={**kept, "PYTHONPATH": str(ROOT), **environment},
    )


def told(*arguments: str) -> str:
    done = CliRunner().invoke(cli, ["check", *arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.stdout


@pytest.mark.parametrize("form", FORMS)
def test_every_form_tells_the_finding_and_goes_to_a_file_as_it_goes_to_a_pipe(form: str) -> None:
    printed = told("--output-format", form, "train.py")
    assert "SHP201" in printed and "train.py" in printed
    assert told("--output-format", form, "--output-file", "report", "train.py") == ""
    written = Path("report").read_text(encoding="utf-8")
    assert without_times(written) == without_times(printed)


def without_times(report: str) -> str:
    import re

    return re.sub(r'in \d+\.\d+ s|time="[\d.]+"|"seconds": [\d.]+', "", report)


@pytest.mark.parametrize("form", ["github", "gitlab", "sarif", "junit", "rdjson", "markdown"])
def test_forms_for_consumers_of_a_repository_name_paths_from_its_root(form: str) -> None:
    assert "src/train.py" in told("--output-format", form, "train.py")


def test_text_is_another_name_of_full() -> None:
    assert without_times(told("--output-format", "text", "train.py")) == without_times(told("train.py"))


@pytest.mark.parametrize("form", FORMS)
def test_a_report_is_the_same_every_time_and_by_any_number_of_processes(form: str, project: Path) -> None:
    for number in range(5):
        (project / "src" / f"more{number}.py").write_text(BROKEN, encoding="utf-8")
    one, again, two = (told("--output-format", form, "--jobs", jobs, ".") for jobs in ("1", "1", "2"))
    assert without_times(one) == without_times(again) == without_times(two)


@pytest.mark.parametrize("form", FORMS)
def test_our_own_failure_on_a_file_is_told_in_every_form(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def analyze(*_: Any) -> ShapeGraph:
        raise KeyError("a fault of ours")

    monkeypatch.setattr(engine.interp, "analyze", analyze)
    monkeypatch.setattr(interp, "watch", analyze)
    done = CliRunner().invoke(cli, ["check", "--output-format", form, "train.py"], standalone_mode=False)
    assert done.return_value == 2
    assert "a fault of ours" in done.stdout and "train.py" in done.stdout


def test_an_unknown_form_is_refused_with_those_there_are() -> None:
    done = shapecheck("check", "--output-format", "sariff", "train.py")
    assert done.returncode == 2
    assert done.stderr.count(b"\n") == 1
    assert b"sarif" in done.stderr


@pytest.mark.parametrize(
    "arguments", [["--statistics", "--output-format", "sarif"], ["--diff", "--output-format", "github"]]
)
def test_what_a_form_has_no_place_for_is_refused(arguments: list[str]) -> None:
    done = shapecheck("check", *arguments, "train.py")
    assert (done.returncode, done.stdout, done.stderr.count(b"\n")) == (2, b"", 1)


# -- files -------------------------------------------------------------------------------------------------------------


def test_a_report_replaces_a_file_whole_and_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "report.txt"
    path.write_text("old " * 10_000)
    path.chmod(0o640)
    writing.put(path, b"new")
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o640
    assert [entry.name for entry in tmp_path.glob("*report*")] == ["report.txt"]


def test_a_new_file_has_the_mode_that_files_get_here(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    writing.put(tmp_path / "new", b"")
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_link_stays_a_link_and_its_file_is_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")
    (tmp_path / "link").symlink_to("file")
    writing.put(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_bytes() == b"new"


def test_a_write_that_fails_leaves_the_old_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "report"
    path.write_text("old")

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space"):
        writing.put(path, b"new")
    assert path.read_text() == "old"
    assert list(tmp_path.glob(".report*")) == []


def test_a_report_may_go_to_a_device() -> None:
    done = shapecheck("check", "--output-format", "json", "--output-file", "/dev/stdout", "train.py")
    assert json.loads(done.stdout)["summary"]["errors"] == 1


# -- terminals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "settings", [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}]
)
def test_a_terminal_without_unicode_gets_signs_in_the_same_columns(settings: dict[str, str]) -> None:
    done = shapecheck("check", "--verbose", "train.py", **settings)
    assert (done.returncode, done.stderr) == (1, b"")
    report = done.stdout.decode("ascii")
    assert "scores = layer(torch.zeros(8, 512))  # ?? ?" in report
    assert json.loads(shapecheck("check", "--output-format", "json", "train.py", **settings).stdout)["findings"]


@pytest.mark.parametrize(
    "command", [("rule", "SHP101"), ("rule", "--all"), ("explain", "größe: mat1 and mat2"), ("--version",)]
)
def test_every_command_speaks_to_a_terminal_without_unicode(command: tuple[str, ...]) -> None:
    done = CliRunner(charset="ascii").invoke(cli, command)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert done.stdout_bytes.decode("ascii")


def test_the_forms_for_programs_are_utf_8_whatever_the_terminal_is(project: Path) -> None:
    (project / "src" / "trän.py").write_text(BROKEN, encoding="utf-8")
    for form in forms.FOR_PROGRAMS:
        done = CliRunner(charset="latin-1").invoke(cli, ["check", "--output-format", form, "trän.py"])
        assert ("tr%C3%A4n.py" if form == "sarif" else "trän.py") in done.stdout_bytes.decode("utf-8")


def test_colors_are_forced_and_forbidden_by_the_environment() -> None:
    def colored(*arguments: str, **environment: str) -> bool:
        settings: dict[str, str | None] = {"NO_COLOR": None, "FORCE_COLOR": None, **environment}
        return "\x1b[" in CliRunner(env=settings).invoke(cli, ["check", *arguments, "train.py"]).stdout

    assert not colored()
    assert colored(FORCE_COLOR="1")
    assert not colored(FORCE_COLOR="1", NO_COLOR="1")
    assert not colored("--color", "never", FORCE_COLOR="1")
    assert not colored("--output-format", "github", FORCE_COLOR="1")
    assert not colored("--output-file", "report", FORCE_COLOR="1")


@pytest.mark.skipif(sys.platform == "win32", reason="there is no pty")
@pytest.mark.parametrize("columns", [40, 60, 200])
def test_a_real_terminal_gets_colors_and_lines_that_fit_it(columns: int) -> None:
    import fcntl
    import pty
    import re
    import struct
    import termios

    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    kept = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "COLUMNS")}
    environment = {**kept, "PYTHONPATH": str(ROOT), "TERM": "xterm", "PYTHONUTF8": "1"}
    command = [sys.executable, "-m", "shapecheck", "check", "train.py"]
    with subprocess.Popen(command, stdout=follower, stderr=follower, env=environment) as process:
        os.close(follower)
        shown = b""
        while True:
            try:
                part = os.read(leader, 65536)
            except OSError:  # how Linux says that the other end is closed
                break
            if not part:
                break
            shown += part
    os.close(leader)
    assert process.returncode == 1
    assert b"\x1b[" in shown
    lines = re.sub(r"\x1b\[[0-9;]*m", "", shown.decode()).splitlines()
    assert any(line.startswith("error[SHP201]") for line in lines)
    assert [
        line for line in lines if columns_wide(line) > columns and not line.startswith(("      - ", "      + "))
    ] == []


# -- what is said of the command itself --------------------------------------------------------------------------------


def environment_with(folder: Path, **versions: str) -> Path:
    """A virtual environment in which packages seem to be installed: their metadata is there, and no code."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", "--symlinks", str(folder)], check=True)
    (site,) = folder.glob("lib/python3*/site-packages")
    for name, version in versions.items():
        metadata = site / f"{name}-{version}.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    return folder


@pytest.mark.skipif(sys.platform == "win32", reason="an environment has other folders there")
def test_version_tells_what_the_project_s_python_has_without_importing_it(project: Path) -> None:
    (project / "src" / "pyproject.toml").touch()
    environment_with(project / "src" / ".venv", torch="2.9.1")
    lines = shapecheck("--version", VIRTUAL_ENV="").stdout.decode().splitlines()
    assert lines[0].startswith("shapecheck ")
    assert lines[1] == f"Python {sys.version.split()[0]} ({project / 'src' / '.venv' / 'bin' / 'python'})"
    assert lines[2:] == ["torch 2.9.1", "transformers not installed"]


def test_files_of_the_working_directory_do_not_answer_for_the_library(project: Path) -> None:
    (project / "src" / "json.py").write_text("raise SystemExit('imported from the working directory')")
    assert interpreters.installed(sys.executable, ("click",))["click"] == importlib.metadata.version("click")


def test_an_interpreter_that_does_not_start_has_nothing_installed(project: Path) -> None:
    assert set(interpreters.installed(str(project / "src" / "train.py")).values()) == {None}


@pytest.mark.parametrize("command", ["", "check", "run", "trace", "explain", "rule"])
def test_help_ends_with_examples_as_they_are_typed(command: str) -> None:
    help_text = CliRunner().invoke(cli, [*command.split(), "--help"], terminal_width=80).output
    examples = help_text.partition("Examples:\n")[2].splitlines()
    assert len([line for line in examples if f"shapecheck {command}" in line]) >= 2
