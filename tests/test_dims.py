"""Dims agree with plain arithmetic for every value of their names, and never claim more than holds for all of them."""

from __future__ import annotations

import itertools
import operator

from hypothesis import given
from hypothesis import strategies as st

from shapecheck import algebra, dims
from shapecheck.algebra import Call, Expr, Name
from shapecheck.dims import Dim, Truth

NAMES = ("batch", "seq", "hidden")


def evaluate(e: Expr, values: dict[str, int]) -> int:
    """The number that an expression stands for under given values of its names."""
    if isinstance(e, int):
        return e
    total = 0
    for atoms, n in e.terms:
        for atom in atoms:
            if isinstance(atom, Name):
                n *= values[atom.word]
                continue
            left, right = evaluate(atom.left, values), evaluate(atom.right, values)
            n *= {"//": operator.floordiv, "%": operator.mod, "max": max}[atom.op](left, right)
        total += n
    return total


leaves = st.one_of(st.integers(-3, 6), st.sampled_from(NAMES).map(algebra.name))


def _grown(children: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    pair = st.tuples(children, children)
    return st.one_of(
        pair.map(lambda p: algebra.add(*p)),
        pair.map(lambda p: algebra.sub(*p)),
        pair.map(lambda p: algebra.mul(*p)),
        pair.map(lambda p: algebra.maximum(*p)),
        st.tuples(children, st.integers(1, 4)).map(lambda p: algebra.floordiv(*p)),
        st.tuples(children, st.integers(1, 4)).map(lambda p: algebra.mod(*p)),
    )


expressions = st.recursive(leaves, _grown, max_leaves=6)
values = st.fixed_dictionaries({word: st.integers(1, 9) for word in NAMES})


@given(expressions, expressions, values)
def test_sums_and_products_come_out_as_plain_arithmetic_does(a: Expr, b: Expr, at: dict[str, int]) -> None:
    left, right = evaluate(a, at), evaluate(b, at)
    assert evaluate(algebra.add(a, b), at) == left + right
    assert evaluate(algebra.sub(a, b), at) == left - right
    assert evaluate(algebra.mul(a, b), at) == left * right
    assert evaluate(algebra.maximum(a, b), at) == max(left, right)


@given(expressions, st.one_of(st.integers(1, 8), st.sampled_from(NAMES).map(algebra.name)), values)
def test_quotients_and_remainders_round_as_python_does(a: Expr, b: Expr, at: dict[str, int]) -> None:
    left, right = evaluate(a, at), evaluate(b, at)
    quotient, remainder = algebra.floordiv(a, b), algebra.mod(a, b)
    assert quotient is not None and evaluate(quotient, at) == left // right
    assert remainder is not None and evaluate(remainder, at) == left % right


@given(expressions, expressions)
def test_a_verdict_of_equal_or_different_holds_for_all_sizes(a: Expr, b: Expr) -> None:
    verdict = algebra.same(a, b)
    for numbers in itertools.product((1, 2, 5), repeat=len(NAMES)):
        at = dict(zip(NAMES, numbers, strict=True))
        agree = evaluate(a, at) == evaluate(b, at)
        assert verdict is not Truth.EQUAL or agree
        assert verdict is not Truth.DIFFERENT or not agree


@given(expressions, values)
def test_a_lower_bound_is_never_above_the_value(e: Expr, at: dict[str, int]) -> None:
    assert algebra.lower(e) <= evaluate(e, at)


@given(expressions, expressions)
def test_what_is_the_same_sum_is_the_same_expression(a: Expr, b: Expr) -> None:
    assert algebra.add(a, b) == algebra.add(b, a)
    assert algebra.mul(a, b) == algebra.mul(b, a)
    assert algebra.sub(algebra.add(a, b), b) == a


def test_a_name_differs_from_its_double_but_may_be_any_number() -> None:
    hidden = dims.symbol("hidden")
    assert hidden.compare(hidden * dims.number(2)) is Truth.DIFFERENT
    assert hidden.compare(dims.number(768)) is Truth.UNKNOWN
    assert hidden.compare(dims.symbol("seq")) is Truth.UNKNOWN
    assert hidden.compare(dims.symbol("hidden", uid=1)) is Truth.UNKNOWN


def test_a_flattened_axis_remembers_the_order_of_its_factors() -> None:
    batch, seq = dims.symbol("batch"), dims.symbol("seq")
    rows, columns = batch * seq, seq * batch
    assert rows == columns and rows.compare(columns) is Truth.EQUAL
    assert (str(rows), str(columns)) == ("batch*seq", "seq*batch")
    assert rows.ordered_factors != columns.ordered_factors


def test_traced_sizes_decide_where_names_cannot() -> None:
    batch, seq = Dim(algebra.name("batch"), size=3), Dim(algebra.name("seq"), size=17)
    assert batch.compare(seq) is Truth.DIFFERENT
    assert (batch * seq).value == 51
    assert batch.compare(dims.number(3)) is Truth.EQUAL


def test_the_least_trustworthy_status_wins() -> None:
    observed, invented = Dim(3, status="observed"), Dim(4, status="invented")
    assert (observed * invented).status == "invented"


def test_expressions_read_as_a_reader_writes_them() -> None:
    seq, hidden = algebra.name("seq"), algebra.name("hidden")
    assert algebra.render(algebra.mul(hidden, 2)) == "2*hidden"
    assert algebra.render(algebra.sub(seq, 1)) == "seq - 1"
    assert algebra.render(algebra.floordiv(algebra.add(seq, 1), 2) or 0) == "(seq + 1)//2"
    assert str(dims.symbol("hidden") * dims.number(2)) == "2*hidden"
    assert Call("max", seq, 3).__str__() == "max(seq, 3)"


def test_what_counts_in_steps_is_never_a_number_between_two_of_them() -> None:
    even = dims.symbol("seq") * dims.number(2) - dims.number(2)
    assert even.compare(dims.number(1)) is Truth.DIFFERENT
    assert even.compare(dims.number(4)) is Truth.UNKNOWN
