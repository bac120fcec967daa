"""What IPython's syntax becomes: Python on the same lines, and in the same columns where a magic runs Python."""

from __future__ import annotations

import ast
import json
import warnings
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.inputtransformer2 import TransformerManager

from shapecheck import notebook
from shapecheck.edits import lines_of
from shapecheck.errors import UnreadableSource
from shapecheck.notebook.magics import parses, translated


def made(*sources: str, **metadata: Any) -> bytes:
    """A notebook with code cells."""
    cells = [{"cell_type": "code", "metadata": {}, "outputs": [], "source": source} for source in sources]
    return json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}).encode()


def program(*sources: str) -> str:
    """The code that notebook cells come to, without what carries no meaning."""
    return ast.unparse(ast.parse(notebook.text_of(made(*sources))))


@pytest.mark.parametrize(
    ("cell", "python"),
    [
        ("%time model(x)", "pass\nmodel(x)"),
        ("%time y = model(x)", "pass\ny = model(x)"),
        ("%timeit -n 10 -r3 -o model(x)", "pass\nmodel(x)"),
        ("%prun -s cumulative -l 5 model(x)", "pass\nmodel(x)"),
        ("%lprun -f model.forward model(x)", "pass\nmodel(x)"),
        ("%memit -r 3 model(x)", "pass\nmodel(x)"),
        ("y = %time model(x)", "y = model(x)"),
        ("t = %timeit -o model(x)", "t = get_ipython()"),
        ("%time f(a, \\\n    b)", "pass\nf(a, b)"),
        ("%time for x in xs: f(x)", "for x in xs:\n    f(x)"),
        ("%timeit", "pass"),
        ("files = !ls -la", "files = get_ipython()"),
        ("a, b = !ls", "a, b = get_ipython()"),
        ("frame = %sql select * \\\n  from t", "frame = get_ipython()"),
        ("!pip install \\\n  torch\nx = 1", "pass\nx = 1"),
        ("if x:\n    !pip install y", "if x:\n    pass"),
        ("def f():\n    %time y = g()\n    return y", "def f():\n    pass\n    y = g()\n    return y"),
        ("model?\nmodel.forward??\n?model\n%time?", "pass\npass\npass\npass"),
        ("%env A=b\n%cd ..\n%matplotlib inline\n%load x.py", "pass\npass\npass\npass"),
        ("%run other.py", "from other import *"),
        ("%run -i ./lib/other.py --epochs 3", "from lib.other import *"),
        ("%run other", "from other import *"),
        ("%store -r a b", "a = b = get_ipython()"),
        ("/f x y", "f(x, y)"),
        (",f x y", "f('x', 'y')"),
        (";f x y", "f('x y')"),
        ("%%time\nx = 1", "x = 1"),
        ("%%time\n%%capture out\n%time x = f()", "out = get_ipython()\npass\nx = f()"),
        ("%%capture --no-stderr out\nx = 1", "out = get_ipython()\nx = 1"),
        ("%%timeit -n 3 y = 2\nx = y", "pass\ny = 2\nx = y"),
        ("\n\n%%prun\nx = 1", "x = 1"),
        ("%%bash\nls", ""),
        ("%%writefile model.py\nx = 1", ""),
        ("%%writefile notes.txt\nx = 1", ""),
        ("%%html\n<b>", ""),
        ("%%script python\nx = 1", ""),
        ("pip install torch", "pass"),
        ("ls", "pass"),
        ("ls = 3", "ls = 3"),
        ("    x = 1\n    y = 2", "if True:\n    x = 1\n    y = 2"),
        (">>> for x in y:\n...     f(x)", "if True:\n    for x in y:\n        f(x)"),
        (">>> x = 1\n\n >>> y = 2\n>>>", "x = 1\ny = 2"),
        ("y = 2\n>>> x = 1", "y = 2\nx = 1"),
        (
            "def f():\n    '''>>> f()\n    >>> g()\n    '''\n    ...",
            'def f():\n    """>>> f()\n    >>> g()\n    """\n    ...',
        ),
        ("In [3]: x = 1\n   ...: y = 2", "if True:\n    x = 1\n    y = 2"),
        ("x = (a\n % b)\ns = '''\n%time\n'''\ny = a % b;", "x = a % b\ns = '\\n%time\\n'\ny = a % b"),
        ("x = await f()\nasync with g() as h:\n    pass", "x = await f()\nasync with g() as h:\n    pass"),
        ("get_ipython().system('ls')", "get_ipython().system('ls')"),
        ("# only a comment", ""),
        ("", ""),
    ],
)
def test_a_cell_as_python(cell: str, python: str) -> None:
    assert program(cell) == python
    assert len(translated(cell).lines) == len(lines_of(cell))


