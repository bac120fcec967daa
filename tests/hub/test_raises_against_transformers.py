"""Where ``hub.call`` says that transformers raises, it does, in these words; where it does not, the hub is silent."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from shapecheck.ops.values import Spec  # noqa: E402
from shapecheck.shapes import Conflict, of  # noqa: E402
from tests.hub.small import VALUES, built, facts_of, inputs_of, told  # noqa: E402

once = cache(built)
"""One model per class and number of labels: building costs more than a call."""

MODELS = """
    BertModel RobertaModel DistilBertModel AlbertModel ElectraModel DebertaV2Model MPNetModel GPT2Model LlamaModel
    T5Model T5EncoderModel BartModel BertForSequenceClassification BertForMultipleChoice ViTModel ConvNextModel
    ResNetModel CLIPModel CLIPVisionModel Wav2Vec2Model WhisperModel
""".split()


def said_by(model: Any, inputs: dict[str, Any]) -> str | None:
    """What the real model says, None if it takes the inputs."""
    try:
        with torch.no_grad():
            model(**inputs)
    except Exception as error:
        return " ".join(str(error).split())
    finally:
        model.config.problem_type = None  # a head writes down what the first labels made of it
    return None


def wrong_inputs(good: dict[str, Any]) -> list[dict[str, Any]]:
    """The usual inputs, each spoilt in one way."""
    spoilt: list[dict[str, Any]] = []
    for name in ("input_ids", "pixel_values", "input_values"):
        if name in good:
            spoilt += [good | {name: good[name][0]}, good | {name: good[name].unsqueeze(1)}]
    if "input_ids" in good:
        rest = {k: v for k, v in good.items() if k != "attention_mask"}
        spoilt += [rest | {"input_ids": good["input_ids"][0]}, rest | {"input_ids": good["input_ids"].unsqueeze(1)}]
        spoilt += [good | {"input_ids": good["input_ids"].float()}]
    if "pixel_values" in good:
        pixels = good["pixel_values"]
        spoilt += [good | {"pixel_values": pixels[:, :1]}, good | {"pixel_values": pixels.repeat(1, 1, 2, 2)}]
    spoilt.append({k: v for k, v in good.items() if not k.startswith("decoder_")})
    return spoilt


@pytest.mark.parametrize("name", MODELS)
def test_a_conflict_is_what_transformers_says(name: str) -> None:
    model = built(name)
    good = inputs_of(model)
    assert said_by(model, good) is None
    assert not isinstance(told(name, model.config, good), Conflict)
    found = 0
    for inputs in wrong_inputs(good):
        outcome = told(name, model.config, inputs)
        if isinstance(outcome, Conflict):
            real = said_by(model, inputs)
            assert real is not None, outcome
            assert outcome.message == real or "?" in outcome.message or outcome.kind == "rank", (outcome.message, real)
            found += 1
    assert found


@pytest.mark.parametrize(
    "name", ["BertModel", "RobertaModel", "DistilBertModel", "GPT2Model", "BartModel", "CLIPTextModel"]
)
def test_a_text_longer_than_the_position_table_is_a_conflict_and_the_longest_that_fits_is_none(name: str) -> None:
    model = built(name)
    limit = VALUES["positions"] - (2 if name == "RobertaModel" else 0)
    fits, too_long = inputs_of(model, seq=limit), inputs_of(model, seq=limit + 1)
    assert said_by(model, fits) is None
    assert not isinstance(told(name, model.config, fits), Conflict)
    outcome = told(name, model.config, too_long)
    assert isinstance(outcome, Conflict)
    assert (outcome.kind, outcome.left.value, outcome.right.value) == ("index", limit + 1, limit)  # type: ignore[union-attr]
    assert outcome.message == said_by(model, too_long)


def test_a_text_of_unknown_length_is_no_conflict() -> None:
    model = built("BertModel")
    from shapecheck import hub

    facts = hub.model("BertModel")
    assert facts is not None
    assert not isinstance(
        hub.call(facts, facts_of(model.config), {"input_ids": Spec(of("batch", "seq"), "int64")}), Conflict
    )


@pytest.mark.parametrize("labels_of", [1, 3], ids=["one label", "three labels"])
@pytest.mark.parametrize("dtype", [torch.int64, torch.float32])
@pytest.mark.parametrize("shape", [(2,), (2, 1), (2, 9), (2, 3), (3,), (18,), (2, 3, 1)])
@pytest.mark.parametrize(
    "name",
    [
        *("BertForSequenceClassification", "RobertaForSequenceClassification", "GPT2ForSequenceClassification"),
        *("BertForTokenClassification", "BertForMaskedLM", "GPT2LMHeadModel", "BertForMultipleChoice"),
        *("ViTForImageClassification", "DistilBertForSequenceClassification", "T5ForConditionalGeneration"),
    ],
)
def test_labels_that_do_not_fit_are_a_conflict(name: str, shape: tuple[int, ...], dtype: Any, labels_of: int) -> None:
    model = once(name, labels=labels_of)
    inputs = inputs_of(model) | {"labels": torch.zeros(shape, dtype=dtype)}
    outcome, real = told(name, model.config, inputs), said_by(model, inputs)
    if isinstance(outcome, Conflict):
        assert real is not None, outcome
    elif labels_of > 1:
        assert real is None or not shape, (real, outcome)
