"""Statements: assignment, branches, loops, errors, patterns."""

# ruff: noqa: E501 - a case is easier to read on one line

from __future__ import annotations

import pytest

from tests.interp.python_scripts import conflicts_in, graph_of, shapes_in, size


@pytest.mark.parametrize(
    ("setup", "expression", "answer"),
    [
        ("a = b = 3", "a, b", "3, 3"),
        ("a, (b, *c), d = 1, (2, 3, 4), 5", "a, b, len(c), c[1], d", "1, 2, 2, 4, 5"),
        ("*a, b = range(4)\nc, *d = 'xy'", "len(a), b, len(d)", "3, 3, 1"),
        ("a, b = 1, 2\na, b = b, a", "a, b", "2, 1"),
        ("a: int = 4\nb: int\nb = 5", "a, b", "4, 5"),
        ("a = 2\na += 3\na *= 2\nl = [1]\nl += [2, 3]\nd = {'k': 1}\nd['k'] += 4", "a, len(l), d['k']", "10, 3, 5"),
        ("l = [1, 2]\nl.append(3)\nl.extend([4, 5])\nl.insert(0, 9)\nx = l.pop()", "len(l), x, l[0]", "5, 5, 9"),
        (
            "d = {}\nd['a'] = 2\nd.update(b=3)\nd.setdefault('c', 4)\nx = d.pop('a')\ndel d['b']",
            "x, d['c'], len(d)",
            "2, 4, 1",
        ),
        ("def f():\n    global g\n    g = 7\nf()", "g", "7"),
        ("def f():\n    n = 1\n    def h():\n        nonlocal n\n        n = 4\n    h()\n    return n", "f()", "4"),
        ("if 1 > 2:\n    a = 1\nelif 2 > 1:\n    a = 5\nelse:\n    a = 3", "a", "5"),
        ("n = 0\nfor i in [1, 2, 3]:\n    n += i\nelse:\n    n += 10", "n, i", "16, 3"),
        (
            "for i in range(5):\n    if i == 3:\n        break\nfor j in range(5):\n    if j > 1:\n        continue\n    k = j",
            "i, k",
            "3, 1",
        ),
        ("n = 1\nwhile False:\n    n = 2", "n", "1"),
        (
            "try:\n    import torch.nn as nn2\nexcept ImportError:\n    nn2 = None\na = 3 if nn2 is not None else 4",
            "a",
            "3",
        ),
        ("with open('x') as f:\n    n = 3", "n", "3"),
        (
            "match [1, 'b', 3]:\n    case [1, 'a', _]:\n        n = 1\n    case [1, 'b', k]:\n        n = k\n    case _:\n        n = 9",
            "n",
            "3",
        ),
        ("match {'k': 2}:\n    case {'k': v}:\n        n = v", "n", "2"),
        ("match 'x':\n    case 'x' | 'y':\n        n = 1\n    case other:\n        n = 2", "n", "1"),
    ],
)
def test_a_statement_leaves_what_it_leaves_in_python(setup: str, expression: str, answer: str) -> None:
    assert size(setup, expression) == answer


