"""transformers' Trainer: its arguments, and a training step through the model with a batch that the collator made."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from shapecheck.interp.library.collate import collated, keys_of
from shapecheck.interp.library.collators import HFCollator, kind_for
from shapecheck.interp.library.data import example_of, size_of
from shapecheck.interp.library.encodings import Encoding
from shapecheck.interp.library.evaluation import Gathered, label_names, measured
from shapecheck.interp.library.outputs import ModelOutput
from shapecheck.interp.library.pretrained import PretrainedModel
from shapecheck.interp.library.registry import Handler, Opaque, take
from shapecheck.interp.values import (
    Bound,
    CallArgs,
    Const,
    Function,
    Instance,
    Int,
    Items,
    Machine,
    Mapping,
    TensorValue,
    Unknown,
    Value,
)
from shapecheck.places import Span

_PARAMS = (
    "model",
    "args",
    "data_collator",
    "train_dataset",
    "eval_dataset",
    "processing_class",
    "model_init",
    "compute_loss_func",
    "compute_metrics",
)
_OTHERWISE = frozenset(("predict_with_generate", "label_names", "prediction_step", "evaluation_loop", "evaluate"))
"""Settings and methods with which a Trainer evaluates in a way of its own."""
_LABELS = ("label", "labels", "label_ids", "start_positions", "end_positions")


def settings(args: CallArgs, machine: Machine) -> dict[str, Value]:
    """What a Trainer is given, by name."""
    taken = take(args, *_PARAMS)
    values = dict(taken.values)
    if "tokenizer" in values:
        values.setdefault("processing_class", values["tokenizer"])
    return values


@dataclass(slots=True, eq=False)
class TrainerValue(Value):
    """A Trainer."""

    settings: dict[str, Value]

    def attribute(self, name: str, machine: Machine, node: ast.AST) -> Value:
        return self.settings.get(name) or Bound(self, name)

    def method(self, name: str, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        return method(self, self.settings, name, args, machine, node)


@dataclass(slots=True, eq=False)
class Arguments(Value):
    """TrainingArguments: what was set, and unknown for the rest."""

    given: dict[str, Value]

    def attribute(self, name: str, machine: Machine, node: ast.AST) -> Value:
        return self.given.get(name) or Opaque(f"TrainingArguments.{name}")

    def set_attribute(self, name: str, value: Value, machine: Machine, node: ast.AST) -> None:
        self.given[name] = value


def method(owner: Value, given: dict[str, Value], name: str, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    """A method of a Trainer, or of an instance of a class that derives from it."""
    match name:
        case "train":
            _step(owner, given, "train_dataset", machine, node)
            if _evaluates(given.get("args")):
                _evaluate(owner, given, given.get("eval_dataset"), machine, node)
            return Opaque("TrainOutput")
        case "evaluate" | "predict":
            asked = take(args, "eval_dataset" if name == "evaluate" else "test_dataset").values
            _evaluate(owner, given, next(iter(asked.values()), given.get("eval_dataset")), machine, node)
            return Opaque(name)
        case "compute_loss":
            return _own_loss(args, machine, node)
    return Opaque(name)


def _step(owner: Value, given: dict[str, Value], which: str, machine: Machine, node: ast.AST) -> None:
    """One training step: a batch goes through the model (through ``compute_loss`` where the program has its own)."""
    model, dataset = given.get("model"), given.get(which)
    if model is None or dataset is None:
        return
    batch = _batch(given, dataset, machine, node)
    if isinstance(owner, Instance):
        loss = machine.attribute(owner, "compute_loss", node)
        machine.call(loss, CallArgs([model, batch], nodes=[None, None]), node)
        return
    output = _called(model, batch, machine, node)
    if "compute_loss_func" not in given:
        _tell_loss(output, _returned(model), machine, node)


def _evaluates(settings: Value | None) -> bool:
    """Whether training evaluates on its way."""
    given = settings.given if isinstance(settings, Arguments) else {}
    strategy = given.get("eval_strategy") or given.get("evaluation_strategy")
    return strategy is not None and strategy.operand() in ("epoch", "steps")


def _evaluate(owner: Value, given: dict[str, Value], dataset: Value | None, machine: Machine, node: ast.AST) -> None:
    """A batch through the model, and what it gives for all of them through ``compute_metrics``."""
    model, settings = given.get("model"), given.get("args")
    chosen = settings.given if isinstance(settings, Arguments) else {}
    if model is None or dataset is None or "compute_metrics" not in given or not _OTHERWISE.isdisjoint(chosen):
        return
    own = owner.cls.attributes if isinstance(owner, Instance) else {}
    if not _OTHERWISE.isdisjoint(own):
        return
    count = machine.fresh("batch", node, "the Trainer's batch size")
    batch = _batch(given, dataset, machine, node, "per_device_eval_batch_size")
    if "compute_loss" in own:
        loss = machine.attribute(owner, "compute_loss", node)
        asked = CallArgs([model, batch], {"return_outputs": Const(True)}, nodes=[None, None])
        pair = machine.call(loss, asked, node)
        output = pair.items[1] if isinstance(pair, Items) and pair.items and len(pair.items) == 2 else Unknown()
    else:
        output = _called(model, batch, machine, node)
    total = size_of(dataset, machine, node)
    every = total if total.known else machine.fresh("examples", node, "the number of examples")
    kind = model.facts.cls if isinstance(model, PretrainedModel) and model.facts is not None else ""
    measured(given, output, batch, Gathered(machine, node, count, every), label_names(_parameters(model), kind))


def _own_loss(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    """``super().compute_loss(model, inputs)``: the model's own loss."""
    taken = take(args, "model", "inputs", "return_outputs")
    output = _called(taken.get("model") or Unknown(), taken.get("inputs") or Unknown(), machine, node)
    return machine.attribute(output, "loss", node) if taken.plain("return_outputs", False) is False else Unknown()


