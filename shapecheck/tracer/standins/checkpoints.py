"""What a checkpoint's config.json would say: from the local folder, the hub cache, the checkpoint table, or a guess."""

from __future__ import annotations

import functools
import os.path
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shapecheck import hub

if TYPE_CHECKING:
    from shapecheck.hub import Checkpoint
    from shapecheck.tracer.child.session import Session

_FEED_FORWARD = tuple(
    """
    intermediate_size d_ff hidden_dim ffn_dim ffn_hidden_size encoder_ffn_dim decoder_ffn_dim d_inner
    """.split()
)
_DECODER_LAYERS = ("decoder_layers", "num_decoder_layers")
_NOT_CONFIG = {"pad_token", "num_features", "sentence_embedding_dim"}
_FALLBACK = "bert"
_FAMILIES = {
    "opus-mt": "marian", "nllb": "m2m_100", "flan": "t5", "ul2": "t5", "byt5": "t5", "vicuna": "llama",
    "alpaca": "llama", "dialogpt": "gpt2", "minilm": "bert", "simcse": "bert",
}  # fmt: skip
"""Families of checkpoints whose names do not say of which type they are."""
USUAL_FOR = {
    "Seq2SeqLM": "t5", "CausalLM": "gpt2", "ImageClassification": "vit", "MaskedImageModeling": "vit",
    "AudioClassification": "wav2vec2", "CTC": "wav2vec2", "SpeechSeq2Seq": "whisper", "ObjectDetection": "detr",
    "SemanticSegmentation": "segformer", "UniversalSegmentation": "mask2former",
}  # fmt: skip
"""The usual type of model for a task, by the end of the auto class's name."""
_IMAGE_CLASSIFIERS = {"vit", "deit", "beit", "swin", "swinv2", "convnext", "convnextv2", "resnet"}
_NO_HEAD = re.compile(r"in21k|pt22k$|pt22k-224$|dino|mae|fcmae|simmim|msn|base-384-21k")


@dataclass
class Stand:
    """What stands in for one checkpoint.

    Attributes:
        config: the contents of its config.json, with ``model_type``.
        known: whether they are the checkpoint's own (False: the defaults of a guessed or given type).
    """

    config: dict[str, Any] = field(default_factory=dict)
    known: bool = True


class Checkpoints:
    """The checkpoints of one run: those that the script saves, and those that the table knows."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._saved: dict[str, dict[str, Any]] = {}

    @functools.cached_property
    def _text(self) -> str:
        """The script's text; empty where it is none."""
        try:
            return self._session.script.read_text(errors="replace")
        except OSError:
            return ""

    def save(self, folder: Any, config: Mapping[str, Any]) -> None:
        """Remember the config of a model that the script saves, for when it loads it again."""
        self._saved[os.path.normpath(str(folder))] = dict(config)

    def is_local(self, name: str, subfolder: str = "") -> bool:
        """Whether the real files are there: in a folder, or in the local hub cache."""
        return Path(name).is_file() or local_file(name, "config.json", subfolder) is not None

    def stand(self, name: str, model_type: str | None) -> Stand:
        """The config of a checkpoint that is not there.

        ``model_type`` is the type that the script's class settles (``BertModel``), or None for an Auto class.
        """
        saved = self._saved.get(os.path.normpath(name))
        if saved is not None:
            return Stand(dict(saved))
        checkpoint = hub.checkpoint(name)
        if checkpoint is not None and model_type in (None, checkpoint.model_type):
            return Stand({**config_dict(checkpoint.model_type, checkpoint.fields), **head_of(checkpoint)})
        taken = model_type or guess_type(name, self._text)
        usual = hub.checkpoint(usual_checkpoint(taken))
        if usual is not None and usual.model_type == taken:
            self._session.assume(f"unknown checkpoint {name}: taken as {taken}, with the sizes of {usual.name}")
            return Stand(config_dict(taken, usual.fields), known=False)
        self._session.assume(f"unknown checkpoint {name}: taken as {taken} with its default config")
        return Stand({"model_type": taken}, known=False)

    def own_config(self, name: str, like: Any) -> Any:
        """A checkpoint's own config, of the class of ``like``; None where it is not known."""
        if self.is_local(name):
            own: Any = type(like).from_pretrained(name)
            return own
        checkpoint = hub.checkpoint(name)
        if os.path.normpath(name) in self._saved or (
            checkpoint is not None and checkpoint.model_type == like.model_type
        ):
            return type(like).from_dict(self.stand(name, like.model_type).config)
        return None


def local_file(name: str, file: str, subfolder: str = "") -> str | None:
    """The path of a checkpoint's file in its folder or in the hub cache, or None."""
    path = Path(name, subfolder, file)
    if path.is_file():
        return str(path)
    if Path(name).is_dir() or name.startswith((".", "/", "~")) or name.count("/") > 1:
        return None
    from huggingface_hub import try_to_load_from_cache

    try:
        cached = try_to_load_from_cache(name, f"{subfolder}/{file}" if subfolder else file)
    except ValueError:  # not a name that a hub could hold
        return None
    return cached if isinstance(cached, str) else None


