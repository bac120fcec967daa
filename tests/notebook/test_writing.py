"""A notebook is written back byte for byte, except for the strings of the lines that changed."""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable
from typing import Any

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapecheck import notebook
from shapecheck.edits import edited, lines_of
from shapecheck.errors import FixConflict
from shapecheck.findings import Edit
from shapecheck.notebook import document, writing
from shapecheck.places import Span


def dumped(**style: Any) -> Callable[[object], str]:
    return lambda value: json.dumps(value, **style)


STYLES: dict[str, Callable[[object], str]] = {
    "Jupyter": lambda value: json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n",
    "VS Code": dumped(ensure_ascii=False, indent=1),
    "Colab": dumped(ensure_ascii=False, indent=2),
    "escaped": dumped(indent=2),
    "tabs": dumped(ensure_ascii=False, indent="\t"),
    "one line": dumped(ensure_ascii=False),
    "compact": dumped(separators=(",", ":")),
    "Windows": lambda value: json.dumps(value, ensure_ascii=False, indent=1).replace("\n", "\r\n") + "\r\n",
}

TEXT = st.text(st.sampled_from("ab =(\"\\/\t'éß∑😀\u2028#%!"), max_size=6)
LINES = st.lists(TEXT, min_size=2, max_size=5)


def whole(sources: list[list[str]], listed: bool = True) -> dict[str, Any]:
    """A notebook with an accent in its metadata, so that its spelling can be told."""
    cells = [
        {"cell_type": "code", "execution_count": None, "id": f"cell{at}", "metadata": {}, "outputs": []}
        | {"source": lines_of("\n".join(lines)) if listed else "\n".join(lines)}
        for at, lines in enumerate(sources)
    ]
    return {"cells": cells, "metadata": {"title": "é"}, "nbformat": 4, "nbformat_minor": 5}


@given(
    st.lists(st.tuples(LINES, st.none() | LINES), min_size=1, max_size=3),
    st.sampled_from(sorted(STYLES)),
    st.booleans(),
    st.booleans(),
)
def test_new_sources_are_written_as_the_program_that_wrote_the_notebook_would(
    cells: list[tuple[list[str], list[str] | None]], style: str, listed: bool, bom: bool
) -> None:
    mark = codecs.BOM_UTF8 if bom else b""
    before = whole([old for old, _ in cells], listed)
    after = whole([old if new is None else new for old, new in cells], listed)
    changed = {at: "\n".join(new) for at, (_, new) in enumerate(cells, 1) if new is not None}
    data = mark + STYLES[style](before).encode()
    assert writing.rewritten(document.load(data), changed) == mark + STYLES[style](after).encode()


def test_what_stays_of_a_line_stays_as_it_was_spelled() -> None:
    data = rb'{"cells": [{"source": ["a = \"\u00e9\/\" \n",  "b"], "cell_type": "code"}]}'
    changed = writing.rewritten(document.load(data), {1: 'a = 1, "é/" \nb'})
    assert changed == rb'{"cells": [{"source": ["a = 1, \"\u00e9\/\" \n",  "b"], "cell_type": "code"}]}'


@pytest.mark.parametrize(
    ("source", "new", "written"),
    [
        ('["a\\nb\\n", "c\\n", "d"]', "a\nb\nC\nd", '["a\\nb\\n", "C\\n", "d"]'),
        ('["a", "b\\n", "c"]', "ab\nx\nc", '["a", "b\\n", "x\\n", "c"]'),
        ('"a\\nb"', "a\nx\nb", '"a\\nx\\nb"'),
        ("[]", "a", '["a"]'),
        ('["a"]', "", "[]"),
        ('[\n "a\\n",\n "b"\n]', "b", '[\n "b"\n]'),
        ('[\n "a\\n",\n "b"\n]', "a\n", '[\n "a\\n"\n]'),
        ('["a"]', "a\nb", '["a\\n", "b"]'),
        ('["a\\r\\n", "b\\r\\n", "c"]', "a\r\nB\r\nc", '["a\\r\\n", "B\\r\\n", "c"]'),
        ('["a\\u2028", "b\\f", "c\\n", "d"]', "a\u2028b\fc\nD", '["a\\u2028", "b\\f", "c\\n", "D"]'),
    ],
)
def test_sources_of_any_form_keep_it(source: str, new: str, written: str) -> None:
    text = '{"cells": [{"cell_type": "code", "source": %s}]}'
    assert writing.rewritten(document.load((text % source).encode()), {1: new}).decode() == text % written


BLOCKS = st.lists(
    st.sampled_from(
        [
            ["x = 1"],
            ["y = [", "    2]"],
            ["%time z = x"],
            ["if x:", "  %time for z in x: z"],
            ["%time for z in x: z"],
            ["%matplotlib inline"],
            ["!ls \\", "  -la"],
            ["# é"],
            ["q = !ls"],
            ["if x:", "  w = 3", "  !pwd"],
            ["s = '''", "%time", "'''"],
            [""],
        ]
    ),
    min_size=1,
    max_size=5,
).map(lambda blocks: [line for block in blocks for line in block])
EDITABLE = {"x = 1", "  %time for z in x: z", "%time for z in x: z", "    2]", "  w = 3", "# é", "%time z = x"}


@given(st.lists(BLOCKS, min_size=1, max_size=3), st.sampled_from(sorted(STYLES)), st.data())
def test_an_edit_of_the_text_reaches_its_cell_and_nothing_else(
    sources: list[list[str]], style: str, data: st.DataObject
) -> None:
    before = STYLES[style](whole(sources)).encode()
    text = notebook.text_of(before)
    assert notebook.updated(before, text) == before
    places = [(c, n) for c, lines in enumerate(sources) for n, line in enumerate(lines) if line in EDITABLE]
    if not places:
        return
    cell, at = data.draw(st.sampled_from(places))
    new = data.draw(st.sampled_from([" + 1", "  # é", " + (\n  3)"]))
    line = next(n for n in range(1, len(lines_of(text)) + 1) if notebook.cell_of(text, n) == (cell + 1, at + 1))
    line += not at and text_line(text, line).startswith(("# %%", "if True:"))
    column = len(text_line(text, line)) + 1
    span = Span("a.ipynb", line, column, line, column)
    expected = [list(lines) for lines in sources]
    expected[cell][at] += new
    assert notebook.updated(before, edited(text, [Edit(span, new)])) == STYLES[style](whole(expected)).encode()


def text_line(text: str, line: int) -> str:
    return lines_of(text)[line - 1].rstrip("\n")


def test_a_line_that_is_no_python_is_not_edited() -> None:
    data = STYLES["Jupyter"](whole([["x = !ls", "y = 1"]])).encode()
    text = notebook.text_of(data)
    with pytest.raises(FixConflict, match="no Python"):
        notebook.updated(data, text.replace("x = get_ipython()", "x = 3"))
    with pytest.raises(FixConflict, match="more than the lines"):
        notebook.updated(data, "import os\n" + text)


def test_what_is_written_is_a_valid_notebook() -> None:
    data = STYLES["Jupyter"](whole([["import torch", "x = 1"], ["y = 2"]])).encode()
    changed = notebook.updated(data, notebook.text_of(data).replace("x = 1", "x = 'é'\nz = 3"))
    valid = nbformat.reads(changed.decode(), as_version=4)
    nbformat.validate(valid)
    assert [cell.source for cell in valid.cells] == ["import torch\nx = 'é'\nz = 3", "y = 2"]
