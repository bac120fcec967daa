"""torchvision's data sets of images and its classifiers (``rules/hub/image_*.csv``)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from shapecheck.hub.tables import Row, every


@dataclass(frozen=True, slots=True)
class ImageDataset:
    """A published data set. None means: it varies, or is not known.

    Attributes:
        mode: ``L`` or ``RGB``, as Pillow says it.
        height, width: pixels of every image.
        classes: how many there are.
        training, testing: how many images there are.
        chosen_by: the argument that chooses between the two, ``train`` (true or false) or ``split`` (a word).
    """

    name: str
    mode: str
    height: int | None
    width: int | None
    classes: int | None
    training: int | None
    testing: int | None
    chosen_by: str

    @property
    def channels(self) -> int:
        """Numbers to a pixel."""
        return 1 if self.mode == "L" else 3


@dataclass(frozen=True, slots=True)
class ImageClassifier:
    """A model that classifies images.

    Attributes:
        head: the path of its last Linear (``classifier.1``).
        width: the features that it takes.
        auxiliary: whether it returns further scores beside its own while it is trained.
    """

    name: str
    head: str
    width: int
    auxiliary: bool


@cache
def image_datasets() -> dict[str, ImageDataset]:
    """Every data set, by its name in ``torchvision.datasets``."""
    return {row["name"]: _dataset(row) for row in every("image_datasets")}


def _dataset(row: Row) -> ImageDataset:
    def number(column: str) -> int | None:
        return int(row[column]) if row[column] else None

    return ImageDataset(
        name=row["name"],
        mode=row["mode"],
        height=number("height"),
        width=number("width"),
        classes=number("classes"),
        training=number("training"),
        testing=number("testing"),
        chosen_by=row["chosen_by"],
    )


@cache
def image_classifiers() -> dict[str, ImageClassifier]:
    """Every classifier, by its name in ``torchvision.models``."""
    return {
        row["name"]: ImageClassifier(row["name"], row["head"], int(row["width"]), row["auxiliary"] == "yes")
        for row in every("image_classifiers")
    }
