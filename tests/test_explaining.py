"""What is added to an exception of real training code, and that the exception stays what it is."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

import shapecheck  # noqa: E402

notes = pytest.mark.skipif(sys.version_info < (3, 11), reason="exceptions have no notes")


class Net(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = torch.nn.Linear(8, 16)
        self.head = torch.nn.Linear(15, 3)  # the fault

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.body(x))


def note_of(error: BaseException) -> str:
    (note,) = error.__notes__  # type: ignore[attr-defined]
    return str(note)


def line_of(text: str) -> int:
    return next(n for n, line in enumerate(Path(__file__).read_text().splitlines(), 1) if text in line)


@notes
def test_the_note_names_the_operands_and_the_line_to_change() -> None:
    net = Net()
    with pytest.raises(RuntimeError) as raised, shapecheck.explain_errors():
        net(torch.zeros(4, 8))
    note = note_of(raised.value)
    assert "torch.nn.Linear" in note and "got input (4, 16)" in note
    assert f"{__file__}:{line_of('# the fault')}" in note and "SHP201" in note


@notes
@pytest.mark.parametrize("operation", ["cat", "matmul", "view"])
def test_operators_without_a_frame_of_their_own_are_told_by_the_names_of_their_operands(operation: str) -> None:
    a, b = torch.zeros(2, 3), torch.zeros(4, 5)
    with pytest.raises(RuntimeError) as raised, shapecheck.explain_errors():
        if operation == "cat":
            torch.cat([a, b], dim=0)
        elif operation == "matmul":
            a @ b
        else:
            a.view(4, 5)
    assert f"torch.{operation}" in note_of(raised.value).replace("torch.Tensor.", "torch.")
    assert "(2, 3)" in note_of(raised.value)


@notes
def test_a_block_within_a_block_explains_once() -> None:
    net = Net()
    with pytest.raises(RuntimeError) as raised, shapecheck.explain_errors(), shapecheck.explain_errors():
        net(torch.zeros(4, 8))
    assert note_of(raised.value)


@pytest.mark.parametrize("error", [FileNotFoundError("train.csv"), KeyboardInterrupt(), MemoryError()])
def test_what_has_nothing_to_do_with_shapes_gets_no_note(error: BaseException) -> None:
    with pytest.raises(type(error)) as raised, shapecheck.explain_errors():
        raise error
    assert raised.value is error and not hasattr(error, "__notes__")


def test_the_exception_stays_the_object_that_it_is() -> None:
    net = Net()
    with pytest.raises(RuntimeError) as raised, shapecheck.explain_errors():
        net(torch.zeros(4, 8))
    assert str(raised.value) == "mat1 and mat2 shapes cannot be multiplied (4x16 and 15x3)"
    assert raised.value.__cause__ is None and raised.value.__context__ is None
    assert Path(raised.traceback[-1].path).name == "linear.py"


def test_it_decorates_a_function_too() -> None:
    @shapecheck.explain_errors()
    def train() -> int:
        return 7

    assert train() == 7


def test_where_exceptions_have_no_notes_it_is_written_to_standard_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    net = Net()
    monkeypatch.setattr(sys, "version_info", (3, 10, 0))
    with pytest.raises(RuntimeError), shapecheck.explain_errors():
        net(torch.zeros(4, 8))
    assert "got input (4, 16)" in capsys.readouterr().err


def test_a_fault_of_ours_hides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from shapecheck import explaining

    def fails(error: BaseException) -> str:
        raise KeyError("ours")

    monkeypatch.setattr(explaining, "explanation", fails)
    with pytest.raises(RuntimeError, match="cannot be multiplied"), shapecheck.explain_errors():
        Net()(torch.zeros(4, 8))
