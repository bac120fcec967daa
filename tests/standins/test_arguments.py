"""What a script asks of its user."""

from __future__ import annotations

from collections.abc import Callable

from shapecheck.tracer import TraceResult

Holds = Callable[..., TraceResult]

PARSER = """
import argparse
parser = argparse.ArgumentParser()
parser.add_argument("data_dir")
parser.add_argument("--model_name", required=True)
parser.add_argument("--batch_size", type=int, required=True)
parser.add_argument("--mode", choices=["train", "test"], required=True)
parser.add_argument("--lr", type=float, default=0.5)
args = parser.parse_args()
"""


def test_required_arguments_get_values_by_name_and_type_and_are_listed(holds: Holds) -> None:
    result = holds(
        PARSER
        + """
assert isinstance(args.batch_size, int) and args.mode == "train" and args.lr == 0.5
assert args.model_name == "bert-base-uncased" and args.data_dir
"""
    )
    assert "argument --mode was not given: train" in result.assumptions


def test_given_arguments_are_kept(holds: Holds) -> None:
    given = ("here", "--model_name", "m", "--batch_size", "7", "--mode", "test")
    result = holds(PARSER + "assert (args.data_dir, args.model_name, args.batch_size) == ('here', 'm', 7)\n", *given)
    assert not any("was not given" in text for text in result.assumptions)


def test_answers_and_environment_variables_are_made_up_only_where_there_is_no_default(holds: Holds) -> None:
    holds(
        """
        import os
        assert os.environ.get("NO_SUCH_VARIABLE") is None and "NO_SUCH_VARIABLE" not in os.environ
        assert isinstance(os.environ["NO_SUCH_VARIABLE"], str) and int(os.environ["WORLD_SIZE"]) == 1
        assert isinstance(input("your name? "), str) and int(input("how many? ")) == 1
        """
    )


def test_dataclasses_of_arguments_are_filled(holds: Holds) -> None:
    holds(
        """
        from dataclasses import dataclass, field
        from transformers import HfArgumentParser, TrainingArguments
        @dataclass
        class Model:
            model_name_or_path: str
            max_seq_length: int = 16
        model, training = HfArgumentParser((Model, TrainingArguments)).parse_args_into_dataclasses()
        assert model.model_name_or_path == "bert-base-uncased" and model.max_seq_length == 16
        """
    )
