"""torchvision: transforms on blank images, data sets of blank images, and models."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import nn

from shapecheck.tracer.standins.absent import session
from shapecheck.tracer.standins.absorb import Absorbing
from shapecheck.tracer.standins.backbones import MODELS, model_builder
from shapecheck.tracer.standins.columns import Columns, picture

DATASETS = {
    "MNIST": ("L", 28, 10, 60_000, 10_000), "FashionMNIST": ("L", 28, 10, 60_000, 10_000),
    "KMNIST": ("L", 28, 10, 60_000, 10_000), "QMNIST": ("L", 28, 10, 60_000, 60_000),
    "EMNIST": ("L", 28, 47, 112_800, 18_800), "USPS": ("L", 16, 10, 7_291, 2_007),
    "CIFAR10": ("RGB", 32, 10, 50_000, 10_000), "CIFAR100": ("RGB", 32, 100, 50_000, 10_000),
    "SVHN": ("RGB", 32, 10, 73_257, 26_032), "STL10": ("RGB", 96, 10, 5_000, 8_000),
    "ImageFolder": ("RGB", 256, 2, 0, 0),
    "DatasetFolder": ("RGB", 256, 2, 0, 0), "ImageNet": ("RGB", 256, 1000, 0, 0), "Flowers102": ("RGB", 256, 102, 0, 0),
    "Food101": ("RGB", 256, 101, 0, 0), "OxfordIIITPet": ("RGB", 256, 37, 0, 0), "Caltech101": ("RGB", 256, 101, 0, 0),
    "CelebA": ("RGB", 218, 40, 0, 0), "FakeData": ("RGB", 224, 10, 1_000, 1_000), "GTSRB": ("RGB", 48, 43, 0, 0),
    "LSUN": ("RGB", 256, 10, 0, 0),
}  # fmt: skip
"""Mode, side, classes, and the published numbers of images to train on and to test on (0: made up)."""

_DIFFERENT = 8


def _size(image: Any) -> tuple[int, int]:
    """Height and width."""
    return (image.shape[-2], image.shape[-1]) if isinstance(image, torch.Tensor) else (image.height, image.width)


def _sized(image: Any, height: int, width: int) -> Any:
    if isinstance(image, torch.Tensor):
        return image.new_zeros((*image.shape[:-2], height, width))
    return image.resize((width, height))


def read_image(path: Any, *args: Any, mode: Any = None, **options: Any) -> torch.Tensor:
    """(3, height, width), bytes: an image of the usual size."""
    channels = 1 if "GRAY" in str(mode) else 3
    session().assume("images that are not there: RGB, 256 by 256 pixels")
    return session().mark(torch.zeros(channels, 256, 256, dtype=torch.uint8), role="pixels")


decode_image = read_image


def resize(img: Any, size: Any, *args: Any, **options: Any) -> Any:
    """To a height and width, or the shorter side to a length."""
    if isinstance(size, Sequence) and len(size) == 2:
        return _sized(img, int(size[0]), int(size[1]))
    side = int(size[0] if isinstance(size, Sequence) else size)
    height, width = _size(img)
    short = min(height, width)
    return _sized(img, side * height // short, side * width // short)


def center_crop(img: Any, output_size: Any) -> Any:
    """To a height and width."""
    height, width = output_size if isinstance(output_size, Sequence) else (output_size, output_size)
    return _sized(img, int(height), int(width))


def to_tensor(pic: Any) -> torch.Tensor:
    """(channels, height, width), floats."""
    import numpy

    array = torch.as_tensor(numpy.array(pic))
    array = array.unsqueeze(-1) if array.ndim == 2 else array
    return session().mark(array.permute(2, 0, 1).contiguous().float(), role="pixels")


def pil_to_tensor(pic: Any) -> torch.Tensor:
    """(channels, height, width), bytes."""
    return to_tensor(pic).to(torch.uint8)


def normalize(tensor: torch.Tensor, mean: Any, std: Any, inplace: bool = False) -> torch.Tensor:
    """Less a mean and by a deviation, for each channel."""
    shift, scale = (torch.as_tensor(part, dtype=tensor.dtype).view(-1, 1, 1) for part in (mean, std))
    return (tensor - shift) / scale


def to_pil_image(pic: Any, mode: str | None = None) -> Any:
    """An image of a tensor's size."""
    height, width = _size(pic)
    return picture("L" if pic.ndim == 2 or pic.shape[0] == 1 else "RGB", (width, height))


