"""Python's own names: what calling a builtin or a part of the standard library gives."""

from __future__ import annotations

import builtins
import sys

from shapecheck.interp import library
from shapecheck.interp.python import argparse, builtin, functional, mathematics, numbers, records, reflection
from shapecheck.interp.python.objects import Handler
from shapecheck.interp.values import Builtin, Const, Unknown, Value

HANDLERS: dict[str, Handler] = {
    **builtin.HANDLERS,
    **numbers.HANDLERS,
    **reflection.HANDLERS,
    **functional.HANDLERS,
    **mathematics.HANDLERS,
    **argparse.HANDLERS,
    **records.HANDLERS,
}
"""What calling each named thing of Python gives."""

SILENT = frozenset((*sys.stdlib_module_names, "builtins", "typing_extensions"))
"""Packages that shapes do not depend on: calls into them are not worth a word."""

_CONSTANTS: dict[str, Value] = {
    **mathematics.CONSTANTS,
    "builtins.__name__": Const("__main__"),
    "builtins.__debug__": Const(True),
    "builtins.NotImplemented": Unknown(),
    "builtins.Ellipsis": Const(...),
    "typing.TYPE_CHECKING": Const(False),
    "typing_extensions.TYPE_CHECKING": Const(False),
    "sys.argv": Unknown(),
    "sys.platform": Unknown(),
    "os.name": Unknown(),
    "os.sep": Const("/"),
    "os.environ": Unknown(),
    "sys.version_info": Unknown(),
    "sys.modules": Unknown(),
    "sys.maxsize": Unknown(),
}
_KNOWN: dict[str, Value] = {}


def constant_of(name: str) -> Value:
    """A dotted name that is not called: a constant of Python or of a library, else the named thing itself."""
    known = _KNOWN.get(name)
    if known is None:
        known = _CONSTANTS.get(name) or library.constant(name) or Builtin(name)
        _KNOWN[name] = known
    return known


BUILTINS: dict[str, Value] = {name: Builtin(f"builtins.{name}") for name in dir(builtins) if not name.startswith("_")}
"""The builtins by name."""
BUILTINS.update(
    {
        "NotImplemented": Unknown(),
        "Ellipsis": Const(...),
        "__debug__": Const(True),
        "__file__": Unknown(),
        "__doc__": Unknown(),
    }
)
