"""A tokenizer's call: the keys, sizes and padding that its options give."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from shapecheck import hub
from shapecheck.dims import UNKNOWN as UNKNOWN_DIM
from shapecheck.dims import Dim, number
from shapecheck.graph import Padding, Role, Tensor
from shapecheck.interp.library.encodings import Encoding
from shapecheck.interp.library.numpy import ArrayValue
from shapecheck.interp.library.registry import Taken, take
from shapecheck.interp.library.rows import Rows
from shapecheck.interp.library.texts import Texts, strings, texts_of
from shapecheck.interp.values import CallArgs, Const, Int, Machine, TensorValue, Unknown, Value
from shapecheck.ops.values import UNKNOWN, as_int
from shapecheck.places import Origin
from shapecheck.shapes import Shape

if TYPE_CHECKING:
    from shapecheck.interp.library.tokenizers import TokenizerValue

_CALL = (
    "text",
    "text_pair",
    "text_target",
    "text_pair_target",
    "add_special_tokens",
    "padding",
    "truncation",
    "max_length",
)
_ROLES: dict[str, Role] = {
    "input_ids": "ids",
    "attention_mask": "mask",
    "token_type_ids": "segments",
    "labels": "labels",
}


def encode(
    tokenizer: TokenizerValue,
    args: CallArgs,
    machine: Machine,
    node: ast.AST,
    lists: Literal["texts", "words", "either"] = "texts",
) -> Value:
    """``tokenizer(text, ...)``: the encoding, with the sizes that the options fix.

    ``lists`` says what a list is: several texts, or the words of one as ``encode_plus`` has it. ``encode`` took it for
    words too before version 5, and for texts since.
    """
    taken = take(args, *_CALL)
    overflow = taken.plain("return_overflowing_tokens", False) not in (False, None)
    if not args.exact:
        return Encoding({}, None, None, False)
    split = taken.plain("is_split_into_words", False) is True
    text = taken.get("text") or taken.get("batch_text_or_text_pairs") or taken.get("text_target")
    texts = texts_of(text, taken.get("text_pair"), split, machine, node)
    if texts.batch is not None and lists != "texts":
        texts = Texts(None, 1, lists == "words")
    container = taken.plain("return_tensors")
    if overflow and texts.batch is None and container is None:
        return Encoding({}, None, None, False)  # one row or several: fast and slow tokenizers differ
    if overflow:  # a text gives as many rows as it is long
        texts = Texts(machine.fresh("chunks", node, "the number of pieces that the texts make"), texts.least)
    length, fixed = _length(tokenizer, taken, texts, machine, node)
    fields = _fields(tokenizer, taken, texts, length, fixed, container, machine, node)
    _tell(tokenizer, taken, texts, text, machine, node)
    words = length if texts.batch is None or container is not None or fixed else None
    return Encoding(fields, texts.batch, words, not overflow, _perhaps(tokenizer, taken, fields))


def _tell(
    tokenizer: TokenizerValue, taken: Taken, texts: Texts, text: Value | None, machine: Machine, node: ast.AST
) -> None:
    """The event that tells of a call of a tokenizer."""
    limit = taken.plain("pad_to_max_length") is True
    padding = "max_length" if limit else taken.plain("padding", False)
    literal, whole = strings(text)
    stated = {"pad_token", "pad_token_id"} & tokenizer.own.keys()
    facts = hub.checkpoint(tokenizer.name) if tokenizer.name else None
    machine.event(
        "tokenize",
        node,
        tokenizer=tokenizer.name,
        texts=texts.batch,
        literal=literal if whole and taken.get("text_pair") is None else (),
        padding=None if padding is UNKNOWN else padding not in (False, None, "do_not_pad"),
        to_limit=None if padding is UNKNOWN else padding == "max_length",
        tensors=taken.plain("return_tensors") == "pt",
        pad_token=None if stated or facts is None else facts.fields.get("pad_token"),
    )


def _length(tokenizer: TokenizerValue, taken: Taken, texts: Texts, machine: Machine, node: ast.AST) -> tuple[Dim, bool]:
    """The number of tokens, and whether all rows of a batch have it (they were padded)."""
    padding, truncation = taken.plain("padding", False), taken.plain("truncation", False)
    if taken.plain("pad_to_max_length") is True:
        padding = "max_length"
    limit = taken.get("max_length")
    size = limit.dim if isinstance(limit, Int) else None
    if limit is None or isinstance(limit, Const):
        size = (
            number(tokenizer.facts.model_max_length) if tokenizer.facts and tokenizer.facts.model_max_length else None
        )
    cut = truncation not in (False, None, "do_not_truncate", UNKNOWN)
    padded = padding not in (False, None, "do_not_pad")
    if padding == "max_length" and size is not None and size.known and (cut or (as_int(size) or 0) < 0):
        return _named(size, taken, machine), True
    least = texts.least + _specials(tokenizer, taken)
    if truncation is UNKNOWN:
        least = 1
    if cut:
        bound = as_int(size)
        least = min(least, bound) if bound else 1
    elif padding == "max_length" and as_int(size) is not None:
        least = max(least, as_int(size) or 1)
    origin = (
        "the number of tokens of the longest text"
        if padded and texts.batch is not None
        else "the number of tokens of the text"
    )
    return machine.fresh("seq", node, origin, max(1, least)), padded and padding is not UNKNOWN


def _specials(tokenizer: TokenizerValue, taken: Taken) -> int:
    """How many tokens a tokenizer adds at least: one ahead of a text and one behind, if it has one for the first."""
    facts = tokenizer.facts
    return 2 if facts and facts.cls_token and taken.plain("add_special_tokens", True) is True else 0


def _named(size: Dim, taken: Taken, machine: Machine) -> Dim:
    at = taken.nodes.get("max_length")
    return size if size.origin is not None or at is None else size.at(Origin("max_length", machine.span(at)))


def _fields(
    tokenizer: TokenizerValue,
    taken: Taken,
    texts: Texts,
    length: Dim,
    fixed: bool,
    container: Any,
    machine: Machine,
    node: ast.AST,
) -> dict[str, Value]:
    rows = texts.batch
    if rows is None and container is not None and texts.known:
        rows = number(1, Origin("one text", machine.span(node)))
    padding = _padding_of(tokenizer, taken, texts)
    fields: dict[str, Value] = {}
    for name in _keys(tokenizer, taken):
        tail = _tail(tokenizer, name)
        if not texts.known:
            shape = Shape((UNKNOWN_DIM, length, *tail)) if container is not None else Shape((), 0)
        else:
            shape = Shape((length, *tail) if rows is None else (rows, length, *tail))
        tensor = Tensor(shape, "int64", role=_ROLES.get(name), padding=padding, span=machine.span(node), text=name)
        if name in ("attention_mask", "token_type_ids") and not tail:
            tensor.low, tensor.high = 0, 1
        elif name == "input_ids":
            tensor.high = _highest(tokenizer, taken, padding != "none")
            tensor.low = None if tensor.high is None else 0
        fields[name] = _contained(tensor, container, rows is not None and not fixed)
    return fields


def _tail(tokenizer: TokenizerValue, name: str) -> tuple[Dim, ...]:
    """What a token has in a field beyond one number: where it starts and ends, TAPAS's seven kinds of segments."""
    if name == "offset_mapping":
        return (number(2),)
    tabular = tokenizer.facts is not None and tokenizer.facts.model_type == "tapas"
    return (number(7),) if tabular and name == "token_type_ids" else ()


