"""What abstract tensors cannot do: the run is made again on small real ones, and that is said."""

from __future__ import annotations

from collections.abc import Callable

from shapecheck.tracer import TraceResult

Trace = Callable[..., TraceResult]

LENT = """
    import torch
    from transformers import AutoModel

    model = AutoModel.from_pretrained("bert-base-uncased")
    hidden = model(torch.ones(2, 9, dtype=torch.int64)).last_hidden_state
    lent = torch.utils.dlpack.from_dlpack(torch.utils.dlpack.to_dlpack(hidden.detach()))
    scores = lent @ torch.zeros({width}, 3)
"""


def test_a_script_that_lends_its_memory_runs_on_real_tensors_with_few_layers(trace: Trace) -> None:
    result = trace(LENT.format(width=768))
    assert (result.status, result.error) == ("completed", None), result.reason
    assert [text for text in result.assumptions if "on small real ones, with few layers" in text]
    assert str(result.graph.stages[-1].out.shape) == "(2, 9, 3)"
    layers = [stage for stage in result.graph.stages if stage.op.endswith("BertLayer")]
    assert [stage.repeat for stage in layers] == [2]


def test_an_error_of_the_real_run_is_the_one_that_is_told(trace: Trace) -> None:
    result = trace(LENT.format(width=767))
    assert result.error is not None and result.error.shape_reason
    assert "shapes cannot be multiplied" in result.error.message


def test_an_error_that_speaks_of_abstract_tensors_is_no_shape_error(trace: Trace) -> None:
    result = trace("""
        import torch
        kept = torch.nn.Linear(8, 4)(torch.ones(2, 8))
        raise RuntimeError("Cannot access data pointer of Tensor (e.g. FakeTensor)")
    """)
    assert result.error is not None and not result.error.shape_reason