def _called(model: Value, batch: Value, machine: Machine, node: ast.AST) -> Value:
    if isinstance(batch, Encoding):
        batch = batch.as_mapping()
    if not isinstance(batch, Mapping):
        return machine.not_checked(node, "what the Trainer's batches hold is not known")
    keywords = {str(key): value for key, value in batch.items.items()}
    return machine.call(model, CallArgs([], keywords, exact=batch.complete is not False), node)


def _batch(
    given: dict[str, Value],
    dataset: Value,
    machine: Machine,
    node: ast.AST,
    size_named: str = "per_device_train_batch_size",
) -> Value:
    example = example_of(dataset, machine, node)
    example = _used(example, given.get("model"), given.get("args"))
    settings = given.get("args")
    size = settings.given.get(size_named) if isinstance(settings, Arguments) else None
    total = size_of(dataset, machine, node)
    rows = total.expr if isinstance(total.expr, int) else None
    machine.event(
        "collate",
        node,
        keys=keys_of(example),
        batch_size=size.dim if isinstance(size, Int) else None,
        rows=rows,
        drop_last=False,
    )
    count = machine.fresh("batch", node, "the Trainer's batch size")
    collate = given.get("data_collator")
    if collate is None or (isinstance(collate, Const) and collate.value is None):
        collate = HFCollator(kind_for(given.get("processing_class")), given.get("processing_class"))
    return collated(collate, example, count, machine, node)


def _used(example: Value, model: Value | None, settings: Value | None) -> Value:
    """The columns that the model takes: a Trainer drops the others."""
    if isinstance(settings, Arguments) and "remove_unused_columns" in settings.given:
        return example
    taken = _parameters(model)
    if not isinstance(example, Mapping) or taken is None:
        return example
    wanted = {*taken, *_LABELS}
    return Mapping({key: value for key, value in example.items.items() if key in wanted}, example.complete)


def _parameters(model: Value | None) -> list[str] | None:
    """The names that a model's forward takes."""
    if isinstance(model, PretrainedModel) and model.facts is not None:
        return list(model.facts.forward_params)
    forward = model.cls.attributes.get("forward") if isinstance(model, Instance) else None
    if not isinstance(forward, Function) or isinstance(forward.node, ast.Lambda):
        return None
    spec = forward.node.args
    return [arg.arg for arg in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs)]


def _returned(model: Value) -> Span | None:
    """The one ``return`` of a model's forward, where it has one."""
    forward = model.cls.attributes.get("forward") if isinstance(model, Instance) else None
    if not isinstance(forward, Function) or isinstance(forward.node, ast.Lambda):
        return None
    returns = [node for node in ast.walk(forward.node) if isinstance(node, ast.Return)]
    return forward.home.span(returns[0]) if len(returns) == 1 and forward.home is not None else None


def _tell_loss(output: Value, returned: Span | None, machine: Machine, node: ast.AST) -> None:
    """Say what the Trainer takes for the loss: the entry ``loss`` of a dict, the first part of anything else."""
    fields: list[str] | None = None
    of, taken = "other", None
    match output:
        case ModelOutput():
            of, fields, taken = "model_output", list(output.fields), output.fields.get("loss")
        case Mapping(complete=True):
            of, fields, taken = "dict", [str(key) for key in output.items], output.items.get("loss")
        case Items(kind="tuple" | "list", items=list() as parts) if parts:
            of, taken = "tuple", parts[0]
        case TensorValue():
            of, taken = "tensor", output
        case Const(value=None):
            of = "none"
    tensor = taken.tensor if isinstance(taken, TensorValue) else None
    maker = tensor.producer if tensor else None
    machine.event("trainer_loss", node, of=of, fields=fields, taken=tensor, stage=maker, returned=returned)


def lookup(name: str) -> Handler | None:
    """``Trainer(...)`` and ``TrainingArguments(...)``; ``name`` without ``transformers.``."""
    if name in ("Trainer", "Seq2SeqTrainer"):
        return lambda args, machine, node: TrainerValue(settings(args, machine))
    if name in ("TrainingArguments", "Seq2SeqTrainingArguments"):
        return lambda args, machine, node: Arguments(dict(take(args, "output_dir").values))
    return None
