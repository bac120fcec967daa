"""The tables answer what transformers' classes and well-known checkpoints measure."""

from __future__ import annotations

import subprocess
import sys

import pytest

from shapecheck import hub
from shapecheck.hub.tables import row, rows
from shapecheck.ops.values import UNKNOWN, Spec
from shapecheck.shapes import of

IDS = Spec(of("batch", "seq"), "int64")


@pytest.mark.parametrize("name", ["bert-base-uncased", "google-bert/bert-base-uncased"])
def test_a_checkpoint_is_found_under_each_of_its_names(name: str) -> None:
    found = hub.checkpoint(name)
    assert found is not None
    assert (found.name, found.model_type, found.fields["hidden_size"]) == (name, "bert", 768)
    assert found.source


@pytest.mark.parametrize("name", ["", "bert", "nobody/nothing", "a,b", 'quo"te', "base-uncased"])
def test_an_unknown_checkpoint_is_none(name: str) -> None:
    assert hub.checkpoint(name) is None


def test_a_checkpoint_says_which_pooling_it_was_trained_with() -> None:
    found = hub.checkpoint("sentence-transformers/all-MiniLM-L6-v2")
    assert found is not None
    assert found.default_pooling == "mean"


def test_rows_of_one_key_come_together_and_in_order() -> None:
    assert [r["field"] for r in rows("outputs", "BertForSequenceClassification")] == [
        "loss",
        "logits",
        "hidden_states",
        "attentions",
    ]
    assert row("models", "NoSuchModel") is None


def test_a_standard_name_and_an_own_name_give_the_same_size() -> None:
    config = hub.config("t5", "t5-small")
    assert config is not None
    assert config.get("hidden_size") == config.get("d_model") == (512, "the hidden size of t5-small")


def test_an_unknown_checkpoint_has_named_sizes_that_agree_with_each_other() -> None:
    config = hub.config("bert", "my-company/bert")
    assert config is not None
    assert config.get("hidden_size")[0] is UNKNOWN
    assert str(config.dim("hidden_size")) == "hidden"
    again = hub.config("bert", "my-company/bert")
    assert again is not None
    assert config.dim("hidden_size") == again.dim("hidden_size")
    assert config.dim("hidden_size") != config.dim("intermediate_size")


def test_overrides_count_label_dicts() -> None:
    config = hub.config("bert", "bert-base-uncased", {"id2label": {0: "a", 1: "b", 2: "c"}})
    assert config is not None
    assert config.get("num_labels")[0] == 3


def test_a_call_says_where_its_sizes_come_from() -> None:
    model, config = hub.model("BertModel"), hub.config("bert", "bert-base-uncased")
    assert model is not None and config is not None
    outcome = hub.call(model, config, {"input_ids": IDS}, {})
    hidden = outcome.value["last_hidden_state"].shape  # type: ignore[union-attr]
    assert str(hidden) == "(batch, seq, 768)"
    assert str(hidden.dim(2).origin) == "the hidden size of bert-base-uncased"


def test_neither_torch_nor_transformers_is_imported() -> None:
    code = (
        "import sys; from shapecheck import hub; hub.config('bert', 'bert-base-uncased'); hub.model('BertModel');"
        "sys.exit(any(m in sys.modules for m in ('torch', 'transformers', 'numpy')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_weights_of_a_saved_head_that_do_not_fit_are_named_with_both_shapes() -> None:
    saved, model = hub.checkpoint("facebook/convnext-tiny-224"), hub.model("ConvNextForImageClassification")
    assert saved is not None and model is not None
    config = hub.config("convnext", saved.name, {"num_labels": 3})
    as_saved = hub.config("convnext", saved.name)
    assert config is not None and as_saved is not None
    assert hub.mismatched(saved, model, config)["classifier.weight"] == ((1000, 768), (3, 768))
    assert hub.mismatched(saved, model, as_saved) == {}


def test_a_checkpoint_without_a_head_of_its_own_mismatches_nothing() -> None:
    saved, model = hub.checkpoint("bert-base-uncased"), hub.model("BertForSequenceClassification")
    config = hub.config("bert", "bert-base-uncased", {"num_labels": 5})
    assert saved is not None and model is not None and config is not None
    assert hub.mismatched(saved, model, config) == {}


def test_an_attribute_that_the_config_works_out_is_not_known_once_what_it_follows_is_set() -> None:
    usual, other = hub.config("SwinConfig"), hub.config("SwinConfig", None, {"embed_dim": 64})
    assert usual is not None and other is not None
    assert usual.get("hidden_size")[0] == 768
    assert other.get("hidden_size")[0] is UNKNOWN
    with_labels = hub.config("SwinConfig", None, {"num_labels": 4})
    assert with_labels is not None
    assert with_labels.get("hidden_size")[0] == 768


@pytest.mark.parametrize(
    ("name", "model_type"),
    [
        ("bert_pretrain config", "bert"),
        ("kobert config", "bert"),
        ("xlm-roberta-base", "xlm-roberta"),
        ("deberta_large config", "deberta"),
        ("T5 config", "t5"),
    ],
)
def test_the_words_of_a_file_name_state_a_model_type(name: str, model_type: str) -> None:
    assert hub.named_type(name) == model_type


@pytest.mark.parametrize("name", ["config", "labeled config", "sample_config", "storage", "optimizer config", "digits"])
def test_a_word_that_only_contains_a_model_type_states_none(name: str) -> None:
    assert hub.named_type(name) is None
