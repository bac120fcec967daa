"""Packages that are installed, but would fetch data or weights, or start what a traced run has no use for."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shapecheck.tracer.standins import absent
from shapecheck.tracer.standins.absorb import if_installed
from shapecheck.tracer.standins.patching import patch_function

if TYPE_CHECKING:
    from shapecheck.tracer.child.session import Session


def install(session: Session) -> None:
    """Patch them as soon as the script imports them."""
    absent.use(session)
    for name, patch in (
        ("datasets", _datasets),
        ("evaluate", lambda module: _take(module, "evaluate", "load", "combine")),
        ("accelerate", _accelerate),
        ("torchvision.datasets", _torchvision),
        ("timm", _timm),
        ("lightning", _lightning),
        ("lightning.pytorch", _lightning),
        ("pytorch_lightning", _lightning),
    ):
        session.on_import(name, if_installed(patch))


def _stand_in(package: str) -> Any:
    return importlib.import_module(f"{absent.__name__}.{package}")


def _take(module: Any, package: str, *names: str) -> None:
    """Put the stand-ins of some names in their place."""
    for name in names:
        setattr(module, name, getattr(_stand_in(package), name))


def _accelerate(module: Any) -> None:
    """One process on the CPU, of which the rest of the package (its loggers above all) is told too."""
    _take(module, "accelerate", "Accelerator", "notebook_launcher")

    def started(original: Any) -> Any:
        def init(self: Any, *args: Any, **options: Any) -> None:
            module.PartialState(cpu=True)
            original(self, *args, **options)

        return init

    patch_function(module.Accelerator, "__init__", started)


def _datasets(module: Any) -> None:
    """Data sets that are there as files are loaded for real; others, made up, pass for the package's own."""
    stand_in = _stand_in("datasets")
    _take(module, "datasets", "get_dataset_config_names", "get_dataset_split_names")
    for name in ("Dataset", "DatasetDict", "Features", "ClassLabel", "Value", "Audio", "Image", "Sequence"):
        real = getattr(module, name, None)
        if isinstance(real, type):
            getattr(stand_in, name).passes_for = real

    def load(original: Any) -> Any:
        def loaded(path: Any, *args: Any, **kwargs: Any) -> Any:
            if _all_there(kwargs.get("data_files")) or Path(str(path)).exists():
                return original(path, *args, **kwargs)
            return stand_in.load_dataset(path, *args, **kwargs)

        return loaded

    def join(original: Any) -> Any:
        def joined(parts: Any, *args: Any, **kwargs: Any) -> Any:
            made_up = any(type(part) is stand_in.Dataset for part in parts)
            return (stand_in.concatenate_datasets if made_up else original)(parts, *args, **kwargs)

        return joined

    patch_function(module, "load_dataset", load)
    patch_function(module, "load_from_disk", load)
    patch_function(module, "concatenate_datasets", join)
    patch_function(module, "interleave_datasets", join)


def _all_there(files: Any) -> bool:
    if isinstance(files, dict):
        return bool(files) and all(_all_there(part) for part in files.values())
    if isinstance(files, (list, tuple)):
        return bool(files) and all(_all_there(part) for part in files)
    return isinstance(files, (str, os.PathLike)) and os.path.lexists(files)


def _torchvision(module: Any) -> None:
    """Data sets whose files are not there are blank images."""
    stand_in = _stand_in("torchvision")
    for name in stand_in.DATASETS:
        real = getattr(module, name, None)
        if isinstance(real, type):
            setattr(module, name, _real_or_blank(real, getattr(stand_in, name)))


def _real_or_blank(real: type, blank: type) -> type:
    """A class that gives the real data set where its files are, else blank images."""

    def make(cls: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return real(*args, **{**kwargs, **({"download": False} if "download" in kwargs else {})})
        except (RuntimeError, OSError):
            return blank(*args, **kwargs)

    return type(real.__name__, (real,), {"__new__": make, "__module__": real.__module__})


def _timm(module: Any) -> None:
    def create(original: Any) -> Any:
        return lambda name, pretrained=False, *args, **kwargs: original(name, False, *args, **kwargs)

    patch_function(module, "create_model", create)


def _lightning(module: Any) -> None:
    """The real modules, in a loop that writes no checkpoints."""
    if not hasattr(module, "Trainer"):
        return
    stand_in = _stand_in("lightning")
    module.Trainer = stand_in.Trainer
    real = module.LightningModule
    real.log = real.log_dict = lambda self, *args, **kwargs: None
    real.trainer = None
