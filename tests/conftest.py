"""Settings that hold for every test."""

from __future__ import annotations

import itertools
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from shapecheck.cli import main
from tests.saying import Said

settings.register_profile("shapecheck", deadline=None)  # a shared machine: no test depends on how long it takes
settings.load_profile("shapecheck")

# A shell starts what runs in its background deaf to Ctrl-C, and children inherit that; those of tests must hear it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

_NUMBERS = itertools.count()


@pytest.fixture(scope="session", autouse=True)
def cache_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """No test reads or writes the cache of who runs it; what is set up for several tests shares one."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("caches")
        patch.setenv("SHAPECHECK_CACHE_DIR", str(folder / "shared"))
        yield folder


@pytest.fixture(autouse=True)
def empty_cache(cache_folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test begins with a cache of its own, in which nothing is kept."""
    monkeypatch.setenv("SHAPECHECK_CACHE_DIR", str(cache_folders / str(next(_NUMBERS))))


@pytest.fixture
def say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Any:
    """Runs the command line in an empty folder, through the console script's own entry."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str | Path) -> Said:
        monkeypatch.setattr(sys, "argv", ["shapecheck", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            main()
        printed = capfd.readouterr()
        assert "Traceback" not in printed.out + printed.err
        return Said(int(stop.value.code or 0), printed.out, printed.err)

    return run
