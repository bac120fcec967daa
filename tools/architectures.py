"""Writes docs/architectures.md: every base and sequence-classification architecture of transformers, traced.

Each is traced as ``shapecheck trace FOLDER::Class`` does it, from a folder with the config of its type: the default
one, or where transformers cannot build or run that, with the settings of rules/hub/settings.csv. Run it without
arguments for the whole page, with class names for these, with ``--missed`` for those that the page says are missed,
with ``--missing`` for those that it does not have yet. ``--few-layers`` takes a fifth of the time; the page says so.
"""

from __future__ import annotations

import csv
import json
import os
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
warnings.simplefilter("ignore")

import torch  # noqa: E402
import transformers  # noqa: E402
from hub_classes import config_class  # noqa: E402
from transformers.initialization import no_init_weights  # noqa: E402
from transformers.models.auto import modeling_auto  # noqa: E402

from shapecheck.tracer import Tracer, TraceRequest, TraceResult  # noqa: E402
from shapecheck.tracer.child.shrinking import shallow  # noqa: E402
from shapecheck.tracer.target import Target  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = ROOT / "rules" / "hub" / "settings.csv"
REPORT = ROOT / "docs" / "architectures.md"
KINDS = {
    "base": modeling_auto.MODEL_MAPPING_NAMES,
    "sequence classification": modeling_auto.MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES,
}
MEMORY_MB = 6144
FLAGS = {"--missed", "--missing", "--few-layers"}
EVERY = 25
"""Architectures after which the page is written: a run that is ended loses little."""


@dataclass(frozen=True)
class Row:
    """How one architecture fared: ``traced``, ``missed``, or ``not built by transformers`` itself."""

    cls: str
    kind: str
    model_type: str
    how: str
    outcome: str
    note: str = ""


def architectures() -> Iterator[tuple[str, str, str]]:
    """Class, kind and model type of each, once."""
    seen = set()
    for kind, mapping in KINDS.items():
        for model_type, names in mapping.items():
            for cls in [names] if isinstance(names, str) else names:
                if cls not in seen:
                    seen.add(cls)
                    yield cls, kind, model_type


def settings_of(cls: type[Any]) -> dict[str, Any]:
    """What the config of a class needs beside its defaults, by dotted name."""
    with SETTINGS.open(encoding="utf-8", newline="") as text:
        rows = [row for row in csv.DictReader(text) if row["config_class"] == config_class(cls).__name__]
    return {row["setting"]: json.loads(row["value"]) for row in rows}


def config_of(cls: type[Any], settings: dict[str, Any]) -> Any:
    """A config for a class: the defaults of its type, with settings (dotted names reach into its parts)."""
    nested: dict[str, Any] = {}
    for name, value in settings.items():
        *parts, last = name.split(".")
        place = nested
        for part in parts:
            place = place.setdefault(part, {})
        place[last] = value
    return config_class(cls)(**nested)


def built(cls: type[Any], settings: dict[str, Any], few_layers: bool = False) -> Any:
    """The config, if transformers builds a model from it; raises what transformers raises."""
    config = config_of(cls, settings)
    if few_layers:
        shallow(config)
    with torch.device("meta"), no_init_weights():
        cls(config)
    return config


