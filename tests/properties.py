"""What a script that raises nothing can be shown to do wrong, by running it again with something changed.

A claim (``# wrong: mixes("ids", "vectors")``) is an expression over the script's variables and these functions, each
of which says yes to a fault: two examples meet, padding counts, something is not read at all. Outputs are named by any
expression over the variables; inputs by a variable, which is changed right after the statement that first sets it.

Every run begins with the same random numbers, and its modules do what they do in evaluation, so that nothing but the
change can make a difference. A claim that could not come out either way fails (:class:`Vacuous`) instead of passing.
"""

from __future__ import annotations

import ast
import random
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch.nn.modules.module import register_module_forward_pre_hook

TRIES = 5
"""How many changes of an input are tried until an output that is made of whole numbers (a class) has to move."""


class Vacuous(AssertionError):
    """The output does not depend on what was changed, so that nothing can be said of it."""


def wrong(claim: str, path: Path, text: str) -> bool:
    """Whether a claim about a script is true."""
    with evaluating():
        script = Script(path, text)
        return bool(eval(claim, script.names | {name: getattr(script, name) for name in OF_A_RUN} | OF_VALUES))


def seed() -> None:
    """Begin all random numbers anew."""
    random.seed(0)
    torch.manual_seed(0)


def _evaluate(module: torch.nn.Module, _: object) -> None:
    module.eval()


@contextmanager
def evaluating() -> Iterator[None]:
    """Modules drop nothing and take no statistics of a batch, whatever mode they are in."""
    hook = register_module_forward_pre_hook(_evaluate)
    try:
        yield
    finally:
        hook.remove()


class Script:
    """A script that can be run with some of its variables changed.

    Attributes:
        names: its variables when nothing is.
    """

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.text = text
        self.body = ast.parse(text).body
        self.names = self.run()

    def run(self, name: str = "", change: Callable[[Any], Any] | None = None) -> dict[str, Any]:
        """Its variables when it has run, one of them changed when it was first set."""
        seed()
        names: dict[str, Any] = {"__name__": "__main__", "__file__": str(self.path)}
        for statement in self.body:
            exec(compile(ast.Module([statement], []), str(self.path), "exec", dont_inherit=True), names)
            if change is not None and name in names:
                names[name], change = change(names[name]), None
        assert not name or change is None, f"the script sets no variable {name}"
        return names

    def before(self, out: str) -> torch.Tensor:
        """What an expression comes to when nothing is changed."""
        return torch.as_tensor(eval(out, dict(self.names))).detach()

    def after(self, out: str, name: str, change: Callable[[Any], Any]) -> torch.Tensor:
        """What it comes to with one variable changed."""
        return torch.as_tensor(eval(out, self.run(name, change))).detach()

    def turns(self, out: str, name: str, axis: int, at: int) -> Iterator[torch.Tensor]:
        """What it comes to with several changes of one row of a variable."""
        for turn in range(TRIES):
            yield self.after(out, name, partial(changed, axis=axis, at=at, turn=turn))

    def mixes(self, name: str, out: str, axis: int = 0, rows: int | None = None) -> bool:
        """Whether one row of an output moves with another row of what it is made of, or has no row for each.

        Args:
            name, out: the input and the output.
            axis: where the rows of the input stand; examples by default, tokens with 1.
            rows: where those of the output stand, if elsewhere.
        """
        at = axis if rows is None else rows
        before, count, moves = self.before(out), size(self.names[name], axis), False
        if before.dim() <= at or before.shape[at] != count:
            return True
        for row in (0, count - 1):  # a layer that runs across them may do so in one direction
            others = [other for other in range(count) if other != row]
            for after in self.turns(out, name, axis, row):
                if differs(*(value.index_select(at, torch.tensor(others)) for value in (before, after))):
                    return True
                moves |= differs(before, after)
        return told(False, moves, name, out)

    def ignores(self, name: str, out: str, axis: int = 0, at: int = -1) -> bool:
        """Whether an output stays when a part of its input is changed: by default the last example."""
        before = self.before(out)
        return not any(differs(before, after) for after in self.turns(out, name, axis, at))

    def counts_padding(self, name: str, out: str, side: str = "right") -> bool:
        """Whether an output moves with the number of padded tokens; the input has tokens along axis 1.

        An output that has them too is compared where both have some.
        """
        before, after = self.before(out), self.after(out, name, partial(padded, side=side))
        moves = not self.ignores(name, out, at=0)
        return told(differs(before, after[tuple(slice(size) for size in before.shape)]), moves, name, out)

    def loses_order(self, name: str, out: str, axis: int = 0) -> bool:
        """Whether an output does not follow when the rows of its input (examples; tokens with axis 1) change places."""
        before, after = self.before(out), self.after(out, name, partial(torch.flip, dims=[axis]))
        return told(differs(before, after.flip(axis)), differs(before, after), name, out)

    def misnoted(self, name: str, beside: str = "") -> bool:
        """Whether a variable has another shape than a comment gives in numbers, on its own line or another."""
        begins = re.escape(beside or f"{name} =")
        (note,) = re.findall(rf"^ *{begins} .*# shape: [^#\n]*\(([^)]*)\)", self.text, re.MULTILINE)
        sizes = [int(size) if size.strip().isdigit() else None for size in note.split(",")]
        shape = self.names[name].shape
        return len(sizes) != len(shape) or any(
            size not in (None, real) for size, real in zip(sizes, shape, strict=True)
        )


