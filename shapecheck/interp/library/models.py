"""transformers' models: built from a checkpoint or a config."""

from __future__ import annotations

import ast

from shapecheck import hub
from shapecheck.interp.library.configs import LOADING, ConfigValue, apply_overrides, configured, named
from shapecheck.interp.library.pretrained import PretrainedModel, build
from shapecheck.interp.library.registry import Handler, Taken, none, spans, take, words
from shapecheck.interp.values import CallArgs, Int, Items, Machine, Mapping, Value

BUILDING = LOADING | frozenset(
    words("""
    config torch_dtype dtype device_map quantization_config low_cpu_mem_usage ignore_mismatched_sizes
    attn_implementation from_tf from_flax output_loading_info state_dict add_pooling_layer load_in_8bit load_in_4bit
    max_memory use_safetensors variant offload_folder weights_only _fast_init use_flash_attention_2 adapter_kwargs
""")
)
"""Keywords of ``from_pretrained`` that are no attributes of the config."""


def load(cls: str, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    """``<cls>.from_pretrained(...)``: an Auto class or a model class."""
    taken = take(args, "pretrained_model_name_or_path", "config")
    checkpoint = taken.plain("pretrained_model_name_or_path")
    config = _config_for(cls, taken, checkpoint, args, machine, node)
    model = _assembled(cls, config, checkpoint, taken, args, machine, node)
    name = checkpoint if isinstance(checkpoint, str) else None
    machine.event(
        "load",
        node,
        checkpoint=name,
        module=model.module,
        mismatched=_mismatched(name, model),
        ignored=not args.exact or taken.plain("ignore_mismatched_sizes", False) not in (False, None),
    )
    _say_labels(model, args, machine, node)
    if taken.plain("output_loading_info") is True:
        return Items("tuple", [model, Mapping({}, False)])
    return model


def _mismatched(checkpoint: str | None, model: PretrainedModel) -> dict[str, tuple[tuple[int, ...], tuple[int, ...]]]:
    """The weights of a checkpoint's head that do not fit the model, where both are known."""
    known = hub.checkpoint(checkpoint) if checkpoint is not None else None
    if known is None or model.facts is None or model.config.config is None:
        return {}
    return hub.mismatched(known, model.facts, model.config.config)


def _config_for(
    cls: str, taken: Taken, checkpoint: object, args: CallArgs, machine: Machine, node: ast.AST
) -> ConfigValue:
    given = taken.get("config")
    if isinstance(given, ConfigValue):
        config = given.copied()
    else:
        facts = hub.model(cls)
        path = given.operand() if given is not None else None
        name = path if isinstance(path, str) else checkpoint if isinstance(checkpoint, str) else ""
        source = named(taken, "pretrained_model_name_or_path" if given is None else "config")
        config = ConfigValue(configured(facts.config_class if facts else None, name), machine.span(node), source=source)
    apply_overrides(
        config,
        {k: v for k, v in args.keywords.items() if k not in BUILDING and not k.startswith("pretrained")},
        args,
        machine,
    )
    return config


def _assembled(
    cls: str, config: ConfigValue, checkpoint: object, taken: Taken, args: CallArgs, machine: Machine, node: ast.AST
) -> PretrainedModel:
    name = hub.auto(cls, config.config.model_type) if cls.startswith("Auto") and config.config else cls
    facts = hub.model(name) if name and not name.startswith("Auto") else None
    named = ("add_pooling_layer", "ignore_mismatched_sizes", "attn_implementation")
    options = {key: taken.plain(key) for key in named if taken.get(key) is not None}
    dtype = taken.plain("dtype", taken.plain("torch_dtype"))
    if dtype is not None:
        options["dtype"] = dtype if isinstance(dtype, str) and dtype != "auto" else None
    model = build(facts, config, options, checkpoint if isinstance(checkpoint, str) else None, f"transformers.{cls}")
    model.module.created, model.module.context = machine.span(node), machine.context
    model.module.param_spans = spans(taken, machine)
    return model


def _say_labels(model: PretrainedModel, args: CallArgs, machine: Machine, node: ast.AST) -> None:
    if any(name in args.keywords for name in ("num_labels", "id2label", "label2id")):
        count = model.config.get("num_labels")
        machine.event("labels", node, count=count.dim if isinstance(count, Int) else None, module=model.module)


def make(cls: str, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    """``BertModel(config)`` or ``AutoModel.from_config(config)``: a model of a config, without weights."""
    taken = take(args, "config")
    given = taken.get("config")
    config = given if isinstance(given, ConfigValue) else ConfigValue(None)
    return _assembled(
        cls,
        config,
        config.config.checkpoint.name if config.config and config.config.checkpoint else None,
        taken,
        args,
        machine,
        node,
    )


def lookup(name: str) -> Handler | None:
    """What calling ``AutoModel.from_pretrained`` or ``BertModel`` means; ``name`` without ``transformers.``."""
    cls, _, method = name.partition(".")
    if not cls.startswith("AutoModel") and (hub.model(cls) is None):
        return None
    if method == "from_pretrained":
        return lambda args, machine, node: load(cls, args, machine, node)
    if method in ("from_config", "_from_config") or (not method and not cls.startswith("Auto")):
        return lambda args, machine, node: make(cls, args, machine, node)
    return none if method == "register" else None
