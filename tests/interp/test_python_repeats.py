"""Loops whose turns come out alike: what is made once stands for all, and nothing is said that one of them refutes."""

from __future__ import annotations

from textwrap import dedent

import pytest

from shapecheck.graph import ShapeGraph
from shapecheck.interp import analyze
from shapecheck.source import Source

NET = """
import torch
from torch import nn
class Block(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.inner = nn.Linear(size, size)
        self.calls = 0
    def forward(self, x):
        return self.inner(x) + x
class Net(nn.Module):
    def __init__(self, size, depth):
        super().__init__()
        self.layers = nn.ModuleList()
        {build}
        {change}
    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x
y = Net(16, {depth})(torch.zeros(2, {width}))
"""
APPENDED = "for _ in range(depth): self.layers.append(Block(size))"
LISTED = "self.layers.extend([Block(size) for _ in range(depth)])"


def net(build: str, change: str = "pass", depth: int = 6, width: int = 16) -> ShapeGraph:
    """A stack of layers, called once."""
    text = NET.format(build=build.replace("\n", "\n        "), change=change, depth=depth, width=width)
    return analyze(Source("net.py", text))


def conflicts(graph: ShapeGraph) -> list[str]:
    """The lines and messages of what raises."""
    return [f"{stage.span.line}: {stage.conflict.message}" for stage in graph.stages if stage.conflict]


def last(graph: ShapeGraph) -> str:
    """The shape that the layers end with."""
    stages = [stage for stage in graph.stages if stage.context and stage.context[0].function == "Net.forward"]
    return str(stages[-1].outputs["out"].shape)


@pytest.mark.parametrize("build", [APPENDED, LISTED])
def test_a_stack_of_like_layers_is_followed_to_its_end(build: str) -> None:
    graph = net(build)
    assert conflicts(graph) == []
    assert last(graph) == "(2, 16)"


@pytest.mark.parametrize("build", [APPENDED, LISTED])
def test_a_width_that_does_not_fit_the_first_of_them_is_found(build: str) -> None:
    assert len(conflicts(net(build, width=8))) == 1


@pytest.mark.parametrize("build", [APPENDED, LISTED])
@pytest.mark.parametrize("change", ["self.layers[0].inner = nn.Linear(8, 16)", "self.layers[0] = nn.Linear(8, 16)"])
def test_a_change_of_one_of_them_raises_no_alarm_at_the_others(build: str, change: str) -> None:
    assert conflicts(net(build, change, width=8)) == []


def test_layers_that_change_the_size_each_time_are_counted() -> None:
    build = "for _ in range(depth): self.layers.append(nn.Conv2d(3, 3, 3, stride=2, padding=1))"
    text = NET.format(build=build, change="pass", depth=3, width="3, 64, 64")
    graph = analyze(Source("net.py", text))
    assert last(graph) == "(2, 3, 8, 8)"


@pytest.mark.parametrize(
    ("build", "widths"),
    [
        ("for i in range(depth): self.layers.append(nn.Linear(16 * 2 ** i, 32 * 2 ** i))", "(2, 128)"),
        (
            "here = 16\nfor _ in range(depth):\n    self.layers.append(nn.Linear(here, here * 2))\n    here = here * 2",
            "(2, 128)",
        ),
        (
            "sizes = [16, 32, 64, 128]\nfor _ in range(depth): self.layers.append(nn.Linear(sizes.pop(0), sizes[0]))",
            "(2, 128)",
        ),
        (
            "for _ in range(depth):\n    n = len(self.layers)\n    self.layers.append(nn.Linear(16 + n, 17 + n))",
            "(2, 19)",
        ),
    ],
)
def test_layers_that_differ_are_made_one_by_one(build: str, widths: str) -> None:
    graph = net(build, depth=3)
    assert conflicts(graph) == []
    assert last(graph) == widths


def test_what_one_of_several_like_objects_keeps_is_not_what_the_next_one_keeps() -> None:
    text = """
    import torch
    class Cache:
        def __init__(self):
            self.kept = None
    def layer(x, cache, bias):
        if cache.kept is not None:
            x = torch.cat((cache.kept, x), 1)
        cache.kept = x
        return (x + bias)[:, -4:]
    x = torch.zeros(2, 4, 5)
    caches = [Cache() for _ in range(3)]
    for cache in caches:
        x = layer(x, cache, torch.zeros({bias}, 5))
    """
    found = {bias: conflicts(analyze(Source("caches.py", dedent(text).format(bias=bias)))) for bias in (4, 3)}
    assert (found[4], len(found[3])) == ([], 1)


def test_a_queue_of_bounded_length_does_not_grow_with_what_is_put_in() -> None:
    text = """
    import torch
    from collections import deque
    frames = deque([], maxlen=4)
    for _ in range(4):
        frames.append(torch.zeros(84, 84))
    before = torch.stack(list(frames), 0)
    frames.append(torch.zeros(84, 84))
    torch.cat([before, torch.stack(list(frames), 0)], dim=1)
    """
    assert conflicts(analyze(Source("frames.py", dedent(text)))) == []
