"""``hub.call`` gives exactly the fields and shapes that the installed transformers gives, over architectures and options."""

from __future__ import annotations

import inspect
import itertools
from typing import Any

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from hub_classes import config_class  # noqa: E402
from hub_small import resolved, shrink, small_inputs  # noqa: E402

from shapecheck import hub  # noqa: E402
from shapecheck.hub.configs import Config  # noqa: E402
from shapecheck.ops.values import UNKNOWN, Result, Spec  # noqa: E402
from shapecheck.shapes import of  # noqa: E402

VALUES = dict(
    hidden=40, layers=1, decoder_layers=2, heads=5, kv=5, inner=44, vocab=180, positions=60, types=2, embedding=16
)
VALUES |= dict(labels=3, projection=12, experts=4, patches=4, channels=16)
SIZES = dict(
    batch=2, seq=9, decoder_seq=6, other_seq=5, choices=3, samples=3500, frames=90, height=64, width=96, boxes=4
)

ENCODERS = "Bert Roberta XLMRoberta Albert Electra DistilBert DebertaV2 MPNet MobileBert Camembert Ernie"
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


def built(name: str, **kwargs: Any) -> Any:
    """A small model in eval mode."""
    cls = getattr(transformers, name)
    config = config_class(cls)()
    shrink(config, VALUES, "small")
    if "QuestionAnswering" in name:
        config.num_labels = 2
    config._attn_implementation = "eager"
    return cls(config, **kwargs).eval()


def facts_of(config: Any) -> Config:
    """The same config as the hub sees it."""
    overrides: dict[str, Any] = {"num_labels": config.num_labels}
    for key, value in config.to_dict().items():
        if key not in ("id2label", "label2id"):
            overrides[key] = value
    found = hub.config(type(config).__name__, None, overrides)
    assert found is not None
    return found


def spec(tensor: Any) -> Spec:
    return Spec(of(*tensor.shape), str(tensor.dtype).removeprefix("torch."))


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
    if told is UNKNOWN or words(told) == "any":
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
    real_model = built(name)
    inputs = small_inputs(real_model, resolved(real_model, SIZES))
    config = facts_of(real_model.config)
    takes_more = any(p.kind is p.VAR_KEYWORD for p in inspect.signature(real_model.forward).parameters.values())
    for options in OPTIONS:
        if not takes_more and not set(options) <= set(facts.forward_params):
            continue
        with torch.no_grad():
            real = real_model(**inputs, **options)
        told = hub.call(
            facts, config, {k: spec(v) for k, v in inputs.items()} | options, {"attn_implementation": "eager"}
        )
        if options.get("return_dict") is False:
            assert not isinstance(told, Result) or [words(v) for v in told.value] == words(real), (options, told)
            continue
        assert isinstance(told, Result), (options, told)
        assert set(real.keys()) <= set(told.value), options
        wrong = {k: (words(real.get(k)), words(v)) for k, v in told.value.items() if not agree(real.get(k), v)}
        assert not wrong, options


@pytest.mark.parametrize("name", ["BertModel", "RobertaModel", "AlbertModel", "ViTModel", "DeiTModel", "SwinModel"])
def test_without_the_pooling_layer_the_pooler_output_is_none(name: str) -> None:
    facts = hub.model(name)
    assert facts is not None and facts.pooler == "option"
    real_model = built(name, add_pooling_layer=False)
    inputs = small_inputs(real_model, resolved(real_model, SIZES))
    told = hub.call(
        facts, facts_of(real_model.config), {k: spec(v) for k, v in inputs.items()}, {"add_pooling_layer": False}
    )
    assert isinstance(told, Result)
    with torch.no_grad():
        assert real_model(**inputs).pooler_output is told.value["pooler_output"] is None
