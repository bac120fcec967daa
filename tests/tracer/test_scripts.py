"""How scripts end, and what is said of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from shapecheck.tracer import Tracer, TraceRequest, TraceResult

Trace = Callable[..., TraceResult]

ENDINGS = [
    ("", "completed", "the script ran to its end"),
    ("import sys; sys.exit()", "completed", "ended by itself at line 1, exit code 0"),
    ("import sys\nsys.exit('no data')", "raised", "ended by itself at line 2, exit code 1: no data"),
    ("import os\nos._exit(3)", "raised", "ended by itself at line 2, exit code 3"),
    ("import ctypes, torch\ntorch.ones(1)\nctypes.string_at(0)", "raised", "was ended by SIGSEGV at line 3"),
    ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "raised", "was ended by SIGKILL"),
    ("def f(:\n", "raised", "SyntaxError at line 1"),
    ("\nraise ValueError('mine')", "raised", "ValueError at line 2: mine"),
    (
        "blocks = []\nwhile True:\n    blocks.append(bytearray(10**8))",
        "raised",
        "ran past the memory limit of 1000 MB at line 3",
    ),
    (
        "import sys\nfor _ in range(3000):\n    print('x' * 1000)\nsys.stderr.write('y' * 10**7)",
        "completed",
        "ran to its end",
    ),
    ("while True:\n    pass", "timeout", "ran past the time limit of 2 s at line "),
    ("import time\ntime.sleep(60)", "timeout", "ran past the time limit of 2 s at line 2"),
]


@pytest.mark.parametrize(("text", "status", "reason"), ENDINGS, ids=[reason for *_, reason in ENDINGS])
def test_every_ending_is_said_in_one_sentence(trace: Trace, text: str, status: str, reason: str) -> None:
    result = trace(text, timeout=2 if status == "timeout" else 30, memory_mb=1000)
    assert (result.status, "\n" in result.reason) == (status, False)
    assert reason in result.reason


def test_the_stages_before_a_crash_are_kept(trace: Trace) -> None:
    result = trace("import os, torch\nx = torch.ones(2, 3)\ny = x + 1\nos.kill(os.getpid(), 9)\n")
    assert [stage.op for stage in result.graph.stages] == ["torch.ones", "torch.add"]


def test_a_worker_that_was_killed_is_started_again(trace: Trace, tracer: Tracer) -> None:
    trace("import os, signal\nos.kill(os.getppid(), signal.SIGKILL)")
    assert trace("x = 1").status == "completed"


def test_the_script_sees_its_arguments_name_and_folder_first_on_the_path(trace: Trace, tmp_path: Path) -> None:
    (tmp_path / "neighbour.py").write_text("VALUE = 7\n")
    result = trace(
        """
        import os, sys
        from neighbour import VALUE
        assert sys.argv[1:] == ["--rate", "3"], sys.argv
        assert __name__ == "__main__" and os.path.basename(__file__) == "script.py"
        assert VALUE == 7
        """,
        argv=["--rate", "3"],
    )
    assert result.status == "completed", result.reason


def test_a_script_with_relative_imports_runs_as_part_of_its_package(tracer: Tracer, tmp_path: Path) -> None:
    package = tmp_path / "zoo"
    (package / "inner").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "inner" / "__init__.py").write_text("")
    (package / "sizes.py").write_text("WIDTH = 7")
    script = package / "inner" / "train.py"
    script.write_text("import torch\nfrom ..sizes import WIDTH\nprint(torch.zeros(2, WIDTH) + __package__.count('.'))")
    result = tracer.trace(TraceRequest(script, timeout=60))
    assert result.status == "completed"
    assert "(2, 7)" in str(result.graph.stages[0].out.shape)


def test_a_patched_text_runs_under_the_name_of_its_file(trace: Trace, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    result = trace("raise ValueError('old')", overlay={str(script): "import torch\n\nx = torch.ones(2, 9)\n"})
    assert result.status == "completed"
    [stage] = result.graph.stages
    assert (stage.span.path, stage.span.line) == (str(script), 3)
    assert script.read_text() == "raise ValueError('old')"


def test_a_patched_neighbour_is_imported(trace: Trace, tmp_path: Path) -> None:
    (tmp_path / "neighbour.py").write_text("VALUE = 7\n")
    result = trace(
        "from neighbour import VALUE\nassert VALUE == 8", overlay={str(tmp_path / "neighbour.py"): "VALUE = 8\n"}
    )
    assert result.status == "completed", result.reason


def test_without_torch_one_sentence_says_what_to_type(trace: Trace, tmp_path: Path) -> None:
    import sys

    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\nexec {sys.executable} -I -S "$@"\n')
    bare.chmod(0o755)
    result = trace("x = 1", python=str(bare))
    assert result.status == "unavailable"
    assert "torch is not installed" in result.reason and "pip install" in result.reason


def test_an_interpreter_that_is_not_there_is_said(tmp_path: Path, tracer: Tracer) -> None:
    script = tmp_path / "script.py"
    script.write_text("")
    result = tracer.trace(TraceRequest(script, python="/no/such/python"))
    assert (result.status, result.reason) == ("unavailable", "there is no Python at /no/such/python")


def test_paths_are_those_that_the_user_named(tracer: Tracer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "train.py").write_text("import torch\nx = torch.ones(2)\n")
    monkeypatch.chdir(tmp_path)
    [stage] = tracer.trace(TraceRequest(Path("train.py"))).graph.stages
    assert stage.span.path == "train.py"
