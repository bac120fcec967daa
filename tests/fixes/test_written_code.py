"""How fixes are written into code of any form: indentation, line ends, comments, trailing commas, lambdas, one line."""

from __future__ import annotations

import ast
from pathlib import Path

import libcst as cst
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapecheck import engine, fixes
from shapecheck.edits import edited
from shapecheck.engine import Options
from shapecheck.fixes.calls import keyword
from shapecheck.fixes.tree import Tree
from shapecheck.mend import Mending, repeat
from tests.fixture_scripts import found

HEAD = "import torch\nfrom torch import nn\nfrom transformers import BertConfig, BertModel\n"


def mended(text: str, rule: str, nth: int = 0) -> str:
    """A text under a fix of its first finding of a rule."""
    finding = next(finding for finding in found("a.py", text) if finding.rule == rule)
    return fixes.apply(finding.fixes[nth].edits, {"a.py": text})["a.py"]


LSTM = (
    HEAD + "config = BertConfig()\nhidden = BertModel(config)(torch.ones(4, 9, dtype=torch.long)).last_hidden_state\n"
)


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("rnn = nn.LSTM(768, 8)\n", "nn.LSTM(768, 8, batch_first=True)"),
        ("rnn = nn.LSTM(768, 8,)\n", "nn.LSTM(768, 8, batch_first=True,)"),
        ("rnn = nn.LSTM(\n    768, 8\n)\n", "    768, 8, batch_first=True\n)"),
        ("rnn = nn.LSTM(\n    768,\n    8,\n)\n", "    8,\n    batch_first=True,\n)"),
        ("rnn = nn.LSTM(\n    768,\n    8,  # small\n)\n", "    8,  # small\n    batch_first=True,\n)"),
        ("rnn = nn.LSTM(768, 8, batch_first=False)\n", "nn.LSTM(768, 8, batch_first=True)"),
        ("rnn = nn.LSTM(768, (8))\n", "nn.LSTM(768, (8), batch_first=True)"),
        ("if True: rnn = nn.LSTM(768, 8)\n", "if True: rnn = nn.LSTM(768, 8, batch_first=True)"),
        ("rnn = (lambda: nn.LSTM(768, 8))()\n", "(lambda: nn.LSTM(768, 8, batch_first=True))()"),
    ],
)
def test_an_argument_is_written_where_the_others_stand(written: str, wanted: str) -> None:
    new = mended(LSTM + written + "states, _ = rnn(hidden)\n", "SHP602")
    assert wanted in new
    ast.parse(new)


def test_scores_of_one_row_beside_a_number_have_no_axis_to_drop() -> None:
    (finding,) = found("a.py", HEAD + "nn.CrossEntropyLoss()(torch.zeros(1, 5), torch.tensor(3))\n")
    assert finding.rule == "SHP302" and not finding.fixes


POOLED = """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.bert = BertModel(config)
        self.head = nn.Linear(768, 3)

    {decorator}def forward(self, ids, mask):
        hidden = self.bert(ids, attention_mask=mask).last_hidden_state
        {statement}


loss = nn.CrossEntropyLoss()(Net()(torch.ones(4, 9, dtype=torch.long), torch.ones(4, 9)), torch.zeros(4).long())
"""


def net(statement: str, decorator: str = "") -> str:
    return HEAD + "config = BertConfig()\n" + POOLED.format(statement=statement, decorator=decorator)


@pytest.mark.parametrize(
    "statement",
    [
        "return self.head(hidden)  # scores",
        "return self.head(nn.functional.relu(torch.tanh(hidden)))",
        "scores = self.head(hidden); return scores",
        "return self.head(\n            hidden,\n        )",
        "return (lambda h: self.head(h))(hidden)",
    ],
)
@pytest.mark.parametrize("decorator", ["", "@torch.no_grad()\n    "])
@pytest.mark.parametrize("tabs", [False, True])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_pooling_keeps_indentation_and_line_ends(statement: str, decorator: str, tabs: bool, end: str) -> None:
    text = net(statement, decorator)
    text = (text.replace("    ", "\t") if tabs else text).replace("\n", end)
    finding = next(finding for finding in found("a.py", text) if finding.rule == "SHP101")
    assert {"cls", "mean"} <= {fix.strategy for fix in finding.fixes}
    for fix in finding.fixes:
        new = fixes.apply(fix.edits, {"a.py": text})["a.py"]
        ast.parse(new)
        assert new.replace("\r\n", "").count("\r") == 0
        assert new.count("\n") == new.count(end)
        assert not (tabs and "\n " in new)
        assert ("# scores" in new) == ("# scores" in text)
        assert [left.rule for left in found("a.py", new) if left.severity == "error"] == []


def test_a_value_inside_an_f_string_is_mended_in_place() -> None:
    text = HEAD + "q, k = torch.rand(4, 8), torch.rand(3, 8)\nprint(f'scores: {(q @ k).shape}')\n"
    finding = next(finding for finding in found("a.py", text) if finding.rule == "SHP209")
    for fix in finding.fixes:
        assert "{(q @ k.transpose(-2, -1)).shape}" in fixes.apply(fix.edits, {"a.py": text})["a.py"]


