"""The detectors: each looks at a ShapeGraph and nothing else, and does not know which front end made it.

An *explainer* is asked about a stage that certainly raises; the first that has an answer gives the one finding for it,
so they stand from the most telling to the most general. A *detector* looks over the whole graph for what runs and is
wrong all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from shapecheck.checks import broadcast, linear, loss, operators, outputs, pooling
from shapecheck.findings import Finding
from shapecheck.graph import ShapeGraph, Stage

Explainer = Callable[[ShapeGraph, Stage], Finding | None]
Detector = Callable[[ShapeGraph], Iterator[Finding]]

EXPLAINERS: tuple[Explainer, ...] = (
    pooling.unpooled_classifier,
    pooling.first_example,
    linear.linear_in_features,
    loss.class_axis,
    loss.class_target,
    loss.pair_target,
    loss.other_loss,
    operators.operator_shapes,
)
DETECTORS: tuple[Detector, ...] = (
    outputs.missing_output,
    outputs.output_unpacked,
    broadcast.loss_broadcast,
)


def run(graph: ShapeGraph) -> list[Finding]:
    """Every rule over one graph (annotated by :func:`shapecheck.flow.annotate`): unmerged, unordered."""
    findings = [finding for stage in graph.stages if (finding := explain(graph, stage)) is not None]
    for detector in DETECTORS:
        findings += detector(graph)
    for finding in findings:
        finding.evidence = ("static",) if graph.source == "static" else ("traced",)
    return findings


def explain(graph: ShapeGraph, stage: Stage) -> Finding | None:
    """The finding that explains why a stage raises; None for a stage that does not."""
    if stage.conflict is None or stage.within:
        return None
    return next((finding for explainer in EXPLAINERS if (finding := explainer(graph, stage)) is not None), None)
