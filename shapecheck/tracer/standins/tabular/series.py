"""One column of a data frame, without pandas."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from shapecheck.tracer.standins.absorb import Absorbing
from shapecheck.tracer.standins.tabular.index import At, Index, chosen, is_list, position, sampled

Text = str


class Series:
    """One column.

    ``made_up`` tells that the values were invented: a mapping or a comparison that fits none of them then gives
    plausible results in place of nothing.
    """

    def __init__(
        self, data: Any = (), index: Any = None, name: Text | None = None, made_up: bool = False, dtype: Any = None
    ) -> None:
        self._list: list[Any] = list(data.values()) if isinstance(data, Mapping) else list(data)
        self.index: Any = Index(index if index is not None else range(len(self._list)))
        self.name = name
        self._made_up = made_up

    def _with(self, values: Iterable[Any]) -> Series:
        made = list(values)
        return Series(made, self.index if len(made) == len(self._list) else None, self.name, self._made_up)

    # as a list and as an array

    def __len__(self) -> int:
        return len(self._list)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._list)

    def __contains__(self, item: Any) -> bool:
        return item in list(self.index)

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        import numpy

        if any(isinstance(value, (list, tuple, dict)) for value in self._list):
            made: Any = numpy.empty(len(self._list), dtype=object)
            made[:] = self._list
            return made
        if dtype is None and any(isinstance(value, str) or value is None for value in self._list):
            dtype = object
        return numpy.array(self._list, dtype=dtype)

    @property
    def values(self) -> Any:
        """The values as an array."""
        return self.__array__()

    def to_numpy(self, dtype: Any = None, **options: Any) -> Any:
        """The values as an array."""
        return self.__array__(dtype)

    @property
    def shape(self) -> tuple[int]:
        """The number of values."""
        return (len(self._list),)

    @property
    def dtype(self) -> Any:
        """The values' dtype."""
        return self.values.dtype

    def tolist(self) -> list[Any]:
        """The values."""
        return list(self._list)

    to_list = tolist

    def items(self) -> Iterator[tuple[Any, Any]]:
        """Rows and values."""
        return zip(self.index, self._list, strict=False)

    def to_dict(self) -> dict[Any, Any]:
        """Values by row."""
        return dict(self.items())

    # parts

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            return self._with(self._list[key])
        if is_list(key):
            return self._with(chosen(self._list, key))
        return self._list[position(self.index, key)]

    def __setitem__(self, key: Any, value: Any) -> None:
        self._list[position(self.index, key)] = value

    @property
    def iloc(self) -> Any:
        """By position."""
        return At(lambda key: self[key] if is_list(key) or isinstance(key, slice) else self._list[key])

    @property
    def loc(self) -> Any:
        """By row label."""
        return At(self.__getitem__)

    def head(self, n: int = 5) -> Series:
        """The first values."""
        return self._with(self._list[:n])

    def sample(self, n: int | None = None, frac: float | None = None, **options: Any) -> Series:
        """Some values."""
        return self._with(sampled(self._list, n, frac))

    def copy(self, *args: Any, **options: Any) -> Series:
        """The same values."""
        return self._with(self._list)

    dropna = fillna = reset_index = sort_values = sort_index = infer_objects = drop_duplicates = copy

    def unique(self) -> Any:
        """The different values, as an array."""
        return Series(list(dict.fromkeys(self._list))).values

    def nunique(self) -> int:
        """How many different values there are."""
        return len(set(self._list))

    def value_counts(self, *args: Any, **options: Any) -> Series:
        """How often each value is there."""
        found = {value: self._list.count(value) for value in dict.fromkeys(self._list)}
        return Series(found.values(), index=list(found))

    # new values

    def map(self, how: Any, *args: Any, **options: Any) -> Series:
        """Each value through a function or a dict."""
        if isinstance(how, Mapping):
            fits = any(value in how for value in self._list)
            if how and not fits and self._made_up:
                return self._with(itertools.islice(itertools.cycle(how.values()), len(self._list)))
            return self._with(how.get(value) for value in self._list)
        return self._with(how(value) for value in self._list)

    def apply(self, how: Any, *args: Any, **options: Any) -> Series:
        """Each value through a function."""
        return self._with(how(value, *options.pop("args", ()), **options) for value in self._list)

    progress_apply = apply

    def replace(self, old: Any, new: Any = None, **options: Any) -> Series:
        """Other values for some."""
        swap = old if isinstance(old, Mapping) else {old: new} if not isinstance(old, list) else dict.fromkeys(old, new)
        if swap and self._made_up and not any(value in swap for value in self._list):
            return self.map(swap)
        return self._with(swap.get(value, value) for value in self._list)

    def astype(self, dtype: Any, *args: Any, **options: Any) -> Series:
        """The values as another type."""
        name = getattr(dtype, "__name__", str(dtype))
        kind = next((kind for word, kind in _TYPES.items() if word in name), None)
        return self._with(self._list if kind is None else (_converted(value, kind) for value in self._list))

    @property
    def str(self) -> Any:
        """String methods on each value."""
        return _Strings(self)

    @property
    def cat(self) -> Any:
        """Classes as numbers."""
        order = sorted(set(map(repr, self._list)))
        return _Attributes(codes=self._with(order.index(repr(value)) for value in self._list), categories=Index(order))

    @property
    def dt(self) -> Any:
        """Dates: not followed."""
        return Absorbing("Series.dt")

    def isin(self, values: Any) -> Series:
        """Whether each value is among the given."""
        known = list(values)
        return self._truth([value in known for value in self._list])

    def isna(self) -> Series:
        """Whether each value is missing."""
        return self._with(value is None for value in self._list)

    isnull = isna

    def notna(self) -> Series:
        """Whether each value is there."""
        return self._with(value is not None for value in self._list)

    notnull = notna

    def any(self, *args: Any) -> bool:
        """Whether one is true."""
        return any(self._list)

    def all(self, *args: Any) -> bool:
        """Whether all are true."""
        return all(self._list)

    def _truth(self, verdicts: list[bool]) -> Series:
        """Verdicts on made-up values: where none holds, every second one does."""
        if self._made_up and not any(verdicts):
            verdicts = [row % 2 == 0 for row in range(len(verdicts))]
        return self._with(verdicts)

    def _combined(self, other: Any, how: Callable[[Any, Any], Any]) -> Series:
        others = list(other) if is_list(other) else itertools.repeat(other, len(self._list))
        return self._with(how(a, b) for a, b in zip(self._list, others, strict=False))

    def __eq__(self, other: Any) -> Any:
        return self._truth(list(self._combined(other, operator.eq)))

    def __ne__(self, other: Any) -> Any:
        return self._truth(list(self._combined(other, operator.ne)))

    __hash__ = None  # type: ignore[assignment]

    def __invert__(self) -> Series:
        return self._with(not value for value in self._list)

    def __neg__(self) -> Series:
        return self._with(-value for value in self._list)

    def __getattr__(self, name: Text) -> Any:
        if name in SUMMARIES:
            return lambda *args, **options: SUMMARIES[name](self._list)
        if name.startswith("__"):
            raise AttributeError(name)
        return Absorbing(f"Series.{name}")


