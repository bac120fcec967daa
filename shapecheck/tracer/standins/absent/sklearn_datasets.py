"""scikit-learn's data sets: of their published sizes, and those that are made of the sizes that are asked for."""

from __future__ import annotations

import functools
import importlib
from typing import Any

from shapecheck.tracer.standins.absent.attribute_dicts import AttrDict
from shapecheck.tracer.standins.tabular.dataframe import DataFrame

_LOADED = {
    "load_iris": (150, 4, 3), "load_wine": (178, 13, 3), "load_breast_cancer": (569, 30, 2),
    "load_digits": (1797, 64, 10), "load_diabetes": (442, 10, 0), "fetch_california_housing": (20640, 8, 0),
    "fetch_olivetti_faces": (400, 4096, 40), "fetch_covtype": (581012, 54, 7),
}  # fmt: skip
"""Rows, columns and classes; no classes where a number is to be told."""
_MADE = ("make_blobs", "make_circles", "make_classification", "make_moons", "make_regression")

__all__ = ["fetch_20newsgroups", *_LOADED, *_MADE]


def _table(rows: int, columns: int, classes: int) -> tuple[Any, Any]:
    """Numbers that differ, and class ids in turn, or numbers to be told."""
    import numpy

    cells = numpy.random.RandomState(0).standard_normal((rows, columns))
    return cells, numpy.arange(rows) % classes if classes else cells[:, 0] * 2.0


def _load(name: str, *args: Any, return_X_y: bool = False, as_frame: bool = False, **options: Any) -> Any:
    rows, columns, classes = _LOADED[name]
    data, target = _table(rows, columns, classes)
    names = [f"feature_{at}" for at in range(columns)]
    frame = None
    if as_frame:
        data = _frame({name: data[:, at] for at, name in enumerate(names)})
        target, frame = _frame({"target": target})["target"], data
    if return_X_y:
        return data, target
    kinds = [f"class_{at}" for at in range(classes)]
    found = AttrDict(data=data, target=target, feature_names=names, target_names=kinds, DESCR=name, frame=frame)
    if name == "load_digits":
        found["images"] = found.data.reshape(rows, 8, 8)
    return found


def _frame(columns: dict[str, Any]) -> Any:
    try:
        return importlib.import_module("pandas").DataFrame(columns)
    except ImportError:
        return DataFrame(columns)


def _make(name: str, n_samples: int = 100, n_features: int | None = None, *args: Any, **options: Any) -> Any:
    usual = {"make_blobs": (2, 3), "make_classification": (20, 2), "make_regression": (100, 0)}
    width, classes = usual.get(name, (2, 2))
    centers = options.get("centers", classes)
    classes = options.get("n_classes", centers if isinstance(centers, int) else classes)
    data, target = _table(n_samples, n_features or width, classes)
    targets = options.get("n_targets", 1)
    return data, target if targets == 1 else target[:, None].repeat(targets, axis=1)


def fetch_20newsgroups(*args: Any, **options: Any) -> Any:
    """Texts of twenty kinds."""
    import numpy

    kinds = list(options.get("categories") or [f"group.{at}" for at in range(20)])
    texts = [f"the house on the hill was old {'and the road to it was long ' * (at % 5)}" for at in range(200)]
    return AttrDict(data=texts, target=numpy.arange(200) % len(kinds), target_names=kinds, filenames=[])


globals().update({name: functools.partial(_load, name) for name in _LOADED})
globals().update({name: functools.partial(_make, name) for name in _MADE})
