"""Other packages that models are written with: peft, evaluate, scikit-learn's splits, sentence-transformers."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from shapecheck import hub
from shapecheck.dims import UNKNOWN as UNKNOWN_DIM
from shapecheck.dims import Dim, number, symbol
from shapecheck.graph import Tensor
from shapecheck.interp.library.encodings import Words
from shapecheck.interp.library.frames import Frame, Series
from shapecheck.interp.library.numpy import ArrayValue
from shapecheck.interp.library.registry import HANDLERS, Handler, Opaque, first, handles, take
from shapecheck.interp.library.rows import Rows
from shapecheck.interp.library.tensors import row_of
from shapecheck.interp.library.tokenizers import TokenizerValue
from shapecheck.interp.values import (
    Bound,
    CallArgs,
    Const,
    Int,
    Items,
    Machine,
    TensorValue,
    Text,
    Unknown,
    Value,
    join_all,
)
from shapecheck.places import Origin
from shapecheck.shapes import Shape

for _name in ("peft.get_peft_model", "peft.PeftModel.from_pretrained", "peft.prepare_model_for_kbit_training"):
    HANDLERS[_name] = first


@handles("sklearn.model_selection.train_test_split")
def _split(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    """Each sequence in two parts, of sizes that are known where the whole's size and the share are."""
    share = args.keywords.get("test_size", Unknown())
    parts: list[Value] = []
    for value in args.positional:
        train, test = _sizes(value.length(), share)
        parts += [_part(value, train), _part(value, test)]
    return Items("list", parts if args.exact else None)


def _sizes(whole: Dim, share: Value) -> tuple[Dim, Dim]:
    total, part = whole.value, share.operand()
    if total is None or not isinstance(part, float) or not 0 < part < 1:
        return UNKNOWN_DIM, UNKNOWN_DIM
    test = -int(-(total * part) // 1)
    return number(total - test), number(test)


def _part(value: Value, size: Dim) -> Value:
    """Some elements of a sequence, in another order."""
    match value:
        case Items():
            element = value.element if value.items is None else join_all(value.items)
            return Items("list", None, element, size=size)
        case Words():
            return Words(size, value.element)
        case Frame():
            return Frame(size, dict(value.changed))
        case Series():
            return Series(size, value.element)
        case TensorValue() | ArrayValue():
            row = row_of(value.tensor)
            open_at = None if row.shape.open_at is None else row.shape.open_at + 1
            tensor = Tensor(Shape((size, *row.shape.dims), open_at), row.dtype, row.role, low=row.low, high=row.high)
            return TensorValue(tensor) if isinstance(value, TensorValue) else ArrayValue(tensor)
        case Rows():
            return Rows(
                Tensor(value.tensor.shape.replaced(0, size), value.tensor.dtype, value.tensor.role), value.ragged
            )
    return Unknown()


@dataclass(slots=True, eq=False)
class SentenceTransformer(Value):
    """A model of sentence-transformers; ``width`` is the size of its vectors."""

    name: str | None
    width: Dim

    def attribute(self, name: str, machine: Machine, node: ast.AST) -> Value:
        if name == "tokenizer":
            return TokenizerValue(self.name, hub.tokenizer(self.name) if self.name else None)
        return Opaque("device") if name in ("device", "max_seq_length") else Bound(self, name)

    def method(self, name: str, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        match name:
            case "encode" | "encode_query" | "encode_document":
                return self._encoded(args)
            case "get_sentence_embedding_dimension" | "get_embedding_dimension":
                return Int(self.width)
            case "to" | "eval" | "train" | "half" | "cuda" | "cpu":
                return self
        return Unknown()

    def _encoded(self, args: CallArgs) -> Value:
        taken = take(args, "sentences")
        given = taken.get("sentences") or Unknown()
        if isinstance(given, (Const, Text)):
            shape = Shape((self.width,))
        elif isinstance(given, (Items, Words)):
            shape = Shape((given.length(), self.width))
        else:
            return Unknown()
        tensor = Tensor(shape, "float32", role="pooled")
        return TensorValue(tensor) if taken.plain("convert_to_tensor", False) is True else ArrayValue(tensor)


@handles("sentence_transformers.SentenceTransformer")
def _sentence_transformer(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    name = take(args, "model_name_or_path").plain("model_name_or_path")
    known = name if isinstance(name, str) else ""
    found = hub.checkpoint(known) or hub.checkpoint(f"sentence-transformers/{known}")
    fields = found.fields if found else {}
    size = fields.get("sentence_embedding_dim", fields.get("hidden_size"))
    origin = Origin(f"the vector size of {known or 'the sentence model'}", machine.span(node))
    width = number(size, origin) if isinstance(size, int) else symbol("embedding", 0, origin)
    return SentenceTransformer(found.name if found else known or None, width)


def lookup(name: str) -> Handler | None:
    """Packages whose objects change no shape."""
    quiet = (
        "evaluate.",
        "seqeval.",
        "sklearn.metrics.",
        "peft.",
        "bitsandbytes.",
        "torchmetrics.",
        "rouge_score.",
        "sacrebleu.",
        "deepspeed.",
    )
    return (lambda args, machine, node: Opaque(name)) if name.startswith(quiet) else None
