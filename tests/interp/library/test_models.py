"""transformers' models, configs and outputs."""

from __future__ import annotations

import pytest

from shapecheck.graph import Tensor
from tests.interp.library.scripts import events, graph_of, probed, shapes

BERT = 'bert = BertModel.from_pretrained("bert-base-uncased")\nids = torch.randint(5, 900, (4, 11))\n'


@pytest.mark.parametrize(
    ("read", "shape"),
    [
        ("bert(ids).last_hidden_state", "(4, 11, 768)"),
        ("bert(ids)[0]", "(4, 11, 768)"),
        ("bert(ids)[1]", "(4, 768)"),
        ('bert(ids)["pooler_output"]', "(4, 768)"),
        ("bert(ids).to_tuple()[0]", "(4, 11, 768)"),
        ("bert(ids)[:2][1]", "(4, 768)"),
        ("bert(ids, return_dict=False)[1]", "(4, 768)"),
        ("bert(ids, output_hidden_states=True).hidden_states[-1]", "(4, 11, 768)"),
        ("bert(ids, torch.ones_like(ids)).last_hidden_state", "(4, 11, 768)"),
        ("bert.embeddings.word_embeddings(ids)", "(4, 11, 768)"),
        ("bert.get_input_embeddings()(ids)", "(4, 11, 768)"),
        ("torch.zeros(bert.config.hidden_size, bert.config.num_attention_heads)", "(768, 12)"),
    ],
)
def test_the_outputs_of_a_model_are_read_in_every_way(read: str, shape: str) -> None:
    assert shapes(BERT + f"torch.relu({read})") == [shape]


def test_the_fields_of_an_output_say_what_they_mean() -> None:
    tokens, pooled = probed(BERT + "out = bert(ids)\ntorch.relu(out.last_hidden_state)\ntorch.relu(out.pooler_output)")
    assert (tokens.role, pooled.role) == ("tokens", "pooled")


def test_a_tuple_under_return_dict_false_is_unpacked_by_place() -> None:
    assert shapes(BERT + "tokens, pooled = bert(ids, return_dict=False)\ntorch.relu(pooled)") == ["(4, 768)"]


def test_the_size_of_a_checkpoint_is_told_with_its_origin() -> None:
    (tensor,) = probed(BERT + "torch.relu(torch.zeros(bert.config.hidden_size))")
    assert str(tensor.shape.dims[0].origin) == "the hidden size of bert-base-uncased, line 7"


def test_a_missing_attribute_is_an_event() -> None:
    model = 'AutoModel.from_pretrained("distilbert-base-uncased")'
    text = f"out = {model}(torch.ones(2, 7, dtype=torch.long))\nout.pooler_output"
    (event,) = events(text, "attribute")
    assert (event.data["name"], event.data["missing"], event.data["fields"]) == (
        "pooler_output",
        True,
        ["last_hidden_state"],
    )


def test_a_field_that_is_none_is_an_event_only_where_it_is_used() -> None:
    asked = BERT + "out = bert(ids)\nif out.hidden_states is not None:\n    print(1)\n"
    assert events(asked, "attribute") == []
    assert [event.data["missing"] for event in events(asked + "out.hidden_states[-1]", "attribute")] == [True]


def test_unpacking_an_output_gives_its_keys() -> None:
    (event,) = events(BERT + "tokens, pooled = bert(ids)", "unpack")
    assert (event.data["of"], event.data["count"]) == ("model_output", 2)
    assert event.data["fields"] == ["last_hidden_state", "pooler_output"]


def test_arguments_by_position_get_their_names() -> None:
    graph = graph_of(BERT + "segments = torch.zeros_like(ids)\nbert(ids, segments)")
    stage = graph.stages[-1]
    assert stage.op == "transformers.BertModel" and list(stage.inputs) == ["input_ids", "attention_mask"]


