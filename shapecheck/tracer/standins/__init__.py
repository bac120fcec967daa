"""What a script cannot have when it is traced offline, without weights, data or accelerators: stand-ins.

Each module patches one concern as soon as the script imports what it patches. What a stand-in chooses is told to the
session, so that nothing made up goes unsaid.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shapecheck.tracer.child.session import Session


def install_all(session: Session) -> None:
    """Install every stand-in. Call it once per process, before the script runs."""
    from shapecheck.tracer.standins import (
        arguments,
        devices,
        files,
        generation,
        legacy,
        models,
        packages,
        tokenizers,
        trainer,
    )

    for module in (devices, models, tokenizers, generation, trainer, legacy, files, arguments, packages):
        module.install(session)


install = install_all
