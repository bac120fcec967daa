"""What is found: findings, their evidence, related places and fixes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from shapecheck.places import Span

Severity = Literal["error", "warning", "info"]
Evidence = Literal["static", "traced"]
Safety = Literal["safe", "unsafe"]

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")
"""From the most to the least severe."""


@dataclass(frozen=True, slots=True)
class Related:
    """Another place that a finding speaks of: where PyTorch raises, where the other size comes from."""

    span: Span
    message: str


@dataclass(frozen=True, slots=True)
class NamedShape:
    """A tensor that a finding speaks of, with its shape as words and where the telling size comes from."""

    name: str
    shape: tuple[str | int, ...]
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Edit:
    """Text to put in place of a span of the file as it is (an empty span inserts)."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """A change that mends a finding.

    Attributes:
        title: what it does, in a few words ("pool with the [CLS] token").
        edits: text edits, of one or several files; applied together or not at all.
        strategy: the pooling, where the fix is one (``cls``, ``mean``, ``max``, ``last``, ``pooler``), else "".
        safety: ``safe``, or ``unsafe`` with the reason in ``why``.
        verified: whether the patched script was traced and is right; None where that was not tried.
    """

    title: str
    edits: tuple[Edit, ...]
    strategy: str = ""
    safety: Safety = "safe"
    why: str = ""
    verified: bool | None = None


@dataclass(slots=True)
class Finding:
    """One reported problem. ``span`` is the root cause: the text to change.

    Attributes:
        rule: code (``SHP101``); ``name``: the rule's name (``unpooled-classifier``).
        label: a few words for under the marked span: ``(batch, seq, 768): 768 is the hidden size of ...``.
        torch_says: PyTorch's own message, where it raises (or is certain to); numpy's behind ``numpy: ``.
        remedy: what a fix writes where the span alone does not tell: an axis, a class, an argument; not reported.
        symptom: the span where PyTorch raises; also the first of ``related`` where it differs from ``span``.
        section: the cell of a script with ``# %%`` that it stands in, in words; only in a report.
        entry: the file that was asked for when this was found: another one than its own where that one imports it.
        stage, tensor: the graph's stage at fault and the operand in question, for fixes and for merging
            evidence; not reported.
    """

    rule: str
    name: str
    severity: Severity
    message: str
    span: Span
    label: str = ""
    evidence: tuple[Evidence, ...] = ("static",)
    shapes: tuple[NamedShape, ...] = ()
    related: tuple[Related, ...] = ()
    fixes: tuple[Fix, ...] = ()
    torch_says: str = ""
    help: str = ""
    remedy: str = field(default="", compare=False)
    symptom: Span | None = None
    section: str = field(default="", compare=False)
    entry: str = field(default="", compare=False)
    stage: object | None = field(default=None, repr=False, compare=False)
    tensor: object | None = field(default=None, repr=False, compare=False)

    @property
    def offered(self) -> tuple[Fix, ...]:
        """The fixes worth telling of: the proven ones alone where there are any, and none that a trace refuted."""
        proven = tuple(fix for fix in self.fixes if fix.verified)
        return proven or tuple(fix for fix in self.fixes if fix.verified is None)

    @property
    def places(self) -> list[Span]:
        """Every span that the finding speaks of, its own first."""
        return [self.span, *(place.span for place in self.related), *([self.symptom] if self.symptom else [])]
