"""Scripts that mean harm: the parent survives, says what happened, and nothing outside scratch has changed."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from shapecheck.tracer import Tracer, TraceRequest, TraceResult
from tests.tracer.processes import alive, below, linux, until

ROOT = Path(__file__).parents[2]
HONEST = "import torch\nx = torch.nn.Linear(3, 5)(torch.zeros(2, 3))\n"
AWAY = "import os\nhome = os.path.expanduser('~')\n"
LIBC = AWAY + "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
REFUSED = "assert {} == -1\n"


class Deed(NamedTuple):
    """A script, and what is said of it."""

    script: str
    said: str
    timeout: float = 60.0
    memory_mb: int = 8192


DEEDS = {
    "writes to home": Deed(AWAY + "open(home + '/notes.txt', 'w').write('gone')", "ran to its end"),
    "writes to home below Python": Deed(
        AWAY + "os.open(home + '/notes.txt', os.O_WRONLY | os.O_TRUNC)", "writing outside the scratch folder is closed"
    ),
    "deletes": Deed(AWAY + "os.remove(home + '/notes.txt')", "ran to its end"),
    "deletes a tree": Deed(AWAY + "import shutil\nshutil.rmtree(home)", "ran to its end"),
    "deletes by libc": Deed(LIBC + REFUSED.format("libc.unlink((home + '/notes.txt').encode())"), "ran to its end"),
    "takes rights away by libc": Deed(LIBC + "libc.chmod((home + '/notes.txt').encode(), 0)", "ran to its end"),
    "makes folders by libc": Deed(LIBC + REFUSED.format("libc.mkdir((home + '/new').encode(), 0o700)"), "ran to"),
    "mounts over home": Deed(
        LIBC + REFUSED.format("libc.mount(b'none', home.encode(), b'tmpfs', 0, None)"), "ran to its end"
    ),
    "edits itself": Deed("open(__file__, 'a').write('# more')", "ran to its end"),
    "edits itself below Python": Deed(
        "import os\nos.open(__file__, os.O_WRONLY | os.O_APPEND)", "writing outside the scratch folder is closed"
    ),
    "connects": Deed("import socket\nsocket.create_connection(('127.0.0.1', 9), timeout=1)", "at line 2"),
    "sends a datagram": Deed(
        "import socket\nsocket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 9))", "at line 2"
    ),
    "connects to a unix socket": Deed(
        AWAY + "import socket\nsocket.socket(socket.AF_UNIX).connect(home + '/agent')", "at line 4"
    ),
    "opens a socket by libc": Deed(LIBC + REFUSED.format("libc.socket(1, 1, 0)"), "ran to its end"),
    "asks a name server": Deed("import socket\nsocket.getaddrinfo('example.org', 80)", "the network is closed"),
    "forks without end": Deed("import os\nwhile True:\n    os.fork()", "starting other programs is closed"),
    "forks by libc": Deed(LIBC + REFUSED.format("libc.fork()"), "ran to its end"),
    "becomes another program": Deed(
        LIBC
        + "arguments = (ctypes.c_char_p * 2)(b'true', None)\n"
        + REFUSED.format("libc.execv(b'/bin/true', arguments)"),
        "ran to its end",
    ),
    "runs a shell by libc": Deed(LIBC + "assert libc.system(b'true') != 0", "ran to its end"),
    "becomes a daemon": Deed("import os\nif os.fork() == 0:\n    os.setsid()", "at line 2"),
    "leaves at once": Deed("import os\nos._exit(3)", "ended by itself at line 2, exit code 3"),
    "leaves by libc": Deed(LIBC + "libc._exit(4)", "ended with code 4"),
    "crashes": Deed("import ctypes\nctypes.string_at(0)", "was ended by SIGSEGV at line 2"),
    "aborts": Deed("import os\nos.abort()", "was ended by SIGABRT at line 2"),
    "kills itself": Deed("import os\nos.kill(os.getpid(), 9)", "was ended by SIGKILL"),
    "calls itself without end": Deed(
        "import sys\nsys.setrecursionlimit(10**9)\ndef deeper():\n    return [deeper()]\ndeeper()",
        "",  # a limit ends it, or Python, which cannot make the exception that says so
        timeout=5,
        memory_mb=256,
    ),
    "eats memory": Deed(
        "blocks = []\nwhile True:\n    blocks.append(bytearray(2**24))", "ran past the memory limit", memory_mb=256
    ),
    "eats memory as tensors": Deed(
        "import torch\nblocks = []\nwhile True:\n    blocks.append(torch.ones(2**20))",
        "the memory limit",
        memory_mb=256,
    ),
    "prints megabytes": Deed(
        "import os\nfor _ in range(64):\n    print('x' * 2**20)\n    os.write(2, b'y' * 2**20)", "ran"
    ),
    "writes into every descriptor": Deed(
        "import os\nfor number in range(3, 64):\n    try:\n        os.write(number, b'{}\\n[1]\\nnonsense\\n')\n"
        "    except OSError:\n        pass",
        "ran to its end",
    ),
    "closes every descriptor": Deed("import os\nos.closerange(0, 256)", "ended with code 0"),
    "swallows every exception": Deed(
        "while True:\n    try:\n        raise ValueError\n    except BaseException:\n        pass",
        "ran past the time limit of 3 s at line",
        timeout=3,
    ),
    "ignores signals": Deed(
        "import signal\nfor number in (signal.SIGTERM, signal.SIGALRM, signal.SIGINT):\n"
        "    signal.signal(number, signal.SIG_IGN)\nwhile True:\n    pass",
        "ran past the time limit of 3 s",
        timeout=3,
    ),
    "leaves a thread running": Deed(
        "import threading\ndef turn():\n    while True:\n        pass\nthreading.Thread(target=turn).start()", "ran to"
    ),
    "replaces torch": Deed(
        "import torch\ntorch.nn.Linear = torch.tensor = torch.Tensor.detach = torch.nn.Module.__call__ = None\n"
        "torch.Tensor.__torch_function__ = None",
        "ran to its end",
    ),
    "empties Python": Deed(
        "import builtins, sys, os\nos.write = os.getpid = builtins.isinstance = None\nsys.modules.clear()", ""
    ),
    "kills its parent": Deed("import os\nos.kill(os.getppid(), 9)", "signals to other processes are closed"),
    "kills everything": Deed("import os\nos.kill(-1, 9)", "signals to other processes are closed"),
    "kills its parent by libc": Deed(LIBC + REFUSED.format("libc.kill(os.getppid(), 9)"), "ran to its end"),
    "outlives its parent by libc": Deed(LIBC + REFUSED.format("libc.prctl(1, 0, 0, 0, 0)"), "ran to its end"),
    "reads a key": Deed(AWAY + "assert 'secret' not in open(home + '/.ssh/id_rsa').read()", ""),
    "reads passwords": Deed(AWAY + "os.open(home + '/.netrc', os.O_RDONLY)", "files with credentials are closed"),
    "reads a key by libc": Deed(
        LIBC + "libc.fopen.restype = ctypes.c_void_p\nassert not libc.fopen((home + '/.ssh/id_rsa').encode(), b'r')",
        "ran to its end",
    ),
}
BY_LIBC = [name for name, deed in DEEDS.items() if deed.script.startswith(LIBC) and "_exit" not in deed.script]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with something to lose."""
    folder = tmp_path_factory.mktemp("home")
    (folder / "notes.txt").write_text("precious")
    (folder / ".netrc").write_text("machine example.org password secret")
    (folder / ".ssh").mkdir(mode=0o700)
    (folder / ".ssh" / "id_rsa").write_text("secret")
    return folder


