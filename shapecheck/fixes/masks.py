"""The attention mask where a pooling needs it: the name it has in scope, or the edits that pass it down."""

from __future__ import annotations

import re
from dataclasses import dataclass

import libcst as cst

from shapecheck.findings import Edit
from shapecheck.fixes.tree import Tree
from shapecheck.graph import Stage, Tensor
from shapecheck.places import Span

_MASK_NAME = re.compile(r"(attention|attn|input|token|padding|pad|src|text|encoder)?_?masks?", re.IGNORECASE)
_NO_ATTENTION = re.compile(r"causal|look_ahead|loss|special|label", re.IGNORECASE)
NAME = "attention_mask"


@dataclass(frozen=True, slots=True)
class Mask:
    """How to write the mask at one place, and the edits elsewhere that bring it there."""

    code: str
    edits: tuple[Edit, ...] = ()


def without_mask(model: Stage | None) -> bool:
    """Whether the encoder is called without a mask, on ids that are not known to have padding."""
    if model is None or isinstance(model.inputs.get(NAME), Tensor):
        return False
    ids = model.tensor("input_ids")
    return ids is None or ids.padding in (None, "none")


def find(tree: Tree, node: cst.CSTNode, model: Stage | None, depth: int = 3) -> Mask | None:
    """The mask for a node: named in its scope, else handed down through at most ``depth`` signatures and calls."""
    function = _function(tree, node)
    named = in_scope(tree, function or tree.module, node, model)
    if named is not None:
        return Mask(named)
    return _handed_down(tree, function, model, depth) if function is not None and depth else None


def _function(tree: Tree, node: cst.CSTNode) -> cst.FunctionDef | None:
    """The function whose names a node can use: a lambda sees those of the function around it."""
    outer = next((o for o in tree.around(node) if isinstance(o, (cst.FunctionDef, cst.ClassDef))), None)
    return outer if isinstance(outer, cst.FunctionDef) else None


def in_scope(tree: Tree, scope: cst.CSTNode, node: cst.CSTNode, model: Stage | None) -> str | None:
    """The expression for the mask in a scope, as it stands before (or around) a node."""
    if isinstance(scope, cst.FunctionDef):
        for name in _parameters(scope):
            if _is_mask_name(name):
                return name
    return _of_model_call(tree, scope, model) or _assigned(tree, scope, node) or _of_encoding(tree, scope, node)


def _parameters(function: cst.FunctionDef) -> list[str]:
    params = function.params
    return [p.name.value for p in (*params.posonly_params, *params.params, *params.kwonly_params)]


def _is_mask_name(name: str) -> bool:
    return _MASK_NAME.fullmatch(name) is not None and not _NO_ATTENTION.search(name)


def _of_model_call(tree: Tree, scope: cst.CSTNode, model: Stage | None) -> str | None:
    """What the encoder's own call is given for the mask, where that call stands in the scope."""
    call = tree.call(model.span) if model is not None and model.span.path == tree.path else None
    if call is None or tree.scope(call) is not scope:
        return None
    for arg in call.args:
        if arg.keyword is not None and arg.keyword.value == NAME:
            return tree.code(arg.value) if _is_plain(arg.value) else None
        if arg.star == "**" and isinstance(arg.value, (cst.Name, cst.Attribute)):
            return f'{tree.code(arg.value)}["{NAME}"]'
    span = model.input_spans.get(NAME) if model is not None else None
    given = tree.expression(span) if span is not None and span.exact else None
    return tree.code(given) if given is not None and _is_plain(given) else None


def _is_plain(node: cst.BaseExpression) -> bool:
    return isinstance(node, (cst.Name, cst.Attribute, cst.Subscript))


def _assigned(tree: Tree, scope: cst.CSTNode, node: cst.CSTNode) -> str | None:
    """A variable or loop variable of the scope that is named like a mask and bound above the node."""
    line = tree.span(node).line
    for name in tree.within(scope, cst.Name):
        if not _is_mask_name(name.value) or tree.span(name).line >= line:
            continue
        parent = tree.parent(name)
        if isinstance(parent, (cst.AssignTarget, cst.Element, cst.For)) and not isinstance(parent, cst.Arg):
            if isinstance(parent, cst.Element) and not _is_target(tree, parent):
                continue
            return str(name.value)
    return None


def _is_target(tree: Tree, element: cst.CSTNode) -> bool:
    for outer in tree.around(element):
        if isinstance(outer, cst.AssignTarget):
            return True
        if isinstance(outer, cst.For):
            return not any(node is outer.iter for node in tree.around(element))
        if not isinstance(outer, (cst.Tuple, cst.List, cst.Element)):
            return False
    return False


