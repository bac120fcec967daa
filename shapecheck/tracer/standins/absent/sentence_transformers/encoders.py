"""Encoders of transformers with a pooling: one vector of a text."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from shapecheck import hub
from shapecheck.tracer.standins.absent.sentence_transformers.losses import Features, cos_sim
from shapecheck.tracer.standins.absent.sentence_transformers.steps import train_labelled
from shapecheck.tracer.standins.absorb import Absorbing


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
            train_labelled(loader, loss)
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
