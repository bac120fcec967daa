"""Stand-ins for common packages that are not installed, by the package's name.

``__all__`` of each module lists what its package (with all submodules together) can do; other names absorb use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shapecheck.tracer.child.session import Session

_current: list[Session] = []


def use(session: Session) -> None:
    """Tell the stand-ins whom to tell what they make up."""
    _current[:] = [session]


def session() -> Session:
    """The traced run that the stand-ins belong to."""
    return _current[0]
