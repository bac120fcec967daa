"""Vocabularies, configs and tables of numbers in files that are not there."""

from __future__ import annotations

from collections.abc import Callable

from shapecheck.tracer import TraceResult

Holds = Callable[..., TraceResult]


def test_a_vocabulary_numbers_any_word_below_its_size(holds: Holds) -> None:
    result = holds(
        """
        import json, pickle
        with open("vocab.pkl", "rb") as file:
            vocab = pickle.load(file)
        ids = [vocab(word) for word in "never seen before".split()]
        assert all(0 <= number < len(vocab) for number in ids) and vocab("<pad>") == 0 != vocab("<end>")
        assert vocab.word2idx["never"] == ids[0] == vocab.stoi["never"] and vocab.pad_idx == 0
        assert vocab.idx2word[vocab("<start>")] == "<start>" and "anything" in vocab
        word2idx = json.load(open("data/word2idx.json"))
        assert word2idx.get("<unk>") == vocab("<unk>") and len({v: k for k, v in word2idx.items()}) == len(word2idx)
        id2word = json.loads(open("data/id2word.json").read())
        assert id2word[0] == "<pad>"
        """
    )
    assert "vocab.pkl is not there: a made-up vocabulary of 1013 words" in result.assumptions


def test_a_list_of_words_has_one_a_line_special_tokens_first(holds: Holds) -> None:
    holds(
        """
        vocab = {}
        with open("bert/vocab.txt") as file:
            while True:
                token = file.readline()
                if not token:
                    break
                vocab[token.strip()] = len(vocab)
        assert {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "##a"} <= set(vocab) and len(vocab) == 1013
        """
    )


def test_a_helper_that_raises_without_its_file_is_given_one(holds: Holds) -> None:
    holds(
        """
        import json, os
        from urllib.parse import urlparse
        def cached(name):
            if urlparse(name).scheme == "https":
                return name
            elif os.path.exists(name):
                return name
            elif urlparse(name).scheme == "":
                raise OSError("not found")
            else:
                raise ValueError("no path")
        with open(cached("bert_pretrain/config.json")) as file:
            config = json.loads(file.read())
        assert (config["hidden_size"], config["num_hidden_layers"], config["vocab_size"]) == (768, 12, 30522)
        """
    )


def test_a_table_has_the_columns_that_the_script_names_by_number(holds: Holds) -> None:
    result = holds(
        """
        import numpy as np
        table = np.loadtxt("diabetes.csv", delimiter=",")
        inputs, labels = table[:, 0:28], table[:, 28]
        assert inputs.shape[1] == 28 and set(labels) == {0.0, 1.0} and len(labels) >= 67
        assert np.loadtxt("diabetes.csv", usecols=(0, 3), max_rows=9, unpack=True).shape == (2, 9)
        assert np.loadtxt("y_train.txt").ndim == 1
        """
    )
    assert "diabetes.csv is not there: a made-up table of 71 rows and 29 columns" in result.assumptions


def test_a_graph_of_numbered_nodes_is_whole(holds: Holds) -> None:
    holds(
        """
        import numpy as np
        nodes = np.genfromtxt("cora.content", dtype=np.dtype(str))
        edges = np.genfromtxt("cora.cites", dtype=np.int32)
        at = {int(number): row for row, number in enumerate(nodes[:, 0])}
        assert len(at) == len(nodes) and all(int(end) in at for end in edges[:, 0])
        train, test = np.arange(len(nodes))[1500:], np.arange(len(nodes))[:1000]
        assert len(train) > 0 and len(test) == 1000
        """
    )


def test_arrays_are_made_up_by_their_names(holds: Holds) -> None:
    holds(
        """
        import numpy as np
        with np.load("data.npz") as data:
            x, y = data["x_train"], data["y_train"]
        assert x.ndim == 2 and y.shape == (len(x),) and y.dtype.kind == "i"
        vectors = np.load("glove_embedding.npy")
        assert vectors.ndim == 2
        np.save("mine.npy", np.zeros((2, 3)))
        assert np.load("mine.npy").shape == (2, 3)
        """
    )


def test_vectors_of_words_have_as_many_numbers_as_the_files_name_says(holds: Holds) -> None:
    holds("""
        import torch
        vectors = {}
        with open("glove.6B.100d.txt", encoding="utf8") as file:
            for line in file:
                word, *numbers = line.rstrip().split(" ")
                vectors[word] = torch.tensor([float(number) for number in numbers])
        assert len(vectors) > 1000 and {vector.shape for vector in vectors.values()} == {(100,)}
        assert len(next(open("wiki-news-300d-1M.vec")).split()) == 301
    """)


def test_a_line_of_json_names_its_picture_by_its_file(holds: Holds) -> None:
    holds("""
        import json
        from pathlib import Path
        rows = [json.loads(line) for line in open("train.jsonl")]
        assert (Path("images") / rows[0]["image"]).suffix == ".png" and isinstance(rows[0]["audio"], str)
    """)


def test_what_is_not_known_can_be_written_as_json(holds: Holds) -> None:
    holds("""
        import json, no_such_package
        json.loads(json.dumps({"score": no_such_package.score()}))
    """)
