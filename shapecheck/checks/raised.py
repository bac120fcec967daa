"""SHP230: what a traced script ended with, where no rule says why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from shapecheck import errorbook
from shapecheck.checks import words
from shapecheck.checks.report import found
from shapecheck.findings import Finding
from shapecheck.graph import Event, ShapeGraph, Tensor
from shapecheck.places import Span


def unexplained(graph: ShapeGraph, findings: Iterable[Finding]) -> Iterator[Finding]:
    """SHP230: an error over shapes at the user's line, with the shapes of what stands there."""
    for event in graph.events:
        if event.kind != "raised" or _explained(event, graph, findings):
            continue
        message = str(event.data["message"])
        known = errorbook.meaning(message)
        named = {text: tensor for text, tensor in event.data["named"].items() if isinstance(tensor, Tensor)}
        for text, tensor in named.items():
            tensor.text = tensor.text or text
        yield found(
            "SHP230",
            "named" if named else "",
            event.span,
            says=message,
            label=" and ".join(f"{text} is {tensor.shape}" for text, tensor in list(named.items())[:3]),
            help=known.look if known is not None else "",
            related=[words.comes_from(tensor) for tensor in named.values()],
            shapes=[words.named(tensor) for tensor in named.values()],
            kind=event.data["type"],
            what=" ".join(message.split()).rstrip("."),
            operands=_listed(named),
        )


def _explained(event: Event, graph: ShapeGraph, findings: Iterable[Finding]) -> bool:
    """Whether a finding speaks of the line that raises, or a stage is known to have failed on the way to it."""
    lines = {(span.path, span.line) for span in (event.span, *_spans(event.data["chain"]))}
    here = {(event.span.path, event.span.line)}
    if any(stage.message is not None and _line(stage.span) in lines for stage in graph.stages):
        return True
    for finding in findings:
        raises = {_line(finding.symptom or finding.span)} if finding.torch_says else set()
        if raises & lines or (finding.severity == "error" and here & {_line(place) for place in finding.places}):
            return True
    return False


def _spans(chain: object) -> Iterator[Span]:
    return (span for span in chain if isinstance(span, Span)) if isinstance(chain, (list, tuple)) else iter(())


def _line(span: Span) -> tuple[str, int]:
    return span.path, span.line


def _listed(named: dict[str, Tensor]) -> str:
    return " and ".join(f"`{text}` {tensor.shape}" for text, tensor in list(named.items())[:3])
