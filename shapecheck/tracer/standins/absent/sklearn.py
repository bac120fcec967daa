"""scikit-learn: splitting, encoding and scaling for real, on lists; scores are made up."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from typing import Any

from shapecheck.tracer.standins.absent import session, sklearn_datasets
from shapecheck.tracer.standins.absent.sklearn_datasets import *  # noqa: F403

__all__ = [
    "GroupKFold", "KFold", "LabelBinarizer", "LabelEncoder", "MinMaxScaler", "MultiLabelBinarizer", "OneHotEncoder",
    "StandardScaler", "StratifiedKFold", "accuracy_score", "average_precision_score", "balanced_accuracy_score",
    "classification_report", "cohen_kappa_score", "confusion_matrix", "f1_score", "hamming_loss", "jaccard_score",
    "log_loss", "matthews_corrcoef", "mean_absolute_error", "mean_squared_error", "precision_recall_fscore_support",
    "precision_score", "r2_score", "recall_score", "roc_auc_score", "shuffle", "train_test_split",
    *sklearn_datasets.__all__,
]  # fmt: skip


def _take(data: Any, rows: Sequence[int]) -> Any:
    """The given rows of a list, an array, a tensor, a series or a table."""
    if hasattr(data, "iloc"):
        return data.iloc[list(rows)]
    if isinstance(data, (list, tuple)):
        return [data[i] for i in rows]
    return data[list(rows)]


def _order(count: int, shuffled: bool, seed: Any) -> list[int]:
    rows = list(range(count))
    if shuffled:
        random.Random(seed if isinstance(seed, int) else 0).shuffle(rows)
    return rows


def train_test_split(
    *arrays: Any,
    test_size: float | None = None,
    train_size: float | None = None,
    random_state: Any = None,
    shuffle: bool = True,
    stratify: Any = None,
) -> list[Any]:
    """Each array in two parts, all by the same rows."""
    count = len(arrays[0])
    if test_size is None:
        test_size = 0.25 if train_size is None else (1 - train_size if train_size < 1 else count - train_size)
    tests = math.ceil(test_size * count) if test_size < 1 else int(test_size)
    rows = _order(count, shuffle, random_state)
    train, test = (rows[tests:], rows[:tests]) if shuffle else (rows[: count - tests], rows[count - tests :])
    return [part for array in arrays for part in (_take(array, train), _take(array, test))]


def shuffle(*arrays: Any, random_state: Any = None, n_samples: int | None = None) -> Any:
    """The arrays with their rows in another order, the same for all."""
    rows = _order(len(arrays[0]), True, random_state)[:n_samples]
    shuffled = [_take(array, rows) for array in arrays]
    return shuffled if len(shuffled) > 1 else shuffled[0]


class KFold:
    """Folds of the rows."""

    def __init__(self, n_splits: int = 5, *, shuffle: bool = False, random_state: Any = None) -> None:
        self.n_splits, self._shuffle, self._seed = n_splits, shuffle, random_state

    def get_n_splits(self, *args: Any, **kwargs: Any) -> int:
        """The number of folds."""
        return self.n_splits

    def split(self, X: Any, y: Any = None, groups: Any = None) -> Iterator[tuple[Any, Any]]:
        """The rows to train on and to test on, fold by fold, as arrays."""
        import numpy

        rows = _order(len(X), self._shuffle, self._seed)
        for fold in range(self.n_splits):
            test = rows[fold :: self.n_splits]
            held = set(test)
            yield numpy.array([row for row in rows if row not in held]), numpy.array(test)


StratifiedKFold = GroupKFold = KFold


class LabelEncoder:
    """Classes as numbers, in the order of their names."""

    def __init__(self) -> None:
        self.classes_: Any = []

    def fit(self, y: Any) -> LabelEncoder:
        """Learn the classes."""
        import numpy

        self.classes_ = numpy.array(sorted(set(y)))
        return self

    def transform(self, y: Any) -> Any:
        """The number of each class."""
        import numpy

        known = {value: i for i, value in enumerate(list(self.classes_))}
        return numpy.array([known.get(value, 0) for value in y], dtype=numpy.int64)

    def fit_transform(self, y: Any) -> Any:
        """Learn and apply."""
        return self.fit(y).transform(y)

    def inverse_transform(self, y: Any) -> Any:
        """The class of each number."""
        return self.classes_[list(y)]


class MultiLabelBinarizer:
    """Sets of classes as rows of zeros and ones."""

    def __init__(self, classes: Any = None, **options: Any) -> None:
        self.classes_: Any = list(classes) if classes is not None else []

    def fit(self, y: Any) -> MultiLabelBinarizer:
        """Learn the classes."""
        self.classes_ = self.classes_ or sorted({value for row in y for value in _as_row(row)})
        return self

    def transform(self, y: Any) -> Any:
        """One row for each set."""
        import numpy

        rows = [[int(value in set(_as_row(row))) for value in self.classes_] for row in y]
        return numpy.array(rows, dtype=numpy.int64).reshape(len(rows), len(self.classes_))

    def fit_transform(self, y: Any) -> Any:
        """Learn and apply."""
        return self.fit(y).transform(y)


LabelBinarizer = OneHotEncoder = MultiLabelBinarizer


def _as_row(value: Any) -> Any:
    return value if isinstance(value, (list, tuple, set)) else [value]


class StandardScaler:
    """Columns as floats; what they are scaled by does not change their shape."""

    def __init__(self, *args: Any, **options: Any) -> None:
        pass

    def fit(self, X: Any, y: Any = None) -> StandardScaler:
        """Nothing to learn."""
        return self

    def transform(self, X: Any) -> Any:
        """The values as an array of floats."""
        import numpy

        return numpy.asarray(getattr(X, "values", X), dtype=numpy.float64)

    def fit_transform(self, X: Any, y: Any = None) -> Any:
        """The values as an array of floats."""
        return self.transform(X)

    inverse_transform = transform


MinMaxScaler = StandardScaler


def _score(*args: Any, **kwargs: Any) -> float:
    session().invent("score", 0.5)
    return 0.5


accuracy_score = average_precision_score = balanced_accuracy_score = cohen_kappa_score = f1_score = _score
hamming_loss = jaccard_score = log_loss = matthews_corrcoef = mean_absolute_error = mean_squared_error = _score
precision_score = r2_score = recall_score = roc_auc_score = _score


def precision_recall_fscore_support(*args: Any, **kwargs: Any) -> tuple[float, float, float, None]:
    """Precision, recall, F1 and support."""
    return _score(), 0.5, 0.5, None


def classification_report(*args: Any, output_dict: bool = False, **kwargs: Any) -> Any:
    """A report; as a dict it has the averages."""
    row = {"precision": 0.5, "recall": 0.5, "f1-score": 0.5, "support": 1}
    return {"accuracy": _score(), "macro avg": row, "weighted avg": row} if output_dict else "report"


def confusion_matrix(y_true: Any, y_pred: Any, labels: Any = None, **kwargs: Any) -> Any:
    """A table of zeros, one row for each class."""
    import numpy

    count = len(labels) if labels is not None else len({*list(y_true), *list(y_pred)})
    return numpy.zeros((count, count), dtype=numpy.int64)
