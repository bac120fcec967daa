"""SHP229, SHP602: the one small edit before an operator that raises with which everything fits."""

from __future__ import annotations

from collections.abc import Iterator

from shapecheck.checks import edits, words
from shapecheck.checks.axes import time_first
from shapecheck.checks.edits import Edit
from shapecheck.checks.report import found, rooted
from shapecheck.dims import Truth
from shapecheck.findings import Finding
from shapecheck.graph import ShapeGraph, Stage
from shapecheck.places import Span
from shapecheck.rerun import Rerun, upstream
from shapecheck.shapes import compare
from shapecheck.vocabulary import BINARY, axis_word, main, short

_MOST_STEPS = 12
"""How far before the raising stage an argument is looked for: what stands further away is seldom its reason."""
_NAMING = ("rearrange", "reduce", "repeat", "einsum")


def repaired(graph: ShapeGraph, stage: Stage, finding: Finding) -> Finding:
    """What is found at a stage that raises, told at the one place before it that lets everything fit if it is written
    differently; as it was, where there is none or more than one."""
    rerun = Rerun(graph, stage)
    if stage.conflict is None or not rerun.fails():
        return finding
    steps = list(_each_text_once([stage, *rerun.way[:_MOST_STEPS]]))
    every = [
        *(edit for step in steps if step is not stage for edit in edits.of_call(step)),
        *(edit for step in steps for edit in edits.of_layer(step, stage)),
    ]
    for effort in sorted({edit.effort for edit in every}):
        fitting = [edit for edit in every if edit.effort == effort and _fits(rerun, edit)]
        places = {(edit.place, edit.parameter if not edit.built else "") for edit in fitting}
        if len(places) == 1 and (len(fitting) == 1 or fitting[0].built):
            told = finding.span == fitting[0].place and finding.span != stage.span
            return finding if told else _told(stage, fitting, rerun, finding)
        if fitting:
            return finding
    return finding


def _each_text_once(steps: list[Stage]) -> Iterator[Stage]:
    seen: set[tuple[Span, Span | None]] = set()
    for step in steps:
        text = (step.span, step.module.created if step.module is not None else None)
        if text not in seen:
            seen.add(text)
            yield step


def _fits(rerun: Rerun, edit: Edit) -> bool:
    """Whether nothing raises with an edit, at each place that the same text makes."""
    after = rerun.fitting(edit.change)
    if after is None or (edit.parameter == "pattern" and _against_patterns(rerun, edit)):
        return False
    if short(rerun.failing) in BINARY and short(edit.step) not in edits.ONE_MORE | {"__getitem__"}:
        # What only broadcasts is no better than what raises: each pair of rows is not what was meant.
        shapes = [rerun.shape(tensor) for tensor in rerun.failing.tensors()]
        return any(shape is not None and compare(shape, after) is Truth.EQUAL for shape in shapes)
    return True


def _against_patterns(rerun: Rerun, edit: Edit) -> bool:
    """Whether an edit of one pattern gives another one axes that it does not name."""
    others = [step for step in rerun.way if short(step) in _NAMING and step.span != edit.step.span]
    return any(rerun.moved(tensor) for step in others for tensor in step.tensors())


def _told(stage: Stage, fitting: list[Edit], rerun: Rerun, finding: Finding) -> Finding:
    edit = fitting[0]
    if edit.parameter == "batch_first" and edit.built:
        tokens = main(edit.step)
        return time_first(edit.step, tokens, "error") if tokens is not None else finding
    if edit.built:
        ways = " or ".join(dict.fromkeys(one.now for one in fitting))
        return rooted(finding, edit.place, label=f"built with {edit.was}", help=f"with {ways} everything fits")
    return _argument(stage, edit, rerun)


def _argument(stage: Stage, edit: Edit, rerun: Rerun) -> Finding:
    step = edit.step
    before, after = main(step), step.out
    partner = next((tensor for tensor in stage.tensors() if step not in upstream([tensor])), None)
    return found(
        "SHP229",
        "",
        edit.place,
        stage=stage,
        tensor=after,
        symptom=stage.span,
        label=f"{before.shape if before is not None else '?'} becomes {after.shape}",
        help=f"write {edit.now}",
        remedy=f"{axis_word(step) if edit.parameter == 'dim' else edit.parameter}={edit.remedy}" if edit.remedy else "",
        related=[words.comes_from(partner)] if partner is not None else [],
        shapes=[words.named(before), words.named(after), *([words.named(partner)] if partner is not None else [])],
        operator=words.shown(step.op),
        was=edit.was,
        before=f"{words.called(before)} {before.shape}" if before is not None else "?",
        after=after.shape,
        now=edit.now,
        would=rerun.changed(step, {edit.parameter: edit.value}),
        raising=f"{words.shown(stage.op)} at {stage.span.told}",
        partner=f" with {words.called(partner)} {partner.shape}" if partner is not None else "",
    )
