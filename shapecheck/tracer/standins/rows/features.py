"""What columns hold: plain values, or one of so many classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shapecheck.tracer.standins.passing import Passing


class Features(Passing, dict[str, Any]):
    """What columns hold; a column that is not known holds plain values."""

    def __missing__(self, name: str) -> Any:
        self[name] = Feature()
        return self[name]


class Feature(Passing):
    """What a column holds: plain values, or one of so many classes; ``feature`` is what a list of it holds."""

    def __init__(self, names: Sequence[str] | None = None, num_classes: int = 2, **options: Any) -> None:
        self.names = list(names or (f"class_{i}" for i in range(num_classes)))
        self.num_classes = len(self.names)
        self.feature = self
        self.dtype = "int64"

    def str2int(self, value: Any) -> Any:
        """The number of a class, or of each."""
        return self.names.index(value) if isinstance(value, str) else [self.names.index(part) for part in value]

    def int2str(self, value: Any) -> Any:
        """The name of a class, or of each."""
        return self.names[value] if isinstance(value, int) else [self.names[part] for part in value]
