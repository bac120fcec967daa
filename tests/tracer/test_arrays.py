"""numpy's arrays made of tensors: the user's lines with them are stages, and stay what they are for everybody else."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shapecheck import engine
from shapecheck.engine import Options
from shapecheck.texts import Texts
from shapecheck.tracer import TraceResult

Trace = Callable[..., TraceResult]

HEADER = """
import numpy as np
import torch
scores = torch.nn.Linear(8, 3)(torch.rand(4, 8))
logits = scores.detach().numpy()
labels = torch.tensor([0, 2, 1, 1]).numpy()
"""


@pytest.mark.parametrize(
    ("line", "op", "shape"),
    [
        ("value = np.argmax(logits, axis=1)", "numpy.argmax", (4,)),
        ("value = logits.argmax(axis=-1)", "numpy.ndarray.argmax", (4,)),
        ("value = logits * 2", "numpy.mul", (4, 3)),
        ("value = logits[:, 0]", "numpy.ndarray.__getitem__", (4,)),
        ("value = np.concatenate([logits, logits])", "numpy.concatenate", (8, 3)),
        ("value = logits.reshape(-1)", "numpy.ndarray.reshape", (12,)),
        ("value = logits[:, 1] == labels", "numpy.eq", (4,)),
    ],
)
def test_what_a_line_does_with_an_array_is_a_stage(trace: Trace, line: str, op: str, shape: tuple[int, ...]) -> None:
    result = trace(HEADER + line)
    assert result.status == "completed", result.reason
    last = result.graph.stages[-1]
    assert (last.op, tuple(dim.size for dim in last.out.shape.dims)) == (op, shape)
    assert last.span.line == 7


def test_an_array_comes_from_the_tensor_that_it_was_made_of(trace: Trace) -> None:
    graph = trace(HEADER + "value = logits + 1").graph
    (given,) = graph.stages[-1].tensors()
    assert given.producer is not None and given.producer.op == "torch.detach"


def test_what_is_picked_by_made_up_numbers_has_a_made_up_shape_and_what_is_picked_by_real_ones_has_not(
    trace: Trace,
) -> None:
    graph = trace(HEADER + "some = logits[logits[:, 0] > 0]\nothers = labels[labels > 0]").graph
    picked = [stage.out.shape.dim(0) for stage in graph.stages if stage.op.endswith("__getitem__")]
    some, others = picked[-2:]
    assert some.status == "invented" and (others.status, others.size) == ("observed", 3)


def test_a_line_that_raises_is_explained_by_the_same_rules(trace: Trace) -> None:
    result = trace(HEADER + "best = logits.argmax(axis=0)\nright = best == labels")
    (finding,) = engine.judged(result.graph, Texts({}), Options())
    assert (finding.rule, finding.span.line) == ("SHP229", 7)
    assert finding.torch_says.startswith("numpy: operands could not be broadcast")


@pytest.mark.parametrize(
    "line",
    [
        "value = torch.from_numpy(logits)",
        "value = torch.tensor(labels)",
        "value = torch.as_tensor(logits.copy()) + 1",
        "value = [int(label) for label in labels]",
        "import copy, pickle; value = pickle.loads(pickle.dumps(copy.deepcopy(logits)))",
        "value = dict(zip(labels.tolist(), logits))",
        "logits[0] = 1.0; logits += 1; logits[:, 0] *= 2",
        "value = np.savez, np.array(logits), np.asarray(labels), np.unique(labels, return_counts=True)",
        "value = f'{logits.mean():.2f} {labels.sum()} {logits}'",
        "value = sorted(labels, key=lambda label: -label), labels.astype(float).std(), logits.T @ logits",
    ],
)
def test_everything_else_works_as_with_any_array(trace: Trace, line: str) -> None:
    result = trace(HEADER + line)
    assert result.status == "completed", result.reason
