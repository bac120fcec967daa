"""transformers' configs: attributes with their origin, whether from a checkpoint, a default, or set by the program."""

from __future__ import annotations

import ast
import zlib
from dataclasses import dataclass, field
from typing import Any

from shapecheck import hub
from shapecheck.dims import UNKNOWN as UNKNOWN_DIM
from shapecheck.dims import Dim, symbol
from shapecheck.interp.library.modules import plain_value
from shapecheck.interp.library.registry import Handler, Taken, none, take, words
from shapecheck.interp.values import (
    Bound,
    CallArgs,
    Const,
    Int,
    Items,
    Iteration,
    Machine,
    Mapping,
    Unknown,
    Value,
)
from shapecheck.ops.values import UNKNOWN
from shapecheck.places import Origin, Span

_METHODS = frozenset(
    {"to_dict", "to_json_string", "to_diff_dict", "save_pretrained", "update", "get_text_config", "push_to_hub", "get"}
)
_LABELS = frozenset({"num_labels", "id2label", "label2id"})
LOADING = frozenset(
    words("""
    cache_dir force_download local_files_only token revision subfolder use_auth_token trust_remote_code
    return_unused_kwargs resume_download proxies code_revision _configuration_file mirror finetuning_task
""")
)
"""Keywords of ``from_pretrained`` that say how to load, not what."""


_USUAL = {
    "hidden_size": ("hidden", "hidden size"),
    "d_model": ("hidden", "hidden size"),
    "dim": ("hidden", "hidden size"),
    "n_embd": ("hidden", "hidden size"),
    "vocab_size": ("vocab", "vocabulary size"),
    "num_labels": ("labels", "number of labels"),
    "num_hidden_layers": ("layers", "number of layers"),
    "num_attention_heads": ("heads", "number of attention heads"),
    "max_position_embeddings": ("positions", "number of positions"),
}
"""Sizes that a config has of which nothing is known: the name that stands for each, and what it means."""


