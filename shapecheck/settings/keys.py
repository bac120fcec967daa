"""The keys of a settings file: what each means, which values it takes, and what holds where it is not set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple, TypeVar

from shapecheck.gitignore import Patterns
from shapecheck.selection import nearest
from shapecheck.settings import values
from shapecheck.settings.values import Ignored, Kind, Wrong

Default = TypeVar("Default")

EXCLUDED = tuple(
    ".bzr .direnv .eggs .git .hg .idea .ipynb_checkpoints .mypy_cache .nox .pants.d .pyenv .pytest_cache .pytype "
    ".ruff_cache .shapecheck_cache .svn .tox .venv .vscode __pycache__ __pypackages__ _build buck-out build dist "
    "node_modules site-packages venv".split()
)
"""Folders that hold no code of the user's own."""


class Key(NamedTuple):
    """How one key is written.

    Attributes:
        kind: reads its values.
        default: what holds where it is not set, in words.
        example: a value, as TOML.
        help: what it does.
        everywhere: it is taken from the settings of the folder that the command is given in; other keys hold for each
            file by its own settings.
    """

    kind: Kind
    default: str
    example: str
    help: str
    everywhere: bool = False


def _key(value: Default, kind: Kind, default: str, example: str, help: str, everywhere: bool = False) -> Default:
    key = Key(kind, default, example, help, everywhere)
    return field(default=value, metadata={"key": key})  # type: ignore[no-any-return, call-overload, unused-ignore]


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Run:
    """What a script is traced with: one ``[[tool.shapecheck.run]]``. What is None or empty is left to the defaults."""

    paths: Patterns | None = _key(
        None, values.PATTERNS, "every script", '["train_*.py"]', "the scripts that the table is for"
    )
    args: tuple[str, ...] | None = _key(
        None, values.TEXTS, "none", '["--epochs", "1"]', "the script's arguments, where the command line names none"
    )
    inputs: tuple[tuple[str, str], ...] = _key(
        (), values.INPUTS, "none", '{ input_ids = "int64[batch,16]" }', "what models get, as `trace --input` has it"
    )
    env: tuple[tuple[str, str], ...] = _key(
        (), values.ENVIRONMENT, "none", '{ WANDB_MODE = "offline" }', "environment variables of the script"
    )
    timeout: float | None = _key(None, values.SECONDS, "120", "30", "seconds that one trace may take")
    memory: int | None = _key(None, values.MEGABYTES, "8192", "4096", "megabytes that the script may use")
    python: str | None = _key(None, values.PROGRAM, "the project's own", '".venv/bin/python"', "the interpreter")


def _runs(value: Any, base: str) -> tuple[Run, ...]:
    if not isinstance(value, list):
        raise Wrong(f"expected {RUNS.words}, not {values.shown(value)}")
    found = []
    for number, table in enumerate(value):
        try:
            if not isinstance(table, dict):
                raise Wrong(f"expected a table, not {values.shown(table)}")
            found.append(Run(**read(table, Run, base)))
        except Wrong as why:
            raise why.under(number) from why
    return tuple(found)


RUNS = Kind("tables [[tool.shapecheck.run]]", _runs)


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Settings:
    """The settings of one folder; the fields are the keys, ``-`` for ``_``, and their metadata says what they mean.

    Attributes:
        file: the settings file that they stand in; None where there is none.
        origins: where each key that is set was set: field and files (or ``command line``).
    """

    extend: str | None = _key(None, values.PATH, "none", '"../shapecheck.toml"', "the settings to begin with")
    select: tuple[str, ...] = _key(
        (), values.CODES, "every rule", '["SHP1", "SHP301"]', "only these rules: codes, or the beginnings of codes"
    )
    ignore: tuple[str, ...] = _key((), values.CODES, "none", '["SHP6"]', "not these rules")
    extend_select: tuple[str, ...] = _key((), values.CODES, "none", '["SHP601"]', "these rules as well")
    per_file_ignores: tuple[Ignored, ...] = _key(
        (), values.IGNORES, "none", '{ "tests/" = ["SHP6"] }', "rules that are off in the files that a pattern fits"
    )
    severities: tuple[tuple[str, str], ...] = _key(
        (),
        values.SEVERITIES_OF_CODES,
        "each rule's own",
        '{ SHP6 = "info", SHP602 = "off" }',
        "the severity of the findings of some rules: `error`, `warning`, `info` or `off`",
    )
    exclude: Patterns | None = _key(
        None,
        values.PATTERNS,
        "the usual folders without code of one's own",
        '["legacy/", "*_pb2.py"]',
        "files and folders that a search leaves out",
    )
    extend_exclude: tuple[Patterns, ...] = _key(
        (), values.MORE_PATTERNS, "none", '["third_party/"]', "further files and folders to leave out"
    )
    force_exclude: bool = _key(
        False, values.SWITCH, "false", "true", "leave out what is excluded even where it is named", True
    )
    respect_gitignore: bool = _key(True, values.SWITCH, "true", "false", "leave out of a search what git ignores", True)
    torch_version: str | None = _key(
        None, values.VERSION, "not known", '"2.4"', "the version of torch that the code is for"
    )
    transformers_version: str | None = _key(
        None,
        values.VERSION,
        "what the project's requirement files say",
        '"4.57"',
        "the version of transformers that the code is for; before 4, models return tuples",
    )
    pooling: str | None = _key(
        None, values.POOLING, "none", '"mean"', "the pooling that you want where one is missing: its fix is safe then"
    )
    fail_on: str = _key(
        "warning", values.FAIL_ON, "warning", '"error"', "the least severity that makes the command exit with 1", True
    )
    output_format: str = _key("full", values.OUTPUT_FORMAT, "full", '"concise"', "the form of the report", True)
    jobs: int = _key(0, values.COUNT, "0", "2", "processes to use; 0 for as many as pay", True)
    cache_dir: str | None = _key(
        None, values.PATH, "a folder in the user's cache", '".shapecheck_cache"', "where results are kept", True
    )
    baseline: str | None = _key(
        None, values.PATH, "none", '".shapecheck-baseline.json"', "the file of findings that are not reported", True
    )
    run: tuple[Run, ...] = _key((), RUNS, "none", "", "what scripts are traced with")
    file: str | None = None
    origins: tuple[tuple[str, tuple[str, ...]], ...] = field(default=(), repr=False, compare=False)


def keys_of(cls: type[Settings] | type[Run] = Settings) -> Mapping[str, Key]:
    """The keys, as they are spelled in a file."""
    return {one.name.replace("_", "-"): one.metadata["key"] for one in fields(cls) if "key" in one.metadata}


def read(table: Mapping[str, Any], cls: type[Settings] | type[Run], base: str) -> dict[str, Any]:
    """The values of a table by field, paths in it relative to a folder; Wrong for a key or a value that is unknown."""
    known = keys_of(cls)
    found = {}
    for key, value in table.items():
        if key not in known:
            raise Wrong(f"there is no such key{nearest(key, known)}", key)
        try:
            found[key.replace("-", "_")] = known[key].kind.read(value, base)
        except Wrong as why:
            raise why.under(key) from why
    return found
