"""Classes: attributes, inheritance, super, descriptors, dataclasses, enums, named tuples, special methods."""

# ruff: noqa: E501 - a case is easier to read on one line

from __future__ import annotations

from textwrap import dedent

import pytest

from tests.interp.library.scripts import shapes
from tests.interp.python_scripts import conflicts_in, graph_of, shapes_in, size

BASE = """
class A:
    n = 1
    def __init__(self, k=2):
        self.k = k
    def f(self):
        return self.k + self.n
    @property
    def double(self):
        return self.k * 2
    @staticmethod
    def plus(a, b):
        return a + b
    @classmethod
    def make(cls, k):
        return cls(k)
class B(A):
    n = 10
    def __init__(self, k):
        super().__init__(k + 1)
        self.extra = 5
    def f(self):
        return super().f() * 2
class C(B):
    def f(self):
        return super(C, self).f() + 1
"""


@pytest.mark.parametrize(
    ("expression", "answer"),
    [
        ("A().f(), A(5).f(), A(k=6).k, A.n", "3, 6, 6, 1"),
        ("B(1).f(), B(1).k, B(1).extra, B.n", "24, 2, 5, 10"),
        ("C(1).f(), C.make(3).k, A.make(3).double, C(0).double", "25, 4, 6, 2"),
        ("A.plus(1, 2), A().plus(2, 3)", "3, 5"),
        ("getattr(A(4), 'k'), getattr(A(), 'zzz', 9), int(hasattr(A(), 'k')), int(hasattr(A(), 'zzz'))", "4, 9, 1, 0"),
        ("int(isinstance(C(1), A)), int(isinstance(A(), B)), int(type(A()) is A)", "1, 0, 1"),
        ("A.f(A(3)), B.__mro__ if False else 1", "4, 1"),
    ],
)
def test_classes_behave_as_in_python(expression: str, answer: str) -> None:
    assert size(BASE, expression) == answer


@pytest.mark.parametrize(
    ("setup", "expression", "answer"),
    [
        (
            "from dataclasses import dataclass, field\n@dataclass\nclass D:\n    a: int\n    b: int = 3\n    c: list = field(default_factory=lambda: [1, 2])\n"
            "    def __post_init__(self):\n        self.e = self.a * 2\nd = D(4)",
            "d.a, d.b, len(d.c), d.e, D(1, b=7).b",
            "4, 3, 2, 8, 7",
        ),
        (
            "from dataclasses import dataclass, replace, asdict\n@dataclass(frozen=True)\nclass D:\n    a: int = 1\n@dataclass\nclass E(D):\n    b: int = 2\n"
            "e = replace(E(), a=5)",
            "e.a, e.b, asdict(e)['a']",
            "5, 2, 5",
        ),
        (
            "from enum import Enum\nclass E(Enum):\n    X = 3\n    Y = 4",
            "E.X.value, E['Y'].value, E(3).value, len(list(E)), int(E.X == E.X)",
            "3, 4, 3, 2, 1",
        ),
        (
            "from typing import NamedTuple\nclass P(NamedTuple):\n    x: int\n    y: int = 5\np = P(3)\na, b = p",
            "p.x, p.y, p[0], b",
            "3, 5, 3, 5",
        ),
        (
            "class V:\n    def __init__(self, n):\n        self.n = n\n    def __add__(self, o):\n        return V(self.n + o.n)\n    def __len__(self):\n        return self.n\n"
            "    def __getitem__(self, i):\n        return i * 2\n    def __call__(self, k):\n        return self.n * k\n    def __iter__(self):\n        return iter([7, 8])\nv = V(3)",
            "(v + v).n, len(v), v[4], v(5), [x for x in v][1]",
            "6, 3, 8, 15, 8",
        ),
        ("class S:\n    pass\ns = S()\nsetattr(s, 'a', 4)\ns.b = 5\nS.c = 6", "s.a, s.b, s.c", "4, 5, 6"),
        (
            "class M1:\n    def f(self):\n        return 1\nclass M2(M1):\n    def f(self):\n        return super().f() + 10\nclass M3(M1):\n    def f(self):\n        return super().f() + 100\n"
            "class M4(M2, M3):\n    pass",
            "M4().f()",
            "111",
        ),
        (
            "class K:\n    @property\n    def w(self):\n        return self._w\n    @w.setter\n    def w(self, v):\n        self._w = v\nk = K()\nk._w = 3",
            "k.w",
            "3",
        ),
        (
            "class W:\n    def __enter__(self):\n        return 4\n    def __exit__(self, *a):\n        pass\nwith W() as n:\n    pass",
            "n",
            "4",
        ),
        ("class O:\n    class I:\n        n = 3\n    def g(self):\n        return self.I.n", "O().g(), O.I.n", "3, 3"),
    ],
)
def test_special_classes_behave_as_in_python(setup: str, expression: str, answer: str) -> None:
    assert size(setup, expression) == answer


