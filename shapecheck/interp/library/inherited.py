"""What classes of the program inherit from library classes: nn.Module, PreTrainedModel, LightningModule, Dataset ..."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Literal

from shapecheck import hub, ops
from shapecheck.graph import Module
from shapecheck.interp.library import made_outputs, models
from shapecheck.interp.library.configs import ConfigValue, apply_overrides, configured
from shapecheck.interp.library.containers import Container, fill
from shapecheck.interp.library.models import BUILDING
from shapecheck.interp.library.modules import construct, module_method
from shapecheck.interp.library.outputs import OUTPUT_METHODS
from shapecheck.interp.library.pretrained import PretrainedModel
from shapecheck.interp.library.registry import Native, Opaque, none, take, words
from shapecheck.interp.values import Bound, Builtin, CallArgs, Class, Const, Instance, Int, Machine, Unknown, Value

Kind = Literal["module", "pretrained", "lightning", "dataset", "config", "trainer", "output", "other"]

BASE = "<base>"
"""The attribute of an instance under which its library part stands (the Sequential of a class that derives from it)."""

_CONTAINERS = {
    "torch.nn.Sequential": "torch.nn.Sequential",
    "torch.nn.ModuleList": "torch.nn.ModuleList",
    "torch.nn.ModuleDict": "torch.nn.ModuleDict",
}
_LIGHTNING = ("pytorch_lightning.", "lightning.", "lightning_fabric.")


@dataclass(frozen=True, slots=True)
class Base:
    """A library class that a class of the program derives from; ``module`` says that its instances are nn.Modules."""

    name: str
    kind: Kind
    module: bool

    @property
    def kinds(self) -> frozenset[str]:
        """Everything that it is."""
        return frozenset({self.kind, "module"} if self.module else {self.kind})


def base_class(name: str) -> Base | None:
    """What a library class is to those that derive from it; None if it is not known."""
    last = name.rpartition(".")[2]
    if name.startswith("transformers."):
        if last.endswith("Config"):
            return Base(name, "config", False)
        if last.endswith("Output") or "OutputWith" in last:
            return Base(name, "output", False)
        if last in ("Trainer", "Seq2SeqTrainer"):
            return Base(name, "trainer", False)
        if last.endswith("PreTrainedModel") or hub.model(last) is not None:
            return Base(name, "pretrained", True)
        return Base(name, "other", False)
    if name.startswith(_LIGHTNING):
        return Base(name, "lightning", True) if last == "LightningModule" else Base(name, "other", False)
    if name.startswith("torch.utils.data."):
        return Base(name, "dataset", False)
    if name.startswith("torch.nn."):
        known = last == "Module" or name in _CONTAINERS or ops.canonical(name) is not None
        return Base(name, "module", known or last[:1].isupper())
    return None


def library_base(cls: Class) -> Base | None:
    """The nearest library class that a class of the program derives from."""
    for base in cls.bases:
        if isinstance(base, Builtin):
            found = base_class(base.name)
            if found is not None:
                return found
        elif isinstance(base, Class):
            found = library_base(base)
            if found is not None:
                return found
    return None


def inherited(owner: Value, name: str, machine: Machine, node: ast.AST) -> Value | None:
    """What an instance or class of the program has from a library class under a name; None if it has nothing."""
    if isinstance(owner, Class):
        base = library_base(owner)
        return _class_attribute(owner, base, name) if base is not None else None
    if not isinstance(owner, Instance):
        return None
    base = library_base(owner.cls)
    if base is None:
        return None
    if name == "__init__":
        return Native(lambda args, machine, node: _initialized(owner, base, args, machine, node))
    part = owner.attributes.get(BASE)
    if part is not None:
        return _from_part(owner, part, name, machine, node)
    if base.kind == "output" and name in OUTPUT_METHODS:
        return Bound(made_outputs.of_instance(owner), name)
    plain = _attribute(owner, base, name)
    if plain is not None:
        return plain
    return Inherited(owner, base, name) if _has_method(base, name) else None


@dataclass(slots=True, eq=False)
class Inherited(Value):
    """A method of a library class, bound to an instance of a class of the program."""

    instance: Instance
    base: Base
    name: str

    def call(self, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        if self.base.module:
            answer = module_method(self.instance, self.name, args, machine, node)
            if answer is not None:
                return answer
        if self.base.kind == "trainer":
            from shapecheck.interp.library import trainer

            return trainer.method(self.instance, self.instance.attributes, self.name, args, machine, node)
        if self.name in ("resize_token_embeddings", "set_input_embeddings"):
            return self._resized(args, machine, node)
        if self.name == "get_input_embeddings":
            return Unknown()
        if self.name == "save_hyperparameters":
            from shapecheck.interp.library import lightning

            return lightning.save(self.instance, args, machine, node)
        return Const(None) if self.name in _SILENT else Unknown()

    def _resized(self, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        """New rows for the embedding of the model of transformers that the instance holds."""
        held = _attribute(self.instance, self.base, "base_model")
        for value in (held, *self.instance.attributes.values()):
            if isinstance(value, PretrainedModel):
                return value.method(self.name, args, machine, node)
        machine.event("resize", node, module=None, count=None)
        return Unknown()


_MODULE_METHODS = frozenset(
    words("""
    to cuda cpu xpu half float double bfloat16 train eval requires_grad_ apply share_memory type to_empty compile
    zero_grad register_forward_hook register_forward_pre_hook register_full_backward_hook parameters buffers
    named_parameters named_buffers children named_children modules named_modules state_dict load_state_dict
    add_module register_module register_buffer register_parameter get_submodule get_parameter get_buffer extra_repr
