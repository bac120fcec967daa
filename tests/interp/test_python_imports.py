"""Programs of several files: which file an import means, and what is known across files."""

# ruff: noqa: E501 - a case is easier to read on one line

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from shapecheck.graph import ShapeGraph
from shapecheck.interp import analyze


def program(folder: Path, files: dict[str, str], entry: str) -> ShapeGraph:
    """Write files, and interpret one of them."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text))
    return analyze(folder / entry)


def shapes(graph: ShapeGraph) -> dict[str, str]:
    """The shape of each named tensor."""
    return {t.text: str(t.shape) for stage in graph.stages for t in stage.outputs.values() if t.text}


MODEL = """
import torch
from torch import nn
WIDTH = 16
class Net(nn.Module):
    def __init__(self, width=WIDTH):
        super().__init__()
        self.fc = nn.Linear(width, 4)
    def forward(self, x):
        return self.fc(x)
def build(width=WIDTH):
    return Net(width)
"""


@pytest.mark.parametrize(
    ("files", "entry"),
    [
        (
            {"model.py": MODEL, "train.py": "import torch\nfrom model import Net\ny = Net()(torch.zeros(2, 16))"},
            "train.py",
        ),
        (
            {
                "model.py": MODEL,
                "train.py": "import torch\nimport model\ny = model.build()(torch.zeros(2, model.WIDTH))",
            },
            "train.py",
        ),
        (
            {"model.py": MODEL, "train.py": "import torch\nimport model as m\ny = m.Net(m.WIDTH)(torch.zeros(2, 16))"},
            "train.py",
        ),
        ({"model.py": MODEL, "train.py": "from model import *\ny = build()(torch.zeros(2, WIDTH))"}, "train.py"),
        (
            {
                "pkg/__init__.py": "",
                "pkg/model.py": MODEL,
                "pkg/train.py": "import torch\nfrom .model import Net\ny = Net()(torch.zeros(2, 16))",
            },
            "pkg/train.py",
        ),
        (
            {
                "pkg/__init__.py": "from .model import Net as Network",
                "pkg/model.py": MODEL,
                "train.py": "import torch\nfrom pkg import Network\ny = Network()(torch.zeros(2, 16))",
            },
            "train.py",
        ),
        (
            {
                "pkg/__init__.py": "from .model import *",
                "pkg/model.py": MODEL,
                "train.py": "import torch\nimport pkg\ny = pkg.Net()(torch.zeros(2, 16))",
            },
            "train.py",
        ),
        (
            {
                "pkg/model.py": MODEL,
                "train.py": "import torch\nfrom pkg import model\ny = model.Net()(torch.zeros(2, 16))",
            },
            "train.py",
        ),
        (
            {
                "pkg/__init__.py": "",
                "pkg/a/__init__.py": "",
                "pkg/a/model.py": MODEL,
                "pkg/b/__init__.py": "",
                "pkg/b/train.py": "import torch\nfrom ..a.model import Net\nfrom ..a import model\ny = Net()(torch.zeros(2, model.WIDTH))",
            },
            "pkg/b/train.py",
        ),
        (
            {
                "pkg/__init__.py": "",
                "pkg/sub/__init__.py": "",
                "pkg/sub/model.py": MODEL,
                "train.py": "import torch\nimport pkg.sub.model\ny = pkg.sub.model.Net()(torch.zeros(2, 16))",
            },
            "train.py",
        ),
        (
            {
                "pyproject.toml": "",
                "src/lib/__init__.py": "",
                "src/lib/model.py": MODEL,
                "scripts/train.py": "import torch\nfrom lib.model import Net\ny = Net()(torch.zeros(2, 16))",
            },
            "scripts/train.py",
        ),
        (
            {
                "model.py": MODEL,
                "train.py": "import torch\ndef main():\n    from model import Net\n    y = Net()(torch.zeros(2, 16))\nmain()",
            },
            "train.py",
        ),
    ],
)
def test_a_class_is_found_wherever_it_is_imported_from(tmp_path: Path, files: dict[str, str], entry: str) -> None:
    assert shapes(program(tmp_path, files, entry)) == {"y": "(2, 4)"}


def test_a_fault_that_needs_two_files_stands_in_the_one_and_is_reached_from_the_other(tmp_path: Path) -> None:
    graph = program(
        tmp_path,
        {
            "model.py": MODEL,
            "train.py": "import torch\nfrom model import Net\nnet = Net()\ny = net(torch.zeros(2, 15))",
        },
        "train.py",
    )
    (wrong,) = [stage for stage in graph.stages if stage.conflict]
    assert (Path(wrong.span.path).name, wrong.span.line) == ("model.py", 10)
    assert [(Path(f.span.path).name, f.span.line, f.function) for f in wrong.context] == [
        ("train.py", 4, "Net.forward")
    ]
    assert wrong.module is not None and wrong.module.created is not None
    assert str(wrong.module.params["in_features"].origin).startswith("the value of WIDTH, line 4")


def test_imports_in_a_circle_end(tmp_path: Path) -> None:
    files = {
        "a.py": "import torch\nimport b\nN = 3\ndef f():\n    return torch.zeros(b.M)",
        "b.py": "import a\nfrom a import N\nM = 4\ndef g():\n    return a.N",
        "main.py": "import torch\nimport a, b\nx = a.f()\ny = torch.zeros(b.g())",
    }
    assert shapes(program(tmp_path, files, "main.py")) == {"x": "(4,)", "y": "(3,)"}


def test_a_file_that_cannot_be_read_is_unknown_and_no_error(tmp_path: Path) -> None:
    files = {"bad.py": "def (", "main.py": "import torch\nimport bad\nfrom bad import n\nx = torch.zeros(n, 3)"}
    assert shapes(program(tmp_path, files, "main.py")) == {"x": "(?, 3)"}


def test_a_local_file_named_like_a_library_does_not_hide_torch(tmp_path: Path) -> None:
    files = {"torch.py": "x = 1", "main.py": "import torch\nx = torch.zeros(2)"}
    assert shapes(program(tmp_path, files, "main.py")) == {"x": "(2,)"}


def test_a_program_that_never_mentions_tensors_is_not_interpreted(tmp_path: Path) -> None:
    files = {
        "helpers.py": "N = 3\nimport numpy",
        "main.py": "import helpers\nfor i in range(10):\n    unknown(helpers.N)",
    }
    graph = program(tmp_path, files, "main.py")
    assert not graph.items and not graph.not_checked


def test_a_program_whose_tensors_stand_in_an_imported_file_is(tmp_path: Path) -> None:
    files = {
        "deep.py": "import torch\nx = torch.zeros(2, 3)",
        "mid.py": "from deep import x",
        "main.py": "from mid import x\ny = x.view(7)",
    }
    graph = program(tmp_path, files, "main.py")
    assert [stage.conflict is not None for stage in graph.stages] == [False, True]


def test_only_what_a_shape_needs_is_read_of_other_files(tmp_path: Path) -> None:
    files = {
        "pkg/__init__.py": "from .used import *\nfrom .unused import *",
        "pkg/used.py": "import torch\nN = 3",
        "pkg/unused.py": "import torch\nx = torch.zeros(2).view(3)\nM = 4",
        "main.py": "import torch\nfrom pkg import N\ny = torch.zeros(N)",
    }
    assert [stage.op for stage in program(tmp_path, files, "main.py").stages] == ["torch.zeros"]


REGISTRY = """
MODELS = {}
def register(name):
    def keep(cls):
        MODELS[name] = cls
        return cls
    return keep
