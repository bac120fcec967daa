"""Command lines: argparse, HfArgumentParser and click.

A script is read as run without arguments; what it requires is unknown.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shapecheck.dims import UNKNOWN, number
from shapecheck.interp.operators import constant_key
from shapecheck.interp.python.objects import Handler, Namespace, Native, first
from shapecheck.interp.values import (
    Bound,
    Builtin,
    CallArgs,
    Class,
    Const,
    Function,
    Int,
    Items,
    Machine,
    Number,
    Unknown,
    Value,
)
from shapecheck.places import Origin

if TYPE_CHECKING:
    from shapecheck.interp.machine import Interpreter


@dataclass(slots=True, eq=False)
class Parser(Value):
    """An ArgumentParser with what was added to it; groups and subparsers add to the same."""

    names: dict[str, Value] = field(default_factory=dict)
    records: list[Class] = field(default_factory=list)
    born: int = 0

    def attribute(self, name: str, machine: Machine, node: ast.AST) -> Value:
        return Bound(self, name)

    def method(self, name: str, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        match name:
            case "add_argument":
                self._add(args, machine, node)
            case "set_defaults":
                self.names.update(args.keywords)
            case "add_argument_group" | "add_mutually_exclusive_group" | "add_subparsers" | "add_parser":
                return self
            case "parse_args" | "parse_known_args" | "parse_intermixed_args":
                made = Namespace(dict(self.names), False)
                return made if name != "parse_known_args" else Items("tuple", [made, Items("list", None)])
            case "parse_args_into_dataclasses" | "parse_json_file" | "parse_yaml_file" | "parse_dict":
                return Items("tuple", [machine.call(cls, CallArgs(), node) for cls in self.records])
        return Unknown()

    def _add(self, args: CallArgs, machine: Machine, node: ast.AST) -> None:
        words = [key[0] for value in args.positional if (key := constant_key(value)) is not None]
        flags = [word for word in words if isinstance(word, str)]
        if not flags:
            return
        target = args.keywords.get("dest")
        long = next((word for word in flags if word.startswith("--")), flags[0])
        name = str(target.operand()) if target is not None else long.lstrip("-").replace("-", "_")
        self.names[name] = _default(args, long, machine, node)


def _default(args: CallArgs, flag: str, machine: Machine, node: ast.AST) -> Value:
    action = args.keywords.get("action")
    word = action.operand() if action is not None else ""
    default = args.keywords.get("default")
    if default is None:
        if word in ("store_true", "store_false"):
            return Const(word == "store_false")
        required = args.keywords.get("required")
        if not flag.startswith("-") or (required is not None and machine.truth(required) is not False):
            return _of_type(args.keywords.get("type"))
        return Const(None)
    value = _converted(default, args.keywords.get("type"))
    if type(value) is Int:
        place = args.keyword_nodes.get("default")
        return Int(value.dim.at(Origin(f"the default of {flag}", machine.span(place) if place is not None else None)))
    return value


def _of_type(kind: Value | None) -> Value:
    if type(kind) is Builtin:
        return Int(UNKNOWN) if kind.name == "builtins.int" else Number() if kind.name == "builtins.float" else Unknown()
    return Unknown()


def _converted(default: Value, kind: Value | None) -> Value:
    """argparse converts a default that is a text."""
    if type(default) is Const and isinstance(default.value, str) and type(kind) is Builtin:
        try:
            if kind.name == "builtins.int":
                return Int(number(int(default.value)))
            if kind.name == "builtins.float":
                return Const(float(default.value))
        except ValueError:
            return Unknown()
    return default


def _parser(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    return Parser(born=m.heap.clock)


def _dataclass_parser(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    value = first(args)
    found = m.iterate(value, node).items if not isinstance(value, Class) else [value]
    records = [cls for cls in found or () if isinstance(cls, (Class, Builtin))]
    return Parser(records=records, born=m.heap.clock)  # type: ignore[arg-type]


@dataclass(slots=True, eq=False)
class Command(Value):
    """A click command: its function, and the defaults that its options give."""

    function: Value
    given: dict[str, Value] = field(default_factory=dict)

    def attribute(self, name: str, machine: Machine, node: ast.AST) -> Value:
        """``group.command()``: a decorator as ``click.command()``; ``command.callback``: the function."""
        return self.function if name == "callback" else Native(_command)

    def call(self, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        return machine.call(self.function, CallArgs(keywords=dict(self.given)), node)


def _command(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    """``@click.command`` with and without brackets."""
    value = first(args)
    if isinstance(value, (Function, Command)):
        return _as_command(value)
    return Native(lambda more, machine, place: _as_command(first(more)))


def _as_command(value: Value) -> Command:
    return value if isinstance(value, Command) else Command(value)


def _option(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    """``@click.option("--hidden-size", default=12)``, ``@click.argument("path")``."""
    words = [key[0] for value in args.positional if (key := constant_key(value)) is not None]
    flags = [str(word).partition("/")[0] for word in words]
    plain = [word for word in flags if not word.startswith("-")]
    flag = max(flags, key=lambda word: (word.startswith("--"), len(word)), default="")
    name = (plain[0] if plain else flag.lstrip("-").replace("-", "_")).lower()
    is_flag = args.keywords.get("is_flag")
    if "default" not in args.keywords and is_flag is not None:
        default: Value = Const(False)
    else:
        default = _default(args, flag, m, node)

    def decorate(more: CallArgs, machine: Interpreter, place: ast.AST) -> Value:
        command = _as_command(first(more))
        command.given.setdefault(name, default)
        return command

    return Native(decorate)


HANDLERS: dict[str, Handler] = {
    "argparse.ArgumentParser": _parser,
    "configargparse.ArgumentParser": _parser,
    "configargparse.ArgParser": _parser,
    "transformers.HfArgumentParser": _dataclass_parser,
    "click.command": _command,
    "click.group": _command,
    "click.option": _option,
    "click.argument": _option,
}
