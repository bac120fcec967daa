"""Whatever the text: no crash, no endless run."""

# ruff: noqa: E501 - a case is easier to read on one line

from __future__ import annotations

import gc
import sys
from contextlib import suppress

import pytest

from shapecheck.errors import UnreadableSource
from tests.interp.python_scripts import graph_of


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n" * 1000,
        "x = " + "+".join(["torch.zeros(2)"] * 3000),
        "x = " + "[" * 90 + "]" * 90,
        "x = " + "not " * 900 + "torch.zeros(2)",
        "x = torch" + ".a" * 2000,
        "x = f" + "(1)" * 900,
        "def f(n):\n    " + "if n:\n" + "".join("    " * (i + 2) + "if n:\n" for i in range(60)) + "    " * 62 + "pass",
        "x = {" + ", ".join(f"'k{i}': {i}" for i in range(20_000)) + "}",
        "x = [" + ", ".join(str(i) for i in range(50_000)) + "]\ny = torch.tensor(x)",
        "x = " + "9" * 5000,
        "x = '" + "a" * 1_000_000 + "'\ny = x * 3",
        "class A(A): pass\nclass B(B, A): pass\nB()",
        "class A: pass\nclass B(A): pass\nclass C(A, B): pass\nC().x",
        "def f(f=f): return f\nf()()()",
        "x = x\nx.y = x\nx[x] = x\ndel x, x[0], x.y",
        "l = []\nl.append(l)\nd = {}\nd['d'] = d\nprint(l, d)\nm = l + l\nn = l == l",
        "for i in range(10 ** 9):\n    for j in range(10 ** 9):\n        x = torch.zeros(i, j)",
        "while True:\n    pass",
        "while True:\n    x = [1]\n    x += x",
        "\n".join(f"def f{i}(x): return f{(i + 1) % 300}(x) + f{(i * 7) % 300}(x)" for i in range(300)) + "\nf0(1)",
        "\n".join(f"if c{i}:\n    x = torch.zeros({i})" for i in range(2000)),
        "import torch\n" * 3000,
        "raise SystemExit\nx = torch.zeros(2)",
        "return 3\nyield 4\nawait x\nbreak",
        "match x:\n    case {'a': [*_, b], **rest}: pass\n    case A(b=1) | B(): pass",
        # Sizes that nest with every step: fast only if each part is looked at once.
        "def bisect(low: int, high: int):\n    mid = low + (high - low) // 2\n    return bisect(low, mid) + bisect(mid, high)",
        "def f(n: int, m: int):\n"
        + "".join("    n, m = (n + m) // 2, (n * m) // 3\n" for _ in range(60))
        + "    torch.zeros(n, m)",
        "lambda: (yield)\n[(yield x) for y in z]\n",
    ],
)
def test_strange_programs_are_read_to_an_end_without_a_crash(text: str) -> None:
    with suppress(UnreadableSource):
        assert graph_of(text).source == "static"


def test_work_beyond_the_budget_is_left_undone_and_said() -> None:
    body = "\n".join(f"    y{i} = torch.zeros(n, {i})" for i in range(100))
    calls = "\n".join(f"f({i})" for i in range(400))
    graph = graph_of(f"def f(n):\n{body}\n{calls}\n")
    assert 0 < len(graph.stages) < 40_000
    assert {place.reason for place in graph.not_checked} == {
        "f is called too often or too deeply to be followed each time"
    }


def test_an_analysis_leaves_the_process_as_it_was() -> None:
    before = gc.get_threshold(), sys.getrecursionlimit()
    graph_of("x = torch.zeros(2)")
    with suppress(UnreadableSource):
        graph_of("x = (")
    assert (gc.get_threshold(), sys.getrecursionlimit()) == before
