"""Real pandas, with data frames that are made up where the file is not there."""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from shapecheck.tracer.child.frames import is_user_file
from shapecheck.tracer.standins.patching import patch_function

if TYPE_CHECKING:
    from shapecheck.tracer.standins.files import Files


def made_up_frames(pandas: Any, files: Files) -> None:
    """Readers of files that are not there give frames whose columns are made up when they are asked for."""
    if not hasattr(pandas, "DataFrame"):
        return

    class Column(pandas.Series):  # type: ignore[misc]
        """A made-up column or row: a row makes up the cells that it is asked for.

        A mapping that knows none of the values gives its own, one after the other.
        """

        @property
        def _constructor(self) -> Any:
            return Column

        def __getitem__(self, key: Any) -> Any:
            if isinstance(key, str) and key not in self.index:
                return files.cells.value(key, self.name if isinstance(self.name, int) else 0)
            return super().__getitem__(key)

        def __getattr__(self, name: str) -> Any:
            return self[name] if _asked_by_user(name) else super().__getattr__(name)

        def map(self, arg: Any, *args: Any, **kwargs: Any) -> Any:
            """Each value through a function or a mapping."""
            if isinstance(arg, Mapping) and arg and not any(value in arg for value in self):
                values = list(itertools.islice(itertools.cycle(arg.values()), len(self)))
                return Column(values, index=self.index)
            return super().map(arg, *args, **kwargs)

        def replace(self, to_replace: Any = None, *args: Any, **kwargs: Any) -> Any:
            """Other values for some."""
            if isinstance(to_replace, Mapping):
                return self.map(to_replace)
            return super().replace(to_replace, *args, **kwargs)

    class Frame(pandas.DataFrame):  # type: ignore[misc]
        """A data frame that makes up the columns that it is asked for."""

        @property
        def _constructor(self) -> Any:
            return Frame

        @property
        def _constructor_sliced(self) -> Any:
            return Column

        def __getitem__(self, key: Any) -> Any:
            for name in [key] if isinstance(key, str) else key if isinstance(key, list) else []:
                if isinstance(name, str) and name not in self.columns:
                    super().__setitem__(name, files.cells.values(name, len(self)))
            return super().__getitem__(key)

        def __getattr__(self, name: str) -> Any:
            return self[name] if _asked_by_user(name) else super().__getattr__(name)

    def read(original: Callable[..., Any]) -> Callable[..., Any]:
        def frame(path: Any = None, *args: Any, **kwargs: Any) -> Any:
            if not isinstance(path, (str, os.PathLike)) or os.path.lexists(path):
                return original(path, *args, **kwargs)
            rows = files.cells.rows
            files.session.assume(f"{path}: {rows} made-up rows")
            names = [name for name in kwargs.get("names") or [] if isinstance(name, str)]
            return Frame({name: files.cells.values(name, rows) for name in names}, index=range(rows))

        return frame

    for name in ("read_csv", "read_table", "read_json", "read_excel", "read_parquet", "read_pickle", "read_feather"):
        patch_function(pandas, name, read)


def _asked_by_user(name: str) -> bool:
    """Whether an attribute that is not there was asked for by the script, and not by pandas itself."""
    return not name.startswith("_") and is_user_file(sys._getframe(2).f_code.co_filename)
