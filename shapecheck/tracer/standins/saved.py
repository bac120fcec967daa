"""What a script saves and loads by the libraries' own functions: torch.save, numpy.save, images."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from shapecheck.tracer.standins.absorb import Absorbing
from shapecheck.tracer.standins.columns import picture
from shapecheck.tracer.standins.made_up import MadeUpText
from shapecheck.tracer.standins.patching import patch_function
from shapecheck.tracer.standins.states import note_state_dicts
from shapecheck.tracer.standins.tables import patch_readers

if TYPE_CHECKING:
    from shapecheck.tracer.standins.files import Files


def patch_torch(module: Any, files: Files) -> None:
    """``torch.save`` keeps objects, ``torch.load`` gives them back; weights that are not there are not loaded."""

    def save(obj: Any, f: Any, *args: Any, **kwargs: Any) -> None:
        path = _path_of(f)
        if path is not None:
            files.save(path, obj)
        elif hasattr(f, "write"):
            files.streams[id(f)] = f, obj

    def load(original: Callable[..., Any]) -> Callable[..., Any]:
        def read(f: Any, *args: Any, **kwargs: Any) -> Any:
            path = _path_of(f)
            if path is not None and files.has_saved(path):
                return files.saved_at(path)
            if id(f) in files.streams:
                return files.streams[id(f)][1]
            if not isinstance(f, (str, os.PathLike)) or os.path.lexists(f):
                return Weights(f) if isinstance(f, MadeUpText) else original(f, *args, **kwargs)
            files.session.assume(f"{f} is not there: no weights are loaded from it")
            return Weights(f)

        return read

    def load_state_dict(original: Callable[..., Any]) -> Callable[..., Any]:
        def take(self: Any, state_dict: Any, *args: Any, **kwargs: Any) -> Any:
            if isinstance(state_dict, (Weights, Absorbing)):
                return module.nn.modules.module._IncompatibleKeys([], [])
            return original(self, state_dict, *args, **kwargs)

        return take

    module.save = save
    patch_function(module, "load", load)
    note_state_dicts(module, files.session)
    patch_function(module.nn.Module, "load_state_dict", load_state_dict)
    patch_function(module.optim.Optimizer, "load_state_dict", load_state_dict)


def _path_of(file: Any) -> Any:
    """The path of a file that is named or open."""
    named = getattr(file, "name", None) if hasattr(file, "write") else file
    return named if isinstance(named, (str, os.PathLike)) else None


class Weights(dict[str, Any]):
    """What a checkpoint file that is not there holds: any entry that is asked for."""

    def __init__(self, path: Any) -> None:
        super().__init__()
        self._path = path

    def __getitem__(self, name: Any) -> Any:
        if not isinstance(name, str):
            return Absorbing(f"torch.load({str(self._path)!r})")
        return super().__getitem__(name)

    def __missing__(self, name: str) -> Any:
        numbers = {"epoch": 0, "step": 0, "iteration": 0, "best": 0.0, "loss": 0.0, "acc": 0.0}
        for word, value in numbers.items():
            if word in str(name) and "state" not in str(name):
                return value
        return Weights(self._path)

    def to(self, *args: Any, **kwargs: Any) -> Any:
        """A whole model that was saved: not known."""
        return Absorbing(f"torch.load({str(self._path)!r})")

    eval = train = state_dict = to


def patch_numpy(module: Any, files: Files) -> None:
    """``numpy.save`` keeps arrays; numpy's readers give them back, or a made-up table."""

    def save(file: Any, arr: Any = None, *args: Any, **kwargs: Any) -> None:
        if isinstance(file, (str, os.PathLike)):
            files.save(file, arr)

    patch_readers(module, files)
    module.save = save
    module.savez = module.savez_compressed = module.savetxt = lambda *args, **kwargs: None


def patch_pillow(module: Any, files: Files) -> None:
    """Images that are not there are blank."""

    def read(original: Callable[..., Any]) -> Callable[..., Any]:
        def opened(fp: Any, *args: Any, **kwargs: Any) -> Any:
            if isinstance(fp, (str, os.PathLike)) and not os.path.lexists(fp):
                files.session.assume("images that are not there: RGB, 256 by 256 pixels")
                return picture()
            return original(fp, *args, **kwargs)

        return opened

    patch_function(module, "open", read)
