"""SHP405 as the text alone shows it: tokens of a published checkpoint's tokenizer, and the rows of its model."""

from __future__ import annotations

import pytest

from shapecheck import checks, fixes, flow, interp
from shapecheck.findings import Finding
from shapecheck.source import Source

SCRIPT = """
from transformers import AutoModel, AutoTokenizer
tokenizer = AutoTokenizer.from_pretrained("{name}")
model = AutoModel.from_pretrained("{name}")
{change}
encoding = tokenizer({texts}, padding=True, return_tensors="pt")
hidden = model(**encoding).last_hidden_state
"""
BERT = "bert-base-uncased"
ADDED = 'tokenizer.add_tokens(["[E1]", "[/E1]"])'
MARKED = '["[E1] anna [/E1] lives here", "so does bo"]'


def written(change: str, texts: str = MARKED, name: str = BERT) -> str:
    return SCRIPT.format(name=name, change=change, texts=texts)


def found(text: str) -> list[Finding]:
    graph = interp.analyze(Source("script.py", text))
    flow.annotate(graph, {"script.py": text}.get)
    findings = [finding for finding in checks.run(graph) if finding.rule == "SHP405"]
    fixes.attach(findings, graph, {"script.py": text})
    return findings


def test_a_new_token_in_a_known_text_is_an_error_at_the_call_that_added_it() -> None:
    (finding,) = found(written(ADDED))
    assert (finding.severity, finding.span.line, finding.symptom and finding.symptom.line) == ("error", 5, 7)
    assert finding.torch_says == "index out of range in self"


def test_new_tokens_are_a_warning_where_the_texts_are_not_known() -> None:
    (finding,) = found(written(ADDED, texts='open("texts.txt").readlines()'))
    assert (finding.severity, finding.torch_says) == ("warning", "")


def test_a_new_padding_token_is_a_warning_where_texts_are_padded() -> None:
    (finding,) = found(written('tokenizer.add_special_tokens({"pad_token": "[PAD]"})', name="gpt2"))
    assert finding.severity == "warning"


@pytest.mark.parametrize(
    "change",
    [
        f"{ADDED}\nmodel.resize_token_embeddings(len(tokenizer))",
        f"{ADDED}\nmodel.set_input_embeddings(torch.nn.Embedding(len(tokenizer), 768))",
        'tokenizer.add_tokens(["[SEP]", "here"])',
        'tokenizer.add_special_tokens({"pad_token": "[PAD]"})',
        "tokenizer.pad_token = tokenizer.sep_token",
    ],
)
def test_nothing_is_said_where_every_id_has_a_row(change: str) -> None:
    assert found(written(change)) == []


def test_nothing_is_said_of_texts_without_a_new_token() -> None:
    assert found(written(ADDED, texts='["anna lives here", "so does bo"]')) == []


@pytest.mark.parametrize("name", ["t5-small", "microsoft/deberta-v3-small", "someone/unheard-of"])
def test_nothing_is_said_of_models_with_rows_to_spare_or_of_unknown_size(name: str) -> None:
    assert found(written(ADDED, name=name)) == []


def test_the_fix_resizes_once_both_are_there() -> None:
    text = written(ADDED)
    (finding,) = found(text)
    mended = fixes.apply(finding.fixes[0].edits, {"script.py": text})["script.py"]
    assert f"{ADDED}\nmodel.resize_token_embeddings(len(tokenizer))\n" in mended
    assert found(mended) == []


def test_there_is_no_fix_where_the_model_is_made_elsewhere() -> None:
    text = written(ADDED).replace('AutoModel.from_pretrained("bert-base-uncased")', "made()")
    head = 'def made():\n    return AutoModel.from_pretrained("bert-base-uncased")\n'
    (finding,) = found(text.replace("tokenizer =", f"{head}tokenizer =", 1))
    assert finding.fixes == ()
