"""The dynamic front end: runs a script in a guarded child process and emits the ShapeGraph that PyTorch made.

This side never imports torch. The names below are loaded at their first use: the child process imports this
package too, and needs none of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shapecheck.tracer.api import Invented, TraceError, TraceRequest, TraceResult
    from shapecheck.tracer.tracer import Tracer

__all__ = ["Invented", "TraceError", "TraceRequest", "TraceResult", "Tracer"]


def __getattr__(name: str) -> Any:
    if name == "Tracer":
        from shapecheck.tracer.tracer import Tracer

        return Tracer
    if name in __all__:
        from shapecheck.tracer import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
