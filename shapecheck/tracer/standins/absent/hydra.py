"""hydra: the script's main function called with the settings of its config files, or with made-up ones."""

from __future__ import annotations

import functools
import importlib
import os
import sys
import types
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from shapecheck.tracer.standins.absent import session
from shapecheck.tracer.standins.absent.attribute_dicts import AttrDict, OmegaConf, load, overrides
from shapecheck.tracer.standins.settings import Settings

__all__ = [
    "call", "compose", "get_class", "get_original_cwd", "initialize", "initialize_config_dir", "instantiate", "main",
    "to_absolute_path", "utils",
]  # fmt: skip

_current: list[Path] = []


def main(config_path: str | None = None, config_name: str | None = None, **options: Any) -> Callable[..., Any]:
    """A decorator: the function is called with the settings of a config file beside its own."""

    def decorate(function: Callable[[Any], Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def called(cfg: Any = None) -> Any:
            folder = Path(function.__code__.co_filename).parent / (config_path or "")
            return function(_settings(folder, config_name, sys.argv[1:]) if cfg is None else cfg)

        return called

    return decorate


def _settings(folder: Path, name: str | None, words: list[str]) -> Any:
    path = folder / f"{(name or 'config').removesuffix('.yaml')}.yaml"
    if name is None:
        return overrides(words)
    if not os.path.lexists(path):
        return Settings(session(), path.name)
    return OmegaConf.merge(_composed(folder, path), overrides(words))


def _composed(folder: Path, path: Path) -> Any:
    """A config file, with those that its list of defaults names in their places."""
    own = load(path)
    parts: list[Any] = []
    for entry in own.pop("defaults", []):
        if entry == "_self_":
            parts.append(own)
            continue
        group, choice = next(iter(entry.items())) if isinstance(entry, Mapping) else ("", entry)
        group = str(group).removeprefix("override ").removeprefix("optional ")
        file = (folder if group else path.parent) / group / f"{choice}.yaml"
        if choice is None or group.startswith("hydra/") or not os.path.lexists(file):
            continue
        chosen = _composed(folder, file)
        parts.append(AttrDict({group.strip("/").replace("/", "."): chosen}) if group else chosen)
    return OmegaConf.merge(*parts, *([] if any(part is own for part in parts) else [own]))


def initialize(config_path: str | None = None, **options: Any) -> Any:
    """Where :func:`compose` finds files: beside the script."""
    return initialize_config_dir(str(session().script.parent / (config_path or "")))


def initialize_config_dir(config_dir: str, **options: Any) -> Any:
    """Where :func:`compose` finds files."""
    from contextlib import nullcontext

    _current[:] = [Path(config_dir)]
    return nullcontext()


def compose(config_name: str | None = None, overrides: list[str] | None = None, **options: Any) -> Any:
    """The settings of a config file."""
    return _settings((_current or [session().script.parent])[0], config_name, overrides or [])


def get_class(path: str) -> Any:
    """What a dotted path names."""
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


def instantiate(config: Any, *args: Any, **options: Any) -> Any:
    """What ``_target_`` names, called with the other settings."""
    if isinstance(config, list):
        return [instantiate(part) for part in config]
    if not isinstance(config, Mapping) or "_target_" not in config:
        return config
    given = {name: instantiate(value) for name, value in config.items() if not name.startswith("_")}
    target = get_class(config["_target_"])
    if config.get("_partial_"):
        return functools.partial(target, *args, **{**given, **options})
    return target(*args, **{**given, **options})


def get_original_cwd() -> str:
    """The current folder."""
    return os.getcwd()


def to_absolute_path(path: str) -> str:
    """The path, seen from the current folder."""
    return os.path.abspath(path)


call = instantiate
utils = types.SimpleNamespace(
    call=call, get_class=get_class, get_method=get_class, get_original_cwd=get_original_cwd, instantiate=instantiate,
    to_absolute_path=to_absolute_path,
)  # fmt: skip
