"""optuna: one trial, in which each parameter is the least that it may be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

__all__ = ["Trial", "TrialPruned", "create_study", "load_study"]


class TrialPruned(Exception):
    """A trial that was given up."""


class Trial:
    """The choices of one trial."""

    number = 0

    def __init__(self) -> None:
        self.params: dict[str, Any] = {}
        self.value: Any = 0.0

    def suggest_int(self, name: str, low: int, high: int, *args: Any, **options: Any) -> int:
        """The least."""
        return int(self.params.setdefault(name, low))

    def suggest_float(self, name: str, low: float, high: float, *args: Any, **options: Any) -> float:
        """The least."""
        return float(self.params.setdefault(name, low))

    suggest_uniform = suggest_loguniform = suggest_discrete_uniform = suggest_float

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        """The first."""
        return self.params.setdefault(name, choices[0])

    def should_prune(self) -> bool:
        """Never."""
        return False

    def report(self, *args: Any) -> None:
        """Nothing is told."""

    set_user_attr = report


class _Study:
    """One trial, once there was one."""

    def __init__(self) -> None:
        self.best_trial = Trial()
        self.trials = [self.best_trial]

    def optimize(self, func: Callable[[Any], Any], *args: Any, **options: Any) -> None:
        """Run one trial."""
        self.best_trial.value = func(self.best_trial)

    @property
    def best_params(self) -> dict[str, Any]:
        """The choices of the trial."""
        return self.best_trial.params

    @property
    def best_value(self) -> Any:
        """What the trial gave."""
        return self.best_trial.value


def create_study(*args: Any, **options: Any) -> _Study:
    """A study of one trial."""
    return _Study()


load_study = create_study
