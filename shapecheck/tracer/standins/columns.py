"""Plausible values for the columns of data that is not there, by the column's name and the script's use of it."""

from __future__ import annotations

import functools
import importlib
import itertools
import re
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shapecheck.tracer.child.frames import is_user_file
from shapecheck.tracer.standins.made_up_words import SIZE

if TYPE_CHECKING:
    from shapecheck.tracer.child.session import Session

_WORDS = "the house on the hill was old and the road to it was long so few came by and all was still".split()
_BATCH = re.compile(r"batch[-_]?size[^\n\d#]{0,60}?\b(\d{1,4})\b", re.I)
_LARGE, _MOST_FILES = 200_000, 30
_FEW = 3
_TAG_NAMES = ("O", "B-PER", "I-PER", "O", "B-LOC")
_NUMBER = re.compile(
    r"score|simil|price|value|amount|ratio|rate|age$|^age|count|height|width|weight|length|year|month|day|hour|^num|^n_"
    r"|_num|size|^lat|^lon|temp|^x\d*$|percent|prob|duration|sampling_rate",
    re.I,
)
_LABEL = re.compile(
    r"label|target|class|categ|sentiment|polarity|^y$|stars?$|rating|intent|emotion|^is_|^has_|gold|toxic|spam|stance"
    r"|gender|species|outcome|diagnos",
    re.I,
)
_TEXT = re.compile(
    r"text|sentence|review|title|body|content|comment|tweet|question|answer|premise|hypothesis|summary|article|document"
    r"|passage|context|headline|abstract|dialogue|utterance|prompt|message|description|caption|transcri|name$|author",
    re.I,
)
_PASSAGE = re.compile(r"context|passage|paragraph", re.I)
_PASSAGES = re.compile(r"passages$|^(\w+_)?ctxs$|^(positives|negatives)$", re.I)
_ARTICLE = re.compile(r"article|document|dialogue|story", re.I)
_TAGS = re.compile(r"tags?$|_tags|^chunk", re.I)
_IDS = re.compile(r"(^|_)(id|idx|index|guid|uid)$", re.I)
_IMAGE = re.compile(r"^(image|img|photo|picture|pixels?)$", re.I)
_IMAGE_FILE = re.compile(r"(image|img|photo|file|path|filename)", re.I)
_CHOICES = re.compile(r"^(choices|endings|options|candidates|answers_list)$", re.I)
_FLOAT_LABELS = re.compile(r"num_labels\s*=\s*1\b|MSELoss|mse_loss|L1Loss|l1_loss|HuberLoss|regression")
_MULTI_HOT = re.compile(r"BCEWithLogitsLoss|BCELoss|binary_cross_entropy|multi_label_classification")


