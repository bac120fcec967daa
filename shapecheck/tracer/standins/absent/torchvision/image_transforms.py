"""Transforms of images, as functions and as modules: sizes are real, pixels are not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import nn

from shapecheck.tracer.standins.absent import session
from shapecheck.tracer.standins.absorb import Absorbing, holds_unknown
from shapecheck.tracer.standins.columns import picture


def _known(image: Any) -> Any:
    """An image; a usual one in the place of what a package that is not there made of it."""
    if not isinstance(image, Absorbing):
        return image
    session().assume("images: RGB, 256 by 256 pixels")
    return picture()


def _size(image: Any) -> tuple[int, int]:
    """Height and width."""
    return (image.shape[-2], image.shape[-1]) if isinstance(image, torch.Tensor) else (image.height, image.width)


def _sized(image: Any, height: int, width: int) -> Any:
    if isinstance(image, torch.Tensor):
        return image.new_zeros((*image.shape[:-2], height, width))
    return image.resize((width, height))


def resize(img: Any, size: Any, *args: Any, **options: Any) -> Any:
    """To a height and width, or the shorter side to a length."""
    img = _known(img)
    if isinstance(size, Sequence) and len(size) == 2:
        return _sized(img, int(size[0]), int(size[1]))
    side = int(size[0] if isinstance(size, Sequence) else size)
    height, width = _size(img)
    short = min(height, width)
    return _sized(img, side * height // short, side * width // short)


def center_crop(img: Any, output_size: Any) -> Any:
    """To a height and width."""
    img = _known(img)
    height, width = output_size if isinstance(output_size, Sequence) else (output_size, output_size)
    return _sized(img, int(height), int(width))


def to_tensor(pic: Any) -> torch.Tensor:
    """(channels, height, width), floats."""
    import numpy

    array = torch.as_tensor(numpy.array(_known(pic)))
    array = array.unsqueeze(-1) if array.ndim == 2 else array
    return session().mark(array.permute(2, 0, 1).contiguous().float(), role="pixels")


def pil_to_tensor(pic: Any) -> torch.Tensor:
    """(channels, height, width), bytes."""
    return to_tensor(pic).to(torch.uint8)


def normalize(tensor: torch.Tensor, mean: Any, std: Any, inplace: bool = False) -> torch.Tensor:
    """Less a mean and by a deviation, for each channel."""
    if holds_unknown([mean, std]):
        return tensor
    shift, scale = (torch.as_tensor(part, dtype=tensor.dtype).view(-1, 1, 1) for part in (mean, std))
    return (tensor - shift) / scale


def to_pil_image(pic: Any, mode: str | None = None) -> Any:
    """An image of a tensor's size."""
    height, width = _size(pic)
    return picture("L" if pic.ndim == 2 or pic.shape[0] == 1 else "RGB", (width, height))


class Transform(nn.Module):  # type: ignore[misc]
    """Leaves an image as large as it is."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__()
        self.args, self.options = args, options

    def forward(self, *inputs: Any) -> Any:
        return inputs[0] if len(inputs) == 1 else inputs

    def _first(self, name: str) -> Any:
        return self.args[0] if self.args else self.options.get(name)


class Resize(Transform):
    """See :func:`resize`."""

    def forward(self, img: Any) -> Any:
        """The image in another size."""
        return resize(img, self._first("size"))


class CenterCrop(Transform):
    """See :func:`center_crop`."""

    def forward(self, img: Any) -> Any:
        """The image in another size."""
        return center_crop(img, self._first("size"))


class ToTensor(Transform):
    """See :func:`to_tensor`."""

    def forward(self, pic: Any) -> Any:
        """The image as a tensor."""
        return to_tensor(pic)


class PILToTensor(Transform):
    """See :func:`pil_to_tensor`."""

    def forward(self, pic: Any) -> Any:
        """The image as a tensor."""
        return pil_to_tensor(pic)


class ToPILImage(Transform):
    """See :func:`to_pil_image`."""

    def forward(self, pic: Any) -> Any:
        """The tensor as an image."""
        return to_pil_image(pic)


class ConvertImageDtype(Transform):
    """Floats."""

    def forward(self, image: Any) -> Any:
        """The image in another dtype."""
        return image.to(self._first("dtype")) if isinstance(image, torch.Tensor) else image


class Normalize(Transform):
    """See :func:`normalize`."""

    def forward(self, tensor: Any) -> Any:
        """The image, scaled."""
        mean = self.args[0] if self.args else self.options["mean"]
        return normalize(tensor, mean, self.args[1] if len(self.args) > 1 else self.options["std"])


class Grayscale(Transform):
    """One channel, or three equal ones."""

    def forward(self, img: Any) -> Any:
        """The image in grey."""
        count = self._first("num_output_channels") or 1
        if isinstance(img, torch.Tensor):
            return img[..., :1, :, :].expand(*img.shape[:-3], count, *img.shape[-2:])
        return img.convert("L" if count == 1 else "RGB")


class Pad(Transform):
    """Wider and higher."""

    def forward(self, img: Any) -> Any:
        """The image with a margin."""
        padding = self._first("padding")
        sides = list(padding) if isinstance(padding, (list, tuple)) else [padding]
        left, top, right, bottom = (sides * 4)[:4]
        height, width = _size(img)
        return _sized(img, height + top + bottom, width + left + right)


class Lambda(Transform):
    """Any function."""

    def forward(self, img: Any) -> Any:
        """What the function gives."""
        return self._first("lambd")(img)


class Compose:
    """One transform after the other."""

    def __init__(self, transforms: Sequence[Callable[[Any], Any]]) -> None:
        self.transforms = list(transforms)

    def __call__(self, img: Any) -> Any:
        """The image through all of them."""
        for transform in self.transforms:
            img = transform(img)
        return img


_SAME_SIZE = """
    RandomHorizontalFlip RandomVerticalFlip RandomRotation ColorJitter RandomAffine GaussianBlur RandomErasing
    RandomGrayscale AutoAugment RandAugment TrivialAugmentWide AugMix RandomPerspective RandomApply RandomChoice
    RandomInvert RandomAdjustSharpness RandomAutocontrast RandomEqualize
""".split()
_OWN = (
    CenterCrop, Compose, ConvertImageDtype, Grayscale, Lambda, Normalize, PILToTensor, Pad, Resize, ToPILImage,
    ToTensor, center_crop, normalize, pil_to_tensor, resize, to_pil_image, to_tensor,
)  # fmt: skip
TRANSFORMS: dict[str, Any] = {
    **{part.__name__: part for part in _OWN},
    **dict.fromkeys(("RandomCrop", "RandomResizedCrop"), CenterCrop),
    **dict.fromkeys(_SAME_SIZE, Transform),
    "ToDtype": ConvertImageDtype,
    "ToImage": PILToTensor,
    "InterpolationMode": Absorbing("InterpolationMode"),
}
"""Everything under ``torchvision.transforms``, by name."""
