"""Two evidences, one list: what the text says and what the trace shows, one finding per fault, ordered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from shapecheck.checks.operators import FALLBACKS, GENERAL
from shapecheck.findings import SEVERITIES, Edit, Finding, Related
from shapecheck.graph import Frame, ShapeGraph, Stage, Tensor
from shapecheck.places import Span

_SILENT_BUT_SHAPES = ("SHP601", "SHP603", "SHP604", "SHP606", "SHP607", "SHP611")
_ABOUT_VALUES = ("SHP303", "SHP314")
"""Claims about the ids of a whole data set: the one batch that a trace takes does not refute them."""
_TRUSTED = ("known", "observed")


def merge(
    static: list[Finding], traced: list[Finding], traced_graph: ShapeGraph | None, status: str | None
) -> list[Finding]:
    """One finding per fault, ordered by severity and certainty.

    A static finding is confirmed by a traced one of the same fault, and refuted only by a trace that executed that very
    stage, in that call context, with every operand observed, and did not find it there. ``status`` is the trace's
    (``completed``, ``raised`` ...), None where there was none.
    """
    left = list(traced)
    merged: list[Finding] = []
    for claim in static:
        proof = next((finding for finding in left if same_fault(claim, finding)), None)
        if proof is not None:
            left.remove(proof)
            merged.append(joined(claim, proof))
        elif traced_graph is None or status is None or not refuted(claim, traced_graph):
            merged.append(claim)
    return ordered(_without_general([*merged, *left]))


def same_fault(a: Finding, b: Finding) -> bool:
    """Whether two findings speak of one fault: the same rule at the same root, the same change of the same text, or the
    same stage at which it raises."""
    if a.rule == b.rule and (_touch(a.span, b.span) or _symptoms_touch(a, b)):
        return True
    if _mend(a) and _mend(a) == _mend(b):
        return True
    if "SHP230" in (a.rule, b.rule) and _symptoms_touch(a, b):
        return True  # which tells of an error at a place, and nothing else
    raises = bool(a.torch_says) and bool(b.torch_says)
    return raises and _symptoms_touch(a, b)


def _mend(finding: Finding) -> tuple[Edit, ...]:
    """What the best fix of a finding writes."""
    return finding.fixes[0].edits if finding.fixes else ()


def _symptoms_touch(a: Finding, b: Finding) -> bool:
    return a.symptom is not None and b.symptom is not None and _touch(a.symptom, b.symptom)


def _touch(a: Span, b: Span) -> bool:
    """Whether two spans mark the same text; by line where one of them has no columns."""
    if a.exact and b.exact:
        return a.covers(b) or b.covers(a)
    return (a.path, a.line) == (b.path, b.line)


def joined(claim: Finding, proof: Finding) -> Finding:
    """One finding from two: the more specific rule speaks, and what the other alone knows is added."""
    first, second = (proof, claim) if claim.rule in GENERAL and proof.rule not in GENERAL else (claim, proof)
    severity = min(first.severity, second.severity, key=SEVERITIES.index)
    return replace(
        first,
        severity=severity,
        evidence=("static", "traced"),
        torch_says=proof.torch_says or claim.torch_says,
        shapes=first.shapes or second.shapes,
        related=_places(first.related, second.related),
        fixes=first.fixes or second.fixes,
    )


def _places(first: Iterable[Related], second: Iterable[Related]) -> tuple[Related, ...]:
    kept: dict[tuple[str, int], Related] = {}
    for place in (*first, *second):
        kept.setdefault((place.span.path, place.span.line), place)
    return tuple(kept.values())


def refuted(claim: Finding, graph: ShapeGraph) -> bool:
    """Whether the trace ran the claim's stage, in its call context, on observed operands, and found nothing there."""
    stage = claim.stage
    if not isinstance(stage, Stage) or not _refutable(claim, stage):
        return False
    runs = [
        run
        for run in graph.stages
        if run.op == stage.op and _touch(run.span, stage.span) and _same_calls(run.context, stage.context)
    ]
    return bool(runs) and all(_observed(run) and run.conflict is None and run.message is None for run in runs)


def _refutable(claim: Finding, stage: Stage) -> bool:
    """Whether the claim is about the shapes at the stage itself, not about padding or what is done with its output."""
    about_shapes = bool(claim.torch_says) or claim.rule in _SILENT_BUT_SHAPES
    if (
        claim.rule in _ABOUT_VALUES
        or not about_shapes
        or claim.symptom is None
        or not _touch(claim.symptom, stage.span)
    ):
        return False
    beyond = claim.symptom.exact and stage.span.exact and claim.symptom != stage.span
    return not (beyond and claim.symptom.covers(stage.span))  # `encoder(ids)[2]` raises behind the call, not in it


def _same_calls(a: tuple[Frame, ...], b: tuple[Frame, ...]) -> bool:
    return len(a) == len(b) and all(_touch(x.span, y.span) for x, y in zip(a, b, strict=True))


def _observed(stage: Stage) -> bool:
    operands = list(stage.tensors())
    return bool(operands) and all(_certain(tensor) for tensor in operands)


def _certain(tensor: Tensor) -> bool:
    return tensor.shape.rank is not None and all(dim.status in _TRUSTED for dim in tensor.shape.dims)


def _without_general(findings: list[Finding]) -> list[Finding]:
    """The general rules are silent where a telling one explains the same raised error, and each fault is said once."""
    kept: list[Finding] = []
    for finding in findings:
        if finding.rule in GENERAL and any(_explains(other, finding) for other in findings):
            continue
        if not any(finding.rule == other.rule and finding.span == other.span for other in kept):
            kept.append(finding)
    return kept


def _explains(other: Finding, general: Finding) -> bool:
    if other.rule in GENERAL or other.severity != "error":
        return False
    places = [other.span, *([other.symptom] if other.symptom else []), *(place.span for place in other.related)]
    return general.symptom is not None and any(_touch(place, general.symptom) for place in places)


def ordered(findings: list[Finding]) -> list[Finding]:
    """The most severe and most certain root cause first; then in the order of the run, and of the text."""
    return sorted(findings, key=_rank)


def _rank(finding: Finding) -> tuple[int, int, int, int, str, int, int]:
    certainty = 0 if "traced" in finding.evidence else 1
    order = finding.stage.index if isinstance(finding.stage, Stage) else 0
    return (
        SEVERITIES.index(finding.severity),
        certainty,
        int(finding.rule in FALLBACKS),
        order,
        finding.span.path,
        finding.span.line,
        finding.span.column,
    )