ARITHMETIC = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow")
"""Python's operators on columns, by their names in :mod:`operator`; each has a form with the operands swapped."""


def _add_operators() -> None:
    def plain(how: Callable[[Any, Any], Any]) -> Any:
        return lambda self, other: self._combined(other, how)

    def swapped(how: Callable[[Any, Any], Any]) -> Any:
        return lambda self, other: self._combined(other, lambda a, b: how(b, a))

    for name in ARITHMETIC:
        setattr(Series, f"__{name}__", plain(getattr(operator, name)))
        setattr(Series, f"__r{name}__", swapped(getattr(operator, name)))
    for name in ("lt", "le", "gt", "ge", "and_", "or_", "xor"):
        setattr(Series, f"__{name.rstrip('_')}__", plain(getattr(operator, name)))


_add_operators()


class _Attributes:
    def __init__(self, **values: Any) -> None:
        self.__dict__.update(values)


class _Strings:
    """``series.str``: string methods on each value."""

    def __init__(self, series: Series) -> None:
        self._series = series

    def __getattr__(self, name: str) -> Any:
        if name == "len":
            return lambda: self._series.map(lambda value: len(value))
        if name == "contains":
            return lambda part, *args, **options: self._series._truth([str(part) in str(v) for v in self._series])
        if not hasattr(str, name):
            return Absorbing(f"Series.str.{name}")
        return lambda *args, **options: self._series.map(lambda value: getattr(str(value), name)(*args))

    def __getitem__(self, key: Any) -> Any:
        return self._series.map(lambda value: value[key])


_TYPES: dict[str, Any] = {"int": int, "float": float, "str": str, "bool": bool}
SUMMARIES: dict[str, Callable[[list[Any]], Any]] = {
    "max": lambda values: max(values, default=0),
    "min": lambda values: min(values, default=0),
    "sum": sum,
    "mean": lambda values: sum(values) / max(len(values), 1),
    "median": lambda values: sorted(values)[len(values) // 2] if values else 0,
    "std": lambda values: 1.0,
    "var": lambda values: 1.0,
    "count": len,
    "idxmax": lambda values: values.index(max(values)),
    "quantile": lambda values: sorted(values)[len(values) // 2] if values else 0,
}


def _converted(value: Any, kind: Any) -> Any:
    try:
        return kind(value)
    except (TypeError, ValueError):
        return kind()
