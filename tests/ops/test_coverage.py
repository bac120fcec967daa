"""The tables name what torch names, with torch's own parameters and defaults."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from shapecheck import ops
from shapecheck.ops import tables
from tests.ops.harness import torch_callable

ROOT = Path(__file__).resolve().parents[2]
MODULES = [entry for entry in tables.entries() if entry.name.startswith("torch.nn.") and entry.is_module]

CONTAINERS = frozenset(
    "Container DataParallel Module ModuleDict ModuleList ParameterDict ParameterList "
    "RNNBase RNNCellBase Sequential".split()
)
"""Modules whose forward is that of others, or none."""

HELPERS = frozenset(
    "assert_int_or_pair boolean_dispatch handle_torch_function has_torch_function has_torch_function_unary "
    "has_torch_function_variadic grouped_mm scaled_mm scaled_grouped_mm multi_head_attention_forward conv_tbc "
    "native_channel_shuffle fractional_max_pool2d_with_indices fractional_max_pool3d_with_indices "
    "adaptive_max_pool1d_with_indices adaptive_max_pool2d_with_indices adaptive_max_pool3d_with_indices "
    "max_pool1d_with_indices max_pool2d_with_indices max_pool3d_with_indices".split()
)
"""What torch.nn.functional holds beside the functions that people call."""

COLLECTED = frozenset(
    ("Identity", "LSTM", "GRU", "RNN", "Sigmoid", "Tanh", "LogSigmoid", "Softsign", "Tanhshrink", "Softmax2d")
)
"""Modules that take ``*args, **kwargs`` where the documentation says more."""


def test_every_layer_of_torch_is_known() -> None:
    layers = {
        name for name, value in vars(torch.nn).items() if isinstance(value, type) and issubclass(value, torch.nn.Module)
    }
    assert {name for name in layers - CONTAINERS if ops.canonical(f"torch.nn.{name}") is None} == set()


def test_every_function_of_torch_nn_functional_is_known() -> None:
    functions = {
        name for name, value in vars(torch.nn.functional).items() if callable(value) and not isinstance(value, type)
    }
    named = {name for name in functions if not name.startswith("_") and name not in ("Optional", *HELPERS)}
    assert {name for name in named if ops.canonical(f"torch.nn.functional.{name}") is None} == set()


@pytest.mark.parametrize("entry", MODULES, ids=lambda entry: entry.name)
def test_a_layer_has_the_parameters_and_defaults_of_torch(entry: tables.Entry) -> None:
    made = torch_callable(entry.name)
    if entry.name.rpartition(".")[2] not in COLLECTED:
        assert _same(entry.constructor.blank, inspect.signature(made.__init__))
    if (
        len(entry.parameters.names) > 1 and entry.name != "torch.nn.PoissonNLLLoss"
    ):  # its log_input is an option as well
        assert list(entry.parameters.names) == _parameters(inspect.signature(made.forward))


def _parameters(signature: inspect.Signature) -> list[str]:
    return [name for name in signature.parameters if name != "self"]


def _same(ours: object, signature: inspect.Signature) -> bool:
    theirs = {name: value.default for name, value in signature.parameters.items() if name != "self"}
    assert isinstance(ours, dict)
    assert list(ours) == list(theirs)
    return all(
        default is inspect.Parameter.empty or callable(default) or ours[name] == default
        for name, default in theirs.items()
    )


@pytest.mark.parametrize("entry", MODULES, ids=lambda entry: entry.name)
def test_an_option_of_a_layer_is_not_named_like_an_operand(entry: tables.Entry) -> None:
    assert set(entry.constructor.blank).isdisjoint(entry.parameters.blank)


def test_every_operator_exists_in_torch_under_all_its_names() -> None:
    found, aliases = tables.names()
    missing = []
    for name in [*found, *aliases]:
        try:
            torch_callable(name)
        except AttributeError:
            missing.append(name)
    # Attributes that exist on instances alone, and what another build of torch has.
    assert [name for name in missing if not name.startswith(("torch.cuda.", "torch.Tensor.", "einops."))] == []


def test_an_alias_leads_to_an_operator() -> None:
    found, aliases = tables.names()
    assert {target for target in aliases.values() if target not in found} == set()


def test_there_are_more_than_three_hundred_operators() -> None:
    assert len(tables.names()[0]) > 300


def test_the_table_in_the_documentation_is_current() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "operators_table.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
