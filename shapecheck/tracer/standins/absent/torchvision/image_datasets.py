"""Data sets of blank images."""

from __future__ import annotations

from typing import Any

import torch

from shapecheck import hub
from shapecheck.tracer.standins.absent import session
from shapecheck.tracer.standins.columns import Columns, picture

_SIDE = 256
"""Pixels of an image's sides where they vary."""
_DIFFERENT = 8


class VisionDataset(torch.utils.data.Dataset[Any]):  # type: ignore[misc]
    """Blank images with class ids."""

    mode, height, width = "RGB", _SIDE, _SIDE
    count = 10
    sizes: tuple[int | None, int | None] = None, None

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
        return self.width, self.height

    @property
    def data(self) -> Any:
        """All images, as bytes."""
        shape = (self._rows, self.height, self.width) + ((3,) if self.mode == "RGB" else ())
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


def _dataset(published: hub.ImageDataset) -> type:
    facts = {
        "mode": published.mode,
        "height": published.height or _SIDE,
        "width": published.width or _SIDE,
        "count": published.classes or 2,
        "sizes": (published.training, published.testing),
    }
    return type(published.name, (VisionDataset,), facts)


DATASETS: dict[str, type] = {
    **{name: _dataset(published) for name, published in hub.image_datasets().items()},
    "FakeData": FakeData,
}
"""Everything under ``torchvision.datasets``, by name."""
