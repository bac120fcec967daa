"""Lightning's Trainer: the loops that it runs over a LightningModule, one batch each."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from shapecheck.dims import UNKNOWN
from shapecheck.interp.library.registry import HANDLERS, Opaque, take
from shapecheck.interp.values import (
    Bound,
    CallArgs,
    Const,
    Function,
    Instance,
    Int,
    Items,
    Machine,
    Unknown,
    Value,
    join_all,
)

_PARAMS = {
    "fit": ("model", "train_dataloaders", "val_dataloaders", "datamodule"),
    "validate": ("model", "dataloaders"),
    "test": ("model", "dataloaders"),
    "predict": ("model", "dataloaders"),
}
_OLD_NAMES = {"train_dataloader": "train_dataloaders", "val_dataloader": "val_dataloaders"}
_LOOPS = {
    "fit": (("train", "training_step"), ("val", "validation_step")),
    "validate": (("val", "validation_step"),),
    "test": (("test", "test_step"),),
    "predict": (("predict", "predict_step"),),
}
"""The loops of each method: the loader's name in ``<name>_dataloader``, and the step that gets its batches."""
_HOOKS = {
    "training_step": "on_train_epoch_end",
    "validation_step": "on_validation_epoch_end",
    "test_step": "on_test_epoch_end",
    "predict_step": "on_predict_epoch_end",
}


@dataclass(slots=True, eq=False)
class LightningTrainer(Value):
    """A Trainer of Lightning."""

    def attribute(self, name: str, machine: Machine, node: ast.AST) -> Value:
        return Bound(self, name) if name in _LOOPS else Opaque(f"Trainer.{name}")

    def method(self, name: str, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        given = {_OLD_NAMES.get(key, key): value for key, value in take(args, *_PARAMS[name]).values.items()}
        model = given.get("model")
        if not isinstance(model, Instance):
            return machine.not_checked(node, "the model that the Trainer gets is not known")
        data = given.get("datamodule")
        if isinstance(data, Instance):
            for hook in ("prepare_data", "setup"):
                _called(data, hook, [Const("fit" if name == "fit" else name)], machine, node)
        if name == "fit":
            _called(model, "configure_optimizers", [], machine, node)
        steps = [_loop(loader, step, model, given, data, machine, node) for loader, step in _LOOPS[name]]
        return Items("list", None, steps[0]) if name == "predict" else Opaque(name)


def _loop(
    loader: str,
    step: str,
    model: Instance,
    given: dict[str, Value],
    data: Value | None,
    machine: Machine,
    node: ast.AST,
) -> Value:
    """One batch of the loop's loader through its step, and the hook at the end of the epoch; what the step gives."""
    source = given.get(f"{loader}_dataloaders") or given.get("dataloaders")
    if source is None or (isinstance(source, Const) and source.value is None):
        owner = data if isinstance(data, Instance) else model
        source = _called(owner, f"{loader}_dataloader", [], machine, node)
    if isinstance(source, Items):
        source = join_all(source.items) if source.items else source.element
    if source is None or isinstance(source, Unknown) or _own(model, step) is None:
        return Unknown()
    seen = machine.iterate(source, node)
    batch = join_all(list(seen.items)) if seen.items else seen.element
    out = _called(model, step, [batch, Int(UNKNOWN)], machine, node)
    _called(model, _HOOKS[step], [], machine, node)
    return out or Unknown()


def _own(owner: Instance, name: str) -> Function | None:
    """The method that the program, not Lightning, gives a class."""
    from shapecheck.interp.lineage import find

    found = find(owner.cls, name)
    return found if isinstance(found, Function) and not isinstance(found.node, ast.Lambda) else None


def _called(owner: Instance, name: str, values: list[Value], machine: Machine, node: ast.AST) -> Value | None:
    """What a method of the program's own gives for the first of ``values`` that it takes; None where it has none."""
    found = _own(owner, name)
    if found is None:
        return None
    spec = found.node.args
    room = len(spec.posonlyargs) + len(spec.args) - 1
    taken = values if spec.vararg is not None else values[: max(0, room)]
    return machine.call(machine.attribute(owner, name, node), CallArgs(taken, nodes=[None] * len(taken)), node)


for _package in ("pytorch_lightning", "lightning.pytorch", "lightning"):
    HANDLERS[f"{_package}.Trainer"] = lambda args, machine, node: LightningTrainer()
HANDLERS["pytorch_lightning.trainer.Trainer"] = HANDLERS["pytorch_lightning.Trainer"]
