"""Tokenizers: what their calls return, by the texts, the options and the tokenizer's kind."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from shapecheck import hub
from shapecheck.dims import UNKNOWN as UNKNOWN_DIM
from shapecheck.dims import Dim, number
from shapecheck.graph import Tensor
from shapecheck.interp.library.encode import encode, padded
from shapecheck.interp.library.encodings import Encoding, Words
from shapecheck.interp.library.registry import Handler, none, take
from shapecheck.interp.library.rows import Rows
from shapecheck.interp.library.texts import strings
from shapecheck.interp.values import (
    Bound,
    CallArgs,
    Const,
    Int,
    Items,
    Machine,
    Mapping,
    Text,
    Unknown,
    Value,
)
from shapecheck.shapes import Shape

_PROPERTIES = frozenset(
    [
        "additional_special_tokens",
        "all_special_tokens",
        "all_special_ids",
        "vocab",
        "is_fast",
        "name_or_path",
        "special_tokens_map",
    ]
)


@dataclass(slots=True, eq=False)
class TokenizerValue(Value):
    """A tokenizer. ``facts`` is None where its kind is not known; ``own`` is what the program set on it, ``added`` the
    tokens that it gave it and that were certainly not in the vocabulary, ``more`` the number of all that it gave it."""

    name: str | None
    facts: hub.TokenizerFacts | None
    own: dict[str, Value] = field(default_factory=dict)
    added: list[str] = field(default_factory=list)
    more: Dim = field(default_factory=lambda: number(0))

    def attribute(self, name: str, machine: Machine, node: ast.AST) -> Value:
        if name in self.own:
            return self.own[name]
        facts = self.facts
        match name:
            case "padding_side":
                return Const(facts.padding_side) if facts else Unknown()
            case "model_max_length":
                return Int(number(facts.model_max_length)) if facts and facts.model_max_length else Int(UNKNOWN_DIM)
            case "vocab_size":
                return Int(self._vocabulary())
            case "pad_token" | "pad_token_id":
                if facts and facts.pad_token is False and not self.own.keys() & {"pad_token", "pad_token_id"}:
                    return Const(None)
                return Int(UNKNOWN_DIM) if name.endswith("_id") else Unknown()
        if name.endswith("_token_id"):
            return Int(UNKNOWN_DIM)
        known = name.endswith("_token") or name in _PROPERTIES
        return Unknown() if known else Bound(self, name)

    def set_attribute(self, name: str, value: Value, machine: Machine, node: ast.AST) -> None:
        self.own[name] = value

    def _vocabulary(self) -> Dim:
        config = hub.config(None, self.name) if self.name else None
        return config.dim("vocab_size") if config else UNKNOWN_DIM

    def length(self) -> Dim:
        """The tokens of the vocabulary and those that were added; unknown where some may have been there before."""
        entries = self.facts.entries if self.facts else None
        return number(entries) + self.more if entries is not None else UNKNOWN_DIM

    def truth(self) -> bool | None:
        return True

    def call(self, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        return encode(self, args, machine, node)

    def method(self, name: str, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        match name:
            case "__call__" | "batch_encode_plus":
                return encode(self, args, machine, node)
            case "encode_plus":
                return encode(self, args, machine, node, lists="words")
            case "encode":
                return self._ids(args, machine, node)
            case "pad":
                return padded(self, args, machine, node)
            case "tokenize":
                return Words(machine.fresh("tokens", node, "the number of tokens of the text"), Text())
            case "convert_tokens_to_ids":
                return self._converted(args)
            case (
                "build_inputs_with_special_tokens" | "create_token_type_ids_from_sequences" | "get_special_tokens_mask"
            ):
                return Rows(Tensor(Shape((machine.fresh("tokens", node, "the number of tokens"),)), "int64"))
            case (
                "decode"
                | "convert_ids_to_tokens"
                | "convert_tokens_to_string"
                | "batch_decode"
                | "get_vocab"
                | "apply_chat_template"
            ):
                return Unknown()
            case "add_tokens" | "add_special_tokens":
                return self._grown(args, machine, node)
            case "save_pretrained" | "push_to_hub" | "save_vocabulary" | "enable_padding" | "enable_truncation":
                return Const(None)
        return machine.not_checked(node, f"the tokenizer's method {name} is not known")

    def _ids(self, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        encoding = encode(self, args, machine, node, lists="either")
        return encoding.fields.get("input_ids", Unknown()) if isinstance(encoding, Encoding) else encoding

    def _converted(self, args: CallArgs) -> Value:
        tokens = args.positional[0] if args.positional else Unknown()
        if isinstance(tokens, (Const, Unknown)):
            return Int(UNKNOWN_DIM) if isinstance(tokens, Const) else Unknown()
        return Rows(Tensor(Shape((tokens.length(),)), "int64", role="ids"))

    def _grown(self, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        given = args.positional[0] if args.positional else Unknown()
        count = given.length() if isinstance(given, Items) else UNKNOWN_DIM
        texts, _ = strings(given)
        entries, kind = (self.facts.entries, self.facts.model_type) if self.facts else (None, "")
        new = [token for token in dict.fromkeys(texts) if hub.surely_new(token, kind) and token not in self.added]
        self.added = [*self.added, *new]
        self.more = self.more + (number(len(new)) if count.value == len(new) else UNKNOWN_DIM)
        if isinstance(given, Mapping) and "pad_token" in given.items:
            self.own["pad_token"] = given.items["pad_token"]
        machine.event("add_tokens", node, tokenizer=self.name, count=count, entries=entries, new=tuple(new))
        return Int(count)

    def highest(self, texts: tuple[str, ...], complete: bool, padded: bool) -> int | None:
        """The highest id that texts are known to come to, once tokens were added; ``complete`` says that they are all.

        The bound is a modest one: the added token with the highest id among those that are certainly there.
        """
        entries = self.facts.entries if self.facts else None
        if entries is None or not self.added:
            return None
        if any(token in text for text in texts for token in self.added):
            return entries
        may_pad = padded and self.own.get("pad_token", Const(None)).operand() in self.added
        return entries - 1 if complete and not may_pad else None


def load(cls: str, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    """``AutoTokenizer.from_pretrained(...)``, or that of one tokenizer class."""
    taken = take(args, "pretrained_model_name_or_path")
    name = taken.plain("pretrained_model_name_or_path")
    facts = hub.tokenizer(name) if isinstance(name, str) else None
    if facts is None and not cls.startswith("Auto"):
        base = hub.model(f"{cls.removesuffix('Fast').removesuffix('Tokenizer')}Model")
        facts = hub.tokenizer(base.model_type) if base is not None else None
    own = {
        key: value for key, value in args.keywords.items() if key in ("padding_side", "model_max_length", "pad_token")
    }
    return TokenizerValue(name if isinstance(name, str) else None, facts, own)


def lookup(name: str) -> Handler | None:
    """What calling ``AutoTokenizer.from_pretrained`` and its like means; ``name`` without ``transformers.``."""
    cls, _, method = name.partition(".")
    if not cls.endswith(("Tokenizer", "TokenizerFast")):
        return None
    if method == "from_pretrained" or (not method and cls != "AutoTokenizer"):
        return lambda args, machine, node: load(cls, args, machine, node)
    return none if method == "register" else None
