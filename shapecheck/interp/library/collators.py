"""transformers' data collators: lists of encoded examples become padded batches."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from shapecheck.dims import Dim
from shapecheck.graph import Padding, Tensor
from shapecheck.interp.library.collate import default
from shapecheck.interp.library.encodings import Encoding
from shapecheck.interp.library.numpy import ArrayValue
from shapecheck.interp.library.registry import Handler, take
from shapecheck.interp.library.rows import Rows, described
from shapecheck.interp.library.tokenizers import TokenizerValue
from shapecheck.interp.values import CallArgs, Items, Machine, Mapping, TensorValue, Unknown, Value, join_all
from shapecheck.shapes import ANY, Shape

KINDS = {
    "DefaultDataCollator": "default",
    "default_data_collator": "default",
    "DataCollatorWithPadding": "padding",
    "DataCollatorForTokenClassification": "tokens",
    "DataCollatorForLanguageModeling": "language",
    "DataCollatorForSeq2Seq": "seq2seq",
}
_PADDED = frozenset({"input_ids", "attention_mask", "token_type_ids", "special_tokens_mask"})


def kind_for(tokenizer: Value | None) -> str:
    """The collator that a Trainer takes by itself: padding where it was given a tokenizer."""
    return "padding" if isinstance(tokenizer, TokenizerValue) else "default"


@dataclass(slots=True, eq=False)
class HFCollator(Value):
    """A data collator of transformers."""

    kind: str
    tokenizer: Value | None = None

    def call(self, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        given = args.positional[0] if args.positional else args.keywords.get("features", Unknown())
        example = _example(given)
        if not isinstance(example, (Mapping, Encoding)):
            return Unknown()
        items = example.items if isinstance(example, Mapping) else example.fields
        fields = self._joined(items, given.length(), machine, node)
        return (
            Mapping(fields, example.complete)
            if self.kind == "default"
            else Encoding(fields, given.length(), None, example.complete is True)
        )

    def _joined(self, items: dict[str, Value], count: Dim, machine: Machine, node: ast.AST) -> dict[str, Value]:
        fields: dict[str, Value] = {}
        length: Dim | None = None
        for key, value in items.items():
            row = _row(value) if self._pads(key) else None
            if row is not None:
                if length is None or key == "labels" and self.kind == "seq2seq":
                    own = row.shape.dim(0)
                    fixed = own if isinstance(own.expr, int) else None
                    word = "target" if key == "labels" and self.kind == "seq2seq" else "seq"
                    length = fixed or machine.fresh(word, node, "the number of tokens of the longest text of the batch")
                fields[key] = self._padded(key, row, count, length)
            else:
                fields["labels" if key in ("label", "label_ids") else key] = _stacked(value, count)
        if self.kind == "language":  # there are labels, whatever is known of the tokens
            ids = fields.get("input_ids")
            fields["labels"] = Unknown()
            if isinstance(ids, TensorValue):
                fields["labels"] = TensorValue(Tensor(ids.tensor.shape, "int64", role="labels"))
        return fields

    def _pads(self, key: str) -> bool:
        if self.kind == "default":
            return False
        return key in _PADDED or key == "labels" and self.kind in ("tokens", "seq2seq")

    def _padded(self, key: str, row: Tensor, count: Dim, length: Dim) -> Value:
        side: Padding = "right"
        if isinstance(self.tokenizer, TokenizerValue) and self.tokenizer.facts:
            side = self.tokenizer.facts.padding_side or "unknown"
        shape = Shape((count, length)) if row.shape.rank in (1, None) else ANY
        return TensorValue(Tensor(shape, "int64", role="labels" if key == "labels" else row.role, padding=side))


def _row(value: Value) -> Tensor | None:
    """A list of numbers (a tensor, an array) as a tensor; None for anything else."""
    if isinstance(value, (Rows, TensorValue, ArrayValue)):
        return value.tensor
    return described(value) if isinstance(value, Items) and value.kind == "list" else None


def _stacked(value: Value, count: Dim) -> Value:
    """A column of numbers, or lists of numbers of one length, as a tensor."""
    row = _row(value)
    return default(value if row is None else TensorValue(row), count)


def _example(given: Value) -> Value:
    if not isinstance(given, Items):
        return Unknown()
    return given.element if given.items is None else join_all(given.items)


def lookup(name: str) -> Handler | None:
    """The collators by name, without ``transformers.``."""
    kind = KINDS.get(name)
    if kind is None:
        return None
    if name == "default_data_collator":
        return lambda args, machine, node: HFCollator(kind).call(args, machine, node)
    return lambda args, machine, node: HFCollator(kind, take(args, "tokenizer").get("tokenizer"))