@pytest.mark.parametrize("line", ["%time y = f(x)", "%timeit -n 10 y = f(x)", "    %prun y = f(x)", "z = %time f(x)"])
def test_python_behind_a_magic_keeps_its_columns(line: str) -> None:
    (python,) = translated(line).lines
    assert python.index("f(x)") == line.index("f(x)")


def test_the_lines_of_a_text_are_those_of_its_cells() -> None:
    data = made("import os\n%cd x\n", "", "y = 1\nz = 2")
    text = notebook.text_of(data)
    told = [(notebook.cell_of(text, at), line) for at, line in enumerate(lines_of(text), 1) if "%%" not in line]
    assert [place for place, _ in told] == [(1, 1), (1, 2), (3, 1), (3, 2)]
    assert list(notebook.cells(text)) == [(1, "import os\n%cd x\n"), (2, ""), (3, "y = 1\nz = 2")]
    assert notebook.cell_of("x = 1\n", 1) is None


def test_a_comment_that_looks_like_the_line_over_a_cell_is_none() -> None:
    data = made("x = 1\n# %% [cell 7]\ny = 2")
    text = notebook.text_of(data)
    assert list(notebook.cells(text)) == [(1, "x = 1\n# %% [cell 7]\ny = 2")]
    assert notebook.updated(data, text) == data


def test_a_broken_cell_is_told_and_the_others_stay() -> None:
    read = notebook.read(made("x = 1", "y = (\nz = 3", "w = 2"))
    (broken,) = read.broken
    assert notebook.cell_of(read.text, broken.line) == (2, 1)
    assert [node.targets[0].id for node in ast.parse(read.text).body] == ["x", "w"]  # type: ignore[attr-defined]
    assert list(notebook.cells(read.text))[1] == (2, "y = (\nz = 3")


def test_imports_from_the_future_stand_first_whatever_cell_they_are_in() -> None:
    text = notebook.text_of(made("%matplotlib inline\nx = 1", "from __future__ import annotations\ny = 2"))
    compile(text, "a.ipynb", "exec")
    assert ast.parse(text).body[0].lineno == 1
    assert list(notebook.cells(text))[1][1].startswith("from __future__")


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("%%python\nx = 1", "a cell of %%python is not read"),
        ("%%mystery\nx = 1", "a cell of %%mystery is not read"),
        ("%run other.ipynb", "what %run other.ipynb defines is not known"),
    ],
)
def test_what_may_matter_and_is_not_read_is_noted(cell: str, reason: str) -> None:
    assert notebook.read(made("x = 1", cell)).notes == ((4, reason),)


def test_a_notebook_in_another_language_is_noted_and_not_read() -> None:
    for metadata in (
        {"language_info": {"name": "R"}},
        {"kernelspec": {"language": "R", "name": "ir"}},
        {"kernelspec": {"display_name": "R", "name": "ir"}},
    ):
        read = notebook.read(made("x <- c(1, 2)", **metadata))
        assert (read.text, read.notes, read.broken) == ("", ((1, "a notebook in R"),), ())
    assert notebook.read(made("x = 1", kernelspec={"name": "python3", "display_name": "Python 3"})).text


def test_cells_that_are_left_out_by_their_author_are_left_out() -> None:
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": "x = 1"},
        {"cell_type": "raw", "metadata": {}, "source": "x = 2"},
        {"cell_type": "code", "metadata": {"tags": ["skip"]}, "outputs": [], "source": "x = 3"},
        {"cell_type": "code", "metadata": {"vscode": {"languageId": "sql"}}, "outputs": [], "source": "x = 4"},
        {"cell_type": "code", "metadata": {"tags": ["kept"]}, "outputs": [], "source": "x = 5"},
    ]
    text = notebook.text_of(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4}).encode())
    assert list(notebook.cells(text)) == [(5, "x = 5")]


