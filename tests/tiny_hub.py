"""Checkpoints under the names of real ones, with true widths, one layer and random weights, made on the spot.

They are laid out as huggingface_hub's own cache, so that an unchanged script loads them offline.
"""

from __future__ import annotations

import string
import sys
from pathlib import Path
from typing import Any

_COMMIT = "0" * 40
_WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *string.punctuation, *string.ascii_lowercase, *string.digits]
_PIECES = [f"##{letter}" for letter in string.ascii_lowercase + string.digits]


def make(folder: Path) -> Path:
    """Fill ``folder`` with the checkpoints that the fixtures load; it serves as HF_HUB_CACHE."""
    import torch
    from transformers import BertConfig, BertModel, BertTokenizerFast, DistilBertConfig, DistilBertModel

    torch.manual_seed(0)
    vocabulary = _WORDS + _PIECES
    words = folder / "vocab.txt"
    folder.mkdir(parents=True, exist_ok=True)
    words.write_text("\n".join(vocabulary))
    tokenizer = BertTokenizerFast(str(words))
    size: dict[str, Any] = {"vocab_size": len(vocabulary)}
    sizes = (
        ("bert-base-uncased", 768, 12),
        ("bert-large-uncased", 1024, 16),
        ("sentence-transformers/all-MiniLM-L6-v2", 384, 12),
    )
    for name, width, heads in sizes:
        config = BertConfig(
            **size, hidden_size=width, num_hidden_layers=1, num_attention_heads=heads, intermediate_size=64
        )
        _save(folder, name, BertModel(config), tokenizer)
    _save(
        folder,
        "distilbert-base-uncased",
        DistilBertModel(DistilBertConfig(**size, n_layers=1, hidden_dim=64)),
        tokenizer,
    )
    return folder


def _save(folder: Path, name: str, *parts: Any) -> None:
    home = folder / f"models--{name.replace('/', '--')}"
    snapshot = home / "snapshots" / _COMMIT
    snapshot.mkdir(parents=True)
    (home / "refs").mkdir()
    (home / "refs" / "main").write_text(_COMMIT)
    for part in parts:
        part.save_pretrained(snapshot)


if __name__ == "__main__":
    make(Path(sys.argv[1]))
