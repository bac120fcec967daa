"""Small scripts under test: what the interpreter knows of the tensors that they hand to ``torch.relu``."""

from __future__ import annotations

from textwrap import dedent

from shapecheck.graph import Event, ShapeGraph, Tensor
from shapecheck.interp import analyze
from shapecheck.source import Source

HEAD = """
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, Dataset, TensorDataset
from transformers import AutoConfig, AutoModel, AutoModelForSequenceClassification, AutoTokenizer, BertConfig, BertModel
"""


def graph_of(text: str) -> ShapeGraph:
    """The graph of a script; the usual imports stand above it."""
    return analyze(Source("script.py", HEAD + dedent(text)))


def probed(text: str) -> list[Tensor]:
    """The tensors that a script hands to ``torch.relu``, in order."""
    stages = [stage for stage in graph_of(text).stages if stage.op == "torch.relu"]
    return [value for stage in stages if isinstance(value := stage.inputs["input"], Tensor)]


def shapes(text: str) -> list[str]:
    """The shapes of what a script hands to ``torch.relu``."""
    return [str(tensor.shape) for tensor in probed(text)]


def events(text: str, kind: str) -> list[Event]:
    """The events of one kind."""
    return [event for event in graph_of(text).events if event.kind == kind]
