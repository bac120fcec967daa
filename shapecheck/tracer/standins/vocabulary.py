"""A made-up vocabulary: a real ``tokenizers.Tokenizer`` that cuts any text into plausible pieces.

Real tokenizers are a vocabulary and rules. Without the checkpoint only the vocabulary is missing, so a stand-in
keeps the rules (special tokens, pairs, padding, truncation, offsets, word ids: all by the real library) and learns
the vocabulary from the texts that it is given: most words are one piece, long ones two, as in the real ones. Pieces
get ids below the real vocabulary size, so that no id is out of range and those of tokens added later are.
"""

from __future__ import annotations

import itertools
import re
import string
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

Pieces = Literal["wordpiece", "bytes", "metaspace"]

_PARTS = ("ing ed er est ly tion s es en al ment ness able ful less ous ive ity ist ism ize un re in dis pre").split()
_WORD = re.compile(r"\w+")
_MOST_WORDS = 20_000


@dataclass(frozen=True)
class Scheme:
    """How one family of tokenizers marks up a text.

    Attributes:
        pieces: how words are cut and marked: ``##ing``, ``Ġword`` or ``▁word``.
        single, pair: the template around one text (``$A``) and two (``$B``), as ``tokenizers`` writes it.
        special: special tokens by attribute (``pad_token``), absent ones left out.
        ids: fixed ids of special tokens; the others get free ones.
        vocab_size: number of ids; every id of a piece is below it.
        lower: whether text is put into lower case.
        longer: make every text one piece longer, to see which sizes follow the length of the text.
    """

    pieces: Pieces
    single: str
    pair: str
    special: dict[str, str]
    vocab_size: int
    ids: dict[str, int] = field(default_factory=dict)
    lower: bool = False
    longer: bool = False


class Vocabulary:
    """Pieces and their ids; grows with the texts that it learns.

    Attributes:
        ids: the id of each piece; special tokens included.
    """

    def __init__(self, scheme: Scheme) -> None:
        self.scheme = scheme
        self.ids = _special(scheme)
        self._taken = set(self.ids.values())
        self._next = 1000 if scheme.vocab_size > 4000 else 0
        for piece in _letters(scheme):
            self._add(piece)
        if scheme.vocab_size - 1 not in self._taken:
            self.ids["<|last|>"] = scheme.vocab_size - 1

    def learn(self, *texts: Any) -> bool:
        """Take in the words of texts, and of lists of texts; says whether there was a new one."""
        before = len(self.ids)
        for text in _strings(texts):
            for word in _WORD.findall(text.lower() if self.scheme.lower else text):
                if len(self.ids) < _MOST_WORDS:
                    self._learn_word(word)
        return len(self.ids) > before

    def learn_tokens(self, tokens: list[str]) -> bool:
        """Take in tokens as they are written (``##ing``)."""
        before = len(self.ids)
        for token in tokens:
            self._add(token)
        return len(self.ids) > before

    def model(self) -> Any:
        """The pieces as a model of the ``tokenizers`` library: always the longest piece that fits."""
        from tokenizers import models

        special = self.scheme.special
        return models.WordPiece(
            self.ids,
            unk_token=special.get("unk_token") or special.get("eos_token") or next(iter(self.ids)),
            continuing_subword_prefix=_inner(self.scheme),
            max_input_chars_per_word=200,
        )

    def _learn_word(self, word: str) -> None:
        scheme = self.scheme
        if scheme.pieces == "bytes" and not word.isascii():
            return  # falls to pieces of one byte each, as in the real ones
        start = {"wordpiece": "", "bytes": "\u0120", "metaspace": "\u2581"}[scheme.pieces]
        rare = len(word) > 11 or (len(word) > 6 and zlib.crc32(word.encode()) % 4 == 0)
        cut = (len(word) + 1) // 2 if rare else len(word)
        self._add(start + word[:cut])
        self._add(word[:cut])
        if rare:
            self._add(_inner(scheme) + word[cut:])

    def _add(self, piece: str) -> None:
        if piece in self.ids:
            return
        while self._next in self._taken:
            self._next += 1
        if self._next < self.scheme.vocab_size - 1:
            self.ids[piece] = self._next
            self._next += 1


def build(vocabulary: Vocabulary) -> Any:
    """A ``tokenizers.Tokenizer`` over a vocabulary, with the rules of its scheme."""
    from tokenizers import AddedToken, Tokenizer, processors

    scheme, vocab = vocabulary.scheme, vocabulary.ids
    tokenizer = Tokenizer(vocabulary.model())
    _set_rules(tokenizer, scheme)
    marks = [part.split(":")[0] for part in f"{scheme.single} {scheme.pair}".split() if not part.startswith("$")]
    if marks:
        tokenizer.post_processor = processors.TemplateProcessing(
            single=scheme.single,
            pair=scheme.pair,
            special_tokens=[(mark, vocab[mark]) for mark in dict.fromkeys(marks)],
        )
    # The library numbers new tokens after the highest added one: this one stands on the last id.
    last = next(token for token, number in vocab.items() if number == scheme.vocab_size - 1)
    tokenizer.add_special_tokens([AddedToken(last, special=True, normalized=False)])
    return tokenizer


def _set_rules(tokenizer: Any, scheme: Scheme) -> None:
    from tokenizers import decoders, normalizers, pre_tokenizers

    normal: list[Any] = []
    if scheme.pieces == "wordpiece":
        normal.append(normalizers.BertNormalizer(lowercase=scheme.lower))
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        tokenizer.decoder = decoders.WordPiece(prefix="##")
    elif scheme.pieces == "bytes":
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
    else:
        normal.append(normalizers.NFKC())
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
        tokenizer.decoder = decoders.Metaspace()
    if scheme.longer:
        normal.append(normalizers.Prepend("a "))
    tokenizer.normalizer = normalizers.Sequence(normal)


def _special(scheme: Scheme) -> dict[str, int]:
    """Ids of the special tokens: the fixed ones, then the lowest free ones."""
    tokens = list(dict.fromkeys(scheme.special.values()))
    ids: dict[str, int] = {}
    for token in tokens:
        number = scheme.ids.get(token)
        if number is not None and number not in ids.values() and 0 <= number < scheme.vocab_size:
            ids[token] = number
    free = (number for number in itertools.count() if number not in ids.values())
    for token in tokens:
        if token not in ids:
            ids[token] = next(free)
    return ids


def _inner(scheme: Scheme) -> str:
    """How a piece within a word is marked."""
    return "##" if scheme.pieces == "wordpiece" else ""


def _letters(scheme: Scheme) -> Iterator[str]:
    """Single letters, at the start of a word and within, so that every word has pieces."""
    letters = string.ascii_letters + string.digits + string.punctuation
    start = "\u2581"
    if scheme.pieces == "bytes":
        from tokenizers import pre_tokenizers

        letters, start = "".join(sorted(pre_tokenizers.ByteLevel.alphabet())), "\u0120"
    yield from letters
    yield from (_inner(scheme) + piece for piece in (*letters, *_PARTS))
    if scheme.pieces != "wordpiece":
        yield start
        yield from (start + letter for letter in letters)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _strings(part)