@dataclass(slots=True, eq=False)
class ConfigValue(Value):
    """A config. ``config`` is None where neither the type nor the checkpoint is known.

    Attributes:
        own: what the program set, by the config's own attribute names.
        span: where it was made, for the origin of its sizes.
        source: how the text names the checkpoint, where ``config`` is None.
    """

    config: hub.Config | None
    span: Span | None = None
    own: dict[str, Value] = field(default_factory=dict)
    source: str = ""

    def _own_name(self, name: str) -> str:
        return self.config.own_name(name) if self.config is not None else name

    def attribute(self, name: str, machine: Machine, node: ast.AST) -> Value:
        if name in _METHODS:
            return Bound(self, name)
        return self.get(name)

    def get(self, name: str) -> Value:
        """An attribute's value."""
        stored = self.own.get(self._own_name(name))
        if stored is not None:
            return stored
        if name in ("id2label", "label2id"):
            return self._labels(name)
        if self.config is None:
            return Int(self.dim(name)) if name in _USUAL and self.source else Unknown()
        part = self.config.sub(name)
        if part is not None:
            return ConfigValue(part, self.span)
        value, _ = self.config.get(name)
        if value is UNKNOWN:
            return Int(self.dim(name)) if self._is_size(name) else Unknown()
        return Int(self.dim(name)) if isinstance(value, Dim) or type(value) is int else plain_value(value)

    def _is_size(self, name: str) -> bool:
        """Whether an attribute of unknown value is certainly an integer: its default is one."""
        assert self.config is not None
        default = self.config.cls.defaults.get(self.config.own_name(name))
        return type(default) is int

    def dim(self, name: str) -> Dim:
        """An attribute as a size, with its origin and the line of the config."""
        stored = self.own.get(self._own_name(name))
        if isinstance(stored, Int):
            return stored.dim
        if self.config is None:
            word, meaning = _USUAL.get(name, ("?", name))
            origin = Origin(f"the {meaning} of {self.source or 'the model'}", self.span)
            return symbol(word, zlib.crc32(self.source.encode()), origin) if word != "?" else UNKNOWN_DIM
        size = self.config.dim(name)
        if size.origin is None or size.origin.span is not None or self.span is None:
            return size
        return size.at(Origin(size.origin.text, self.span))

    def _labels(self, name: str) -> Value:
        stored = self.get("num_labels")
        count = stored.dim.expr if isinstance(stored, Int) else None
        if not isinstance(count, int) or count > 1000:
            return Mapping({}, False)
        pairs: list[tuple[Any, Value]] = [(i, Unknown()) for i in range(count)]
        return Mapping(dict(pairs)) if name == "id2label" else Mapping({}, False, Unknown())

    def set_attribute(self, name: str, value: Value, machine: Machine, node: ast.AST) -> None:
        self.override(name, value, machine.span(node))

    def override(self, name: str, value: Value, span: Span | None = None) -> None:
        """Set an attribute by any of its names; a number of labels follows from the labels' names."""
        if name in ("id2label", "label2id"):
            count = value.length()
            if count.known:
                self._store("num_labels", Int(count.at(Origin(f"the number of entries of {name}", span))))
        self._store(name, value)

    def _store(self, name: str, value: Value) -> None:
        if name == "num_labels":
            self.own.pop("id2label", None)
            self.own.pop("label2id", None)
        part = _part(value)
        self.own[self._own_name(name)] = part or value
        if self.config is None:
            return
        if part is not None and part.config is not None and self.config.sub(name) is not None:
            set_there = {f"{name}.{key}": inner for key, inner in part.config.overrides.items()}
            self.config = self.config.with_overrides(set_there)
        else:
            self.config = self.config.with_overrides({name: value.operand()})

    def copied(self) -> ConfigValue:
        """A config of its own, as ``from_pretrained(config=...)`` makes it."""
        return ConfigValue(self.config, self.span, dict(self.own), self.source)

    def method(self, name: str, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        match name:
            case "to_dict" | "to_diff_dict":
                return Exported({}, False, of=self)
            case "get_text_config":
                part = self.get("text_config")
                return part if isinstance(part, ConfigValue) else self
            case "update":
                given = args.positional[0] if args.positional else None
                if isinstance(given, Mapping):
                    for key, value in given.items.items():
                        self.override(str(key), value, machine.span(node))
                return Const(None)
            case "save_pretrained":
                return Const(None)
        return Unknown()

    def iterate(self, machine: Machine, node: ast.AST) -> Iteration:
        return Iteration(None, Unknown())

    def truth(self) -> bool | None:
        return True


@dataclass(slots=True, eq=False)
class Exported(Mapping):
    """What ``config.to_dict()`` gives: a dict that remembers its config, for a config of parts to take up again."""

    of: ConfigValue | None = None


def _part(value: Value) -> ConfigValue | None:
    """The config that a part of another config is set to."""
    return value.of if isinstance(value, Exported) else value if isinstance(value, ConfigValue) else None


def load(name: str | None, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    """``AutoConfig.from_pretrained("...", num_labels=3)`` (``name`` None), or that of one config class."""
    taken = take(args, "pretrained_model_name_or_path")
    checkpoint = taken.plain("pretrained_model_name_or_path")
    config = configured(name, checkpoint if isinstance(checkpoint, str) else "")
    made = ConfigValue(config, machine.span(node), source=named(taken, "pretrained_model_name_or_path"))
    apply_overrides(
        made, {k: v for k, v in args.keywords.items() if k != "pretrained_model_name_or_path"}, args, machine
    )
    if taken.plain("return_unused_kwargs") is True:
        return Items("tuple", [made, Mapping({}, False)])
    return made


def named(taken: Taken, parameter: str) -> str:
    """How the text names a checkpoint: the name itself, or the expression that stands for it."""
    value, node = taken.plain(parameter), taken.nodes.get(parameter)
    return value if isinstance(value, str) else ast.unparse(node) if node is not None else ""


def configured(name: str | None, checkpoint: str) -> hub.Config | None:
    """The hub's config of a type or class, or of a checkpoint; a checkpoint that is not known keeps its sizes open."""
    if not checkpoint and name is None:
        return None
    return hub.config(name, checkpoint or "a checkpoint that is not known")


def apply_overrides(made: ConfigValue, keywords: dict[str, Value], args: CallArgs, machine: Machine) -> None:
    """Set what the keywords of a constructor or of ``from_pretrained`` say, each with its place."""
    for key, value in keywords.items():
        if key in LOADING:
            continue
        at = args.keyword_nodes.get(key)
        made.override(key, _placed(value, key, at, machine), machine.span(at) if at is not None else None)
    if not args.exact and made.config is not None:
        # What was handed over by **kwargs may have set anything that is often set.
        made.own.setdefault("num_labels", Unknown())


def _placed(value: Value, key: str, node: ast.AST | None, machine: Machine) -> Value:
    """A number that is written right there gets that place as its origin."""
    if isinstance(value, Int) and value.dim.origin is None and node is not None:
        return Int(value.dim.at(Origin(f"{key}", machine.span(node))))
    return value


def loader(name: str | None) -> Handler:
    """The handler of ``<class>.from_pretrained``."""
    return lambda args, machine, node: load(name, args, machine, node)


def maker(cls: str) -> Handler:
    """The handler of ``BertConfig(...)``: the class's defaults with what is set."""

    def handler(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        made = ConfigValue(hub.config(cls), machine.span(node))
        apply_overrides(made, args.keywords, args, machine)
        return made

    return handler


def for_model(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    """``AutoConfig.for_model("bert", ...)``."""
    name = take(args, "model_type").plain("model_type")
    made = ConfigValue(hub.config(name) if isinstance(name, str) else None, machine.span(node))
    apply_overrides(made, {k: v for k, v in args.keywords.items() if k != "model_type"}, args, machine)
    return made


def lookup(name: str) -> Handler | None:
    """What calling ``AutoConfig.from_pretrained`` or ``BertConfig`` means; ``name`` without ``transformers.``."""
    cls, _, method = name.partition(".")
    if cls == "AutoConfig":
        return {"from_pretrained": loader(None), "for_model": for_model, "register": none}.get(method)
    if not cls.endswith("Config") or hub.config(cls) is None:
        return None
    return maker(cls) if not method else {"from_pretrained": loader(cls), "from_dict": maker(cls)}.get(method)