def test_the_number_of_labels_follows_the_keywords_and_the_config() -> None:
    text = """
    ids = torch.ones(3, 9, dtype=torch.long)
    name = "bert-base-cased"
    torch.relu(AutoModelForSequenceClassification.from_pretrained(name, num_labels=5)(ids).logits)
    torch.relu(AutoModelForSequenceClassification.from_pretrained(name, id2label={0: "a", 1: "b", 2: "c"})(ids).logits)
    config = AutoConfig.from_pretrained(name, num_labels=7)
    torch.relu(AutoModelForSequenceClassification.from_config(config)(ids).logits)
    config = BertConfig(hidden_size=32)
    config.num_labels = 4
    torch.relu(AutoModelForSequenceClassification.from_config(config)(ids).logits)
    torch.relu(BertModel(config)(ids)[1])
    """
    assert shapes(text) == ["(3, 5)", "(3, 3)", "(3, 7)", "(3, 4)", "(3, 32)"]


def test_a_replaced_head_changes_the_logits_and_is_an_event() -> None:
    text = """
    model = AutoModelForSequenceClassification.from_pretrained("bert-base-cased")
    model.classifier = nn.Linear(model.config.hidden_size, 6)
    torch.relu(model(torch.ones(3, 9, dtype=torch.long)).logits)
    """
    assert shapes(text) == ["(3, 6)"]
    (event,) = events(text, "replace")
    assert event.data["path"] == "classifier" and event.data["old"].kind == event.data["new"].kind == "torch.nn.Linear"


def test_a_class_that_derives_from_a_pretrained_one_is_loaded_with_its_config() -> None:
    text = """
    from transformers import BertPreTrainedModel
    class Tagger(BertPreTrainedModel):
        def __init__(self, config, extra=1):
            super().__init__(config)
            self.bert = BertModel(config, add_pooling_layer=False)
            self.fc = nn.Linear(config.hidden_size, self.num_labels + extra)
            self.post_init()
        def forward(self, ids):
            return self.fc(self.bert(ids)[0])
    tagger = Tagger.from_pretrained("bert-large-cased", num_labels=9, extra=2).to("cuda")
    torch.relu(tagger(torch.ones(2, 5, dtype=torch.long)))
    torch.relu(torch.zeros(tagger.num_labels, tagger.config.hidden_size))
    """
    assert shapes(text) == ["(2, 5, 11)", "(9, 1024)"]


def test_tokens_are_padded_where_the_models_ids_are() -> None:
    text = """
    tok = AutoTokenizer.from_pretrained("bert-base-uncased")
    enc = tok(["one", "two words"], padding=True, return_tensors="pt")
    torch.relu(BertModel.from_pretrained("bert-base-uncased")(**enc).last_hidden_state)
    """
    (tokens,) = probed(text)
    assert (tokens.role, tokens.padding) == ("tokens", "right")


def test_an_output_that_the_program_makes_is_read_like_one_of_transformers() -> None:
    text = """
    from transformers.modeling_outputs import SequenceClassifierOutput
    out = SequenceClassifierOutput(logits=torch.zeros(2, 3))
    torch.relu(out[0])
    torch.relu(out.logits)
    both = SequenceClassifierOutput(loss=torch.zeros(()), logits=torch.zeros(2, 3))
    torch.relu(both[1])
    """
    assert shapes(text) == ["(2, 3)"] * 3


def test_an_unknown_checkpoint_leaves_its_width_a_name() -> None:
    text = (
        'bert = BertModel.from_pretrained("someone/own-bert")\ntorch.relu(bert(torch.ones(2, 5, dtype=torch.long))[0])'
    )
    assert shapes(text) == ["(2, 5, hidden)"]


def test_a_stage_holds_every_field_of_the_output() -> None:
    stage = graph_of(BERT + "bert(ids)").stages[-1]
    assert list(stage.outputs) == ["last_hidden_state", "pooler_output"]
    assert all(isinstance(tensor, Tensor) and tensor.producer is stage for tensor in stage.outputs.values())
    assert stage.module is not None and stage.module.params["checkpoint"] == "bert-base-uncased"
    assert stage.module.params["causal"] is False


