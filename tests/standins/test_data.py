"""Data sets and files that are not there."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

from shapecheck.tracer import Tracer, TraceRequest, TraceResult

Holds = Callable[..., TraceResult]

no_datasets = pytest.mark.skipif(find_spec("datasets") is not None, reason="datasets is installed")


@no_datasets
def test_a_known_data_set_has_its_columns_and_classes(holds: Holds) -> None:
    holds(
        """
        from datasets import load_dataset
        news = load_dataset("ag_news")
        assert news["train"].column_names == ["text", "label"] and news["train"].features["label"].num_classes == 4
        assert set(news["train"]["label"]) == {0, 1, 2, 3}
        tagged = load_dataset("conll2003", split="train")
        assert len(tagged[0]["tokens"]) == len(tagged[0]["ner_tags"])
        """
    )


@no_datasets
def test_map_filter_split_and_format_work_as_in_datasets(holds: Holds) -> None:
    result = holds(
        """
        import torch
        from datasets import Dataset, DatasetDict, load_dataset
        from transformers import AutoTokenizer
        raw = load_dataset("my/unknown", split="train")
        tokenizer = AutoTokenizer.from_pretrained("bert-base-uncased")
        def encode(batch):
            return tokenizer(batch["review"], truncation=True, padding="max_length", max_length=20)
        data = raw.map(encode, batched=True)
        data = data.rename_column("label", "labels").remove_columns(["text"])
        data.set_format("torch", columns=["input_ids", "labels"])
        assert data[0]["input_ids"].shape == (20,) and data[:3]["labels"].dtype == torch.int64
        parts = data.train_test_split(test_size=0.2)
        assert abs(len(parts["test"]) / len(data) - 0.2) < 0.02 and isinstance(parts, DatasetDict)
        small = Dataset.from_dict({"x": [1, 2, 3], "y": ["a", "b", "c"]})
        assert small.filter(lambda row: row["x"] > 1)["y"] == ["b", "c"]
        assert small.map(lambda row: {"z": row["x"] * 2}, remove_columns=["y"])[1] == {"x": 2, "z": 4}
        assert small.select([2, 0])["x"] == [3, 1] and small.shuffle(seed=1).num_rows == 3
        """
    )
    assert any(text.startswith("data set my/unknown") for text in result.assumptions)


@no_datasets
def test_made_up_rows_fill_more_than_one_batch_of_the_size_that_the_script_sets(holds: Holds) -> None:
    holds(
        """
        from datasets import load_dataset
        from torch.utils.data import DataLoader
        batch_size = 200
        loader = DataLoader(load_dataset("imdb", split="train"), batch_size=batch_size)
        sizes = [len(batch["label"]) for batch in loader]
        assert sizes[0] == 200 and 1 < sizes[-1] < 200
        """
    )


def test_missing_files_are_made_up_and_written_ones_are_read_again(holds: Holds) -> None:
    result = holds(
        """
        import csv, glob, json, os, pickle
        from pathlib import Path
        import torch
        with open("data/train.json") as file:
            records = json.load(file)
        assert isinstance(records[0]["question"], str) and isinstance(records[0]["label"], int)
        rows = [json.loads(line) for line in open("dev.jsonl")]
        assert isinstance(rows[3]["sentence1"], str)
        assert next(csv.reader(open("table.csv"))) == ["text", "label"]
        os.makedirs("out/deep", exist_ok=True)
        Path("out/deep/log.txt").write_text("hello")
        assert open("out/deep/log.txt").read() == "hello" and os.path.exists("out/deep/log.txt")
        assert not os.path.exists("checkpoint.pt")
        assert os.path.exists("needed.csv"), "the run would end here"
        assert len(os.listdir("images")) > 1 and glob.glob("images/*.jpg")[0].endswith(".jpg")
        model = torch.nn.Linear(2, 2)
        state = torch.load("best.pt", map_location="cuda")
        model.load_state_dict(state["model"])
        assert state["epoch"] == 0
        torch.save({"weights": model.state_dict()}, "out/m.pt")
        assert torch.load("out/m.pt")["weights"]["weight"].shape == (2, 2)
        """
    )
    assert "best.pt is not there: no weights are loaded from it" in result.assumptions


def test_nothing_is_written_beside_the_script(holds: Holds, tmp_path: object) -> None:
    holds(
        """
        import os, shutil
        with open("result.txt", "w") as file:
            file.write("x")
        os.makedirs("models"); os.remove("script.py"); shutil.rmtree(".")
        """
    )
    assert [path.name for path in tmp_path.iterdir()] == ["script.py"]  # type: ignore[attr-defined]


@no_datasets
def test_an_unknown_data_set_has_the_columns_that_the_script_insists_on(holds: Holds) -> None:
    holds("""
        from datasets import load_dataset
        data = load_dataset("someone/sounds")
        assert "nothing" not in data["train"].column_names
        if "audio" not in data["train"].column_names:
            raise ValueError("no audio")
        assert data["train"][0]["audio"]["array"].shape == (16000,)
    """)


@no_datasets
def test_texts_that_are_joined_and_cut_come_to_several_blocks(holds: Holds) -> None:
    holds("""
        from datasets import load_dataset
        data = load_dataset("wikitext", "wikitext-2-raw-v1", split="train")
        def blocks(rows):
            words = sum((text.split() for text in rows["text"]), [])
            return {"ids": [words[at : at + 1024] for at in range(0, len(words) // 1024 * 1024, 1024)]}
        cut = data.map(blocks, batched=True, remove_columns=data.column_names)
        assert len(cut) > 3 and all(len(row["ids"]) == 1024 for row in cut)
    """)


def test_a_json_file_of_class_names_maps_numbers_to_names(holds: Holds) -> None:
    holds("""
        import json
        names = {int(number): name for number, name in json.load(open("data/id2label.json")).items()}
        numbers = json.load(open("data/label2id.json"))
        assert numbers[names[1]] == 1
    """)


def test_a_file_is_made_up_as_the_code_that_reads_it_splits_it(tracer: Tracer, tmp_path: Path) -> None:
    (tmp_path / "reading.py").write_text(
        "def rows(path):\n    return [line.strip().split('\\t') for line in open(path)]\n"
    )
    script = tmp_path / "train.py"
    script.write_text("import reading\nassert all(len(row) == 2 for row in reading.rows('train.txt'))\n")
    result = tracer.trace(TraceRequest(script, timeout=60))
    assert result.status == "completed", result.reason


def test_a_model_saved_to_an_open_file_is_loaded_from_it(holds: Holds) -> None:
    holds("""
        import torch
        with open("best.pt", "wb") as file:
            torch.save(torch.nn.Linear(2, 3), file)
        with open("best.pt", "rb") as file:
            assert torch.load(file, weights_only=False)(torch.ones(1, 2)).shape == (1, 3)
    """)


def test_a_folder_is_there_only_where_the_script_would_end_without_it(holds: Holds) -> None:
    holds("""
        import os
        fresh = True
        if os.path.exists("output") and os.listdir("output") and not (fresh is False):
            raise ValueError("the output is there already")
        if (
            os.path.isdir("output")
            and not fresh
        ):
            raise ValueError("the output is there already")
        if not os.path.isdir("data") or not fresh:
            raise ValueError("no data")
        assert os.path.exists("data/train.csv")
    """)


@no_datasets
def test_an_unknown_data_set_holds_images_where_the_script_is_for_images(holds: Holds) -> None:
    result = holds("""
        from datasets import load_dataset
        from transformers import AutoImageProcessor
        data = load_dataset("someone/pictures", split="train")
        assert data.column_names == ["image", "label"] and data[0]["image"].mode == "RGB"
    """)
    assert any("columns image and label" in text for text in result.assumptions)


def test_a_model_saved_to_memory_is_loaded_from_it(holds: Holds) -> None:
    holds(
        """
        import io, torch
        buffer = io.BytesIO()
        torch.save({"model": torch.nn.Linear(3, 2).state_dict()}, buffer)
        buffer.seek(0)
        assert torch.load(buffer)["model"]["weight"].shape == (2, 3)
        """
    )


def test_made_up_rows_pass_for_those_of_the_installed_datasets(holds: Holds, install: Callable[..., None]) -> None:
    install(
        "datasets",
        """
        class Dataset:
            pass

        class ClassLabel:
            pass

        class DatasetDict(dict):
            def __setitem__(self, part, table):
                if not isinstance(table, Dataset):
                    raise TypeError(f"Values in `DatasetDict` should be of type `Dataset` but got {type(table)}")
                super().__setitem__(part, table)

        def load_dataset(path, split=None):
            raise ConnectionError("no network")

        def concatenate_datasets(tables):
            return [row for table in tables for row in table.arrow]
        """,
    )
    holds(
        """
        from datasets import ClassLabel, Dataset, DatasetDict, concatenate_datasets, load_dataset
        parts = DatasetDict()
        parts["train"] = load_dataset("conll2003", split="train")
        parts["test"] = load_dataset("conll2003", split="test")
        assert isinstance(parts["train"], Dataset) and isinstance(load_dataset("conll2003"), DatasetDict)
        assert isinstance(parts["train"].features["ner_tags"].feature, ClassLabel)
        assert not isinstance(parts["train"], DatasetDict)
        joined = concatenate_datasets([parts["train"], parts["test"]])
        assert len(joined) == len(parts["train"]) + len(parts["test"])
        """
    )


@pytest.mark.skipif(find_spec("pandas") is not None, reason="pandas is installed")
def test_columns_of_a_frame_are_chosen_by_kind_and_summed_up(holds: Holds) -> None:
    holds("""
        import pandas as pd
        frame = pd.DataFrame({"name": ["a", "b"], "x": [1.0, 3.0], "y": [2, 4]})
        assert list(frame.select_dtypes(include="number").columns) == ["x", "y"]
        assert list(frame.select_dtypes(exclude=["object"]).columns) == ["x", "y"]
        assert list(frame.select_dtypes(include=["object"]).columns) == ["name"]
        assert frame.mean()["x"] == 2.0 and frame.max()["y"] == 4 and not frame.empty
        assert [name for name, column in frame.items()] == ["name", "x", "y"]
        assert list(frame.filter(["x"]).columns) == ["x"] and list(frame.filter(like="na").columns) == ["name"]
        assert list(frame.pop("y")) == [2, 4] and "y" not in frame.columns
    """)


@pytest.mark.skipif(find_spec("datasets") is not None, reason="datasets is installed")
def test_a_label_that_nobody_asked_for_gives_way_to_the_labels_that_the_script_makes(holds: Holds) -> None:
    holds("""
        from datasets import load_dataset
        made = load_dataset("json", data_files="instructions.json")["train"]
        rows = made.map(lambda row: {"input_ids": [1, 2], "labels": [1, 2], "seen": row["instruction"]})
        assert "labels" in rows.column_names and "la" + "bel" not in rows.column_names
    """)


def test_a_folder_that_is_not_there_is_taken_as_entered(holds: Holds) -> None:
    holds("""
        import os
        before = os.getcwd()
        os.chdir("/content/drive/MyDrive/course")
        assert os.getcwd() == before
        os.chdir(os.path.dirname(before) or "/")
        assert os.getcwd() != before
    """)


def test_a_bar_of_a_notebook_needs_no_widgets(holds: Holds) -> None:
    holds("""
        from tqdm.notebook import tqdm, trange
        assert list(tqdm([1, 2])) == [1, 2] and list(trange(2)) == [0, 1]
    """)
