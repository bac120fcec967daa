"""What a script is for, told from its text: the arguments that it would end without, its kind of data and of model."""

from __future__ import annotations

import ast
import csv
import functools
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from shapecheck.tracer.standins.checkpoints import USUAL_FOR
from shapecheck.tracer.standins.script import ends_the_run, tree

_CHECKPOINTS = {
    "t5": "google-t5/t5-small", "gpt2": "openai-community/gpt2", "vit": "google/vit-base-patch16-224-in21k",
    "wav2vec2": "facebook/wav2vec2-base", "whisper": "openai/whisper-small", "detr": "facebook/detr-resnet-50",
    "segformer": "nvidia/mit-b0", "mask2former": "facebook/mask2former-swin-tiny-coco-instance",
}  # fmt: skip
"""A usual checkpoint of each type."""
_DATA_FOR = {
    "TokenClassification": "conll2003", "QuestionAnswering": "squad", "MultipleChoice": "swag", "CausalLM": "wikitext",
    "MaskedLM": "wikitext", "ImageClassification": "beans", "MaskedImageModeling": "cifar10",
    "AudioClassification": "speech_commands", "CTC": "timit_asr",
}  # fmt: skip
"""A usual data set for a task, by the end of the auto class's name."""
_USUAL = "imdb"
_PREFERRED = ("dataset", "train", "task")


def demanded(path: str) -> set[str]:
    """The options that a script ends without: ``if args.task is None and args.train_file is None: raise``.

    Of several that do, one; all of those that it wants together (``or``).
    """
    found: set[str] = set()
    for node in ast.walk(tree(path) or ast.Module([], [])):
        if isinstance(node, ast.If) and any(map(ends_the_run, node.body)):
            names = list(_missing(node.test))
            if isinstance(node.test, ast.BoolOp) and isinstance(node.test.op, ast.And) and names:
                names = [min(names, key=_rank)]
            found.update(names)
    return found


def _missing(test: ast.expr) -> Iterator[str]:
    """``x`` of each ``args.x is None`` that a condition consists of; none where it asks for anything else."""
    parts = test.values if isinstance(test, ast.BoolOp) else [test]
    names = []
    for part in parts:
        match part:
            case ast.Compare(ast.Attribute(attr=name), [ast.Is()], [ast.Constant(None)]):
                names.append(name)
            case _:
                return
    yield from names


def _rank(name: str) -> int:
    return next((at for at, word in enumerate(_PREFERRED) if word in name), len(_PREFERRED))


def accepted(path: str, option: str) -> str | None:
    """The first key of the table that a script looks an option up in (``args.task not in processors``,
    ``models[args.arch]``); None where there is none.
    """
    root = tree(path) or ast.Module([], [])
    named = {
        node.targets[0].id
        for node in ast.walk(root)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and _speaks_of(node.value, option)
    }
    for node in ast.walk(root):
        match node:
            case ast.Compare(left=key, ops=[ast.In() | ast.NotIn()], comparators=[table]):
                pass
            case ast.Subscript(value=ast.Name() as table, slice=key):
                pass
            case _:
                continue
        if _speaks_of(key, option) or (isinstance(key, ast.Name) and key.id in named):
            known = next(_keys(root, table), None)
            if known is not None:
                return known
    return None


def _speaks_of(node: ast.expr, option: str) -> bool:
    """Whether an expression is an option of the parsed arguments, or what a method makes of it."""
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and not node.args:
        node = node.func.value
    return isinstance(node, ast.Attribute) and node.attr == option


def _keys(root: ast.Module, table: ast.expr) -> Iterator[str]:
    """The words in a table that is written down, in the script's text or in what it has imported."""
    if isinstance(table, ast.Name):
        name = table.id
        for node in ast.walk(root):
            if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in node.targets):
                yield from _keys(root, node.value) if not isinstance(node.value, ast.Name) else ()
        held = getattr(sys.modules.get("__main__"), name, ())
        yield from (key for key in (held if isinstance(held, (dict, list, tuple)) else ()) if isinstance(key, str))
        return
    parts: Iterable[ast.expr | None] = getattr(table, "keys", None) or getattr(table, "elts", None) or ()
    yield from (p.value for p in parts if isinstance(p, ast.Constant) and isinstance(p.value, str))


def data_set(text: str, rules_dir: Path) -> str:
    """A usual data set for the first auto class that the script names, else the one of whose columns it speaks most."""
    used = next((name for word, name in _DATA_FOR.items() if f"AutoModelFor{word}" in text), None)
    if used is not None:
        return used
    spoken = set(re.findall(r"[\"'](\w+)[\"']", text))
    scores = {
        name: sum(column in spoken for column in columns) ** 2 / len(columns)
        for name, columns in _columns(rules_dir).items()
    }
    best = max(scores, key=lambda name: scores[name], default=_USUAL)
    return best if scores.get(best, 0) > scores.get(_USUAL, 0) else _USUAL


@functools.cache
def _columns(rules_dir: Path) -> dict[str, list[str]]:
    """The columns of each data set that has but one configuration."""
    with (rules_dir / "data" / "datasets.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if not row["config"]]
    return {row["dataset"]: [word.partition(":")[0] for word in row["columns"].split()] for row in rows}


def checkpoint(text: str) -> str:
    """A usual checkpoint for the first auto class that the script names, bert-base-uncased for the others."""
    used = next((kind for word, kind in USUAL_FOR.items() if f"AutoModelFor{word}" in text), "bert")
    return _CHECKPOINTS.get(used, "bert-base-uncased")
