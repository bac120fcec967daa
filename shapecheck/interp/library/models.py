"""transformers' models: built from a checkpoint or a config, called through ``shapecheck.hub``."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Any

from shapecheck import hub, ops
from shapecheck.dims import number
from shapecheck.graph import Module, Tensor
from shapecheck.interp.library.configs import LOADING, ConfigValue, apply_overrides, configured
from shapecheck.interp.library.modules import ModuleValue, graph_module, is_module, module_method, place
from shapecheck.interp.library.outputs import ModelOutput, OutputTuple, stage_of, with_roles
from shapecheck.interp.library.registry import Handler, Opaque, Taken, none, spans, take, words
from shapecheck.interp.values import (
    Bound,
    CallArgs,
    Const,
    Int,
    Items,
    Machine,
    Mapping,
    TensorValue,
    Unknown,
    Value,
)
from shapecheck.ops.values import as_dim
from shapecheck.shapes import ANY, Shape

BUILDING = LOADING | frozenset(
    words("""
    config torch_dtype dtype device_map quantization_config low_cpu_mem_usage ignore_mismatched_sizes
    attn_implementation from_tf from_flax output_loading_info state_dict add_pooling_layer load_in_8bit load_in_4bit
    max_memory use_safetensors variant offload_folder weights_only _fast_init use_flash_attention_2 adapter_kwargs
