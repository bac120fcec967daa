"""What a traced script may not do to the machine it runs on."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from shapecheck.tracer import TraceResult
from shapecheck.tracer.child import seccomp
from shapecheck.tracer.child.guard import Guard, Refused

ROOT = Path(__file__).parents[2]
Trace = Callable[..., TraceResult]

DEEDS = {
    "delete": "import os\nos.remove({victim!r})",
    "delete by unlink": "import pathlib\npathlib.Path({victim!r}).unlink()",
    "overwrite": "open({victim!r}, 'w').write('gone')",
    "overwrite below Python": "import os\nos.write(os.open({victim!r}, os.O_WRONLY | os.O_TRUNC), b'gone')",
    "rename": "import os\nos.rename({victim!r}, {victim!r} + '.moved')",
    "remove the folder": "import shutil, os\nshutil.rmtree(os.path.dirname({victim!r}))",
    "through libc": "import ctypes\nctypes.CDLL(None).unlink({victim!r}.encode())",
    "another program": "import subprocess\nsubprocess.run(['rm', {victim!r}])",
    "a shell": "import os\nos.system('rm ' + {victim!r})",
}


@pytest.mark.parametrize("deed", DEEDS)
def test_files_outside_the_scratch_folder_stay_as_they_are(trace: Trace, tmp_path: Path, deed: str) -> None:
    victim = tmp_path / "kept" / "data.txt"
    victim.parent.mkdir()
    victim.write_text("precious")
    result = trace(
        "try:\n    "
        + DEEDS[deed].format(victim=str(victim)).replace("\n", "\n    ")
        + "\nexcept Exception:\n    pass\n"
    )
    assert result.status in ("completed", "stopped", "raised")
    if deed != "through libc" or "landlock" in result.guard:
        assert victim.read_text() == "precious"
        assert sorted(p.name for p in tmp_path.iterdir()) == ["kept", "script.py"]


def test_the_network_is_closed(trace: Trace) -> None:
    result = trace("import socket\nsocket.create_connection(('127.0.0.1', 9), timeout=1)")
    assert result.status == "raised" and "the network is closed while tracing" in result.reason


def test_credentials_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    guard = Guard(tmp_path / "scratch")
    guard.opened(tmp_path / "data.csv", "r", os.O_RDONLY)
    with pytest.raises(Refused, match="credentials"):
        guard.opened(tmp_path / ".ssh" / "id_rsa", "r", os.O_RDONLY)


def test_the_report_says_what_holds(trace: Trace) -> None:
    assert "audit" in trace("x = 1").guard


BY_THE_HOOK_ALONE = """
import ctypes, os, subprocess, sys, tempfile
from pathlib import Path
from shapecheck.tracer.child import landlock, namespaces, seccomp
from shapecheck.tracer.child.guard import Guard, Refused

landlock.restrict = lambda folders, files: False
namespaces.leave_the_network = seccomp.restrict = lambda: False
libc = ctypes.CDLL(None)
held = Guard(Path(tempfile.mkdtemp())).install(4096, 60)
deeds = {
    "fork": os.fork,
    "run": lambda: subprocess.run(["true"]),
    "fork by libc": lambda: libc.fork(),
    "write": lambda: open("/tmp/shapecheck-must-not-be-there", "w"),
    "kill": lambda: os.kill(os.getppid(), 0),
}
for name, deed in deeds.items():
    try:
        deed()
    except Refused:
        continue
    sys.exit(f"{name} was not refused")
print(*held)
"""


def test_where_the_kernel_does_not_help_the_hook_stands_alone() -> None:
    done = subprocess.run(
        [sys.executable, "-c", BY_THE_HOOK_ALONE],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.split() == ["rlimits", "audit"]


@pytest.mark.parametrize(("column", "machine"), [(0, 0xC000003E), (1, 0xC00000B7)], ids=["x86-64", "arm64"])
def test_the_jumps_of_the_filter_stay_within_it(column: int, machine: int) -> None:
    steps = seccomp.program(column, machine, 7)
    returns = 0x06
    assert steps[-1] == (returns, 0, 0, 0x7FFF0000)
    for at, (_, yes, no, _) in enumerate(steps):
        assert at + max(yes, no) + 1 <= len(steps)
    numbers = [operand for code, yes, _, operand in steps if code == 0x15 and not yes]
    assert len(numbers) == len(set(numbers))


def test_a_temporary_folder_is_emptied_and_removed(trace: Trace) -> None:
    result = trace(
        """
        import tempfile
        from pathlib import Path
        import torch

        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "words.txt").write_text("a")
        torch.zeros(2) + 1
        """
    )
    assert (result.status, result.error) == ("completed", None)
