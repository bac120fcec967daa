"""What a tokenizer returns: a BatchEncoding."""

from __future__ import annotations

import ast
from collections.abc import Hashable
from dataclasses import dataclass, field

from shapecheck.dims import UNKNOWN as UNKNOWN_DIM
from shapecheck.dims import Dim, number
from shapecheck.interp.library.registry import take, words
from shapecheck.interp.library.rows import Rows
from shapecheck.interp.values import (
    Bound,
    CallArgs,
    Const,
    Int,
    Iteration,
    Machine,
    Mapping,
    TensorValue,
    Text,
    Unknown,
    Value,
)

_METHODS = frozenset(
    words("""
    to items keys values get pop update copy word_ids words tokens sequence_ids convert_to_tensors char_to_token
    token_to_word word_to_tokens token_to_chars word_to_chars char_to_word setdefault
""")
)


class Words(Value):
    """A list of texts, words or the like, of a known length; ``element`` stands for each."""

    __slots__ = ("element", "size")

    def __init__(self, size: Dim, element: Value) -> None:
        self.size = size
        self.element = element

    def iterate(self, machine: Machine, node: ast.AST) -> Iteration:
        return Iteration(None, self.element, self.size)

    def item(self, key: Value, machine: Machine, node: ast.AST) -> Value:
        return Words(UNKNOWN_DIM, self.element) if isinstance(key.operand(), slice) else self.element

    def length(self) -> Dim:
        return self.size

    def key(self) -> Hashable:
        return ("words", self.size.expr, self.element.key())


@dataclass(slots=True, eq=False)
class Encoding(Value):
    """A BatchEncoding: a dict whose keys are attributes too.

    Attributes:
        fields: tensors, arrays or lists by key.
        batch: the number of texts, None for one text by itself.
        tokens: the number of tokens of each text, None where the texts differ.
        complete: whether there are no other keys.
        perhaps: values of keys that some tokenizers, or some releases of transformers, give as well: there if they are
            asked for.
    """

    fields: dict[str, Value]
    batch: Dim | None
    tokens: Dim | None
    complete: bool = True
    perhaps: dict[str, Value] = field(default_factory=dict)

    def attribute(self, name: str, machine: Machine, node: ast.AST) -> Value:
        if name in _METHODS:
            return Bound(self, name)
        return self if name in ("data", "encodings") else self._asked(name)

    def _asked(self, name: str) -> Value:
        return self.fields.get(name) or self.perhaps.get(name) or Unknown()

    def set_attribute(self, name: str, value: Value, machine: Machine, node: ast.AST) -> None:
        self.fields[name] = value

    def item(self, key: Value, machine: Machine, node: ast.AST) -> Value:
        asked = key.operand()
        return self._asked(asked) if isinstance(asked, str) else Unknown()

    def set_item(self, key: Value, value: Value, machine: Machine, node: ast.AST) -> None:
        asked = key.operand()
        if isinstance(asked, str):
            self.fields[asked] = value
        else:
            self.complete = False

    def method(self, name: str, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        match name:
            case "to":
                return self
            case "word_ids" | "words" | "tokens" | "sequence_ids":
                count = self.tokens or machine.fresh("seq", node, "the number of tokens of the text")
                return Words(count, Text() if name == "tokens" else Int(UNKNOWN_DIM))
            case "items" | "keys" | "values" | "get" | "setdefault":
                return machine.call(Bound(self.as_mapping(), name), args, node)
            case "pop":
                asked = take(args, "key").plain("key")
                default = args.positional[1] if len(args.positional) > 1 else Unknown()
                return self.fields.pop(asked, default) if isinstance(asked, str) else Unknown()
            case "update":
                return self._update(args)
            case "copy":
                return Encoding(dict(self.fields), self.batch, self.tokens, self.complete, self.perhaps)
            case "convert_to_tensors":
                return self._tensors()
        return Unknown()

    def _update(self, args: CallArgs) -> Value:
        given = args.positional[0] if args.positional else Mapping(dict(args.keywords))
        more = given.fields if isinstance(given, Encoding) else given.items if isinstance(given, Mapping) else None
        self.complete = self.complete and more is not None
        self.fields.update({str(key): value for key, value in (more or {}).items()})
        return Const(None)

    def _tensors(self) -> Value:
        fields: dict[str, Value] = {
            key: TensorValue(v.tensor) if isinstance(v, Rows) else v for key, v in self.fields.items()
        }
        return Encoding(fields, self.batch, self.tokens, self.complete)

    def holds(self, name: str) -> bool | None:
        return name in self.fields or (False if self.complete else None)

    def as_mapping(self) -> Mapping:
        """What ``**encoding`` and ``dict(encoding)`` hand over. (Of an incomplete one, other keys are unknown.)"""
        return Mapping(dict(self.fields), self.complete)

    def iterate(self, machine: Machine, node: ast.AST) -> Iteration:
        return Iteration([Const(key) for key in self.fields] if self.complete else None, Unknown())

    def length(self) -> Dim:
        return number(len(self.fields)) if self.complete else UNKNOWN_DIM

    def truth(self) -> bool | None:
        return True

    def join(self, other: Value) -> Value:
        from shapecheck.interp.values import join

        if not isinstance(other, Encoding) or self.fields.keys() != other.fields.keys():
            return Unknown()
        fields = {key: join(value, other.fields[key]) for key, value in self.fields.items()}
        return Encoding(
            fields, self.batch if self.batch == other.batch else UNKNOWN_DIM, None, self.complete and other.complete
        )
