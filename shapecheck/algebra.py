"""Sizes as expressions over names: integers, sums of products, and the ``//``, ``%`` and ``max`` of two of them.

A size is always at least 1 as far as signs are concerned: a named axis (``batch``, ``seq``) is never
empty, so ``hidden`` and ``2*hidden`` are certainly different while ``seq`` and ``768`` may agree.
"""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass, field
from typing import Literal


class Truth(enum.Enum):
    """Three-valued answer of a comparison."""

    EQUAL = "equal"
    DIFFERENT = "different"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, order=True)
class Name:
    """A size without a number. Two names are the same size only if both the word and ``uid`` agree.

    ``least`` is a lower bound that holds for it: a text of 600 words has at least 600 tokens.
    """

    word: str
    uid: int = 0
    least: int = field(default=1, compare=False)

    def __str__(self) -> str:
        return self.word


@dataclass(frozen=True, slots=True)
class Call:
    """An operation that a polynomial cannot hold: ``//``, ``%`` or ``max`` of two expressions."""

    op: Literal["//", "%", "max"]
    left: Expr
    right: Expr

    def __str__(self) -> str:
        if self.op == "max":
            return f"max({render(self.left)}, {render(self.right)})"
        return f"{wrapped(self.left)}{self.op}{wrapped(self.right)}"


Atom = Name | Call
Term = tuple[tuple[Atom, ...], int]


@dataclass(frozen=True, slots=True)
class Poly:
    """A sum of integer multiples of products of atoms, in canonical order; never a plain integer."""

    terms: tuple[Term, ...]


Expr = int | Poly


def _key(atoms: tuple[Atom, ...]) -> tuple[int, str]:
    return -len(atoms), "*".join(f"{a}#{a.uid if isinstance(a, Name) else ''}" for a in atoms)


def _poly(terms: dict[tuple[Atom, ...], int]) -> Expr:
    kept = {atoms: n for atoms, n in terms.items() if n}
    if not kept:
        return 0
    if len(kept) == 1 and () in kept:
        return kept[()]
    return Poly(tuple(sorted(kept.items(), key=lambda term: _key(term[0]))))


def _terms(e: Expr) -> dict[tuple[Atom, ...], int]:
    if isinstance(e, int):
        return {(): e} if e else {}
    return dict(e.terms)


def name(word: str, uid: int = 0, least: int = 1) -> Expr:
    """The expression that is one name."""
    return Poly((((Name(word, uid, least),), 1),))


def add(a: Expr, b: Expr) -> Expr:
    """``a + b``."""
    if isinstance(a, int) and isinstance(b, int):
        return a + b
    total = _terms(a)
    for atoms, n in _terms(b).items():
        total[atoms] = total.get(atoms, 0) + n
    return _poly(total)


def sub(a: Expr, b: Expr) -> Expr:
    """``a - b``."""
    return a - b if isinstance(a, int) and isinstance(b, int) else add(a, mul(b, -1))


def mul(a: Expr, b: Expr) -> Expr:
    """``a * b``."""
    if isinstance(a, int) and isinstance(b, int):
        return a * b
    total: dict[tuple[Atom, ...], int] = {}
    for left, n in _terms(a).items():
        for right, m in _terms(b).items():
            atoms = tuple(sorted(left + right, key=lambda x: _key((x,))))
            total[atoms] = total.get(atoms, 0) + n * m
    return _poly(total)


def divided(a: Expr, b: Expr) -> Expr | None:
    """``a / b`` where it comes out exactly for all values of the names, else None."""
    if b == 0:
        return None
    if isinstance(a, int) and isinstance(b, int):
        return a // b if a % b == 0 else None
    if isinstance(b, Poly) and len(b.terms) != 1:
        return 1 if a == b else None
    atoms, n = next(iter(_terms(b).items()))
    out: dict[tuple[Atom, ...], int] = {}
    for have, m in _terms(a).items():
        rest = list(have)
        for atom in atoms:
            if atom not in rest:
                return None
            rest.remove(atom)
        if m % n:
            return None
        out[tuple(rest)] = m // n
    return _poly(out)


