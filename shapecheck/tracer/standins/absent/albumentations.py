"""albumentations: arrays of the asked-for sizes, (height, width, channels), with masks of the same height and width."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from shapecheck.tracer.standins.absent import session

_LEFT_ALONE = """
    Affine Blur CLAHE ChannelShuffle CoarseDropout ColorJitter Downscale ElasticTransform Flip GaussNoise GaussianBlur
    GridDistortion GridDropout HorizontalFlip HueSaturationValue ImageCompression InvertImg MedianBlur MotionBlur
    MultiplicativeNoise OpticalDistortion Perspective Posterize RGBShift RandomBrightness RandomBrightnessContrast
    RandomContrast RandomFog RandomGamma RandomRain RandomShadow RandomSunFlare RandomRotate90 Rotate
    SafeRotate Sharpen ShiftScaleRotate Solarize ToGray ToSepia Transpose VerticalFlip
""".split()
_TO_A_SIZE = ("CenterCrop", "CropNonEmptyMaskIfExists", "RandomCrop", "RandomResizedCrop", "RandomSizedCrop", "Resize")


class BasicTransform:
    """Leaves what it is given as large as it is."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self.args, self.options = args, options

    def __call__(self, *args: Any, **given: Any) -> dict[str, Any]:
        """Image and masks by name."""
        height, width = given["image"].shape[:2]
        return {name: self._applied(name, value, height, width) for name, value in given.items()}

    def _applied(self, name: str, value: Any, height: int, width: int) -> Any:
        if name == "masks":
            return [self._applied("mask", part, height, width) for part in value]
        if name not in ("image", "mask"):
            return value
        return self.sized(value, *self.size(height, width))

    def size(self, height: int, width: int) -> tuple[int, int]:
        """The height and width that come of these."""
        return height, width

    @staticmethod
    def sized(array: Any, height: int, width: int) -> Any:
        """Zeros of another height and width."""
        import numpy

        same = array.shape[:2] == (height, width)
        return array if same else numpy.zeros((height, width, *array.shape[2:]), dtype=array.dtype)


ImageOnlyTransform = DualTransform = BasicTransform


class _ToASize(BasicTransform):
    def size(self, height: int, width: int) -> tuple[int, int]:
        size = self.options.get("size", self.args[0] if self.args and isinstance(self.args[0], Sequence) else None)
        if size is not None:
            return int(size[0]), int(size[1])
        places = [part for part in self.args if isinstance(part, int)]
        high = self.options.get("height", places[0] if places else height)
        wide = self.options.get("width", places[1] if len(places) > 1 else width)
        return int(high), int(wide)


class PadIfNeeded(BasicTransform):
    """At least so high and wide."""

    def size(self, height: int, width: int) -> tuple[int, int]:
        least = [*self.args[:2], 1024, 1024][:2]
        high, wide = self.options.get("min_height", least[0]), self.options.get("min_width", least[1])
        return max(height, high or 0), max(width, wide or 0)


class LongestMaxSize(BasicTransform):
    """The longer side of a length, the other in proportion."""

    longer: Callable[..., int] = max

    def size(self, height: int, width: int) -> tuple[int, int]:
        length = int(self.options.get("max_size", self.args[0] if self.args else 1024))
        side = type(self).longer(height, width)
        return round(height * length / side), round(width * length / side)


class SmallestMaxSize(LongestMaxSize):
    """The shorter side of a length, the other in proportion."""

    longer: Callable[..., int] = min


class Normalize(BasicTransform):
    """Floats."""

    def _applied(self, name: str, value: Any, height: int, width: int) -> Any:
        return value.astype("float32") if name == "image" else value


class ToTensorV2(BasicTransform):
    """Tensors: the image as (channels, height, width)."""

    def _applied(self, name: str, value: Any, height: int, width: int) -> Any:
        if name == "masks":
            return [torch.from_numpy(part) for part in value]
        if name not in ("image", "mask"):
            return value
        made = torch.from_numpy(value)
        if name == "mask":
            return made
        made = made.unsqueeze(-1) if made.ndim == 2 else made
        return session().mark(made.permute(2, 0, 1), role="pixels")


class Compose:
    """One transform after the other."""

    def __init__(self, transforms: Sequence[Callable[..., Any]], *args: Any, **options: Any) -> None:
        self.transforms = list(transforms)

    def __call__(self, *args: Any, **given: Any) -> dict[str, Any]:
        """Image, masks and the rest by name, through all of them."""
        for transform in self.transforms:
            given = transform(**given)
        return given


Sequential = Compose


class OneOf(Compose):
    """The first of several."""

    def __init__(self, transforms: Sequence[Callable[..., Any]], *args: Any, **options: Any) -> None:
        super().__init__(transforms[:1])


SomeOf = OneOf
NoOp = Lambda = BasicTransform
for _name in _LEFT_ALONE:
    globals()[_name] = type(_name, (BasicTransform,), {})
for _name in _TO_A_SIZE:
    globals()[_name] = type(_name, (_ToASize,), {})

__all__ = ["BasicTransform", "Compose", "DualTransform", "ImageOnlyTransform", "Lambda", "LongestMaxSize", "NoOp",
           "Normalize", "OneOf", "PadIfNeeded", "Sequential", "SmallestMaxSize", "SomeOf", "ToTensorV2", *_LEFT_ALONE,
           *_TO_A_SIZE]  # fmt: skip
