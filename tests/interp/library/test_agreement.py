"""The tool that compares what the interpreter knows with what a run shows: its own arithmetic, without a run."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from shapecheck import dims
from shapecheck.shapes import ANY, Shape, of
from tools.agreement import Key, Recorder, compare, fits


@pytest.mark.parametrize(
    ("shape", "real", "agrees"),
    [
        (of(2, "seq", 768), [2, 9, 768], True),
        (of(2, "seq", 768), [2, 9, 512], False),
        (of(2, 3), [2, 3, 1], False),
        (of("seq", "seq"), [4, 4], True),
        (of("seq", "seq"), [4, 5], False),
        (of("seq", dims.symbol("seq") + dims.number(1)), [4, 5], True),
        (of("seq", dims.symbol("seq") + dims.number(1)), [4, 6], False),
        (Shape((dims.symbol("seq", least=600),)), [512], False),
        (Shape((dims.UNKNOWN, dims.number(3))), [8, 3], True),
        (ANY, [1, 2, 3], True),
    ],
)
def test_a_real_shape_fits_where_numbers_agree_and_a_name_is_one_number(
    shape: Shape, real: list[int], agrees: bool
) -> None:
    assert fits(shape, real) is agrees


def test_expressions_count_as_known_in_part_missing_or_wrong(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("a\nb\nc\nd\n")
    keys: list[Key] = [(str(script), line, 1, line, 2) for line in (1, 2, 3, 4)]
    real = {key: [[2, 3]] for key in keys}
    found = dict(zip(keys, ([of(2, 3)], [ANY], [of(2, 4)]), strict=False))
    out = compare(real, found)
    assert (out.total, out.known, out.part, len(out.wrong), len(out.missing)) == (4, 1, 1, 1, 2)


def test_recording_leaves_what_a_script_computes_as_it_is() -> None:
    text = "def f(x: int) -> int:\n    return abs(x) + 1\nresult = [f(-i) for i in range(3)]\n"
    tree = ast.fix_missing_locations(Recorder("script.py", text, []).visit(ast.parse(text)))
    names: dict[str, object] = {"__seen__": lambda number, value: value}
    exec(compile(tree, "script.py", "exec"), names)
    assert names["result"] == [1, 2, 3]
