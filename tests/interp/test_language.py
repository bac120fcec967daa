"""What authors write in Python: each case ends with a tensor whose shape is followed through it."""

from __future__ import annotations

from textwrap import dedent

import pytest

from shapecheck import checks, flow, interp
from shapecheck.source import Source

HEAD = "import torch\nfrom torch import nn\nimport torch.nn.functional as F\n"

CASES = {
    "closure": (
        """
        def make(width):
            layer = nn.Linear(8, width)
            def apply(x):
                return layer(x)
            return apply
        y = make(3)(torch.zeros(2, 8))
        """,
        "(2, 3)",
    ),
    "nonlocal": (
        """
        def outer():
            x = torch.zeros(2, 3)
            def inner():
                nonlocal x
                x = x.t()
            inner()
            return x
        y = outer()
        """,
        "(3, 2)",
    ),
    "match": (
        """
        kind = "wide"
        match kind:
            case "narrow":
                w = 4
            case "wide" | "huge":
                w = 16
            case _:
                w = 1
        y = torch.zeros(2, w)
        """,
        "(2, 16)",
    ),
    "match class": (
        """
        from dataclasses import dataclass
        @dataclass
        class P:
            a: int
            b: int
        match P(3, 4):
            case P(a=x, b=z):
                y = torch.zeros(x, z)
        """,
        "(3, 4)",
    ),
    "match seq": (
        """
        match torch.zeros(2, 5).shape:
            case (b, h):
                y = torch.zeros(h, b)
        """,
        "(5, 2)",
    ),
    "dataclass": (
        """
        from dataclasses import dataclass, field
        @dataclass
        class Cfg:
            width: int = 8
            layers: list = field(default_factory=lambda: [8, 4])
            def total(self):
                return sum(self.layers)
        c = Cfg(width=6)
        y = torch.zeros(c.width, c.total())
        """,
        "(6, 12)",
    ),
    "dataclass post_init replace asdict": (
        """
        from dataclasses import dataclass, replace, asdict
        @dataclass
        class Cfg:
            width: int = 8
            inner: int = 0
            def __post_init__(self):
                self.inner = self.inner or 4 * self.width
        c = replace(Cfg(), width=6, inner=0)
        y = torch.zeros(asdict(c)["width"], c.inner)
        """,
        "(6, 24)",
    ),
    "enum": (
        """
        from enum import Enum, IntEnum
        class Kind(Enum):
            A = 3
            B = 5
        class Size(IntEnum):
            S = 2
        y = torch.zeros(len(Kind), Kind.B.value, Kind["A"].value, Size.S)
        """,
        "(2, 5, 3, 2)",
    ),
    "namedtuple": (
        """
        from collections import namedtuple
        from typing import NamedTuple
        P = namedtuple("P", ["x", "z"])
        class Q(NamedTuple):
            a: int
            b: int = 7
        p = P(2, 3); q = Q(4)
        u, v = q
        y = torch.zeros(p.x, p.z, v)
        """,
        "(2, 3, 7)",
    ),
    "namedtuple by keyword, in another order": (
        """
        from collections import namedtuple
        P = namedtuple("P", "x z w", defaults=(9,))
        n, k, d = P(z=3, x=2)
        y = torch.zeros(n, k, d)
        """,
        "(2, 3, 9)",
    ),
    "typeddict config": (
        """
        from typing import TypedDict
        class C(TypedDict):
            n: int
        c: C = {"n": 5}
        d = C(n=6)
        y = torch.zeros(c["n"], d["n"])
        """,
        "(5, 6)",
    ),
    "click": (
        """
        import click
        @click.command()
        @click.option("--hidden-size", default=32, type=int)
        @click.option("--name", "-n", "label", default=3)
        @click.argument("path")
        def main(hidden_size, label, path):
            global y
            y = torch.zeros(hidden_size, label)
        if __name__ == "__main__":
            main()
        """,
        "(32, 3)",
    ),
    "argparse": (
        """
        import argparse
        p = argparse.ArgumentParser()
        p.add_argument("--hidden", type=int, default=32)
        p.add_argument("--flag", action="store_true")
        p.add_argument("--sizes", nargs="+", type=int, default=[3, 4])
        g = p.add_argument_group("x")
        g.add_argument("-b", "--batch-size", default=4, type=int)
        a = p.parse_args()
        y = torch.zeros(a.batch_size, a.hidden, a.sizes[1])
        """,
        "(4, 32, 4)",
    ),
    "config dict": (
        """
        config = {"model": {"hidden": 12, "out": 3}, "batch": 4}
        config.update(batch=6)
        config["model"]["out"] += 1
        y = nn.Linear(config["model"]["hidden"], config["model"].get("out", 9))(torch.zeros(config["batch"], 12))
        """,
        "(6, 4)",
    ),
    "simple namespace": (
        """
        from types import SimpleNamespace
        cfg = SimpleNamespace(**{"h": 5, "w": 2})
        cfg.z = 3
        y = torch.zeros(cfg.h, cfg.w, cfg.z)
        """,
        "(5, 2, 3)",
    ),
    "getattr setattr": (
        """
        class M(nn.Module):
            def __init__(self):
                super().__init__()
                for i, w in enumerate([8, 4, 2]):
                    setattr(self, f"fc{i}", nn.Linear(w, w // 2))
            def forward(self, x):
                for i in range(3):
                    x = getattr(self, f"fc{i}")(x)
                return x
        y = M()(torch.zeros(5, 8))
        """,
        "(5, 1)",
    ),
    "getattr default": (
        """
        class C: pass
        c = C()
        c.a = 4
        y = torch.zeros(getattr(c, "a", 1), getattr(c, "b", 7))
        """,
        "(4, 7)",
    ),
    "moduledict": (
        """
        class M(nn.Module):
            def __init__(self):
                super().__init__()
                self.heads = nn.ModuleDict({"a": nn.Linear(8, 2), "b": nn.Linear(8, 3)})
            def forward(self, x):
                return torch.cat([head(x) for name, head in self.heads.items()], dim=-1)
        y = M()(torch.zeros(5, 8))
        """,
        "(5, 5)",
    ),
    "moduledict add": (
        """
        class M(nn.Module):
            def __init__(self):
                super().__init__()
                self.heads = nn.ModuleDict()
                for name, n in {"a": 2, "b": 3}.items():
                    self.heads[name] = nn.Linear(8, n)
            def forward(self, x):
                out = {k: self.heads[k](x) for k in self.heads}
                return out["a"].sum() + out["b"]
        y = M()(torch.zeros(5, 8))
        """,
        "(5, 3)",
    ),
    "parameterlist": (
        """
        class M(nn.Module):
            def __init__(self):
                super().__init__()
                self.ws = nn.ParameterList([nn.Parameter(torch.zeros(8, 8)) for _ in range(3)])
                self.out = nn.ParameterDict({"w": nn.Parameter(torch.zeros(8, 2))})
            def forward(self, x):
                for w in self.ws:
                    x = x @ w
                return x @ self.out["w"]
        y = M()(torch.zeros(5, 8))
        """,
        "(5, 2)",
    ),
    "modulelist append extend": (
        """
        class M(nn.Module):
            def __init__(self, n=3):
                super().__init__()
                self.ls = nn.ModuleList()
                for i in range(n):
                    self.ls.append(nn.Linear(8 * (i + 1), 8 * (i + 2)))
                self.ls.extend([nn.Linear(32, 5)])
            def forward(self, x):
                for i, l in enumerate(self.ls):
                    x = l(x)
                return self.ls[-1].weight.sum() + x
        y = M()(torch.zeros(2, 8))
        """,
        "(2, 5)",
    ),
    "sequential slice named": (
        """
        from collections import OrderedDict
        s = nn.Sequential(OrderedDict([("a", nn.Linear(8, 6)), ("b", nn.ReLU()), ("c", nn.Linear(6, 4))]))
        y = s[:2](torch.zeros(3, 8)) + s.a.bias
        """,
        "(3, 6)",
    ),
    "decorators": (
        """
        from functools import lru_cache, wraps, partial, cached_property
        def deco(f):
            @wraps(f)
            def inner(*a, **k):
                return f(*a, **k)
            return inner
        class M(nn.Module):
            def __init__(self):
                super().__init__()
                self.w = 6
            @property
            def width(self): return self.w
            @cached_property
            def twice(self): return 2 * self.w
            @staticmethod
            def pool(x): return x.mean(1)
            @classmethod
            def build(cls): return cls()
            @torch.no_grad()
            @deco
            def forward(self, x):
                return self.pool(x.view(-1, self.width, self.twice))
        m = torch.compile(M.build())
        with torch.autocast("cuda", dtype=torch.float16):
            y = m(torch.zeros(2, 72))
        """,
        "(2, 12)",
    ),
    "partial": (
        """
        from functools import partial, reduce
        L = partial(nn.Linear, 8, bias=False)
        y = reduce(lambda a, f: f(a), [L(8), L(3)], torch.zeros(2, 8))
        """,
        "(2, 3)",
    ),
    "walrus fstring slices": (
        """
        if (n := 4) > 2:
            d = {f"k{n}": torch.zeros(n, 10)[1:, ::3]}
        y = d["k4"]
        """,
        "(3, 4)",
    ),
    "early return raise": (
        """
        def f(x, mode="a"):
            if mode == "b":
                return x
            if x.dim() != 3:
                raise ValueError
            try:
                z = x.sum(0)
            except RuntimeError:
                return None
            else:
                z = z.t()
            finally:
                pass
            return z
        y = f(torch.zeros(2, 3, 4))
        """,
        "(4, 3)",
    ),
    "star args": (
        """
        def f(*xs, dim=0, **kw):
            return torch.cat(xs, dim=kw.get("axis", dim))
        args = [torch.zeros(2, 3)] * 3
        y = f(*args, **{"axis": 1})
        """,
        "(2, 9)",
    ),
    "inheritance super mixin": (
        """
        class Base(nn.Module):
            hidden = 8
            def __init__(self, out):
                super().__init__()
                self.fc = nn.Linear(self.hidden, out)
                self.build()
            def build(self): self.extra = nn.Identity()
        class Mix:
            def post(self, x): return x.unsqueeze(0)
        class Net(Mix, Base):
            hidden = 12
            def build(self):
                super().build()
                self.extra = nn.Linear(5, 2)
            def forward(self, x): return self.post(self.extra(self.fc(x)))
        y = Net(5)(torch.zeros(3, 12))
        """,
        "(1, 3, 2)",
    ),
    "attr outside init": (
        """
        class M(nn.Module):
            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(4, 4)
            def forward(self, x): return self.head(self.fc(x))
        m = M()
        m.head = nn.Linear(4, 9)
        y = m(torch.zeros(2, 4))
        """,
        "(2, 9)",
    ),
    "generator yield": (
        """
        def batches():
            for i in range(3):
                yield torch.zeros(4, 5), i
        for x, i in batches():
            y = x.t()
        """,
        "(5, 4)",
    ),
    "zip enumerate unpack": (
        """
        a = [torch.zeros(2, 3), torch.zeros(2, 4)]
        outs = []
        for i, (t, w) in enumerate(zip(a, [3, 4])):
            outs.append(nn.Linear(w, 7)(t))
        first, *rest = outs
        y = torch.stack([first, *rest])
        """,
        "(2, 2, 7)",
    ),
    "lambda sorted dictcomp": (
        """
        sizes = sorted([5, 3, 4], key=lambda s: -s)
        d = {i: s for i, s in enumerate(sizes)}
        y = torch.zeros(d[0], max(sizes[1:]), min(sizes))
        """,
        "(5, 4, 3)",
    ),
    "while": (
        """
        x = torch.zeros(2, 64)
        w = 64
        while w > 8:
            x = nn.Linear(w, w // 2)(x)
            w //= 2
        y = x
        """,
        "(2, 8)",
    ),
    "class call dunder": (
        """
        class F2:
            def __init__(self, n): self.n = n
            def __call__(self, x): return x.repeat(1, self.n)
            def __len__(self): return 11
            def __getitem__(self, i): return torch.zeros(i, self.n)
            def __add__(self, o): return F2(self.n + o.n)
            def __iter__(self): return iter([torch.zeros(self.n)])
        f = F2(2) + F2(3)
        y = torch.zeros(len(f), f(torch.zeros(1, 2)).shape[1], f[4].shape[0])
        """,
        "(11, 10, 4)",
    ),
    "a size that may be a list": (
        """
        class Scale(nn.Module):
            def __init__(self, size):
                super().__init__()
                self.size = size
                self.register_buffer("scale", torch.tensor(self.size)[None, :])
            def forward(self, x):
                return x * self.scale
        y = torch.zeros(1)
        """,
        "(1,)",
    ),
    "a parameter named like a size that may be a list": (
        """
        class Normalise(nn.Module):
            def __init__(self, feature_size, channels):
                super().__init__()
                self.mean = torch.tensor(feature_size)[None, :]
                self.deviation = torch.tensor(channels).view(1, -1, 1, 1)
            def forward(self, x):
                return (x - self.mean[:, :, None, None]) / self.deviation
        y = torch.zeros(1)
        """,
        "(1,)",
    ),
    "ternary arms join": (
        """
        import sys
        flag = len(sys.argv) > 1
        w = 8 if flag else 8
        x = torch.zeros(2, 8) if flag else torch.ones(3, 8)
        y = nn.Linear(w, 4)(x)
        """,
        "(?, 4)",
    ),
    "global constants math": (
        """
        import math
        import numpy as np
        H = int(math.sqrt(256)); K = 2 ** 3; Z = np.prod([2, 3])
        y = torch.zeros(H, K, math.ceil(7 / 2), round(3.6), abs(-2), divmod(7, 2)[0], int(Z))
        """,
        "(16, 8, 4, 4, 2, 3, 6)",
    ),
    "with open print logging": (
        """
        import logging
        logger = logging.getLogger(__name__)
        x = torch.zeros(3, 4)
        logger.info("shape %s", x.shape)
        print(f"{x.shape}")
        y = x
        """,
        "(3, 4)",
    ),
    "main guard func": (
        """
        def main(args=None):
            global y
            y = torch.zeros(2, 2)
        if __name__ == "__main__":
            main()
        """,
        "(2, 2)",
    ),
}


@pytest.mark.parametrize(("text", "shape"), CASES.values(), ids=CASES.keys())
def test_the_shape_is_followed_through(text: str, shape: str) -> None:
    whole = f"{HEAD}{dedent(text)}\ny\n"
    graph, seen = interp.watch(Source("script.py", whole))
    last = len(whole.splitlines())
    (found,) = (one for span, one in seen.items() if span.line == last)
    assert [str(tensor.shape) for tensor in found.tensors] == [shape]
    flow.annotate(graph, {"script.py": whole}.get)
    assert checks.run(graph) == []
