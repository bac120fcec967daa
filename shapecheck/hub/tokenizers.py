"""What the tokenizer of a checkpoint or a model type returns (``rules/hub/tokenizers.csv``)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from shapecheck.hub.checkpoints import Checkpoint, checkpoint
from shapecheck.hub.tables import row


@dataclass(frozen=True, slots=True)
class TokenizerFacts:
    """One tokenizer. None means: not known.

    Attributes:
        model_type: the model type whose tokenizer it is.
        tokenizer_class: the class of transformers 5.
        keys: the keys that it returns under transformers 5 (``input_ids``, ``attention_mask`` ...).
        token_type_ids: whether segments are among them; None also where transformers 4 and 5 differ.
        padding_side: ``right`` or ``left``.
        pad_token, cls_token: whether it has one.
        model_max_length: tokens to which ``truncation=True`` cuts.
        entries: tokens in the vocabulary; the model's embedding may have more rows.
    """

    model_type: str
    tokenizer_class: str
    keys: tuple[str, ...] | None
    token_type_ids: bool | None
    padding_side: Literal["right", "left"] | None
    pad_token: bool | None
    cls_token: bool | None
    model_max_length: int | None
    entries: int | None = None


_RESERVED_POSITIONS = {
    "albert": 0,
    "bart": 0,
    "bert": 0,
    "camembert": 2,
    "distilbert": 0,
    "electra": 0,
    "gpt2": 0,
    "mpnet": 2,
    "roberta": 2,
    "xlm-roberta": 2,
}
"""Types whose checkpoints state the length of their position table, less the rows that are kept for padding, as the
tokenizer's own limit."""

_PUBLISHERS = (
    "google-bert/",
    "FacebookAI/",
    "distilbert/",
    "albert/",
    "openai-community/",
    "google/electra",
    "facebook/bart",
    "microsoft/mpnet",
)
"""Owners of the checkpoints for which that limit was checked."""

_ENTRIES = {
    "bart": {50265: 50265},
    "bert": {28996: 28996, 30522: 30522, 119547: 119547},
    "bloom": {250880: 250680},
    "camembert": {32005: 32005},
    "deberta-v2": {128100: 128001},
    "distilbert": {28996: 28996, 30522: 30522, 119547: 119547},
    "electra": {30522: 30522},
    "gpt2": {50257: 50257},
    "mpnet": {30527: 30527},
    "mt5": {250112: 250100},
    "opt": {50272: 50265},
    "roberta": {50265: 50265},
    "t5": {32128: 32100},
    "xlm-roberta": {250002: 250002},
}
"""Tokens in the published vocabularies by the rows of the embedding: some models have rows to spare, so that a few
tokens can be added without harm."""

_OWN_WORD = re.compile(r"\[/?[A-Za-z]\w+\]|</?[A-Za-z]\w+>|<\|\w+\|>")
_SQUARE = re.compile(r"\[(PAD|UNK|CLS|SEP|MASK|unused\d+)\]")
_ANGLED = re.compile(r"</?(pad|unk|mask|s\w*|unused\d*|mad\w*)>|<\|(end|start)oftext\|>")


def tokenizer(name_or_type: str) -> TokenizerFacts | None:
    """The tokenizer of a checkpoint or of a model type; None if neither is known."""
    found = checkpoint(name_or_type)
    model_type = found.model_type if found else name_or_type
    facts = row("tokenizers", model_type)
    if facts is None:
        return None
    now, before = set(facts["keys"].split()), set(facts["keys_4"].split())
    pad = _known(facts["pad_token"])
    if found is not None and isinstance(found.fields.get("pad_token"), bool):
        pad = found.fields["pad_token"]
    side = facts["padding_side"]
    return TokenizerFacts(
        model_type=model_type,
        tokenizer_class=facts["tokenizer_class"],
        keys=tuple(sorted(now, key="input_ids token_type_ids attention_mask".find)) if now else None,
        token_type_ids=("token_type_ids" in now)
        if now and ("token_type_ids" in now) == ("token_type_ids" in (before or now))
        else None,
        padding_side="left" if side == "left" else "right" if side else None,
        pad_token=pad,
        cls_token=_known(facts["cls_token"]),
        model_max_length=_limit(found),
        entries=_entries(found),
    )


def surely_new(token: str, model_type: str) -> bool:
    """Whether a token is in none of a type's published vocabularies: a word of the user's own, in brackets."""
    reserved = _SQUARE if model_type in ("bert", "distilbert", "electra") else _ANGLED
    if model_type == "mpnet" and _SQUARE.fullmatch(token):
        return False
    return _OWN_WORD.fullmatch(token) is not None and reserved.fullmatch(token) is None


def _entries(found: Checkpoint | None) -> int | None:
    if found is None or "vocab_size" in found.unverified:
        return None
    rows = found.fields.get("vocab_size")
    return _ENTRIES.get(found.model_type, {}).get(rows) if isinstance(rows, int) else None


def _known(text: str) -> bool | None:
    return {"yes": True, "no": False}.get(text)


def _limit(found: Checkpoint | None) -> int | None:
    if found is None or not found.canonical.startswith(_PUBLISHERS) or "max_position_embeddings" in found.unverified:
        return None
    rows, reserved = found.fields.get("max_position_embeddings"), _RESERVED_POSITIONS.get(found.model_type)
    return rows - reserved if isinstance(rows, int) and reserved is not None else None
