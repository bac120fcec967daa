"""What parses the text of files: given one that is made up, the values that it stands for."""

from __future__ import annotations

import csv
import json
import pickle
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from shapecheck.tracer.standins.absorb import Absorbing, if_installed
from shapecheck.tracer.standins.made_up import CsvRows, MadeUpText
from shapecheck.tracer.standins.patching import patch_function

if TYPE_CHECKING:
    from shapecheck.tracer.child.session import Session
    from shapecheck.tracer.standins.files import Files


def install(session: Session, files: Files) -> None:
    """``json.load``, ``pickle.load``, ``csv.DictReader`` and readers of settings, given a file that is made up."""
    for name in ("yaml", "toml", "tomllib", "tomli"):
        session.on_import(name, if_installed(_settings))

    def load(original: Callable[..., Any]) -> Callable[..., Any]:
        def read(file: Any, *args: Any, **kwargs: Any) -> Any:
            return file.parsed() if isinstance(file, MadeUpText) else original(file, *args, **kwargs)

        return read

    def loads(original: Callable[..., Any]) -> Callable[..., Any]:
        def read(text: Any, *args: Any, **kwargs: Any) -> Any:
            made = getattr(text, "record", None)
            return original(text, *args, **kwargs) if made is None else made

        return read

    def default(original: Callable[..., Any]) -> Callable[..., Any]:
        return lambda self, o: str(o) if isinstance(o, Absorbing) else original(self, o)

    patch_function(json.JSONEncoder, "default", default)
    patch_function(json, "load", load)
    patch_function(json, "loads", loads)
    patch_function(pickle, "load", load)
    patch_function(csv, "DictReader", partial(_table_reader, files))


def _table_reader(files: Files, original: Any) -> Callable[..., Any]:
    """``csv.DictReader`` of a file that is made up: rows with any column."""

    def reader(f: Any, *args: Any, **kwargs: Any) -> Any:
        return CsvRows(files.cells) if isinstance(f, MadeUpText) else original(f, *args, **kwargs)

    return reader


def _settings(module: Any) -> None:
    """Readers of settings in YAML and TOML, from a made-up file or from its text."""

    def parse(original: Callable[..., Any]) -> Callable[..., Any]:
        def read(source: Any, *args: Any, **kwargs: Any) -> Any:
            made = source.parsed() if isinstance(source, MadeUpText) else getattr(source, "record", None)
            return original(source, *args, **kwargs) if made is None else made

        return read

    for name in ("load", "loads", "safe_load", "full_load", "unsafe_load"):
        patch_function(module, name, parse)
