"""What ``shapecheck trace`` is asked for: which model, built with what, called with what. Pure."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from shapecheck.errors import UsageError

DTYPES = "float32 float64 float16 bfloat16 int64 int32 int16 int8 uint8 bool complex64 complex128".split()
_TENSOR = re.compile(r"(\w+)\[([^\[\]]*)\]")
_SIZE = re.compile(r"\d+|[A-Za-z_]\w*")


@dataclass(frozen=True, slots=True)
class Input:
    """One input of ``forward``: a tensor of a dtype and of sizes (numbers, or names of chosen ones), or a value."""

    dtype: str = ""
    axes: tuple[int | str, ...] = ()
    value: Any = None


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


def parse(text: str, inputs: Iterable[str], args: Iterable[str]) -> Target:
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
        {key: _literal(value) for key, value in _pairs("--arg", args)},
        {key: _input(key, value) for key, value in _pairs("--input", inputs)},
    )


def _pairs(option: str, texts: Iterable[str]) -> Iterable[tuple[str, str]]:
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier():
            raise UsageError(f"{option} takes name=value, not {text}")
        yield name, value


def _input(name: str, text: str) -> Input:
    """An input from its words.

    >>> _input("x", "int64[batch,16]")
    Input(dtype='int64', axes=('batch', 16), value=None)
    >>> _input("use_cache", "False")
    Input(dtype='', axes=(), value=False)
    """
    found = _TENSOR.fullmatch(text.strip())
    if found is None or found[1] not in DTYPES:
        if found is not None and not text.startswith("["):
            raise UsageError(f"--input {name}: {found[1]} is no dtype; one of {', '.join(DTYPES)}")
        return Input(value=_literal(text))
    axes = [word.strip() for word in found[2].split(",") if word.strip()]
    wrong = next((axis for axis in axes if not _SIZE.fullmatch(axis)), None)
    if wrong is not None:
        raise UsageError(f"--input {name}: {wrong} is no size; a number, or a name such as batch or seq")
    return Input(found[1], tuple(int(axis) if axis.isdigit() else axis for axis in axes))


def _literal(text: str) -> Any:
    """A Python literal, ``true`` and ``false`` among them; other words are text."""
    words = {"true": True, "false": False, "none": None}
    if text.lower() in words:
        return words[text.lower()]
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text
