"""Exceptions that a program counts on: by a ``try`` that names them, or as a test that wants them raised."""

from __future__ import annotations

import ast

ANY = "expects an exception"
"""The guard of a place that is there to raise."""

RAISED = {
    "attribute": ("AttributeError",),
    "beyond": ("IndexError", "LookupError"),
    "index": ("KeyError", "IndexError", "LookupError"),
    "unpack": ("ValueError",),
}
"""What Python raises where an event of a kind tells of something that is not there."""

_WANTED = frozenset(("raises", "assertRaises", "assertRaisesRegex", "suppress"))


def by_handlers(node: ast.Try) -> frozenset[str]:
    """The guard of a ``try``'s body: the exceptions that its handlers name.

    What catches everything (``except Exception``) is there for whatever may go wrong, and expects nothing.
    """
    kinds: list[ast.expr] = []
    for handler in node.handlers:
        kinds += handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type] if handler.type else []
    return frozenset(f"expects {kind.id}" for kind in kinds if isinstance(kind, ast.Name))


def by_context(node: ast.expr) -> frozenset[str]:
    """The guard of a ``with``'s body: ``pytest.raises``, ``assertRaises`` and ``suppress`` want an exception."""
    if not isinstance(node, ast.Call):
        return frozenset()
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return frozenset((ANY,)) if name in _WANTED else frozenset()


def expects(guard: frozenset[str], kind: str) -> bool:
    """Whether the exception that an event of this kind stands for is expected under this guard."""
    return ANY in guard or any(f"expects {name}" in guard for name in RAISED.get(kind, ()))
