"""A vocabulary that is not there: any word has a number, below a size that is made up."""

from __future__ import annotations

import re
import string
import zlib
from collections.abc import Iterable
from typing import Any

SIZE = 1013
"""Words of a made-up vocabulary: prime, and no size that a model has."""

_MARKS = "<pad> <unk> <s> </s> <bos> <eos> <sos> <start> <end> <mask> [PAD] [UNK] [CLS] [SEP] [MASK]".split()
_WORD = "(word|token|tok|char|piece|vocab|str|s|w|c|t)"
_NUMBER = "(idx|index|indices|ids|id|int|ix|i)"
_TO_NUMBERS = re.compile(rf"(^|_){_WORD}s?_?(2|to)_?{_NUMBER}$|^(vocab|vocabulary|dictionary|stoi)(_dict)?$")
_TO_WORDS = re.compile(rf"(^|_){_NUMBER}s?_?(2|to)_?{_WORD}s?$|^itos$")
_ONE = re.compile(r"^(pad|unk|bos|eos|sos|mask|start|end)_?(idx|index|id|token_id)?$")
_SIZE_NAMES = ("idx", "size", "vocab_size", "n_words", "num_words", "n_tokens")


def speaks_of_words(name: str) -> bool:
    """Whether a name says that it holds a vocabulary, in either direction: ``vocab``, ``idx2word``."""
    return bool(_TO_NUMBERS.search(name) or _TO_WORDS.search(name) or "vocab" in name)


def vocabulary(name: str) -> Any:
    """The vocabulary that a name promises: words by number (``id2word``), else numbers by word."""
    return dict(enumerate(words())) if _TO_WORDS.search(name) else WordIds()


def words() -> list[str]:
    """The words of a made-up vocabulary, as a ``vocab.txt`` lists them: marks, letters, made-up words."""
    letters = [*string.ascii_lowercase, *string.digits, *string.punctuation]
    known = list(dict.fromkeys([*_MARKS, *letters, *(f"##{letter}" for letter in letters)]))
    return [*known, *(f"word{i}" for i in range(SIZE - len(known)))]


class WordIds(dict[str, int]):
    """Numbers by word, as a dict or as the object that scripts make of one: called, or asked for its parts by name."""

    def __init__(self) -> None:
        super().__init__((word, number) for number, word in enumerate(words()))

    def __missing__(self, word: Any) -> int:
        first = len(_MARKS)
        return first + zlib.crc32(str(word).encode()) % (SIZE - first)

    def __contains__(self, word: Any) -> bool:
        return True

    def get(self, word: Any, default: Any = None) -> Any:
        """The number of a word."""
        return self[word]

    def __call__(self, word: Any) -> Any:
        """The number of a word, or of each of several."""
        return self[word] if isinstance(word, str) or not isinstance(word, Iterable) else [self[part] for part in word]

    lookup_indices = encode = convert_tokens_to_ids = __call__

    def __getattr__(self, name: str) -> Any:
        plain = name.lstrip("_")
        if name.startswith("__"):
            raise AttributeError(name)
        if _TO_WORDS.search(plain):
            return dict(enumerate(words()))
        if _TO_NUMBERS.search(plain):
            return self
        mark = _ONE.match(plain)
        if mark is not None:
            return self[f"<{mark[1]}>"]
        if plain in _SIZE_NAMES:
            return len(self)
        raise AttributeError(f"a made-up vocabulary has no {name}")
