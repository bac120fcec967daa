"""SHP502 as the text alone shows it: a published head, loaded for another number of labels."""

from __future__ import annotations

import pytest

from shapecheck import checks, fixes, flow, interp
from shapecheck.findings import Finding
from shapecheck.source import Source

SCRIPT = """
from transformers import AutoConfig, AutoModelForSequenceClassification
options = {{}}
model = AutoModelForSequenceClassification.from_pretrained("{name}"{more})
"""
STARS = "distilbert-base-uncased-finetuned-sst-2-english"


def found(text: str) -> list[Finding]:
    graph = interp.analyze(Source("script.py", text))
    flow.annotate(graph, {"script.py": text}.get)
    found = checks.run(graph)
    fixes.attach(found, graph, {"script.py": text})
    return found


@pytest.mark.parametrize("more", [", num_labels=5", ", id2label={0: 'a', 1: 'b', 2: 'c'}"])
def test_another_number_of_labels_than_the_checkpoints_is_an_error(more: str) -> None:
    text = SCRIPT.format(name=STARS, more=more)
    (finding,) = found(text)
    assert (finding.rule, finding.severity, finding.span.line) == ("SHP502", "error", 4)
    mended = fixes.apply(finding.fixes[0].edits, {"script.py": text})["script.py"]
    assert "ignore_mismatched_sizes=True" in mended
    assert found(mended) == []


@pytest.mark.parametrize(
    "more", ["", ", num_labels=2", ", num_labels=5, ignore_mismatched_sizes=True", ", **options", ", num_labels=count"]
)
def test_nothing_is_said_where_the_head_fits_or_may_be_a_new_one(more: str) -> None:
    assert found(SCRIPT.format(name=STARS, more=more)) == []


@pytest.mark.parametrize("name", ["bert-base-uncased", "someone/unknown-classifier"])
def test_a_checkpoint_without_a_known_head_takes_any_number_of_labels(name: str) -> None:
    assert found(SCRIPT.format(name=name, more=", num_labels=5")) == []
