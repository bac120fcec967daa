"""Data sets of blank images."""

from __future__ import annotations

from typing import Any

import torch

from shapecheck.tracer.standins.absent import session
from shapecheck.tracer.standins.columns import Columns, picture

_PUBLISHED = {
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
    mode, side, count, *sizes = _PUBLISHED[name]
    return type(name, (VisionDataset,), {"mode": mode, "side": side, "count": count, "sizes": tuple(sizes)})


DATASETS: dict[str, type] = {**{name: _dataset(name) for name in _PUBLISHED}, "FakeData": FakeData}
"""Everything under ``torchvision.datasets``, by name."""
