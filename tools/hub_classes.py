"""Writes the class tables of rules/hub from the installed transformers: models, auto classes, configs.

Run ``python tools/hub_classes.py``; every row is read off the imported classes, nothing is typed by hand.
"""

from __future__ import annotations

import csv
import importlib
import inspect
import json
import pkgutil
import re
import sys
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import fields
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

warnings.simplefilter("ignore")

import transformers  # noqa: E402
from transformers.models.auto import auto_factory, configuration_auto, modeling_auto  # noqa: E402

HUB = Path(__file__).resolve().parent.parent / "rules" / "hub"

HEADS = {
    "ForSequenceClassification": "sequence-classification",
    "ForTokenClassification": "token-classification",
    "ForQuestionAnsweringSimple": "question-answering",
    "ForQuestionAnswering": "question-answering",
    "ForMultipleChoice": "multiple-choice",
    "ForMaskedLM": "masked-lm",
    "ForCausalLM": "causal-lm",
    "LMHeadModel": "causal-lm",
    "ForConditionalGeneration": "conditional-generation",
    "ForNextSentencePrediction": "next-sentence-prediction",
    "ForPreTraining": "pretraining",
    "ForImageClassification": "image-classification",
    "ForVideoClassification": "video-classification",
    "ForSemanticSegmentation": "semantic-segmentation",
    "ForObjectDetection": "object-detection",
    "ForDepthEstimation": "depth-estimation",
    "ForMaskedImageModeling": "masked-image-modeling",
    "ForAudioFrameClassification": "audio-frame-classification",
    "ForXVector": "audio-xvector",
    "ForCTC": "ctc",
    "ForSpeechClassification": "audio-classification",
    "ForAudioClassification": "audio-classification",
    "Backbone": "backbone",
    "PreTrainedModel": "abstract",
    "PretrainedModel": "abstract",
}

COMMON = "PreTrainedConfig"


def modules(prefix: str) -> Iterator[ModuleType]:
    """Every module ``transformers.models.<folder>.<prefix>*`` that can be imported with the packages installed."""
    for folder in sorted(pkgutil.iter_modules(transformers.models.__path__), key=lambda m: m.name):
        package = f"transformers.models.{folder.name}"
        for found in pkgutil.iter_modules([str(Path(transformers.models.__path__[0]) / folder.name)]):
            if found.name.startswith(prefix):
                try:
                    yield importlib.import_module(f"{package}.{found.name}")
                except ImportError as missing:
                    print(f"left out: {package}.{found.name}: {missing}", file=sys.stderr)


def model_classes() -> list[type[Any]]:
    """Every PreTrainedModel that a modeling module defines and that says which config it takes, by name."""
    found: dict[str, type[Any]] = {}
    for module in modules("modeling_"):
        for name, cls in vars(module).items():
            own = inspect.isclass(cls) and cls.__module__ == module.__name__ and not name.startswith("_")
            if not own or not issubclass(cls, transformers.PreTrainedModel) or not getattr(cls, "config_class", None):
                continue
            # Two folders may define the same name: the one that ``transformers.X`` gives is meant.
            if name not in found or getattr(transformers, name, None) is cls:
                found[name] = cls
    return [found[name] for name in sorted(found)]


def config_classes() -> list[type[Any]]:
    """Every PreTrainedConfig that a configuration module defines, by name."""
    found: dict[str, type[Any]] = {}
    for module in modules("configuration_"):
        for name, cls in vars(module).items():
            if (
                inspect.isclass(cls)
                and cls.__module__ == module.__name__
                and issubclass(cls, transformers.PretrainedConfig)
            ):
                found[name] = cls
    return [found[name] for name in sorted(found)]


def config_class(cls: type[Any]) -> type[Any]:
    """The config that a model class takes; the first where it names several."""
    stated = cls.config_class
    return stated if inspect.isclass(stated) else get_args(stated)[0]


def head(name: str) -> str:
    """The kind of head that a class name stands for, or ""."""
    return next((kind for ending, kind in HEADS.items() if name.endswith(ending)), "")


