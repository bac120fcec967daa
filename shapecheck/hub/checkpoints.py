"""What well-known checkpoints measure (``rules/hub/checkpoints.csv``, each row with its sources)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from shapecheck.hub.tables import Row, every, pairs, row, row_where

_NOT_FIELDS = {
    "checkpoint",
    "aliases",
    "model_type",
    "default_pooling",
    "source",
    "confidence",
    "extra",
    "unverified_fields",
}


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A checkpoint of the table.

    Attributes:
        name: the name that was asked for, as the user wrote it.
        canonical: the full name, with its owner.
        fields: config attributes by transformers' standard names (``hidden_size``; ``text_config.hidden_size``).
        unverified: those of ``fields`` that no stored source confirms: good enough to build a stand-in, not to claim
            a fault by.
        default_pooling: the pooling that it was trained with (``mean``, ``cls``, ``last_token``), "" if not known.
        head: the class that it was saved with, where that has a head for labels (``fields["num_labels"]`` of them).
        source: where the numbers come from.
    """

    name: str
    canonical: str
    model_type: str
    fields: dict[str, Any]
    unverified: frozenset[str]
    default_pooling: str
    head: str
    source: str
    confidence: str


def checkpoint(name: str) -> Checkpoint | None:
    """A checkpoint by its full name or one of its short ones; None if the table does not have it."""
    if not name or set(name) & set(',;\n"'):
        return None
    found = row("checkpoints", name) or row_where("checkpoints", "aliases", name)
    return _checkpoint(name, found) if found else None


def names() -> list[str]:
    """Every name that a checkpoint of the table goes by, in order."""
    known = (name for found in every("checkpoints") for name in (found["checkpoint"], *found["aliases"].split(";")))
    return sorted(set(filter(None, known)))


def _checkpoint(name: str, found: Row) -> Checkpoint:
    fields = {key: _value(text) for key, text in found.items() if key not in _NOT_FIELDS and text}
    fields |= {_part(key): _value(text) for key, text in pairs(found["extra"]).items()}
    head = row("heads", found["checkpoint"])
    if head is not None:
        fields["num_labels"] = int(head["num_labels"])
    pooling = found["default_pooling"]
    return Checkpoint(
        name=name,
        canonical=found["checkpoint"],
        model_type=found["model_type"],
        fields=fields,
        unverified=frozenset(found["unverified_fields"].split(";")) - {""},
        default_pooling="" if pooling == "unknown" else pooling,
        head=head["model_class"] if head else "",
        source=found["source"],
        confidence=found["confidence"],
    )


def _part(key: str) -> str:
    """``text_hidden_size`` is the ``hidden_size`` of the part ``text_config``."""
    return re.sub(r"^(text|vision)_", r"\1_config.", key)


def _value(text: str) -> Any:
    if text.isdigit():
        return int(text)
    if re.fullmatch(r"\d+(/\d+)+", text):
        return [int(n) for n in text.split("/")]
    return {"yes": True, "no": False}.get(text, text)