def test_modules_of_the_program_are_called_through_forward_and_know_their_path() -> None:
    graph = graph_of("""
        class Block(nn.Module):
            def __init__(self, width):
                super().__init__()
                self.first = nn.Linear(width, width)
            def forward(self, x):
                return self.first(x)
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.block = Block(8)
                self.layers = nn.ModuleList([Block(8) for _ in range(3)])
            def forward(self, x):
                x = self.block(x)
                for layer in self.layers:
                    x = layer(x)
                return x
        y = Net()(torch.zeros(2, 8))
        """)
    first = next(stage for stage in graph.stages if stage.op == "torch.nn.Linear")
    assert first.module is not None and first.module.path == "block.first"
    assert [frame.function for frame in first.context] == ["Net.forward", "Block.forward"]
    assert str(graph.stages[-1].out.shape) == "(2, 8)"


def test_a_module_class_that_nobody_builds_is_analysed_with_sizes_named_after_its_parameters() -> None:
    graph = graph_of("""
        class Net(nn.Module):
            def __init__(self, in_dim, hidden_size: int, dropout=0.1, depth=2):
                super().__init__()
                self.first = nn.Linear(in_dim, hidden_size)
                self.second = nn.Linear(hidden_size * 2, depth)
            def forward(self, x):
                return self.second(torch.relu(self.first(x)))
        """)
    assert [str(stage.out.shape) for stage in graph.stages[:2]] == ["(..., hidden_size)", "(..., hidden_size)"]
    assert graph.stages[2].conflict is not None


def test_a_forward_that_nobody_calls_takes_ids_where_it_hands_them_to_an_encoder() -> None:
    graph = graph_of("""
        from transformers import AutoModel
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.encoder = AutoModel.from_pretrained("bert-base-uncased")
                self.head = nn.Linear(768, 2)
            def embed(self, ids, mask):
                return self.encoder(ids, mask).last_hidden_state
            def forward(self, tokens, mask):
                return self.head(self.embed(tokens, mask))
        """)
    assert str(graph.stages[-1].out.shape) == "(batch, seq, 2)"


def test_what_other_methods_change_is_not_known_in_a_method_that_nobody_calls() -> None:
    assert (
        conflicts_in("""
        class Memory(nn.Module):
            def __init__(self):
                super().__init__()
                self.rows, self.width = [], 3
            def add(self, row):
                self.rows.append(row)
                self.width = 4
            def forward(self):
                return torch.stack(self.rows), torch.zeros(4).view(self.width)
        """)
        == []
    )


def test_classes_that_are_built_in_a_dead_branch_or_never_are_still_checked() -> None:
    assert conflicts_in("""
        class Data(torch.utils.data.Dataset):
            def __len__(self):
                return 3
            def __getitem__(self, i):
                return torch.zeros(2, 3).view(7)
        """) == [5]


def test_attributes_that_a_later_method_sets_are_seen_by_the_next_call() -> None:
    found = shapes_in("""
        class T:
            def setup(self):
                self.n = 4
            def run(self):
                x = torch.zeros(self.n)
        t = T()
        t.setup()
        t.run()
        """)
    assert found == {"x": "(4,)"}


def test_blocks_of_growing_width_are_told_apart_where_the_rank_is_not_known() -> None:
    assert (
        conflicts_in("""
        class Swish(nn.Module):
            def forward(self, x):
                shape = x.shape
                x = x.reshape(shape[0], shape[1], -1)
                return torch.relu(x).reshape(shape)
        class Block(nn.Module):
            def __init__(self, width):
                super().__init__()
                self.act = Swish()
                self.conv = nn.Conv1d(width, width * 2, 1)
            def forward(self, x):
                return self.conv(self.act(x))
        class Net(nn.Module):
            def __init__(self, width: int):
                super().__init__()
                self.blocks = nn.ModuleList([Block(width * 2**i) for i in range(4)])
                self.first = nn.Conv1d(1, width, 7)
            def forward(self, x):
                x = self.first(x)
                for block in self.blocks:
                    x = block(x)
                return x
        """)
        == []
    )


def test_a_slice_up_to_a_negative_named_size_counts_from_the_end() -> None:
    assert (
        conflicts_in("""
        class Sparse(nn.Module):
            def __init__(self, block: int, width: int):
                super().__init__()
                self.block, self.width = block, width
            def forward(self, weights, values):
                part = weights[..., 4 * self.block : -self.block]
                return part @ torch.zeros(self.width, 3)
        """)
        == []
    )


