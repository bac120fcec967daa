"""Files and folders: those that are there are read, missing ones are made up, and what is written goes to scratch."""

from __future__ import annotations

import builtins
import bz2
import codecs
import glob
import gzip
import io
import lzma
import os
import shutil
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shapecheck.tracer.child.frames import is_user_file
from shapecheck.tracer.standins import parsers
from shapecheck.tracer.standins.absorb import Absorbing, if_installed
from shapecheck.tracer.standins.columns import Columns
from shapecheck.tracer.standins.made_up import MadeUpText
from shapecheck.tracer.standins.made_up_frames import made_up_frames
from shapecheck.tracer.standins.patching import patch_function
from shapecheck.tracer.standins.saved import patch_numpy, patch_pillow, patch_torch
from shapecheck.tracer.standins.script import gives_up_without

if TYPE_CHECKING:
    from shapecheck.tracer.child.session import Session

_real_open = io.open
_SUFFIXES = (".jpg", ".jpeg", ".png", ".wav", ".txt", ".jsonl", ".json", ".csv", ".npy", ".pt")
_LEFT_OUT = "mkdir makedirs remove unlink rmdir removedirs rename replace symlink link chmod utime".split()
"""Functions of os that change the file system."""
_BETWEEN = ("pathlib.py", "genericpath.py", "standins/files.py", "standins/tables.py")


class Files:
    """What the script wrote, by the path that it meant.

    Attributes:
        streams: what ``torch.save`` was given for a stream in memory, with the stream, by its identity.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.columns = Columns(session)
        self.cells = Columns(session, cells=True)
        self._saved: dict[str, Any] = {}
        self.streams: dict[int, tuple[Any, Any]] = {}
        self._written: dict[str, str] = {}
        self._folder = Path(session.scratch, "written")
        self._folder.mkdir(exist_ok=True)

    def open(self, file: Any, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        """The file itself, what the script wrote there, or made-up text."""
        if not isinstance(file, (str, os.PathLike)):
            return _real_open(file, mode, *args, **kwargs)
        key = _key(file)
        if any(letter in mode for letter in "wax+"):
            return _real_open(self._elsewhere(key), mode, *args, **kwargs)
        if key in self._written and self._holds_something(self._written[key]):
            return _real_open(self._written[key], mode, *args, **kwargs)
        if os.path.lexists(key) or not _asked_by_user():
            return _real_open(file, mode, *args, **kwargs)
        self.session.assume(f"{file} is not there: its contents are made up")
        span = self.session.user_span()
        return MadeUpText(str(file), self.columns, self.reader, span.line if span is not None else None)

    def _holds_something(self, written: str) -> bool:
        """Whether the script wrote more than a download that did not come, or saved a model there."""
        return os.path.getsize(written) > 0 or _key(written) in self._saved

    @property
    def reader(self) -> str:
        """The text of the file whose code is asking."""
        span = self.session.user_span()
        try:
            return Path(span.path if span is not None else self.session.script).read_text(errors="replace")
        except OSError:
            return ""

    def is_there(self, file: Any) -> bool:
        """Whether a reader's file can be read as it is: it is open or there, or a library asks."""
        return not isinstance(file, (str, os.PathLike)) or os.path.lexists(file) or not _asked_by_user()

    def save(self, file: Any, value: Any) -> None:
        """Keep what the script saves at a path."""
        self._saved[_key(file)] = value

    def has_saved(self, file: Any) -> bool:
        """Whether the script saved something at a path."""
        return _key(file) in self._saved

    def saved_at(self, file: Any) -> Any:
        """What the script saved at a path; None if nothing."""
        return self._saved.get(_key(file))

    def _elsewhere(self, key: str) -> str:
        """The path in scratch that stands for one that must not be written."""
        scratch = str(self.session.scratch)
        if key.startswith((scratch, "/dev/")):
            return key
        if key not in self._written:
            self._written[key] = str(self._folder / f"{len(self._written)}{Path(key).suffix}")
        return self._written[key]

    def there(self, path: Any) -> bool:
        """Whether a missing path is said to be there: the script wrote it, or would end without it."""
        key = _key(path)
        if key in self._written or key in self._saved:
            return True
        span = self.session.user_span() if _asked_by_user(depth=3) else None
        return span is not None and gives_up_without(span.path, span.line, span.column)