def local_folder(name: str, files: Iterable[str], subfolder: str = "") -> str | None:
    """The folder that holds one of a checkpoint's files, above its subfolder; None where there is none.

    The libraries are given the folder of a cached checkpoint rather than its name: they would write to the cache.
    """
    found = next((path for file in files if (path := local_file(name, file, subfolder)) is not None), None)
    if found is None:
        return None
    return str(Path(found).parents[len(Path(subfolder).parts)])


def guess_type(name: str, script: str = "") -> str:
    """The model type that words in a checkpoint's name suggest (``my-roberta-large``: ``roberta``).

    Else the usual one for the auto classes that the script names (``AutoModelForSeq2SeqLM``: ``t5``), else ``bert``.
    """
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING_NAMES

    plain = re.sub(r"[^a-z0-9]+", "-", name.lower())
    fits: list[str] = [kind for kind in CONFIG_MAPPING_NAMES if re.sub(r"[^a-z0-9]+", "-", kind.lower()) in plain]
    if not fits:
        named = next((kind for word, kind in _FAMILIES.items() if word in plain), None)
        used = next((kind for word, kind in USUAL_FOR.items() if f"AutoModelFor{word}" in script), _FALLBACK)
        return named or used
    return max(fits, key=len)


def usual_checkpoint(model_type: str) -> str:
    """The checkpoint that the documentation of a type's config names as the usual one, or an empty string.

    The defaults of a config class often differ from it (``RobertaConfig()`` has 512 positions, roberta-base 514).
    """
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING

    doc = CONFIG_MAPPING[model_type].__doc__ if model_type in CONFIG_MAPPING else ""
    named = re.search(r"\[([^\]\s]+)\]\(https://huggingface\.co/\1/?\)", doc or "")
    return named.group(1) if named else ""


def config_dict(model_type: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """A config.json from the table's columns, under the names that the type's config class uses."""
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING

    if model_type not in CONFIG_MAPPING:
        return {"model_type": model_type, **facts}
    cls = CONFIG_MAPPING[model_type]
    default = cls()
    config: dict[str, Any] = {"model_type": model_type}
    for key, value in facts.items():
        part, dot, inner = key.partition(".")
        if key in _NOT_CONFIG:
            continue
        if dot:
            config.setdefault(part, {})[inner] = value
        else:
            _place(config, default, key, value, facts)
    if getattr(default, "is_encoder_decoder", False) and not hasattr(default, "decoder_start_token_id"):
        # every published checkpoint says it, and the class has no default (T5 and its kin start with the padding token)
        config.setdefault("decoder_start_token_id", getattr(default, "pad_token_id", None) or 0)
    return config


def head_of(checkpoint: Checkpoint) -> dict[str, Any]:
    """The labels and the architecture of a checkpoint that was trained as a classifier; empty for any other.

    Image checkpoints are classifiers of ImageNet's classes unless their names say that they are not: 1000, or 21841
    where the last training was on all of ImageNet.
    """
    from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING_NAMES

    architecture = MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING_NAMES.get(checkpoint.model_type)
    name = checkpoint.name.rpartition("/")[2].lower()
    architecture = architecture if isinstance(architecture, str) else (architecture or ("",))[0]
    if not architecture or checkpoint.model_type not in _IMAGE_CLASSIFIERS or _NO_HEAD.search(name):
        return {}
    labels = 21841 if re.search(r"22k(-\d+)?$", name) else 1000
    return {"architectures": [architecture], "id2label": {i: f"LABEL_{i}" for i in range(labels)}}


def _place(config: dict[str, Any], default: Any, key: str, value: Any, facts: Mapping[str, Any]) -> None:
    names = [key]
    if key in ("hidden_size", "num_hidden_layers") and "embed_dim" in facts:
        return  # a pyramid: its widths follow from embed_dim and depths
    if key == "intermediate_size":
        names = list(_FEED_FORWARD)
    elif key == "num_hidden_layers":
        names = [key, "encoder_layers"]
    elif key == "decoder_layers":
        names = list(_DECODER_LAYERS)
    elif key == "num_attention_heads":
        names = [key, "decoder_attention_heads"]
    for part in ("vision_config", "text_config"):
        sub = getattr(default, part, None)
        if sub is not None and not hasattr(default, key) and hasattr(sub, key):
            config.setdefault(part, {})[key] = value
    for name in names:
        real = default.attribute_map.get(name, name)
        if real in vars(default) or real in ("id2label", "num_labels", "architectures"):
            config[real] = value
    if key == "projection_dim":
        for part in ("vision_config", "text_config"):
            if hasattr(default, part):
                config.setdefault(part, {})[key] = value
