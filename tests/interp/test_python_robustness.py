"""Whatever the text: no crash, no endless run."""

# ruff: noqa: E501 - a case is easier to read on one line

from __future__ import annotations

import gc
import random
import re
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from shapecheck.errors import UnreadableSource
from shapecheck.interp import analyze
from shapecheck.source import Source
from tests.interp.python_scripts import graph_of

SCRIPTS = sorted(path for path in (Path(__file__).parents[2] / "fixtures").rglob("*.py"))
WORDS = re.compile(r"\b[a-zA-Z_]\w*\b|\b\d+\b")


def mutated(text: str, rnd: random.Random) -> str:
    """A text with a part cut off, lines dropped, doubled or swapped, words exchanged, or numbers replaced."""
    lines = text.split("\n")
    match rnd.randrange(6):
        case 0:
            return text[: rnd.randrange(len(text) + 1)]
        case 1:
            del lines[rnd.randrange(len(lines))]
        case 2:
            i, j = rnd.randrange(len(lines)), rnd.randrange(len(lines))
            lines[i], lines[j] = lines[j], lines[i]
        case 3:
            words = list(WORDS.finditer(text))
            a, b = rnd.choice(words), rnd.choice(words)
            return text[: a.start()] + b.group() + text[a.end() :]
        case 4:
            odd = ["0", "-1", "10**40", "None", "'x'", "2.5", "[]", "()", "{}"]
            return re.sub(r"\b\d+\b", lambda found: rnd.choice([*odd, *[found.group()] * 9]), text)
        case _:
            signs = ["+", "-", "*", "/", "//", "%", "**", "@", "and", "or", "==", "<", "|", "&", "<<"]
            return re.sub(r" [+\-*/] ", lambda found: f" {rnd.choice(signs)} ", text)
    return "\n".join(lines)


@pytest.mark.parametrize("seed", range(8))
def test_mutated_and_truncated_scripts_are_read_without_a_crash(seed: int) -> None:
    rnd = random.Random(seed)
    for _ in range(12):
        text = mutated(rnd.choice(SCRIPTS).read_text(encoding="utf-8"), rnd)
        started = time.process_time()
        try:
            analyze(Source("script.py", text))
        except UnreadableSource:
            continue
        assert time.process_time() - started < 5


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
def test_strange_programs_are_read_without_a_crash_in_reasonable_time(text: str) -> None:
    started = time.process_time()
    with suppress(UnreadableSource):
        graph_of(text)
    assert time.process_time() - started < 5


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
