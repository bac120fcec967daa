"""State dicts: which layer each entry comes from, and what loading one into another model would refuse."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from shapecheck.tracer.standins.patching import patch_function

if TYPE_CHECKING:
    from shapecheck.tracer.child.session import Session

_LAYER = "_shapecheck_layer"
_MOST = 32
"""Entries reported of one state dict: one is enough for a finding."""


def note_state_dicts(module: Any, session: Session) -> None:
    """Let ``state_dict`` say which layer an entry is of, and report each ``load_state_dict`` before it is done."""

    def state_dict(original: Callable[..., Any]) -> Callable[..., Any]:
        def give(self: Any, *args: Any, **kwargs: Any) -> Any:
            found = original(self, *args, **kwargs)
            if not args and "destination" not in kwargs:
                for name, _, layer, _ in _entries(self):
                    tensor = found.get(kwargs.get("prefix", "") + name)
                    if tensor is not None:
                        setattr(tensor, _LAYER, layer)
            return found

        return give

    def load_state_dict(original: Callable[..., Any]) -> Callable[..., Any]:
        def take(self: Any, state_dict: Any, *args: Any, **kwargs: Any) -> Any:
            entries = [_entry(*own, state_dict[own[0]]) for own in _entries(self) if _differs(state_dict, *own)]
            session.event("load_state", module=self, entries=entries[:_MOST])
            return original(self, state_dict, *args, **kwargs)

        return take

    patch_function(module.nn.Module, "state_dict", state_dict)
    patch_function(module.nn.Module, "load_state_dict", load_state_dict)


def _entries(model: Any) -> Iterator[tuple[str, str, Any, Any]]:
    """Every parameter and buffer of a model: its name there and in its layer, the layer, and the tensor."""
    for path, layer in model.named_modules():
        for name, tensor in (*layer._parameters.items(), *layer._buffers.items()):
            if tensor is not None:
                yield (f"{path}.{name}" if path else name), name, layer, tensor


def _differs(state_dict: Any, name: str, own: str, layer: Any, tensor: Any) -> bool:
    stored = state_dict.get(name) if isinstance(state_dict, dict) else None
    return stored is not None and hasattr(stored, "shape") and tuple(stored.shape) != tuple(tensor.shape)


def _entry(name: str, own: str, layer: Any, tensor: Any, stored: Any) -> tuple[Any, ...]:
    """Both names; what was saved and the layer it was saved from; the model's own tensor and its layer."""
    return name, own, stored, getattr(stored, _LAYER, None), tensor, layer
