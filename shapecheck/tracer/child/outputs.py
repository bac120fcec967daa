"""What a script does with a model's output object: unpacking it, indexing it, asking it for fields."""

from __future__ import annotations

import dis
import sys
from collections import OrderedDict
from collections.abc import Iterator
from types import FrameType, ModuleType
from typing import Any

from shapecheck.tracer.child.frames import is_user_file
from shapecheck.tracer.child.session import Session


def install(session: Session) -> None:
    """Watch transformers' ModelOutput once it is imported."""
    session.on_import("transformers.utils.generic", lambda module: _watch(session, module))


def _watch(session: Session, module: ModuleType) -> None:
    cls: Any = module.ModelOutput
    original_item = cls.__getitem__
    original_attribute = cls.__getattribute__
    original_tuple = cls.to_tuple

    def getitem(self: Any, key: Any) -> Any:
        try:
            value = original_item(self, key)
        except IndexError:
            if _from_user(sys._getframe(1)):
                fields = list(OrderedDict.keys(self))
                session.event("attribute", index=key, fields=fields, stage=self, missing=True)
            raise
        if isinstance(key, int) and _from_user(sys._getframe(1)):
            names = [name for name, item in self.items() if item is value]
            session.event("index", index=key, field=names[0] if names else "", stage=self)
        return value

    def iterate(self: Any) -> Iterator[str]:
        frame = sys._getframe(1)
        count = unpacked_into(frame) if _from_user(frame) else None
        if count is not None:
            session.event("unpack", of="model_output", count=count, fields=list(OrderedDict.keys(self)), stage=self)
        return OrderedDict.__iter__(self)

    def getattribute(self: Any, name: str) -> Any:
        if name.startswith("_"):
            return original_attribute(self, name)
        try:
            value = original_attribute(self, name)
        except AttributeError:
            _asked(session, self, name)
            raise
        if value is None:
            _asked(session, self, name, empty=True)
        return value

    def to_tuple(self: Any) -> tuple[Any, ...]:
        parts: tuple[Any, ...] = original_tuple(self)
        session.note_fields(parts, list(OrderedDict.keys(self)))
        return parts

    cls.__getitem__, cls.__iter__, cls.__getattribute__ = getitem, iterate, getattribute
    cls.to_tuple = to_tuple


def _asked(session: Session, output: Any, name: str, *, empty: bool = False) -> None:
    """Report a field that is not there; one that is None is missed only where the script makes use of it."""
    if _from_user(sys._getframe(2)):
        fields = list(OrderedDict.keys(output))
        session.event("attribute", name=name, fields=fields, stage=output, missing=True, empty=empty)


def _from_user(frame: FrameType) -> bool:
    return is_user_file(frame.f_code.co_filename)


def unpacked_into(frame: FrameType) -> int | None:
    """How many names the instruction that a frame executes unpacks into, None where it does not unpack."""
    code = frame.f_code.co_code
    at = frame.f_lasti
    if dis.opname[code[at]] != "UNPACK_SEQUENCE":
        return None
    count = code[at + 1]
    while at >= 2 and dis.opname[code[at - 2]] == "EXTENDED_ARG":
        at -= 2
        count |= code[at + 1] << 8
    return count
