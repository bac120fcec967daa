"""tiktoken: texts cut into plausible pieces, with ids below the encoding's size."""

from __future__ import annotations

import re
import zlib
from typing import Any

__all__ = ["Encoding", "encoding_for_model", "get_encoding"]

_SIZES = {"gpt2": 50257, "r50k_base": 50257, "p50k_base": 50281, "cl100k_base": 100277, "o200k_base": 200019}
_PIECE = re.compile(r"<\|\w+\|>| ?\w{1,8}| ?[^\s\w]|\s")


class Encoding:
    """An encoding by its published number of ids; the last one ends a text."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.n_vocab = self.max_token_value = _SIZES.get(name, _SIZES["cl100k_base"])
        self.max_token_value -= 1
        self.eot_token = self.max_token_value
        self._pieces: dict[int, str] = {self.eot_token: "<|endoftext|>"}

    def encode(self, text: str, *args: Any, **options: Any) -> list[int]:
        """An id for each piece of a text, the same for the same piece."""
        return [self._id(piece) for piece in _PIECE.findall(text)]

    encode_ordinary = encode

    def encode_batch(self, text: list[str], *args: Any, **options: Any) -> list[list[int]]:
        """The ids of each text."""
        return [self.encode(part) for part in text]

    encode_ordinary_batch = encode_batch

    def decode(self, tokens: Any, *args: Any, **options: Any) -> str:
        """The text of ids; of an id that it never gave, a word."""
        return "".join(self._pieces.get(int(token), " the") for token in tokens)

    def encode_single_token(self, text: str) -> int:
        """The id of one piece."""
        return self._id(text)

    def _id(self, piece: str) -> int:
        if piece.startswith("<|"):
            return self.eot_token
        number = zlib.crc32(piece.encode()) % (self.n_vocab - 300)
        self._pieces.setdefault(number, piece)
        return number


def get_encoding(encoding_name: str) -> Encoding:
    """An encoding by name."""
    return Encoding(encoding_name)


def encoding_for_model(model_name: str) -> Encoding:
    """The encoding of a model of OpenAI's."""
    return Encoding("gpt2" if model_name.startswith("gpt2") else "o200k_base" if "4o" in model_name else "cl100k_base")