class _Transform(nn.Module):  # type: ignore[misc]
    """Leaves an image as large as it is."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__()
        self.args, self.options = args, options

    def forward(self, *inputs: Any) -> Any:
        return inputs[0] if len(inputs) == 1 else inputs

    def _first(self, name: str) -> Any:
        return self.args[0] if self.args else self.options.get(name)


class Resize(_Transform):
    """See :func:`resize`."""

    def forward(self, img: Any) -> Any:
        """The image in another size."""
        return resize(img, self._first("size"))


class CenterCrop(_Transform):
    """See :func:`center_crop`."""

    def forward(self, img: Any) -> Any:
        """The image in another size."""
        return center_crop(img, self._first("size"))


class ToTensor(_Transform):
    """See :func:`to_tensor`."""

    def forward(self, pic: Any) -> Any:
        """The image as a tensor."""
        return to_tensor(pic)


class PILToTensor(_Transform):
    """See :func:`pil_to_tensor`."""

    def forward(self, pic: Any) -> Any:
        """The image as a tensor."""
        return pil_to_tensor(pic)


class ToPILImage(_Transform):
    """See :func:`to_pil_image`."""

    def forward(self, pic: Any) -> Any:
        """The tensor as an image."""
        return to_pil_image(pic)


class ConvertImageDtype(_Transform):
    """Floats."""

    def forward(self, image: Any) -> Any:
        """The image in another dtype."""
        return image.to(self._first("dtype")) if isinstance(image, torch.Tensor) else image


class Normalize(_Transform):
    """See :func:`normalize`."""

    def forward(self, tensor: Any) -> Any:
        """The image, scaled."""
        mean = self.args[0] if self.args else self.options["mean"]
        return normalize(tensor, mean, self.args[1] if len(self.args) > 1 else self.options["std"])


class Grayscale(_Transform):
    """One channel, or three equal ones."""

    def forward(self, img: Any) -> Any:
        """The image in grey."""
        count = self._first("num_output_channels") or 1
        if isinstance(img, torch.Tensor):
            return img[..., :1, :, :].expand(*img.shape[:-3], count, *img.shape[-2:])
        return img.convert("L" if count == 1 else "RGB")


class Pad(_Transform):
    """Wider and higher."""

    def forward(self, img: Any) -> Any:
        """The image with a margin."""
        padding = self._first("padding")
        sides = list(padding) if isinstance(padding, (list, tuple)) else [padding]
        left, top, right, bottom = (sides * 4)[:4]
        height, width = _size(img)
        return _sized(img, height + top + bottom, width + left + right)


class Lambda(_Transform):
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


class VisionDataset(torch.utils.data.Dataset[Any]):  # type: ignore[misc]
    """Blank images with class ids."""

    mode, side, count, sizes = "RGB", 256, 10, (0, 0)

    def __init__(
        self, root: Any = None, *args: Any, transform: Any = None, target_transform: Any = None, **options: Any
    ) -> None:
        self.root, self.transform, self.target_transform = root, transform, target_transform
        if transform is None:
            self.transform = next((arg for arg in args if callable(arg)), None)
        training = options.get(
            "train", next((arg for arg in args if isinstance(arg, bool)), options.get("split") != "test")
        )
        self._rows = self.sizes[0 if training else 1] or Columns(session()).rows
        session().assume(f"{type(self).__name__}: {self._rows} blank images")
        self.classes = [f"class_{i}" for i in range(self.count)]
        self.class_to_idx = {name: i for i, name in enumerate(self.classes)}
        numbers = [i % self.count for i in range(self._rows)]
        self.targets: Any = torch.tensor(numbers) if "MNIST" in type(self).__name__ else numbers
        self.labels = self.targets
        self._made: list[Any] = []
        self.imgs = self.samples = [(f"{i}.png", target) for i, target in enumerate(numbers)]

    def __len__(self) -> int:
        return self._rows

    def __getitem__(self, row: int) -> Any:
        target: Any = int(self.targets[row])
        image = self._image()
        return image, self.target_transform(target) if self.target_transform is not None else target

    def _image(self) -> Any:
        """A blank image through the transform; all are alike, so a few are made and used again."""
        if len(self._made) >= _DIFFERENT and isinstance(self._made[0], torch.Tensor):
            return self._made[0]
        image: Any = picture(self.mode, self.extent)
        image = self.transform(image) if self.transform is not None else image
        self._made.append(image)
        return image

    @property
    def extent(self) -> tuple[int, int]:
        """Width and height of each image."""
        return self.side, self.side

    @property
    def data(self) -> Any:
        """All images, as bytes."""
        shape = (self._rows, self.side, self.side) + ((3,) if self.mode == "RGB" else ())
        images = torch.zeros(shape, dtype=torch.uint8)
        return images if "MNIST" in type(self).__name__ else images.numpy()


class FakeData(VisionDataset):
    """As many images as asked for, of the asked-for size."""

    def __init__(
        self,
        size: int = 1000,
        image_size: tuple[int, int, int] = (3, 224, 224),
        num_classes: int = 10,
        transform: Any = None,
        target_transform: Any = None,
        random_offset: int = 0,
    ) -> None:
        self.sizes, self.count, self._extent = (size, size), num_classes, image_size
        self.mode = "RGB" if image_size[0] == 3 else "L"
        super().__init__(transform=transform, target_transform=target_transform)

    @property
    def extent(self) -> tuple[int, int]:
        """Width and height of each image."""
        return self._extent[2], self._extent[1]


def _dataset(name: str) -> type:
    mode, side, count, *sizes = DATASETS[name]
    return type(name, (VisionDataset,), {"mode": mode, "side": side, "count": count, "sizes": tuple(sizes)})


class _Namespace:
    """``torchvision.datasets`` and its like, by attribute."""

    def __init__(self, name: str, names: dict[str, Any]) -> None:
        self.__dict__.update(names)
        self.__name__ = name

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Transform if self.__name__ == "transforms" and name[:1].isupper() else Absorbing(f"torchvision.{name}")


_SAME_SIZE = """
    RandomHorizontalFlip RandomVerticalFlip RandomRotation ColorJitter RandomAffine GaussianBlur RandomErasing
    RandomGrayscale AutoAugment RandAugment TrivialAugmentWide AugMix RandomPerspective RandomApply RandomChoice
    RandomInvert RandomAdjustSharpness RandomAutocontrast RandomEqualize
