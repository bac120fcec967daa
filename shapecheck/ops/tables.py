"""The operator tables in ``rules/ops``, one TOML file a family, and the names under which operators are known.

Each line of ``[operators]`` is a parameter list and a rule: ``"torch.bmm(input, mat2)" = "b n m, b m p -> b n p"``.
A module has two lists, the constructor's and forward's: ``"torch.nn.Linear(in_features, ...)(input)"``. The rule is a
notation (see :mod:`shapecheck.ops.notation`) or the name of a function of the family's Python file; after ``|`` stands
the type of the result (``input``, the default; ``promote``; ``float``; ``unknown``; or a type).
``[aliases]`` gives other names, ``[errors]`` PyTorch's wording for notations, ``[divisible]`` what constructors check.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from importlib import import_module
from typing import Any

from shapecheck.ops import notation, signature
from shapecheck.ops.call import Call, Handler
from shapecheck.ops.values import Spec
from shapecheck.resources import rules_dir

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # type: ignore[import-not-found, unused-ignore]


class Entry:
    """One operator: its parameters and its rule, parsed when first used."""

    def __init__(self, family: str, head: str, rule: str, extra: dict[str, Any]) -> None:
        self.family = family
        self.name, _, lists = head.partition("(")
        self._lists = lists[:-1]
        self.rule, _, dtype = rule.partition(" | ")
        self.dtype = dtype or "input"
        self._extra = extra

    @property
    def is_module(self) -> bool:
        """Whether it is a class whose instances are called."""
        if not self.name.startswith(("torch.nn.", "einops.layers.")) or self.name == "torch.nn.Parameter":
            return False
        return self.name.rpartition(".")[2][0].isupper()

    @cached_property
    def constructor(self) -> signature.Signature:
        """A module's constructor parameters."""
        return signature.parse(self._lists.partition(")(")[0] if self.is_module else "")

    @cached_property
    def parameters(self) -> signature.Signature:
        """The parameters of the function, or of the module's forward."""
        if not self.is_module:
            return signature.parse(self._lists)
        return signature.parse(self._lists.partition(")(")[2] or "input")

    @cached_property
    def operands(self) -> tuple[str, ...]:
        """The names of the tensors that a notation speaks of: the leading parameters."""
        return self.parameters.names

    @cached_property
    def handler(self) -> Handler:
        """The function that computes the result."""
        if "->" in self.rule:
            parsed = notation.parse(self.rule)
            return lambda call: notation.evaluate(call, parsed)
        found: Handler = getattr(import_module(f"shapecheck.ops.{self.family}"), self.rule)
        return found

    @property
    def divisible(self) -> list[list[str]]:
        """What the constructor checks: dividend, divisor, PyTorch's words."""
        return self._extra.get("divisible", {}).get(self.name, [])  # type: ignore[no-any-return]

    def message(self, kind: str, call: Call, operand: str, pattern: tuple[str, ...]) -> str:
        """PyTorch's wording for a notation that does not hold."""
        template = self._extra.get("errors", {}).get(self.name, {}).get(kind)
        if template is None:
            return (
                f"{self.name}: {operand} of shape {call.shape(operand)} does not fit '{self.rule}' at "
                f"'{' '.join(pattern)}'"
            )
        shapes = {
            name: notation.Printed(Spec(call.shape(name))) for name in self.operands if call.args.get(name) is not None
        }
        return str(template.format(**{**call.args, **shapes}))


@cache
def _tables() -> tuple[dict[str, Entry], dict[str, str]]:
    """All operators by name, and the names that stand for others."""
    entries: dict[str, Entry] = {}
    aliases: dict[str, str] = {}
    for path in sorted((rules_dir() / "ops").glob("*.toml")):
        table = tomllib.loads(path.read_text("utf-8"))
        for head, rule in table["operators"].items():
            entry = Entry(path.stem, head, rule, table)
            entries[entry.name] = entry
        for target, names in table.get("aliases", {}).items():
            aliases.update(dict.fromkeys(names, target))
    return entries, aliases


def names() -> tuple[Mapping[str, Entry], Mapping[str, str]]:
    """Every operator by name, and every other name with the one that it stands for."""
    return _tables()


def entries() -> Iterator[Entry]:
    """Every operator, by name."""
    found, _ = _tables()
    return iter(sorted(found.values(), key=lambda entry: entry.name))


@cache
def entry(name: str) -> Entry | None:
    """The operator that goes by a name, or None."""
    found, aliases = _tables()
    for spelling in _spellings(name):
        target = aliases.get(spelling, spelling)
        if target in found:
            return found[target]
    return None


def _spellings(name: str) -> Iterator[str]:
    """A name and what it may be short or long for, nearest first."""
    yield name
    if name.endswith("_") and not name.endswith("__"):
        yield name[:-1]
        name = name[:-1]
    head, _, last = name.rpartition(".")
    if head == "torch.Tensor":
        found, aliases = _tables()
        function = aliases.get(f"torch.{last}", f"torch.{last}")
        if function in found and found[function]._lists.startswith("input"):
            yield function
    elif name.startswith("torch.nn.modules."):
        yield f"torch.nn.{last}"
    elif head in ("torch.nn.functional", "torch.special", "torch._C._nn", "torch.linalg") or head == "operator":
        yield f"torch.{last}"
