"""The builtins: len, range, enumerate, zip, isinstance and their like."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shapecheck.dims import UNKNOWN, Dim, largest, number
from shapecheck.interp.operators import binary, constant_key
from shapecheck.interp.python.containers import plain_int, unique
from shapecheck.interp.python.objects import Descriptor, Handler, Super
from shapecheck.interp.results import plain
from shapecheck.interp.values import (
    Builtin,
    CallArgs,
    Class,
    Const,
    Function,
    Instance,
    Int,
    Items,
    Iteration,
    Machine,
    Mapping,
    Number,
    Slice,
    TensorValue,
    Text,
    Unknown,
    Value,
    all_complete,
    join_all,
)
from shapecheck.places import Origin

if TYPE_CHECKING:
    from shapecheck.interp.machine import Interpreter

HANDLERS: dict[str, Handler] = {}
NONE = Const(None)


def handles(*names: str) -> Callable[[Handler], Handler]:
    """Register what calling these builtins gives."""

    def register(function: Handler) -> Handler:
        HANDLERS.update({f"builtins.{name}": function for name in names})
        return function

    return register


def first(args: CallArgs) -> Value:
    """The first positional argument."""
    return args.positional[0] if args.positional else Unknown()


@handles("len")
def _len(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    value = first(args)
    if type(value) is Class:
        return Int(m.iterate(value, node).count())
    if type(value) is Instance:
        method = m.attribute(value, "__len__", node)
        made = m.call(method, CallArgs(), node) if not isinstance(method, Unknown) else Unknown()
        return made if type(made) is Int else Int(value.length())
    dim = value.length()
    return Int(dim.at(Origin("a length", m.span(node))) if dim.known and dim.origin is None else dim)


@handles("range")
def _range(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    bounds = [plain_int(value) for value in args.positional]
    if bounds and None not in bounds and len(bounds) <= 3 and 0 not in bounds[2:]:
        numbers = range(*[bound for bound in bounds if bound is not None])
        if not numbers[4096:]:  # the length of a huge range is too large for len()
            return Items("range", [Int(number(n)) for n in numbers])
    return Items("range", None, Int(UNKNOWN))


@dataclass(slots=True, eq=False)
class Numbered(Items):
    """What ``enumerate`` gives of elements that are not listed; ``rest`` makes the last one, where it differs."""

    rest: Callable[[], Value] | None = None

    def iterate(self, machine: Machine, node: ast.AST) -> Iteration:
        rest = self.rest
        last = None if rest is None else lambda: _numbered(rest())
        return Iteration(self.items, self.element, self.size, last)


def _numbered(element: Value) -> Value:
    return Items("tuple", [Int(UNKNOWN), element])


@handles("enumerate")
def _enumerate(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    found = m.iterate(first(args), node)
    start = (
        plain_int(args.positional[1])
        if len(args.positional) > 1
        else plain_int(args.keywords.get("start", Int(number(0))))
    )
    if found.items is None or start is None:
        element = found.element if found.items is None else join_all(list(found.items))
        if found.last is None:
            return Items("iterator", None, _numbered(element), size=found.count())
        return Numbered("iterator", None, _numbered(element), size=found.count(), rest=found.last)
    return Items("iterator", [Items("tuple", [Int(number(start + i)), item]) for i, item in enumerate(found.items)])


@handles("zip")
def _zip(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    if not args.exact:
        return _transposed(args)
    found = [m.iterate(value, node) for value in args.positional]
    known = [part.items for part in found if part.items is not None]
    if len(known) == len(found):
        return Items("iterator", [Items("tuple", list(row)) for row in zip(*known, strict=False)])
    row = Items("tuple", [p.element if p.items is None else join_all(list(p.items)) for p in found])
    sizes = {part.count() for part in found}
    return Items("iterator", None, row, size=sizes.pop() if len(sizes) == 1 else UNKNOWN)


def _transposed(args: CallArgs) -> Value:
    """``zip(*rows)`` of rows that are not listed: a column for each place of a row."""
    row = args.spread.element if args.spread is not None and not args.positional else None
    if args.spread is None or not isinstance(row, Items) or row.items is None:
        return Items("iterator", None)
    return Items("iterator", [Items("tuple", None, cell, size=args.spread.size) for cell in row.items])


@handles("reversed")
def _reversed(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    found = m.iterate(first(args), node)
    return Items(
        "iterator", None if found.items is None else list(reversed(found.items)), found.element, size=found.size
    )


@handles("sorted")
def _sorted(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    found = m.iterate(first(args), node)
    if found.items is None:
        return Items("list", None, found.element, m.heap.clock, found.size)
    key = args.keywords.get("key", NONE)
    by_key = (m.call(key, CallArgs([item], nodes=[None]), node) for item in found.items)
    marks = list(found.items if key.key() == NONE.key() else by_key)
    raw = [constant_key(mark) for mark in marks]
    backwards = m.truth(args.keywords.get("reverse", Const(False)))
    if None not in raw and backwards is not None:
        try:
            order = sorted(range(len(raw)), key=lambda at: raw[at] or (), reverse=backwards)
            return Items("list", [found.items[at] for at in order], born=m.heap.clock)
        except TypeError:
            pass
    return Items("list", [join_all(list(found.items))] * len(found.items), born=m.heap.clock)


def _container(kind: str) -> Handler:
    def make(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
        if not args.positional:
            return Items(kind, [], born=m.heap.clock)
        found = m.iterate(first(args), node)
        if found.items is None:
            return Items(kind, None, found.element, m.heap.clock, UNKNOWN if "set" in kind else found.size)
        if kind not in ("set", "frozenset"):
            return Items(kind, list(found.items), born=m.heap.clock)
        return unique(kind, found.items, m.heap.clock)

    return make


HANDLERS.update({f"builtins.{kind}": _container(kind) for kind in ("list", "tuple", "set", "frozenset")})


@handles("iter")
def _iter(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    found = m.iterate(first(args), node)
    return Items("iterator", None if found.items is None else list(found.items), found.element, size=found.size)


@handles("next")
def _next(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    value = first(args)
    if type(value) is Instance:
        method = m.attribute(value, "__next__", node)
        if not isinstance(method, Unknown):
            return m.call(method, CallArgs(), node)
    found = m.iterate(value, node)
    if found.items is None:
        return found.element
    if type(value) is Items and value.kind == "iterator" and value.items:
        m.heap.touch(value)
        return value.items.pop(0)
    return join_all(list(found.items)) if found.items else args.positional[1] if len(args.positional) > 1 else Unknown()


@handles("dict")
def _dict(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    from shapecheck.interp.expressions import as_mapping

    out = Mapping(born=m.heap.clock)
    for value in args.positional:
        pairs = m.iterate(value, node).items if isinstance(value, Items) else None
        other = value if type(value) is Mapping else None if isinstance(value, Items) else as_mapping(m, value, node)
        if pairs is not None:
            for pair in pairs:
                key = (
                    constant_key(pair.items[0])
                    if isinstance(pair, Items) and pair.items and len(pair.items) == 2
                    else None
                )
                if key is None or not isinstance(pair, Items) or pair.items is None:
                    out.complete = False
                else:
                    out.items[key[0]] = pair.items[1]
        else:
            out.items.update(other.items if other is not None else {})
            out.complete = all_complete(out.complete, other.complete if other is not None else False)
    out.items.update(args.keywords)
    out.complete = out.complete if args.exact else False
    return out


@handles("int")
def _int(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    value = first(args)
    if type(value) is Int:
        return value
    if type(value) is Number:
        return Int(value.floor)
    if type(value) is Const:
        try:
            return Int(number(int(value.value)))
        except (ValueError, TypeError, OverflowError):
            pass
    return Int(UNKNOWN)


@handles("float")
def _float(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    key = constant_key(first(args))
    try:
        return Number() if key is None else Const(float(key[0]))
    except (ValueError, TypeError, OverflowError):
        return Number()


@handles("str", "repr", "ascii")
def _str(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    key = constant_key(first(args))
    return (
        Const(str(key[0]))
        if key is not None and not (isinstance(key[0], int) and key[0].bit_length() > 999)
        else Text()
    )


@handles("bool")
def _bool(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    truth = m.truth(first(args)) if args.positional else False
    return Unknown() if truth is None else Const(truth)


@handles("abs")
def _abs(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    value = first(args)
    if type(value) is TensorValue:
        return m.operator("torch.abs", args, node)
    if type(value) is Instance:
        return m.call(m.attribute(value, "__abs__", node), CallArgs(), node)
    key = constant_key(value)
    return (
        plain(abs(key[0]))
        if key is not None and isinstance(key[0], (int, float))
        else Int(UNKNOWN)
        if type(value) is Int
        else Number()
    )


@handles("divmod")
def _divmod(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    left, right = [*args.positional, Unknown(), Unknown()][:2]
    return Items("tuple", [binary(m, op, left, right, node) for op in ("floordiv", "mod")])


@handles("round", "pow")
def _number(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    value = first(args)
    if getattr(getattr(node, "func", None), "id", "") == "pow" and len(args.positional) == 2:
        return binary(m, "pow", args.positional[0], args.positional[1], node)
    if getattr(getattr(node, "func", None), "id", "") == "round" and len(args.positional) == 1:
        if type(value) is Int:
            return value
        return (
            plain(round(value.value))
            if type(value) is Const and type(value.value) is float and abs(value.value) < 1e15
            else Int(UNKNOWN)
        )
    return Unknown()


def _extreme(args: CallArgs, m: Interpreter, node: ast.AST, larger: bool) -> Value:
    values = list(args.positional)
    if len(values) == 1:
        found = m.iterate(values[0], node)
        if found.items is None:
            element = found.element
            return Int(UNKNOWN) if type(element) is Int else Number() if type(element) is Number else Unknown()
        values = list(found.items)
    if "key" in args.keywords or not values or not args.exact:
        return join_all(values)
    if all(type(value) is Int for value in values):
        dims = [value.dim for value in values if type(value) is Int]
        return Int(_extreme_dim(dims, larger))
    raw = [constant_key(value) for value in values]
    if None in raw:
        return Number() if all(type(value) in (Int, Number, Const) for value in values) else Unknown()
    try:
        return plain((max if larger else min)(key[0] for key in raw if key))
    except TypeError:
        return Unknown()


def _extreme_dim(dims: list[Dim], larger: bool) -> Dim:
    if all(isinstance(dim.expr, int) for dim in dims):
        return (max if larger else min)(dims, key=lambda dim: dim.value or 0)
    if not larger:
        return dims[0] if all(dim == dims[0] for dim in dims) and dims[0].known else UNKNOWN
    total = dims[0]
    for dim in dims[1:]:
        total = largest(total, dim)
    return total


@handles("max")
def _max(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    return _extreme(args, m, node, True)


@handles("min")
def _min(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    return _extreme(args, m, node, False)


@handles("sum")
def _sum(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    found = m.iterate(first(args), node)
    start: Value = args.keywords.get("start") or (args.positional[1] if len(args.positional) > 1 else Int(number(0)))
    if found.items is not None and len(found.items) <= 64:
        total = start
        for item in found.items:
            total = item if type(total) is Int and total.dim.expr == 0 else binary(m, "add", total, item, node)
        return total
    element = found.element if found.items is None else join_all(list(found.items))
    if type(element) is TensorValue:
        return binary(m, "add", element, element, node)
    return Int(UNKNOWN) if type(element) is Int else Number() if type(element) in (Number, Const) else Unknown()


@handles("any", "all")
def _any_all(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    found = m.iterate(first(args), node)
    wanted = getattr(getattr(node, "func", None), "id", "any") == "any"
    if found.items is None:
        return Unknown()
    truths = [m.truth(item) for item in found.items]
    if wanted in truths:
        return Const(wanted)
    return Unknown() if None in truths else Const(not wanted)


@handles("map")
def _map(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    if len(args.positional) < 2:
        return Unknown()
    function, *sources = args.positional
    found = [m.iterate(source, node) for source in sources]
    known = [part.items for part in found if part.items is not None]
    if len(known) == len(found) and m.budget.unroll(min(map(len, known))):
        rows = zip(*known, strict=False)
        return Items("iterator", [m.call(function, CallArgs(list(row), nodes=[None] * len(row)), node) for row in rows])
    row = [part.element if part.items is None else join_all(list(part.items)) for part in found]
    return Items("iterator", None, m.call(function, CallArgs(row, nodes=[None] * len(row)), node))


@handles("filter")
def _filter(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    found = m.iterate(args.positional[1], node) if len(args.positional) > 1 else None
    if found is None:
        return Unknown()
    return Items("iterator", None, found.element if found.items is None else join_all(list(found.items)))


@handles("getattr")
def _getattr(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    if (
        len(args.positional) < 2
        or type(args.positional[1]) is not Const
        or not isinstance(args.positional[1].value, str)
    ):
        return Unknown()
    owner, name = args.positional[0], args.positional[1].value
    if len(args.positional) > 2 and owner.has(name) is False:
        return args.positional[2]
    value = m.attribute(owner, name, node)
    if isinstance(value, Unknown) and len(args.positional) > 2 and _lacks(owner, name):
        return args.positional[2]
    return value


def _lacks(value: Value, name: str) -> bool:
    """Whether a value certainly has no such attribute: an instance of a class of the program alone."""
    from shapecheck.interp.classes import find, foreign_bases

    if type(value) is not Instance:
        return False
    plain_bases = all(type(b) is Builtin and b.name in ("builtins.object", "abc.ABC") for b in foreign_bases(value.cls))
    return (
        plain_bases
        and name not in value.attributes
        and find(value.cls, name) is None
        and find(value.cls, "__getattr__") is None
    )


@handles("hasattr")
def _hasattr(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    if (
        len(args.positional) != 2
        or type(args.positional[1]) is not Const
        or not isinstance(args.positional[1].value, str)
    ):
        return Unknown()
    owner, name = args.positional[0], args.positional[1].value
    if type(owner) is Instance:
        value = m.attribute(owner, name, node)
        return Const(True) if not isinstance(value, Unknown) else Const(False) if _lacks(owner, name) else Unknown()
    verdict = owner.has(name)
    return Unknown() if verdict is None else Const(verdict)


@handles("setattr")
def _setattr(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    from shapecheck.interp.targets import set_attribute

    if len(args.positional) == 3 and type(args.positional[1]) is Const and isinstance(args.positional[1].value, str):
        set_attribute(m, args.positional[0], args.positional[1].value, args.positional[2], node)
    return NONE


@handles("vars")
def _vars(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    value = first(args)
    names = getattr(value, "names", None) if type(value) is not Instance else value.attributes
    return Mapping(dict(names)) if isinstance(names, dict) else Unknown()


@handles("super")
def _super(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    function = m.activation.function
    if len(args.positional) == 2 and type(args.positional[0]) is Class:
        return Super(args.positional[0], args.positional[1])
    if type(function) is Function and function.owner is not None:
        spec = function.node.args
        parameters = [*spec.posonlyargs, *spec.args]
        receiver = m.scope.find(parameters[0].arg) if parameters else None
        if receiver is not None:
            return Super(function.owner, receiver)
    return Unknown()


_TYPES: dict[str, Any] = {
    "str": lambda v: type(v) is Text or (type(v) is Const and isinstance(v.value, str)),
    "bytes": lambda v: type(v) is Const and isinstance(v.value, bytes),
    "float": lambda v: type(v) is Const and type(v.value) is float,
    "bool": lambda v: type(v) is Const and isinstance(v.value, bool),
    "int": lambda v: type(v) is Int or (type(v) is Const and isinstance(v.value, bool)),
    "list": lambda v: isinstance(v, Items) and v.kind == "list",
    "tuple": lambda v: isinstance(v, Items) and v.kind == "tuple",
    "set": lambda v: isinstance(v, Items) and v.kind == "set",
    "dict": lambda v: type(v) is Mapping,
}
_CERTAIN = (Const, Int, Text, Items, Mapping, TensorValue, Instance, Function, Class)


def is_instance(m: Interpreter, value: Value, cls: Value) -> bool | None:
    """``isinstance(value, cls)``, None where it cannot be told."""
    from shapecheck.interp.classes import lineage

    if isinstance(cls, Items) and cls.items is not None:
        verdicts = [is_instance(m, value, part) for part in cls.items]
        return True if True in verdicts else None if None in verdicts else False
    if not isinstance(value, _CERTAIN):
        return value.is_a(cls.name.removeprefix("builtins.")) if type(cls) is Builtin else None
    if type(cls) is Class:
        return type(value) is Instance and (cls in lineage(value.cls) or (None if _open(value.cls) else False))
    if type(cls) is not Builtin:
        return None
    word = cls.name.removeprefix("builtins.")
    if word in _TYPES:
        return bool(_TYPES[word](value))
    if cls.name in ("torch.Tensor", "torch.FloatTensor", "torch.LongTensor"):
        return type(value) is TensorValue if cls.name == "torch.Tensor" or type(value) is not TensorValue else None
    if type(value) is Instance:
        return True if any(type(b) is Builtin and b.name == cls.name for b in lineage(value.cls)) else None
    return (
        False
        if isinstance(value, (Const, Int)) and cls.name.startswith(("torch.", "transformers.", "numpy."))
        else None
    )


def _open(cls: Class) -> bool:
    from shapecheck.interp.classes import foreign_bases

    return any(isinstance(base, Unknown) for base in foreign_bases(cls))


@handles("isinstance")
def _isinstance(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    verdict = is_instance(m, *args.positional) if len(args.positional) == 2 else None
    return Unknown() if verdict is None else Const(verdict)


@handles("callable")
def _callable(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    value = first(args)
    return (
        Const(True)
        if isinstance(value, (Function, Class, Builtin))
        else Const(False)
        if isinstance(value, (Const, Int))
        else Unknown()
    )


@handles("type")
def _type(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    value = first(args)
    return value.cls if type(value) is Instance and len(args.positional) == 1 else Unknown()


@handles("print", "breakpoint", "help")
def _print(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    return NONE


@handles("property", "staticmethod", "classmethod")
def _descriptor(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    word = getattr(getattr(node, "func", None), "id", "property")
    return Descriptor(word, first(args))


@handles("object")
def _object(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    return Unknown()


@handles("slice")
def _slice(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:

    parts = [*args.positional, NONE, NONE, NONE]
    return Slice(NONE, parts[0], NONE) if len(args.positional) == 1 else Slice(parts[0], parts[1], parts[2])
