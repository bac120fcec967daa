"""Tokenizers: keys, sizes and padding by the call's options."""

from __future__ import annotations

from textwrap import dedent

import pytest

from shapecheck.dims import Truth, number
from tests.interp.library.scripts import events, probed, shapes

TOK = 'tok = AutoTokenizer.from_pretrained("bert-base-uncased")\n'


@pytest.mark.parametrize(
    ("call", "shape"),
    [
        ('tok("some text", return_tensors="pt")', "(1, seq)"),
        ('tok(["a", "b b"], padding=True, return_tensors="pt")', "(2, seq)"),
        ('tok(["a", "b"], padding="max_length", max_length=12, truncation=True, return_tensors="pt")', "(2, 12)"),
        ('tok("a", padding="max_length", truncation=True, return_tensors="pt")', "(1, 512)"),
        ('tok.encode_plus("a", padding="max_length", max_length=9, truncation=True, return_tensors="pt")', "(1, 9)"),
        (
            'tok(["a", "b"], ["c", "d"], padding="max_length", max_length=8, truncation=True, return_tensors="pt")',
            "(2, 8)",
        ),
        ('tok([["a", "b"], ["c"]], is_split_into_words=True, padding=True, return_tensors="pt")', "(2, seq)"),
        (
            'tok(["a", "b"], padding="max_length", max_length=6, truncation=True, return_tensors="pt").to("cuda")',
            "(2, 6)",
        ),
        ('tok.pad([{"input_ids": [1, 2]}, {"input_ids": [3]}], return_tensors="pt")', "(2, seq)"),
    ],
)
def test_the_options_decide_the_shape(call: str, shape: str) -> None:
    assert shapes(TOK + f'torch.relu({call}["input_ids"])') == [shape]


@pytest.mark.parametrize("texts", ['"a text"', '["a", "b"]'])
def test_texts_that_overflow_give_as_many_rows_as_they_make_pieces(texts: str) -> None:
    call = f"tok({texts}, truncation=True, max_length=6, padding='max_length', return_overflowing_tokens=True"
    assert shapes(TOK + f'torch.relu({call}, return_tensors="pt")["input_ids"])') == ["(chunks, 6)"]


def test_how_many_lists_one_text_that_overflows_gives_is_not_known() -> None:
    call = 'tok("a text", truncation=True, max_length=6, return_overflowing_tokens=True)'
    assert shapes(TOK + f'torch.relu({call}.convert_to_tensors("pt")["input_ids"])') == []


def test_lists_become_tensors_of_the_same_length() -> None:
    text = """
    tok = AutoTokenizer.from_pretrained("roberta-base")
    one = tok("a text", max_length=16, padding="max_length", truncation=True)
    torch.relu(torch.tensor(one["input_ids"]))
    many = tok(["a", "b"], max_length=16, padding="max_length", truncation=True)
    torch.relu(torch.tensor(many["input_ids"]))
    torch.relu(torch.tensor(many["attention_mask"][0]))
    torch.relu(torch.tensor(tok.encode("a b c")))
    """
    assert shapes(text) == ["(16,)", "(2, 16)", "(16,)", "(seq,)"]


def test_the_words_given_to_encode_plus_are_one_text() -> None:
    text = """
    one = tok.encode_plus(tok.tokenize("a text"), max_length=16, padding="max_length", truncation=True)
    torch.relu(torch.as_tensor(one["input_ids"]))
    torch.relu(tok.encode_plus(["a", "text"], max_length=16, pad_to_max_length=True, return_tensors="pt")["input_ids"])
    """
    assert shapes(TOK + dedent(text)) == ["(16,)", "(1, seq)"]


def test_whether_a_list_given_to_encode_is_one_text_depends_on_the_version() -> None:
    assert shapes(TOK + 'torch.relu(torch.tensor(tok.encode(["a", "text"])))') == ["(...)"]


def test_a_long_literal_text_without_truncation_is_longer_than_the_position_table() -> None:
    (ids,) = probed(TOK + 'torch.relu(tok("many words " * 400, return_tensors="pt").input_ids)')
    assert ids.shape.dim(1).compare(number(512)) is Truth.DIFFERENT


def test_a_long_literal_text_with_truncation_may_fit() -> None:
    (ids,) = probed(TOK + 'torch.relu(tok("many words " * 400, truncation=True, return_tensors="pt").input_ids)')
    assert ids.shape.dim(1).compare(number(512)) is Truth.UNKNOWN


def test_roles_and_padding_are_those_of_the_call() -> None:
    ids, mask, alone = probed(
        TOK
        + """
enc = tok(["a", "b b"], padding=True, return_tensors="pt")
torch.relu(enc.input_ids)
torch.relu(enc["attention_mask"])
torch.relu(tok("a", return_tensors="pt").input_ids)
"""
    )
    assert (ids.role, ids.padding) == ("ids", "right")
    assert (mask.role, mask.low, mask.high) == ("mask", 0, 1)
    assert alone.padding == "none"


def test_the_padding_side_that_the_program_sets_counts() -> None:
    (ids,) = probed(
        TOK + 'tok.padding_side = "left"\ntorch.relu(tok(["a", "b b"], padding=True, return_tensors="pt").input_ids)'
    )
    assert ids.padding == "left"


def test_segments_are_returned_where_the_tokenizer_has_them() -> None:
    text = """
    bert = AutoTokenizer.from_pretrained("bert-base-uncased")("a", return_tensors="pt")
    torch.relu(torch.zeros(len(bert.keys())))
    roberta = AutoTokenizer.from_pretrained("roberta-base")("a", return_tensors="pt")
    torch.relu(torch.zeros(len(roberta.keys())))
    """
    assert shapes(text) == ["(3,)", "(2,)"]


def test_an_encoding_is_read_as_items_and_as_keywords() -> None:
    text = """
    tok = AutoTokenizer.from_pretrained("bert-base-uncased")
    enc = tok(["a", "b"], padding="max_length", max_length=7, truncation=True, return_tensors="pt")
    moved = {key: value.squeeze(0).to("cuda") for key, value in enc.items()}
    torch.relu(moved["attention_mask"])
    def read(input_ids, attention_mask, **rest):
        return attention_mask
    torch.relu(read(**enc))
    """
    assert shapes(text) == ["(2, 7)", "(2, 7)"]


def test_labels_made_from_word_ids_are_as_long_as_the_tokens() -> None:
    text = """
    enc = AutoTokenizer.from_pretrained("bert-base-uncased")(["a", "b"], is_split_into_words=True, return_tensors="pt")
    labels = [-100 if word is None else 1 for word in enc.word_ids()]
    torch.relu(enc.input_ids.squeeze(0) + torch.tensor(labels))
    """
    assert shapes(text) == ["(seq,)"]


def test_added_tokens_are_an_event() -> None:
    (event,) = events(TOK + 'tok.add_tokens(["<a>", "<b>"])', "add_tokens")
    assert event.data["count"] == number(2)


def test_each_token_of_a_table_has_seven_segments() -> None:
    assert shapes(
        """
        from transformers import TapasTokenizer

        tokenizer = TapasTokenizer.from_pretrained("google/tapas-base")
        rows = tokenizer(table=None, queries=["a", "b"], padding="max_length", return_tensors="pt")
        torch.relu(rows["token_type_ids"])
        """
    ) == ["(?, seq, 7)"]
