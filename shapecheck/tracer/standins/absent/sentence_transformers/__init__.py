"""sentence-transformers: encoders of transformers with a pooling, the usual losses, and training by examples."""

from __future__ import annotations

from shapecheck.tracer.standins.absent.sentence_transformers.cross_encoders import CrossEncoder
from shapecheck.tracer.standins.absent.sentence_transformers.encoders import (
    Dense,
    Normalize,
    Pooling,
    SentenceTransformer,
    Transformer,
)
from shapecheck.tracer.standins.absent.sentence_transformers.losses import (
    ContrastiveLoss,
    CoSENTLoss,
    CosineSimilarityLoss,
    MSELoss,
    MultipleNegativesRankingLoss,
    SoftmaxLoss,
    TripletLoss,
    cos_sim,
)
from shapecheck.tracer.standins.absent.sentence_transformers.training import (
    EmbeddingSimilarityEvaluator,
    InputExample,
    SentenceTransformerTrainer,
    SentenceTransformerTrainingArguments,
)

__all__ = [
    "BinaryClassificationEvaluator", "CoSENTLoss", "ContrastiveLoss", "CosineSimilarityLoss", "CrossEncoder", "Dense",
    "EmbeddingSimilarityEvaluator", "InformationRetrievalEvaluator", "InputExample", "MSELoss",
    "MultipleNegativesRankingLoss", "Normalize", "OnlineContrastiveLoss", "Pooling", "SentenceTransformer",
    "SentenceTransformerTrainer", "SentenceTransformerTrainingArguments", "SoftmaxLoss", "Transformer",
    "TripletEvaluator", "TripletLoss", "cos_sim", "dot_score", "pytorch_cos_sim",
]  # fmt: skip

pytorch_cos_sim = dot_score = cos_sim
OnlineContrastiveLoss = ContrastiveLoss
BinaryClassificationEvaluator = InformationRetrievalEvaluator = TripletEvaluator = EmbeddingSimilarityEvaluator
