"""PIL: images that have a mode and a size, and no pixels."""

from __future__ import annotations

import types
from typing import Any

from shapecheck.tracer.standins.absent import session

__all__ = ["Image", "ImageEnhance", "ImageOps"]

_CHANNELS = {"L": 1, "1": 1, "P": 1, "I": 1, "F": 1, "LA": 2, "RGB": 3, "YCbCr": 3, "HSV": 3, "RGBA": 4, "CMYK": 4}
_USUAL_SIZE = (256, 256)


class _Picture:
    """One image: ``size`` is (width, height)."""

    def __init__(self, mode: str = "RGB", size: tuple[int, int] = _USUAL_SIZE) -> None:
        self.mode, self.size, self.format = mode, (size[0], size[1]), "PNG"
        self.info: dict[str, Any] = {}

    @property
    def width(self) -> int:
        """In pixels."""
        return self.size[0]

    @property
    def height(self) -> int:
        """In pixels."""
        return self.size[1]

    def convert(self, mode: str = "RGB", *args: Any, **options: Any) -> _Picture:
        """In another mode."""
        return _Picture(mode, self.size)

    def resize(self, size: tuple[int, int], *args: Any, **options: Any) -> _Picture:
        """In another size."""
        return _Picture(self.mode, size)

    def thumbnail(self, size: tuple[int, int], *args: Any, **options: Any) -> None:
        """Shrinks itself."""
        self.size = (min(size[0], self.size[0]), min(size[1], self.size[1]))

    def crop(self, box: tuple[int, int, int, int] | None = None) -> _Picture:
        """A part of it."""
        return self.copy() if box is None else _Picture(self.mode, (box[2] - box[0], box[3] - box[1]))

    def copy(self, *args: Any, **options: Any) -> _Picture:
        """The same again."""
        return _Picture(self.mode, self.size)

    transpose = rotate = filter = copy

    def split(self) -> tuple[_Picture, ...]:
        """One image for each channel."""
        return tuple(_Picture("L", self.size) for _ in range(_CHANNELS.get(self.mode, 3)))

    def getbands(self) -> tuple[str, ...]:
        """The names of the channels."""
        return tuple(self.mode)[: _CHANNELS.get(self.mode, 3)]

    def getpixel(self, *args: Any) -> Any:
        """Black."""
        return 0 if _CHANNELS.get(self.mode, 3) == 1 else (0,) * _CHANNELS[self.mode]

    def load(self) -> Any:
        """Nothing to load."""
        return None

    save = close = show = paste = putpixel = lambda self, *args, **options: None

    def __enter__(self) -> _Picture:
        return self

    def __exit__(self, *exc: object) -> None:
        return None

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        import numpy

        channels = _CHANNELS.get(self.mode, 3)
        shape = (self.height, self.width) if channels == 1 else (self.height, self.width, channels)
        return numpy.zeros(shape, dtype=dtype or numpy.uint8)


class Image:
    """``PIL.Image``: the module, and the class within it."""

    Image = _Picture
    NEAREST, LANCZOS, BILINEAR, BICUBIC, BOX, HAMMING, ANTIALIAS = 0, 1, 2, 3, 4, 5, 1
    FLIP_LEFT_RIGHT, FLIP_TOP_BOTTOM, ROTATE_90, ROTATE_180, ROTATE_270 = 0, 1, 2, 3, 4

    class Resampling:
        """Ways to resize."""

        NEAREST, LANCZOS, BILINEAR, BICUBIC, BOX, HAMMING = 0, 1, 2, 3, 4, 5

    @staticmethod
    def open(*args: Any, **options: Any) -> _Picture:
        """A colour image of a usual size."""
        session().assume("images: RGB, 256 by 256 pixels")
        return _Picture()

    @staticmethod
    def new(mode: str = "RGB", size: tuple[int, int] = _USUAL_SIZE, *args: Any, **options: Any) -> _Picture:
        """A blank image."""
        return _Picture(mode, size)

    @staticmethod
    def fromarray(array: Any, mode: str | None = None) -> _Picture:
        """An image of an array's size."""
        shape = array.shape
        modes = {1: "L", 3: "RGB", 4: "RGBA"}
        return _Picture(mode or (modes.get(shape[2], "RGB") if len(shape) == 3 else "L"), (shape[1], shape[0]))


class _Ops:
    """``PIL.ImageOps``: what leaves an image as large as it is, and what does not."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda image, *args, **options: image.copy()

    @staticmethod
    def fit(image: _Picture, size: tuple[int, int], *args: Any, **options: Any) -> _Picture:
        """In another size."""
        return image.resize(size)

    pad = contain = cover = fit

    @staticmethod
    def grayscale(image: _Picture) -> _Picture:
        """Without colours."""
        return image.convert("L")

    @staticmethod
    def expand(image: _Picture, border: Any = 0, *args: Any, **options: Any) -> _Picture:
        """With a border."""
        left, top, right, bottom = (border,) * 4 if isinstance(border, int) else (tuple(border) * 2)[:4]
        return image.resize((image.width + left + right, image.height + top + bottom))


class _Enhance:
    """``PIL.ImageEnhance``: brighter or not, an image has no pixels."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda image: types.SimpleNamespace(enhance=lambda factor: image.copy())


ImageOps, ImageEnhance = _Ops(), _Enhance()
