"""What a script asks of its user: command-line arguments, answers, environment variables. Chosen by name and type."""

from __future__ import annotations

import argparse
import builtins
import getpass
import os
import re
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from shapecheck.tracer.child.frames import is_user_file
from shapecheck.tracer.standins import purpose

if TYPE_CHECKING:
    from shapecheck.tracer.child.session import Session

_INTEGERS = {
    "batch": 4,
    "epoch": 1,
    "step": 10,
    "seed": 42,
    "len": 32,
    "label": 2,
    "class": 2,
    "rank": 0,
    "gpu": 0,
    "hidden": 64,
    "dim": 64,
    "size": 64,
    "vocab": 1000,
    "port": 29500,
}
_FLOATS = {
    "lr": 1e-4,
    "learning": 1e-4,
    "decay": 0.01,
    "drop": 0.1,
    "ratio": 0.1,
    "temp": 1.0,
    "eps": 1e-8,
    "clip": 1.0,
}
_TEXTS = {
    "output": "output",
    "save": "output",
    "log": "output",
    "tokenizer": "bert-base-uncased",
    "config_name": "bert-base-uncased",
    "model": "bert-base-uncased",
    "encoder": "bert-base-uncased",
    "backbone": "bert-base-uncased",
    "pretrain": "bert-base-uncased",
    "plm": "bert-base-uncased",
    "bert": "bert-base-uncased",
    "dataset": "imdb",
    "task": "sst2",
    "config": "config.json",
    "train": "train.csv",
    "valid": "valid.csv",
    "dev": "dev.csv",
    "test": "test.csv",
    "file": "data.csv",
    "csv": "data.csv",
    "json": "data.json",
    "device": "cpu",
    "dir": "data",
    "path": "data",
    "data": "data",
    "input": "data.csv",
    "text": "the house on the hill",
    "prompt": "the house on the hill",
    "query": "the house on the hill",
    "optim": "adamw",
    "lang": "en",
}


NOTHING = "value"
"""The text for a name that says nothing."""
_DO = {"do_train", "do_eval"}
"""Flags without which a training script does nothing."""
_OPEN = {"dataset_name", "model_name_or_path"}
"""Options that are left open for other ways to say the same, and that most users give."""
_BY_PURPOSE = ("imdb", "bert-base-uncased")
"""Usual answers in whose place others fit better where the script's text says what it is for."""


def install(session: Session) -> None:
    """Answer for the user where the script was started without arguments."""
    if not session.argv:
        _argparse(session)
        session.on_import("click.core", lambda module: _parameters(module, session))
        session.on_import("click.core", lambda module: _commands(module.Group, session))
        session.on_import("typer._click.core", lambda module: _parameters(module, session))
        session.on_import("typer.core", lambda module: _commands(module.TyperGroup, session))
    builtins.input = lambda prompt="": _answer(session, str(prompt))
    getpass.getpass = lambda *args, **kwargs: "secret"
    _environment(session)


def plausible(name: str, kind: Any = str, choices: Any = None) -> Any:
    """A value for an argument of this name and type; one of ``choices`` where there are any."""
    if choices:
        return next(iter(choices))
    word = name.lower()
    if kind is bool:
        return True
    if kind is int:
        return _by_name(_INTEGERS, word, 2)
    if kind is float:
        return _by_name(_FLOATS, word, 0.1)
    return _by_name(_TEXTS, word, NOTHING)


def by_name(name: str) -> Any:
    """A value for a setting of which nothing is known but its name: a float, an integer or a text."""
    word = name.lower()
    if word in ("lr", "beta", "betas", "warmup_ratio") or any(p in word for p in _FLOATS if p not in ("lr", "temp")):
        return _by_name(_FLOATS, word, 0.1)
    if any(part in word for part in _INTEGERS) or word.startswith(("num_", "n_")):
        return _by_name(_INTEGERS, word, 2)
    return plausible(name)


def _by_name(values: dict[str, Any], name: str, otherwise: Any) -> Any:
    return next((value for part, value in values.items() if part in name), otherwise)


def _argparse(session: Session) -> None:
    original = argparse.ArgumentParser.parse_known_args

    def parse_known_args(self: Any, args: Any = None, namespace: Any = None) -> Any:
        if not args and not sys.argv[1:]:
            args = list(_wanted(session, self))
        return original(self, args, namespace)

    argparse.ArgumentParser.parse_known_args = parse_known_args  # type: ignore[method-assign]


