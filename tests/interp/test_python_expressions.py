"""Expressions: what is known of the value of each form."""

# ruff: noqa: E501 - a case is easier to read on one line

from __future__ import annotations

import pytest

from tests.interp.python_scripts import graph_of, shapes_in, size


@pytest.mark.parametrize(
    ("expression", "answer"),
    [
        ("2 + 3 * 4 - 1", "13"),
        ("7 // 2, 7 % 4, 2 ** 5, 6 - 4", "3, 3, 32, 2"),
        ("1 << 4, 5 & 6, 5 | 6, 5 ^ 6, 12 >> 1", "16, 4, 7, 3, 6"),
        ("int(8 / 2), int(7.9), round(2.6), abs(-3)", "4, 7, 3, 3"),
        ("max(3, 9, 4), min(3, 9), sum([1, 2, 3]), len('abcd')", "9, 3, 6, 4"),
        ("max([3, 9]), sum(range(5)), len(range(3, 10, 2)), divmod(7, 2)[0] if False else 1", "9, 10, 4, 1"),
        ("3 if 2 > 1 else 4, 1 and 5, 0 or 6, int(not 0)", "3, 5, 6, 1"),
        ("len('a b c'.split()), len('ab' * 4), 'abc'.find('c'), len('x'.join(['a', 'b']))", "3, 8, 2, 3"),
        ("len([*range(3), 4]), len({1, 1, 2}), len({'a': 1, **{'b': 2}}), len((1, 2) + (3,))", "4, 2, 2, 3"),
        ("[5, 6, 7][-1], (1, 2, 3)[1:][0], {'a': 8}['a'], [1, 2, 3][::-1][0]", "7, 2, 8, 3"),
        ("dict(a=3)['a'], {'k': 1}.get('k'), {'k': 1}.get('z', 9), list({'p': 2}.values())[0]", "3, 1, 9, 2"),
        ("(lambda x, y=2: x * y)(4), (lambda *a: len(a))(1, 2, 3), (lambda **k: k['n'])(n=6)", "8, 3, 6"),
        ("sorted([3, 1, 2])[0], list(reversed([1, 2, 3]))[0], next(iter([7])), list(map(int, '12'))[1]", "1, 3, 7, 2"),
        (
            "len(list(zip([1, 2, 3], 'ab'))), list(enumerate('ab', 5))[1][0], [1, 2, 3].index(2), [1, 1].count(1)",
            "2, 6, 1, 2",
        ),
        (
            "[x * 2 for x in range(3)][2], {k: v for k, v in [('a', 4)]}['a'], sum(x for x in (1, 2)), len([1 for x in 'abc' if x != 'b'])",
            "4, 4, 3, 2",
        ),
        ("[a + b for a in (1, 2) for b in (10, 20)][3], len([x for x in [1, 2, 3] if x > 1])", "22, 2"),
        ("(n := 3) + n, int(f'{4}{2}'), int('%d' % 5), int('{}'.format(6))", "6, 42, 5, 6"),
        ("int(isinstance(3, int)), int(isinstance('a', (int, str))), int(isinstance(2.0, int))", "1, 1, 0"),
        (
            "int(2 in [1, 2]), int('a' in 'cab'), int('k' in {'k': 1}), int(3 not in (1, 2)), int(None is None)",
            "1, 1, 1, 1, 1",
        ),
        ("int(1 < 2 < 3), int(1 == 1.0), int('a' == 'b'), int([1, 2] == [1, 2]), int((1,) != (2,))", "1, 1, 0, 1, 1"),
        ("int(any([0, 1])), int(all([1, 0])), int(bool([])), int(callable(len))", "1, 0, 0, 1"),
        ("-(-3), +4, ~-3", "3, 4, 2"),
    ],
)
def test_a_known_expression_is_computed(expression: str, answer: str) -> None:
    assert size("", expression) == answer


@pytest.mark.parametrize(
    ("setup", "expression", "answer"),
    [
        ("import math", "math.ceil(7 / 2), math.floor(3.9), int(math.sqrt(16)), math.prod([2, 3])", "4, 3, 4, 6"),
        (
            "from functools import partial, reduce\nf = partial(lambda a, b: a - b, 9)",
            "f(4), reduce(lambda a, b: a * b, [2, 3, 4])",
            "5, 24",
        ),
        ("import itertools", "len(list(itertools.chain([1], [2, 3])))", "3"),
        (
            "from collections import OrderedDict, namedtuple, defaultdict\nP = namedtuple('P', 'x y')\nd = defaultdict(int)",
            "P(3, 4).y, OrderedDict([('a', 2)])['a'], P(1, 2)[0]",
            "4, 2, 1",
        ),
        ("from types import SimpleNamespace\nc = SimpleNamespace(d=5)\nc.e = 6", "c.d, c.e", "5, 6"),
        ("import copy\na = [1, 2]\nb = copy.deepcopy(a)\nb.append(3)", "len(a), len(b)", "2, 3"),
        ("import os\nn = len(os.listdir())", "n", "?"),
    ],
)
def test_the_standard_library_is_followed_where_sizes_pass_through_it(setup: str, expression: str, answer: str) -> None:
    assert size(setup, expression) == answer


def test_numbers_that_are_not_known_stay_unknown() -> None:
    assert size("n = int(input())", "n, n + 1, n * 2, max(n, 3)") == "?, ?, ?, ?"


def test_sizes_of_unknown_tensors_are_named_as_the_author_names_them() -> None:
    found = shapes_in("""
        class Net(nn.Module):
            def forward(self, x):
                b, s, h = x.shape
                y = x.reshape(b * s, h)
                z = y.view(b, s, 4, h // 4)
        """)
    assert found == {"y": "(b*s, h)", "z": "(b, s, 4, h//4)"}


def test_huge_numbers_and_texts_cost_nothing() -> None:
    graph_of("""
        a = 10 ** 10 ** 10
        b = "x" * 10 ** 12
        c = [0] * 10 ** 12
        d = 1 << 10 ** 9
        e = "%999999999d" % 1
        f = "{:>999999999}".format(1)
        g = list(range(10 ** 15))
        h = f"{1:>999999999}"
        """)


def test_the_origin_of_a_size_says_its_name_and_line() -> None:
    graph = graph_of("""
        HIDDEN = 768
        def build(width, depth=3):
            return torch.zeros(width, depth)
        x = build(HIDDEN)
        y = torch.zeros(5)
        """)
    dims = [stage.out.shape.dims for stage in graph.stages]
    assert [str(dim.origin) for dim in dims[0]] == ["the value of HIDDEN, line 3", "the default of depth, line 4"]
    assert str(dims[1][0].origin) == "written here, line 7"


def test_a_window_is_as_long_as_its_edges_say_wherever_it_starts() -> None:
    setup = """
    class settings:
        length = 32
    data = torch.arange(5000)
    n = 8 * 16
    at = torch.randint(4000, (3,))
    row = int(open("row").read())
    """
    for cut, length in {
        "data[at[0] : at[0] + settings.length]": "32",
        "data[row : row + 24]": "24",
        "data[row + 1 : row + 1 + settings.length]": "32",
        "data[row + 24 : row + 24 + 6]": "6",
        "data[row * n : (row + 1) * n]": "128",
        "data[row * n : (row + 1) * n + 1]": "129",
        "data[row - 10 : row]": "10",
    }.items():
        assert size(setup, f"len({cut})") == length, cut
    for cut in ("data[row : n]", "data[row : row + row]", "data[row + 5 : row]", "data[row::2]"):
        assert size(setup, f"len({cut})") == "?", cut
