"""Writes rules/hub/tokenizers.csv: what the tokenizer classes of the installed transformers say of themselves.

The column ``keys_4`` holds the keys that transformers 4.57 returns. Under the 4 line this script fills only that
column, under the 5 line all the others.
"""

from __future__ import annotations

import csv
import inspect
from collections.abc import Iterator
from typing import Any

import transformers
from hub_classes import HUB, write
from transformers.models.auto.tokenization_auto import TOKENIZER_MAPPING_NAMES

GENERIC = {"TokenizersBackend", "PreTrainedTokenizerFast", "PythonBackend"}
"""Classes that stand for whatever the checkpoint's files say: nothing is known of them."""


def has_token(cls: type[Any], name: str) -> str:
    """``yes`` or ``no``: whether the constructor's default for a special token is a token; "" where there is none."""
    parameter = inspect.signature(cls.__init__).parameters.get(name)
    if parameter is None or cls.__name__ in GENERIC:
        return ""
    return "no" if parameter.default is None else "yes"


def rows() -> Iterator[dict[str, str]]:
    """One row per model type that has a tokenizer of its own."""
    for model_type, names in sorted(TOKENIZER_MAPPING_NAMES.items()):
        name = names if isinstance(names, str) else next((n for n in names or () if n), None)
        cls = getattr(transformers, name, None) if name else None
        if cls is None or not hasattr(cls, "model_input_names"):
            continue
        generic = cls.__name__ in GENERIC
        yield {
            "model_type": model_type,
            "tokenizer_class": cls.__name__,
            "keys": "" if generic else " ".join(sorted(cls.model_input_names)),
            "keys_4": "",
            "padding_side": "" if generic else cls.padding_side,
            "cls_token": has_token(cls, "cls_token"),
            "pad_token": has_token(cls, "pad_token"),
        }


def stored() -> dict[str, dict[str, str]]:
    """The table as it is, by model type."""
    path = HUB / "tokenizers.csv"
    if not path.exists():
        return {}
    with path.open(encoding="utf-8", newline="") as text:
        return {row["model_type"]: row for row in csv.DictReader(text)}


def merged() -> list[dict[str, str]]:
    """The table with what this transformers says put in."""
    new, old = {row["model_type"]: row for row in rows()}, stored()
    if transformers.__version__.startswith("4."):
        return [row | {"keys_4": new.get(key, {}).get("keys", "")} for key, row in old.items()]
    return [row | {"keys_4": old.get(key, {}).get("keys_4", "")} for key, row in new.items()]


if __name__ == "__main__":
    write(HUB / "tokenizers.csv", merged())
