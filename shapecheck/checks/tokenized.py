"""SHP407 and SHP412: what a tokenizer is asked for that it cannot do."""

from __future__ import annotations

from collections.abc import Iterator

from shapecheck.checks import words
from shapecheck.checks.report import found
from shapecheck.dims import Dim
from shapecheck.findings import Finding
from shapecheck.graph import Event, ShapeGraph
from shapecheck.places import Span

_RAGGED = (
    "Unable to create tensor, you should probably activate truncation and/or padding with 'padding=True' "
    "'truncation=True' to have batched tensors with the same length."
)
_NO_TOKEN = (
    "Asking to pad but the tokenizer does not have a padding token. Please select a token to use as `pad_token` "
    "`(tokenizer.pad_token = tokenizer.eos_token e.g.)` or add a new pad token via "
    "`tokenizer.add_special_tokens({'pad_token': '[PAD]'})`."
)
_TWICE = 2
"""A text of twice as many words as another has more tokens, by all tokenizers that cut words and not letters."""


def tokenizer_calls(graph: ShapeGraph) -> Iterator[Finding]:
    """Several texts made one tensor without padding; padding without a token for it."""
    for event in graph.events:
        if event.kind != "tokenize":
            continue
        if event.data.get("padding") is True and event.data.get("pad_token") is False:
            yield _no_padding_token(event)
        elif event.data.get("padding") is False and event.data.get("tensors") is True:
            yield from _ragged(event)


def ragged_examples(graph: ShapeGraph) -> Iterator[Finding]:
    """SHP407 for a Dataset that tokenizes each text by itself, as long as it is, and a loader that stacks them."""
    told: set[Span] = set()
    calls = [event for event in graph.events if event.kind == "tokenize"]
    alone = {call.span: call for call in calls if call.data.get("texts") is None and _by_itself(call)}
    for event in graph.events:
        size, rows = event.data.get("batch_size"), event.data.get("rows")
        if event.kind != "collate" or not isinstance(size, Dim) or (size.value or 1) < 2 or rows == 1:
            continue
        for tensor in event.data.get("stacked") or ():
            spans = (dim.origin.span for dim in tensor.shape.dims if dim.origin is not None and dim.value is None)
            made = next((alone[span] for span in spans if span in alone), None)
            if made is None or made.span in told:
                continue
            told.add(made.span)
            yield found(
                "SHP407",
                "examples",
                made.span,
                severity="warning",
                tensor=tensor,
                symptom=event.span,
                says="stack expects each tensor to be equal size",
                label="one text, as long as it is",
                help='pass padding="max_length", truncation=True and max_length=, or pad each batch: '
                "DataLoader(..., collate_fn=DataCollatorWithPadding(tokenizer))",
                remedy="max_length",
                shapes=[words.named(tensor)],
                size=words.size(size),
            )


def _by_itself(event: Event) -> bool:
    """Whether a tokenizer is called for every example anew, and brings it to no common length."""
    return event.data.get("to_limit") is False and any(
        frame.function.endswith("__getitem__") for frame in event.context
    )


def _no_padding_token(event: Event) -> Finding:
    return found(
        "SHP412",
        "",
        event.span,
        says=_NO_TOKEN,
        label="asked to pad",
        help="set tokenizer.pad_token = tokenizer.eos_token before it",
        tokenizer=event.data.get("tokenizer"),
    )


def _ragged(event: Event) -> Iterator[Finding]:
    count = event.data.get("texts")
    texts = [text for text in event.data.get("literal") or () if isinstance(text, str)]
    lengths = sorted(len(text.split()) for text in texts)
    if not isinstance(count, Dim) or len(texts) < 2 or count.value != len(texts) or lengths[0] == lengths[-1]:
        return
    certain = lengths[-1] >= _TWICE * lengths[0] + 2
    yield found(
        "SHP407",
        "",
        event.span,
        says=_RAGGED if certain else "",
        severity="error" if certain else "warning",
        label=f"{len(texts)} texts, of {lengths[0]} to {lengths[-1]} words",
        help="pass padding=True",
        count=len(texts),
        least=lengths[0],
        most=lengths[-1],
        texts=words.size(count),
    )
