"""The warm server: quick for the next command, and never in anybody's way."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from shapecheck.tracer import Tracer, TraceRequest, TraceResult, warm
from shapecheck.tracer.child import door, stamps
from shapecheck.tracer.child.door import Door
from tests.tracer.processes import alive, linux, named, until

pytestmark = linux

MODEL = "import torch\nx = torch.nn.Linear(3, 5)(torch.zeros(2, 3))\n"


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A runtime folder of the test's own; its servers are ended with the test."""
    base = tmp_path_factory.mktemp("w")
    base.chmod(0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(base))
    monkeypatch.delenv("CI", raising=False)
    yield base
    for pid in named(str(base)):
        os.kill(pid, signal.SIGKILL)


def trace(script: Path, text: str = MODEL, *, server: bool = True) -> TraceResult:
    script.write_text(text)
    with Tracer(server=server) as tracer:
        return tracer.trace(TraceRequest(script, timeout=60))


def shapes(result: TraceResult) -> list[str]:
    return [f"{stage.op} {[str(tensor.shape) for tensor in stage.outputs.values()]}" for stage in result.graph.stages]


def server_of(folder: Path) -> int:
    """The one server, once the keepers of what it did have gone."""
    assert until(lambda: len(named(str(folder))) == 1)
    return named(str(folder)).pop()


def door_of(folder: Path) -> Path:
    (found,) = folder.glob("*/*.sock")
    return found


def test_two_commands_share_a_server_and_each_has_its_own_environment(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "import os\nraise ValueError(os.environ['WHO'] + ' in ' + os.path.basename(os.getcwd()))"
    said, servers = [], []
    for who in ("one", "two"):
        monkeypatch.setenv("WHO", who)
        (tmp_path / who).mkdir()
        monkeypatch.chdir(tmp_path / who)
        said.append(trace(tmp_path / "script.py", text).reason)
        servers.append(server_of(folder))
    assert said == ["ValueError at line 2: one in one", "ValueError at line 2: two in two"]
    assert servers[0] == servers[1]


def test_it_says_the_same_as_a_worker_of_the_commands_own(folder: Path, tmp_path: Path) -> None:
    with_server, alone = (trace(tmp_path / "script.py", server=server) for server in (True, False))
    assert shapes(with_server) == shapes(alone) != []
    assert (with_server.status, with_server.reason, with_server.guard) == (alone.status, alone.reason, alone.guard)


def test_another_environment_gets_another_server_and_the_old_one_ends(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace(tmp_path / "script.py")
    first = server_of(folder)
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    assert trace(tmp_path / "script.py").status == "completed"
    assert until(lambda: not alive({first}))
    server_of(folder)


def test_a_server_that_was_killed_and_a_stale_socket_are_met_in_silence(folder: Path, tmp_path: Path) -> None:
    trace(tmp_path / "script.py")
    first = server_of(folder)
    os.kill(first, signal.SIGKILL)
    assert until(lambda: not alive({first}))
    assert door_of(folder).exists()
    assert trace(tmp_path / "script.py").status == "completed"
    server_of(folder)


def test_a_server_that_is_killed_during_a_trace_is_met_in_silence(folder: Path, tmp_path: Path) -> None:
    results: list[TraceResult] = []
    text = "import time\ntime.sleep(3)\n" + MODEL
    asking = threading.Thread(target=lambda: results.append(trace(tmp_path / "script.py", text)))
    asking.start()
    assert until(lambda: len(named(str(folder))) == 3)  # the server, a keeper, and the script
    family = named(str(folder))
    os.kill(min(family), signal.SIGKILL)
    asking.join()
    assert [result.status for result in results] == ["completed"]
    assert until(lambda: not alive(family))


def test_clients_at_the_same_time_get_their_own_answers(folder: Path, tmp_path: Path) -> None:
    results: dict[int, list[str]] = {}

    def ask(size: int) -> None:
        text = f"import torch\nx = torch.nn.Linear(3, {size})(torch.zeros(2, 3))\n"
        results[size] = shapes(trace(tmp_path / f"script{size}.py", text))

    clients = [threading.Thread(target=ask, args=(size,)) for size in (5, 7, 11)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    assert {size: found[-1] for size, found in results.items()} == {
        size: f"torch.nn.Linear ['(2, {size})']" for size in (5, 7, 11)
    }
    server_of(folder)


def test_it_ends_once_nobody_has_come_for_a_while(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warm, "IDLE", 1)
    trace(tmp_path / "script.py")
    assert until(lambda: not named(str(folder)))
    assert not list(folder.glob("*/*.sock"))


def test_in_ci_there_is_none(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    assert trace(tmp_path / "script.py").status == "completed"
    assert not named(str(folder)) and not list(folder.iterdir())


def test_only_its_user_can_come_near_it(folder: Path, tmp_path: Path) -> None:
    trace(tmp_path / "script.py")
    assert door_of(folder).parent.stat().st_mode & 0o777 == 0o700
    assert door_of(folder).stat().st_mode & 0o777 == 0o600


def test_a_folder_that_others_may_enter_is_not_used(folder: Path, tmp_path: Path) -> None:
    (folder / f"shapecheck-{os.getuid()}").mkdir(mode=0o755)
    assert warm.folder(os.environ) is None
    assert trace(tmp_path / "script.py").status == "completed"
    assert not named(str(folder))


def test_a_link_in_the_place_of_the_folder_is_not_used(folder: Path, tmp_path: Path) -> None:
    (folder / f"shapecheck-{os.getuid()}").symlink_to(tmp_path)
    assert warm.folder(os.environ) is None


@pytest.fixture
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Door, socket.socket]]:
    """A door, and somebody who knocks."""
    path = str(tmp_path_factory.mktemp("d") / "s")
    ours, visitor = Door(path, "print"), socket.socket(socket.AF_UNIX)
    visitor.connect(path)
    yield ours, visitor
    visitor.close()
    ours.shut()


def test_another_user_is_not_let_in(opened: tuple[Door, socket.socket], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "peer", lambda connection: os.getuid() + 1)
    assert opened[0].admit() == []
    assert opened[1].recv(1) == b""


def test_the_same_user_is_let_in(opened: tuple[Door, socket.socket]) -> None:
    (client,) = opened[0].admit()
    client.close()


def test_packages_that_were_installed_since_do_not_fit(
    opened: tuple[Door, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert opened[0].fits("print") and not opened[0].fits("another")
    monkeypatch.setattr(stamps, "stamp", lambda: (0,))
    assert not opened[0].fits("print")


def test_the_stamp_sees_a_package_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = tmp_path / "site-packages"
    installed.mkdir()
    os.utime(installed, (1, 1))
    monkeypatch.syspath_prepend(str(installed))
    before = stamps.stamp()
    (installed / "torch-2.14.0.dist-info").mkdir()
    assert stamps.stamp() != before
