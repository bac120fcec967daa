"""sentence-transformers: encoders of transformers with a pooling, the usual losses, and training by examples."""

from __future__ import annotations

import types
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from shapecheck import hub
from shapecheck.tracer.standins.absent import session
from shapecheck.tracer.standins.absorb import Absorbing

__all__ = [
    "BinaryClassificationEvaluator", "CoSENTLoss", "ContrastiveLoss", "CosineSimilarityLoss", "CrossEncoder", "Dense",
    "EmbeddingSimilarityEvaluator", "InformationRetrievalEvaluator", "InputExample", "MSELoss",
    "MultipleNegativesRankingLoss", "Normalize", "OnlineContrastiveLoss", "Pooling", "SentenceTransformer",
    "SentenceTransformerTrainer", "SentenceTransformerTrainingArguments", "SoftmaxLoss", "Transformer",
    "TripletEvaluator", "TripletLoss", "cos_sim", "dot_score", "pytorch_cos_sim",
]  # fmt: skip

_NOT_TEXTS = ("label", "labels", "score", "scores")
Features = dict[str, Any]


class InputExample:
    """Texts that belong together, and a label."""

    def __init__(self, guid: str = "", texts: Sequence[str] | None = None, label: Any = 0) -> None:
        self.guid, self.texts, self.label = guid, list(texts or ()), label


class Transformer(nn.Module):  # type: ignore[misc]
    """A model of transformers: token ids to one vector per token."""

    def __init__(self, model_name_or_path: str, max_seq_length: int | None = None, *args: Any, **options: Any) -> None:
        super().__init__()
        from transformers import AutoModel, AutoTokenizer

        self.auto_model = AutoModel.from_pretrained(model_name_or_path)
        self.tokenizer = AutoTokenizer.from_pretrained(model_name_or_path)
        self.max_seq_length = max_seq_length or min(self.tokenizer.model_max_length, 512)

    def get_word_embedding_dimension(self) -> int:
        """The width of a vector."""
        return int(self.auto_model.config.hidden_size)

    def tokenize(self, texts: Any, **options: Any) -> Features:
        """Ids, padded to the longest text."""
        given = {"padding": True, "truncation": True, "max_length": self.max_seq_length, "return_tensors": "pt"}
        return dict(self.tokenizer(list(texts), **given))

    def forward(self, features: Features, **options: Any) -> Features:
        """Adds ``token_embeddings``, (batch, seq, hidden)."""
        taken = {"input_ids", "attention_mask", "token_type_ids", "inputs_embeds"}
        out = self.auto_model(**{name: value for name, value in features.items() if name in taken})
        return {**features, "token_embeddings": out.last_hidden_state}


class Pooling(nn.Module):  # type: ignore[misc]
    """One vector per text: the mean under the mask, the first token, or the maximum; several side by side."""

    def __init__(self, word_embedding_dimension: int, pooling_mode: str = "mean", pooling_mode_cls_token: bool = False,
                 pooling_mode_max_tokens: bool = False, pooling_mode_mean_tokens: bool | None = None,
                 **options: Any) -> None:  # fmt: skip
        super().__init__()
        mean = not (pooling_mode_cls_token or pooling_mode_max_tokens)
        mean = mean if pooling_mode_mean_tokens is None else pooling_mode_mean_tokens
        asked = {"cls": pooling_mode_cls_token, "max": pooling_mode_max_tokens, "mean": mean}
        self.modes = [mode for mode, wanted in asked.items() if wanted]
        if pooling_mode != "mean" and self.modes == ["mean"]:
            self.modes = [pooling_mode]
        self.word_embedding_dimension = word_embedding_dimension
        self.pooling_output_dimension = word_embedding_dimension * len(self.modes)

    def get_sentence_embedding_dimension(self) -> int:
        """The width of a text's vector."""
        return self.pooling_output_dimension

    def forward(self, features: Features, **options: Any) -> Features:
        """Adds ``sentence_embedding``, (batch, hidden)."""
        tokens, mask = features["token_embeddings"], features["attention_mask"].unsqueeze(-1)
        ways = {
            "cls": lambda: tokens[:, 0],
            "max": lambda: tokens.masked_fill(mask == 0, -1e9).max(1).values,
            "mean": lambda: (tokens * mask).sum(1) / mask.sum(1).clamp(min=1e-9),
        }
        vectors = [ways.get(mode, ways["mean"])() for mode in self.modes]
        return {**features, "sentence_embedding": torch.cat(vectors, 1) if len(vectors) > 1 else vectors[0]}


class Dense(nn.Module):  # type: ignore[misc]
    """A linear layer on a text's vector."""

    def __init__(self, in_features: int, out_features: int, bias: bool = True, activation_function: Any = None,
                 *args: Any, **options: Any) -> None:  # fmt: skip
        super().__init__()
        self.linear = nn.Linear(in_features, out_features, bias=bias)
        self.activation_function = activation_function or nn.Tanh()
        self.in_features, self.out_features = in_features, out_features

    def get_sentence_embedding_dimension(self) -> int:
        """The width of a text's vector."""
        return self.out_features

    def forward(self, features: Features) -> Features:
        """Another ``sentence_embedding``."""
        return {**features, "sentence_embedding": self.activation_function(self.linear(features["sentence_embedding"]))}


