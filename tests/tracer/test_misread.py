"""What raises outside any operator is told from the values at the line: and nothing is said where they do not tell."""

from __future__ import annotations

from shapecheck.graph import Event, Stage
from tests.tracer.conftest import Trace

TUPLE = """
    import torch
    from transformers import BertConfig, BertModel
    model = BertModel(BertConfig(hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64))
    outputs = model(torch.ones(2, 5, dtype=torch.int64), return_dict=False)
"""


def events(trace: Trace, text: str) -> list[Event]:
    result = trace(text)
    assert result.status == "raised"
    return [event for event in result.graph.events if event.kind in ("attribute", "index", "beyond", "unpack")]


def test_a_tuple_of_a_model_is_known_by_the_fields_that_it_holds(trace: Trace) -> None:
    (event,) = events(trace, TUPLE + "    outputs.pooler_output\n")
    assert event.data["of"] == "tuple" and event.data["name"] == "pooler_output"
    assert event.data["fields"] == ["last_hidden_state", "pooler_output"]


def test_an_index_beyond_a_models_outputs_counts_them(trace: Trace) -> None:
    (event,) = events(trace, TUPLE + "    place = 2\n    outputs[place]\n")
    assert (event.kind, event.data["index"], len(event.data["fields"])) == ("index", 2, 2)


def test_a_tuple_of_the_scripts_own_is_no_model_output(trace: Trace) -> None:
    assert events(trace, TUPLE + "    pair = (1, 2)\n    pair[2]\n") == []


def test_a_shape_of_a_computed_tensor_is_found_by_its_place(trace: Trace) -> None:
    (event,) = events(trace, "import torch\nrows, width = torch.nn.Linear(4, 3)(torch.ones(2, 5, 4)).shape\n")
    assert (event.data["count"], event.data["rank"]) == (2, 3)
    assert str(event.data["tensor"].shape) == "(2, 5, 3)"


def test_a_list_unpacked_wrongly_says_nothing_of_shapes(trace: Trace) -> None:
    assert events(trace, "import torch\nrows, width = [1, 2, 3]\n") == []


def test_a_constructor_that_refuses_its_sizes_leaves_a_stage_with_them(trace: Trace) -> None:
    result = trace("import torch\nlayer = torch.nn.MultiheadAttention(100, 8)\n")
    (stage,) = result.graph.stages
    assert isinstance(stage, Stage) and stage.op == "torch.nn.MultiheadAttention"
    assert (stage.inputs["embed_dim"], stage.inputs["num_heads"]) == (100, 8)
    assert result.error is not None and result.error.shape_reason


def test_a_layer_of_a_stack_is_known_with_what_it_was_built_with(trace: Trace) -> None:
    result = trace("""
        import torch
        layer = torch.nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)
        torch.nn.TransformerEncoder(layer, 2)(torch.ones(2, 5, 16))
    """)
    stack = next(stage for stage in result.graph.stages if stage.op == "torch.nn.TransformerEncoder")
    assert stack.module is not None and stack.module.params["encoder_layer"].params["batch_first"] is True
