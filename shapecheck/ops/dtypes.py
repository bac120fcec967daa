"""Types of elements: names, kinds, promotion. A type is torch's name without prefix, ``float`` or ``int`` where only
the kind is known, or None."""

from __future__ import annotations

from collections.abc import Iterable

from shapecheck.dims import Dim
from shapecheck.ops.values import UNKNOWN, is_tensor

_FLOATS = ("float16", "bfloat16", "float32", "float64")
_INTEGERS = ("uint8", "int8", "int16", "int32", "int64", "uint16", "uint32", "uint64")
_COMPLEX = ("complex32", "complex64", "complex128")
_KINDS = ("bool", "int", "float", "complex")

KIND: dict[str, str] = {
    "bool": "bool",
    **dict.fromkeys(("int", *_INTEGERS), "int"),
    **dict.fromkeys(("float", *_FLOATS), "float"),
    **dict.fromkeys(("complex", *_COMPLEX), "complex"),
}
"""The kind of every type: bool, int, float or complex."""

_ALIASES = {
    "half": "float16",
    "double": "float64",
    "long": "int64",
    "short": "int16",
    "cfloat": "complex64",
    "cdouble": "complex128",
}
_TITLES = {
    "int64": "Long",
    "int32": "Int",
    "int16": "Short",
    "int8": "Char",
    "uint8": "Byte",
    "bool": "Bool",
    "float32": "Float",
    "float64": "Double",
    "float16": "Half",
    "bfloat16": "BFloat16",
}

TENSOR_TYPES = {f"{title}Tensor": name for name, title in _TITLES.items() if name != "int8"} | {"Tensor": "float32"}
"""The types that ``torch.LongTensor`` and its like stand for, by name."""


def as_dtype(value: object) -> str | None:
    """A type from what stands in a ``dtype`` argument: ``"float32"``, ``"torch.float32"``, or Python's own types."""
    if isinstance(value, type):
        return {int: "int64", float: "float64", bool: "bool", complex: "complex64"}.get(value)
    if not isinstance(value, str):
        return None
    word = value.rpartition(".")[2]
    if word in ("float", "int"):
        return {"float": "float32", "int": "int32"}[word]
    word = _ALIASES.get(word, word)
    return word if word in KIND else None


def title(dtype: str | None) -> str:
    """A type as torch's messages name it: ``Long``, ``Float``."""
    return _TITLES.get(dtype or "", str(dtype))


def is_integral(dtype: str | None) -> bool:
    """Whether a type is certainly an integer or bool."""
    return dtype is not None and KIND.get(dtype) in ("int", "bool")


def is_floating(dtype: str | None) -> bool:
    """Whether a type is certainly floating."""
    return dtype is not None and KIND.get(dtype) == "float"


def floating(dtype: str | None) -> str | None:
    """The type of a float result (a mean, a quotient): integers become the default type."""
    return "float32" if is_integral(dtype) else dtype


def promote(operands: Iterable[object]) -> str | None:
    """The type of an elementwise result: the highest kind wins, within it tensors over 0-d tensors over numbers."""
    given = list(operands)
    ranked: list[tuple[int, int, str]] = []
    for operand in given:
        weight, dtype = _weighed(operand)
        if dtype is None:
            return None
        ranked.append((_KINDS.index(KIND[dtype]), weight, dtype))
    if not ranked:
        return None
    kind = max(ranked)[0]
    highest = [entry for entry in ranked if entry[0] == kind]
    types = {dtype for _, _, dtype in highest}
    if len(types) > 1 and any(is_tensor(operand) and operand.shape.rank is None for operand in given):
        return _KINDS[kind]  # a tensor of unknown rank may count less than the others, or not
    weight = max(entry[1] for entry in highest)
    return _wider({dtype for _, entry_weight, dtype in highest if entry_weight == weight})


def _weighed(operand: object) -> tuple[int, str | None]:
    if is_tensor(operand):
        return (1 if operand.shape.rank == 0 else 2), operand.dtype if operand.dtype in KIND else None
    if isinstance(operand, bool):
        return 0, "bool"
    if isinstance(operand, (int, Dim)):
        return 0, "int64"
    if isinstance(operand, float):
        return 0, "float32"
    if isinstance(operand, complex):
        return 0, "complex64"
    return 0, None if operand is UNKNOWN else "bool"


def _wider(types: set[str]) -> str:
    if len(types) == 1:
        return next(iter(types))
    kind = KIND[next(iter(types))]
    if kind in types:
        return kind
    if types == {"float16", "bfloat16"}:
        return "float32"
    if kind == "float":
        return max(types, key=_FLOATS.index)
    if kind == "int" and types <= {"int8", "int16", "int32", "int64"}:
        return max(types, key=_INTEGERS.index)
    if kind == "int" and types <= {"uint8", "int16", "int32", "int64"}:
        return max(types, key=_INTEGERS.index)
    return "complex128" if "complex128" in types else kind