def _of_encoding(tree: Tree, scope: cst.CSTNode, node: cst.CSTNode) -> str | None:
    """The mask of an encoding in the scope: one unpacked into a call, or whose ids are taken by key or attribute."""
    line = tree.span(node).line
    for item in tree.within(scope, cst.Subscript):
        if tree.span(item).line <= line and tree.code(item).replace("'", '"').endswith('["input_ids"]'):
            return f'{tree.code(item.value)}["{NAME}"]'
    for field in tree.within(scope, cst.Attribute):
        if tree.span(field).line <= line and field.attr.value == "input_ids" and isinstance(field.value, cst.Name):
            return f"{field.value.value}.{NAME}"
    for arg in tree.within(scope, cst.Arg):
        if arg.star == "**" and isinstance(arg.value, cst.Name) and tree.span(arg).line <= line:
            return f'{arg.value.value}["{NAME}"]'
    return None


def _handed_down(tree: Tree, function: cst.FunctionDef, model: Stage | None, depth: int) -> Mask | None:
    """A new parameter for the function, and the mask as an argument of each call of it in the file."""
    calls, parameter = _calls_of(tree, function), _parameter(tree, function)
    if not calls or parameter is None:
        return None
    edits: list[Edit] = []
    for call in calls:
        mask = find(tree, call, model, depth - 1)
        if mask is None:
            return None
        edits += [*mask.edits, _argument(tree, function, call, mask.code)]
    edits.append(parameter)
    return Mask(NAME, tuple(dict.fromkeys(edits)))


def _calls_of(tree: Tree, function: cst.FunctionDef) -> list[cst.Call]:
    """The calls in the file that enter a function: by its name, or (``forward``) of attributes that hold its class."""
    name = function.name.value
    if name in ("forward", "__call__"):
        return _calls_of_instances(tree, function)
    found = []
    for call in tree.all(cst.Call):
        func = call.func
        if (
            isinstance(func, cst.Name)
            and func.value == name
            or isinstance(func, cst.Attribute)
            and func.attr.value == name
        ):
            found.append(call)
    return found


def _calls_of_instances(tree: Tree, function: cst.FunctionDef) -> list[cst.Call]:
    """Calls of the variables and attributes that an instance of the function's class is assigned to."""
    owner = next((n for n in tree.around(function) if isinstance(n, cst.ClassDef)), None)
    if owner is None:
        return []
    holders: set[str] = set()
    for assign in tree.all(cst.Assign):
        value = assign.value
        while (
            isinstance(value, cst.Call)
            and isinstance(value.func, cst.Attribute)
            and isinstance(value.func.value, cst.Call)
        ):
            value = value.func.value  # Head(...).to(device), .eval()
        if isinstance(value, cst.Call) and isinstance(value.func, (cst.Name, cst.Attribute)):
            made = value.func.value if isinstance(value.func, cst.Name) else _class_named(value.func)
            if made == owner.name.value:
                holders.update(tree.code(target.target) for target in assign.targets)
    return [call for call in tree.all(cst.Call) if tree.code(call.func) in holders]


def _class_named(func: cst.Attribute) -> str:
    """``Net`` for ``Net.from_pretrained``, ``models.Net``: the class that such a call makes."""
    if func.attr.value in ("from_pretrained", "from_config") and isinstance(func.value, cst.Name):
        return func.value.value
    return func.attr.value


def _argument(tree: Tree, function: cst.FunctionDef, call: cst.Call, code: str) -> Edit:
    """The mask as the last argument of a call: by its place where every parameter before it is given by place too."""
    if not call.args:
        end = tree.span(call)
        return Edit(Span(end.path, end.end_line, end.end_column - 1, end.end_line, end.end_column - 1), code)
    bound = [name for name in _parameters(function) if name not in ("self", "cls")]
    by_place = len(call.args) == len(bound) and not any(arg.keyword is not None or arg.star for arg in call.args)
    short = by_place and code == NAME and not function.params.kwonly_params
    return tree.appended(call.args, code if short else f"{NAME}={code}")


def _parameter(tree: Tree, function: cst.FunctionDef) -> Edit | None:
    """The new parameter behind the others, optional only where those before it are, annotated as the first one is if
    that is a tensor; None for a function with ``*args``, ``**kwargs`` or no parameter at all."""
    given = function.params
    params = [*given.posonly_params, *given.params, *given.kwonly_params]
    if not params or given.star_kwarg is not None or isinstance(given.star_arg, cst.Param):
        return None
    notes = [tree.code(p.annotation.annotation) for p in params if p.annotation is not None]
    note = next((text for text in notes if text.endswith("Tensor")), "")
    typed, default = f"{NAME}: {note}" if note else NAME, params[-1].default is not None and not given.kwonly_params
    empty = "" if not default else " | None = None" if note else "=None"
    return tree.appended(params, typed + empty)