""".split()
_OWN = (
    CenterCrop, Compose, ConvertImageDtype, Grayscale, Lambda, Normalize, PILToTensor, Pad, Resize, ToPILImage,
    ToTensor, center_crop, normalize, pil_to_tensor, resize, to_pil_image, to_tensor,
)  # fmt: skip
_TRANSFORMS: dict[str, Any] = {
    **{part.__name__: part for part in _OWN},
    **dict.fromkeys(("RandomCrop", "RandomResizedCrop"), CenterCrop),
    **dict.fromkeys(_SAME_SIZE, _Transform),
    "ToDtype": ConvertImageDtype,
    "ToImage": PILToTensor,
    "InterpolationMode": Absorbing("InterpolationMode"),
}
_TRANSFORMS["functional"] = _TRANSFORMS["v2"] = _Namespace("transforms", dict(_TRANSFORMS))
_ALL: dict[str, Any] = {
    **_TRANSFORMS,
    **{name: _dataset(name) for name in DATASETS},
    "FakeData": FakeData,
    **{name: model_builder(name) for name in MODELS},
}
globals().update(_ALL)
transforms = _Namespace("transforms", _TRANSFORMS)
datasets = _Namespace("datasets", {name: _ALL[name] for name in DATASETS})
models = _Namespace("models", {name: _ALL[name] for name in MODELS})
__all__ = ["datasets", "decode_image", "models", "read_image", "transforms", *_ALL]
