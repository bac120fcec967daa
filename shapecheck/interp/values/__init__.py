"""What the interpreter knows of Python values.

Every value answers four questions (attribute, item, call, iterate) and answers :class:`Unknown` by default, so a
new kind of value only says what it knows. Values of Python itself stand here; those of torch, transformers and
other libraries in ``shapecheck.interp.library`` as further subclasses.
"""

from __future__ import annotations

from shapecheck.interp.values.base import NEVER, Batched, Bound, CallArgs, Iteration, Machine, Never, Unknown, Value
from shapecheck.interp.values.containers import Items, Lacking, Mapping, all_complete
from shapecheck.interp.values.plain import Const, Int, Number, Slice, Text, join, join_all
from shapecheck.interp.values.program import Builtin, Class, Context, Function, Instance
from shapecheck.interp.values.tensor import Nameable, TensorValue, hand_on, joined

__all__ = [
    "NEVER",
    "Batched",
    "Bound",
    "Builtin",
    "CallArgs",
    "Class",
    "Const",
    "Context",
    "Function",
    "Instance",
    "Int",
    "Items",
    "Iteration",
    "Lacking",
    "Machine",
    "Mapping",
    "Nameable",
    "Never",
    "Number",
    "Slice",
    "TensorValue",
    "Text",
    "Unknown",
    "Value",
    "all_complete",
    "hand_on",
    "join",
    "join_all",
    "joined",
]
