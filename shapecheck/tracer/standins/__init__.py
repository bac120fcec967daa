"""What a script cannot have when it is traced offline, without weights, data or accelerators: stand-ins.

Each module patches one concern as soon as the script imports what it patches. What a stand-in chooses is told to the
session, so that nothing made up goes unsaid.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shapecheck.tracer.child.session import Session

_CONCERNS = (
    "devices",
    "models",
    "tokenizers",
    "processors",
    "generation",
    "trainer",
    "legacy",
    "files",
    "network",
    "processes",
    "commands",
    "arguments",
    "installed",
    "packages",
)


def load() -> list[ModuleType]:
    """The modules of all stand-ins, imported and not installed."""
    return [import_module(f"{__name__}.{concern}") for concern in _CONCERNS]


def install_all(session: Session) -> None:
    """Install every stand-in. Call it once per process, before the script runs."""
    for concern in load():
        concern.install(session)