def forward_parameters(cls: type[Any]) -> list[str]:
    """The parameters of ``forward`` in order, ``**kwargs`` with its stars; none where a class has no forward."""
    if "forward" not in {
        name for base in cls.__mro__ if base is not transformers.PreTrainedModel for name in vars(base)
    }:
        return []
    signature = inspect.signature(cls.forward)
    stars = {inspect.Parameter.VAR_KEYWORD: "**", inspect.Parameter.VAR_POSITIONAL: "*"}
    return [stars.get(p.kind, "") + p.name for p in list(signature.parameters.values())[1:]]


def required_parameters(cls: type[Any]) -> list[str]:
    """The parameters of ``forward`` that have no default."""
    listed = list(inspect.signature(cls.forward).parameters.values())[1:]
    return [p.name for p in listed if p.default is p.empty and p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]


def output_class(cls: type[Any]) -> str:
    """The model output that the return annotation of ``forward`` names, or ""."""
    annotation = str(inspect.signature(cls.forward).return_annotation)
    words = [w.split(".")[-1] for w in re.sub(r"[|\[\]<>',]", " ", annotation).split()]
    return next((w for w in words if "Output" in w), "")


def pooler(cls: type[Any]) -> str:
    """``option`` where ``add_pooling_layer`` chooses, else "" (the measured outputs say whether there is one)."""
    try:
        return "option" if "add_pooling_layer" in inspect.signature(cls.__init__).parameters else ""
    except ValueError:
        return ""


def model_rows() -> Iterator[dict[str, str]]:
    """One row per model class."""
    for cls in model_classes():
        parameters = forward_parameters(cls)
        yield {
            "model_class": cls.__name__,
            "model_type": config_class(cls).model_type,
            "config_class": config_class(cls).__name__,
            "head": head(cls.__name__),
            "main_input": str(cls.main_input_name),
            "pooler": pooler(cls),
            "base_model_prefix": cls.base_model_prefix or "",
            "output_class": output_class(cls) if parameters else "",
            "forward_params": " ".join(parameters),
            "required": " ".join(required_parameters(cls)) if parameters else "",
            "parents": " ".join(b.__name__ for b in cls.__mro__[1:] if b.__module__.startswith("transformers.models.")),
        }


def auto_rows() -> Iterator[dict[str, str]]:
    """One row per Auto class and model type."""
    names = {id(value): key for key, value in vars(modeling_auto).items() if key.endswith("_MAPPING")}
    for auto_name, cls in sorted(vars(modeling_auto).items()):
        if not (
            inspect.isclass(cls)
            and issubclass(cls, auto_factory._BaseAutoModelClass)
            and hasattr(cls, "_model_mapping")
        ):
            continue
        mapping = cls._model_mapping
        if auto_name.startswith("_") or id(mapping) not in names:
            continue
        for model_type, target in sorted(mapping._model_mapping.items()):
            first = target if isinstance(target, str) else target[0]
            yield {"auto_class": auto_name, "model_type": model_type, "model_class": first}


def text_of(value: Any) -> str | None:
    """A default as text: numbers, words, true, false, null, and short lists of these; None for anything else."""
    if value is None or isinstance(value, (bool, int, float)):
        return json.dumps(value)
    if isinstance(value, str):
        return None if set(value) & set(";=\n") else value
    if (
        isinstance(value, (list, tuple))
        and len(value) <= 64
        and all(isinstance(v, (bool, int, float, str, list)) for v in value)
    ):
        return json.dumps(list(value), separators=(",", ":"))
    return None


def defaults(config: Any, common: dict[str, str]) -> dict[str, str]:
    """What a config says of itself beyond the common part: scalars and short lists, by attribute name."""
    own = {
        k: text_of(v)
        for k, v in config.to_dict().items()
        if k not in ("model_type", "transformers_version", "id2label", "label2id")
    }
    own["num_labels"] = text_of(config.num_labels)
    return {k: v for k, v in own.items() if v is not None and common.get(k) != v}


