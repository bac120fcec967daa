"""``hub.call`` gives the fields and shapes that the installed transformers gives, over architectures and options."""

from __future__ import annotations

import inspect
import itertools
from typing import Any

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from shapecheck import hub  # noqa: E402
from shapecheck.ops.values import UNKNOWN, Result, Spec  # noqa: E402
from tests.hub.small import built, inputs_of, told  # noqa: E402

ENCODERS = "Bert Roberta XLMRoberta Albert Electra DistilBert DebertaV2 MPNet Nystromformer Camembert Ernie"
HEADS = "Model ForSequenceClassification ForTokenClassification ForQuestionAnswering ForMaskedLM ForMultipleChoice"
TEXT = [prefix + head for prefix, head in itertools.product(ENCODERS.split(), HEADS.split())]
OTHERS = """
    GPT2Model GPT2LMHeadModel GPT2ForSequenceClassification LlamaModel LlamaForCausalLM MistralModel Qwen2Model
    GPTNeoXForCausalLM OPTModel BloomModel T5Model T5EncoderModel T5ForConditionalGeneration BartModel
    BartForConditionalGeneration MT5EncoderModel MarianMTModel XLNetModel FunnelModel LongformerModel ModernBertModel
    ViTModel ViTForImageClassification DeiTModel SwinModel ConvNextModel ConvNextForImageClassification ResNetModel
    ResNetForImageClassification BeitModel Dinov2Model SegformerModel SegformerForSemanticSegmentation CLIPModel
    CLIPTextModel CLIPVisionModel CLIPVisionModelWithProjection Wav2Vec2Model Wav2Vec2ForSequenceClassification
    Wav2Vec2ForCTC HubertModel WhisperModel WhisperForConditionalGeneration
""".split()
OPTIONS: list[dict[str, Any]] = [
    {},
    {"output_hidden_states": True},
    {"output_attentions": True},
    {"return_dict": False},
    {"use_cache": False},
]


def words(value: Any) -> Any:
    """A real or a foretold value as nested shapes; other objects by their class."""
    if isinstance(value, torch.Tensor):
        return tuple(value.shape)
    if isinstance(value, Spec):
        return tuple(dim.value for dim in value.shape.dims) if value.shape.rank is not None else "any"
    if isinstance(value, (tuple, list)):
        return [words(v) for v in value]
    return value.kind if isinstance(value, hub.Opaque) else None if value is None else type(value).__name__


def agree(real: Any, told: Any) -> bool:
    """Whether what was foretold is what came: unknown parts agree with anything."""
    nested = isinstance(told, hub.Opaque) and isinstance(real, tuple)  # a part's output, as a tuple
    if told is UNKNOWN or nested or words(told) == "any":
        return True
    real, told = words(real), words(told)
    if isinstance(told, list) and isinstance(real, list):
        return len(told) == len(real) and all(t == "any" or same(r, t) for r, t in zip(real, told, strict=True))
    return same(real, told)


def same(real: Any, told: Any) -> bool:
    if isinstance(real, tuple) and isinstance(told, tuple):
        return len(real) == len(told) and all(t is None or r == t for r, t in zip(real, told, strict=True))
    return bool(real == told)


@pytest.mark.parametrize("name", [n for n in TEXT + OTHERS if hasattr(transformers, n)])
def test_a_call_foretells_the_fields_and_their_shapes(name: str) -> None:
    facts = hub.model(name)
    assert facts is not None
    assert facts.fields, "the class is not in the table of outputs"
    model = built(name, attention="eager")
    inputs = inputs_of(model)
    takes_more = any(p.kind is p.VAR_KEYWORD for p in inspect.signature(model.forward).parameters.values())
    for options in OPTIONS:
        if not takes_more and not set(options) <= set(facts.forward_params):
            continue
        with torch.no_grad():
            real = model(**inputs, **options)
        outcome = told(name, model.config, inputs | options, attn_implementation="eager")
        if options.get("return_dict") is False:
            values = outcome.value if isinstance(outcome, Result) else real
            assert len(values) == len(real) and all(map(agree, real, values)), (options, outcome)
            continue
        assert isinstance(outcome, Result), (options, outcome)
        assert set(real.keys()) <= set(outcome.value), options
        wrong = {k: (words(real.get(k)), words(v)) for k, v in outcome.value.items() if not agree(real.get(k), v)}
        assert not wrong, options


@pytest.mark.parametrize("name", ["BertModel", "RobertaModel", "AlbertModel", "ViTModel", "DeiTModel", "SwinModel"])
def test_without_the_pooling_layer_the_pooler_output_is_none(name: str) -> None:
    facts = hub.model(name)
    assert facts is not None and facts.pooler == "option"
    model = built(name, add_pooling_layer=False)
    inputs = inputs_of(model)
    outcome = told(name, model.config, inputs, add_pooling_layer=False)
    with torch.no_grad():
        assert model(**inputs).pooler_output is outcome.value["pooler_output"] is None
