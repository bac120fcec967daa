"""torch_geometric: graphs of the published sizes, and layers that give each node what the real ones do."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import nn

from shapecheck.tracer.standins.absent import session

__all__ = [
    "Batch", "Data", "DataLoader", "GATConv", "GATv2Conv", "GCNConv", "GINConv", "GraphConv", "Linear",
    "MessagePassing", "Planetoid", "SAGEConv", "TUDataset", "add_self_loops", "degree", "global_add_pool",
    "global_max_pool", "global_mean_pool", "remove_self_loops",
]  # fmt: skip

_NODES = {"cora": (2708, 10556, 1433, 7), "citeseer": (3327, 9104, 3703, 6), "pubmed": (19717, 88648, 500, 3)}
"""Nodes, edges, features and classes."""
_GRAPHS = {"mutag": (188, 7, 2), "proteins": (1113, 3, 2), "enzymes": (600, 3, 6), "imdb-binary": (1000, 1, 2)}
"""Graphs, features of a node, and classes."""
_FEW_NODES, _FEW_EDGES = 5, 8
Linear = nn.Linear


class Data:
    """One graph: tensors by attribute."""

    x: Any
    edge_index: Any
    y: Any
    batch: Any

    def __init__(self, x: Any = None, edge_index: Any = None, edge_attr: Any = None, y: Any = None, **more: Any):
        self.__dict__.update(x=x, edge_index=edge_index, edge_attr=edge_attr, y=y, batch=None, **more)

    @property
    def num_nodes(self) -> int:
        """The number of nodes."""
        return int(self.x.shape[0])

    @property
    def num_edges(self) -> int:
        """The number of edges."""
        return int(self.edge_index.shape[1])

    @property
    def num_node_features(self) -> int:
        """The numbers of each node."""
        return int(self.x.shape[1])

    num_features = num_node_features

    @property
    def num_graphs(self) -> int:
        """The graphs in a batch."""
        return 1 if self.batch is None else int(self.batch.max()) + 1

    def to(self, *args: Any, **options: Any) -> Data:
        """The graph."""
        return self

    cuda = cpu = clone = to


def Batch(graphs: Sequence[Data]) -> Data:
    """Several graphs as one: their nodes one after the other, ``batch`` says which is whose."""
    sizes = [graph.num_nodes for graph in graphs]
    starts = [sum(sizes[:at]) for at in range(len(sizes))]
    made = Data(
        torch.cat([graph.x for graph in graphs]),
        torch.cat([graph.edge_index + start for graph, start in zip(graphs, starts, strict=True)], dim=1),
        y=torch.cat([graph.y for graph in graphs]) if graphs[0].y is not None else None,
    )
    made.batch = torch.repeat_interleave(torch.arange(len(sizes)), torch.tensor(sizes))
    return made


class DataLoader(torch.utils.data.DataLoader):  # type: ignore[misc]
    """Batches of graphs."""

    def __init__(self, dataset: Any, *args: Any, **options: Any) -> None:
        for name in ("follow_batch", "exclude_keys", "collate_fn"):
            options.pop(name, None)
        super().__init__(dataset, *args, collate_fn=Batch, **options)


class _Dataset(torch.utils.data.Dataset):  # type: ignore[misc]
    def __init__(self, graphs: list[Data], classes: int) -> None:
        self._graphs, self.num_classes = graphs, classes
        self.data = self._data = graphs[0]
        self.num_features = self.num_node_features = graphs[0].num_node_features

    def __len__(self) -> int:
        return len(self._graphs)

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, int):
            return self._graphs[key]
        rows = self._graphs[key] if isinstance(key, slice) else [self._graphs[int(row)] for row in key]
        return _Dataset(rows, self.num_classes)

    def __iter__(self) -> Iterator[Data]:
        return iter(self._graphs)

    def shuffle(self) -> _Dataset:
        """The same graphs."""
        return self


def Planetoid(root: str = "", name: str = "Cora", *args: Any, **options: Any) -> _Dataset:
    """One graph whose nodes have classes."""
    nodes, edges, features, classes = _NODES.get(name.lower(), _NODES["cora"])
    session().assume(f"data set {name}: one graph of {nodes} nodes and {edges} edges")
    made = Data(torch.zeros(nodes, features), torch.arange(2 * edges).remainder(nodes).view(2, edges))
    made.y = torch.arange(nodes).remainder(classes)
    for at, part in enumerate(("train_mask", "val_mask", "test_mask")):
        setattr(made, part, torch.arange(nodes).remainder(3) == at)
    return _Dataset([made], classes)


def TUDataset(root: str = "", name: str = "MUTAG", *args: Any, **options: Any) -> _Dataset:
    """Small graphs, each of a class."""
    count, features, classes = _GRAPHS.get(name.lower(), _GRAPHS["mutag"])
    session().assume(f"data set {name}: {count} graphs of {_FEW_NODES} nodes")
    edges = torch.arange(2 * _FEW_EDGES).remainder(_FEW_NODES).view(2, _FEW_EDGES)
    graphs = [Data(torch.zeros(_FEW_NODES, features), edges, y=torch.tensor([row % classes])) for row in range(count)]
    return _Dataset(graphs, classes)


class MessagePassing(nn.Module):  # type: ignore[misc]
    """The sum of what each node's neighbours send."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__()

    def propagate(self, edge_index: torch.Tensor, size: Any = None, **given: Any) -> Any:
        """Send along each edge, and gather at its end: a row for each node."""
        source, target = edge_index[0], edge_index[1]
        first = given.get("x", next(part for part in given.values() if isinstance(part, torch.Tensor)))
        wanted = inspect.signature(self.message).parameters
        ends = {f"{name}_{end}": part[at] for name, part in given.items() if isinstance(part, torch.Tensor)
                for end, at in (("j", source), ("i", target)) if f"{name}_{end}" in wanted}  # fmt: skip
        sent = self.message(**ends, **{name: part for name, part in given.items() if name in wanted})
        gathered = sent.new_zeros(first.shape[0], *sent.shape[1:]).index_add(0, target, sent)
        return self.update(gathered)

    def message(self, x_j: torch.Tensor) -> torch.Tensor:
        """What a node sends."""
        return x_j

    def update(self, aggr_out: torch.Tensor) -> torch.Tensor:
        """What a node makes of it."""
        return aggr_out