@pytest.mark.parametrize(
    ("setup", "expression", "answer"),
    [
        ("if c():\n    a, b = 3, 4\nelse:\n    a, b = 3, 5", "a, b", "3, ?"),
        ("a = 3\nif c():\n    a = 4", "a", "?"),
        ("def f(x):\n    if c():\n        return 3\n    return x", "f(3), f(4)", "3, ?"),
        ("def f():\n    if c():\n        raise ValueError\n    else:\n        n = 4\n    return n", "f()", "4"),
        ("l = [1]\nif c():\n    l.append(2)\nelse:\n    l[0] = 5", "len(l)", "?"),
        ("l = [1, 2]\nif c():\n    l[0] = 1\nelse:\n    l[1] = 5", "len(l), l[0], l[1]", "2, 1, ?"),
        (
            "class K:\n    n = 0\nk = K()\nk.a = 1\nif c():\n    k.a = 2\n    k.b = 3\nelse:\n    k.b = 3",
            "k.a, k.b",
            "?, 3",
        ),
        ("n = 0\nfor x in c():\n    n += 1\nm = n", "m", "?"),
        ("n = 3\nfor x in c():\n    n = 3", "n", "3"),
        ("n = 3\nwhile c():\n    n = n * 2", "n", "?"),
        ("while True:\n    n = 4\n    if c():\n        break\n    n = 5", "n", "4"),
        ("for i in range(3):\n    n = 1\n    if c():\n        n = 2\n        continue\n    n = 2", "n", "2"),
        ("try:\n    n = c()\n    n = 4\nexcept ValueError:\n    n = 4\nfinally:\n    k = 5", "n, k", "4, 5"),
        ("try:\n    n = 4\nexcept ValueError:\n    n = 5", "n", "?"),
        ("try:\n    n = 4\nexcept ValueError:\n    raise", "n", "4"),
        ("def f():\n    for x in c():\n        if x:\n            return 3\n    return 3", "f()", "3"),
        ("a = 3 if c() else 4\nb = 5 if c() else 5", "a, b", "?, 5"),
        ("match c():\n    case 1:\n        n = 2\n    case _:\n        n = 2", "n", "2"),
        ("x = c()\nn = 4\nif x is None:\n    x = 3\n    n = 4", "n", "4"),
    ],
)
def test_what_may_differ_between_two_ways_is_not_known_and_the_rest_is(
    setup: str, expression: str, answer: str
) -> None:
    assert size("from somewhere import c\n" + setup, expression) == answer


def test_nothing_is_said_of_a_branch_that_is_never_taken() -> None:
    script = """
        DEBUG = False
        x = torch.zeros(2, 3)
        if DEBUG:
            x.view(7)
        if not DEBUG and len("ab") == 3:
            x.view(7)
        while DEBUG:
            x.view(7)
        for _ in []:
            x.view(7)
        """
    assert conflicts_in(script) == []


def test_a_conflict_in_an_undecided_branch_is_said_with_its_condition() -> None:
    graph = graph_of("""
        def f(flag):
            x = torch.zeros(2, 3)
            if flag > 3:
                return x.view(7)
            return x.view(8)
        """)
    conflicts = {stage.span.line: stage.guard for stage in graph.stages if stage.conflict}
    assert conflicts == {6: {"flag > 3"}, 7: frozenset()}


def test_a_tensor_that_two_branches_shape_differently_raises_no_alarm() -> None:
    script = """
        from somewhere import c
        x = torch.zeros(2, 3)
        if c():
            x = torch.zeros(2, 4)
        nn.Linear(4, 1)(x)
        """
    assert conflicts_in(script) == []


def test_what_holds_only_the_first_time_round_a_loop_is_not_taken_for_certain() -> None:
    script = """
        from somewhere import kernels
        x = torch.zeros(2, 3)
        for i, kernel in enumerate(kernels):
            found = []
            for j in range(kernel):
                y = x if j == 0 else torch.cat(found)
                found.append(y)
        """
    assert conflicts_in(script) == []


def test_a_list_that_grows_in_a_loop_keeps_its_element_and_its_length() -> None:
    found = shapes_in("""
        rows = []
        for _ in range(1000):
            rows.append(torch.zeros(3, 4))
        first = rows[0]
        all_rows = torch.stack(rows)
        """)
    assert found["all_rows"] == "(1000, 3, 4)"


def test_a_width_that_changes_each_time_round_is_followed_over_known_sizes() -> None:
    found = shapes_in("""
        sizes = [8, 16, 32]
        layers = []
        for before, after in zip(sizes[:-1], sizes[1:]):
            layers.append(nn.Linear(before, after))
        x = torch.zeros(5, 8)
        for layer in layers:
            x = layer(x)
        y = x
        """)
    assert found["x"] == "(5, 32)"


def test_stages_of_a_loop_are_recorded_once() -> None:
    graph = graph_of("""
        net = nn.Linear(3, 4)
        total = 0
        for epoch in range(100):
            for step in range(50):
                y = net(torch.zeros(2, 3))
                total += y.sum().item()
        """)
    assert [stage.op for stage in graph.stages] == ["torch.zeros", "torch.nn.Linear", "torch.sum"]


