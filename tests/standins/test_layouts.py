"""Files that are not there, laid out as the script takes their lines apart."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shapecheck.tracer import TraceResult
from shapecheck.tracer.standins.layouts import layout

Holds = Callable[..., TraceResult]


@pytest.mark.parametrize(
    ("reader", "kinds"),
    [
        ('a, b, y = line.split("\\t")', ["text", "text", "label"]),
        ('y, text = line.split("\\t")\ny = int(y)', ["class", "text"]),
        ('row = line.strip().split("\\t")\nscore = float(row[2])', ["text", "text", "float"]),
        ('f = line.split("|||")\nids = list(map(int, f[1].split()))', ["text", "ids"]),
        ('f = line.split("\\t")\ny = int(f[-1])\nt = f[2]', ["text", "text", "class"]),
        ('for row in csv.reader(file, delimiter="\\t"):\n    use(row[4], int(row[0]))', ["class"] + 4 * ["text"]),
        ('f = line.split("\\t")\nwords = f[0].split(",")\nn = words[0]', ["text"]),
    ],
)
def test_a_layout_is_read_from_the_code_that_splits_the_lines(reader: str, kinds: list[str]) -> None:
    found = layout(reader)
    assert found is not None
    assert [found.kind(number) for number in range(found.count)] == kinds


@pytest.mark.parametrize("reader", ["line.split()", 'name = path.split("/")[-1]', "not python", "x = rows[3]"])
def test_code_that_splits_no_fields_says_nothing(reader: str) -> None:
    assert layout(reader) is None


def test_the_function_that_opens_the_file_goes_before_the_rest() -> None:
    reader = "def a():\n    x, y, z = line.split('\\t')\ndef b():\n    x, y = line.split('\\t')\n"
    found = layout(reader, 4)
    assert found is not None and found.count == 2


def test_what_else_a_program_splits_at_commas_is_no_line_of_a_file() -> None:
    assert layout("def read():\n    return open(path).read()\ngpus = given.split(',')\nfirst = row[3]\n", 2) is None


def test_lines_of_ids_as_another_script_prepared_them_are_as_long_as_each_other(holds: Holds) -> None:
    holds(
        """
        import torch
        ids, labels = [], []
        with open("train.ids") as file:
            for line in file:
                items = line.strip().split("\\t")
                labels.append([int(d) for d in items[0].split()])
                ids.append([int(d) for d in items[2].split()])
        assert torch.tensor(ids).shape == torch.tensor(labels).shape
        """
    )


def test_a_reader_of_separated_values_gets_the_columns_that_it_asks_for_elsewhere(holds: Holds) -> None:
    holds(
        """
        import csv

        def read(path):
            with open(path) as file:
                return list(csv.reader(file, delimiter="\\t"))

        def examples(lines):
            return [(line[3], line[4], int(line[0])) for line in lines[1:]]

        assert {label for _, _, label in examples(read("MRPC/train.tsv"))} == {0, 1}
        """
    )
