"""SHP405: tokens added to a tokenizer, while the model's embedding has no rows for them."""

from __future__ import annotations

from collections.abc import Iterator

from shapecheck import vocabulary
from shapecheck.checks import words
from shapecheck.checks.report import found
from shapecheck.dims import Dim
from shapecheck.findings import Finding, Related, Severity
from shapecheck.graph import Event, ShapeGraph, Stage, Tensor
from shapecheck.vocabulary import short

_OUT_OF_RANGE = "index out of range in self"


def embedding_not_resized(graph: ShapeGraph, stage: Stage) -> Finding | None:
    """Why an embedding raises: an id that the tokenizer gives since tokens were added to it."""
    ids, rows = _ids(stage), _rows(stage)
    if _OUT_OF_RANGE not in (stage.message or "") or ids is None or ids.high is None or rows is None:
        return None
    event = _grown(graph, stage)
    if event is None or ids.high < rows:
        return None
    return _finding(stage, ids, rows, event, "error" if _entries(event) == rows else "warning")


def without_rows(graph: ShapeGraph) -> Iterator[Finding]:
    """The same where the program is only read: certain where an added token stands in the texts that are known."""
    if graph.source == "traced":
        return
    for stage in graph.stages:
        ids, rows = _ids(stage), _rows(stage)
        if ids is None or ids.role != "ids" or rows is None or stage.conflict is not None:
            continue
        if ids.high is not None and ids.high < rows:
            continue
        event = _grown(graph, stage)
        if event is not None and _entries(event) == rows and _same_checkpoint(stage, event):
            yield _finding(stage, ids, rows, event, "warning" if ids.high is None else "error")


def _ids(stage: Stage) -> Tensor | None:
    return stage.tensor("input_ids") if vocabulary.is_model(stage) else stage.tensor("input")


def _rows(stage: Stage) -> int | None:
    """The rows of the embedding that ids come to first."""
    name = "vocab_size" if vocabulary.is_model(stage) else "num_embeddings"
    size = stage.module.params.get(name) if stage.module is not None and not stage.within else None
    return size.value if isinstance(size, Dim) else None


def _grown(graph: ShapeGraph, stage: Stage) -> Event | None:
    """The event that added tokens, unless the program gave a model other rows before the stage."""
    before = [event for event in graph.events if event.index < stage.index]
    if any(event.kind == "resize" or _new_embedding(event) for event in before):
        return None
    grown = [event for event in before if event.kind == "add_tokens" and event.data.get("new")]
    return next((event for event in grown if _same_checkpoint(stage, event)), grown[-1] if grown else None)


def _new_embedding(event: Event) -> bool:
    return event.kind == "replace" and "embed" in str(event.data.get("path"))


def _entries(event: Event) -> int | None:
    entries = event.data.get("entries")
    return entries if isinstance(entries, int) else None


def _same_checkpoint(stage: Stage, event: Event) -> bool:
    return stage.module is not None and stage.module.params.get("checkpoint") == event.data.get("tokenizer")


def _finding(stage: Stage, ids: Tensor, rows: int, event: Event, severity: Severity) -> Finding:
    new = [str(token) for token in event.data["new"]]
    made = stage.module.created if stage.module is not None else None
    return found(
        "SHP405",
        "" if severity == "error" else "may",
        event.span,
        stage=stage,
        tensor=ids,
        symptom=stage.span,
        severity=severity,
        says=_OUT_OF_RANGE if severity == "error" else "",
        label=f"gives ids from {rows} on",
        help="call model.resize_token_embeddings(len(tokenizer))",
        related=[Related(made, f"{rows} rows") if made is not None else None],
        shapes=[words.named(ids, name="input_ids")],
        model=short(stage),
        tokens=", ".join(f"`{token}`" for token in new[:3]) + (" ..." if len(new) > 3 else ""),
        rows=rows,
        most=rows - 1,
    )