def test_a_mask_is_handed_down_by_name_where_parameters_are_left_out_and_typed_as_the_others() -> None:
    text = (
        HEAD
        + "from torch import Tensor\nconfig = BertConfig()\nencoder, linear = BertModel(config), nn.Linear(768, 2)\n"
        "\ndef score(hidden: Tensor, scale: float = 1.0) -> Tensor:\n    return linear(hidden) * scale\n\n"
        "ids, mask = torch.ones(4, 9, dtype=torch.long), torch.ones(4, 9)\n"
        "hidden = encoder(ids, attention_mask=mask).last_hidden_state\n"
        "loss = nn.CrossEntropyLoss()(score(hidden), torch.zeros(4).long())\n"
    )
    finding = next(finding for finding in found("a.py", text) if finding.rule == "SHP101")
    fix = next(fix for fix in finding.fixes if fix.strategy == "mean")
    new = fixes.apply(fix.edits, {"a.py": text})["a.py"]
    assert "scale: float = 1.0, attention_mask: Tensor | None = None)" in new
    assert "score(hidden, attention_mask=mask)" in new


def test_a_fix_in_an_imported_module_is_written_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.py").write_text("from torch import nn\n\n\nhead = nn.Linear(64, 2)\n")
    Path("train.py").write_text("import torch\nfrom net import head\n\nhead(torch.rand(4, 32))\n")
    outcome = repeat(lambda: engine.check(["train.py", "net.py"], Options()), Mending(write=True))
    assert [change.path for change in outcome.applied] == ["net.py"]
    assert "nn.Linear(32, 2)" in Path("net.py").read_text()
    assert outcome.findings == []


def test_what_a_fix_uncovers_is_mended_in_the_same_call_and_a_second_call_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.py").write_text(
        "import torch\nfrom torch import nn\n\n"
        "one, two = nn.Linear(64, 16), nn.Linear(32, 2)\ntwo(one(torch.rand(4, 8)))\n"
    )
    repeat(lambda: engine.check(["a.py"], Options()), Mending(write=True))
    once = Path("a.py").read_text()
    assert "nn.Linear(8, 16), nn.Linear(16, 2)" in once
    assert repeat(lambda: engine.check(["a.py"], Options()), Mending(write=True)).applied == []
    assert Path("a.py").read_text() == once


ARGUMENTS = st.lists(
    st.sampled_from(["1", "x", "a=1", "(2)", "[3, 4]", "f(5)", "'six'", "*rest", "**more"]), min_size=0, max_size=4
).map(lambda args: sorted(args, key=lambda arg: (arg.startswith("**"), "=" in arg, arg.startswith("*"))))
BREAKS = st.sampled_from(["", " ", "\n    ", "  # why\n    "])


@given(ARGUMENTS, st.lists(BREAKS, min_size=5, max_size=5), st.booleans(), st.booleans())
def test_a_keyword_can_be_set_in_any_call_that_parses(
    args: list[str], breaks: list[str], comma: bool, tabs: bool
) -> None:
    inside = "".join(f"{gap}{arg}," for gap, arg in zip(breaks, args, strict=False))
    inside = inside if comma or not args else inside[:-1]
    text = f"if True:\n    call({inside}{breaks[4]})\n"
    text = text.replace("    ", "\t") if tabs else text
    try:
        before = ast.parse(text)
    except SyntaxError:
        return
    tree = Tree.parse("a.py", text)
    call = next(node for node in tree.all(cst.Call) if tree.code(node).startswith("call("))
    new = edited(text, [keyword(tree, call, "key", "True")])
    after = ast.parse(new)
    assert new.count("# why") == text.count("# why")
    one, two = (_called(tree) for tree in (before, after))
    assert [ast.dump(arg) for arg in two.args] == [ast.dump(arg) for arg in one.args]
    assert {word.arg for word in two.keywords} == {word.arg for word in one.keywords} | {"key"}


def _called(module: ast.Module) -> ast.Call:
    calls = (node for node in ast.walk(module) if isinstance(node, ast.Call))
    return next(call for call in calls if getattr(call.func, "id", "") == "call")


def test_a_loss_that_a_tuple_holds_further_back_is_put_first() -> None:
    text = HEAD + (
        "from transformers import Trainer, TrainingArguments\n"
        "class Net(nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.head = nn.Linear(8, 3)\n"
        "    def forward(self, x, labels=None):\n"
        "        logits = self.head(x)\n"
        "        loss = nn.functional.cross_entropy(logits, labels)\n"
        "        return logits, x, loss\n"
        "rows = [{'x': torch.rand(8), 'labels': torch.tensor(1)} for _ in range(4)]\n"
        "Trainer(model=Net(), args=TrainingArguments(output_dir='out'), train_dataset=rows).train()\n"
    )
    assert "        return loss, logits, x\n" in mended(text, "SHP510")
