"""Tokenizers without their files, against a real one of the same rules."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from shapecheck.tracer import TraceResult

Holds = Callable[..., TraceResult]

COMPARE = """
import itertools, numpy, torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import AutoTokenizer, PreTrainedTokenizerFast

words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "cat", "sat", "on", "mat", "a", "dog", "ran"]
backend = Tokenizer(models.WordPiece({word: i for i, word in enumerate(words)}, unk_token="[UNK]"))
backend.pre_tokenizer = pre_tokenizers.Whitespace()
backend.post_processor = processors.TemplateProcessing(
    single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
real = PreTrainedTokenizerFast(tokenizer_object=backend, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]",
    sep_token="[SEP]", mask_token="[MASK]", model_max_length=512,
    model_input_names=["input_ids", "token_type_ids", "attention_mask"])
stand_in = AutoTokenizer.from_pretrained("bert-base-uncased")

def form(value):
    if isinstance(value, (torch.Tensor, numpy.ndarray)):
        return type(value).__name__, tuple(value.shape), str(value.dtype)
    if isinstance(value, (list, tuple)):
        return type(value).__name__, [form(part) for part in value]
    return type(value).__name__

def outcome(tokenizer, *args, **kwargs):
    try:
        encoding = tokenizer(*args, **kwargs)
    except Exception as error:
        return type(error).__name__
    return type(encoding).__name__, [(key, form(value)) for key, value in encoding.items()]

def agree(*args, **kwargs):
    expected, found = outcome(real, *args, **kwargs), outcome(stand_in, *args, **kwargs)
    assert expected == found, (args, kwargs, expected, found)
"""

INPUTS = [
    '"the cat sat"',
    '["the cat sat on a mat", "a dog"]',
    '"the cat", "a dog ran"',
    '["the cat", "a dog"], ["sat on the mat", "ran"]',
]


@pytest.mark.parametrize("texts", INPUTS)
def test_every_option_gives_the_keys_ranks_dtypes_and_containers_of_a_real_tokenizer(holds: Holds, texts: str) -> None:
    holds(
        COMPARE
        + f"""
paddings = [False, True, "longest", "max_length"]
for padding, truncation, length, tensors in itertools.product(paddings, [False, True], [None, 6], [None, "pt", "np"]):
    if padding == "max_length" and length is None:
        continue
    agree({texts}, padding=padding, truncation=truncation, max_length=length, return_tensors=tensors)
for option in ("return_offsets_mapping", "return_special_tokens_mask", "return_length", "return_overflowing_tokens"):
    agree({texts}, padding="max_length", truncation="only_first", max_length=6, **{{option: True}})
agree({texts}, return_token_type_ids=False, return_attention_mask=False)
agree({texts}, add_special_tokens=False)
"""
    )


def test_words_keep_their_numbers(holds: Holds) -> None:
    holds(
        COMPARE
        + """
agree([["the", "cat"], ["a", "dog", "ran"]], is_split_into_words=True, padding=True, return_tensors="pt")
encoding = stand_in([["extraordinarily", "cat"]], is_split_into_words=True)
numbers = encoding.word_ids(0)
assert numbers[0] is None and numbers[-1] is None and set(numbers[1:-1]) == {0, 1}
assert len(numbers) > 4, "long words fall to pieces"
assert encoding.sequence_ids(0)[1] == 0 and encoding.char_to_token(0, 0) == 1
"""
    )


def test_a_long_text_is_as_long_in_tokens_and_cut_to_the_checkpoints_length(holds: Holds) -> None:
    holds(
        """
        from transformers import AutoTokenizer, BertTokenizerFast
        tokenizer = AutoTokenizer.from_pretrained("bert-base-cased")
        text = "john lives in london " * 200
        assert 800 <= len(tokenizer(text)["input_ids"]) <= 1200
        assert len(tokenizer(text, truncation=True)["input_ids"]) == 512
        assert isinstance(tokenizer, BertTokenizerFast)
        """
    )


def test_texts_of_a_batch_differ_in_length_so_that_the_mask_has_zeros(holds: Holds) -> None:
    result = holds(
        """
        from transformers import AutoTokenizer
        tokenizer = AutoTokenizer.from_pretrained("roberta-base")
        batch = tokenizer(["one", "two and three"], padding=True, return_tensors="pt")
        assert batch["attention_mask"].tolist()[0].count(0) == 2
        assert set(batch) == {"input_ids", "attention_mask"}
        x = batch.to("cuda")["input_ids"] + 0
        """
    )
    (ids,) = next(stage for stage in result.graph.stages if stage.op == "torch.add").tensors()
    assert (ids.role, ids.padding) == ("ids", "right")


def test_gpt2_has_no_padding_token_until_the_script_sets_one(holds: Holds) -> None:
    holds(
        """
        from transformers import AutoTokenizer
        tokenizer = AutoTokenizer.from_pretrained("gpt2")
        try:
            tokenizer(["a", "b c"], padding=True)
        except ValueError as error:
            assert "padding token" in str(error)
        else:
            raise AssertionError("padded without a token")
        tokenizer.pad_token = tokenizer.eos_token
        tokenizer.padding_side = "left"
        assert tokenizer(["a", "b c"], padding=True, return_tensors="pt")["attention_mask"].tolist() == [[0, 1], [1, 1]]
        """
    )


def test_added_tokens_get_ids_beyond_the_vocabulary_and_others_stay_below(holds: Holds) -> None:
    holds(
        """
        from transformers import AutoTokenizer
        tokenizer = AutoTokenizer.from_pretrained("bert-base-uncased")
        assert len(tokenizer) == tokenizer.vocab_size == 30522
        assert max(tokenizer("any words of any kind, 12 of them; and more!")["input_ids"]) < 30522
        assert tokenizer.add_tokens(["<new>", "<other>"]) == 2
        assert tokenizer.convert_tokens_to_ids(["<new>", "<other>"]) == [30522, 30523]
        assert len(tokenizer) == 30524 and tokenizer("<new>")["input_ids"][1] == 30522
        assert [tokenizer.pad_token_id, tokenizer.cls_token_id, tokenizer.sep_token_id] == [0, 101, 102]
        assert tokenizer.decode(tokenizer("hello there")["input_ids"], skip_special_tokens=True) == "hello there"
        """
    )


def test_a_tokenizer_with_files_is_the_real_one(holds: Holds, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "cat"]))
    (folder / "config.json").write_text('{"model_type": "bert", "vocab_size": 6}')
    holds(
        f"""
        from transformers import BertTokenizerFast
        assert BertTokenizerFast.from_pretrained({str(folder)!r})("cat dog")["input_ids"] == [2, 5, 1, 3]
        """
    )


def test_old_names_of_the_call_still_work(holds: Holds) -> None:
    holds(
        """
        from transformers import BertTokenizer
        tokenizer = BertTokenizer.from_pretrained("bert-base-uncased", do_lower_case=True)
        one = tokenizer.encode_plus("a cat", "a dog", max_length=12, padding="max_length", return_tensors="pt")
        assert one["input_ids"].shape == (1, 12)
        words = tokenizer.encode_plus(["a", "cat"], max_length=12, padding="max_length", return_tensors="pt")
        assert words["input_ids"].shape == (1, 12)
        assert len(tokenizer.batch_encode_plus([("a", "b"), ("c", "d")])["input_ids"]) == 2
        """
    )
