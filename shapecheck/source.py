"""Reading Python files: bytes to text as Python itself decodes them, with line ends and BOM remembered."""

from __future__ import annotations

import codecs
import io
import re
import tokenize
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from shapecheck import disk
from shapecheck.errors import UnreadableSource
from shapecheck.places import NOTEBOOK

if TYPE_CHECKING:
    from shapecheck.notebook import Notebook

LARGEST = 20_000_000
"""Bytes beyond which a file is not read: no one wrote it by hand."""

_LARGEST_NOTEBOOK = 200_000_000
"""The same for notebooks, most of whose bytes are pictures."""

_KEPT = 4_000_000
"""Characters of texts that were read and may be asked for again."""

_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True)
class Source:
    """The text of one file, line ends as they stand in it, without its byte order mark.

    Attributes:
        path: as it is named in findings.
        text: what Python sees; positions in it are positions in the file, as an editor counts them.
        encoding: how to write it back.
        bom: whether the file begins with a UTF-8 byte order mark.
        on_disk: whether it was read from that path, and not made or changed since.
        notebook: what the text was made of, where it is that of a notebook's cells.
    """

    path: str
    text: str = field(repr=False)
    encoding: str = "utf-8"
    bom: bool = False
    on_disk: bool = field(default=False, compare=False)
    notebook: Notebook | None = field(default=None, compare=False, repr=False)

    @cached_property
    def lines(self) -> list[str]:
        """The lines without their ends, split where Python splits them (not at form feeds or U+2028)."""
        return _LINE_END.split(self.text)

    def encoded(self, text: str) -> bytes:
        """Another text in this file's encoding, with its byte order mark (and raw magics that this one had)."""
        if "# %%" in self.text:
            from shapecheck import notebook

            text = notebook.restored(self.text, text)
        return (codecs.BOM_UTF8 if self.bom else b"") + text.encode(self.encoding)


def decode(data: bytes, path: str = "<stdin>") -> Source:
    """Decode a file's bytes by its BOM or its PEP 263 cookie, else as UTF-8; of a notebook, the code of its cells.

    Raises:
        UnreadableSource: the encoding is not known, the bytes are not of that encoding, or no notebook.
    """
    if path.endswith(NOTEBOOK):
        from shapecheck import notebook

        cells = notebook.read(data)
        return Source(path, cells.text, notebook=cells)
    bom = data.startswith(codecs.BOM_UTF8)
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    except SyntaxError as why:
        raise UnreadableSource(_sentence(why.msg or "the encoding is not known")) from why
    except LookupError as why:  # Python 3.14 tries it on the first lines
        raise UnreadableSource(_sentence(str(why).partition(";")[0])) from why
    encoding = "utf-8" if encoding == "utf-8-sig" else encoding
    try:
        text = (data[3:] if bom else data).decode(encoding)
    except UnicodeDecodeError as why:
        line = data.count(b"\n", 0, why.start) + 1
        raise UnreadableSource(f"not {encoding} text: byte 0x{data[why.start]:02x} cannot be decoded", line) from why
    except (LookupError, UnicodeError) as why:  # codecs that are no text encodings (rot13), or refuse all (undefined)
        raise UnreadableSource(f"{encoding} is not an encoding of text") from why
    if "# %%" in text or "#%%" in text:
        from shapecheck import notebook

        text = notebook.plain(text)
    return Source(path, text, encoding, bom)


def read(path: str | Path) -> Source:
    """Read one file.

    Raises:
        UnreadableSource: it cannot be opened, is too large, or cannot be decoded.
    """
    return _read(str(path))


@disk.remembered(_KEPT, weight=lambda source: len(source.text))
def _read(path: str) -> Source:
    largest = _LARGEST_NOTEBOOK if path.endswith(NOTEBOOK) else LARGEST
    try:
        data = disk.read(path, largest)
    except OSError as why:
        raise UnreadableSource(_sentence(why.strerror or str(why))) from why
    except OverflowError as why:
        raise UnreadableSource(f"larger than {largest // 1_000_000} MB: not read") from why
    return replace(decode(data, path), on_disk=True)


def _sentence(text: str) -> str:
    return text[:1].lower() + text[1:]
