"""`shapecheck explain`: messages in all their wordings, tracebacks, and the line at fault where the files are here."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from shapecheck import checks, errorbook, flow, interp, rulebook, tracebacks
from shapecheck.cli import cli
from shapecheck.errors import UsageError
from shapecheck.source import Source

FIXTURES = Path(__file__).parent.parent / "fixtures" / "rules"
BAD = sorted(FIXTURES.glob("SHP*/bad*.py"))
NO_ERROR_OF_ITS_OWN = ("SHP206", "SHP405", "SHP605", "SHP701")
"""Rules whose error depends on where the wrong shape arrives, or is the script's own."""

WORDINGS = [
    ("Expected target size [8, 5], got [8]", "class axis"),
    ("Expected input batch_size (136) to match target batch_size (8).", "rows of scores and labels"),
    ("mat1 and mat2 shapes cannot be multiplied (2x1024 and 768x3)", "width of a layer"),
    ("size mismatch, m1: [2 x 1024], m2: [768 x 3] at /pytorch/aten/src/TH", "width of a layer"),
    ("a and b must have same reduction dim, but got [2, 1024] X [768, 3].", "width of a layer"),
    ("a and b must have same reduction dim, but got [2*s0, 1024] X [768, 3].", "width of a layer"),
    ("The size of tensor a (807) must match the size of tensor b (512) at non-singleton dimension 1", "position table"),
    ("The size of tensor a (32) must match the size of tensor b (9) at non-singleton dimension 2)", "line up"),
    (
        "Attempting to broadcast a dimension of length 9 at -1! Mismatching argument at index 1 had "
        "torch.Size([2, 9]); but expected shape should be broadcastable to [2, 9, 32]",
        "line up",
    ),
    (
        "Sizes of tensors must match except in dimension 1. Expected size 65 but got size 64 for tensor number 1 in "
        "the list.",
        "joined parts",
    ),
    (
        "Sizes of tensors must match except in dimension 1. Expected 65 in dimension 2 but got 64 for tensor number 1 "
        "in the list",
        "joined parts",
    ),
    ("stack expects each tensor to be equal size, but got torch.Size([3]) at entry 0 ", "stacked parts"),
    ("0D or 1D target tensor expected, multi-target not supported, got 2D", "labels with an axis of their own"),
    ("Assertion `t >= 0 && t < n_classes` failed.", "class ids out of range"),
    ("Assertion `srcIndex < srcSelectDimSize` failed.", "ids beyond the embedding"),
    ("CUDA error: device-side assert triggered\nCUDA kernel errors might be asynchronously", "device-side assert"),
    ("CUDA error: CUBLAS_STATUS_INVALID_VALUE when calling `cublasSgemm( handle, opa, ...)`", "cuBLAS"),
    ("'BaseModelOutput' object has no attribute 'pooler_output'", "field of an output"),
    ("'tuple' object has no attribute 'last_hidden_state'", "field of a tuple"),
    ("dropout(): argument 'input' (position 1) must be Tensor, not str", "keys for values"),
    ("too many values to unpack (expected 2)", "axes of ids"),
    ("You must specify exactly one of input_ids or inputs_embeds", "decoder without input"),
    ("You set `ignore_mismatched_sizes` to `False`, thus raising an error.", "weights of another shape"),
    ("Expected hidden[0] size (1, 2, 64), got [1, 4, 64]", "state of a recurrent layer"),
    ("operands could not be broadcast together with shapes (4,) (3,) ", "arrays that do not line up"),
    ("non-broadcastable output operand with shape (3,) doesn't match the broadcast shape (4,3)", "arrays that do not"),
    (
        "all the input array dimensions except for the concatenation axis must match exactly, but along dimension 1, "
        "the array at index 0 has size 7 and the array at index 1 has size 9",
        "joined arrays",
    ),
    ("all the input arrays must have same number of dimensions, but the array at index 0 has 2", "joined arrays"),
    (
        "matmul: Input operand 1 has a mismatch in its core dimension 0, with gufunc signature (n?,k),(k,m?)->(n?,m?) "
        "(size 3 is different from 4)",
        "product of arrays",
    ),
    ("shapes (4,3) and (4,3) not aligned: 3 (dim 1) != 4 (dim 0)", "product of arrays"),
    ("cannot reshape array of size 12 into shape (5,2)", "elements of an array"),
    ("axis 2 is out of bounds for array of dimension 2", "axis of an array"),
    ("index 3 is out of bounds for axis 0 with size 3", "index beyond an array"),
    (
        "boolean index did not match indexed array along axis 0; size of axis is 4 but size of corresponding boolean "
        "axis is 3",
        "mask of an index",
    ),
    (
        "The shape of the mask [4, 8] at index 1 does not match the shape of the indexed tensor [4, 7] at index 1",
        "mask of an index",
    ),
    ("Found input variables with inconsistent numbers of samples: [8, 4]", "labels and predictions of a metric"),
    ("y should be a 1d array, got an array of shape (4, 3) instead.", "labels and predictions of a metric"),
    ("a Tensor with 4 elements cannot be converted to Scalar", "several numbers for one"),
    ("only one element tensors can be converted to Python scalars", "several numbers for one"),
    ("only 0-dimensional arrays can be converted to Python scalars", "several numbers for one"),
    ("Boolean value of Tensor with more than one value is ambiguous", "several numbers for one"),
    (
        "setting an array element with a sequence. The requested array has an inhomogeneous shape after 1 dimensions.",
        "rows of different length",
    ),
    ("grad can be implicitly created only for scalar outputs", "backward of more than a number"),
]