def floordiv(a: Expr, b: Expr) -> Expr | None:
    """``a // b`` as Python rounds; None for a division by zero."""
    if b == 0:
        return None
    if isinstance(a, int) and isinstance(b, int):
        return a // b
    exact = divided(a, b)
    return exact if exact is not None else Poly((((Call("//", a, b),), 1),))


def mod(a: Expr, b: Expr) -> Expr | None:
    """``a % b`` as Python rounds; None for a division by zero."""
    if b == 0:
        return None
    if isinstance(a, int) and isinstance(b, int):
        return a % b
    return 0 if divided(a, b) is not None else Poly((((Call("%", a, b),), 1),))


def maximum(a: Expr, b: Expr) -> Expr:
    """The larger of two sizes."""
    if lower(sub(a, b)) >= 0:
        return a
    if lower(sub(b, a)) >= 0:
        return b
    left, right = sorted((a, b), key=render)
    return Poly((((Call("max", left, right),), 1),))


_MINUS_INFINITY = -(10**30)


def _atom_lower(atom: Atom) -> int:
    if isinstance(atom, Name):
        return atom.least
    if atom.op == "max":
        return max(lower(atom.left), lower(atom.right))
    return 0 if lower(atom.left) >= 0 and lower(atom.right) > 0 else _MINUS_INFINITY


def lower(e: Expr) -> int:
    """A lower bound that holds for all values of the names (very negative where none is known)."""
    if isinstance(e, int):
        return e
    total = 0
    for atoms, n in e.terms:
        if not atoms:
            total += n
            continue
        if n < 0:
            return _MINUS_INFINITY
        low = 1
        for atom in atoms:
            # Once for each atom: they nest, and asking twice at every level would take exponential time.
            bound = _atom_lower(atom)
            if bound < 0:
                return _MINUS_INFINITY
            low *= bound
        total += n * low
    return total


def same(a: Expr, b: Expr) -> Truth:
    """Whether two expressions are the same size for all, none, or some values of their names."""
    if a == b:
        return Truth.EQUAL
    if isinstance(a, int) and isinstance(b, int):
        return Truth.DIFFERENT
    gap = sub(a, b)
    if gap == 0:
        return Truth.EQUAL
    if isinstance(gap, int) or lower(gap) > 0 or lower(mul(gap, -1)) > 0 or _never_zero(gap):
        return Truth.DIFFERENT
    return Truth.UNKNOWN


def _never_zero(gap: Poly) -> bool:
    """Whether no integers make a sum zero: ``2*n - 3``, whose names count in steps of two that miss the three."""
    step = math.gcd(*(n for atoms, n in gap.terms if atoms))
    return sum(n for atoms, n in gap.terms if not atoms) % step != 0


def names(e: Expr) -> frozenset[Name]:
    """Every name that occurs in an expression."""
    if isinstance(e, int):
        return frozenset()
    found: set[Name] = set()
    for atoms, _ in e.terms:
        for atom in atoms:
            found |= {atom} if isinstance(atom, Name) else names(atom.left) | names(atom.right)
    return frozenset(found)


def wrapped(e: Expr) -> str:
    """An expression as a factor: in brackets unless it is a single word or number."""
    text = render(e)
    return f"({text})" if isinstance(e, Poly) and (len(e.terms) > 1 or "*" in text or "//" in text) else text


def render(e: Expr) -> str:
    """An expression as a reader writes it: ``batch*seq``, ``2*hidden + 7``."""
    if isinstance(e, int):
        return str(e)
    parts: list[str] = []
    for atoms, n in e.terms:
        factors = [str(abs(n))] if abs(n) != 1 or not atoms else []
        factors += [str(a) if len(atoms) == 1 and not factors else _factor(a) for a in atoms]
        body = "*".join(factors)
        sign = "-" if n < 0 else "+"
        parts.append(f"{sign} {body}" if parts else (f"-{body}" if n < 0 else body))
    return " ".join(parts)


def _factor(atom: Atom) -> str:
    return f"({atom})" if isinstance(atom, Call) and atom.op != "max" else str(atom)
