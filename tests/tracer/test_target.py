"""One model alone: a class of a file, a checkpoint or a config folder, and the inputs that it is given."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from shapecheck.errors import UsageError
from shapecheck.graph import Stage
from shapecheck.tracer import Tracer, TraceRequest, TraceResult
from shapecheck.tracer.target import Input, Target, parse

TraceTarget = Callable[..., TraceResult]

MODELS = """
    import torch
    from torch import nn
    from transformers import AutoModel, BertConfig, BertModel

    class Classifier(nn.Module):
        def __init__(self, num_labels, name="bert-base-uncased"):
            super().__init__()
            self.encoder = AutoModel.from_pretrained(name)
            self.score = nn.Linear(self.encoder.config.hidden_size, num_labels)

        def forward(self, input_ids, attention_mask):
            return self.score(self.encoder(input_ids, attention_mask=attention_mask).pooler_output)

    class Picture(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU())
            self.head = nn.Linear(4, 2)

        def forward(self, image):
            return self.head(self.conv(image).mean((2, 3)))

    class Reader(nn.Module):
        def __init__(self, words: int):
            super().__init__()
            self.embed = nn.Embedding(words, 6)
            self.read = nn.LSTM(6, 5, batch_first=True)
            self.head = nn.Linear(5, 2)

        def forward(self, batch):
            out, _ = self.read(self.embed(batch["tokens"]))
            return self.head(out[:, -1])

    class Wide(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.last = nn.Linear(8, 16), nn.Linear(15, 2)

        def forward(self, x):
            return self.last(self.first(x))

    class Lengths(nn.Module):
        def __init__(self):
            super().__init__()
            self.score = nn.Linear(8, 4)

        def forward(self, x):
            rows = (self.score(x).argmax(-1) >= 0).sum().item()
            return torch.cat([x, torch.ones(rows, 1)], dim=1)

    if __name__ == "__main__":
        raise SystemExit("the file is imported, and not run")
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "models.py"
    path.write_text(textwrap.dedent(MODELS))
    return path


@pytest.fixture
def trace(tracer: Tracer) -> TraceTarget:
    """``trace(target, inputs, args)``, as from the command line."""

    def run(text: str, inputs: tuple[str, ...] = (), args: tuple[str, ...] = ()) -> TraceResult:
        target = parse(text, inputs, args)
        return tracer.trace(TraceRequest(target.path, timeout=60, target=target))

    return run


def last(result: TraceResult, op: str) -> Stage:
    return [stage for stage in result.graph.stages if stage.op.endswith(op)][-1]


def shapes(stage: Stage) -> dict[str, str]:
    return {name: str(tensor.shape) for name, tensor in stage.outputs.items()}


def test_a_class_is_built_and_called_with_what_its_forward_takes(trace: TraceTarget, file: Path) -> None:
    result = trace(f"{file}::Classifier", args=("num_labels=7",))
    assert (result.status, result.reason) == ("completed", "the forward ran through")
    assert shapes(last(result, "Linear")) == {"out": "(batch, 7)"}
    encoder = last(result, "BertModel")
    assert {name: str(tensor.shape) for name, tensor in encoder.inputs.items() if hasattr(tensor, "shape")} == {
        "input_ids": "(batch, seq)",
        "attention_mask": "(batch, seq)",
    }


def test_an_argument_that_is_not_given_is_made_up_and_said(trace: TraceTarget, file: Path) -> None:
    result = trace(f"{file}::Classifier")
    assert shapes(last(result, "Linear")) == {"out": "(batch, 2)"}
    assert "argument num_labels of Classifier was not given: 2" in result.assumptions


@pytest.mark.parametrize(
    ("cls", "op", "out"),
    [("Picture", "Conv2d", "(batch, 4, 222, 222)"), ("Reader", "Embedding", "(batch, seq, 6)")],
)
def test_inputs_are_told_from_the_layer_that_takes_them(
    trace: TraceTarget, file: Path, cls: str, op: str, out: str
) -> None:
    result = trace(f"{file}::{cls}")
    assert result.status == "completed", result.reason
    assert shapes(last(result, op)) == {"out": out}


def test_an_input_that_is_asked_for_is_what_forward_gets(trace: TraceTarget, file: Path) -> None:
    result = trace(f"{file}::Picture", inputs=("image=float32[batch,1,32,48]",))
    assert shapes(last(result, "Conv2d")) == {"out": "(batch, 4, 30, 46)"}


def test_an_input_that_forward_does_not_take_is_said(trace: TraceTarget, file: Path) -> None:
    result = trace(f"{file}::Picture", inputs=("picture=float32[1,1,32,48]",))
    assert (result.status, result.reason) == ("unavailable", "--input picture: forward of Picture takes image")


def test_shapes_that_do_not_fit_are_an_error_with_its_operator(trace: TraceTarget, file: Path) -> None:
    result = trace(f"{file}::Wide")
    assert result.status == "raised" and result.error is not None
    assert (result.error.op, result.error.shape_reason, result.error.certain) == ("torch.nn.Linear", True, True)


def test_where_made_up_numbers_break_the_run_real_ones_take_over_and_it_is_said(trace: TraceTarget, file: Path) -> None:
    result = trace(f"{file}::Lengths")
    assert result.status == "completed", result.reason
    assert any("run on small real ones" in text for text in result.assumptions)


def test_a_folder_gives_the_class_that_its_config_names(trace: TraceTarget, tmp_path: Path) -> None:
    config = {"model_type": "bert", "architectures": ["BertForTokenClassification"], "hidden_size": 64}
    sizes = {"num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 32}
    (tmp_path / "config.json").write_text(json.dumps(config | sizes))
    result = trace(str(tmp_path), args=("num_labels=9",))
    assert shapes(last(result, "BertForTokenClassification")) == {"logits": "(batch, seq, 9)"}
    layers = [stage for stage in result.graph.stages if stage.op.endswith("BertLayer")]
    assert [(stage.module.path, stage.repeat) for stage in layers if stage.module] == [("bert.encoder.layer.0-2", 3)]


def test_a_checkpoint_gives_its_base_model_or_the_class_asked_for(trace: TraceTarget) -> None:
    base = last(trace("distilbert-base-uncased"), "DistilBertModel")
    assert shapes(base) == {"last_hidden_state": "(batch, seq, 768)"}
    head = trace("distilbert-base-uncased::AutoModelForSequenceClassification", args=("num_labels=4",))
    assert shapes(last(head, "ForSequenceClassification")) == {"logits": "(batch, 4)"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("models.py::Nothing", "models.py has no torch.nn.Module Nothing"),
        ("bert-base-uncased::Nothing", "has no model class Nothing"),
    ],
)
def test_a_class_that_is_not_there_is_said(
    trace: TraceTarget, file: Path, monkeypatch: pytest.MonkeyPatch, text: str, reason: str
) -> None:
    monkeypatch.chdir(file.parent)
    result = trace(text)
    assert result.status == "unavailable" and reason in result.reason


def test_a_target_is_read_from_the_command_line(file: Path) -> None:
    inputs = ("x=int64[batch, 16]", "scale=0.5", "keep=true", "n=float16[]")
    target = parse(f"{file}::Picture", inputs, ("width=64", "name=bert", "sizes=[1, 2]"))
    assert target == Target(
        str(file),
        "Picture",
        {"width": 64, "name": "bert", "sizes": [1, 2]},
        {
            "x": Input("int64", ("batch", 16)),
            "scale": Input(value=0.5),
            "keep": Input(value=True),
            "n": Input("float16"),
        },
    )


@pytest.mark.parametrize(
    ("text", "inputs", "args", "said"),
    [
        ("nowhere.py::Net", (), (), "nowhere.py does not exist"),
        ("{file}", (), (), "name the class as well"),
        ("{folder}", (), (), "has no config.json"),
        ("", (), (), "an empty target"),
        ("bert-base-uncased", ("x",), (), "--input takes name=value"),
        ("bert-base-uncased", ("x=int65[2]",), (), "int65 is no dtype"),
        ("bert-base-uncased", ("x=int64[2,-1]",), (), "-1 is no size"),
        ("bert-base-uncased", (), ("a b=1",), "--arg takes name=value"),
    ],
)
def test_what_makes_no_target_is_a_wrong_call(
    file: Path, text: str, inputs: tuple[str, ...], args: tuple[str, ...], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        parse(text.format(file=file, folder=file.parent), inputs, args)


def test_a_size_by_a_name_that_nobody_knows_is_said(trace: TraceTarget) -> None:
    result = trace("distilbert-base-uncased", inputs=("input_ids=int64[batch,words]",))
    assert result.status == "unavailable" and "words is no size" in result.reason
