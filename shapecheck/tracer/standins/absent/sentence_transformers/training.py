"""Examples, training by a table, and evaluations with made-up scores."""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import nn

from shapecheck.tracer.standins.absent import session
from shapecheck.tracer.standins.absent.sentence_transformers.losses import CoSENTLoss
from shapecheck.tracer.standins.absent.sentence_transformers.steps import train_labelled
from shapecheck.tracer.standins.absorb import Absorbing

_NOT_TEXTS = ("label", "labels", "score", "scores")


class InputExample:
    """Texts that belong together, and a label."""

    def __init__(self, guid: str = "", texts: Sequence[str] | None = None, label: Any = 0) -> None:
        self.guid, self.texts, self.label = guid, list(texts or ()), label


class EmbeddingSimilarityEvaluator:
    """A made-up score."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self.primary_metric = "score"

    @classmethod
    def from_input_examples(cls, examples: Any, **options: Any) -> Any:
        """An evaluation of examples."""
        return cls()

    def __call__(self, model: Any, *args: Any, **options: Any) -> Any:
        session().invent("score", 0.5)
        return {"score": 0.5}


class SentenceTransformerTrainingArguments(types.SimpleNamespace):
    """Arguments by name, with the few defaults that training needs."""

    def __init__(self, output_dir: Any = "out", **options: Any) -> None:
        super().__init__(
            **{"output_dir": output_dir, "per_device_train_batch_size": 8, "eval_strategy": "no", **options}
        )


class SentenceTransformerTrainer:
    """Training by a table: every column of texts gives vectors, ``label`` or ``score`` the labels."""

    def __init__(self, model: Any = None, args: Any = None, train_dataset: Any = None, eval_dataset: Any = None,
                 loss: Any = None, evaluator: Any = None, **options: Any) -> None:  # fmt: skip
        self.model, self.args, self.loss, self.evaluator = model, args, loss, evaluator
        self.train_dataset, self.eval_dataset = train_dataset, eval_dataset
        self.optimizer, self.lr_scheduler = None, None
        self.callback_handler = Absorbing("callback_handler")
        self.state, self.control = Absorbing("state"), Absorbing("control")

    def train(self, *args: Any, **options: Any) -> Any:
        """A loop over the table."""
        data = (
            next(iter(self.train_dataset.values())) if isinstance(self.train_dataset, Mapping) else self.train_dataset
        )
        loss = self.loss if isinstance(self.loss, nn.Module) else CoSENTLoss(self.model)
        loader: Any = torch.utils.data.DataLoader(
            data, batch_size=self.args.per_device_train_batch_size if self.args else 8, collate_fn=self._collate
        )
        train_labelled(loader, loss)

    def _collate(self, rows: Sequence[Mapping[str, Any]]) -> Any:
        names = list(rows[0])
        texts = [name for name in names if name not in _NOT_TEXTS and isinstance(rows[0][name], str)]
        label = next((name for name in names if name in _NOT_TEXTS), None)
        labels = torch.tensor([row[label] for row in rows] if label else [0] * len(rows))
        return [self.model.tokenize([row[name] for row in rows]) for name in texts], labels

    def evaluate(self, *args: Any, **options: Any) -> dict[str, float]:
        """A made-up score."""
        return {"eval_loss": 0.5}

    def save_model(self, *args: Any, **options: Any) -> None:
        """Nothing is written."""

    push_to_hub = add_callback = remove_callback = pop_callback = log = save_model
