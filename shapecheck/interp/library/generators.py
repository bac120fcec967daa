"""Sources of random numbers that a program makes for itself, numpy's and Python's: they draw as the modules do."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from shapecheck.dims import UNKNOWN as UNKNOWN_DIM
from shapecheck.dims import number
from shapecheck.interp.library.registry import HANDLERS, handles, take
from shapecheck.interp.values import (
    Bound,
    CallArgs,
    Int,
    Items,
    Machine,
    Unknown,
    Value,
    join_all,
)


@dataclass(slots=True, eq=False)
class Generator(Value):
    """``numpy.random.default_rng()``, ``numpy.random.RandomState()`` or ``random.Random()``; ``module`` draws alike."""

    module: str

    def attribute(self, name: str, machine: Machine, node: ast.AST) -> Value:
        return Bound(self, name)

    def method(self, name: str, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        handler = HANDLERS.get(f"{self.module}.{name}")
        return Unknown() if handler is None else handler(args, machine, node)


@handles("numpy.random.default_rng", "numpy.random.RandomState", "numpy.random.Generator")
def _of_numpy(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    return Generator("numpy.random")


@handles("random.Random", "random.SystemRandom")
def _of_python(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    return Generator("random")


def _any_of(population: Value | None, machine: Machine, node: ast.AST) -> Value:
    if population is None:
        return Unknown()
    seen = machine.iterate(population, node)
    return seen.element if seen.items is None else join_all(list(seen.items))


@handles("random.choice")
def _choice(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    return _any_of(take(args, "seq").get("seq"), machine, node)


def _several(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    taken = take(args, "population", "k")
    count = taken.get("k")
    size = count.dim if isinstance(count, Int) else UNKNOWN_DIM
    return Items("list", None, _any_of(taken.get("population"), machine, node), size=size)


HANDLERS["random.sample"] = _several


@handles("random.choices")
def _with_repeats(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    taken = take(args, "population", "weights")
    drawn = [taken.get("population") or Unknown(), taken.get("k") or Int(number(1))]
    return _several(CallArgs(drawn), machine, node)
