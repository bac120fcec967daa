"""Who calls whom: files in, findings out.

``check``: read, interpret, annotate, apply the rules, drop what a comment silences, propose fixes. ``run`` does the
same, then traces the script, applies the same rules to the traced graph, merges both and verifies each fix.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from shapecheck import checks, disk, fixes, flow, interp, many, merge, rulebook, suppressions
from shapecheck.cache import Cache
from shapecheck.discovery import Discovery, discover, excluded
from shapecheck.errors import UnreadableSource, UsageError
from shapecheck.findings import SEVERITIES, Finding, Fix, Severity
from shapecheck.graph import NotChecked, ShapeGraph
from shapecheck.places import NOTEBOOK, Span
from shapecheck.results import ExpressionRow, Failure, Hidden, Outcome, expression_rows, rows
from shapecheck.selection import ALWAYS
from shapecheck.settings import NO_SETTINGS, Lookup
from shapecheck.source import Source, decode, read
from shapecheck.syntax import NewerSyntax
from shapecheck.syntax import judged as judged_syntax
from shapecheck.texts import Texts

if TYPE_CHECKING:
    from shapecheck.notebook import Notebook
    from shapecheck.tracer import TraceError

_SHOWN = 12
"""Execution counts of a notebook that are named."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a command was asked for.

    Attributes:
        lookup: finds the settings of each file.
        jobs: processes to use; 0 for as many as there are processors.
        stages: whether the report shows stages.
        shapes: whether it shows the shape of every expression.
    """

    lookup: Lookup = NO_SETTINGS
    jobs: int = 0
    stages: bool = False
    shapes: bool = False


@dataclass(slots=True)
class Static:
    """What the text alone says: the graph, the findings with their fixes, and the texts that they speak of.

    ``expressions`` are the tensors that were seen, where the options ask for them.
    """

    graph: ShapeGraph
    findings: list[Finding]
    texts: Texts
    expressions: list[ExpressionRow] = field(default_factory=list)


def check(
    paths: Iterable[str | Path],
    options: Options,
    cache: Cache | None = None,
    tell: Callable[[int, int], None] = lambda done, every: None,
) -> Outcome:
    """Check files and folders, never running them; ``tell`` is told how far it is. UsageError for a path that does not
    exist."""
    started = time.perf_counter()
    found = files(paths, options)
    for path in found.files:
        options.lookup.of(path)  # a settings file that is wrong is told before anything is looked at
    with disk.session(anew=True), interp.few_collections():
        look = partial(check_file, options=options)
        outcome = many.outcomes([str(path) for path in found.files], look, options, cache, tell)
    for folder, why in found.unread:
        outcome.add(replace(unread(str(folder), why, None), files=0))
    left = [(folder, "no Python files in it") for folder in found.empty] + found.unfollowed
    outcome.not_checked += [NotChecked(Span(str(path), 1), reason) for path, reason in left]
    return closed(outcome, options, started)


def files(paths: Iterable[str | Path], options: Options) -> Discovery:
    """The files to check. UsageError for a path that does not exist."""
    here = options.lookup.of_folder(".")
    return discover(paths, options.lookup, here.force_exclude, here.respect_gitignore)


def check_data(data: bytes, path: str, options: Options) -> Outcome:
    """Check one text that is not (or not yet) in the file that it is named after."""
    started = time.perf_counter()
    if left_out(path, options, os.path.dirname(path) or "."):
        return closed(Outcome(), options, started)
    return closed(_guarded(path, lambda: decode(data, path), options), options, started)


def left_out(path: str, options: Options, here: str = ".") -> bool:
    """Whether a file is excluded though it is named, by the settings of the folder that the command is for."""
    return options.lookup.of_folder(here).force_exclude and excluded(path, False, options.lookup)


def check_file(path: str, options: Options) -> Outcome:
    """Check one file."""
    return _guarded(path, lambda: read(path), options)


def _guarded(path: str, load: Callable[[], Source], options: Options) -> Outcome:
    """The border: whatever goes wrong in one file is told of that file, and the others go on."""
    source: Source | None = None
    try:
        source = load()
        half = static(source, options)
        outcome = outcome_of(half.graph, half.findings, half.texts, options)
        outcome.expressions = half.expressions
        return outcome.entered(path)
    except UnreadableSource as why:
        return unread(path, why, source)
    except UsageError:  # of a settings file, which holds for more than this one file
        raise
    except Exception as why:
        return Outcome(failures=[Failure.of(path, why)], files=1)


def static(source: Source, options: Options) -> Static:
    """Interpret one text and apply the rules. UnreadableSource where it does not parse."""
    version = options.lookup.of(source.path).transformers_version
    graph, seen = interp.watch(source, version) if options.shapes else (interp.analyze(source, version), {})
    texts = Texts({source.path: source.text})
    findings = merge.merge(judged(graph, texts, options), [], None, None)
    fixes.attach(findings, graph, texts.of(paths_of(graph, findings)))
    for alone in interp.analyze_written(source, version):  # each is a program of its own as well, as in its file
        findings = once([*findings, *judged(alone, texts, options)])
        graph.not_checked += alone.not_checked
    if source.notebook is not None:
        _say_of_cells(source.path, source.notebook, graph, findings)
    return Static(graph, findings, texts, expression_rows(seen))


def _say_of_cells(path: str, cells: Notebook, graph: ShapeGraph, findings: list[Finding]) -> None:
    """What there is to say of a notebook besides its program: cells that do not parse or were left out, the order."""
    graph.not_checked += [NotChecked(Span(path, line), why) for line, why in cells.notes]
    for cell in cells.broken:
        why = judged_syntax(Source(path, cell.python), cell.message, cell.line, cell.column)
        _say(why, "SHP902", path, findings, graph.not_checked, what="cell")
    if cells.executed:
        order = ", ".join(map(str, cells.executed[:_SHOWN])) + (" ..." if len(cells.executed) > _SHOWN else "")
        graph.assumptions.append(f"the cells of {path} run in the order they stand in; they were executed as {order}")


def unread(path: str, why: UnreadableSource, source: Source | None) -> Outcome:
    """The outcome of a file that could not be read (no source), or not parsed."""
    outcome = Outcome(sources={path: source.text} if source else {}, files=1)
    _say(why, "SHP903" if source is None else "SHP902", path, outcome.findings, outcome.not_checked)
    return outcome


def _say(
    why: UnreadableSource,
    code: str,
    path: str,
    findings: list[Finding],
    not_checked: list[NotChecked],
    what: str = "file",
) -> None:
    """Put a text that does not parse among the findings, or, if only this Python is at fault, among what is not
    checked."""
    if isinstance(why, NewerSyntax):
        not_checked.append(NotChecked(Span(path, why.line, why.column), str(why)))
        return
    rule = rulebook.rule(code)
    span = Span(path, why.line, why.column, why.line, why.column + 1)
    findings.append(Finding(rule.code, rule.name, rule.severity, rule.say(what=what, reason=str(why)), span))


def judged(graph: ShapeGraph, texts: Texts, options: Options) -> list[Finding]:
    """What the rules that are on say of a graph; those of the file that a finding stands in."""
    return parted(graph, texts, options)[0]


def parted(graph: ShapeGraph, texts: Texts, options: Options) -> tuple[list[Finding], list[Finding]]:
    """What the rules say of a graph: those that are on, and those that are off."""
    flow.annotate(graph, texts)
    told: tuple[list[Finding], list[Finding]] = ([], [])
    for finding in checks.run(graph):
        told[not options.lookup.rules(finding.span.path).enabled(finding.rule)].append(finding)
    return told


def paths_of(graph: ShapeGraph, findings: Iterable[Finding]) -> set[str]:
    """Every file that a graph and the findings in it speak of."""
    return {item.span.path for item in graph.items} | {span.path for finding in findings for span in finding.places}


def outcome_of(
    graph: ShapeGraph, findings: list[Finding], texts: Texts, options: Options, refuted: Iterable[Finding] = ()
) -> Outcome:
    """What one entry file came to, without the graph: comments heeded, stages as words.

    A comment that silences one of the ``refuted`` findings is not idle: without a trace it is needed.
    """
    every = texts.of(paths_of(graph, findings) | texts.given)
    comments = [comment for path, text in every.items() for comment in suppressions.read(path, text)]
    kept, silenced = suppressions.sift(findings, comments)
    suppressions.sift(refuted, comments)
    spoken_of = {span.path for finding in kept for span in finding.places}
    spoken_of |= {edit.span.path for finding in kept for fix in finding.fixes for edit in fix.edits}
    spoken_of |= {comment.span.path for comment in comments}
    spoken_of |= {path for path in every if path.endswith(NOTEBOOK)}
    return Outcome(
        findings=[replace(finding, stage=None, tensor=None) for finding in kept],
        hidden=[
            Hidden(replace(finding, stage=None, tensor=None, fixes=()), "comment", comment.reason, comment.span)
            for finding, comment in silenced
        ],
        stages=rows(graph) if options.stages else [],
        not_checked=graph.not_checked,
        assumptions=graph.assumptions,
        sources=texts.of(spoken_of),
        comments=comments,
        files=1,
    )


def closed(outcome: Outcome, options: Options, started: float) -> Outcome:
    """The last things that need all files: doubles dropped, idle comments named, the author's pooling put first."""
    outcome.findings = once(outcome.findings)
    outcome.hidden = list({(one.finding.rule, one.finding.span): one for one in outcome.hidden}.values())
    outcome.not_checked = list(dict.fromkeys(outcome.not_checked))
    outcome.failures = list(dict.fromkeys(outcome.failures))
    # In a file that was not asked for, a comment may be needed by another one that imports it.
    asked_for = [comment for comment in outcome.comments if comment.span.path in outcome.entries]
    outcome.findings += suppressions.unused(asked_for, options.lookup.rules)
    outcome.findings = [finding for finding in outcome.findings if _wanted(finding, outcome, options.lookup)]
    outcome.findings.sort(key=lambda finding: SEVERITIES.index(finding.severity))
    for finding in outcome.every:
        finding.fixes = preferred(finding.fixes, options.lookup.of(finding.span.path).pooling)
    outcome.seconds = time.perf_counter() - started
    return outcome


