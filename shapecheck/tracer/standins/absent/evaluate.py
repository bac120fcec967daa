"""evaluate: metrics that take predictions and give made-up scores."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from shapecheck.tracer.standins.absent import session

__all__ = ["Metric", "combine", "load", "load_metric"]

_RESULTS = {
    "rouge": ("rouge1", "rouge2", "rougeL", "rougeLsum"),
    "bleu": ("bleu", "precisions", "brevity_penalty"),
    "sacrebleu": ("score",),
    "squad": ("exact_match", "f1"),
    "squad_v2": ("exact", "f1", "best_f1"),
    "seqeval": ("overall_precision", "overall_recall", "overall_f1", "overall_accuracy"),
    "glue": ("accuracy", "f1", "combined_score"),
    "pearsonr": ("pearsonr",),
    "spearmanr": ("spearmanr",),
    "poseval": ("accuracy",),
    "mean_iou": ("mean_iou", "mean_accuracy", "overall_accuracy", "per_category_iou", "per_category_accuracy"),
}
_SCORE, _CLASSES = 0.5, 2


class Scores(dict[str, Any]):
    """Scores by name; any name that is asked for is there. What is told of each class (``per_...``) is an array."""

    def __init__(self, names: Iterable[str], classes: int) -> None:
        self._classes = classes
        super().__init__({name: self._made(name) for name in names})

    def _made(self, name: str) -> Any:
        if not name.startswith("per_"):
            return _SCORE
        import numpy

        return numpy.full(self._classes, _SCORE)

    def __missing__(self, name: str) -> Any:
        return self._made(name)

    def pop(self, name: str, *default: Any) -> Any:
        """A score, which is then gone."""
        return super().pop(name, self._made(name))


class Metric:
    """One metric or several: takes whatever is added, gives made-up scores."""

    def __init__(self, *names: str) -> None:
        self.name = names[0] if names else "metric"
        self._names = names

    def add(self, *args: Any, **kwargs: Any) -> None:
        """Nothing is kept."""

    add_batch = add

    def compute(self, *args: Any, **kwargs: Any) -> Scores:
        """Scores, by the metric's usual keys."""
        keys = [key for name in self._names for key in _RESULTS.get(name, (name,))]
        session().invent(f"{self.name} score", _SCORE)
        return Scores(keys, int(kwargs.get("num_labels") or _CLASSES))


def load(path: str = "metric", *args: Any, **kwargs: Any) -> Metric:
    """A metric by name."""
    return Metric(str(path).rsplit("/", 1)[-1])


load_metric = load


def combine(metrics: Any, *args: Any, **kwargs: Any) -> Metric:
    """Several metrics at once."""
    return Metric(*(m if isinstance(m, str) else m.name for m in metrics))
