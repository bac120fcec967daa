"""Configs: an attribute's value and where it comes from (an override, the checkpoint, the config class's default)."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from shapecheck import dims
from shapecheck.dims import Dim
from shapecheck.hub.checkpoints import Checkpoint, checkpoint
from shapecheck.hub.tables import every, pairs, row
from shapecheck.ops.values import UNKNOWN
from shapecheck.places import Origin

_WORDS = {
    "hidden_size": "hidden size",
    "num_labels": "number of labels",
    "vocab_size": "vocabulary size",
    "num_hidden_layers": "number of layers",
    "num_attention_heads": "number of attention heads",
    "intermediate_size": "feed-forward size",
    "max_position_embeddings": "number of positions",
}
_SYMBOLS = {
    "hidden_size": "hidden",
    "num_labels": "labels",
    "vocab_size": "vocab",
    "num_attention_heads": "heads",
    "image_size": "image",
}
_TASK_WORDS = (
    "finetuned",
    "sst",
    "squad",
    "nli",
    "ner",
    "conll",
    "sentiment",
    "emotion",
    "mrpc",
    "classif",
    "cross-encoder",
)


@dataclass(frozen=True, slots=True)
class ConfigClass:
    """A config class: its defaults by own attribute names, and the standard names that stand for them.

    ``derived`` names the attributes that the constructor works out from others (Swin's ``hidden_size``).
    """

    name: str
    model_type: str
    attribute_map: dict[str, str]
    sub_configs: dict[str, str]
    derived: frozenset[str]
    defaults: dict[str, Any]


@cache
def config_class(name: str) -> ConfigClass | None:
    """A config class by name."""
    found, common = row("configs", name), row("configs", "PreTrainedConfig")
    if found is None or common is None:
        return None
    texts = pairs(common["defaults"]) | pairs(found["defaults"])
    return ConfigClass(
        found["config_class"],
        found["model_type"],
        pairs(found["attribute_map"], " "),
        pairs(found["sub_configs"], " "),
        frozenset(found["derived"].split()),
        {key: _value(text) for key, text in texts.items()},
    )


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


@dataclass(frozen=True, slots=True)
class Config:
    """The config of one model.

    ``get`` gives what an attribute holds, ``dim`` the same as a size: where the number is not known, a name that is
    the same for all uses of this config (``hidden``), so that two widths taken from one config agree.
    """

    cls: ConfigClass
    label: str
    checkpoint: Checkpoint | None = None
    known: bool = True
    overrides: Mapping[str, Any] = field(default_factory=dict)
    uid: int = 0

    @property
    def class_name(self) -> str:
        """The config class (``BertConfig``)."""
        return self.cls.name

    @property
    def model_type(self) -> str:
        """The model type (``bert``)."""
        return self.cls.model_type

    def own_name(self, name: str) -> str:
        """The attribute that really holds a standard name: ``d_model`` for T5's ``hidden_size``."""
        return self.cls.attribute_map.get(name, name)

    def standard_name(self, name: str) -> str:
        """The standard name of an attribute: ``hidden_size`` for T5's ``d_model``."""
        return next((standard for standard, own in self.cls.attribute_map.items() if own == name), name)

    def has(self, name: str) -> bool | None:
        """Whether an attribute exists; None where it cannot be told (properties, attributes set elsewhere)."""
        own = self.own_name(name)
        return True if own in self.cls.defaults or own in self.overrides or own in self.cls.sub_configs else None

    def get(self, name: str) -> tuple[Any, str]:
        """An attribute's value (UNKNOWN where it is not) and the words that say where it comes from.

        >>> config("bert", "bert-base-uncased").get("hidden_size")
        (768, 'the hidden size of bert-base-uncased')
        """
        head, dot, rest = name.partition(".")
        if dot:
            part = self.sub(head)
            return part.get(rest) if part else (UNKNOWN, "")
        own, standard = self.own_name(name), self.standard_name(name)
        words = f"the {_WORDS.get(standard, own)} of {self.label}"
        for key in (own, standard):
            if key in self.overrides:
                return self.overrides[key], f"the {_WORDS.get(standard, own)} that is set"
        if self.checkpoint is not None:
            for key in (standard, own):
                if key in self.checkpoint.fields:
                    return self.checkpoint.fields[key], words
        if own in self.cls.defaults and self._default_holds(own):
            return self.cls.defaults[own], words
        return UNKNOWN, words

    def certain(self, name: str) -> bool:
        """Whether an attribute's number is good enough to claim a fault by it."""
        standard = self.standard_name(name)
        return self.get(name)[0] is not UNKNOWN and not (self.checkpoint and standard in self.checkpoint.unverified)

    def dim(self, name: str) -> Dim:
        """An attribute (or one number of a list: ``hidden_sizes[-1]``) as a size, with its origin; a name of its own
        where the number is not known."""
        element = re.fullmatch(r"(.+)\[(-?\d+)\]", name)
        value, words = self.get(element[1] if element else name)
        if element:
            value = _element(value, int(element[2]))
        if isinstance(value, Dim):
            return value if value.origin else value.at(Origin(words))
        if isinstance(value, bool) or value is None or isinstance(value, str):
            return dims.UNKNOWN
        if isinstance(value, int):
            return dims.number(value, Origin(words))
        standard = self.standard_name(name)
        return dims.symbol(_SYMBOLS.get(standard, standard), self.uid, Origin(words))

    @property
    def restaged(self) -> bool:
        """Whether the stages or strides are others than the class's own, for which a reduction by a fixed factor
        (``height/32``) was measured."""
        fields = self.checkpoint.fields if self.checkpoint is not None else {}
        given = {**{self.own_name(key): value for key, value in fields.items()}, **self.overrides}
        return any(
            _STAGES.search(name) is not None and name in given and not _staged_alike(given[name], default)
            for name, default in self.cls.defaults.items()
        )

    def sub(self, name: str) -> Config | None:
        """The config of a part (``text_config``), or None if there is no such part."""
        part = config_class(self.cls.sub_configs.get(name, ""))
        if part is None:
            return None
        if self.overrides.get(name) is UNKNOWN:  # set by the program, to what is not known
            return Config(part, f"the {name} of {self.label}", None, False, {}, self.uid)
        own = {key.partition(".")[2]: value for key, value in self.cls.defaults.items() if key.startswith(f"{name}.")}
        fields = self.checkpoint.fields if self.checkpoint else {}
        stored = {key.partition(".")[2]: value for key, value in fields.items() if key.startswith(f"{name}.")}
        own = {key: value for key, value in own.items() if key not in stored}
        own |= {key.partition(".")[2]: value for key, value in self.overrides.items() if key.startswith(f"{name}.")}
        checkpoint = replace(self.checkpoint, fields=stored) if self.checkpoint else None
        return Config(part, f"the {name} of {self.label}", checkpoint, self.known and not checkpoint, own, self.uid)

    def with_overrides(self, overrides: Mapping[str, Any]) -> Config:
        """The same config with some attributes set, by any of their names."""
        own = {self.own_name(key): value for key, value in _flattened(overrides).items()}
        return Config(self.cls, self.label, self.checkpoint, self.known, {**self.overrides, **own}, self.uid)

    def _default_holds(self, own: str) -> bool:
        """Whether the class's default may stand for this checkpoint's value."""
        default = self.cls.defaults[own]
        if not self.known:
            return isinstance(default, (bool, str)) or default is None
        if own in self.cls.derived and any(
            _is_size(self.cls.defaults.get(key)) for key in self.overrides if key != "num_labels"
        ):
            return False
        if self.checkpoint is None:
            return True
        if own == "num_labels":
            vision = "image_size" in self.checkpoint.fields or "num_channels" in self.cls.defaults
            return not vision and not any(word in self.checkpoint.canonical.lower() for word in _TASK_WORDS)
        if own == "num_channels" and default == 3:
            return True  # published models of pictures see colours, and the table names those that do not
        return not _is_size(default) or self._is_the_default()

    def _is_the_default(self) -> bool:
        """Whether every size of the checkpoint's row is the class's default: then the rest is taken to be so too."""
        assert self.checkpoint is not None
        shared = {self.own_name(key): value for key, value in self.checkpoint.fields.items()}
        sizes = {key: value for key, value in shared.items() if key in self.cls.defaults and isinstance(value, int)}
        return bool(sizes) and all(self.cls.defaults[key] == value for key, value in sizes.items())


_STAGES = re.compile(r"depths|hidden_sizes|stride|patch_sizes?$|sr_ratios|num_stages|encoder_blocks|downsample")


def _staged_alike(value: Any, default: Any) -> bool:
    """Whether a list is as long as the default one; whether anything else is the same."""
    if isinstance(value, (list, tuple)) and isinstance(default, list):
        return len(value) == len(default)
    return bool(value == default)


def _is_size(value: Any) -> bool:
    """Whether an attribute holds a number or a list, not a switch or a word."""
    return isinstance(value, (int, list)) and not isinstance(value, bool)


def _element(values: Any, index: int) -> Any:
    """One number of a list, None where there is none of that index."""
    if not isinstance(values, (list, tuple)):
        return UNKNOWN if values is UNKNOWN else None
    return values[index] if -len(values) <= index < len(values) else None


def config(
    name: str | None, checkpoint_name: str | None = None, overrides: Mapping[str, Any] | None = None
) -> Config | None:
    """The config of a model type or config class (``bert``, ``BertConfig``), as a checkpoint has it, with overrides.

    Without a checkpoint these are the class's defaults. With a checkpoint that the table does not have, sizes are
    names. None if neither the type nor the checkpoint is known.
    """
    found = checkpoint(checkpoint_name) if checkpoint_name else None
    cls = config_class(_class_name(name or (found.model_type if found else "")))
    if cls is None:
        return None
    if found is not None and _class_name(found.model_type) != cls.name:
        part = _of_a_part(found, cls)
        if part is not None:
            return part.with_overrides(overrides or {})
        found = None  # loaded into another architecture: which of its sizes hold there is not known
    label = checkpoint_name or f"{cls.name}()"
    made = Config(cls, label, found, not checkpoint_name or found is not None, uid=zlib.crc32(label.encode()))
    return made.with_overrides(overrides or {})


def _of_a_part(found: Checkpoint, cls: ConfigClass) -> Config | None:
    """The config of a tower that is loaded alone (``CLIPVisionModel``) from the checkpoint of a model of several."""
    whole = config(None, found.name)
    parts = whole.cls.sub_configs if whole is not None else {}
    name = next((name for name, part in parts.items() if part == cls.name), None)
    return whole.sub(name) if whole is not None and name is not None else None


def named_type(name: str) -> str | None:
    """The model type that the words of a file's name state (``bert_pretrain``, ``kobert``: ``bert``), or None.

    Files are named after many other things than models: a type must end a word, a short one be a word by itself
    (``labeled`` is no LED, ``sample`` no SAM).
    """
    words = f"-{_dashed(name)}-"
    fits = [kind for kind, dashed in _types().items() if f"{'-' * (len(dashed) < 4)}{dashed}-" in words]
    return max(fits, key=len, default=None)


@cache
def _types() -> dict[str, str]:
    """Every model type, and its name with dashes between the words."""
    return {row["model_type"]: _dashed(row["model_type"]) for row in every("types")}


def _dashed(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower())


def _class_name(name: str) -> str:
    found = row("types", name)
    return found["config_class"] if found else name


def _flattened(overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Overrides with label dicts counted and parts' dicts under dotted names."""
    flat: dict[str, Any] = {}
    for key, value in overrides.items():
        if key in ("id2label", "label2id") and isinstance(value, Mapping):
            flat["num_labels"] = len(value)
        elif key.endswith("_config") and isinstance(value, Mapping):
            flat |= {f"{key}.{name}": inner for name, inner in value.items()}
        else:
            flat[key] = value
    return flat
