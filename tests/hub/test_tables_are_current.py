"""The tables are what their generators make of the installed transformers, and agree with the real classes."""

from __future__ import annotations

import csv
import importlib
import json
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

import hub_classes  # noqa: E402
from hub_measure import rows_of  # noqa: E402

from shapecheck import hub  # noqa: E402
from shapecheck.hub.tables import rows  # noqa: E402
from shapecheck.ops.values import UNKNOWN  # noqa: E402

HUB = Path(hub_classes.HUB)

pytestmark = pytest.mark.skipif(
    not transformers.__version__.startswith("5.23."), reason="the tables are made from transformers 5.23"
)


def table(name: str) -> list[dict[str, str]]:
    with (HUB / f"{name}.csv").open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


@pytest.mark.parametrize(
    ("name", "generator"),
    [("models", "model_rows"), ("auto", "auto_rows"), ("types", "type_rows"), ("configs", "config_rows")],
)
def test_the_class_tables_are_what_the_generator_writes(name: str, generator: str) -> None:
    made = {tuple(row.values()) for row in getattr(hub_classes, generator)()}
    stored = {tuple(row.values()) for row in table(name)}
    assert not made ^ stored, "run: python tools/hub_classes.py"


@pytest.mark.parametrize("name", ["outputs", "children", "raises", "losses", "causal"])
@pytest.mark.parametrize("cls", ["BertModel", "RobertaForSequenceClassification", "GPT2LMHeadModel", "ViTModel"])
def test_the_measured_tables_are_what_a_new_measurement_gives(cls: str, name: str) -> None:
    measured = importlib.import_module(f"hub_{name}").measured
    assert rows_of(measured, getattr(transformers, cls)) == rows(name, cls), f"run: python tools/hub_{name}.py {cls}"


def test_every_attribute_of_every_config_class_is_what_the_real_class_holds() -> None:
    wrong = [difference for cls in hub_classes.config_classes() for difference in differences(cls)]
    assert not wrong


def differences(cls: type[Any]) -> list[tuple[str, str, Any, Any]]:
    """The attributes, under all of their names, in which the hub and a real config differ."""
    facts = hub.config(cls.__name__)
    assert facts is not None, cls.__name__
    try:
        real = cls()
    except Exception:  # a composite that cannot be built without its parts
        return []
    found: list[tuple[str, str, Any, Any]] = []
    for name in {*facts.cls.defaults, *facts.cls.attribute_map, "num_labels"}:
        told = facts.get(name)[0]
        try:
            value = getattr(real, name)
        except Exception:  # a part's attribute; one that is said per layer
            continue
        if told is not UNKNOWN and json.dumps(value) != json.dumps(told):
            found.append((cls.__name__, name, told, value))
    return found


def test_every_model_of_an_auto_class_is_in_the_table_of_models() -> None:
    known = {row["model_class"] for row in table("models")}
    missing = {row["model_class"] for row in table("auto")} - known
    # What only an optional package brings cannot be read here.
    assert missing <= {"HiggsAudioV2TokenizerModel"}


def test_every_checkpoint_says_where_its_numbers_come_from() -> None:
    for row in table("checkpoints"):
        assert row["source"] and row["confidence"] in ("exact", "high"), row["checkpoint"]
        assert hub.config(row["model_type"], row["checkpoint"]) is not None, row["checkpoint"]


def test_no_cell_holds_a_line_end_and_rows_of_a_key_stand_together() -> None:
    for path in HUB.glob("*.csv"):
        stored = table(path.stem)
        assert len(stored) == path.read_text(encoding="utf-8").count("\n") - 1, path.name
        keys = [next(iter(row.values())) for row in stored]
        if path.stem != "auto":
            assert len({k for i, k in enumerate(keys) if not i or keys[i - 1] != k}) == len(set(keys)), path.name
            starts = [k for i, k in enumerate(keys) if not i or keys[i - 1] != k]
            assert len(starts) == len(set(starts)), path.name
