"""The other line of transformers: 4.57, from a folder that stands in front of the installed packages."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shapecheck.tracer import Tracer, TraceRequest, TraceResult

FIXTURES = Path(__file__).parents[2] / "fixtures" / "scripts"
OLDER = Path(sys.prefix) / "transformers4"

pytestmark = pytest.mark.skipif(not (OLDER / "transformers").is_dir(), reason="`make test` installs transformers 4.57")

Trace = Callable[[Path], TraceResult]


@pytest.fixture(scope="module")
def tracer() -> Iterator[Tracer]:
    with pytest.MonkeyPatch.context() as patch, Tracer() as one:
        patch.setenv("PYTHONPATH", str(OLDER))
        yield one


@pytest.fixture(scope="module")
def trace(tracer: Tracer) -> Trace:
    def run(script: Path) -> TraceResult:
        result = tracer.trace(TraceRequest(script, timeout=90))
        assert result.transformers is not None and result.transformers.startswith("4.57."), result.transformers
        return result

    return run


@pytest.mark.parametrize("name", ["loader_cls", "module_mean"])
def test_a_good_script_runs_to_its_end(trace: Trace, name: str) -> None:
    result = trace(FIXTURES / f"{name}.py")
    assert result.status == "completed", result.reason


def test_a_broken_script_raises_what_pytorch_raises(trace: Trace) -> None:
    result = trace(FIXTURES / "loader_cls_broken.py")
    assert result.error is not None
    assert result.error.message == "Expected target size [4, 5], got [4]"
    assert result.error.certain and result.error.shape_reason


def test_trainer_trains_and_evaluates(trace: Trace, tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text(
        textwrap.dedent("""
            from datasets import load_dataset
            from transformers import (AutoModelForSequenceClassification, AutoTokenizer, DataCollatorWithPadding,
                                      Trainer, TrainingArguments)
            tokenizer = AutoTokenizer.from_pretrained("bert-base-uncased")
            data = load_dataset("imdb").map(lambda row: tokenizer(row["text"], truncation=True), batched=True)
            model = AutoModelForSequenceClassification.from_pretrained("bert-base-uncased", num_labels=2)
            seen = []

            def compute_metrics(predictions):
                seen.append((predictions.predictions.shape, predictions.label_ids.shape))
                return {"n": len(predictions.label_ids)}

            trainer = Trainer(
                model,
                TrainingArguments("out", per_device_train_batch_size=4, per_device_eval_batch_size=4, do_eval=True),
                train_dataset=data["train"],
                eval_dataset=data["test"],
                data_collator=DataCollatorWithPadding(tokenizer),
                processing_class=tokenizer,
                compute_metrics=compute_metrics,
            )
            trainer.train()
            assert seen == [((4, 2), (4,))], seen
        """)
    )
    result = trace(script)
    assert result.status == "completed", f"{result.reason}: {result.error}"
    losses = [stage for stage in result.graph.stages if stage.op == "torch.nn.CrossEntropyLoss"]
    assert losses and str(losses[0].inputs["input"].shape) == "(4, 2)"


def test_a_head_that_does_not_fit_the_checkpoint_is_refused_in_its_own_words(trace: Trace, tmp_path: Path) -> None:
    script = tmp_path / "load.py"
    script.write_text(
        "from transformers import AutoModelForImageClassification\n"
        "AutoModelForImageClassification.from_pretrained('google/vit-base-patch16-224', num_labels=3)\n"
    )
    result = trace(script)
    assert result.error is not None
    assert "size mismatch for classifier.weight" in result.error.message
