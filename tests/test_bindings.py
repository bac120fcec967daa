"""What a name stands for where it is read."""

from __future__ import annotations

from shapecheck.bindings import bindings
from shapecheck.graph import Bound
from shapecheck.source import Source
from shapecheck.syntax import parse, text_at


def bound(text: str) -> dict[str, tuple[str, bool, int]]:
    """By ``name@line``: the expression, whether it is another name alone, and how often it is read."""
    parsed = parse(Source("a.py", text))

    def told(what: Bound) -> tuple[str, bool, int]:
        return text_at(parsed.source, what.span), what.bare, what.reads

    return {f"{text_at(parsed.source, at)}@{at.line}": told(what) for at, what in bindings(parsed).items()}


def test_a_name_stands_for_what_it_was_bound_to_last() -> None:
    assert bound("x = f()\nx = g(x)\nh(x)\n") == {"x@2": ("f()", False, 1), "x@3": ("g(x)", False, 1)}


def test_another_name_for_what_was_there_is_told_apart() -> None:
    assert bound("def f(states):\n    x = states\n    return h(x)\n") == {"x@3": ("states", True, 1)}


def test_each_name_of_a_tuple_has_its_own_expression() -> None:
    assert bound("a, b = f(), g()\nh(b, b)\n") == {"b@2": ("g()", False, 2)}


def test_what_a_branch_or_a_loop_may_have_changed_is_not_known() -> None:
    assert bound("x = f()\nif c:\n    x = g()\nh(x)\n") == {}
    assert bound("x = f()\nfor i in y:\n    h(x)\n    x = g()\n") == {}


def test_what_a_loops_body_binds_is_known_below_it_in_the_body() -> None:
    assert bound("for i in y:\n    x = f(i)\n    h(x)\n") == {"x@3": ("f(i)", False, 1)}


def test_a_comprehensions_own_name_is_another() -> None:
    assert bound("x = f()\ny = [x for x in z]\n") == {}


def test_with_runs_its_body_once() -> None:
    assert bound("with f() as g:\n    x = h()\nk(x, g)\n") == {"x@3": ("h()", False, 1)}


def test_a_functions_names_are_not_those_around_it() -> None:
    assert bound("x = f()\ndef g():\n    return h(x)\n") == {}