def build(name, **options):
    if name not in MODELS:
        raise KeyError(name)
    return MODELS[name](**options)
"""


def test_a_registered_model_is_found_though_nobody_asks_for_its_file(tmp_path: Path) -> None:
    graph = program(
        tmp_path,
        {
            "zoo/__init__.py": "from .registry import build\nfrom . import net",
            "zoo/registry.py": REGISTRY,
            "zoo/net.py": "from .registry import register\n"
            + MODEL.replace("class Net", "@register('net')\nclass Net"),
            "train.py": "import torch\nfrom zoo import build\ny = build('net', width=8)(torch.zeros(2, 8))",
        },
        "train.py",
    )
    assert shapes(graph)["y"] == "(2, 4)"


def test_a_file_that_is_first_wanted_in_a_loop_is_still_known_in_its_second_pass(tmp_path: Path) -> None:
    graph = program(
        tmp_path,
        {
            "losses.py": "import torch.nn.functional as F\ndef loss_of(x, y):\n    return F.mse_loss(x, y)",
            "train.py": """
                import torch
                from losses import loss_of
                total = 0.0
                for x in loader:
                    loss = loss_of(torch.zeros(2, 3), torch.zeros(2, 3))
                    total += loss.item()
                """,
        },
        "train.py",
    )
    assert shapes(graph)["loss"] == "()"


def test_a_script_that_imports_a_module_from_a_package_is_concerned_by_what_that_imports(tmp_path: Path) -> None:
    graph = program(
        tmp_path,
        {"zoo/net.py": MODEL + "y = build()(torch.zeros(2, WIDTH))", "main.py": "from zoo import net\nnet.y"},
        "main.py",
    )
    assert shapes(graph)["y"] == "(2, 4)"


UNPACKED = """
import torch
from torch import nn
from transformers import BertModel
hidden, pooled = BertModel.from_pretrained("bert-base-uncased")(torch.zeros(2, 7, dtype=torch.long))
scores = nn.Linear(768, 2)(pooled)
"""


@pytest.mark.parametrize(
    ("name", "text", "old"),
    [
        ("requirements.txt", "torch\ntransformers==3.0.2\n", True),
        ("requirements-dev.txt", "transformers[torch]>=2.3,<4.0", True),
        ("setup.py", "setup(install_requires=['transformers~=3.1', 'torch'])", True),
        ("pyproject.toml", '[tool.poetry.dependencies]\ntransformers = "^3.4"', True),
        ("environment.yml", "dependencies:\n  - transformers=2.11", True),
        ("requirements.txt", "transformers>=2.0", False),
        ("requirements.txt", "transformers==4.18.0", False),
        ("requirements.txt", "sentence-transformers==2.0\npytorch-transformers==1.2", False),
        ("pyproject.toml", '[project]\ndependencies = ["transformers>=4.41,<6", "numpy<2"]', False),
    ],
)
def test_a_project_that_wants_an_old_transformers_may_unpack_what_models_return(
    name: str, text: str, old: bool, tmp_path: Path
) -> None:
    graph = program(tmp_path, {"pyproject.toml": "", name: text, "train.py": UNPACKED}, "train.py")
    assert shapes(graph).get("scores") == ("(2, 2)" if old else "(...)")
    assert any(event.kind == "unpack" for event in graph.events) is not old
