"""Programs that a script would start."""

from __future__ import annotations

from collections.abc import Callable

from shapecheck.tracer import TraceResult

Holds = Callable[..., TraceResult]


def test_programs_are_taken_as_done_and_that_is_said(holds: Holds) -> None:
    result = holds("""
        import os, subprocess, sys
        assert os.system("wget https://example.com/data.zip") == 0
        subprocess.check_call([sys.executable, "-m", "pip", "install", "einops"])
        done = subprocess.run(["nvidia-smi"], capture_output=True, text=True, check=True)
        assert done.returncode == 0 and done.stdout == "" and done.stderr == ""
        assert subprocess.run("echo hello", shell=True).stdout is None
        with subprocess.Popen(["ls"], stdout=subprocess.PIPE) as running:
            assert running.communicate()[0] == b"" and running.poll() == 0
        print("told")
    """)
    assert "the command 'wget https://example.com/data.zip' was not run: taken as done" in result.assumptions
    assert len([text for text in result.assumptions if text.startswith("the command")]) == 5


def test_the_usual_programs_answer_in_their_form(holds: Holds) -> None:
    holds("""
        import os, subprocess
        _, width = os.popen("stty size", "r").read().split()
        assert int(width) == 80
        revision = subprocess.check_output(["git", "rev-parse", "HEAD"]).decode("ascii").strip()
        assert len(revision) == 40
        assert subprocess.getoutput("hostname") == "localhost"
    """)