""")
)
_SILENT = frozenset(
    words("""
    post_init init_weights save_pretrained push_to_hub gradient_checkpointing_enable gradient_checkpointing_disable
    tie_weights _init_weights log log_dict save_hyperparameters print manual_backward toggle_optimizer
    untoggle_optimizer freeze unfreeze all_gather __setattr__
    __init_subclass__ add_model_tags
""")
)
_ANSWERED = frozenset(
    [
        "get_input_embeddings",
        "get_output_embeddings",
        "resize_token_embeddings",
        "set_input_embeddings",
        "optimizers",
        "lr_schedulers",
        "get_extended_attention_mask",
        "get_head_mask",
    ]
)


def _has_method(base: Base, name: str) -> bool:
    if base.kind == "trainer":
        return not name.startswith("_")
    return base.module and (
        name in _MODULE_METHODS or base.kind in ("pretrained", "lightning") and name in _SILENT | _ANSWERED
    )


def _attribute(owner: Instance, base: Base, name: str) -> Value | None:
    """A plain attribute that the library class sets."""
    config = owner.attributes.get("config")
    if base.kind == "pretrained":
        if name == "num_labels" and isinstance(config, ConfigValue):
            return config.get("num_labels")
        if name == "base_model":
            facts = hub.model(base.name.rpartition(".")[2])
            return owner.attributes.get(facts.base_model_prefix, owner) if facts else Unknown()
    if base.module and name in ("training", "dtype", "device", "generation_config", "main_input_name"):
        return Opaque("device") if name == "device" else Unknown()
    if base.kind == "lightning" and name in (
        "hparams",
        "trainer",
        "logger",
        "global_step",
        "current_epoch",
        "global_rank",
        "local_rank",
        "example_input_array",
    ):
        return Unknown()
    if base.kind == "config":
        found = configured(base.name.rpartition(".")[2], "") or hub.config("PreTrainedConfig")
        return ConfigValue(found).get(name) if found is not None else Unknown()
    return None


def _from_part(owner: Instance, part: Value, name: str, machine: Machine, node: ast.AST) -> Value | None:
    """What the library part of an instance answers; methods that give the module back give the instance."""
    if name in _MODULE_METHODS and name in (
        "to",
        "cuda",
        "cpu",
        "eval",
        "train",
        "half",
        "float",
        "requires_grad_",
        "apply",
    ):
        return Native(lambda args, machine, node: owner)
    return (
        Native(lambda args, machine, node: part.call(args, machine, node))
        if name in ("forward", "__call__")
        else part.attribute(name, machine, node)
    )


def _initialized(owner: Instance, base: Base, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    """``super().__init__(...)`` of a library class."""
    last = base.name.rpartition(".")[2]
    if base.name in _CONTAINERS:
        container = Container(Module(base.name, path=owner.module.path if owner.module else ""), exact=args.exact)
        fill(container, args.positional, machine, node)
        owner.attributes[BASE] = container
    elif base.kind == "module" and last != "Module" and ops.canonical(base.name) is not None:
        owner.attributes[BASE] = construct(ops.canonical(base.name) or base.name, args, machine, node)
    elif base.kind == "pretrained":
        _with_config(owner, last, args, machine, node)
    elif base.kind == "config":
        owner.attributes.update(args.keywords)
    elif base.kind == "trainer":
        from shapecheck.interp.library import trainer

        owner.attributes.update(trainer.settings(args, machine))
    return Const(None)


def _with_config(owner: Instance, cls: str, args: CallArgs, machine: Machine, node: ast.AST) -> None:
    config = take(args, "config").get("config") or Unknown()
    owner.attributes.setdefault("config", config)
    facts = hub.model(cls)
    if facts is not None and facts.head != "abstract" and facts.fields:
        owner.attributes[BASE] = models.make(cls, args, machine, node)


def _class_attribute(cls: Class, base: Base, name: str) -> Value | None:
    if base.kind == "pretrained" and name in ("from_pretrained", "_from_config", "from_config"):
        return Native(lambda args, machine, node: _loaded(cls, base, args, machine, node))
    if base.kind == "config" and name == "from_pretrained":
        return Native(lambda args, machine, node: machine.call(cls, CallArgs([], dict(args.keywords)), node))
    if base.kind == "lightning" and name == "load_from_checkpoint":
        return Native(lambda args, machine, node: machine.call(cls, CallArgs([], dict(args.keywords)), node))
    if name in ("register_for_auto_class", "register"):
        return Native(none)
    return None


def _loaded(cls: Class, base: Base, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    """``Tagger.from_pretrained("bert-base-cased", num_labels=9)`` for a class of the program."""
    taken = take(args, "pretrained_model_name_or_path")
    checkpoint = taken.plain("pretrained_model_name_or_path")
    path = checkpoint if isinstance(checkpoint, str) else ""
    given = taken.get("config")
    rest = {k: v for k, v in args.keywords.items() if k not in BUILDING and not k.startswith("pretrained")}
    if isinstance(given, ConfigValue):
        config: Value = given.copied()
    elif isinstance(given, Instance):
        config = given
    else:
        config, rest = _own_config(cls, base, path, rest, args, machine, node)
    positional = [config, *args.positional[1:]]
    nodes = [None, *args.nodes[1:]]
    keywords = {name: at for name, at in args.keyword_nodes.items() if name in rest}
    made = machine.call(cls, CallArgs(positional, rest, nodes, keywords, args.exact), node)
    if isinstance(made, Instance) and made.module is not None:
        made.attributes.setdefault("config", config)
        made.module.params["checkpoint"] = path or None
        machine.event("load", node, checkpoint=path or None, module=made.module)
        count = config.get("num_labels") if isinstance(config, ConfigValue) else None
        if isinstance(count, Int):
            made.module.params["num_labels"] = count.dim
            if "num_labels" in args.keywords:
                machine.event("labels", node, count=count.dim, module=made.module)
    return made


def _own_config(
    cls: Class, base: Base, path: str, rest: dict[str, Value], args: CallArgs, machine: Machine, node: ast.AST
) -> tuple[Value, dict[str, Value]]:
    """The config of a class that is loaded without one, and the keywords that are not for it."""
    own = machine.attribute(cls, "config_class", node)
    if isinstance(own, Class):
        return machine.call(own, CallArgs([], rest), node), {}
    facts = hub.model(base.name.rpartition(".")[2])
    config = ConfigValue(configured(facts.config_class if facts else None, path), machine.span(node))
    ours = {
        k: v
        for k, v in rest.items()
        if config.config is None or config.config.has(k) or k in ("id2label", "label2id", "num_labels")
    }
    apply_overrides(config, ours, args, machine)
    return config, {k: v for k, v in rest.items() if k not in ours}