@pytest.mark.parametrize(
    ("counts", "told"),
    [([1, 2, 3], ()), ([1, None, 3], ()), ([None, None], ()), ([3, 1, 2], (3, 1, 2)), ([1, 1], ())],
)
def test_cells_that_were_executed_in_another_order_are_noted(counts: list[int | None], told: tuple[int, ...]) -> None:
    cells = [{"cell_type": "code", "execution_count": n, "metadata": {}, "outputs": [], "source": "x"} for n in counts]
    read = notebook.read(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4}).encode())
    assert read.executed == told


@pytest.mark.parametrize(
    ("data", "said", "place"),
    [
        (b"", "the file is empty", (1, 1)),
        (b"[]", "its JSON is no object", (1, 1)),
        (b"{}", "it has no cells", (1, 1)),
        (b"print(1)", "broken JSON: expecting value", (1, 1)),
        (b'{"cells": 3}', "its cells are no array", (1, 11)),
        (b'{\n "cells": [\n  {,}]}', "broken JSON", (3, 4)),
        (b'{\n "cells": [', "broken JSON", (2, 12)),
        (b'{"cells": []} x', "broken JSON: extra data", (1, 15)),
        (b'{"cells": [],}', "broken JSON", (1, 14)),
        (b'{"cells": [\n1]}', "cell 1 is no object", (2, 1)),
        (b'{"cells": [{"source": ""}]}', "cell 1 has no cell_type", (1, 12)),
        (b'{"cells": [{"cell_type": "code"}]}', "cell 1 has no source", (1, 12)),
        (b'{"cells": [{"cell_type": "code", "source": [1]}]}', "the source of cell 1 is no text", (1, 45)),
        (b'{"cells": [{"cell_type": "code", "source": null}]}', "the source of cell 1 is no text", (1, 44)),
        (b'{"worksheets": [], "nbformat": 3}', "format 3", (1, 1)),
        (b'{"cells": [\n"\xff"]}', "is not UTF-8", (2, 1)),
        (b'{"cells": ' + b"[" * 100_000, "nested too deeply", (1, 1)),
    ],
)
def test_what_is_no_notebook_is_said_to_be_none_and_where(data: bytes, said: str, place: tuple[int, int]) -> None:
    with pytest.raises(UnreadableSource, match=said) as raised:
        notebook.text_of(data)
    assert (raised.value.line, raised.value.column) == place


LINES = st.sampled_from(
    [
        "x = 1",
        "%time x",
        "  y = !ls",
        "%%time",
        "%%bash",
        "if x:",
        "z = (",
        ")",
        "f?",
        "'''",
        "\\",
        ">>> x",
        "  ",
        "é = 1",
    ]
)


@given(st.lists(st.lists(LINES, max_size=6).map("\n".join), max_size=4))
def test_any_cells_make_a_program_that_leads_back_to_them(cells: list[str]) -> None:
    data = made(*cells)
    read = notebook.read(data)
    assert parses(read.text) is None
    assert list(notebook.cells(read.text)) == list(enumerate(cells, 1))
    assert notebook.updated(data, read.text) == data


def ipython_parses(cell: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ast.parse(TransformerManager().transform_cell(cell))
        except SyntaxError:
            return False
    return True


@given(st.lists(LINES, max_size=6).map("\n".join))
def test_a_cell_that_ipython_takes_is_not_broken(cell: str) -> None:
    if "%%" not in cell and ipython_parses(cell):  # a cell magic takes anything for its cell
        assert not notebook.read(made(cell)).broken


def test_large_outputs_cost_no_more_than_reading_them() -> None:
    import tracemalloc

    picture = {"output_type": "display_data", "metadata": {}, "data": {"image/png": "iVBORw0KGgo" * 1_000_000}}
    cell = {"cell_type": "code", "execution_count": 1, "metadata": {}, "outputs": [picture], "source": ["x = 1\n", "y"]}
    data = json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()
    tracemalloc.start()
    try:
        changed = notebook.updated(data, notebook.text_of(data).replace("x = 1", "x = 2"))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert changed == data.replace(b"x = 1", b"x = 2")
    assert most < 6 * len(data)
