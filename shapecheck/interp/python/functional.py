"""functools, itertools, collections, copy, operator, types, contextlib: what shapes pass through."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import TYPE_CHECKING

from shapecheck.dims import UNKNOWN
from shapecheck.interp.python import records
from shapecheck.interp.python.objects import Handler, Namespace, Native, first
from shapecheck.interp.values import (
    CallArgs,
    Const,
    Context,
    Function,
    Instance,
    Int,
    Items,
    Mapping,
    Unknown,
    Value,
    join,
    join_all,
)

if TYPE_CHECKING:
    from shapecheck.interp.machine import Interpreter


def _partial(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    function, fixed = (
        first(args),
        CallArgs(args.positional[1:], args.keywords, args.nodes[1:], args.keyword_nodes, args.exact),
    )

    def call(more: CallArgs, machine: Interpreter, place: ast.AST) -> Value:
        merged = CallArgs(
            [*fixed.positional, *more.positional],
            {**fixed.keywords, **more.keywords},
            [*fixed.nodes, *more.nodes],
            {**fixed.keyword_nodes, **more.keyword_nodes},
            fixed.exact and more.exact,
        )
        return machine.call(function, merged, place)

    return Native(call)


def _keeps(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    """``wraps(f)``, ``lru_cache(maxsize=...)``: a decorator that keeps what it is put on; or what it is put on
    directly."""
    value = first(args)
    name = getattr(getattr(node, "func", None), "attr", None) or getattr(getattr(node, "func", None), "id", "")
    if isinstance(value, Function) and name != "wraps" and not args.keywords:
        return value
    return Native(lambda more, machine, place: first(more))


def _copied(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    value = first(args)
    if type(value) is Items:
        return Items(value.kind, None if value.items is None else list(value.items), value.element, m.heap.clock)
    if type(value) is Mapping:
        return Mapping(dict(value.items), value.complete, value.element, m.heap.clock)
    if type(value) is Instance:
        return Instance(value.cls, dict(value.attributes), value.module, m.heap.clock)
    if type(value) is Namespace:
        return Namespace(dict(value.names), value.complete, m.heap.clock)
    return value


def _reduce(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    found = m.iterate(args.positional[1], node).items if len(args.positional) > 1 else None
    if found is None or len(found) > 16:
        return Unknown()
    values = [*args.positional[2:3], *found]
    total = values[0] if values else Unknown()
    for value in values[1:]:
        total = m.call(args.positional[0], CallArgs([total, value], nodes=[None, None]), node)
    return total


def _chain(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    found = [m.iterate(value, node) for value in args.positional]
    if args.exact and all(part.items is not None for part in found):
        return Items("iterator", [item for part in found for item in part.items or ()])
    return Items(
        "iterator",
        None,
        join_all([v for part in found for v in (part.items if part.items is not None else [part.element])]),
    )


def _chained(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    rows = m.iterate(first(args), node).items
    return Items("iterator", None) if rows is None else _chain(CallArgs(list(rows)), m, node)


def _product(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    found = [m.iterate(value, node) for value in args.positional]
    row = [part.element if part.items is None else join_all(list(part.items)) for part in found]
    return Items("iterator", None, Items("tuple", row))


def _endless(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    """``cycle(values)``, ``islice(values, n)``: the same elements, in unknown number."""
    found = m.iterate(first(args), node)
    return Items("iterator", None, found.element if found.items is None else join_all(list(found.items)))


def _dictionary(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    from shapecheck.interp.python.builtin import HANDLERS as BUILTIN

    return BUILTIN["builtins.dict"](args, m, node)


def _default_dictionary(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    made = m.call(first(args), CallArgs(), node) if args.positional else Unknown()
    return Mapping({}, False, made, m.heap.clock)


def _counter(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    """``Counter(words)``: how often each is there; which these are is not looked at."""
    return Mapping({}, False, Int(UNKNOWN), m.heap.clock)


def _deque(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    if not args.positional:
        return Items("list", [], born=m.heap.clock)
    found = m.iterate(first(args), node)
    if len(args.positional) > 1 or "maxlen" in args.keywords:  # what is put in at one end falls out at the other
        return Items("list", None, join_all(found.items) if found.items else found.element, m.heap.clock)
    return Items("list", None if found.items is None else list(found.items), found.element, m.heap.clock)


def _namespace(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    return Namespace(dict(args.keywords), args.exact, m.heap.clock)


def _context(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    return Context(first(args) if args.positional else Const(None))


def _as_dict(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    value = first(args)
    return Mapping(dict(value.attributes), born=m.heap.clock) if type(value) is Instance else Unknown()


def _item_getter(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    key = first(args)
    return Native(lambda more, machine, place: machine.item(first(more), key, place))


def _replaced(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    value = first(args)
    if type(value) is not Instance:
        return Unknown()
    kept = {name: value.attributes[name] for name in records.fields(value.cls) if name in value.attributes}
    made = Instance(value.cls, born=m.heap.clock)
    records.fill(m, made, CallArgs([], {**kept, **args.keywords}, exact=args.exact), node)
    return made


def _named_tuple(args: CallArgs, m: Interpreter, node: ast.AST) -> Value:
    """``namedtuple("Name", "a b")``: calling it gives an object with these attributes, in order."""
    spec = args.positional[1] if len(args.positional) > 1 else Unknown()
    if type(spec) is Const and isinstance(spec.value, str):
        names = spec.value.replace(",", " ").split()
    else:
        found = m.iterate(spec, node).items
        names = [item.value for item in found or () if type(item) is Const]
        if found is None or len(names) != len(found):
            return Unknown()

    defaults = m.iterate(args.keywords.get("defaults", Unknown()), node).items or []
    usual = dict(zip(names[len(names) - len(defaults) :], defaults, strict=False))

    def make(more: CallArgs, machine: Interpreter, place: ast.AST) -> Value:
        given = {**(usual if more.exact else {}), **dict(zip(names, more.positional, strict=False)), **more.keywords}
        # In the order of the declaration, whatever that of the call: so it is unpacked and iterated.
        return NamedRow({name: given.get(name, Unknown()) for name in names})

    return Native(make)


class NamedRow(Items):
    """An instance of a ``collections.namedtuple``."""

    __slots__ = ("names",)

    def __init__(self, names: dict[str, Value]) -> None:
        super().__init__("tuple", list(names.values()))
        self.names = names

    def attribute(self, name: str, machine: object, node: ast.AST) -> Value:
        return self.names.get(name) or Unknown()

    def join(self, other: Value) -> Value:
        if not isinstance(other, NamedRow) or list(other.names) != list(self.names):
            return super().join(other)
        return NamedRow({name: join(value, other.names[name]) for name, value in self.names.items()})

    def bounded(self, values: Sequence[Value]) -> Value:
        row = super().bounded(values)
        kept = row.items if isinstance(row, Items) and row.items is not None else self.items or []
        return NamedRow(dict(zip(self.names, kept, strict=True)))


HANDLERS: dict[str, Handler] = {
    "functools.partial": _partial,
    "functools.wraps": _keeps,
    "functools.lru_cache": _keeps,
    "functools.cache": _keeps,
    "functools.reduce": _reduce,
    "copy.copy": _copied,
    "copy.deepcopy": _copied,
    "itertools.chain": _chain,
    "itertools.chain.from_iterable": _chained,
    "itertools.product": _product,
    "itertools.cycle": _endless,
    "itertools.islice": _endless,
    "collections.OrderedDict": _dictionary,
    "collections.defaultdict": _default_dictionary,
    "collections.Counter": _counter,
    "collections.deque": _deque,
    "collections.namedtuple": _named_tuple,
    "types.SimpleNamespace": _namespace,
    "argparse.Namespace": _namespace,
    "contextlib.nullcontext": _context,
    "contextlib.suppress": _context,
    "dataclasses.asdict": _as_dict,
    "dataclasses.replace": _replaced,
    "operator.itemgetter": _item_getter,
}