def _wanted(session: Session, parser: argparse.ArgumentParser) -> Iterator[str]:
    """The command line with which a parser has all that it requires, and the script all that it asks for."""
    positional: list[str] = []
    required = [action for action in parser._actions if action.required]
    required += [group._group_actions[0] for group in parser._mutually_exclusive_groups if group.required]
    required += [action for action in _helpful(session, parser) if action not in required]
    for action in required:
        if isinstance(action, argparse._SubParsersAction):
            name = next(iter(action.choices))
            session.assume(f"command {name} chosen: none was given")
            positional += [name, *_wanted(session, action.choices[name])]
            continue
        values = [] if action.nargs == 0 else ["True"] if action.dest in _DO else _values(session, action)
        shown = action.option_strings[-1] if action.option_strings else action.dest
        session.guess(
            f"argument {shown} was not given: {' '.join(values) or 'set'}", number=action.type in (int, float)
        )
        if action.option_strings:
            yield from (action.option_strings[-1], *values)
        else:
            positional += values
    yield from positional


def _helpful(session: Session, parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """Options that are not required, but without which the script would end or do nothing."""
    asked = purpose.demanded(str(session.script)) | _DO
    return [
        action
        for action in parser._actions
        if action.dest in asked or (action.dest in _OPEN and action.default is None)
    ]


def _values(session: Session, action: argparse.Action) -> list[str]:
    count = action.nargs if isinstance(action.nargs, int) else 1
    kind = action.type if action.type in (int, float, bool) else str
    table = purpose.accepted(str(session.script), action.dest) if kind is str and action.choices is None else None
    value = table or str(plausible(action.dest, kind, action.choices))
    if table is None and value in _BY_PURPOSE and action.choices is None:
        text = session.script.read_text(errors="replace")
        value = purpose.data_set(text, session.rules_dir) if value == "imdb" else purpose.checkpoint(text)
    try:
        if callable(action.type):
            action.type(value)
    except (TypeError, ValueError, argparse.ArgumentTypeError):
        value = next((text for text in ("1", "0.1", "true") if _accepts(action.type, text)), value)
    return [value] * count


def _accepts(kind: Any, text: str) -> bool:
    try:
        kind(text)
    except (TypeError, ValueError, argparse.ArgumentTypeError):
        return False
    return True


def _parameters(module: Any, session: Session) -> None:
    """Let options and arguments of click commands that are required have values."""
    original = module.Parameter.get_default

    def get_default(self: Any, ctx: Any, call: bool = True) -> Any:
        value = original(self, ctx, call)
        unset = value is None or type(value).__name__ == "Sentinel"
        if not unset or not self.required or not call or sys.argv[1:]:
            return value
        made = plausible(self.name or "", *_kind_and_choices(self))
        session.guess(f"argument {self.name} was not given: {made}", number=isinstance(made, (int, float)))
        return (made,) if self.multiple or self.nargs == -1 else made

    for name in ("Parameter", "Option"):
        if hasattr(module, name):
            getattr(module, name).get_default = get_default


def _kind_and_choices(parameter: Any) -> tuple[Any, Any]:
    """The type of a parameter of click, or of typer, which writes it down differently, and what it may be."""
    described = getattr(parameter, "type_descriptor", None)
    if described is not None:
        return described.annotation, described.choices
    kinds = {"integer": int, "float": float, "boolean": bool}
    return kinds.get(parameter.type.name, str), getattr(parameter.type, "choices", None)


def _commands(group: Any, session: Session) -> None:
    """Let a group of commands that was given none run its first."""
    original = group.parse_args

    def parse_args(self: Any, ctx: Any, args: list[str]) -> Any:
        names = self.list_commands(ctx)
        if not args and names and not self.invoke_without_command and not sys.argv[1:]:
            session.assume(f"command {names[0]} chosen: none was given")
            args = [names[0]]
        return original(self, ctx, args)

    group.parse_args = parse_args


def _answer(session: Session, prompt: str) -> str:
    number = re.search(r"number|how many|\bn\b|size|index|\d", prompt, re.I)
    answer = "1" if number else "the house on the hill"
    session.guess(f"input({prompt.strip()!r}) was answered with {answer!r}", number=bool(number))
    return answer


def _environment(session: Session) -> None:
    """A variable that the script asks for without a default has a value; asking whether it is set stays true."""
    environment: Any = type(os.environ)
    original = environment.__getitem__

    def get(self: Any, key: str) -> str:
        try:
            return str(original(self, key))
        except KeyError:
            if not is_user_file(sys._getframe(1).f_code.co_filename):
                raise
        value = "1" if "SIZE" in key else "0" if re.search(r"RANK|NUM|COUNT|ID$|DEVICE", key) else "value"
        session.assume(f"environment variable {key} is not set: {value}")
        return value

    environment.__getitem__ = get
