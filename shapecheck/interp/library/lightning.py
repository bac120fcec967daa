"""LightningModule's hyperparameters: what ``save_hyperparameters()`` keeps of the constructor's arguments."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from shapecheck.interp.arguments import as_mapping
from shapecheck.interp.python.objects import Namespace
from shapecheck.interp.values import CallArgs, Const, Function, Instance, Machine, Mapping, Unknown, Value

if TYPE_CHECKING:
    from shapecheck.interp.machine import Interpreter


class HyperParameters(Namespace):
    """``self.hparams``: a dict whose keys are attributes too."""

    __slots__ = ()

    def item(self, key: Value, machine: Machine, node: ast.AST) -> Value:
        asked = key.operand()
        return self.attribute(asked, machine, node) if isinstance(asked, str) else Unknown()

    def method(self, name: str, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        return Mapping(dict(self.names), self.complete).method(name, args, machine, node)


def save(instance: Instance, args: CallArgs, m: Any, node: ast.AST) -> Value:
    """``save_hyperparameters(...)``: all arguments of ``__init__``, those named, or what a dict or object holds."""
    found = _handed_over(args, m, node)
    if found is None:
        found = _arguments(m)
        named = {value.operand() for value in args.positional}
        ignored = args.keywords.get("ignore", Unknown()).operand()
        left_out = (
            {ignored} if isinstance(ignored, str) else set(ignored) if isinstance(ignored, (list, tuple)) else set()
        )
        found = {k: v for k, v in found.items() if k not in left_out and (not named or k in named)}
    before = instance.attributes.get("hparams")
    names = {**before.names, **found} if isinstance(before, HyperParameters) else found
    m.heap.touch(instance)
    instance.attributes["hparams"] = HyperParameters(names, born=m.heap.clock)
    return Const(None)


def _handed_over(args: CallArgs, m: Interpreter, node: ast.AST) -> dict[str, Value] | None:
    """What stands in the one dict, namespace or object that is to be kept; None for names, or for nothing."""
    if len(args.positional) != 1 or isinstance(args.positional[0].operand(), str):
        return None
    given = args.positional[0]
    if isinstance(given, (Namespace, Instance)):
        return dict(given.names if isinstance(given, Namespace) else given.attributes)
    mapping = given if isinstance(given, Mapping) else as_mapping(m, given, node)
    return {str(key): value for key, value in mapping.items.items()} if mapping is not None else {}


def _arguments(m: Interpreter) -> dict[str, Value]:
    """The arguments of the constructor that is running."""
    function = m.activation.function
    if not isinstance(function, Function) or function.node is None:
        return {}
    spec = function.node.args
    out = {arg.arg: m.scope.names.get(arg.arg, Unknown()) for arg in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs)}
    extra = m.scope.names.get(spec.kwarg.arg) if spec.kwarg is not None else None
    if isinstance(extra, Mapping):
        out |= {str(key): value for key, value in extra.items.items()}
    return {name: value for name, value in list(out.items()) if value is not function.receiver}