def _highest(tokenizer: TokenizerValue, taken: Taken, padded: bool) -> int | None:
    """The highest id of the texts, where tokens that were added are among them; None where truncation may cut them."""
    texts, whole = strings(taken.get("text") or taken.get("batch_text_or_text_pairs"))
    pairs, all_pairs = strings(taken.get("text_pair"))
    high = tokenizer.highest(texts + pairs, whole and all_pairs, padded)
    truncation = taken.plain("truncation", False)
    if truncation in (False, None, "do_not_truncate"):
        return high
    limit = as_int(taken.plain("max_length")) or (tokenizer.facts.model_max_length if tokenizer.facts else None) or 0
    return high if sum(len(text) for text in texts + pairs) <= limit else None


def _contained(tensor: Tensor, container: Any, ragged: bool) -> Value:
    """The tensor in the container that ``return_tensors`` asks for."""
    if container in ("pt", "np"):
        return TensorValue(tensor) if container == "pt" else ArrayValue(tensor)
    return Unknown() if container is not None else Rows(tensor, ragged)


def _keys(tokenizer: TokenizerValue, taken: Taken) -> Sequence[str]:
    names = list(_usual_keys(tokenizer))
    for option, key in (("return_token_type_ids", "token_type_ids"), ("return_attention_mask", "attention_mask")):
        wanted = taken.plain(option)
        if wanted is True and key not in names:
            names.append(key)
        elif wanted is False and key in names:
            names.remove(key)
    extra = (("return_offsets_mapping", "offset_mapping"), ("return_special_tokens_mask", "special_tokens_mask"))
    names += [key for option, key in extra if taken.plain(option) is True]
    if taken.get("text_target") is not None and taken.get("text") is not None:
        names.append("labels")
    return names