def test_guards_say_no_grad_and_conditions() -> None:
    graph = graph_of("""
        def f(flag):
            with torch.no_grad():
                a = torch.zeros(1)
            if flag:
                b = torch.zeros(2)
            else:
                c = torch.zeros(3)
            d = torch.zeros(4)
        """)
    guards = {stage.out.text: stage.guard for stage in graph.stages}
    assert guards == {"a": {"no_grad"}, "b": {"flag"}, "c": {"not (flag)"}, "d": frozenset()}


def test_an_asserted_shape_is_an_event() -> None:
    graph = graph_of("""
        x = torch.zeros(2, 3)
        assert x.shape == (2, 4)
        """)
    (event,) = [event for event in graph.events if event.kind == "state"]
    assert (str(event.data["stated"]), str(event.data["tensor"].shape), event.data["how"]) == (
        "(2, 4)",
        "(2, 3)",
        "assert",
    )


def test_a_shape_in_a_comment_states_and_tells() -> None:
    graph = graph_of("""
        from somewhere import load
        x = load()  # shape: (batch, seq, 768)
        y = nn.Linear(768, 4)(x)
        z = torch.zeros(2, 3)  # shape: (2, 4)
        w = torch.zeros(2)  # size of things (not a shape)
        """)
    assert {s.out.text: str(s.out.shape) for s in graph.stages} == {"y": "(batch, seq, 4)", "z": "(2, 3)", "w": "(2,)"}
    assert [(e.span.line, str(e.data["stated"]), e.data["how"]) for e in graph.events] == [(6, "(2, 4)", "comment")]


def test_a_jaxtyping_annotation_states_and_tells() -> None:
    graph = graph_of("""
        from jaxtyping import Float
        from torch import Tensor
        def f(x: Float[Tensor, "batch seq 768"], y: Float[Tensor, "*rest 4"]):
            z = nn.Linear(768, 2)(x)
            w = nn.Linear(4, 3)(y)
        """)
    assert {s.out.text: str(s.out.shape) for s in graph.stages} == {"z": "(batch, seq, 2)", "w": "(..., 3)"}
    graph = graph_of("""
        from jaxtyping import Float
        def f(x: Float[torch.Tensor, "batch 3"]):
            return x
        f(torch.zeros(2, 4))
        """)
    assert [(str(e.data["stated"]), e.data["how"]) for e in graph.events] == [("(batch, 3)", "annotation")]


def test_guards_say_in_which_mode_a_model_was_put() -> None:
    graph = graph_of("""
        net = nn.Linear(2, 3)
        a = net(torch.zeros(4, 2))
        net.train()
        b = net(torch.zeros(5, 2))
        net.eval()
        with torch.no_grad():
            c = net(torch.zeros(6, 2))
        net.train(False)
        d = net(torch.zeros(7, 2))
        """)
    guards = {stage.out.text: stage.guard for stage in graph.stages if stage.module}
    assert guards == {"a": frozenset(), "b": {"train"}, "c": {"eval", "no_grad"}, "d": {"eval"}}


def test_a_union_with_a_quoted_class_states_no_shape() -> None:
    graph = graph_of("""
        from typing import Union
        def f(x: Union[list, "torch.Tensor"]):
            y = x[0, 0]
        """)
    assert not graph.stages


def test_no_conflict_is_told_where_a_test_wants_the_exception() -> None:
    graph = graph_of("""
        import pytest
        with pytest.raises(RuntimeError):
            torch.zeros(2, 3) @ torch.zeros(4, 5)
        try:
            torch.zeros(2, 3) @ torch.zeros(4, 5)
        except RuntimeError:
            pass
        """)
    products = [stage for stage in graph.stages if stage.op == "torch.matmul"]
    assert [(stage.conflict is None, stage.not_checked) for stage in products] == [
        (True, "an exception is expected here"),
        (False, None),
    ]


def test_deleting_from_a_list_makes_it_shorter() -> None:
    shapes = [
        str(stage.out.shape)
        for stage in graph_of("""
        axes = [0] + list(range(3))
        del axes[1]
        x = torch.zeros(2, 3, 4).permute(axes)
        sizes = [2, 3, 4, 5]
        del sizes[1:3]
        y = torch.ones(sizes)
        del sizes[unknown]
        z = torch.ones(sizes)
        """).stages
        if stage.op in ("torch.permute", "torch.ones")
    ]
    assert shapes[1:] == ["(2, 5)", "(...)"]
