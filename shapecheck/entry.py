"""Which file ``python -m package.module`` would run."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator
from pathlib import Path

from shapecheck.errors import UsageError


def file_of(module: str, folder: Path) -> Path:
    """The file of a module by its dotted name, of a package its ``__main__``, as seen from a folder.

    Python looks in the folder itself and on PYTHONPATH; a ``src`` folder counts too, for the project may be installed
    from it. The path is relative where the folder is. UsageError where there is no such module.
    """
    parts = module.split(".")
    if not all(part.isidentifier() for part in parts):
        near = Path(module)
        meant = ".".join(near.with_suffix("").parts) if near.suffix == ".py" else ""
        raise UsageError(f"{module} is no module name" + (f": did you mean {meant}?" if meant else ""))
    for root in _roots(folder):
        path = root.joinpath(*parts)
        if path.with_suffix(".py").is_file():
            return path.with_suffix(".py")
        if (path / "__main__.py").is_file():
            return path / "__main__.py"
        if (path / "__init__.py").is_file():
            raise UsageError(f"{module} is a package without a __main__.py: name one of its modules")
    near_names = difflib.get_close_matches(module, list(_modules(folder)), n=1, cutoff=0.5)
    raise UsageError(f"there is no module {module} here" + (f": did you mean {near_names[0]}?" if near_names else ""))


def root_of(module: str, path: Path) -> Path:
    """The folder that a module's name is seen from."""
    up = len(module.split(".")) + (path.name == "__main__.py" and module.split(".")[-1] != "__main__")
    return path.parents[up - 1]


def _roots(folder: Path) -> Iterator[Path]:
    yield folder
    yield from (Path(entry) for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry)
    yield folder / "src"


def _modules(folder: Path) -> Iterator[str]:
    """Names of modules in packages near a folder, for one that is misspelt."""
    for root in (folder, folder / "src"):
        for pattern in ("*.py", "*/*.py", "*/*/*.py"):
            for path in root.glob(pattern):
                if path.name != "__init__.py":
                    parts = path.relative_to(root).with_suffix("").parts
                    yield ".".join(parts[:-1] if parts[-1] == "__main__" else parts)