def _perhaps(tokenizer: TokenizerValue, taken: Taken, fields: dict[str, Value]) -> dict[str, Value]:
    """Segments, where it is not known whether the tokenizer gives them."""
    facts, ids = tokenizer.facts, fields.get("input_ids")
    open_question = facts is None or facts.keys is None or facts.token_type_ids is None
    if not open_question or "token_type_ids" in fields or taken.plain("return_token_type_ids") is False:
        return {}
    if not isinstance(ids, (TensorValue, ArrayValue, Rows)):
        return {}
    tensor = replace(ids.tensor, role="segments", low=0, high=1, text="token_type_ids")
    return {"token_type_ids": _contained(tensor, taken.plain("return_tensors"), isinstance(ids, Rows) and ids.ragged)}


def _usual_keys(tokenizer: TokenizerValue) -> tuple[str, ...]:
    """The keys that the tokenizer returns by itself; without segments where that is not known."""
    facts = tokenizer.facts
    if facts is None or facts.keys is None:
        return ("input_ids", "attention_mask")
    return tuple(key for key in facts.keys if key != "token_type_ids" or facts.token_type_ids)


def _padding_of(tokenizer: TokenizerValue, taken: Taken, texts: Texts) -> Padding:
    """Where padding stands, if the call pads at all."""
    padding = taken.plain("padding", False)
    if taken.plain("pad_to_max_length") is True:
        padding = "max_length"
    if padding in (False, None, "do_not_pad"):
        return "none"
    alone = texts.known and (texts.batch is None or texts.batch.expr == 1)
    if alone and padding in (True, "longest"):
        return "none"
    side = taken.plain("padding_side") or tokenizer.own.get("padding_side", Const(None)).operand()
    if side is None and tokenizer.facts:
        side = tokenizer.facts.padding_side
    return side if side in ("left", "right") else "unknown"


def padded(tokenizer: TokenizerValue, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    """``tokenizer.pad(examples, return_tensors="pt")``: a batch of encodings."""
    taken = take(args, "encoded_inputs", "padding", "max_length")
    given = taken.get("encoded_inputs") or Unknown()
    count = given.length()
    if not count.known:
        count = machine.fresh("batch", node, "the number of examples")
    length, _ = _length(tokenizer, _always_padded(taken), Texts(count, 1), machine, node)
    side = tokenizer.facts.padding_side if tokenizer.facts else "unknown"
    container = taken.plain("return_tensors")
    fields: dict[str, Value] = {}
    for name in _usual_keys(tokenizer):
        tensor = Tensor(
            Shape((count, length)), "int64", role=_ROLES[name], padding=side if side in ("left", "right") else "unknown"
        )
        fields[name] = _contained(tensor, container, False)
    return Encoding(fields, count, length, complete=False)


def _always_padded(taken: Taken) -> Taken:
    return Taken({"padding": Const(True), **taken.values}, taken.nodes)
