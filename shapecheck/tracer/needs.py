"""What a script is going to import of the slow libraries, told from its text: imported once, before the forks."""

from __future__ import annotations

import ast
import warnings

from shapecheck import hub
from shapecheck.tracer.target import Target
from shapecheck.tracer.text import Text

_HEAVY = ("transformers", "torchvision", "datasets", "pandas", "sklearn", "sentence_transformers", "accelerate")


def of(target: Target | None, script: Text | None) -> list[str]:
    """What a request is going to need: what its text imports, or the library of the checkpoint that it names."""
    if target is None or target.in_file:
        return modules(script.source.text) if script is not None else []
    kind = target.model_type
    return ["transformers", *(_of_type(kind) if kind else _of_checkpoint(target.name))]


def modules(text: str) -> list[str]:
    """Names to import: ``transformers``, ``transformers:BertModel`` (an attribute, loaded lazily), a model's module."""
    if not any(name in text for name in _HEAVY):
        return []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return []
    found: dict[str, None] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name: None for alias in node.names if alias.name.split(".")[0] in _HEAVY}
        elif isinstance(node, ast.ImportFrom) and not node.level and (node.module or "").split(".")[0] in _HEAVY:
            found[str(node.module)] = None
            found |= {f"{node.module}:{alias.name}": None for alias in node.names if alias.name != "*"}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 100:
            found |= dict.fromkeys(_of_checkpoint(node.value))
    return list(found) if any(name.split(".")[0].split(":")[0] in _HEAVY for name in found) else []


def _of_checkpoint(name: str) -> list[str]:
    known = hub.checkpoint(name) if name and " " not in name else None
    if known is None or not known.model_type:
        return []
    return _of_type(known.model_type)


def _of_type(model_type: str) -> list[str]:
    kind = model_type.replace("-", "_")
    return [f"transformers.models.{kind}.modeling_{kind}"]
