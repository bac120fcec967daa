"""Hugging Face ``datasets``: what an example holds, by the columns that the program shows."""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace

from shapecheck.dims import UNKNOWN as UNKNOWN_DIM
from shapecheck.dims import Dim
from shapecheck.interp.library.encodings import Encoding
from shapecheck.interp.library.numpy import ArrayValue
from shapecheck.interp.library.registry import handles, take
from shapecheck.interp.library.rows import Rows, described
from shapecheck.interp.values import (
    Bound,
    CallArgs,
    Const,
    Int,
    Items,
    Iteration,
    Machine,
    Mapping,
    Number,
    TensorValue,
    Unknown,
    Value,
    join_all,
)

_SAME = frozenset(
    {
        "filter",
        "shuffle",
        "sort",
        "flatten_indices",
        "cast_column",
        "cast",
        "class_encode_column",
        "to_iterable_dataset",
        "take",
    }
)
_SPLITS = frozenset({"train", "test", "validation", "valid", "dev", "unsupervised"})


@dataclass(slots=True, eq=False)
class HFDataset(Value):
    """A data set, or a dict of such by split (``split`` None): the splits are taken to have the same columns.

    Attributes:
        example: one example, as Python values; incomplete where not all columns are known.
        size: the number of examples.
        container: what ``set_format`` asked for (``torch``), None for Python values.
        columns: those that ``set_format`` chose, None for all.
    """

    example: Mapping
    size: Dim = UNKNOWN_DIM
    split: bool | None = None
    container: str | None = None
    columns: tuple[str, ...] | None = None

    def attribute(self, name: str, machine: Machine, node: ast.AST) -> Value:
        if name in ("num_rows", "column_names", "features", "shape"):
            return Int(self.size) if name == "num_rows" else Unknown()
        return Bound(self, name)

    def item(self, key: Value, machine: Machine, node: ast.AST) -> Value:
        asked = key.operand()
        if isinstance(asked, str):
            if self.split is None and asked in _SPLITS:
                return replace(self, split=True)
            column = self._shown(self.example.items.get(asked, Unknown()))
            return Items("list", None, column, size=self.size)
        if isinstance(asked, slice):
            batch = {name: Items("list", None, value) for name, value in self._row().items.items()}
            return Mapping(dict(batch), self.example.complete)
        return self._row()

    def _row(self) -> Mapping:
        """An example as indexing gives it."""
        chosen = {
            key: value for key, value in self.example.items.items() if self.columns is None or key in self.columns
        }
        complete = self.example.complete or self.columns is not None and set(self.columns) <= set(chosen)
        return Mapping({key: self._shown(value) for key, value in chosen.items()}, complete)

    def _shown(self, value: Value) -> Value:
        if self.container not in ("torch", "pt", "numpy"):
            return value
        if isinstance(value, (Rows, Int, Number)) or (isinstance(value, Const) and isinstance(value.value, float)):
            tensor = described(value)
            return TensorValue(tensor) if self.container != "numpy" else ArrayValue(tensor)
        return value

    def iterate(self, machine: Machine, node: ast.AST) -> Iteration:
        return Iteration(None, Unknown() if self.split is None else self._row())

    def length(self) -> Dim:
        return self.size if self.split else UNKNOWN_DIM

    def truth(self) -> bool | None:
        return True

    def method(self, name: str, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        if name in _SAME:
            return replace(self, size=UNKNOWN_DIM if name in ("filter", "take") else self.size)
        match name:
            case "map":
                return self._mapped(args, machine, node)
            case "set_format" | "with_format":
                return self._formatted(name, args)
            case "remove_columns" | "select_columns":
                return self._without(args, name == "select_columns")
            case "rename_column":
                return self._renamed(args)
            case "select":
                indices = args.positional[0] if args.positional else Unknown()
                return replace(self, size=indices.length())
            case "train_test_split":
                parts: dict[str, Value] = {
                    part: replace(self, split=True, size=UNKNOWN_DIM) for part in ("train", "test")
                }
                return Mapping(dict(parts))
            case "reset_format":
                self.container = self.columns = None
                return Const(None)
        return Unknown()

    def _mapped(self, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        """``map``: the columns that the function returns come on top."""
        taken = take(args, "function")
        function = taken.get("function")
        if function is None:
            return self
        batched = taken.plain("batched", False) is True
        given: Value = self.example
        if batched:
            count = machine.fresh("rows", node, "the number of examples that map hands over at once")
            columns = {name: Items("list", None, value, size=count) for name, value in self.example.items.items()}
            given = Mapping(dict(columns), self.example.complete, Items("list", None, size=count))
        result = machine.call(function, CallArgs([given], nodes=[None]), node)
        added = result.fields if isinstance(result, Encoding) else result.items if isinstance(result, Mapping) else None
        dropped = self._dropped(taken.get("remove_columns"))
        kept = {} if dropped is None else {k: v for k, v in self.example.items.items() if k not in dropped}
        if added is None:
            return replace(self, example=Mapping(dict(kept), False))
        rows = {str(name): _one_of(value) if batched else value for name, value in added.items()}
        complete = isinstance(result, Encoding) or isinstance(result, Mapping) and result.complete
        all_gone = dropped is None
        return replace(self, example=Mapping({**kept, **rows}, complete and (all_gone or self.example.complete)))

    def _dropped(self, columns: Value | None) -> set[str] | None:
        """The columns that are removed; None for all of them, or for some that are not known."""
        if columns is None or (isinstance(columns, Const) and columns.value is None):
            return set()
        names = columns.operand()
        if isinstance(names, str):
            return {names}
        return {name for name in names if isinstance(name, str)} if isinstance(names, list) else None

    def _formatted(self, name: str, args: CallArgs) -> Value:
        taken = take(args, "type", "columns")
        container, columns = taken.plain("type"), taken.plain("columns")
        chosen = tuple(columns) if isinstance(columns, list) and all(isinstance(c, str) for c in columns) else None
        new = replace(self, container=container if isinstance(container, str) else None, columns=chosen)
        if name == "with_format":
            return new
        self.container, self.columns = new.container, new.columns
        return Const(None)

    def _without(self, args: CallArgs, keep: bool) -> Value:
        names = self._dropped(args.positional[0] if args.positional else Unknown())
        if names is None:
            return replace(self, example=Mapping({}, False))
        kept = {key: value for key, value in self.example.items.items() if (key in names) == keep}
        return replace(self, example=Mapping(kept, self.example.complete or keep))

    def _renamed(self, args: CallArgs) -> Value:
        taken = take(args, "original_column_name", "new_column_name")
        old, new = taken.plain("original_column_name"), taken.plain("new_column_name")
        if not isinstance(old, str) or not isinstance(new, str):
            return replace(self, example=Mapping({}, False))
        items = {new if key == old else key: value for key, value in self.example.items.items()}
        return replace(self, example=Mapping(items, self.example.complete))


def _one_of(column: Value) -> Value:
    """One example's value out of a column that ``map(batched=True)`` returned."""
    if isinstance(column, Rows):
        return column.row()
    if isinstance(column, Items):
        return column.element if column.items is None else join_all(column.items)
    if isinstance(column, (TensorValue, ArrayValue)):
        from shapecheck.interp.library.tensors import row_of

        return Rows(row_of(column.tensor))
    return Unknown()


@handles("datasets.load_dataset", "datasets.load_from_disk")
def _load(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    split = args.keywords.get("split")
    return HFDataset(Mapping({}, False), split=True if split is not None else None)


@handles("datasets.Dataset.from_dict")
def _from_dict(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    given = args.positional[0] if args.positional else Unknown()
    if not isinstance(given, Mapping):
        return HFDataset(Mapping({}, False), split=True)
    columns = {
        str(key): join_all(list(machine.iterate(value, node).items or [machine.iterate(value, node).element]))
        for key, value in given.items.items()
    }
    size = next((value.length() for value in given.items.values()), UNKNOWN_DIM)
    return HFDataset(Mapping(columns, given.complete), size, True)


@handles("datasets.Dataset.from_list")
def _from_list(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    given = args.positional[0] if args.positional else Unknown()
    seen = machine.iterate(given, node)
    example = seen.element if seen.items is None else join_all(list(seen.items))
    return HFDataset(example if isinstance(example, Mapping) else Mapping({}, False), given.length(), True)


@handles("datasets.DatasetDict")
def _dataset_dict(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    given = args.positional[0] if args.positional else Mapping(dict(args.keywords))
    if isinstance(given, Mapping):
        first = next((value for value in given.items.values() if isinstance(value, HFDataset)), None)
        if first is not None:
            return replace(first, split=None, size=UNKNOWN_DIM)
    return HFDataset(Mapping({}, False))