""")
)
"""Keywords of ``from_pretrained`` that are no attributes of the config."""

_REPORTED = (
    "hidden_size",
    "num_labels",
    "vocab_size",
    "max_position_embeddings",
    "num_hidden_layers",
    "problem_type",
    "return_dict",
)
"""Config attributes that a check wants to know of a model."""


@dataclass(slots=True, eq=False)
class PretrainedModel(ModuleValue):
    """A model of transformers. ``facts`` is None where it is not known which class an Auto class makes.

    Attributes:
        options: what the constructor was given beside the config (``add_pooling_layer``, ``dtype``).
        replaced: submodules that the program put in place of the model's own.
    """

    facts: hub.ModelFacts | None = None
    config: ConfigValue = field(default_factory=lambda: ConfigValue(None))
    options: dict[str, Any] = field(default_factory=dict)
    replaced: dict[str, Value] = field(default_factory=dict)

    def attribute(self, name: str, machine: Machine, node: ast.AST) -> Value:
        if name == "config":
            return self.config
        if name in self.replaced:
            return self.replaced[name]
        if name in self.attributes:
            return self.attributes[name]
        child = self.child(name)
        if child is not None:
            return child
        match name:
            case "num_labels":
                return self.config.get("num_labels")
            case "base_model":
                return self.child(self.facts.base_model_prefix) or self if self.facts else Unknown()
            case "training" | "dtype" | "main_input_name" | "name_or_path":
                return Unknown()
            case "device" | "generation_config":
                return Opaque(name)
        return Bound(self, name)

    def child(self, name: str) -> Value | None:
        """A submodule of the model's own, made when it is first asked for."""
        if name in self.children or self.facts is None or self.config.config is None:
            return self.children.get(name)
        found = hub.module_children(self.facts, self.config.config).get(name)
        if found is not None:
            kind, params = found
            self.children[name] = self._made(kind, params)
            place(self.children[name], self, name)
        return self.children.get(name)

    def _made(self, kind: str, params: dict[str, Any]) -> Value:
        facts = hub.model(kind.removeprefix("transformers.")) if kind.startswith("transformers.") else None
        if facts is not None:
            return build(
                facts,
                self.config,
                {k: v for k, v in params.items() if k == "add_pooling_layer"},
                self.module.params.get("checkpoint"),
            )
        sizes = {key: number(value) if type(value) is int else value for key, value in params.items()}
        return ModuleValue(Module(kind, params=sizes, created=self.module.created))

    def set_attribute(self, name: str, value: Value, machine: Machine, node: ast.AST) -> None:
        if name == "config" and isinstance(value, ConfigValue):
            self.config = value
        elif name == "num_labels":
            self.attributes[name] = value
            count = value.dim if isinstance(value, Int) else None
            machine.event("labels", node, count=count, module=self.module)
        elif is_module(value):
            old = self.attribute(name, machine, node)
            self.replaced[name] = value
            place(value, self, name)
            new = graph_module(value)
            machine.event("replace", node, path=name, old=graph_module(old), new=new, model=self.module)
        else:
            self.attributes[name] = value

    def call(self, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        if "forward" in self.attributes:
            return machine.call(self.attributes["forward"], args, node)
        if self.facts is None or self.config.config is None:
            return machine.not_checked(node, f"which model {self.module.kind.rpartition('.')[2]} makes is not known")
        return forward(self, args, machine, node)

    def method(self, name: str, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        match name:
            case "forward" | "__call__":
                return self.call(args, machine, node)
            case "get_input_embeddings":
                return self._embedding()
            case "get_output_embeddings":
                return self.child("lm_head") or Unknown()
            case "resize_token_embeddings":
                return self._resized(args, machine, node)
            case "generate":
                return self._generated(args, machine, node)
            case "get_encoder" | "get_decoder":
                return self.child(name.removeprefix("get_")) or Unknown()
            case (
                "save_pretrained"
                | "push_to_hub"
                | "set_input_embeddings"
                | "init_weights"
                | "post_init"
                | "add_adapter"
            ):
                return Const(None)
            case "num_parameters" | "get_memory_footprint":
                return Unknown()
        answer = module_method(self, name, args, machine, node)
        return machine.not_checked(node, f"{self.module.kind}.{name} is not known") if answer is None else answer

    def _embedding(self) -> Value:
        if self.config.config is None:
            return Unknown()
        sizes = {"num_embeddings": self.config.dim("vocab_size"), "embedding_dim": self.config.dim("hidden_size")}
        return ModuleValue(Module("torch.nn.Embedding", params=sizes, created=self.module.created))

    def _resized(self, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        count = take(args, "new_num_tokens").get("new_num_tokens")
        machine.event("resize", node, module=self.module, count=count.dim if isinstance(count, Int) else None)
        self.config.override("vocab_size", count or Unknown(), machine.span(node))
        return self._embedding()

    def _generated(self, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        taken = take(args, "inputs")
        ids = taken.get("inputs") or taken.get("input_ids")
        rows = (
            ids.tensor.shape.dim(0)
            if isinstance(ids, TensorValue)
            else machine.fresh("batch", node, "the number of prompts")
        )
        if (
            any(
                name in args.keywords
                for name in ("num_return_sequences", "return_dict_in_generate", "generation_config")
            )
            or not args.exact
        ):
            return Unknown()
        length = machine.fresh("generated", node, "the length of the generated text")
        return TensorValue(Tensor(Shape((rows, length)), "int64", role="ids", padding="unknown"))


def build(
    facts: hub.ModelFacts | None, config: ConfigValue, options: dict[str, Any], checkpoint: object, auto: str = ""
) -> PretrainedModel:
    """A model of a class and a config, with what checks want to know of it in the module's parameters."""
    kind = f"transformers.{facts.cls}" if facts else auto
    params: dict[str, Any] = {"checkpoint": checkpoint, **options}
    if config.config is not None:
        known = hub.checkpoint(checkpoint) if isinstance(checkpoint, str) else None
        params |= {name: config.get(name).operand() for name in _REPORTED}
        params |= {"model_type": config.config.model_type, "default_pooling": known.default_pooling if known else ""}
    if facts is not None:
        params |= {
            "causal": facts.causal,
            "head": facts.head,
            "is_encoder_decoder": facts.is_encoder_decoder,
            "pooler": options.get("add_pooling_layer", True) is not False if facts.pooler == "option" else facts.pooler,
        }
    return PretrainedModel(Module(kind, params=params), facts=facts, config=config, options=dict(options))


def forward(model: PretrainedModel, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    """Call a model: positional arguments by the order of its forward's parameters."""
    facts, config = model.facts, model.config.config
    assert facts is not None and config is not None
    names = [name for name in facts.forward_params if not name.startswith("*")]
    if len(args.positional) > len(names):
        return machine.not_checked(node, f"more arguments than {facts.cls}.forward takes")
    taken = take(args, *names)
    inputs: dict[str, Any] = {} if args.exact else dict.fromkeys(names, ops.UNKNOWN)
    inputs |= {name: value.operand() for name, value in taken.values.items()}
    outcome = hub.call(facts, config, inputs, model.options)
    if isinstance(outcome, ops.Result):
        outcome = ops.Result(_adapted(model, outcome.value, machine, node))
    returned = _without_opaque(outcome.value) if isinstance(outcome, ops.Result) else None
    given = machine.record(
        f"transformers.{facts.cls}",
        taken.values,
        spans(taken, machine),
        ops.Result(returned) if returned is not None else outcome,
        node,
        model.module,
    )
    if not isinstance(outcome, ops.Result):
        return given
    source = inputs.get(facts.main_input)
    return _output(facts, outcome.value, given, source if isinstance(source, Tensor) else None)


def _output(facts: hub.ModelFacts, value: Any, given: Value, source: Tensor | None) -> Value:
    """The value that the program sees for the recorded results."""
    if isinstance(value, tuple):
        values = list(given.items or ()) if isinstance(given, Items) else [Unknown() for _ in value]
        names = [field.name for field in facts.fields]
        with_roles(dict(zip(names, values, strict=False)), source)
        return OutputTuple(values, names[: len(values)], stage_of(values))
    recorded = given.items if isinstance(given, Mapping) else {}
    fields: dict[str, Value] = {}
    for name, content in value.items():
        if content is None:
            continue
        fields[name] = Opaque(content.kind) if isinstance(content, hub.Opaque) else recorded.get(name, Unknown())
    with_roles(fields, source)
    maybe = frozenset(name for name, content in value.items() if content is ops.UNKNOWN)
    return ModelOutput(facts.output_class, fields, tuple(value), stage_of(list(fields.values())), maybe)


def _without_opaque(value: Any) -> Any:
    """The part of a model's results that are tensors: what a stage can hold."""
    if isinstance(value, dict):
        return {name: content for name, content in value.items() if isinstance(content, (ops.Spec, tuple))}
    return tuple(ops.UNKNOWN if isinstance(content, hub.Opaque) else content for content in value)


def _adapted(model: PretrainedModel, value: Any, machine: Machine, node: ast.AST) -> Any:
    """The results with the logits of a head that the program put in place of the model's own."""
    if not isinstance(value, dict) or not isinstance(value.get("logits"), ops.Spec):
        return value
    own = hub.module_children(model.facts, model.config.config) if model.facts and model.config.config else {}
    for name, new in model.replaced.items():
        kind, params = own.get(name, ("", {}))
        if name in own and kind == "torch.nn.Linear":
            features = value["logits"].shape.replaced(-1, as_dim(params.get("in_features")))
            logits = machine.call(
                new, CallArgs([TensorValue(Tensor(features, value["logits"].dtype))], nodes=[None]), node
            )
            shape = logits.tensor.shape if isinstance(logits, TensorValue) else ANY
            return {**value, "logits": ops.Spec(shape, value["logits"].dtype)}
        if name in own and not kind.startswith("transformers."):
            return {**value, "logits": ops.Spec(ANY, value["logits"].dtype)}
    return value


def load(cls: str, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    """``<cls>.from_pretrained(...)``: an Auto class or a model class."""
    taken = take(args, "pretrained_model_name_or_path", "config")
    checkpoint = taken.plain("pretrained_model_name_or_path")
    config = _config_for(cls, taken, checkpoint, args, machine, node)
    model = _assembled(cls, config, checkpoint, taken, args, machine, node)
    machine.event("load", node, checkpoint=checkpoint if isinstance(checkpoint, str) else None, module=model.module)
    _say_labels(model, args, machine, node)
    if taken.plain("output_loading_info") is True:
        return Items("tuple", [model, Mapping({}, False)])
    return model


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
        config = ConfigValue(configured(facts.config_class if facts else None, name), machine.span(node))
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
    options = {
        key: taken.plain(key) for key in ("add_pooling_layer", "ignore_mismatched_sizes") if taken.get(key) is not None
    }
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
    """What calling ``AutoModel.from_pretrained``, ``BertModel`` and their like means; ``name`` without ``transformers.``."""
    cls, _, method = name.partition(".")
    if not cls.startswith("AutoModel") and (hub.model(cls) is None):
        return None
    if method == "from_pretrained":
        return lambda args, machine, node: load(cls, args, machine, node)
    if method in ("from_config", "_from_config") or (not method and not cls.startswith("Auto")):
        return lambda args, machine, node: make(cls, args, machine, node)
    return none if method == "register" else None
