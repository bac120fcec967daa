"""What an arm of a branch changes: recorded at the first touch, undone, and joined with what the other arms change."""

from __future__ import annotations

from typing import Any

from shapecheck.dims import UNKNOWN
from shapecheck.interp.scopes import Scope
from shapecheck.interp.values import (
    NEVER,
    Class,
    Instance,
    Items,
    Lacking,
    Mapping,
    Unknown,
    Value,
    all_complete,
    join,
    join_all,
)

State = dict[str, Any]
Changes = dict[int, tuple[Any, Any]]
"""Objects that changed, by identity, each with a state: the one before (while recording) or the one after."""


def snapshot(thing: Any) -> Any:
    """A copy of what can change in a scope or value, one level deep."""
    kind = type(thing)
    if kind is Scope:
        return thing.names.copy()
    if kind is Instance or kind is Class:
        return thing.attributes.copy()
    if kind is Items:
        return None if thing.items is None else list(thing.items), thing.element, thing.size, thing.batched
    if kind is Mapping:
        return thing.items.copy(), thing.complete, thing.element
    return {slot: _copied(getattr(thing, slot, None)) for slot in _slots(kind)}


def restore(thing: Any, state: Any) -> None:
    """Put a state back (the state is not shared with the thing afterwards)."""
    kind = type(thing)
    if kind is Scope:
        thing.names = state.copy()
    elif kind is Instance or kind is Class:
        thing.attributes = state.copy()
    elif kind is Items:
        thing.items = None if state[0] is None else list(state[0])
        thing.element, thing.size, thing.batched = state[1:]
    elif kind is Mapping:
        thing.items, thing.complete, thing.element = state[0].copy(), state[1], state[2]
    else:
        for slot, content in state.items():
            setattr(thing, slot, _copied(content))


def merge(thing: Any, a: Any, b: Any) -> Any:
    """The state of a thing that is in one state or the other."""
    kind = type(thing)
    if kind is Scope or kind is Instance or kind is Class:
        return _merged(a, b)
    if kind is Items:
        if a[0] is not None and b[0] is not None and len(a[0]) == len(b[0]):
            return [join(x, y) for x, y in zip(a[0], b[0], strict=True)], join(a[1], b[1]), UNKNOWN, None
        element = join_all([*(a[0] if a[0] is not None else [a[1]]), *(b[0] if b[0] is not None else [b[1]])])
        alike = a[0] is b[0] is None
        return None, element, a[2] if alike and a[2] == b[2] else UNKNOWN, a[3] if alike and a[3] == b[3] else None
    if kind is Mapping:
        lacking = Lacking(frozenset(a[0].keys() ^ b[0].keys()))
        return _merged(a[0], b[0]), all_complete(a[1], b[1], lacking if lacking.keys else True), join(a[2], b[2])
    return {slot: _either(a[slot], b[slot]) for slot in a}


def same(thing: Any, a: Any, b: Any) -> bool:
    """Whether two states tell the same, apart from names that only the second one has."""
    kind = type(thing)
    if kind is Scope or kind is Instance or kind is Class:
        return all(name in b and (value is b[name] or value.key() == b[name].key()) for name, value in a.items())
    if kind is Items:
        left, right = a[0], b[0]
        if left is None or right is None:
            return left is right and a[2:] == b[2:] and (a[1] is NEVER or bool(a[1].key() == b[1].key()))
        return len(left) == len(right) and all(x is y or x.key() == y.key() for x, y in zip(left, right, strict=True))
    if kind is Mapping:
        return bool(a[0].keys() == b[0].keys()) and all(
            v is b[0][k] or v.key() == b[0][k].key() for k, v in a[0].items()
        )
    return bool(a == b)


def given_up(thing: Any, old: Any, joined: Any) -> Any:
    """A state in which all that differs between the two is unknown."""
    kind = type(thing)
    if kind is Scope or kind is Instance or kind is Class:
        return {
            name: value if name not in old or _alike(value, old[name]) else Unknown() for name, value in joined.items()
        }
    if kind is Items:
        return None, Unknown(), UNKNOWN, None
    if kind is Mapping:
        items = {
            key: value if key in old[0] and _alike(value, old[0][key]) else Unknown()
            for key, value in joined[0].items()
        }
        return items, joined[1], Unknown()
    return joined