@pytest.fixture(scope="module")
def tracer(home: Path) -> Iterator[Tracer]:
    before = os.environ.get("HOME")
    os.environ["HOME"] = str(home)
    agent = socket.socket(socket.AF_UNIX)
    agent.bind(str(home / "agent"))
    agent.listen()
    try:
        with Tracer() as one:
            yield one
    finally:
        agent.close()
        os.environ.pop("HOME") if before is None else os.environ.update(HOME=before)


@pytest.fixture(scope="module")
def idle(tracer: Tracer, tmp_path_factory: pytest.TempPathFactory) -> int:
    """How many processes there are between two traces: the tracer's worker, and those of other tests' tracers."""
    script = tmp_path_factory.mktemp("idle") / "script.py"
    script.write_text("import torch")
    tracer.trace(TraceRequest(script, timeout=60, memory_mb=4096))
    return len(below(os.getpid()))


def run(tracer: Tracer, folder: Path, deed: Deed) -> TraceResult:
    script = folder / "script.py"
    script.write_text(deed.script)
    return tracer.trace(TraceRequest(script, timeout=deed.timeout, memory_mb=deed.memory_mb))


def state(folder: Path) -> dict[str, tuple[int, str]]:
    """Every file below a folder: its mode and what is in it."""
    files = [path for path in sorted(folder.rglob("*")) if not stat.S_ISSOCK(path.lstat().st_mode)]
    return {str(p): (p.lstat().st_mode, p.read_text() if p.is_file() else "") for p in files}


