"""Arguments for what nobody calls: sizes named after parameters, configs with named sizes, ids of unknown text."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shapecheck import hub
from shapecheck.dims import UNKNOWN, Dim, symbol
from shapecheck.graph import Role, Tensor
from shapecheck.interp import library
from shapecheck.interp.binding import parameters_of
from shapecheck.interp.library.configs import ConfigValue
from shapecheck.interp.library.pretrained import PretrainedModel
from shapecheck.interp.lineage import facts, find, is_module
from shapecheck.interp.values import (
    Builtin,
    CallArgs,
    Class,
    Const,
    Function,
    Instance,
    Int,
    Machine,
    Number,
    TensorValue,
    Text,
    Unknown,
    Value,
)
from shapecheck.places import Origin
from shapecheck.shapes import Shape

if TYPE_CHECKING:
    from shapecheck.interp.machine import Interpreter

_SIZE = re.compile(
    r"(^|_)(dim|dims|size|hidden|channels?|features?|width|units|embd|embed|classes|labels|vocab|heads?|tags|tokens|dmodel)s?($|_)"
    r"|^(n|num|in|out|d)_|(dim|size)$|^(nhid|ninp|ntoken|nhead|nlayers|nclass|nfeat|d_?model|d_?ff)$"
)
_NO_SIZE = re.compile(
    r"dropout|rate|prob|name|path|type|layers?_|use_|kernel|stride|padding|act|mode|bias|weights?|list|sizes$|dims$"
    r"|^size$|(image|img|patch|crop|window|grid|target|new|old)_size"
)
"""Parameters that look like a size and are none, or are as often a pair (``image_size``, ``patch_size``)."""

_SETTINGS = frozenset(
    "config cfg conf args opt opts options hparams hps params configs settings model_args model_config".split()
)
_IDS: dict[str, Role] = {
    "input_ids": "ids",
    "attention_mask": "mask",
    "token_type_ids": "segments",
    "position_ids": "positions",
    "decoder_input_ids": "ids",
    "decoder_attention_mask": "mask",
}
"""Parameters of language models that are (batch, seq)."""


@dataclass(slots=True, eq=False)
class Settings(Value):
    """A settings object that nobody makes: its sizes are named after their attributes, all else is unknown."""

    path: str
    made: dict[str, Value] = field(default_factory=dict)

    def attribute(self, name: str, machine: Machine, node: ast.AST) -> Value:
        value = self.made.get(name)
        if value is None:
            value = self.made[name] = self._make(name, machine, node)
        return value

    def _make(self, name: str, machine: Machine, node: ast.AST) -> Value:
        if is_size(name):
            return Int(_symbol(machine, name, (self.path, name), Origin(f"{self.path}.{name}")))
        return Settings(f"{self.path}.{name}") if name in _SETTINGS or name in ("model", "data", "train") else Unknown()

    def set_attribute(self, name: str, value: Value, machine: Machine, node: ast.AST) -> None:
        self.made[name] = value

    def item(self, key: Value, machine: Machine, node: ast.AST) -> Value:
        return (
            self.attribute(key.value, machine, node) if type(key) is Const and isinstance(key.value, str) else Unknown()
        )


class PassedConfig(ConfigValue):
    """A config that some caller passes in: what is None by default (``eos_token_id``) may well be set in it."""

    __slots__ = ()

    def get(self, name: str) -> Value:
        value = super().get(name)
        return Unknown() if type(value) is Const and value.value is None else value


def is_size(name: str) -> bool:
    """Whether a parameter is a size, by its name."""
    return bool(_SIZE.search(name)) and not _NO_SIZE.search(name)


def _symbol(m: object, word: str, key: tuple[object, ...], origin: Origin) -> Dim:
    uids = m.uids  # type: ignore[attr-defined]
    return symbol(word, uids.setdefault((word, *key), len(uids) + 1), origin)


def arguments(m: Interpreter, function: Function, skip: int) -> CallArgs:
    """Arguments for a function's parameters: its defaults, sizes named after the parameter, ids where it takes ids."""
    spec = function.node.args
    args = CallArgs()
    handed = used_as(m, function)
    for parameter in [*spec.posonlyargs, *spec.args][skip:]:
        args.positional.append(_argument(m, function, parameter, handed))
        args.nodes.append(None)
    for parameter in spec.kwonlyargs:
        args.keywords[parameter.arg] = _argument(m, function, parameter, handed)
        args.keyword_nodes[parameter.arg] = None
    args.exact = spec.vararg is None and spec.kwarg is None
    return args


def _argument(m: Interpreter, function: Function, parameter: ast.arg, handed: dict[str, str]) -> Value:
    name = parameter.arg
    if name in handed:
        return _tokens(m, function, parameter, handed[name])
    default = function.defaults.get(name)
    if default is not None and not (type(default) is Const and default.value is None):
        return Int(UNKNOWN) if _stands_for_none(name, default) else default
    noted = _annotated(m, function, parameter)
    if noted is not None:
        return noted
    if parameter.annotation is not None or default is not None or function.owner is None:
        return Unknown()
    if function.name == "__init__" and name in _SETTINGS:
        return _config_of(m, function.owner, parameter) or Settings(name)
    if function.name == "__init__" and is_module(function.owner) and is_size(name):
        return _named_size(m, parameter)
    return Unknown()