def traced(tracer: Tracer, cls: type[Any], config: Any) -> TraceResult:
    """What came of tracing one class from a config folder."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "config.json").write_text(json.dumps(config.to_dict(), default=str), encoding="utf-8")
        target = Target(folder, cls.__name__)
        request = TraceRequest(target.path, python=sys.executable, memory_mb=MEMORY_MB, target=target, names=False)
        return tracer.trace(request)


def row_of(tracer: Tracer, name: str, kind: str, model_type: str, few_layers: bool) -> Row:
    """How one architecture fares; with all layers where it does not with few."""
    try:
        cls = getattr(transformers, name)
        settings = settings_of(cls)
        if kind != "base" and getattr(config_class(cls), "pad_token_id", None) is None:
            settings.setdefault("pad_token_id", 0)  # without one these heads take a single row
    except Exception as error:  # other people's code: whatever it raises is the reason
        return Row(name, kind, model_type, "", "not built by transformers", _said(error))
    for few in (True, False) if few_layers else (False,):
        row = _row(tracer, cls, settings, few, Row(name, kind, model_type, _words(settings, few), ""))
        if row.outcome == "traced":
            break
    return row


def _row(tracer: Tracer, cls: type[Any], settings: dict[str, Any], few_layers: bool, row: Row) -> Row:
    try:
        config = built(cls, settings, few_layers)
    except Exception as error:
        return replace(row, outcome="not built by transformers", note=_said(error))
    result = traced(tracer, cls, config)
    if result.status != "completed":
        return replace(row, outcome="missed", note=" ".join(result.reason.split())[:200])
    real = next((text for text in result.assumptions if text.startswith("abstract tensors failed")), "")
    return replace(row, outcome="traced", note=real)


def _words(settings: dict[str, Any], few_layers: bool) -> str:
    return ", ".join([*(f"{key}={json.dumps(value)}" for key, value in settings.items()), *["few layers"] * few_layers])


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:160]}"


def report(rows: Iterable[Row]) -> str:
    """The page."""
    rows = list(rows)
    counts = Counter(row.outcome for row in rows)
    built_here = counts["traced"] + counts["missed"]
    lines = [
        "# Architectures",
        "",
        "Every base and sequence-classification architecture of "
        f"transformers {transformers.__version__}, traced from its config with inputs by recipe "
        "(`rules/hub/recipes.csv`). Made by `python tools/architectures.py`.",
        "",
        f"Of {len(rows)}, transformers itself builds {built_here} here, with torch {torch.__version__} and without "
        f"optional packages; **{counts['traced']} of these are traced "
        f"({100 * counts['traced'] / max(built_here, 1):.1f} %)**.",
        "",
        "The config is the default of its type; where transformers does not build or run that, it has the settings of "
        "`rules/hub/settings.csv`. *Few layers* stands for two of each stack, or one of each kind: more would be the "
        "same again. What `abstract tensors failed` stands beside was run on small real ones.",
        "",
        HEADING,
        HEADING.translate(RULE),
        *(_line(row) for row in sorted(rows, key=lambda row: (ORDER.index(row.outcome), row.kind, row.cls.lower()))),
    ]
    return "\n".join(lines) + "\n"


HEADING = "| architecture | kind | type | config | outcome | note |"
RULE = {ord(letter): "-" for letter in "abcdefghijklmnopqrstuvwxyz"}
ORDER = ("missed", "not built by transformers", "traced")


def _line(row: Row) -> str:
    row = replace(row, how=row.how or "default")
    return f"| {' | '.join(value.replace('|', '/').replace('<', '&lt;') for value in astuple(row))} |"


def stored() -> dict[str, Row]:
    """The rows of the page as it is, by class."""
    if not REPORT.is_file():
        return {}
    lines = REPORT.read_text(encoding="utf-8").partition(HEADING.translate(RULE))[2].splitlines()
    rows = [Row(*(cell.strip() for cell in line[2:-2].split(" | "))) for line in lines if line]
    return {row.cls: row for row in rows}


def main() -> None:
    """Trace what is asked for, and put it into the page."""
    before = stored()
    asked = set(sys.argv[1:]) - FLAGS
    if "--missed" in sys.argv:
        asked |= {row.cls for row in before.values() if row.outcome != "traced"}
    rows = before if asked or "--missing" in sys.argv else {}
    with Tracer() as tracer:
        for count, (cls, kind, model_type) in enumerate(architectures(), 1):
            if (asked and cls not in asked) or ("--missing" in sys.argv and cls in before):
                continue
            started = time.perf_counter()
            rows[cls] = row_of(tracer, cls, kind, model_type, "--few-layers" in sys.argv)
            seconds = time.perf_counter() - started
            print(f"{seconds:6.1f} s  {cls}: {rows[cls].outcome} {rows[cls].note}", file=sys.stderr, flush=True)
            if count % EVERY == 0:
                REPORT.write_text(report(rows.values()), encoding="utf-8")
    REPORT.write_text(report(rows.values()), encoding="utf-8")


if __name__ == "__main__":
    main()
