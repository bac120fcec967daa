"""Models and configs without their files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from shapecheck.tracer import TraceResult

Holds = Callable[..., TraceResult]


def test_keyword_arguments_have_the_effect_that_they_have_on_a_real_checkpoint(holds: Holds) -> None:
    holds(
        """
        import torch
        from transformers import AutoModel, AutoModelForSequenceClassification, BertModel
        model = AutoModelForSequenceClassification.from_pretrained(
            "prajjwal1/bert-tiny", num_labels=5, output_hidden_states=True, torch_dtype=torch.bfloat16)
        assert model.classifier.out_features == model.config.num_labels == 5
        assert model.config.output_hidden_states and model.dtype == torch.bfloat16 and not model.training
        named = AutoModelForSequenceClassification.from_pretrained(
            "prajjwal1/bert-tiny", id2label={0: "a", 1: "b", 2: "c"}, label2id={"a": 0, "b": 1, "c": 2})
        assert named.config.num_labels == 3 and named.config.id2label[2] == "c"
        assert BertModel.from_pretrained("prajjwal1/bert-tiny", add_pooling_layer=False).pooler is None
        assert isinstance(AutoModel.from_pretrained("prajjwal1/bert-tiny", return_dict=False)(
            torch.ones(2, 4, dtype=torch.long)), tuple)
        """
    )


def test_a_class_of_the_script_is_built_with_its_own_arguments(holds: Holds) -> None:
    holds(
        """
        from torch import nn
        from transformers import BertConfig, BertModel, BertPreTrainedModel
        class Tagger(BertPreTrainedModel):
            def __init__(self, config, tags, wide=False):
                super().__init__(config)
                self.bert = BertModel(config)
                self.out = nn.Linear(config.hidden_size * (2 if wide else 1), tags)
                self.post_init()
        config = BertConfig.from_pretrained("bert-base-uncased", num_labels=7)
        model = Tagger.from_pretrained("bert-base-uncased", 9, config=config, wide=True)
        assert (model.out.in_features, model.out.out_features, model.config.num_labels) == (1536, 9, 7)
        """
    )


@pytest.mark.parametrize(
    ("name", "attribute", "size"),
    [
        ("google/electra-small-discriminator", "embedding_size", 128),
        ("t5-small", "d_kv", 64),
        ("facebook/bart-base", "decoder_layers", 6),
        ("openai/clip-vit-base-patch32", "text_config.hidden_size", 512),
        ("microsoft/swin-tiny-patch4-window7-224", "hidden_size", 768),
        ("gpt2-medium", "n_embd", 1024),
        ("openai/whisper-tiny", "d_model", 384),
    ],
)
def test_a_config_has_the_sizes_of_the_table(holds: Holds, name: str, attribute: str, size: int) -> None:
    holds(f"from transformers import AutoConfig\nassert AutoConfig.from_pretrained({name!r}).{attribute} == {size}")


def test_an_unknown_checkpoint_is_taken_for_a_usual_one_of_its_type_and_that_is_said(holds: Holds) -> None:
    result = holds(
        """
        from transformers import AutoModel, DebertaV2Model
        assert AutoModel.from_pretrained("some/roberta-thing").config.max_position_embeddings == 514
        assert DebertaV2Model.from_pretrained("./nothing-here").config.model_type == "deberta-v2"
        """
    )
    assert "unknown checkpoint some/roberta-thing: taken as roberta" in " ".join(result.assumptions)


def test_a_local_config_is_read(holds: Holds, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    sizes = {"hidden_size": 48, "num_attention_heads": 4, "num_hidden_layers": 2, "intermediate_size": 96}
    (folder / "config.json").write_text(json.dumps({"model_type": "bert", **sizes}))
    holds(
        f"""
        from transformers import AutoModel
        assert AutoModel.from_pretrained({str(folder)!r}).config.hidden_size == 48
        """
    )


def test_a_saved_model_is_loaded_again_with_its_config(holds: Holds) -> None:
    holds(
        """
        from transformers import AutoModelForSequenceClassification
        model = AutoModelForSequenceClassification.from_pretrained("prajjwal1/bert-tiny", num_labels=6)
        model.save_pretrained("out/best")
        assert AutoModelForSequenceClassification.from_pretrained("out/best").config.num_labels == 6
        """
    )


@pytest.mark.parametrize(
    "load",
    [
        "ViTForImageClassification.from_pretrained('google/vit-base-patch16-224', num_labels=3",
        "BertModel.from_pretrained('bert-base-uncased', hidden_size=1024, num_attention_heads=16",
        "BertModel.from_pretrained('bert-base-uncased', max_position_embeddings=1024",
    ],
)
def test_sizes_other_than_the_checkpoints_are_refused_as_transformers_refuses_them(
    holds: Holds, fails: Callable[[str], str], load: str
) -> None:
    message = fails(f"from transformers import *\n{load})")
    assert "ignore_mismatched_sizes" in message
    holds(f"from transformers import *\n{load}, ignore_mismatched_sizes=True)")


def test_other_layer_counts_and_label_counts_of_a_plain_encoder_are_not_refused(holds: Holds) -> None:
    holds(
        """
        from transformers import BertForSequenceClassification
        BertForSequenceClassification.from_pretrained("bert-base-uncased", num_labels=11, num_hidden_layers=2)
        """
    )


def test_generate_gives_ids_that_hold_the_prompt(holds: Holds) -> None:
    result = holds(
        """
        from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoTokenizer
        tokenizer = AutoTokenizer.from_pretrained("gpt2")
        prompt = tokenizer("once upon a time", return_tensors="pt")
        ids = AutoModelForCausalLM.from_pretrained("gpt2").generate(**prompt, max_new_tokens=20, num_return_sequences=2)
        assert ids.shape[0] == 2 and ids.shape[1] > prompt["input_ids"].shape[1]
        assert isinstance(tokenizer.decode(ids[0], skip_special_tokens=True), str)
        seq = AutoModelForSeq2SeqLM.from_pretrained("t5-small")
        assert seq.generate(AutoTokenizer.from_pretrained("t5-small")("hello", return_tensors="pt").input_ids).ndim == 2
        """
    )
    assert any("generate" in made.what for made in result.invented)


def test_attention_that_wants_a_gpu_is_traced_without_one(holds: Holds) -> None:
    result = holds("""
        import torch
        from transformers import AutoModel
        model = AutoModel.from_pretrained("bert-base-uncased", attn_implementation="flash_attention_2")
        assert model(torch.ones(2, 5, dtype=torch.long)).last_hidden_state.shape == (2, 5, 768)
    """)
    assert any("flash_attention_2 is traced as sdpa" in text for text in result.assumptions)