class _Conv(MessagePassing):
    """(nodes, in) to (nodes, out)."""

    def __init__(self, in_channels: Any, out_channels: int, *args: Any, **options: Any) -> None:
        super().__init__()
        width = in_channels if isinstance(in_channels, int) else in_channels[0]
        self.lin = nn.Linear(width, out_channels) if width > 0 else nn.LazyLinear(out_channels)

    def forward(self, x: Any, edge_index: Any, *args: Any, **options: Any) -> torch.Tensor:
        """The features of each node and its neighbours."""
        return self.lin(x)

    def reset_parameters(self) -> None:
        """Nothing changes."""


class GCNConv(_Conv):
    """See :class:`_Conv`."""


class SAGEConv(_Conv):
    """See :class:`_Conv`."""


class GraphConv(_Conv):
    """See :class:`_Conv`."""


class GATConv(_Conv):
    """The same for several heads, side by side unless their mean is taken."""

    def __init__(
        self, in_channels: Any, out_channels: int, heads: int = 1, concat: bool = True, *args: Any, **more: Any
    ):
        super().__init__(in_channels, out_channels * heads if concat else out_channels)


GATv2Conv = GATConv


class GINConv(MessagePassing):
    """A network of the user's own on each node."""

    def __init__(self, nn: Any, *args: Any, **options: Any) -> None:
        super().__init__()
        self.nn = nn

    def forward(self, x: Any, edge_index: Any, *args: Any, **options: Any) -> Any:
        """What the network makes of each node."""
        return self.nn(x)


def global_add_pool(x: torch.Tensor, batch: Any, size: int | None = None) -> torch.Tensor:
    """(nodes, features) to (graphs, features)."""
    if batch is None:
        return x.sum(dim=0, keepdim=True)
    count = size or int(batch.max()) + 1
    return x.new_zeros(count, x.shape[-1]).index_add(0, batch, x)


global_mean_pool = global_max_pool = global_add_pool


def add_self_loops(
    edge_index: torch.Tensor, edge_attr: Any = None, *args: Any, num_nodes: Any = None, **more: Any
) -> Any:
    """An edge from each node to itself besides."""
    loops = torch.arange(num_nodes if num_nodes is not None else int(edge_index.max()) + 1)
    return torch.cat([edge_index, loops.repeat(2, 1)], dim=1), edge_attr


def remove_self_loops(edge_index: torch.Tensor, edge_attr: Any = None) -> Any:
    """The edges."""
    return edge_index, edge_attr


def degree(index: torch.Tensor, num_nodes: Any = None, dtype: Any = None) -> torch.Tensor:
    """How many edges end at each node."""
    return torch.bincount(index, minlength=num_nodes or 0).to(dtype or torch.float32)
