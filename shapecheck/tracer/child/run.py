"""One traced run, from the request to its end record. Runs in a process of its own that ends with it."""

from __future__ import annotations

import argparse
import contextlib
import faulthandler
import os
import random
import signal
import sys
from pathlib import Path
from typing import Any

from shapecheck.tracer.child import opened
from shapecheck.tracer.child.frames import span_of, user_frame
from shapecheck.tracer.child.session import Session, Sizes, Stop
from shapecheck.tracer.child.stream import Stream


def trace(request: dict[str, Any], stream: Stream) -> None:
    """Run the script of a request and send its records; the last one is of kind ``end``."""
    scratch = Path(request["scratch"])
    faulthandler.enable(open(scratch / "crash.txt", "w"))  # noqa: SIM115 - open until the process ends
    session = Session(
        script=Path(request["script"]),
        chosen=Sizes(*request["sizes"]),
        send=stream.send,
        scratch=scratch,
        rules_dir=Path(request["rules"]),
        argv=request["argv"],
        last_of_one=request["last_of_one"],
        concrete=request["concrete"],
    )
    _watch_the_clock(session, request["timeout"])
    _watch_the_exits(session)
    opened.install(stream.send, scratch)
    loop = _prepare(session)
    guard = _close(session, request)
    stream.send({"kind": "start", "guard": guard, "versions": _versions()})
    end = _run(session, request, loop)
    stream.send({**end, "sizes_used": session.sizes_used, "modules": _loaded()})


def _prepare(session: Session) -> Any:
    import torch

    from shapecheck.tracer import standins
    from shapecheck.tracer.child import arrays, composites, fakes, loops, outputs, reads, recorder, training

    torch.set_num_threads(1)
    session.hooks.install()
    if not session.concrete:
        fakes.install(session.carry)
    reads.install(session)
    training.install()
    session.modules.install()
    standins.install_all(session)
    outputs.install(session)
    recording = recorder.install(session)
    arrays.install(recording)
    composites.install(recording)
    ending = loops.Loops(session, recording)
    ending.install()
    # What the worker did before it forked has moved the generators: from here the same script takes the same rows.
    random.seed(0)
    torch.manual_seed(0)
    return ending.loop


def _close(session: Session, request: dict[str, Any]) -> list[str]:
    from shapecheck.tracer.child.guard import Guard

    sys.dont_write_bytecode = True
    return Guard(session.scratch).install(request["memory_mb"], request["timeout"])


def _run(session: Session, request: dict[str, Any], loop: Any) -> dict[str, Any]:
    from shapecheck.tracer.child import definitions, failure, misread, numbers, source, target

    marking = numbers.keeping(session.marks.is_invented)
    source.install(request["overlay"], loop, marking, numbers.as_right_operand)
    try:
        if request["target"] is not None:
            target.run(session, request["target"], request["inputs"])
            return {"kind": "end", "status": "completed", "message": "the forward ran through"}
        source.run(str(session.script), request["argv"], request["overlay"], request["module"])
        definitions.run(session, source.read(str(session.script), request["overlay"]), request["inputs"])
    except target.NoTarget as why:
        return {"kind": "end", "status": "refused", "message": str(why)}
    except Stop as stop:
        return {"kind": "end", "status": "stopped", "message": stop.reason}
    except SystemExit as error:
        return _exited(error)
    except SyntaxError as error:
        return failure.syntax_error(error)
    except BaseException as error:
        with contextlib.suppress(Exception):  # the script's own properties are asked, and may raise what they like
            misread.report(session, error)
        return failure.record(session, error)
    return {"kind": "end", "status": "completed"}


def _exited(error: SystemExit) -> dict[str, Any]:
    trace, span = error.__traceback__, None
    while trace is not None:
        if user_frame(trace.tb_frame) is trace.tb_frame:
            span = span_of(trace.tb_frame)
        trace = trace.tb_next
    code = error.code
    return {
        "kind": "end",
        "status": "exited",
        "code": code if isinstance(code, int) else 0 if code is None else 1,
        "message": code if isinstance(code, str) else "",
        "arguments": _complaint,
        "span": span,
    }


_complaint: list[str] = []
"""What argparse said of the script's arguments before it ended the script."""


def _watch_the_exits(session: Session) -> None:
    """Say what happened before the process is gone, and keep what argparse says."""
    original_exit, original_error = os._exit, argparse.ArgumentParser.error

    def ended(code: int) -> Any:
        session.send(
            {
                "kind": "end",
                "status": "exited",
                "code": code,
                "message": "",
                "arguments": [],
                "span": session.user_span(),
                "hard": True,
            }
        )
        original_exit(code)

    def error(self: argparse.ArgumentParser, message: str) -> Any:
        _complaint.append(message)
        original_error(self, message)

    setattr(os, "_exit", ended)  # noqa: B010 - its type promises not to return
    argparse.ArgumentParser.error = error  # type: ignore[method-assign]


def _watch_the_clock(session: Session, seconds: float) -> None:
    """At the limit say where the script is, and end; whoever waits for this process kills it if that fails."""
    leave = os._exit

    def late(signum: int, frame: Any) -> None:
        mine = user_frame(frame)
        session.send({"kind": "end", "status": "timeout", "span": span_of(mine) if mine else None})
        leave(0)

    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGALRM, late)
        signal.setitimer(signal.ITIMER_REAL, seconds)


def _loaded() -> list[str]:
    """The library modules that the run needed and that are slow to import."""
    return sorted(
        name
        for name in sys.modules
        if name.startswith(("transformers.models.", "transformers.modeling", "torchvision", "datasets", "pandas"))
    )


def _versions() -> dict[str, str | None]:
    transformers = sys.modules.get("transformers")
    return {
        "python": sys.version.split()[0],
        "torch": sys.modules["torch"].__version__,
        "transformers": getattr(transformers, "__version__", None),
    }