def _stands_for_none(name: str, default: Value) -> bool:
    """Whether a default only says that nothing was given (``num_tokens=-1``); an axis may well be -1."""
    negative = type(default) is Int and isinstance(default.dim.expr, int) and default.dim.expr < 0
    return negative and not re.search(r"dim|axis|index|layer|pos", name)


def _named_size(m: Interpreter, parameter: ast.arg) -> Int:
    return Int(_symbol(m, parameter.arg, (id(parameter),), Origin(f"the argument {parameter.arg}", m.span(parameter))))


def _annotated(m: Interpreter, function: Function, parameter: ast.arg) -> Value | None:
    note = parameter.annotation
    if isinstance(note, ast.Constant) and isinstance(note.value, str) and note.value.isidentifier():
        note = ast.Name(note.value, ast.Load())
    if not isinstance(note, (ast.Name, ast.Attribute)):
        return None
    kind = m.eval(note)
    if type(kind) is Class and kind.flavour == "dataclass":
        return m.call(kind, CallArgs(), parameter)
    if type(kind) is not Builtin:
        return None
    match kind.name:
        case "builtins.int":
            return _named_size(m, parameter)
        case "builtins.float":
            return Number()
        case "builtins.str":
            return Text()
        case "torch.Tensor" | "torch.FloatTensor" | "torch.LongTensor" | "torch.BoolTensor":
            return TensorValue(Tensor(span=m.span(parameter), text=parameter.arg))
    known = library.base_class(kind.name)
    return (
        _symbolic_config(m, kind.name.rpartition(".")[2], parameter)
        if known is not None and known.kind == "config"
        else None
    )


def _config_of(m: Interpreter, cls: Class, parameter: ast.arg) -> Value | None:
    """The config of a class that derives from ``BertPreTrainedModel``, or from a model class."""
    known = facts(cls)
    if known is None or known.kind != "pretrained":
        return None
    model = hub.model(known.name.rpartition(".")[2])
    return _symbolic_config(m, model.config_class, parameter) if model is not None else None


def _symbolic_config(m: Interpreter, cls: str, parameter: ast.arg) -> Value | None:
    made = hub.config(cls, "the config that is passed in")
    return PassedConfig(made, m.span(parameter)) if made is not None else None


# -- what a parameter is handed to -----------------------------------------------------------------------------------


def used_as(m: Interpreter, function: Function, depth: int = 0) -> dict[str, str]:
    """Parameters that a function hands on as a language model's input, with the name of that input."""
    if (
        function.owner is None
        or isinstance(function.node, ast.Lambda)
        or type(function.receiver) is not Instance
        or depth > 3
    ):
        return {}
    names = {parameter.arg for parameter in parameters_of(function)}
    found: dict[str, str] = {}
    stored, calls = _own_calls(function.node)
    for call in calls:
        for place, meant in _handed(m, function.receiver, call, depth):
            if isinstance(place, ast.Name) and place.id in names and meant in _IDS:
                found.setdefault(place.id, meant)
    return {name: meant for name, meant in found.items() if name not in stored}


def _own_calls(node: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[set[str], list[ast.Call]]:
    """The names that a method stores, and its calls of what hangs on ``self``, with arguments."""
    known: tuple[set[str], list[ast.Call]] | None = getattr(node, "own_calls", None)
    if known is None:
        stored, calls = known = set(), []
        for part in ast.walk(node):
            match part:
                case ast.Name(id=name, ctx=ast.Store()):
                    stored.add(name)
                case ast.Call(func=ast.Attribute(value=ast.Name(id="self"))) if part.args or part.keywords:
                    calls.append(part)
        node.own_calls = known  # type: ignore[union-attr]
    return known


def _handed(m: Interpreter, receiver: Instance, call: ast.Call, depth: int) -> list[tuple[ast.expr, str]]:
    callee = call.func
    assert isinstance(callee, ast.Attribute)
    target = receiver.attributes.get(callee.attr)
    order: list[str] = []
    meanings: dict[str, str] = {}
    if isinstance(target, PretrainedModel):
        order = list(target.facts.forward_params) if target.facts is not None else ["input_ids"]
        meanings = {name: name for name in _IDS}
    else:
        inner = (
            find(target.cls, "forward")
            if type(target) is Instance
            else find(receiver.cls, callee.attr)
            if target is None
            else None
        )
        if type(inner) is Function:
            bound = Function(
                inner.node, inner.scope, inner.name, inner.defaults, target or receiver, inner.owner, inner.home
            )
            order = [parameter.arg for parameter in parameters_of(inner)][1:]
            meanings = used_as(m, bound, depth + 1)
    pairs = [(place, meanings[name]) for place, name in zip(call.args, order, strict=False) if name in meanings]
    pairs += [(keyword.value, meanings[keyword.arg]) for keyword in call.keywords if keyword.arg in meanings]
    return pairs


def _tokens(m: Interpreter, function: Function, parameter: ast.arg, meant: str) -> Value:
    """A (batch, seq) tensor; decoders have a length of their own."""
    key = (id(function.node),)
    span = m.span(parameter)
    length = "decoder_seq" if meant.startswith("decoder_") else "seq"
    dims = (
        _symbol(m, "batch", key, Origin("the number of texts in a batch", span)),
        _symbol(m, length, key, Origin("the number of tokens of a text", span)),
    )
    return TensorValue(Tensor(Shape(dims), "int64", _IDS[meant], span=span, text=parameter.arg))
