"""One application of an operator, as its handler sees it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from shapecheck.dims import Dim
from shapecheck.ops import dtypes
from shapecheck.ops.values import UNKNOWN, Batches, Clash, Operand, Spec, Unclear, as_int, is_tensor
from shapecheck.shapes import ANY, Conflict, Shape

if TYPE_CHECKING:
    from shapecheck.ops.tables import Entry

_NOTHING = Spec(ANY, None)
_NUMBER = Spec(Shape(()), None)


class Call:
    """Bound arguments of one call; for a module those of its constructor and of ``forward`` together."""

    __slots__ = ("args", "entry")

    def __init__(self, entry: Entry, args: dict[str, Any]) -> None:
        self.entry = entry
        self.args = args

    def __getitem__(self, name: str) -> Any:
        return self.args[name]

    @property
    def name(self) -> str:
        """The operator's name without its namespaces: ``cross_entropy``, ``Linear``."""
        return self.entry.name.rpartition(".")[2]

    def tensor(self, name: str = "input") -> Operand:
        """A tensor operand; a Python number is a tensor without axes, an unknown value one of unknown shape."""
        value = self.args[name]
        if is_tensor(value):
            return value
        if value is UNKNOWN:
            return _NOTHING
        if isinstance(value, (int, float, complex, Dim)):
            return _NUMBER
        if holds_tensors(value):
            function = self.name.lower() if self.entry.is_module else self.name
            place = " (position 1)" if name == "input" else ""
            words = f"{function}(): argument '{name}'{place} must be Tensor, not tuple"
            raise self.clash("tuple", words, left_name=name)
        raise Unclear(f"{name} is not a tensor")

    def optional(self, name: str) -> Operand | None:
        """A tensor operand that may be left out."""
        return None if self.args.get(name) is None else self.tensor(name)

    def shape(self, name: str = "input") -> Shape:
        """The shape of a tensor operand."""
        return self.tensor(name).shape

    def integer(self, name: str) -> int:
        """An integer parameter; Unclear where it is not known."""
        value = as_int(self.args[name])
        if value is None:
            raise Unclear(f"{name} is not known")
        return value

    def flag(self, name: str) -> bool:
        """A boolean parameter; Unclear where it is not known."""
        value = self.args[name]
        if value is UNKNOWN:
            raise Unclear(f"{name} is not known")
        return bool(value)

    def tensors(self, name: str) -> list[Operand]:
        """A sequence of tensors; Unclear where its elements are not known."""
        value = self.args[name]
        if not isinstance(value, (tuple, list)) or isinstance(value, Batches):
            raise Unclear(f"{name} is not a known sequence")
        return [item if is_tensor(item) else _NOTHING for item in value]

    def dtype(self) -> str | None:
        """The type of the result as the table says it; a ``dtype`` argument wins."""
        asked = self.args.get("dtype")
        if asked is not None:
            return dtypes.as_dtype(asked)
        rule = self.entry.dtype
        if rule == "input":
            first = next(iter(self.args.values()), None) if "input" not in self.args else self.args["input"]
            return first.dtype if is_tensor(first) else None
        if rule == "promote":
            return dtypes.promote(self._numeric())
        if rule == "float":
            return dtypes.floating(dtypes.promote(self._numeric()))
        return None if rule == "unknown" else rule

    def _numeric(self) -> list[object]:
        return [
            value
            for key, value in self.args.items()
            if is_tensor(value) or key in ("other", "exponent", "value") or value is UNKNOWN
        ]

    def out(self, shape: Shape) -> Spec:
        """A result of this shape, of the type that the table says."""
        return Spec(shape, self.dtype())

    def clash(self, kind: str, message: str, **sizes: Any) -> Clash:
        """The exception that says that PyTorch raises here."""
        return Clash(Conflict(kind, message, **sizes))


def holds_tensors(value: object) -> bool:
    """Whether a value is a tuple of tensors (and of such tuples), as operators with several results give."""
    return isinstance(value, tuple) and bool(value) and all(is_tensor(part) or holds_tensors(part) for part in value)


Handler = Callable[[Call], Any]
