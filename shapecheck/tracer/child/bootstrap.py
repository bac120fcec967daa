"""Started by path under the project's interpreter: makes ``shapecheck`` importable, and nothing beside it."""

from __future__ import annotations

import importlib.util
import os
import sys


def load_package(folder: str) -> None:
    """Make ``import shapecheck`` mean the package in a folder, without exposing what stands beside it."""
    spec = importlib.util.spec_from_file_location(
        "shapecheck", os.path.join(folder, "__init__.py"), submodule_search_locations=[folder]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"no package in {folder}")
    package = importlib.util.module_from_spec(spec)
    sys.modules["shapecheck"] = package
    spec.loader.exec_module(package)


if __name__ == "__main__":
    del sys.path[0]  # the folder of this file
    load_package(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
    from shapecheck.tracer.child.worker import main

    main(sys.argv[1:])
