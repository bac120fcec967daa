"""What a trace of bert-base with a head costs, against its bare imports, a real forward, and what others take.

    python benchmarks/tracer.py [RUNS]

Prints CPU seconds (user and system) and the peak memory, each of the cheapest of three runs (or RUNS). The config is
given, so that nothing is loaded; everything runs under this interpreter on one thread, each script in a process of its
own. torchinfo and torchtyc are measured where they are installed beside torch and transformers.
"""

from __future__ import annotations

import importlib.util
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from shapecheck.tracer.process import Worker
from shapecheck.tracer.tracer import Tracer, TraceRequest

IMPORTS = "import torch\nfrom transformers import BertConfig, BertForSequenceClassification\n"
MODEL = IMPORTS + "model = BertForSequenceClassification(BertConfig(num_labels=5))\n"
INPUTS = "torch.ones(8, 64, dtype=torch.long)"
FORWARD = MODEL + f"logits = model(input_ids={INPUTS}, attention_mask={INPUTS}).logits\n"
TORCHINFO = MODEL + f"import torchinfo\ntorchinfo.summary(model, input_data={{'input_ids': {INPUTS}}}, verbose=0)\n"


class Cost(NamedTuple):
    """CPU seconds and bytes."""

    seconds: float
    memory: float

    def __str__(self) -> str:
        return f"{self.seconds:5.2f} CPU s {self.memory / 2**20:6.0f} MB"


def main(runs: int) -> None:
    """Measure, and print one line for each way."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "bert.py")
        script.write_text(FORWARD)
        os.environ["OMP_NUM_THREADS"] = "1"
        bare = _least(runs, lambda: _run([sys.executable, "-c", IMPORTS]))
        forward = _least(runs, lambda: _run([sys.executable, str(script)]))
        cold = _least(runs, lambda: _cold(script))
        warm = _warm(script, runs)
        print(f"bare imports of torch and the model   {bare}")
        print(f"plain forward, random weights         {forward}")
        if importlib.util.find_spec("torchinfo"):
            print(
                f"torchinfo.summary                     {_least(runs, lambda: _run([sys.executable, '-c', TORCHINFO]))}"
            )
        if importlib.util.find_spec("torchtyc"):
            tyc = [str(Path(sys.executable).with_name("torchtyc")), "run", script.name]
            print(f"torchtyc run                          {_least(runs, lambda: _run(tyc, folder))}")
        print(f"shapecheck, cold worker               {cold}")
        print(f"shapecheck, warm: one trace           {warm}")
        print(f"cold / bare imports   {cold.seconds / bare.seconds:.2f} (at most 1.25)")
        print(f"cold / warm           {cold.seconds / warm.seconds:.1f} (at least 5)")
        print(f"memory / forward's    {max(cold.memory, warm.memory) / forward.memory:.2f} (under 0.5)")


def _least(runs: int, measure: Callable[[], Cost]) -> Cost:
    return min(measure() for _ in range(runs))


def _run(command: list[str], folder: str | None = None) -> Cost:
    """The cost of a command, what it starts included; its memory is that of its largest process."""
    reads, writes = os.pipe()
    if os.fork() == 0:
        os.close(reads)
        done = subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        os.write(writes, f"{done.returncode} {used.ru_utime + used.ru_stime} {used.ru_maxrss * 1024}".encode())
        os._exit(0)
    os.close(writes)
    with open(reads) as told:
        code, seconds, memory = told.read().split()
    os.wait()
    if code != "0":
        raise SystemExit(f"{command} ended with {code}")
    return Cost(float(seconds), float(memory))


def _cold(script: Path) -> Cost:
    """The cost of a worker that is started for one trace: imports, keeper and trace."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with Tracer() as tracer:
        (trace,) = _traces(tracer, script, 1)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Cost(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, trace.memory)


def _warm(script: Path, runs: int) -> Cost:
    """The cost of one trace in a fork of a worker that has run one before, as the kernel counts it for that process."""
    with Tracer() as tracer:
        return min(_traces(tracer, script, runs + 1)[1:])


def _traces(tracer: Tracer, script: Path, times: int) -> list[Cost]:
    """The costs of the tracing processes of some traces in a row."""
    found: list[Cost] = []
    ask = Worker.ask

    def asked(self: Worker, request: dict[str, object], timeout: float) -> list[dict[str, object]]:
        records = ask(self, request, timeout)
        found.append(Cost(records[-1]["cpu"], records[-1]["memory"]))
        return records

    Worker.ask = asked  # type: ignore[method-assign]
    try:
        for _ in range(times):
            result = tracer.trace(TraceRequest(script))
            if result.status != "completed":
                raise SystemExit(result.reason)
    finally:
        Worker.ask = ask  # type: ignore[method-assign]
    return found


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
