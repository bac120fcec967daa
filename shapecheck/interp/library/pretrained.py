"""A transformers model as a value: its config, its submodules, its methods."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Any

from shapecheck import hub
from shapecheck.dims import number
from shapecheck.graph import Module, Tensor
from shapecheck.interp.library import unknown_models
from shapecheck.interp.library.configs import ConfigValue
from shapecheck.interp.library.model_calls import features, forward
from shapecheck.interp.library.modules import ModuleValue, graph_module, hang, is_module, module_method
from shapecheck.interp.library.registry import Opaque, take
from shapecheck.interp.values import Bound, CallArgs, Const, Int, Machine, TensorValue, Unknown, Value
from shapecheck.shapes import Shape

_REPORTED = (
    "hidden_size",
    "embedding_size",
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
        replaced: submodules that the program put in place of the model's own, by path.
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
        """A submodule of the model's own, by its path; made when it is first asked for."""
        known = self.children.get(name)
        found = own_modules(self).get(name) if known is None else None
        if found is None:
            return known
        self.children[name] = made = self._made(name, *found)
        hang(made, self.module.path, name)
        return made

    def _made(self, path: str, kind: str, params: dict[str, Any]) -> Value:
        facts = _facts_of(kind, path) if kind.startswith("transformers.") else None
        if facts is not None:
            options = {key: value for key, value in params.items() if key == "add_pooling_layer"}
            return build(facts, _config_of(self.config, facts), options, self.module.params.get("checkpoint"))
        sizes = {key: number(value) if type(value) is int else value for key, value in params.items()}
        module = Module(kind, params=sizes, created=self.module.created)
        return Part(module, model=self, inside=path) if kind.startswith("transformers.") else ModuleValue(module)

    def set_attribute(self, name: str, value: Value, machine: Machine, node: ast.AST) -> None:
        if name == "config" and isinstance(value, ConfigValue):
            self.config = value
        elif name == "num_labels":
            self.attributes[name] = value
            count = value.dim if isinstance(value, Int) else None
            machine.event("labels", node, count=count, module=self.module)
        elif is_module(value):
            self.replace(name, value, machine, node)
        else:
            self.attributes[name] = value

    def replace(self, path: str, new: Value, machine: Machine, node: ast.AST) -> None:
        """Put a module of the program in the place of the model's own."""
        old = self.replaced.get(path) or self.child(path)
        self.replaced[path] = self.children[path] = new
        hang(new, self.module.path, path)
        before = graph_module(old) if old is not None else None
        machine.event("replace", node, path=path, old=before, new=graph_module(new), model=self.module)

    def call(self, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        if "forward" in self.attributes:
            return machine.call(self.attributes["forward"], args, node)
        if self.facts is None or self.config.config is None:
            made = unknown_models.call(self, args, machine, node)
            if made is not None:
                return made
            return machine.not_checked(node, f"which model {self.module.kind.rpartition('.')[2]} makes is not known")
        return forward(self, args, machine, node)

    def method(self, name: str, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        match name:
            case "forward" | "__call__":
                return self.call(args, machine, node)
            case "get_input_embeddings":
                return self._embedding()
            case "get_output_embeddings":
                return self.child("get_output_embeddings()") or Unknown()
            case "resize_token_embeddings":
                return self._resized(args, machine, node)
            case "set_input_embeddings":
                machine.event("resize", node, module=self.module, count=None)
                return Const(None)
            case "generate":
                return self._generated(args, machine, node)
            case "get_encoder" | "get_decoder":
                return self.child(name.removeprefix("get_")) or Unknown()
            case "save_pretrained" | "push_to_hub" | "init_weights" | "post_init" | "add_adapter":
                return Const(None)
            case "get_text_features" | "get_image_features" if (
                self.facts is not None and self.config.config is not None
            ):
                return features(self, name, args, machine, node)
            case "num_parameters" | "get_memory_footprint":
                return Unknown()
        answer = module_method(self, name, args, machine, node)
        return machine.not_checked(node, f"{self.module.kind}.{name} is not known") if answer is None else answer

    def _embedding(self) -> Value:
        if self.config.config is None:
            return Unknown()
        own = own_modules(self).get("get_input_embeddings()")
        if own is not None:
            return self._made("embeddings", *own)
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


@dataclass(slots=True, eq=False)
class Part(ModuleValue):
    """A submodule of a transformers model that is no model itself (a classification head): its submodules are looked up
    in the model."""

    model: PretrainedModel | None = None
    inside: str = ""

    def attribute(self, name: str, machine: Machine, node: ast.AST) -> Value:
        assert self.model is not None
        path = f"{self.inside}.{name}"
        found = self.model.replaced.get(path) or self.model.child(path)
        return ModuleValue.attribute(self, name, machine, node) if found is None else found

    def set_attribute(self, name: str, value: Value, machine: Machine, node: ast.AST) -> None:
        assert self.model is not None
        if is_module(value):
            self.model.replace(f"{self.inside}.{name}", value, machine, node)
        else:
            self.attributes[name] = value

    def call(self, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        return machine.not_checked(node, f"call of {self.module.kind} is not followed")


def own_modules(model: PretrainedModel) -> dict[str, tuple[str, dict[str, Any]]]:
    """The submodules that a model has by itself: kind and parameters by path."""
    if model.facts is None or model.config.config is None:
        return {}
    return hub.module_children(model.facts, model.config.config)


def _facts_of(kind: str, path: str) -> hub.ModelFacts | None:
    """The class of a part of a model; a T5-like model's encoder stack works as its encoder-only class."""
    cls = kind.removeprefix("transformers.")
    if cls.endswith("Stack") and path == "encoder":
        return hub.model(f"{cls.removesuffix('Stack')}EncoderModel")
    return hub.model(cls)


def _config_of(config: ConfigValue, facts: hub.ModelFacts) -> ConfigValue:
    """The config of a part of a model: the model's own, or the one that it holds for such parts."""
    whole = config.config
    if whole is None or facts.config_class == whole.class_name:
        return config
    for name, cls in whole.cls.sub_configs.items():
        if cls == facts.config_class:
            return ConfigValue(whole.sub(name), config.span)
    return ConfigValue(None)


def build(
    facts: hub.ModelFacts | None, config: ConfigValue, options: dict[str, Any], checkpoint: object, auto: str = ""
) -> PretrainedModel:
    """A model of a class and a config, with what checks want to know of it in the module's parameters."""
    kind = f"transformers.{facts.cls}" if facts else auto
    params: dict[str, Any] = {"checkpoint": checkpoint, **options}
    if config.config is not None:
        known = hub.checkpoint(checkpoint) if isinstance(checkpoint, str) else None
        params |= {name: config.get(name).operand() for name in _REPORTED}
        params |= {"known_config": config.config.known, "model_type": config.config.model_type}
        params |= {"default_pooling": known.default_pooling if known else ""}
    if facts is not None:
        params |= {
            "causal": facts.causal,
            "head": facts.head,
            "is_encoder_decoder": facts.is_encoder_decoder,
            "pooler": options.get("add_pooling_layer", True) is not False if facts.pooler == "option" else facts.pooler,
        }
    return PretrainedModel(Module(kind, params=params), facts=facts, config=config, options=dict(options))
