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


SPARING = """
import argparse
parser = argparse.ArgumentParser()
parser.add_argument("--dataset_name")
parser.add_argument("--train_file")
parser.add_argument("--valid_file")
parser.add_argument("--model_name_or_path", default=None)
parser.add_argument("--extra")
parser.add_argument("--do_train", action="store_true")
args = parser.parse_args()
if args.dataset_name is None and args.train_file is None:
    raise ValueError("give one of them")
assert args.do_train and args.extra is None and args.valid_file is None
"""


def test_what_a_script_ends_without_is_given_although_its_parser_does_not_require_it(holds: Holds) -> None:
    result = holds(SPARING + "assert args.dataset_name == 'imdb' and args.model_name_or_path == 'bert-base-uncased'\n")
    assert "argument --dataset_name was not given: imdb" in result.assumptions


def test_the_data_set_and_the_model_fit_what_the_script_is_for(holds: Holds) -> None:
    used = """
def load():
    from transformers import AutoModelForSeq2SeqLM
    rows = {"article": [], "highlights": []}
    return AutoModelForSeq2SeqLM.from_pretrained(args.model_name_or_path), rows["article"], rows["highlights"]
assert args.dataset_name == 'cnn_dailymail' and args.model_name_or_path == 'google-t5/t5-small'
"""
    holds(SPARING + used)


def test_a_group_of_commands_runs_its_first(holds: Holds) -> None:
    result = holds("""
        import click
        ran = []
        @click.group()
        def cli():
            pass
        @cli.command()
        @click.option("--hidden-size", type=int, required=True)
        def train(hidden_size):
            ran.append(hidden_size)
        cli(standalone_mode=False)
        assert ran == [64]
    """)
    assert "command train chosen: none was given" in result.assumptions


def test_an_option_that_is_looked_up_in_a_table_is_one_of_its_keys(holds: Holds) -> None:
    result = holds("""
        import argparse
        parser = argparse.ArgumentParser()
        parser.add_argument("--task_name", required=True, type=str)
        parser.add_argument("--arch", required=True)
        parser.add_argument("--loss", required=True)
        args = parser.parse_args()
        tasks = {"cola": 2, "mnli": 3}
        archs = dict(small=8, large=16)
        name = args.task_name.lower()
        if name not in tasks:
            raise ValueError("no such task")
        assert tasks[name] == 2 and args.loss in ("mse", "bce")
    """)
    assert "argument --task_name was not given: cola" in result.assumptions
    assert "argument --loss was not given: mse" in result.assumptions