class Normalize(nn.Module):  # type: ignore[misc]
    """Vectors of length one."""

    def forward(self, features: Features) -> Features:
        """Another ``sentence_embedding``."""
        return {**features, "sentence_embedding": F.normalize(features["sentence_embedding"], p=2, dim=1)}


class SentenceTransformer(nn.Sequential):  # type: ignore[misc]
    """Modules that make one vector of a text, one after the other."""

    def __init__(self, model_name_or_path: str | None = None, modules: Iterable[Any] | None = None, device: Any = None,
                 **options: Any) -> None:  # fmt: skip
        if modules is None:
            modules = _usual(str(model_name_or_path))
        super().__init__(OrderedDict((str(at), module) for at, module in enumerate(modules)))
        self.model_card_data = Absorbing("sentence_transformers.model_card_data")

    @property
    def tokenizer(self) -> Any:
        """The first module's."""
        return self[0].tokenizer

    @property
    def device(self) -> torch.device:
        """Where it runs."""
        return torch.device("cpu")

    @property
    def max_seq_length(self) -> int:
        """The most tokens of a text."""
        return int(self[0].max_seq_length)

    @max_seq_length.setter
    def max_seq_length(self, value: int) -> None:
        self[0].max_seq_length = value

    def _first_module(self) -> Any:
        return self[0]

    def _last_module(self) -> Any:
        return self[len(self) - 1]

    def get_sentence_embedding_dimension(self) -> int | None:
        """The width of a text's vector."""
        sizes = [m.get_sentence_embedding_dimension() for m in self if hasattr(m, "get_sentence_embedding_dimension")]
        return sizes[-1] if sizes else None

    get_embedding_dimension = get_sentence_embedding_dimension

    def tokenize(self, texts: Any, **options: Any) -> Features:
        """The first module's ids."""
        return dict(self[0].tokenize(texts))

    preprocess = tokenize

    def encode(self, sentences: Any, batch_size: int = 32, *args: Any, convert_to_numpy: bool = True,
               convert_to_tensor: bool = False, normalize_embeddings: bool = False, **options: Any) -> Any:  # fmt: skip
        """(texts, width), for one text (width,)."""
        texts = [sentences] if isinstance(sentences, str) else list(sentences)
        with torch.no_grad():
            made = self(self.tokenize(texts))["sentence_embedding"].detach()
        made = F.normalize(made, dim=1) if normalize_embeddings else made
        made = made[0] if isinstance(sentences, str) else made
        return made.numpy() if convert_to_numpy and not convert_to_tensor else made

    encode_query = encode_document = encode

    def similarity(self, first: Any, second: Any) -> Any:
        """See :func:`cos_sim`."""
        return cos_sim(first, second)

    def smart_batching_collate(self, batch: Sequence[Any]) -> Any:
        """Features of each column of texts, and the labels."""
        columns = zip(*(example.texts for example in batch), strict=True)
        return [self.tokenize(column) for column in columns], torch.tensor([example.label for example in batch])

    def fit(self, train_objectives: Iterable[Any], evaluator: Any = None, *args: Any, **options: Any) -> None:
        """A loop over each loader with its loss, then the evaluation."""
        for loader, loss in train_objectives:
            loader.collate_fn = self.smart_batching_collate
            optimizer = torch.optim.AdamW(loss.parameters(), lr=2e-5)
            for features, labels in loader:
                loss(features, labels).backward()
                optimizer.step()
                optimizer.zero_grad()
        if callable(evaluator):
            evaluator(self)

    def save(self, *args: Any, **options: Any) -> None:
        """Nothing is written."""

    save_pretrained = push_to_hub = save_to_hub = old_fit = save


def _usual(name: str) -> list[nn.Module]:
    """A checkpoint's encoder with the pooling that it was trained with."""
    if "/" not in name and hub.checkpoint(name) is None and hub.checkpoint(f"sentence-transformers/{name}"):
        name = f"sentence-transformers/{name}"
    known, encoder = hub.checkpoint(name), Transformer(name)
    mode = known.default_pooling if known is not None and known.default_pooling in ("cls", "max") else "mean"
    return [encoder, Pooling(encoder.get_word_embedding_dimension(), mode)]


def cos_sim(a: Any, b: Any) -> torch.Tensor:
    """(rows of a, rows of b): the cosine of each two."""
    first, second = (torch.as_tensor(part) for part in (a, b))
    first, second = (part.unsqueeze(0) if part.ndim == 1 else part for part in (first, second))
    return F.normalize(first, dim=1) @ F.normalize(second, dim=1).T


pytorch_cos_sim = dot_score = cos_sim


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


OnlineContrastiveLoss = ContrastiveLoss


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


BinaryClassificationEvaluator = InformationRetrievalEvaluator = TripletEvaluator = EmbeddingSimilarityEvaluator


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
        optimizer = torch.optim.AdamW(loss.parameters(), lr=2e-5)
        for features, labels in loader:
            loss(features, labels).backward()
            optimizer.step()
            optimizer.zero_grad()

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
        optimizer = torch.optim.AdamW(self.parameters(), lr=2e-5)
        for examples in train_dataloader:
            labels = torch.tensor([example.label for example in examples])
            labels = labels.float() if self.num_labels == 1 else labels.long()
            loss_fct(self._scores([example.texts for example in examples]), labels).backward()
            optimizer.step()
            optimizer.zero_grad()

    def save(self, *args: Any, **options: Any) -> None:
        """Nothing is written."""

    save_pretrained = save
