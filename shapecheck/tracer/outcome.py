"""How a run ended, as a status word and one sentence."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from shapecheck.places import Span
from shapecheck.tracer.api import Status, TraceRequest

Record = dict[str, Any]
Shown = Callable[[list[Any]], Span]

_LOSSES = ("loss", "entropy", "Loss")


def is_loss(op: str, outputs: Iterable[str]) -> bool:
    """Whether a stage is a loss: a function or module of that name, or a model that was given labels and returned one.

    >>> is_loss("torch.nn.CrossEntropyLoss", ["out"]), is_loss("transformers.BertModel", ["last_hidden_state"])
    (True, False)
    """
    name = op.rsplit(".", 1)[-1]
    return "loss" in outputs or any(word in name for word in _LOSSES)


@dataclass(frozen=True, slots=True)
class Ending:
    """The last word on a run: its status, and the sentence for the user."""

    status: Status
    reason: str


def ending(records: list[Record], shown: Shown, request: TraceRequest, python: str) -> Ending:
    """What happened, from the records of a run; ``shown`` gives a recorded span as the user's place."""
    by_kind = {record["kind"]: record for record in records}
    timeout = request.timeout
    if "unavailable" in by_kind:
        how = "pip install 'torch-shapecheck[trace]' there, or choose another with --python"
        return Ending("unavailable", f"torch is not installed for {python}: {how}")
    if "start" not in by_kind:
        broken = by_kind.get("broken")
        why = broken["message"] if broken else _how(by_kind.get("exit", {}), timeout)
        return Ending("unavailable", f"the tracing process under {python} did not start: {why}")
    end = by_kind.get("end")
    if end is None:
        return _cut_off(records, by_kind, shown, request)
    return _said(end, shown, request)


def _said(end: Record, shown: Shown, request: TraceRequest) -> Ending:
    place = _place(shown(end["span"])) if end.get("span") else ""
    match end["status"]:
        case "completed":
            return Ending("completed", end.get("message") or "the script ran to its end")
        case "refused":
            return Ending("unavailable", end["message"])
        case "stopped":
            return Ending("stopped", end["message"])
        case "timeout":
            return Ending(
                "timeout", f"the script ran past the time limit of {request.timeout:g} s{place}; --timeout raises it"
            )
        case "exited":
            return _exited(end, place)
        case _ if end.get("memory"):
            return Ending(
                "raised", f"the script ran past the memory limit of {request.memory_mb} MB{place}; --memory raises it"
            )
        case _:
            message = end["message"].splitlines()[0] if end["message"] else ""
            return Ending("raised", f"{end['type']}{place}: {message}" if message else f"{end['type']}{place}")


def _exited(end: Record, place: str) -> Ending:
    how = f"ended by itself{place}, exit code {end['code']}"
    if end["arguments"]:
        return Ending("raised", f"the script asks for arguments{place}: {end['arguments'][-1]}; pass them after --")
    if end["code"]:
        return Ending("raised", f"the script {how}{': ' + end['message'] if end['message'] else ''}")
    return Ending("completed", f"the script {how}")


def _cut_off(records: list[Record], by_kind: dict[str, Record], shown: Shown, request: TraceRequest) -> Ending:
    """The process went away without a word."""
    timeout = request.timeout
    last = next((r["span"] for r in reversed(records) if r.get("span")), None)
    place = f" after {shown(last).told}" if last else " before any stage"
    crash = by_kind.get("exit", {}).get("crash")
    if crash:
        place = _place(Span(str(request.script), crash))
    gone = by_kind.get("exit", {})
    if gone.get("killed"):
        return Ending("timeout", f"the script ran past the time limit of {timeout:g} s{place}; --timeout raises it")
    return Ending("raised", f"the script's process {_how(gone, timeout)}{place}")


def _how(gone: Record, timeout: float) -> str:
    code = gone.get("code")
    if gone.get("killed"):
        return f"did not answer within {timeout:g} s"
    if isinstance(code, int) and code < 0:
        try:
            return f"was ended by {signal.Signals(-code).name}"
        except ValueError:
            return f"was ended by signal {-code}"
    return f"ended with code {code}"


def _place(span: Span) -> str:
    return f" at {span.told}"
