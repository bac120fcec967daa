"""The usual losses of sentence-transformers, on the vectors of each column of texts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

Features = dict[str, Any]
"""What an encoder is given and adds to: token ids, then ``token_embeddings``, then ``sentence_embedding``."""


def cos_sim(a: Any, b: Any) -> torch.Tensor:
    """(rows of a, rows of b): the cosine of each two."""
    first, second = (torch.as_tensor(part) for part in (a, b))
    first, second = (part.unsqueeze(0) if part.ndim == 1 else part for part in (first, second))
    return F.normalize(first, dim=1) @ F.normalize(second, dim=1).T


class _Loss(nn.Module):  # type: ignore[misc]
    """A loss on the vectors of each column of texts."""

    def __init__(self, model: Any, *args: Any, **options: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, sentence_features: Iterable[Features], labels: torch.Tensor) -> torch.Tensor:
        """The loss of a batch."""
        return self.of([self.model(features)["sentence_embedding"] for features in sentence_features], labels)

    def of(self, vectors: list[torch.Tensor], labels: torch.Tensor) -> torch.Tensor:
        """The loss of vectors."""
        raise NotImplementedError


class CosineSimilarityLoss(_Loss):
    """Cosines against scores."""

    def of(self, vectors: list[torch.Tensor], labels: torch.Tensor) -> torch.Tensor:
        return F.mse_loss(F.cosine_similarity(vectors[0], vectors[1]), labels.float().view(-1))


class CoSENTLoss(CosineSimilarityLoss):
    """Cosines in the order of scores."""


class MSELoss(_Loss):
    """Vectors against a teacher's."""

    def of(self, vectors: list[torch.Tensor], labels: torch.Tensor) -> torch.Tensor:
        return F.mse_loss(torch.cat(vectors), labels.repeat(len(vectors), 1))


class MultipleNegativesRankingLoss(_Loss):
    """Each text's partner among all of the batch."""

    def of(self, vectors: list[torch.Tensor], labels: torch.Tensor) -> torch.Tensor:
        scores = cos_sim(vectors[0], torch.cat(vectors[1:])) * 20.0
        return F.cross_entropy(scores, torch.arange(len(scores)))


class ContrastiveLoss(_Loss):
    """Distances of pairs that belong together or not."""

    def of(self, vectors: list[torch.Tensor], labels: torch.Tensor) -> torch.Tensor:
        return F.cosine_embedding_loss(vectors[0], vectors[1], 2 * labels.float().view(-1) - 1, margin=0.5)


class TripletLoss(_Loss):
    """An anchor nearer to one text than to another."""

    def of(self, vectors: list[torch.Tensor], labels: torch.Tensor) -> torch.Tensor:
        anchor, near, far = vectors
        return F.triplet_margin_loss(anchor, near, far, margin=5.0)


class SoftmaxLoss(_Loss):
    """Classes of pairs."""

    def __init__(self, model: Any, sentence_embedding_dimension: int, num_labels: int,
                 concatenation_sent_rep: bool = True, concatenation_sent_difference: bool = True,
                 concatenation_sent_multiplication: bool = False, loss_fct: Any = None) -> None:  # fmt: skip
        super().__init__(model)
        self.joins = concatenation_sent_rep, concatenation_sent_difference, concatenation_sent_multiplication
        parts = 2 * concatenation_sent_rep + concatenation_sent_difference + concatenation_sent_multiplication
        self.classifier = nn.Linear(parts * sentence_embedding_dimension, num_labels)
        self.loss_fct = loss_fct or nn.CrossEntropyLoss()

    def of(self, vectors: list[torch.Tensor], labels: torch.Tensor) -> torch.Tensor:
        first, second = vectors[:2]
        parts = [[first, second], [(first - second).abs()], [first * second]]
        joined = torch.cat(
            [part for wanted, group in zip(self.joins, parts, strict=True) if wanted for part in group], 1
        )
        loss: torch.Tensor = self.loss_fct(self.classifier(joined), labels.view(-1))
        return loss
