"""torchvision: transforms on blank images, data sets of blank images, and models."""

from __future__ import annotations

from typing import Any

import torch

from shapecheck.tracer.standins.absent import session
from shapecheck.tracer.standins.absent.torchvision.image_datasets import DATASETS
from shapecheck.tracer.standins.absent.torchvision.image_transforms import TRANSFORMS, Transform
from shapecheck.tracer.standins.absorb import Absorbing
from shapecheck.tracer.standins.backbones import MODELS, model_builder


def read_image(path: Any, *args: Any, mode: Any = None, **options: Any) -> torch.Tensor:
    """(3, height, width), bytes: an image of the usual size."""
    channels = 1 if "GRAY" in str(mode) else 3
    session().assume("images that are not there: RGB, 256 by 256 pixels")
    return session().mark(torch.zeros(channels, 256, 256, dtype=torch.uint8), role="pixels")


decode_image = read_image


class _Namespace:
    """``torchvision.datasets`` and its like, by attribute."""

    def __init__(self, name: str, names: dict[str, Any]) -> None:
        self.__dict__.update(names)
        self.__name__ = name

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Transform if self.__name__ == "transforms" and name[:1].isupper() else Absorbing(f"torchvision.{name}")


_functional = _Namespace("transforms", TRANSFORMS)
_transforms = {**TRANSFORMS, "functional": _functional, "v2": _functional}
_models = {name: model_builder(name) for name in MODELS}
globals().update({**_transforms, **DATASETS, **_models})
transforms = _Namespace("transforms", _transforms)
datasets = _Namespace("datasets", DATASETS)
models = _Namespace("models", _models)
__all__ = ["datasets", "decode_image", "models", "read_image", "transforms", *_transforms, *DATASETS, *_models]
