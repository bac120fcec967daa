"""What ``shapecheck trace`` is asked for: which model, built with what, called with what. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from shapecheck import inputs
from shapecheck.errors import UsageError
from shapecheck.inputs import Input, literal


@dataclass(frozen=True, slots=True)
class Target:
    """One model.

    Attributes:
        name: a Python file, a folder with a config.json, or a checkpoint's name.
        cls: the class; of a checkpoint or a folder one of transformers, empty for its own.
        args: arguments of the class, or attributes of the config.
        inputs: what ``forward`` gets, in place of what the recipes say.
    """

    name: str
    cls: str = ""
    args: dict[str, Any] = field(default_factory=dict)
    inputs: dict[str, Input] = field(default_factory=dict)

    @property
    def in_file(self) -> bool:
        """Whether the class stands in a file of the user's."""
        return self.name.endswith(".py")

    @property
    def path(self) -> Path:
        """The file that says what the model is, or the checkpoint's name."""
        config = Path(self.name, "config.json")
        return config if config.is_file() else Path(self.name)

    @property
    def model_type(self) -> str:
        """The type that the folder's config states; empty where there is none."""
        try:
            return str(json.loads(Path(self.name, "config.json").read_text(encoding="utf-8"))["model_type"])
        except (OSError, ValueError, KeyError, TypeError):
            return ""

    def record(self) -> dict[str, Any]:
        """As the tracing process gets it."""
        return {**asdict(self), "in_file": self.in_file}


def parse(text: str, given: Iterable[str], args: Iterable[str]) -> Target:
    """A target from the command line's words: ``model.py::Net``, ``--input x=float32[batch,3]``, ``--arg width=64``.

    Raises:
        UsageError: a file or folder that is not there, or an option of another form.
    """
    name, _, cls = text.partition("::")
    if name.endswith(".py"):
        if not Path(name).is_file():
            raise UsageError(f"{name} does not exist")
        if not cls.isidentifier():
            raise UsageError(f"name the class as well: {name}::Net")
    elif name and Path(name).is_dir() and not Path(name, "config.json").is_file():
        raise UsageError(f"{name} has no config.json")
    elif not name or Path(name).is_file():
        raise UsageError(
            f"{text or 'an empty target'} is neither file.py::Class, nor a checkpoint, nor a config folder"
        )
    return Target(
        name,
        cls,
        {key: literal(value) for key, value in _pairs("--arg", args)},
        {key: input_of(key, value) for key, value in _pairs("--input", given)},
    )


def _pairs(option: str, texts: Iterable[str]) -> Iterable[tuple[str, str]]:
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier():
            raise UsageError(f"{option} takes name=value, not {text}")
        yield name, value


def input_of(name: str, text: str) -> Input:
    """An input of a name from its words; UsageError for a dtype or a size that there is not."""
    try:
        return inputs.parse(text)
    except UsageError as why:
        raise UsageError(f"--input {name}: {why}") from why
