"""tqdm: what it wraps, without a bar."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

__all__ = ["auto", "notebook", "tnrange", "tqdm", "tqdm_notebook", "trange"]


class tqdm:
    """The iterable itself."""

    def __init__(self, iterable: Any = None, *args: Any, **options: Any) -> None:
        self.iterable, self.total, self.n = iterable, options.get("total"), 0

    def __iter__(self) -> Iterator[Any]:
        return iter(self.iterable if self.iterable is not None else ())

    def __len__(self) -> int:
        return len(self.iterable) if self.iterable is not None else int(self.total or 0)

    def __enter__(self) -> tqdm:
        return self

    def __exit__(self, *exc: object) -> None:
        return None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *args, **kwargs: None

    @classmethod
    def pandas(cls, *args: Any, **kwargs: Any) -> None:
        """``progress_apply`` is ``apply``."""

    @staticmethod
    def write(*args: Any, **kwargs: Any) -> None:
        """Nothing is shown."""


def trange(*args: int, **options: Any) -> tqdm:
    """A range."""
    return tqdm(range(*args))


tqdm_notebook, tnrange = tqdm, trange


class auto:
    """``tqdm.auto``, by attribute."""

    tqdm, trange = tqdm, staticmethod(trange)


notebook = auto