class Columns:
    """Values by column name; the same name gives the same values throughout a run.

    With ``cells`` every value is one cell of a flat file: a word and its tag where a data set has lists of them.
    """

    def __init__(self, session: Session, cells: bool = False) -> None:
        self._session, self._cells = session, cells
        self.script = _read(session.script)

    @property
    def rows(self) -> int:
        """The number of rows of data that is not there: enough for a few batches of the size that the script sets."""
        self._session.assumed_rows = True
        least = self._session.sizes.rows
        return max(least, 2 * largest_batch(self._session) + 3)

    def assume(self, text: str) -> None:
        """Say what was assumed."""
        self._session.assume(text)

    def guess_vocabulary(self, file: str) -> None:
        """Say that a vocabulary is made up: any width may follow from its size."""
        self._session.guess(f"{file} is not there: a made-up vocabulary of {SIZE} words", number=True)

    def settings(self, file: str) -> Any:
        """What a file of settings holds."""
        from shapecheck.tracer.standins.settings import Settings

        return Settings(self._session, file)

    def values(self, name: str, rows: int | None = None, classes: bool = True) -> list[Any]:
        """The values of a column, one for each row; ``classes`` is whether a name may speak of class ids."""
        make = self._maker(str(name), classes)
        return [make(i) for i in range(self.rows if rows is None else rows)]

    def value(self, name: str, row: int = 0) -> Any:
        """The value of a column in one row."""
        return self._maker(str(name))(row)

    def _maker(self, name: str, classes: bool = True) -> Callable[[int], Any]:
        cell = self._cell(name) if self._cells else None
        if cell is not None:
            return cell
        if name in ("input_ids", "attention_mask", "token_type_ids"):
            return lambda i: [1] * self._length(i)
        if name == "tokens" or name == "words":
            return lambda i: self.words(i)
        if _TAGS.search(name):
            return lambda i: [0] * self._length(i)
        if name == "answers":
            return lambda i: {"text": [self.words(i)[1]], "answer_start": [len(self.words(i)[0]) + 1]}
        if name == "translation":
            return lambda i: Translations(self.text(i))
        if name == "audio":
            return self._audio
        if _CHOICES.search(name):
            return lambda i: [self.text(i + j) for j in range(4)]
        if _PASSAGES.search(name):
            return self._passages
        if _LABEL.search(name):
            return self._label if classes else self.text
        if _IDS.search(name):
            return lambda i: i
        if _IMAGE.search(name):
            return lambda i: picture()
        if _IMAGE_FILE.search(name):
            return lambda i: f"{name}_{i}.png"
        if not _TEXT.search(name) and (_NUMBER.search(name) or not self._has_text):
            return lambda i: 0.25 + 0.5 * (i % 3)
        times = 7 if _PASSAGE.search(name) else 11 if _ARTICLE.search(name) else 1
        return lambda i: self.text(i, times)

    def _cell(self, name: str) -> Callable[[int], Any] | None:
        """What is written in a flat file where a data set has a list."""
        if _TAGS.search(name) or name.lower() == "pos":
            return lambda i: _TAG_NAMES[i % len(_TAG_NAMES)]
        if name.lower() in ("word", "words", "token", "tokens"):
            return lambda i: _WORDS[i % len(_WORDS)]
        if "#" in name or name.lower() in ("sentence_id", "sent_id"):
            return lambda i: f"Sentence: {i // 5}"
        if name in ("answers", "audio") or _CHOICES.search(name) or _IMAGE.search(name):
            return lambda i: f"{name}_{i}" if name == "audio" or _IMAGE.search(name) else self.text(i)
        return None

    @property
    def _has_text(self) -> bool:
        return "transformers" in self.script or "tokeniz" in self.script or "vocab" in self.script.lower()

    def text(self, row: int, times: int = 1) -> str:
        """A short text, or so many times as long; texts of neighbouring rows have different lengths."""
        return " ".join(self.words(row) * times)

    def words(self, row: int) -> list[str]:
        """The words of a row's text; with two special tokens the longest ones have the chosen sequence length."""
        return [_WORDS[(row + j) % len(_WORDS)] for j in range(self._length(row))]

    @property
    def length(self) -> int:
        """The chosen length of sequences."""
        return self._session.sizes.seq

    def _length(self, row: int) -> int:
        seq = self._session.sizes.seq
        return max(2, seq - 2 - row % 7)

    def _label(self, row: int) -> Any:
        if _FLOAT_LABELS.search(self.script):
            return 0.5 * (row % 3)
        return float(row % 2) if _MULTI_HOT.search(self.script) else row % 2

    def _passages(self, row: int) -> list[dict[str, Any]]:
        """A few texts with titles, as retrievers are given them."""
        return [{"docid": str(row + i), "title": self.words(row)[0], "text": self.text(row + i)} for i in range(_FEW)]

    def _audio(self, row: int) -> Sound:
        return Sound(row)


def largest_batch(session: Session) -> int:
    """The largest batch size that the script, its neighbours, what it imported of its project, or its arguments state.

    0 where there is none.
    """
    return max((int(size) for text in _texts(session) for size in _BATCH.findall(text)), default=0)


@functools.cache
def _neighbours(folder: Path) -> tuple[str, ...]:
    files = itertools.islice((path for path in folder.glob("*.py") if path.stat().st_size < _LARGE), _MOST_FILES)
    return tuple(_read(path) for path in files)


def _texts(session: Session) -> tuple[str, ...]:
    return (*_neighbours(session.script.parent), *map(_text_of, _own_modules()), " ".join(session.argv))


def _own_modules() -> list[str]:
    """The files of the project that were imported so far."""
    files = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
    return [file for file in files if isinstance(file, str) and file.endswith(".py") and is_user_file(file)]


@functools.cache
def _text_of(file: str) -> str:
    return _read(Path(file))


class Sound(dict[str, Any]):
    """One second of silence at 16 kHz, as datasets gives it: by key, and by its decoder's methods."""

    def __init__(self, row: int) -> None:
        import numpy

        array: Any = numpy.zeros(16000, dtype=numpy.float32)
        super().__init__(array=array, sampling_rate=16000, path=f"audio_{row}.wav")

    def get_all_samples(self) -> Any:
        """The samples, (channels, samples)."""
        import torch

        return types.SimpleNamespace(data=torch.from_numpy(self["array"]).unsqueeze(0), sample_rate=16000)


class Translations(dict[str, str]):
    """One sentence in any language that is asked for."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def __missing__(self, language: str) -> str:
        return self._text


def picture(mode: str = "RGB", size: tuple[int, int] = (256, 256)) -> Any:
    """An image, by PIL where it is installed."""
    try:
        image = importlib.import_module("PIL.Image")
    except ImportError:
        image = importlib.import_module("shapecheck.tracer.standins.absent.PIL").Image
    return image.new(mode, size)


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
