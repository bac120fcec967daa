"""pycocotools: the annotations of a made-up data set of pictures, each with a few."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from shapecheck.tracer.standins.absent import session
from shapecheck.tracer.standins.columns import Columns

__all__ = ["COCO"]

_SIDE, _EACH, _CLASSES, _POINTS = 256, 2, 80, 17


class COCO:
    """Pictures of 256 by 256, two annotations each (a box, an outline, key points, a caption), 80 classes.

    Attributes:
        imgs, anns, cats: what is known of each picture, annotation and class, by number.
        imgToAnns, catToImgs: annotations of a picture, numbers of pictures of a class.
    """

    def __init__(self, annotation_file: Any = None) -> None:
        columns = Columns(session())
        pictures = columns.rows
        session().assume(f"annotations {annotation_file}: made up for {pictures} pictures, {_EACH} each")
        self.imgs = {n: self._picture(n) for n in range(1, pictures + 1)}
        self.anns = {
            n: self._annotation(n, 1 + n // _EACH % pictures, columns.text(n)) for n in range(1, _EACH * pictures + 1)
        }
        self.cats = {n: {"id": n, "name": f"class_{n}", "supercategory": "thing"} for n in range(1, _CLASSES + 1)}
        self.dataset = {
            "images": list(self.imgs.values()),
            "annotations": list(self.anns.values()),
            "categories": list(self.cats.values()),
        }
        self.createIndex()

    @staticmethod
    def _picture(number: int) -> dict[str, Any]:
        return {"id": number, "file_name": f"{number:012d}.jpg", "height": _SIDE, "width": _SIDE}

    @staticmethod
    def _annotation(number: int, picture: int, caption: str) -> dict[str, Any]:
        left, top, side = 10.0, 20.0, 50.0
        outline = [left, top, left + side, top, left + side, top + side, left, top + side]
        return {
            "id": number,
            "image_id": picture,
            "category_id": 1 + number % _CLASSES,
            "bbox": [left, top, side, side],
            "area": side * side,
            "iscrowd": 0,
            "segmentation": [outline],
            "keypoints": [int(left), int(top), 2] * _POINTS,
            "num_keypoints": _POINTS,
            "caption": caption,
        }

    def createIndex(self) -> None:
        """Which annotations a picture has, and which pictures a class."""
        self.imgToAnns: defaultdict[int, list[Any]] = defaultdict(list)
        self.catToImgs: defaultdict[int, list[int]] = defaultdict(list)
        for annotation in self.anns.values():
            self.imgToAnns[annotation["image_id"]].append(annotation)
            self.catToImgs[annotation["category_id"]].append(annotation["image_id"])

    def getAnnIds(self, imgIds: Any = (), catIds: Any = (), areaRng: Any = (), iscrowd: Any = None) -> list[int]:
        """Numbers of annotations, of some pictures and classes."""
        pictures, classes = _several(imgIds), _several(catIds)
        return [
            number
            for number, annotation in self.anns.items()
            if (not pictures or annotation["image_id"] in pictures)
            and (not classes or annotation["category_id"] in classes)
        ]

    def getCatIds(self, catNms: Any = (), supNms: Any = (), catIds: Any = ()) -> list[int]:
        """Numbers of classes; of those with some names, as many as there are names."""
        names = _several(catNms)
        return list(self.cats)[: len(names) or None]

    def getImgIds(self, imgIds: Any = (), catIds: Any = ()) -> list[int]:
        """Numbers of pictures."""
        return list(_several(imgIds)) or list(self.imgs)

    def loadAnns(self, ids: Any = ()) -> list[Any]:
        """Annotations by number."""
        return [self.anns[number] for number in _several(ids)]

    def loadCats(self, ids: Any = ()) -> list[Any]:
        """Classes by number."""
        return [self.cats[number] for number in _several(ids)]

    def loadImgs(self, ids: Any = ()) -> list[Any]:
        """Pictures by number."""
        return [self.imgs[number] for number in _several(ids)]

    def annToMask(self, ann: Any) -> Any:
        """(height, width), zeros and ones."""
        import numpy

        mask: Any = numpy.zeros((_SIDE, _SIDE), dtype=numpy.uint8)
        left, top, width, height = (int(number) for number in ann["bbox"])
        mask[top : top + height, left : left + width] = 1
        return mask

    def loadRes(self, resFile: Any) -> COCO:
        """Results, as annotations."""
        return self


def _several(ids: Any) -> list[Any]:
    """One number or name, or several, as a list."""
    return list(ids) if isinstance(ids, Iterable) and not isinstance(ids, str) else [ids]