def _alike(a: Value, b: Value) -> bool:
    return a is b or a.key() == b.key()


def _merged(a: State, b: State) -> State:
    out = {**a, **b}
    for name, value in a.items():
        other = b.get(name)
        if other is not None and other is not value:
            out[name] = join(value, other)
    return out


def _either(a: Any, b: Any) -> Any:
    if a is b:
        return a
    if isinstance(a, dict) and isinstance(b, dict):
        return {key: _either(a.get(key, b.get(key)), b.get(key, a.get(key))) for key in {**a, **b}}
    if isinstance(a, Value) and isinstance(b, Value):
        return join(a, b)
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        return [_either(x, y) for x, y in zip(a, b, strict=True)]
    if isinstance(a, Value) or isinstance(b, Value):
        return Unknown()
    return b


def _copied(content: Any) -> Any:
    return content.copy() if isinstance(content, (dict, list)) else content


_SLOTS: dict[type, tuple[str, ...]] = {}


def _slots(kind: type) -> tuple[str, ...]:
    known = _SLOTS.get(kind)
    if known is None:
        known = tuple(slot for cls in kind.__mro__ for slot in getattr(cls, "__slots__", ()))
        _SLOTS[kind] = known
    return known


class Heap:
    """Records changes while arms of branches are tried out, and tells which calls may be answered from memory.

    ``clock`` counts calls and changes; a value remembers when it was ``born``. A change of a value older than a
    remembered call may change what that call would give: :meth:`stale` tells.
    """

    __slots__ = ("_old", "_when", "clock", "layers")

    def __init__(self) -> None:
        self.clock = 1
        self.layers: list[Changes] = []
        self._when: list[int] = []
        self._old: list[int] = []

    def touch(self, thing: Any) -> None:
        """Announce that a thing is about to change."""
        if self.layers and id(thing) not in self.layers[-1]:
            self.layers[-1][id(thing)] = (thing, snapshot(thing))

    def changed(self, born: int) -> None:
        """A value that was made at ``born`` changed in a way that can be noticed."""
        self.clock += 1
        while self._old and self._old[-1] >= born:
            self._old.pop()
            self._when.pop()
        self._old.append(born)
        self._when.append(self.clock)

    def stale(self, since: int) -> bool:
        """Whether anything changed after ``since`` that was there then."""
        for when, born in zip(reversed(self._when), reversed(self._old), strict=True):
            if when <= since:
                return False
            if born <= since:
                return True
        return False

    def push(self) -> None:
        """Begin an arm."""
        self.layers.append({})

    def pop(self) -> Changes:
        """End an arm: undo it, and give what it changed with the states after."""
        layer = self.layers.pop()
        after: Changes = {}
        for key, (thing, before) in layer.items():
            after[key] = (thing, snapshot(thing))
            restore(thing, before)
        return after

    def since(self, base: int, after: Changes) -> Changes:
        """What an arm changed, with all that had changed before it since a layer began."""
        out = dict(after)
        for layer in self.layers[base:]:
            for key, (thing, _) in layer.items():
                if key not in out:
                    out[key] = (thing, snapshot(thing))
        return out

    def keep(self) -> None:
        """End an arm whose changes stand."""
        layer = self.layers.pop()
        if self.layers:
            outer = self.layers[-1]
            for key, saved in layer.items():
                outer.setdefault(key, saved)

    def adopt(self, arms: list[Changes]) -> None:
        """Make the join of several arms the state; an arm that did not touch a thing has it as it is now."""
        things = {key: thing for arm in arms for key, (thing, _) in arm.items()}
        for key, thing in things.items():
            self.touch(thing)
            now = snapshot(thing) if any(key not in arm for arm in arms) else None
            states = [arm[key][1] if key in arm else now for arm in arms]
            total = states[0]
            for state in states[1:]:
                total = merge(thing, total, state)
            restore(thing, total)