DYNAMO = """\
Traceback (most recent call last):
  File "{path}", line 4, in <module>
    torch.compile(head)(torch.zeros(8, 512))
  File "/opt/lib/python3.11/site-packages/torch/_dynamo/eval_frame.py", line 736, in compile_wrapper
    return fn(*args, **kwargs)
torch._dynamo.exc.TorchRuntimeError: Dynamo failed to run FX node with fake tensors: call_function linear(*(
FakeTensor(..., size=(8, 512)), Parameter(FakeTensor(..., size=(5, 768)))), **{{}}): got RuntimeError('a and b must \
have same reduction dim, but got [8, 512] X [768, 5].')

from user code:
   File "{path}", line 4, in <module>
"""
ASSERTED = """\
../aten/src/ATen/native/cuda/Loss.cu:250: nll_loss_forward: block: [0,0,0], thread: [3,0,0] Assertion `t >= 0 && t < \
n_classes` failed.
Traceback (most recent call last):
  File "somewhere/train.py", line 40, in <module>
RuntimeError: CUDA error: device-side assert triggered
"""
SCRIPT = "import torch\nhead = torch.nn.Linear(768, 5)\nx = torch.zeros(8, 512)\nscores = head(x)\n"


def say(*arguments: str, given: str = "") -> tuple[int, str]:
    result = CliRunner().invoke(cli, ["explain", *arguments], input=given, standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result.return_value, result.stdout


@pytest.mark.parametrize(("message", "name"), WORDINGS, ids=[message[:40] for message, _ in WORDINGS])
def test_a_wording_is_understood(message: str, name: str) -> None:
    meaning = errorbook.meaning(message)
    assert meaning is not None and name in meaning.name
    assert "{" not in meaning.means + meaning.look


def test_a_meaning_names_the_sizes_of_the_message() -> None:
    meaning = errorbook.meaning("a and b must have same reduction dim, but got [2, 1024] X [768, 3].")
    assert meaning is not None and "768" in meaning.means and "1024" in meaning.means


def test_every_rule_that_an_error_points_to_exists() -> None:
    codes = set(rulebook.codes())
    for wording in errorbook.wordings():
        assert wording.rules and set(wording.rules) <= codes, wording.name


@pytest.mark.parametrize("path", BAD, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_pytorch_says_of_a_fixture_leads_to_its_rule(path: Path) -> None:
    text = path.read_text()
    graph = interp.analyze(Source(str(path), text))
    flow.annotate(graph, {str(path): text}.get)
    for finding in checks.run(graph):
        if finding.torch_says and finding.rule not in NO_ERROR_OF_ITS_OWN:
            meaning = errorbook.meaning(re.sub(r"(?<=[\[(, ])(batch|seq)(?=[\]),])", "9", finding.torch_says))
            assert meaning is not None, finding.torch_says
            assert finding.rule in meaning.rules, (meaning.name, finding.torch_says)


def test_a_bare_message_is_its_own_report() -> None:
    assert tracebacks.read("  some error \n") == tracebacks.Report("", ("some error",))


def test_the_error_inside_of_a_compiled_ones_comes_first() -> None:
    report = tracebacks.read(DYNAMO.format(path="train.py"))
    assert report.kind == "TorchRuntimeError"
    assert report.messages[0] == "a and b must have same reduction dim, but got [8, 512] X [768, 5]."
    assert (report.frames[0].path, report.frames[0].line) == ("train.py", 4)


def test_an_assertion_on_the_gpu_says_more_than_the_error_that_follows() -> None:
    code, text = say(given=ASSERTED)
    assert code == 0
    assert "a class id is not between 0 and the number of classes" in text
    assert "SHP303" in text


@pytest.mark.parametrize("prefix", ["", "[rank0]: ", "E   "])
def test_prefixes_of_launchers_and_of_pytest_do_not_matter(prefix: str) -> None:
    report = tracebacks.read(f"{prefix}ValueError: Expected input batch_size (4) to match target batch_size (2).\n")
    assert report.messages == ("Expected input batch_size (4) to match target batch_size (2).",)


def test_with_the_files_at_hand_it_points_at_the_line(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text(SCRIPT)
    code, text = say(given=DYNAMO.format(path=script))
    assert code == 0
    assert "error[SHP201]" in text and f"{script}:2:" in text


def test_the_json_form_has_the_meaning_and_the_findings(tmp_path: Path) -> None:
    script, log = tmp_path / "train.py", tmp_path / "log.txt"
    script.write_text(SCRIPT)
    log.write_text(DYNAMO.format(path=script))
    code, text = say("--file", str(log), "--output-format", "json")
    told = json.loads(text)
    assert code == 0
    assert told["pattern"] == "width of a layer"
    assert told["line"] == {"path": str(script), "line": 4}
    assert [finding["rule"] for finding in told["findings"]] == ["SHP201"]


def test_an_error_that_is_not_about_shapes_is_said_to_be_none() -> None:
    code, text = say("KeyError: 'lr'")
    assert code == 1
    assert "no error over shapes that shapecheck knows" in text


@pytest.mark.parametrize("arguments", [(), ("-",), ("message", "--file", "log.txt"), ("--file", "is/not/there.txt")])
def test_a_call_without_an_error_or_with_two_is_wrong(arguments: tuple[str, ...]) -> None:
    with pytest.raises(UsageError):
        say(*arguments)
