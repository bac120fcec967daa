"""shapecheck finds tensor-shape faults in PyTorch and transformers code before training does.

In tests and notebooks: :func:`trace` shows the shapes inside a model, :class:`explain_errors` adds to an exception what
the shapes say about it. Both are loaded at their first use: the tracer's child process imports this module under the
user's own interpreter, and ``check`` needs no torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shapecheck.explaining import explain_errors
    from shapecheck.tracing import Trace, trace

__version__ = "0.1.0"
__all__ = ["Trace", "__version__", "explain_errors", "trace"]


def __getattr__(name: str) -> Any:
    if name == "explain_errors":
        from shapecheck.explaining import explain_errors

        return explain_errors
    if name in ("Trace", "trace"):
        from shapecheck import tracing

        return getattr(tracing, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
