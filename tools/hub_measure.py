"""Runs a measurement over model classes and keeps its table: for all, for some model types, or for named classes."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable
from typing import Any

from hub_classes import HUB, config_class, forward_parameters, head, model_classes, stored, write
from hub_small import WAYS

SECONDS_PER_CLASS = 120
EVERY = 25

Rows = list[dict[str, str]]
Measurement = Callable[[type[Any], str], Rows]


class TooSlow(BaseException):
    """A class that took longer than it may; no ``except Exception`` of a model's code may swallow it."""


def runnable() -> list[type[Any]]:
    """The classes that have a forward of their own."""
    return [c for c in model_classes() if forward_parameters(c) and head(c.__name__) != "abstract"]


def rows_of(work: Measurement, cls: type[Any]) -> Rows:
    """The rows of one class, by the first way of making its config small that works; none, and a line on stderr, where
    it cannot be run."""

    def ring(*_: Any) -> None:
        raise TooSlow

    signal.signal(signal.SIGALRM, ring)
    signal.alarm(SECONDS_PER_CLASS)
    reason: BaseException | None = None
    try:
        for way in WAYS:
            try:
                return work(cls, way)
            except Exception as error:  # 2,000 classes of other people's code: whatever they raise is said
                reason = reason or error
    except TooSlow:
        reason = TooSlow(f"more than {SECONDS_PER_CLASS} s")
    finally:
        signal.alarm(0)
    print(f"not run: {cls.__name__}: {type(reason).__name__}: {' '.join(str(reason).split())[:160]}", file=sys.stderr)
    return []


def main(table: str, work: Measurement) -> None:
    """Measure the classes that the command line asks for, and put their rows into the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("classes", nargs="*", help="class names; all if neither these nor types are given")
    parser.add_argument("--types", nargs="*", default=[], help="model types")
    parser.add_argument("--show", action="store_true", help="print the rows and leave the table alone")
    asked = parser.parse_args()
    everything = not asked.classes and not asked.types
    chosen = [
        cls
        for cls in runnable()
        if everything or cls.__name__ in asked.classes or config_class(cls).model_type in asked.types
    ]
    path = HUB / f"{table}.csv"
    kept = {} if everything else stored(path, "model_class")
    for count, cls in enumerate(chosen, 1):
        kept[cls.__name__] = rows_of(work, cls)
        if asked.show:
            print(*(" | ".join(row.values()) for row in kept[cls.__name__]), sep="\n")
        elif count % EVERY == 0 or count == len(chosen):
            write(path, [row for name in sorted(kept) for row in kept[name]])