def test_made_up_arguments_that_meet_a_condition_further_in_raise_no_alarm() -> None:
    program = """
        class Decoder(nn.Module):
            def __init__(self, size):
                super().__init__()
                self.size = size
            def query(self, points):
                if points is not None:
                    return torch.tensor(self.size)[None, :]
        class Model(nn.Module):
            def __init__(self):
                super().__init__()
                self.decoder = Decoder(1)
            def forward(self, points=None):
                return self.decoder.query(points)
        """
    assert conflicts_in(program) == []
    assert conflicts_in(dedent(program) + "Model()(torch.zeros(3))\n") == [7]


@pytest.mark.parametrize("name", ["size", "image_size", "patch_size"])
def test_a_size_that_may_be_a_pair_is_not_taken_for_a_number(name: str) -> None:
    assert (
        conflicts_in(f"""
        class Grid(nn.Module):
            def __init__(self, {name}):
                super().__init__()
                self.scale = torch.tensor({name})[None, :]
        """)
        == []
    )


def test_what_a_config_leaves_open_by_default_is_not_known_of_one_that_is_passed_in() -> None:
    assert (
        conflicts_in("""
        from transformers import BertModel, BertPreTrainedModel
        class Shifted(BertPreTrainedModel):
            def __init__(self, config):
                super().__init__(config)
                self.stop = config.sep_token_id
            def forward(self, ids):
                batch, seq = ids.shape
                places = torch.where(ids == self.stop, torch.arange(seq), -1)
                return torch.cummax(places, dim=1).values
        """)
        == []
    )


def test_methods_that_others_call_for_other_arguments_are_not_called_with_made_up_ones() -> None:
    graph = graph_of("""
        class Splits(nn.Module):
            def __init__(self, enabled=False):
                super().__init__()
                self.enabled = [enabled] * 3
            def parts(self, x):
                return x.chunk(sum(self.enabled))
            def forward(self, x):
                return self.parts(x) if any(self.enabled) else x
        """)
    assert [stage for stage in graph.stages if stage.conflict] == []
    assert "parts is not reached from the methods that call it" in [place.reason for place in graph.not_checked]


def test_no_unpacking_is_told_that_only_made_up_arguments_lead_to() -> None:
    text = """
        def step(x):
            batch, width = x.shape
            return x
        class Cell(nn.Module):
            def forward(self, x):
                batch, length, width = x.shape
                if length > 1:
                    step(x)
                return x
        """
    assert [event.data["count"] for event in graph_of(text).events if event.kind == "unpack"] == []
    called = graph_of(text + "Cell()(torch.ones(2, 5, 3))").events
    assert [event.data["count"] for event in called if event.kind == "unpack"] == [3, 2]


@pytest.mark.parametrize(
    "change",
    [
        "config.__dict__.update(read)",
        "for key, value in read.items(): config.__dict__[key] = value",
        "for key, value in read.items(): setattr(config, key, value)",
    ],
)
def test_an_attribute_set_under_an_unknown_name_may_be_any_of_them(change: str) -> None:
    assert shapes(
        f"""
        import json
        class Config:
            def __init__(self):
                self.rows, self.layer = -1, nn.Linear(3, 4)
        config = Config()
        read = json.loads(input())
        {change}
        torch.relu(torch.zeros(config.rows, 2))
        """
    ) == ["(?, 2)"]


def test_a_parameter_set_under_an_unknown_name_on_an_unknown_module_may_be_that_of_any_at_hand() -> None:
    assert shapes(
        """
        class Scaled(nn.Module):
            def __init__(self):
                super().__init__()
                self.scale = nn.Parameter(torch.tensor(1.0))
        def widened(model):
            for name, param in list(model.named_parameters()):
                *path, last = name.split(".")
                parent = model.get_submodule(".".join(path)) if path else model
                setattr(parent, last, nn.Parameter(param.data.unsqueeze(0)))
        model, other = Scaled(), Scaled()
        widened(model)
        torch.relu(model.scale)
        torch.relu(other.scale)
        """
    ) == ["(...)", "()"]


def test_a_branch_on_the_exact_type_of_a_tuple_is_decided() -> None:
    assert shapes(
        """
        outputs = torch.zeros(2, 3), torch.zeros(())
        if type(outputs) == tuple:
            logits, loss = outputs
        else:
            logits = torch.zeros(5)
        torch.relu(logits)
        if type(outputs) is list or type("word") is not str:
            torch.relu(loss)
        """
    ) == ["(2, 3)"]


def test_what_a_class_sets_by_code_of_its_own_is_not_known() -> None:
    text = """
        class Bag:
            {}
            def __init__(self, x):
                self.x = x
        torch.nn.Linear(4, 2)(Bag(torch.zeros(3, 5)).x)
    """
    own = "def __setattr__(self, name, value): super().__setattr__(name, value[:, :4])"
    assert (conflicts_in(text.format("pass")), conflicts_in(text.format(own))) == ([5], [])