def computed(cls: type[Any], config: Any) -> set[str]:
    """The attributes that the constructor does not take but works out from others (Swin's ``hidden_size``)."""
    taken = set(inspect.signature(cls.__init__).parameters) | {f.name for f in fields(cls)}
    return {name for name in vars(config) if name not in taken and not name.startswith("_")}


def derived(cls: type[Any], config: Any) -> set[str]:
    """The computed attributes, and those that the constructor fills in where it is given None."""
    filled = {f.name for f in fields(cls) if f.default is None and getattr(config, f.name, None) is not None}
    return computed(cls, config) | filled


def config_rows() -> Iterator[dict[str, str]]:
    """One row per config class: what ``XConfig()`` without arguments holds. The first row is common to all."""
    common = defaults(transformers.PretrainedConfig(), {})
    yield row(COMMON, "", {}, {}, set(), common)
    for cls in config_classes():
        yield config_row(cls, common)


def config_row(cls: type[Any], common: dict[str, str]) -> dict[str, str]:
    """One config class as a row; a composite says which class each part has, and where it differs from that class."""
    parts = {key: part for key, part in cls.sub_configs.items() if part is not transformers.AutoConfig}
    try:
        config = cls()
        own = defaults(config, common)
        for key in cls.sub_configs:
            part = getattr(config, key, None)
            if isinstance(part, transformers.PretrainedConfig):
                parts[key] = type(part)
                usual = defaults(type(part)(), common)
                own |= {f"{key}.{k}": v for k, v in defaults(part, common).items() if usual.get(k) != v}
    except Exception as reason:  # a composite that cannot be built without its parts
        print(f"no defaults: {cls.__name__}: {type(reason).__name__}: {str(reason)[:80]}", file=sys.stderr)
        return row(cls.__name__, cls.model_type, cls.attribute_map, parts, set(), {})
    return row(cls.__name__, cls.model_type, cls.attribute_map, parts, derived(cls, config) & set(own), own)


def row(
    name: str, model_type: str, names: dict[str, str], parts: dict[str, Any], worked_out: set[str], own: dict[str, str]
) -> dict[str, str]:
    """One config class as a row."""
    return {
        "config_class": name,
        "model_type": model_type,
        "attribute_map": " ".join(f"{standard}={meant}" for standard, meant in sorted(names.items())),
        "sub_configs": " ".join(f"{key}={part.__name__}" for key, part in sorted(parts.items())),
        "derived": " ".join(sorted(worked_out)),
        "defaults": joined(own),
    }


def joined(values: dict[str, str]) -> str:
    """``key=value;key=value``."""
    return ";".join(f"{k}={v}" for k, v in values.items())


def type_rows() -> Iterator[dict[str, str]]:
    """One row per model type: its config class."""
    for model_type, name in sorted(configuration_auto.CONFIG_MAPPING_NAMES.items()):
        yield {"model_type": model_type, "config_class": name}


def write(path: Path, rows: Iterable[dict[str, str]]) -> None:
    """Write a table; no cell may hold a line end, since the reader takes one line for one row."""
    listed = list(rows)
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, list(listed[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(listed)
    print(f"{path.name}: {len(listed)} rows, {path.stat().st_size // 1024} KB", flush=True)


def stored(path: Path, key: str) -> dict[str, list[dict[str, str]]]:
    """A table as it is: its rows by key."""
    found: dict[str, list[dict[str, str]]] = {}
    if path.exists():
        with path.open(encoding="utf-8", newline="") as text:
            for row in csv.DictReader(text):
                found.setdefault(row[key], []).append(row)
    return found


def main() -> None:
    """Write the four tables."""
    write(HUB / "models.csv", model_rows())
    write(HUB / "auto.csv", auto_rows())
    write(HUB / "types.csv", type_rows())
    write(HUB / "configs.csv", config_rows())


if __name__ == "__main__":
    main()
