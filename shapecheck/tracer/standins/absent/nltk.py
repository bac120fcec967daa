"""nltk: words and sentences cut at spaces and full stops, words left as they are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from shapecheck.tracer.standins.absent import session

__all__ = [
    "PorterStemmer", "RegexpTokenizer", "SnowballStemmer", "TreebankWordTokenizer", "TweetTokenizer",
    "WordNetLemmatizer", "corpus_bleu", "download", "ngrams", "pos_tag", "sent_tokenize", "sentence_bleu",
    "stopwords", "word_tokenize",
]  # fmt: skip

_WORD = re.compile(r"\w+|[^\w\s]")
_STOPWORDS = "a an and are as at be by for in is it of on or the this to was with".split()


def word_tokenize(text: str, *args: Any, **options: Any) -> list[str]:
    """The words and marks of a text."""
    return _WORD.findall(text)


def sent_tokenize(text: str, *args: Any, **options: Any) -> list[str]:
    """The sentences of a text."""
    return [part for part in re.split(r"(?<=[.!?])\s+", text) if part]


def pos_tag(tokens: Iterable[str], *args: Any, **options: Any) -> list[tuple[str, str]]:
    """Each word with one tag."""
    return [(token, "NN") for token in tokens]


def ngrams(sequence: Iterable[Any], n: int, **options: Any) -> list[tuple[Any, ...]]:
    """Neighbouring words, so many at a time."""
    parts = list(sequence)
    return [tuple(parts[i : i + n]) for i in range(len(parts) - n + 1)]


def download(*args: Any, **options: Any) -> bool:
    """Nothing is fetched."""
    return True


def sentence_bleu(*args: Any, **options: Any) -> float:
    """A made-up score."""
    session().invent("score", 0.5)
    return 0.5


corpus_bleu = sentence_bleu


class TreebankWordTokenizer:
    """See :func:`word_tokenize`."""

    def __init__(self, *args: Any, **options: Any) -> None:
        pass

    def tokenize(self, text: str, *args: Any) -> list[str]:
        """The words and marks of a text."""
        return word_tokenize(text)


TweetTokenizer = TreebankWordTokenizer


class RegexpTokenizer(TreebankWordTokenizer):
    """What a pattern finds in a text."""

    def __init__(self, pattern: str, *args: Any, **options: Any) -> None:
        super().__init__()
        self._pattern = re.compile(pattern)

    def tokenize(self, text: str, *args: Any) -> list[str]:
        """The parts that fit."""
        return [found.group() for found in self._pattern.finditer(text)]


class WordNetLemmatizer:
    """Words as they are."""

    def __init__(self, *args: Any, **options: Any) -> None:
        pass

    def lemmatize(self, word: str, *args: Any, **options: Any) -> str:
        """The word."""
        return word

    stem = lemmatize


PorterStemmer = SnowballStemmer = WordNetLemmatizer


class _Stopwords:
    """Words that say little, in any language."""

    @staticmethod
    def words(fileids: Any = None) -> Sequence[str]:
        """A few of them."""
        return list(_STOPWORDS)


stopwords = _Stopwords()
