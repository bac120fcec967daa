"""Functions: arguments, closures, generators, recursion, decorators, and how often they are analysed."""

# ruff: noqa: E501 - a case is easier to read on one line

from __future__ import annotations

import pytest

from tests.interp.python_scripts import conflicts_in, graph_of, shapes_in, size


@pytest.mark.parametrize(
    ("setup", "expression", "answer"),
    [
        (
            "def f(a, b=2, *c, d, e=5, **k):\n    return a, b, len(c), d, e, len(k)",
            "*f(1, 2, 3, 4, d=6, z=7)",
            "1, 2, 2, 6, 5, 1",
        ),
        ("def f(a, b):\n    return a * b\nkw = {'b': 3}\nargs = (2,)", "f(*args, **kw)", "6"),
        ("def f(a, /, b, *, c):\n    return a + b + c", "f(1, 2, c=3), f(1, b=2, c=4)", "6, 7"),
        ("def make(n):\n    def add(m):\n        return n + m\n    return add", "make(2)(3)", "5"),
        ("fs = [lambda x, k=k: x + k for k in (1, 2)]", "fs[0](1), fs[1](1)", "2, 3"),
        ("def g():\n    yield 3\n    yield 3", "next(g()), [x for x in g()][0]", "3, 3"),
        ("def g(n):\n    if n == 0:\n        return 1\n    return n * g(n - 1)", "g(4)", "24"),
        ("def f():\n    pass\nx = f()", "3 if x is None else 4", "3"),
        ("import functools\n@functools.lru_cache(maxsize=None)\ndef f(n):\n    return n + 1", "f(2)", "3"),
        (
            "def deco(fn):\n    def inner(*a, **k):\n        return fn(*a, **k) * 2\n    return inner\n@deco\ndef f(n):\n    return n",
            "f(3)",
            "6",
        ),
        (
            "def twice(n):\n    def deco(fn):\n        return lambda x: fn(x) * n\n    return deco\n@twice(4)\ndef f(n):\n    return n",
            "f(3)",
            "12",
        ),
        (
            "@torch.no_grad()\ndef f(n):\n    return n\n@torch.inference_mode()\ndef g(n):\n    return n",
            "f(3), g(4)",
            "3, 4",
        ),
        (
            "@torch.compile\ndef f(n):\n    return n\nimport unheard\n@unheard.of(3)\ndef g(n):\n    return n",
            "f(3), g(4)",
            "3, 4",
        ),
        ("async def f(n):\n    return n\nasync def g():\n    return await f(3)", "3", "3"),
        ("def f(x: 'int', y: list[int] = [4]) -> int:\n    '''doc'''\n    return y[0] + x", "f(1)", "5"),
        ("def f(**kw):\n    return g(**kw)\ndef g(a, b=4):\n    return a * b", "f(a=2)", "8"),
        ("def swap(a, b):\n    return b, a\nx, y = swap(1, 2)", "x, y", "2, 1"),
    ],
)
def test_a_call_gives_what_it_gives_in_python(setup: str, expression: str, answer: str) -> None:
    assert size(setup, expression) == answer


def test_a_function_is_analysed_at_each_call_with_its_arguments() -> None:
    script = """
        def head(x, n):
            return nn.Linear(n, 2)(x)
        head(torch.zeros(4, 8), 8)
        head(torch.zeros(4, 9), 9)
        head(torch.zeros(4, 8), 7)
        """
    graph = graph_of(script)
    (wrong,) = [stage for stage in graph.stages if stage.conflict]
    assert [(frame.function, frame.span.line) for frame in wrong.context] == [("head", 7)]


def test_an_equal_call_is_answered_from_memory() -> None:
    graph = graph_of("""
        def f(n):
            return torch.zeros(n)
        a = f(3)
        b = f(3)
        """)
    assert len(graph.stages) == 1


def test_a_call_is_analysed_again_after_what_it_reads_has_changed() -> None:
    found = shapes_in("""
        class Config:
            width = 3
        config = Config()
        def f():
            return torch.zeros(config.width)
        a = f()
        config.width = 4
        b = f()
        WIDTH = 5
        def g():
            return torch.zeros(WIDTH)
        c = g()
        WIDTH = 6
        d = g()
        """)
    assert found == {"a": "(3,)", "b": "(4,)", "c": "(5,)", "d": "(6,)"}


def test_a_call_that_changes_something_is_analysed_each_time() -> None:
    assert (
        size(
            """
        seen = []
        def add(n):
            seen.append(n)
        add(1)
        add(1)
        add(1)
        """,
            "len(seen)",
        )
        == "3"
    )


def test_endless_recursion_ends() -> None:
    graph_of("""
        def f(n):
            return f(n + 1)
        def g(n):
            return h(n) + 1
        def h(n):
            return g(n) + 1
        f(0), g(0)
        """)


