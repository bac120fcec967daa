"""nn.Module: layers, containers, parameters, submodules."""

from __future__ import annotations

from shapecheck.dims import Dim
from tests.interp.library.scripts import graph_of, shapes


def test_a_layer_knows_its_parameters_and_where_they_are_written() -> None:
    graph = graph_of("layer = nn.Linear(8, out_features=3)\nlayer(torch.zeros(2, 8))")
    module = graph.stages[-1].module
    assert module is not None and module.kind == "torch.nn.Linear"
    assert module.params["in_features"] == Dim(8) and module.params["out_features"] == Dim(3)
    assert module.param_spans["out_features"].line == 7 and module.created is not None


def test_attributes_of_layers_are_sizes() -> None:
    text = """
    l = nn.Linear(8, 3)
    torch.relu(torch.zeros(l.in_features, l.out_features))
    torch.relu(l.weight)
    torch.relu(l.bias)
    """
    assert shapes(text) == ["(8, 3)", "(3, 8)", "(3,)"]


def test_containers_are_called_indexed_and_looped_over() -> None:
    text = """
    block = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 5))
    torch.relu(block(torch.zeros(2, 4)))
    torch.relu(block[0](torch.zeros(2, 4)))
    torch.relu(block[:2](torch.zeros(2, 4)))
    x = torch.zeros(2, 3)
    for layer in nn.ModuleList([nn.Linear(3, 9), nn.Linear(9, 7)]):
        x = layer(x)
    torch.relu(x)
    heads = nn.ModuleDict({"a": nn.Linear(4, 1), "b": nn.Linear(4, 2)})
    torch.relu(heads["b"](torch.zeros(2, 4)))
    torch.relu(torch.cat([head(torch.zeros(2, 4)) for head in heads.values()], dim=1))
    """
    assert shapes(text) == ["(2, 5)", "(2, 6)", "(2, 6)", "(2, 7)", "(2, 2)", "(2, 3)"]


def test_a_class_that_derives_from_sequential_is_one() -> None:
    text = """
    class Block(nn.Sequential):
        def __init__(self, width):
            super().__init__(nn.Linear(width, 2 * width), nn.ReLU())
    torch.relu(Block(5).to("cuda").eval()(torch.zeros(3, 5)))
    """
    assert shapes(text) == ["(3, 10)"]


def test_a_table_made_of_weights_has_their_sizes() -> None:
    text = """
    ids = torch.tensor([[1, 2, 0]])
    torch.relu(nn.Embedding.from_pretrained(torch.zeros(10, 5), freeze=False)(ids))
    torch.relu(nn.EmbeddingBag.from_pretrained(torch.zeros(10, 5), mode="sum")(ids))
    torch.relu(nn.Embedding.from_pretrained(torch.FloatTensor(read()))(ids))
    """
    assert shapes(text) == ["(1, 3, 5)", "(1, 5)", "(1, 3, ?)"]


def test_what_a_container_holds_is_not_known_once_modules_were_added_under_unknown_names() -> None:
    text = """
    class Block(nn.Sequential):
        def __init__(self, layers, width):
            super().__init__()
            for i in range(layers):
                self.add_module("layer{}".format(i + 1), nn.Linear(width + i, width + i + 1))
    torch.relu(Block(3, 5)(torch.zeros(2, 5)))
    torch.relu(Block(24, 5)(torch.zeros(2, 5)))
    """
    assert shapes(text) == ["(2, 8)"]


def test_submodules_have_paths_from_the_root_of_the_model() -> None:
    text = """
    class Inner(nn.Module):
        def __init__(self):
            super().__init__()
            self.proj = nn.Linear(4, 4)
        def forward(self, x):
            return self.proj(x)
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.blocks = nn.ModuleList([Inner(), Inner()])
        def forward(self, x):
            for block in self.blocks:
                x = block(x)
            return x
    Net()(torch.zeros(2, 4))
    """
    paths = [stage.module.path for stage in graph_of(text).stages if stage.module]
    assert paths == ["blocks.0.proj", "blocks.1.proj"]


def test_buffers_and_wrapped_models_are_reached() -> None:
    text = """
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("scale", torch.ones(1, 6))
            self.fc = nn.Linear(6, 2)
        def forward(self, x):
            return self.fc(x * self.scale)
    model = nn.DataParallel(torch.compile(Net()))
    torch.relu(model(torch.zeros(3, 6)))
    torch.relu(model.module.scale)
    """
    assert shapes(text) == ["(3, 2)", "(1, 6)"]


def test_a_constructor_that_must_fail_is_a_stage_with_its_conflict() -> None:
    conflicts = [stage.conflict for stage in graph_of("nn.MultiheadAttention(10, 3)").stages]
    assert [conflict.kind for conflict in conflicts if conflict] == ["parameter"]


def test_another_weight_gives_a_layer_other_sizes() -> None:
    assert shapes(
        """
        layer = nn.Linear(8, 8)
        layer.weight = nn.Parameter(torch.zeros(3, 5))
        torch.relu(layer(torch.zeros(2, 5)))
        pruned = nn.Linear(8, 8)
        pruned.weight = nn.Parameter(torch.cat([row for row in pruned.weight if row.sum() > 0]))
        torch.relu(pruned(torch.zeros(2, 4)))
        tied = nn.Linear(8, 30, bias=False)
        tied.weight = nn.Embedding(30, 8).weight
        torch.relu(tied(torch.zeros(2, 8)))
        back = nn.Linear(4, 2)
        back.weight = nn.Linear(2, 4).weight
        torch.relu(back(torch.zeros(3, 4)))
        """
    ) == ["(2, 3)", "(2, ?)", "(2, 30)", "(3, ?)"]
