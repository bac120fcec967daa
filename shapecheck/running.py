"""``shapecheck run``: the static half, the trace, both merged into one list, and each fix tried on a patched copy."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from shapecheck import engine, fixes, merge
from shapecheck.engine import Options, Static
from shapecheck.errors import UnreadableSource, UsageError
from shapecheck.findings import Finding
from shapecheck.graph import NotChecked, ShapeGraph
from shapecheck.onward import Onward
from shapecheck.places import Span
from shapecheck.results import Failure, Hidden, Outcome
from shapecheck.settings import Settings
from shapecheck.source import Source, read
from shapecheck.syntax import NewerSyntax
from shapecheck.texts import Texts
from shapecheck.tracer import Tracer, TraceRequest, TraceResult
from shapecheck.tracer.target import Target, input_of, parse
from shapecheck.verify import Verifier


@dataclass(frozen=True, slots=True)
class How:
    """How to trace: the interpreter (None: the project's), the limits in seconds and megabytes, whether a warm server
    may do it, the name by which ``python -m`` runs the script (empty: it is run by its path), and the variables and
    inputs (as ``trace --input`` has them) that it gets."""

    python: str | None = None
    timeout: float = 120.0
    memory_mb: int = 8192
    server: bool = False
    module: str = ""
    env: tuple[tuple[str, str], ...] = ()
    inputs: tuple[tuple[str, str], ...] = ()

    def request(self, script: Path, argv: list[str], target: Target | None = None) -> TraceRequest:
        """What is asked of the tracer. UsageError for an input of a form that there is not."""
        given = {name: input_of(name, text) for name, text in self.inputs}
        return TraceRequest(
            script,
            argv,
            self.python,
            self.timeout,
            self.memory_mb,
            target=target,
            module=self.module,
            env=dict(self.env),
            inputs=given,
        )


def require(script: Path) -> None:
    """UsageError where there is no such script."""
    if not script.is_file():
        raise UsageError(f"{script} is a folder; run takes a script" if script.is_dir() else f"{script} does not exist")


def run(script: Path, argv: list[str], options: Options, how: How, start: Callable[[bool], Tracer] = Tracer) -> Outcome:
    """Check and trace one script. UsageError where there is no such script."""
    started = time.perf_counter()
    require(script)
    if engine.left_out(str(script), options):
        return engine.closed(Outcome(), options, started)
    source: Source | None = None
    failures = []
    try:
        source = read(script)
        half = engine.static(source, options)
    except NewerSyntax as why:
        half = Static(
            ShapeGraph("static", not_checked=[NotChecked(Span(str(script), why.line), str(why))]), [], Texts({})
        )
    except UnreadableSource as why:
        return engine.closed(engine.unread(str(script), why, source), options, started)
    except Exception as why:  # the border, as for `check`: our failure on the text leaves the trace to be made
        half = Static(ShapeGraph("static"), [], Texts({}))
        failures.append(Failure.of(str(script), why))
    request = how.request(script, argv)
    try:
        with start(how.server) as tracer:
            outcome = _traced(half, request, tracer, options, partial(_findings, options))
    except Exception as why:  # the border again: without a trace there is still what the text says
        failures.append(Failure.of(str(script), why))
        outcome = engine.outcome_of(half.graph, half.findings, half.texts, options)
    outcome.failures += failures
    if not failures:
        outcome.entered(str(script))
    return engine.closed(outcome, options, started)


def trace(
    text: str,
    inputs: Iterable[str],
    args: Iterable[str],
    options: Options,
    how: How,
    start: Callable[[bool], Tracer] = Tracer,
) -> Outcome:
    """Trace one model alone, and judge what that shows. UsageError where the words name none (see :func:`parse`)."""
    started = time.perf_counter()
    target = parse(text, inputs, args)
    request = how.request(target.path, [], target)
    nothing = Static(ShapeGraph("static"), [], Texts({}))
    with start(how.server) as tracer:
        outcome = _traced(nothing, request, tracer, options, lambda source: [])
    return engine.closed(outcome, options, started)


def trace_exit_code(outcome: Outcome) -> int:
    """0: the forward ran through and nothing was found; 1: shapes that do not fit; 2: no forward could be run."""
    result = outcome.trace
    if result is None or result.status == "completed":
        return engine.exit_code(outcome, "warning")
    return 1 if result.error is not None and result.error.shape_reason else 2


def _traced(
    half: Static,
    request: TraceRequest,
    tracer: Tracer,
    options: Options,
    reread: Callable[[Source], list[Finding]],
) -> Outcome:
    """The outcome of both halves. ``reread`` is the static half of a patched text."""
    result = tracer.trace(request)
    graph = result.graph
    settings = options.lookup.of(request.script)
    findings, off = both(half, result, options)
    if result.status != "unavailable":
        judge = partial(engine.judged, options=options)
        onward = Onward(tracer.trace, judge, request, half.texts)
        findings = merge.ordered(onward.after(findings, result))
        findings = Verifier(tracer.trace, judge, reread, request, half.texts, onward.under, onward.ends).verified(
            findings
        )
    outcome = engine.outcome_of(graph if graph.items else half.graph, findings, half.texts, options, half.findings)
    outcome.not_checked = half.graph.not_checked + graph.not_checked
    taken = [*result.assumptions, *graph.assumptions, *half.graph.assumptions, *_other_versions(result, settings)]
    outcome.assumptions = list(dict.fromkeys(taken))
    outcome.trace = result
    outcome.hidden += [
        Hidden(replace(finding, stage=None, tensor=None, evidence=("traced",)), "settings") for finding in off
    ]
    return outcome


def both(half: Static, result: TraceResult, options: Options) -> tuple[list[Finding], list[Finding]]:
    """What a text and a trace of it come to, one finding per fault; and what the trace shows by rules that are off."""
    graph = result.graph
    found, off = engine.parted(graph, half.texts, options)
    fixes.attach(found, graph, half.texts.of(engine.paths_of(graph, found)))
    findings = merge.merge(half.findings, found, graph, result.status)
    if result.error is not None and not result.error.certain:
        findings = merge.ordered([_doubted(finding) for finding in findings])
    if result.batch_of_one is not None:
        alone = engine.judged(result.batch_of_one, half.texts, options)
        findings = merge.ordered([*findings, *_only_for_one(alone, findings)])
    return findings, off


def _other_versions(result: TraceResult, settings: Settings) -> list[str]:
    """Where the interpreter has other versions than those that the settings say the code is for."""
    pairs = (
        ("torch", result.torch, settings.torch_version),
        ("transformers", result.transformers, settings.transformers_version),
    )
    return [
        f"traced with {name} {here}, where the settings say {meant}"
        for name, here, meant in pairs
        if here and meant and not f"{here}.".startswith((f"{meant}.", f"{meant}+"))
    ]


def _doubted(finding: Finding) -> Finding:
    """A finding that only the trace has, where a number that the tracer made up may have led to the error."""
    if finding.severity != "error" or not finding.torch_says or "static" in finding.evidence:
        return finding
    return replace(
        finding, severity="warning", message=f"with made-up values (see what was assumed), {finding.message}"
    )


def _only_for_one(found: list[Finding], known: list[Finding]) -> list[Finding]:
    """What only a batch of one shows, as warnings: whether the loader's last batch is one row is not known."""
    return [
        replace(
            finding,
            severity="warning",
            message=f"if the last batch is a single row, {finding.message}",
            evidence=("traced",),
        )
        for finding in found
        if finding.severity == "error" and not any(merge.same_fault(finding, other) for other in known)
    ]


def _findings(options: Options, source: Source) -> list[Finding]:
    return engine.static(source, options).findings