@linux
@pytest.mark.parametrize("name", DEEDS)
def test_nothing_comes_of(name: str, tracer: Tracer, home: Path, idle: int, tmp_path: Path) -> None:
    deed = DEEDS[name]
    (tmp_path / "script.py").write_text(deed.script)
    before = state(home), state(tmp_path)
    result = run(tracer, tmp_path, deed)
    if name in BY_LIBC and not {"landlock", "seccomp", "mounts"} <= set(result.guard):
        pytest.skip("this kernel leaves it to the audit hook")
    assert deed.said in result.reason and "\n" not in result.reason
    assert "AssertionError" not in result.reason  # a script that found a way says so
    assert (state(home), state(tmp_path)) == before
    assert until(lambda: len(below(os.getpid())) <= idle), "a process was left behind"


def test_the_next_script_is_traced_as_if_nothing_had_happened(tracer: Tracer, tmp_path: Path) -> None:
    run(tracer, tmp_path, DEEDS["replaces torch"])
    result = run(tracer, tmp_path, Deed(HONEST, ""))
    assert result.status == "completed"
    assert [stage.op for stage in result.graph.stages][-1] == "torch.nn.Linear"


CLIENT = """
import signal, sys
from pathlib import Path
signal.signal(signal.SIGINT, signal.default_int_handler)  # tests that run in the background ignore it
from shapecheck.tracer import Tracer, TraceRequest
with Tracer() as tracer:
    tracer.trace(TraceRequest(Path(sys.argv[1]), timeout=300))
"""
ENDLESS = """
import os, signal
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
while True:
    try:
        pass
    except BaseException:
        pass
"""


@linux
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=lambda how: how.name)
def test_a_parent_that_is_ended_leaves_neither_processes_nor_files_behind(how: signal.Signals, tmp_path: Path) -> None:
    script, temporary = tmp_path / "script.py", tmp_path / "tmp"
    script.write_text(ENDLESS)
    temporary.mkdir()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)}
    client = subprocess.Popen(
        [sys.executable, "-c", CLIENT, str(script)], env=environment, stderr=subprocess.DEVNULL, cwd=tmp_path
    )
    try:
        assert until(lambda: len(below(client.pid)) == 3)  # the worker, a keeper, and the script
        family = below(client.pid)
        client.send_signal(how)
        client.wait()
        assert until(lambda: not alive(family))
        assert until(lambda: not list(temporary.iterdir()))
    finally:
        client.kill()
        client.wait()