def test_calls_that_fan_out_are_cut_and_said() -> None:
    graph = graph_of("""
        def f(n, m):
            return f(n - 1, m * 2) + f(n - 1, m * 2 + 1)
        f(60, 1)
        """)
    assert any("too often or too deeply" in place.reason for place in graph.not_checked)


def test_wrong_arguments_are_not_a_shape_fault() -> None:
    assert conflicts_in("""
        def f(a):
            return torch.zeros(2, 3).view(7)
        f()
        f(1, 2)
        f(b=3)
        """) == [2]


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        ("x = nn.Linear(4, 2)(x)", []),  # Python raises for the name
        ("global x; x = nn.Linear(4, 2)(x)", [3]),
        ("y = nn.Linear(4, 2)(x)", [3]),
        ("y = [x for x in 'ab'], nn.Linear(4, 2)(x)", [3]),
    ],
)
def test_a_name_that_a_function_assigns_is_never_the_modules(body: str, lines: list[int]) -> None:
    assert (
        conflicts_in(f"""
        x = torch.zeros(3, 5)
        def f():
            {body}
        f()
        """)
        == lines
    )


def test_a_branch_on_a_tensors_type_is_taken_by_that_type() -> None:
    assert conflicts_in("""
        def pick(x, chosen):
            if chosen.dtype == torch.bool:
                return x[chosen]
            if chosen.dtype != torch.int64:
                return x.index_select(1, chosen.float())
            return x.index_select(0, chosen)
        pick(torch.zeros(3, 2), torch.tensor([True, False, True]))
        pick(torch.zeros(3, 2), torch.tensor([0, 2]))
        pick(torch.zeros(3, 2), torch.tensor([0.5, 2.5]))
        """) == [5]


def test_a_size_of_minus_one_stands_for_one_that_is_told_later() -> None:
    assert conflicts_in("""
        def weights(size=-1):
            return torch.zeros(size)
        weights(-1)
        torch.zeros(-2)
        """) == [4]


def test_a_function_that_nobody_calls_sees_only_such_tensors_of_the_module_as_are_made_once() -> None:
    assert conflicts_in("""
        weight = torch.zeros(4, 5)
        x = torch.zeros(2, 5)
        def layer():
            return x @ weight.T
        def scores():
            return weight @ torch.zeros(3, 3)
        x = torch.zeros(1, 3, 224, 224)
        """) == [6]


def test_a_function_that_nobody_calls_is_analysed_with_unknown_arguments() -> None:
    assert conflicts_in("""
        def f(x, n=3):
            y = torch.zeros(2, n)
            return nn.Linear(4, 1)(y)
        """) == [3]


def test_what_ends_the_program_ends_the_path() -> None:
    assert (
        conflicts_in("""
        import sys
        x = torch.zeros(2)
        if len(sys.argv) > 3:
            sys.exit(1)
            x.view(3)
        def f():
            return 1
            x.view(3)
        f()
        """)
        == []
    )


def test_the_ordinary_idioms_of_the_command_line_are_followed() -> None:
    found = shapes_in("""
        import argparse
        def options():
            parser = argparse.ArgumentParser()
            group = parser.add_argument_group("model")
            group.add_argument("--hidden-size", "-s", type=int, default=12)
            parser.add_argument("--depth", default="3", type=int)
            parser.add_argument("--flag", action="store_true")
            parser.add_argument("--out", dest="width", default=7)
            parser.add_argument("--needed", type=int, required=True)
            parser.set_defaults(extra=5)
            return parser.parse_args()
        def main():
            args = options()
            x = torch.zeros(args.hidden_size, args.depth, args.width, args.extra, args.needed)
            y = torch.zeros(1 if args.flag else 2)
        if __name__ == "__main__":
            main()
        """)
    assert found == {"x": "(12, 3, 7, 5, ?)", "y": "(2,)"}


def test_click_options_have_their_defaults() -> None:
    found = shapes_in("""
        import click
        @click.command()
        @click.option("--hidden-size", "-h", default=12, help="width")
        @click.option("--depth", "layers", type=int, default=3)
        @click.argument("path")
        def main(hidden_size, layers, path):
            x = torch.zeros(hidden_size, layers)
        if __name__ == "__main__":
            main()
        """)
    assert found == {"x": "(12, 3)"}


def test_a_negative_default_that_stands_for_nothing_given_is_not_taken_for_a_size() -> None:
    assert (
        conflicts_in("""
        def split(x: torch.Tensor, groups: int = -1):
            return x.view(2, groups, -1)
        """)
        == []
    )
    assert conflicts_in("""
        def total(dim=-1):
            return torch.zeros(2, 3).view(2, dim).sum(dim).view(7)
        """) == [2]
