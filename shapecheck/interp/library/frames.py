"""pandas: tables whose columns are as long as each other; of their cells only that each is one number or one text."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from shapecheck import ops
from shapecheck.dims import UNKNOWN as UNKNOWN_DIM
from shapecheck.dims import Dim, number
from shapecheck.graph import Tensor
from shapecheck.interp.library.encodings import Words
from shapecheck.interp.library.numpy import ArrayValue
from shapecheck.interp.library.registry import handles
from shapecheck.interp.library.rows import Cell
from shapecheck.interp.values import Bound, CallArgs, Const, Int, Items, Iteration, Machine, Mapping, Unknown, Value
from shapecheck.shapes import Shape

_SAME_ROWS = frozenset(
    {
        "reset_index",
        "copy",
        "fillna",
        "rename",
        "astype",
        "assign",
        "sort_values",
        "sort_index",
        "set_index",
        "replace",
        "drop",
    }
)
_FEWER_ROWS = frozenset(
    {"sample", "head", "tail", "dropna", "drop_duplicates", "query", "nlargest", "nsmallest", "sort_values"}
)


@dataclass(slots=True, eq=False)
class Series(Value):
    """A column; ``element`` stands for each cell."""

    rows: Dim
    element: Value

    def attribute(self, name: str, machine: Machine, node: ast.AST) -> Value:
        match name:
            case "values":
                return self._array()
            case "shape":
                return Items("tuple", [Int(self.rows)])
            case "iloc" | "loc" | "str" | "dt":
                return self
        return Bound(self, name)

    def _array(self) -> Value:
        return ArrayValue(Tensor(Shape((self.rows,)))) if isinstance(self.element, Cell) else Unknown()

    def item(self, key: Value, machine: Machine, node: ast.AST) -> Value:
        return Series(UNKNOWN_DIM, self.element) if isinstance(key.operand(), slice) else self.element

    def method(self, name: str, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        match name:
            case "tolist" | "to_list":
                return Words(self.rows, self.element)
            case "to_numpy":
                return self._array()
            case "unique":
                return Words(UNKNOWN_DIM, self.element)
            case "nunique":
                return Int(UNKNOWN_DIM)
            case "apply" | "map" | "transform":
                return Series(self.rows, Unknown())
            case "astype" | "fillna" | "str" | "reset_index" | "copy":
                return self
        return Unknown()

    def iterate(self, machine: Machine, node: ast.AST) -> Iteration:
        return Iteration(None, self.element, self.rows)

    def length(self) -> Dim:
        return self.rows


@dataclass(slots=True, eq=False)
class Frame(Value):
    """A table of ``rows`` rows; ``changed`` holds the columns that the program computed."""

    rows: Dim
    changed: dict[str, Value]

    def attribute(self, name: str, machine: Machine, node: ast.AST) -> Value:
        match name:
            case "iloc" | "loc" | "at" | "iat":
                return Located(self)
            case "shape":
                return Items("tuple", [Int(self.rows), Int(UNKNOWN_DIM)])
            case "values":
                return ArrayValue(Tensor(Shape((self.rows, UNKNOWN_DIM))))
            case "columns" | "index":
                return Unknown()
        return (
            Bound(self, name)
            if name in _SAME_ROWS | _FEWER_ROWS or name.startswith(("iter", "to_", "group", "apply"))
            else self.column(name)
        )

    def column(self, name: str) -> Value:
        """A column by name."""
        return self.changed.get(name) or Series(self.rows, Cell())

    def item(self, key: Value, machine: Machine, node: ast.AST) -> Value:
        asked = key.operand()
        if isinstance(asked, str):
            return self.column(asked)
        if isinstance(asked, list) and all(isinstance(name, str) for name in asked):
            return Columns(self, tuple(asked))
        return Unknown() if isinstance(asked, (list, tuple)) else Frame(UNKNOWN_DIM, dict(self.changed))

    def set_item(self, key: Value, value: Value, machine: Machine, node: ast.AST) -> None:
        asked = key.operand()
        if isinstance(asked, str):
            self.changed[asked] = Series(self.rows, value.element) if isinstance(value, Series) else Unknown()

    def set_attribute(self, name: str, value: Value, machine: Machine, node: ast.AST) -> None:
        self.changed[name] = value if isinstance(value, Series) else Unknown()

    def method(self, name: str, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        if name in _FEWER_ROWS and name != "sort_values":
            return Frame(UNKNOWN_DIM, dict(self.changed))
        if name in _SAME_ROWS:
            return Frame(self.rows, dict(self.changed))
        if name == "iterrows":
            return Items("iterator", None, Items("tuple", [Int(UNKNOWN_DIM), Row(self)]), size=self.rows)
        return Unknown()

    def operate(self, op: str, other: Value, swapped: bool, machine: Machine, node: ast.AST) -> Value:
        """``(frame - frame.mean()) / frame.std()``: cell by cell."""
        return Frame(self.rows, {name: Series(self.rows, Cell()) for name in self.changed})

    def length(self) -> Dim:
        return self.rows


@dataclass(slots=True, eq=False)
class Columns(Value):
    """Several columns of a table."""

    frame: Frame
    names: tuple[str, ...]

    def attribute(self, name: str, machine: Machine, node: ast.AST) -> Value:
        if name == "values":
            columns = [self.frame.column(column) for column in self.names]
            plain = all(isinstance(column, Series) and isinstance(column.element, Cell) for column in columns)
            return ArrayValue(Tensor(Shape((self.frame.rows, number(len(columns)))))) if plain else Unknown()
        return Located(self) if name in ("iloc", "loc") else Bound(self, name)

    def method(self, name: str, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        if name in ("to_numpy", "copy", "reset_index", "astype"):
            return self.attribute("values", machine, node) if name == "to_numpy" else self
        return Unknown()

    def length(self) -> Dim:
        return self.frame.rows


@dataclass(slots=True, eq=False)
class Located(Value):
    """``frame.iloc``: rows by place."""

    frame: Frame | Columns

    def item(self, key: Value, machine: Machine, node: ast.AST) -> Value:
        if isinstance(key, Int) and isinstance(self.frame, Frame):
            return Row(self.frame)
        return (
            Frame(UNKNOWN_DIM, dict(self.frame.changed))
            if isinstance(self.frame, Frame) and isinstance(key.operand(), slice)
            else Unknown()
        )


@dataclass(slots=True, eq=False)
class Row(Value):
    """One row of a table."""

    frame: Frame

    def item(self, key: Value, machine: Machine, node: ast.AST) -> Value:
        asked = key.operand()
        column = self.frame.column(asked) if isinstance(asked, str) else Unknown()
        return column.element if isinstance(column, Series) else Unknown()

    def attribute(self, name: str, machine: Machine, node: ast.AST) -> Value:
        return self.item(Const(name), machine, node)


@handles("pandas.read_csv", "pandas.read_excel", "pandas.read_table")
def _read(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    return Frame(machine.fresh("rows", node, "the number of rows of the table"), {})


def _is_cell(value: Value) -> bool:
    """Whether a value in a column is one number or one text."""
    return not isinstance(value.operand(), (list, tuple)) and value.operand() is not ops.UNKNOWN


@handles("pandas.DataFrame", "pandas.DataFrame.from_dict")
def _made(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    given = args.positional[0] if args.positional else args.keywords.get("data", Unknown())
    if not isinstance(given, Mapping):
        return Unknown()
    columns: dict[str, Value] = {}
    rows = UNKNOWN_DIM
    for name, value in given.items.items():
        seen = machine.iterate(value, node)
        rows = seen.count()
        cells = seen.items if seen.items else [seen.element]
        columns[str(name)] = Series(rows, Cell() if all(map(_is_cell, cells)) else seen.element)
    return Frame(rows, columns)