def test_a_checkpoint_that_is_not_known_still_gives_a_text_models_output() -> None:
    text = """
    import sys
    name = sys.argv[1]
    model = AutoModel.from_pretrained(name)
    ids = torch.ones(2, 5, dtype=torch.long)
    torch.relu(model(ids)[0])
    torch.relu(nn.Linear(AutoConfig.from_pretrained(name).hidden_size, 3)(model(input_ids=ids).last_hidden_state))
    torch.relu(AutoModelForSequenceClassification.from_pretrained(name, num_labels=4)(ids).logits)
    """
    assert shapes(text) == ["(2, 5, hidden)", "(2, 5, 3)", "(2, 4)"]


def test_what_an_unknown_models_output_lacks_is_not_claimed() -> None:
    text = "out = AutoModel.from_pretrained(input())(torch.ones(2, 5, dtype=torch.long))\nout.pooler_output\na, b = out"
    assert events(text, "attribute") == events(text, "unpack") == []


def test_what_a_program_asks_of_an_output_before_it_takes_it_is_answered() -> None:
    graph = graph_of(
        """
        from transformers.modeling_outputs import ModelOutput
        out = AutoModelForSequenceClassification.from_pretrained("bert-base-uncased")(torch.randint(9, (2, 8)))
        if "last_hidden_state" in out or hasattr(out, "last_hidden_state") or isinstance(out, (tuple, torch.Tensor)):
            out.last_hidden_state
        pooled = getattr(out, "pooler_output", None)
        if "logits" in out and hasattr(out, "logits") and isinstance(out, ModelOutput):
            torch.relu(out.logits)
        """
    )
    assert [event.data["name"] for event in graph.events if event.kind == "attribute"] == ["logits"]
    assert graph.stages[-1].op == "torch.relu"


def test_a_missing_field_is_not_told_where_its_exception_is_expected() -> None:
    lines = """
        out = AutoModelForSequenceClassification.from_pretrained("bert-base-uncased")(torch.randint(9, (2, 8)))
        try:
            pooled = out.pooler_output
        except {}:
            pooled = out.logits
        """
    missing = [
        [event.data["missing"] for event in events(lines.format(caught), "attribute")]
        for caught in ("AttributeError", "(KeyError, AttributeError)", "Exception")
    ]
    assert missing == [[False], [False], [True, False]]


def test_how_many_fields_an_output_has_that_may_lack_one_is_not_known() -> None:
    assert shapes(
        """
        out = BertModel(BertConfig())(torch.zeros(2, 5).long(), output_hidden_states=bool(input()))
        torch.relu(torch.zeros(len(out), 2))
        """
    ) == ["(?, 2)"]


def test_the_attention_weights_of_an_eager_model_have_an_axis_of_heads() -> None:
    made = "BertModel(BertConfig(num_attention_heads=4, hidden_size=64, attn_implementation='eager'))"
    asked = "ids, output_attentions=True).attentions[0]"
    eager = f"ids = torch.ones(3, 7, dtype=torch.long)\ntorch.relu({made}({asked})"
    assert shapes(eager) == ["(3, 4, 7, 7)"]


def test_a_checkpoint_loaded_as_eager_gives_attention_weights() -> None:
    loaded = "AutoModel.from_pretrained('bert-large-uncased', attn_implementation='eager')"
    asked = "torch.ones(3, 7, dtype=torch.long), output_attentions=True).attentions[0]"
    assert shapes(f"torch.relu({loaded}({asked})") == ["(3, 16, 7, 7)"]
    assert shapes(f"torch.relu({loaded.replace('eager', 'sdpa')}({asked})") != ["(3, 16, 7, 7)"]


def test_a_distribution_of_plain_numbers_draws_what_is_asked() -> None:
    assert shapes("torch.relu(torch.distributions.Beta(0.4, 0.4).sample((3,)))") == ["(3,)"]
    assert shapes("torch.relu(torch.distributions.Normal(0.0, 1.0).sample())") == ["()"]
