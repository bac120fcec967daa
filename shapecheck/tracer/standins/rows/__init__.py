"""Tables of rows in memory that behave like Hugging Face's ``Dataset``, with columns made up on demand."""

from __future__ import annotations

from shapecheck.tracer.standins.rows.dataset import Dataset, DatasetDict
from shapecheck.tracer.standins.rows.features import Feature, Features

__all__ = ["Dataset", "DatasetDict", "Feature", "Features"]