def told(said: bool, moves: bool, name: str, out: str) -> bool:
    """An answer, where the output moves with the input at all."""
    if not said and not moves:
        raise Vacuous(f"{out} does not depend on {name}")
    return said


def differs(one: Any, other: Any) -> bool:
    """Whether two values are of other shapes, or not nearly equal."""
    one, other = torch.as_tensor(one), torch.as_tensor(other)
    if one.shape != other.shape:
        return True
    return not torch.allclose(one.double(), other.double(), rtol=1e-4, atol=1e-5)


def uneven(weights: torch.Tensor, dim: int) -> bool:
    """Whether weights do not add up to one along an axis, or are all of the weight there is."""
    return weights.shape[dim] == 1 or differs(weights.sum(dim), torch.ones(weights.sum(dim).shape))


def size(value: Any, axis: int) -> int:
    """How many rows an input has."""
    tokens = value["input_ids"] if isinstance(value, Mapping) else value
    return len(tokens) if isinstance(tokens, list) else int(tokens.shape[axis])


def changed(value: Any, axis: int, at: int, turn: int) -> Any:
    """An input with other numbers (another text) in one of its rows; an id of 0, which may be padding, stays."""
    if isinstance(value, list):
        new = list(value)
        new[at] += f" and {turn} more"
        return new
    if isinstance(value, Mapping):
        return type(value)({**value, "input_ids": changed(value["input_ids"], axis, at, turn)})
    new = value.detach().clone()
    row = new.select(axis, at)
    if bool(((value == 0) | (value == 1)).all()):
        row.copy_(row == 0)
    elif value.is_floating_point():
        row += 3 * torch.randn(row.shape, generator=torch.Generator().manual_seed(turn))
    else:
        row.copy_(torch.where(row == 0, 0, (row + turn) % int(value.max()) + 1))
    return value + (new - value).detach() if value.requires_grad else new


def padded(value: Any, side: str) -> Any:
    """An input, or each tensor of a batch from a tokenizer, with two padded tokens more."""
    if isinstance(value, Mapping):
        return type(value)({key: padded(each, side) for key, each in value.items()})
    more = value.new_zeros((len(value), 2, *value.shape[2:]))
    return torch.cat([value, more] if side == "right" else [more, value], dim=1)


OF_A_RUN = ("mixes", "ignores", "counts_padding", "loses_order", "misnoted")
OF_VALUES = {"differs": differs, "uneven": uneven}
