"""torch.utils.data: data sets, and loaders that make batches of their examples."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from shapecheck.algebra import floordiv, mod
from shapecheck.dims import UNKNOWN as UNKNOWN_DIM
from shapecheck.dims import Dim, number
from shapecheck.interp.library.collate import collated, keys_of, tensors_of
from shapecheck.interp.library.registry import Native, Opaque, handles, take, unknown
from shapecheck.interp.library.tensors import row_of
from shapecheck.interp.values import (
    Batched,
    Bound,
    CallArgs,
    Const,
    Int,
    Items,
    Iteration,
    Machine,
    Mapping,
    TensorValue,
    Unknown,
    Value,
)
from shapecheck.ops.values import as_int
from shapecheck.places import Origin


class TensorDataset(Value):
    """A TensorDataset: an example is one row of each of its tensors."""

    __slots__ = ("tensors",)

    def __init__(self, tensors: Sequence[Value]) -> None:
        self.tensors = list(tensors)

    def item(self, key: Value, machine: Machine, node: ast.AST) -> Value:
        if isinstance(key.operand(), slice):
            return Items("tuple", [machine.item(tensor, key, node) for tensor in self.tensors])
        return Items(
            "tuple", [TensorValue(row_of(t.tensor)) if isinstance(t, TensorValue) else Unknown() for t in self.tensors]
        )

    def attribute(self, name: str, machine: Machine, node: ast.AST) -> Value:
        return Items("tuple", list(self.tensors)) if name == "tensors" else Unknown()

    def iterate(self, machine: Machine, node: ast.AST) -> Iteration:
        return Iteration(None, self.item(Int(UNKNOWN_DIM), machine, node))

    def length(self) -> Dim:
        return self.tensors[0].length() if self.tensors else UNKNOWN_DIM


class Part(Value):
    """Some examples of a data set: Subset, a part of a random split, or data sets in a row (``wholes``)."""

    __slots__ = ("size", "wholes")

    def __init__(self, wholes: Sequence[Value], size: Dim) -> None:
        self.wholes = list(wholes)
        self.size = size

    def item(self, key: Value, machine: Machine, node: ast.AST) -> Value:
        return example_of(self.wholes[0], machine, node) if self.wholes else Unknown()

    def attribute(self, name: str, machine: Machine, node: ast.AST) -> Value:
        return self.wholes[0] if name == "dataset" and self.wholes else Unknown()

    def iterate(self, machine: Machine, node: ast.AST) -> Iteration:
        return Iteration(None, self.item(Int(UNKNOWN_DIM), machine, node))

    def length(self) -> Dim:
        return self.size


def example_of(dataset: Value, machine: Machine, node: ast.AST) -> Value:
    """One example of a data set, whichever it is."""
    if isinstance(dataset, (Items, Mapping)):
        seen = machine.iterate(dataset, node)
        if seen.items is None:
            return seen.element
        from shapecheck.interp.values import join_all

        return join_all(list(seen.items))
    example = machine.item(dataset, Int(UNKNOWN_DIM), node)
    return machine.iterate(dataset, node).element if isinstance(example, Unknown) else example


def size_of(dataset: Value, machine: Machine, node: ast.AST) -> Dim:
    """The number of examples, where it is known."""
    size = dataset.length()
    if size.known:
        return size
    from shapecheck.interp.values import Instance

    if isinstance(dataset, Instance):
        told = machine.call(machine.attribute(dataset, "__len__", node), CallArgs(), node)
        return told.dim if isinstance(told, Int) else UNKNOWN_DIM
    return UNKNOWN_DIM


@dataclass(slots=True, eq=False)
class Loader(Value):
    """A DataLoader. ``batch_size`` is None where it gives single examples, an unknown Dim where it is not known;
    ``keeps_rest`` says that it surely gives each example of the data set once, those of a shorter last batch too."""

    dataset: Value
    batch_size: Dim | None
    collate: Value | None
    drop_last: bool
    keeps_rest: bool
    made: ast.AST

    def attribute(self, name: str, machine: Machine, node: ast.AST) -> Value:
        match name:
            case "dataset":
                return self.dataset
            case "batch_size":
                return Int(self.batch_size) if self.batch_size is not None else Const(None)
            case "sampler" | "batch_sampler" | "generator":
                return Opaque(name)
        return Bound(self, name)

    def iterate(self, machine: Machine, node: ast.AST) -> Iteration:
        rest = self._rest(machine, node)
        last = None if rest is None else lambda: self.batch(machine, node, rest)
        return Iteration(None, self.batch(machine, node), last=last, batched=self._batched(machine, node))

    def method(self, name: str, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        return self.batch(machine, node) if name == "__next__" else self if name == "__iter__" else Unknown()

    def batch(self, machine: Machine, node: ast.AST, count: Dim | None = None) -> Value:
        """One batch; ``count`` examples are in it, where it is a certain one."""
        example = example_of(self.dataset, machine, node)
        if self.batch_size is None:
            return example
        total = size_of(self.dataset, machine, node)
        count = count or self._rows(total, machine, node)
        rows = total.expr if isinstance(total.expr, int) else None
        machine.event(
            "collate",
            node,
            keys=keys_of(example),
            batch_size=self.batch_size,
            rows=rows,
            drop_last=self.drop_last,
            stacked=tensors_of(example) if self.collate is None else [],
        )
        return collated(self.collate, example, count, machine, node)

    def _rows(self, total: Dim, machine: Machine, node: ast.AST) -> Dim:
        """The number of examples in a batch: a number where all batches have it, else ``batch``."""
        size = self.batch_size
        assert size is not None
        if isinstance(size.expr, int):
            if isinstance(total.expr, int) and 0 < total.expr <= size.expr and not self.drop_last:
                return number(total.expr, Origin("the number of examples", machine.span(node)))
            if self.drop_last or (isinstance(total.expr, int) and mod(total.expr, size.expr) == 0):
                return size
        return machine.fresh("batch", node, "the batch size of the loader")

    def _rest(self, machine: Machine, node: ast.AST) -> Dim | None:
        """The number of examples in the last batch, where it is known to be shorter than the others."""
        total, size = size_of(self.dataset, machine, node).expr, self.batch_size.expr if self.batch_size else None
        if not self.keeps_rest or not isinstance(total, int) or not isinstance(size, int) or total <= size:
            return None
        rest = mod(total, size)
        if not isinstance(rest, int) or rest == 0:
            return None
        return number(rest, Origin(f"what is left of {total} examples, by {size}", machine.span(node)))

    def _batched(self, machine: Machine, node: ast.AST) -> Batched | None:
        """The examples of a batch and of all batches; None for a loader that gives single ones."""
        total = size_of(self.dataset, machine, node)
        if self.batch_size is None:
            return None
        whole = total if self.keeps_rest else machine.fresh("examples", node, "the number of examples of all batches")
        return Batched(self._rows(total, machine, node), whole)

    def length(self) -> Dim:
        total, size = self.dataset.length(), self.batch_size
        if size is None:
            return total
        n, by = total.expr, size.expr
        if not isinstance(n, int) or not isinstance(by, int) or by <= 0:
            return UNKNOWN_DIM
        whole = floordiv(n if self.drop_last else n + by - 1, by)
        return number(whole) if isinstance(whole, int) else UNKNOWN_DIM

    def truth(self) -> bool | None:
        return True


_LOADER = (
    "dataset",
    "batch_size",
    "shuffle",
    "sampler",
    "batch_sampler",
    "num_workers",
    "collate_fn",
    "pin_memory",
    "drop_last",
)


@handles("torch.utils.data.DataLoader", "torch.utils.data.dataloader.DataLoader")
def _data_loader(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    taken = take(args, *_LOADER)
    size = _batch_size(taken.get("batch_size"), taken.get("batch_sampler"), args.exact)
    if size is not None and size.known and size.origin is None:
        at = taken.nodes.get("batch_size")
        size = size.at(Origin("the loader's batch size", machine.span(at if at is not None else node)))
    collate = taken.get("collate_fn")
    if collate is None and not args.exact:
        collate = Native(unknown)
    if isinstance(collate, Const) and collate.value is None:
        collate = None
    dataset = taken.get("dataset") or Unknown()
    drop_last = taken.plain("drop_last", False)
    keeps_rest = drop_last is False and args.exact and taken.plain("sampler") is None
    return Loader(dataset, size, collate, drop_last is True, keeps_rest, node)


def _batch_size(given: Value | None, sampler: Value | None, exact: bool) -> Dim | None:
    if sampler is not None and not (isinstance(sampler, Const) and sampler.value is None):
        return UNKNOWN_DIM
    if given is None:
        return number(1) if exact else UNKNOWN_DIM
    if isinstance(given, Const) and given.value is None:
        return None
    return given.dim if isinstance(given, Int) else UNKNOWN_DIM


@handles("torch.utils.data.TensorDataset", "torch.utils.data.dataset.TensorDataset")
def _tensor_dataset(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    return TensorDataset(args.positional) if args.exact else Unknown()


@handles("torch.utils.data.Subset", "torch.utils.data.dataset.Subset")
def _subset(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    taken = take(args, "dataset", "indices")
    indices = taken.get("indices")
    return Part([taken.get("dataset") or Unknown()], indices.length() if indices is not None else UNKNOWN_DIM)


@handles("torch.utils.data.ConcatDataset")
def _concatenated(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    given = args.positional[0] if args.positional else Unknown()
    if not isinstance(given, Items) or not given.items:
        return Unknown()
    total = number(0)
    for dataset in given.items:
        total = total + size_of(dataset, machine, node)
    return Part(given.items, total)


@handles("torch.utils.data.random_split", "torch.utils.data.dataset.random_split")
def _random_split(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    taken = take(args, "dataset", "lengths")
    dataset, lengths = taken.get("dataset") or Unknown(), taken.get("lengths")
    if not isinstance(lengths, Items) or lengths.items is None:
        return Items("list", None, Part([dataset], UNKNOWN_DIM))
    whole = [as_int(part.operand()) for part in lengths.items]
    return Items("list", [Part([dataset], UNKNOWN_DIM if n is None else number(n)) for n in whole])


@handles(
    "torch.utils.data.default_collate",
    "torch.utils.data.dataloader.default_collate",
    "torch.utils.data._utils.collate.default_collate",
)
def _default_collate(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    from shapecheck.interp.library.collate import default

    given = args.positional[0] if args.positional else Unknown()
    if not isinstance(given, Items):
        return Unknown()
    example = given.element if given.items is None else given.items[0] if given.items else Unknown()
    return default(example, given.length())