def _wanted(finding: Finding, outcome: Outcome, lookup: Lookup) -> bool:
    """Whether a finding is to be reported, with the severity that its file's settings give to it; a file that could not
    be looked at is not checked, where that is no finding."""
    rules = lookup.rules(finding.span.path)
    if rules.enabled(finding.rule):
        finding.severity = rules.severity(finding.rule) or finding.severity
        return True
    if finding.rule in ALWAYS:
        outcome.not_checked.append(NotChecked(finding.span, finding.message))
    return False


def once(findings: Iterable[Finding]) -> list[Finding]:
    """Each fault once: several files may lead to it, and the one that knows most of its sizes tells it."""
    kept: dict[tuple[str, Span], Finding] = {}
    for finding in findings:
        known = kept.setdefault((finding.rule, finding.span), finding)
        if _telling(finding) > _telling(known):
            kept[finding.rule, finding.span] = finding
    return list(kept.values())


def _telling(finding: Finding) -> tuple[int, int]:
    sizes = [size for named in finding.shapes for size in named.shape]
    return -SEVERITIES.index(finding.severity), sum(isinstance(size, int) for size in sizes)


def preferred(fixes: tuple[Fix, ...], pooling: str | None) -> tuple[Fix, ...]:
    """The fix with the pooling that the author named first, and safe: the choice was the only thing open."""
    chosen = [replace(fix, safety="safe", why="") for fix in fixes if pooling and fix.strategy == pooling]
    return (*chosen, *(fix for fix in fixes if not (pooling and fix.strategy == pooling)))


def exit_code(outcome: Outcome, fail_on: Severity) -> int:
    """2 for a failure of our own; 1 for findings at or over ``fail_on`` or a traced shape error; else 0."""
    if outcome.failures:
        return 2
    counted = SEVERITIES[: SEVERITIES.index(fail_on) + 1]
    raised = outcome.trace.error if outcome.trace else None
    explained = raised is None or not raised.shape_reason or not raised.certain or _known(raised, outcome.hidden)
    return int(not explained or any(finding.severity in counted for finding in outcome.findings))


def _known(raised: TraceError, hidden: Iterable[Hidden]) -> bool:
    """Whether a finding that is not to be told explains why a script raised."""
    spans = [*([raised.span] if raised.span else []), *(frame.span for frame in raised.chain)]
    lines = {(span.path, span.line) for span in spans}
    telling = (one.finding for one in hidden if one.finding.torch_says and "traced" in one.finding.evidence)
    return any((place.path, place.line) in lines for finding in telling for place in [finding.symptom or finding.span])
