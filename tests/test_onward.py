"""Errors behind the first are found in the same run, under the fix of the one before."""

from __future__ import annotations

from pathlib import Path

from shapecheck.edits import edited
from shapecheck.engine import Options
from shapecheck.findings import Edit
from shapecheck.onward import original
from shapecheck.places import Span
from shapecheck.running import How, run

SCRIPT = """\
import sys
import torch
from torch import nn
from transformers import AutoModel, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("bert-base-uncased")


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.bert = AutoModel.from_pretrained("bert-base-uncased")
        self.out = nn.Linear(768, 3)

    def forward(self, batch):
        return self.out(self.bert(**batch).last_hidden_state)


logits = Net()(tokenizer(["a b c", "d e", "f", "g h i"], padding=True, return_tensors="pt"))
loss = nn.CrossEntropyLoss()(logits, torch.zeros(4, dtype=torch.long))
loss.backward()
weights = torch.ones(len(sys.argv) + 4)  # of a size that only the run knows
scores = logits * weights
"""


def test_an_error_behind_another_is_found_in_the_same_run(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text(SCRIPT)
    outcome = run(script, [], Options(), How())
    first, second = (finding for finding in outcome.findings if finding.severity == "error")
    assert (first.rule, first.span.line) == ("SHP101", 16)
    assert (second.span.line, second.evidence) == (23, ("traced",))
    assert (
        second.torch_says == "The size of tensor a (3) must match the size of tensor b (5) at non-singleton dimension 1"
    )
    assert (second.related[-1].span.line, second.related[-1].message) == (16, "once this is mended")
    assert first.fixes and first.fixes[0].verified


def test_places_of_a_patched_text_are_found_in_the_text_as_it_is() -> None:
    text = "a\nb\nc\nd\n"
    edits = (
        Edit(Span("f.py", 1, 1, 1, 1), "new\nnew\n"),
        Edit(Span("f.py", 2, 1, 3, 2), "one"),
    )
    patched = edited(text, edits)
    assert patched == "new\nnew\na\none\nd\n"
    places = [original(Span("f.py", line, 1, line, 2), edits) for line in range(1, 6)]
    assert [place and place.line for place in places] == [None, None, 1, None, 4]
