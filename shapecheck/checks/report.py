"""Findings from the rule book: the one place that turns a detector's facts into a Finding."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from shapecheck import rulebook
from shapecheck.findings import Finding, NamedShape, Related, Severity
from shapecheck.graph import Stage, Tensor
from shapecheck.places import Span


def found(
    code: str,
    variant: str,
    span: Span,
    *,
    stage: Stage | None = None,
    tensor: Tensor | None = None,
    symptom: Span | None = None,
    severity: Severity | None = None,
    says: str = "",
    label: str = "",
    help: str = "",
    remedy: str = "",
    related: Iterable[Related | None] = (),
    shapes: Iterable[NamedShape] = (),
    **facts: object,
) -> Finding:
    """A finding of a rule at its root cause.

    ``variant`` picks the message of the rule's text, ``facts`` fill its placeholders. Where ``symptom`` (the call at
    which PyTorch raises) is another place than ``span``, it comes first among the related places. ``says`` is what
    PyTorch will say, where the stage has no conflict of its own.
    """
    rule = rulebook.rule(code)
    places = [place for place in related if place is not None and place.span != span]
    if stage is not None:
        says = stage.message or (stage.conflict.message if stage.conflict else says)
    if symptom is not None and not _one_place(symptom, span):
        raises = f"{'numpy' if _of_numpy(stage) else 'PyTorch'} raises here"
        told = Related(symptom, raises if says else "it takes effect here")
        # On the root's own line it tells a reader less than the places that the sizes come from.
        places.insert(len(places) if (symptom.path, symptom.line) == (span.path, span.line) else 0, told)
    return Finding(
        rule=rule.code,
        name=rule.name,
        severity=severity or rule.severity,
        message=rule.say(variant, **facts),
        span=span,
        label=label,
        shapes=tuple(shapes),
        related=tuple(_once(places)),
        torch_says=f"numpy: {says}" if says and _of_numpy(stage) else says,
        help=help,
        remedy=remedy,
        symptom=symptom or span,
        stage=stage,
        tensor=tensor,
    )


def _of_numpy(stage: Stage | None) -> bool:
    return stage is not None and stage.op.startswith("numpy.")


def rooted(finding: Finding, span: Span, label: str, help: str) -> Finding:
    """A finding told at another place, the one to change; where it raises comes first among the related ones."""
    symptom = finding.symptom or finding.span
    places = [place for place in finding.related if place.span not in (span, symptom)]
    told = [] if _one_place(symptom, span) else [Related(symptom, "PyTorch raises here")]
    related = tuple(_once([*told, *places]))
    return replace(finding, span=span, label=label, help=help, remedy="", related=related, symptom=symptom)


def _one_place(a: Span, b: Span) -> bool:
    return a == b or (not (a.exact and b.exact) and (a.path, a.line) == (b.path, b.line))


def _once(places: list[Related]) -> list[Related]:
    kept: dict[Span, Related] = {}
    for place in places:
        kept.setdefault(place.span, place)
    return list(kept.values())
