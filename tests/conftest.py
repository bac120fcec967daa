"""Settings that hold for every test."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("shapecheck", deadline=None)  # a shared machine: no test depends on how long it takes
settings.load_profile("shapecheck")

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
