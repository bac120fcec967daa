"""Architectures: traced without numbers, a sample has the shapes of a real forward at every stage."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

import architectures  # noqa: E402
from hub_small import WAYS, small_config  # noqa: E402

import shapecheck  # noqa: E402
from shapecheck.hub.recipes import recipe  # noqa: E402
from shapecheck.results import StageRow, rows  # noqa: E402
from shapecheck.source import read  # noqa: E402
from shapecheck.tracer import Tracer, TraceRequest  # noqa: E402
from shapecheck.tracer.child import recipes, target  # noqa: E402
from shapecheck.tracer.child.session import Session, Sizes  # noqa: E402
from shapecheck.tracer.naming import choose  # noqa: E402
from shapecheck.tracer.target import Target  # noqa: E402
from shapecheck.tracer.text import Text  # noqa: E402

SAMPLE = """
    AlbertModel ASTModel BartModel BertForSequenceClassification BloomModel CLIPModel ConvNextModel DebertaV2Model
    DeiTModel DistilBertModel ElectraModel FalconModel FunnelModel GemmaModel GPT2ForSequenceClassification HubertModel
    LayoutLMModel LlamaForSequenceClassification LongformerModel MambaModel MixtralModel MobileBertModel OPTModel
    PegasusModel ResNetModel RobertaForSequenceClassification T5Model ViTModel WhisperModel XLMRobertaModel
""".split()

pytestmark = pytest.mark.skipif(
    not transformers.__version__.startswith("5.23."), reason="the recipes are written for transformers 5.23"
)


@pytest.fixture(scope="module")
def tracer() -> Iterator[Tracer]:
    with Tracer() as one:
        yield one


def config_of(cls: type[Any]) -> Any:
    """The first way of making a config small that the class accepts."""
    for way in WAYS:
        try:
            config = small_config(cls, 0, way)
            with torch.device("meta"):
                cls(config)
            return config
        except ValueError:
            continue
    raise AssertionError(f"no small config for {cls.__name__}")


def told(stages: list[StageRow]) -> list[tuple[Any, ...]]:
    return [
        (stage.module, stage.op, stage.repeat, {name: tensor.sizes for name, tensor in stage.outputs.items()})
        for stage in stages
    ]


@pytest.mark.parametrize("name", SAMPLE)
def test_an_architecture_has_the_shapes_of_its_real_forward(name: str, tracer: Tracer, tmp_path: Path) -> None:
    cls = getattr(transformers, name)
    config = config_of(cls)
    (tmp_path / "config.json").write_text(json.dumps(config.to_dict()))
    asked = Target(str(tmp_path), name)
    traced = tracer.trace(TraceRequest(asked.path, timeout=60, target=asked, names=False))
    assert traced.status == "completed", traced.reason

    torch.manual_seed(0)
    model = cls(cls.config_class.from_pretrained(tmp_path)).eval()
    first, _ = choose(Text(read(asked.path)).integers)
    session = Session(Path(), Sizes(first.batch, first.seq, first.rows), print, Path(), Path())
    sizes = target.sizes(session) | recipes.image_size(model.config)
    real = shapecheck.trace(model, **recipes.made(model.config, recipe(name), sizes))
    assert told(rows(traced.graph)) == told(real.stages)


def test_the_page_has_every_architecture_and_misses_one_in_twenty_at_most() -> None:
    page = architectures.stored()
    assert set(page) == {cls for cls, _, _ in architectures.architectures()}
    outcomes = [row.outcome for row in page.values()]
    assert outcomes.count("traced") >= 19 * outcomes.count("missed")