def install(session: Session) -> None:
    """Patch what opens, lists, asks for, and writes files."""
    files = Files(session)
    builtins.open = io.open = files.open
    patch_function(codecs, "open", partial(_decoded, files))
    for module in (gzip, bz2, lzma):
        patch_function(module, "open", partial(_compressed, files))
    _questions(files)
    _listings(files)
    _changes()
    parsers.install(session, files)
    session.on_import("torch", lambda module: patch_torch(module, files))
    session.on_import("numpy", if_installed(lambda module: patch_numpy(module, files)))
    session.on_import("pandas", if_installed(lambda module: made_up_frames(module, files)))
    session.on_import("PIL.Image", if_installed(lambda module: patch_pillow(module, files)))
    session.on_import(
        "torch.utils.tensorboard", lambda module: setattr(module, "SummaryWriter", Absorbing("SummaryWriter"))
    )


def _compressed(files: Files, original: Callable[..., Any]) -> Callable[..., Any]:
    """``gzip.open`` and its like: a file that is not there is made up as the one within."""

    def opened(filename: Any, mode: str = "rb", *args: Any, **kwargs: Any) -> Any:
        if any(letter in mode for letter in "wax") or files.is_there(filename):
            return original(filename, mode, *args, **kwargs)
        return files.open(os.fspath(filename).rpartition(".")[0], "r" if "t" in mode else "rb")

    return opened


def _decoded(files: Files, original: Callable[..., Any]) -> Callable[..., Any]:
    """``codecs.open``: a file that is not there is made up as text."""

    def opened(filename: Any, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        if any(letter in mode for letter in "wax") or files.is_there(filename):
            return original(filename, mode, *args, **kwargs)
        return files.open(filename)

    return opened


def _key(path: Any) -> str:
    return os.path.normpath(Path(path).expanduser().absolute())


def _asked_by_user(depth: int = 2) -> bool:
    """Whether the caller's caller is code of the project (pathlib in between does not count)."""
    frame: Any = sys._getframe(depth)
    while frame is not None and frame.f_code.co_filename.endswith(_BETWEEN):
        frame = frame.f_back
    return frame is not None and is_user_file(frame.f_code.co_filename)


def _questions(files: Files) -> None:
    def ask(original: Callable[..., Any]) -> Callable[..., Any]:
        def answer(path: Any, *args: Any, **kwargs: Any) -> bool:
            found = bool(original(path, *args, **kwargs))
            return found or (isinstance(path, (str, os.PathLike)) and files.there(path))

        return answer

    for owner in (os.path, Path):
        for name in ("exists", "isfile", "isdir", "is_file", "is_dir"):
            patch_function(owner, name, ask)


def _listings(files: Files) -> None:
    def names(folder: Any, suffix: str = "") -> list[str]:
        files.session.assume(f"{folder} is not there: it holds made-up files")
        suffix = suffix or next((ending for ending in _SUFFIXES if ending in files.reader), ".png")
        return [f"{('cat', 'dog')[row % 2]}_{row}{suffix}" for row in range(files.columns.rows)]

    def listdir(original: Callable[..., Any]) -> Callable[..., Any]:
        def entries(path: Any = ".", *args: Any) -> list[str]:
            if os.path.lexists(path) or not _asked_by_user():
                return list(original(path, *args))
            return names(path)

        return entries

    def matches(original: Callable[..., Any]) -> Callable[..., Any]:
        def found(pattern: Any, *args: Any, **kwargs: Any) -> list[str]:
            result = list(original(pattern, *args, **kwargs))
            folder, suffix = Path(pattern).parent, Path(pattern).suffix
            if result or os.path.lexists(folder) or not _asked_by_user():
                return result
            return [str(Path(str(folder).replace("*", "0"), name)) for name in names(folder, suffix)]

        return found

    patch_function(os, "listdir", listdir)
    patch_function(glob, "glob", matches)


def _changes() -> None:
    """Nothing in the file system changes: what the script would do there is taken for done."""

    def tolerant(original: Callable[..., Any]) -> Callable[..., Any]:
        def change(*args: Any, **kwargs: Any) -> Any:
            if _asked_by_user():
                return None
            try:
                return original(*args, **kwargs)
            except PermissionError:  # by the guard
                return None

        return change

    def chdir(original: Callable[..., Any]) -> Callable[..., Any]:
        def change(path: Any) -> None:
            if os.path.lexists(path) or not _asked_by_user():
                original(path)

        return change

    patch_function(os, "chdir", chdir)
    for name in _LEFT_OUT:
        patch_function(os, name, tolerant)
    for name in ("mkdir", "unlink", "rmdir", "rename", "replace", "touch"):
        patch_function(Path, name, tolerant)
    for name in ("rmtree", "copy", "copy2", "copyfile", "copytree", "move", "make_archive"):
        patch_function(shutil, name, tolerant)
