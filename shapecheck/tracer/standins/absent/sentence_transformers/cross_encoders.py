"""Classifiers of pairs of texts."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from shapecheck.tracer.standins.absent.sentence_transformers.steps import train


class CrossEncoder(nn.Module):  # type: ignore[misc]
    """A classifier of pairs of texts."""

    def __init__(self, model_name_or_path: str, num_labels: int = 1, max_length: int | None = None,
                 *args: Any, **options: Any) -> None:  # fmt: skip
        super().__init__()
        from transformers import AutoModelForSequenceClassification, AutoTokenizer

        self.model = AutoModelForSequenceClassification.from_pretrained(model_name_or_path, num_labels=num_labels)
        self.tokenizer = AutoTokenizer.from_pretrained(model_name_or_path)
        self.num_labels, self.max_length = num_labels, max_length

    def forward(self, *args: Any, **options: Any) -> Any:
        """The model's output."""
        return self.model(*args, **options)

    def _scores(self, pairs: Any) -> torch.Tensor:
        texts = [list(column) for column in zip(*pairs, strict=True)]
        given = {"padding": True, "truncation": True, "max_length": self.max_length, "return_tensors": "pt"}
        logits: torch.Tensor = self.model(**self.tokenizer(*texts, **given)).logits
        return logits.squeeze(-1) if self.num_labels == 1 else logits

    def predict(self, sentences: Any, *args: Any, convert_to_tensor: bool = False, **options: Any) -> Any:
        """(pairs,) or (pairs, classes)."""
        with torch.no_grad():
            scores = self._scores(sentences).detach()
        return scores if convert_to_tensor else scores.numpy()

    def fit(self, train_dataloader: Any, *args: Any, loss_fct: Any = None, **options: Any) -> None:
        """A loop over the loader."""
        loss_fct = loss_fct or (nn.BCEWithLogitsLoss() if self.num_labels == 1 else nn.CrossEntropyLoss())
        train_dataloader.collate_fn = list

        def loss_of(examples: Any) -> torch.Tensor:
            labels = torch.tensor([example.label for example in examples])
            labels = labels.float() if self.num_labels == 1 else labels.long()
            loss: torch.Tensor = loss_fct(self._scores([example.texts for example in examples]), labels)
            return loss

        train(train_dataloader, self.parameters(), loss_of)

    def save(self, *args: Any, **options: Any) -> None:
        """Nothing is written."""

    save_pretrained = save
