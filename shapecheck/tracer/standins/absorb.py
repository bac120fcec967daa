"""Objects that absorb any use: what a package that is not installed gives the script."""

from __future__ import annotations

import dis
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import Any

import torch

from shapecheck.tracer.child.frames import is_user_file
from shapecheck.tracer.standins.script import gives_up_without

_UNPACK = dis.opmap["UNPACK_SEQUENCE"]
_MODULE_WORDS = ("Module", "Model", "Net", "Layer", "Block", "Encoder", "Decoder")

Names = Mapping[str, Any]


def attribute(owner: str, name: str, names: Names) -> Any:
    """What ``owner.name`` is: a known stand-in, an exception class, or an absorbing object."""
    if name in names:
        return names[name]
    if name.startswith("__") and name.endswith("__"):
        raise AttributeError(f"{owner} has no attribute {name}")
    if name.endswith(("Error", "Exception", "Warning")):
        return type(name, (Exception,), {"__module__": owner})
    return Absorbing(f"{owner}.{name}", names)


class Version(str):
    """A version that is new enough, and the very one where the script would end otherwise (``assert v == "0.3.2"``)."""

    def __eq__(self, other: object) -> bool:
        asking = sys._getframe(1)
        place = asking.f_code.co_filename, asking.f_lineno
        return str.__eq__(self, other) or (is_user_file(place[0]) and gives_up_without(*place))

    __hash__ = str.__hash__


class AbsorbingModule(ModuleType):
    """A package that is not installed."""

    __version__ = Version("99.0.0")

    def __init__(self, name: str, names: Names) -> None:
        super().__init__(name, f"Stands in for {name}, which is not installed.")
        self.__path__: list[str] = []
        self.__dict__.update(names)
        self.__dict__["_names"] = names

    def __getattr__(self, name: str) -> Any:
        value = attribute(self.__name__, name, self.__dict__["_names"])
        self.__dict__[name] = value
        return value


def if_installed(patch: Callable[[Any], None]) -> Callable[[Any], None]:
    """Patch a module only where it is the real one, and not a stand-in already."""
    return lambda module: None if isinstance(module, AbsorbingModule) else patch(module)


class Absorbing:
    """Takes every attribute access, call, index and operator, and gives itself again.

    As a condition it is false, as an iterable empty, as a number one; as a decorator it leaves the function alone,
    as a base class it gives a class that takes any arguments (an ``nn.Module`` if its name says so).
    """

    def __init__(self, name: str, names: Names | None = None) -> None:
        self.__dict__["_name"] = name
        self.__dict__["_names"] = names or {}

    def __getattr__(self, name: str) -> Any:
        value = attribute(self._name, name, self._names)
        self.__dict__[name] = value
        return value

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Another absorbing object; what is decorated, where it is used as a decorator."""
        if len(args) == 1 and not kwargs and (inspect.isfunction(args[0]) or inspect.isclass(args[0])):
            return args[0]
        return Absorbing(f"{self._name}()")

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[type, ...]:
        """What a class derives from that names this as its base."""
        unknown = [base for base in bases if isinstance(base, Absorbing)]
        if self is not unknown[0]:
            return ()
        is_module = any(base._name.rsplit(".", 1)[-1].endswith(_MODULE_WORDS) for base in unknown)
        return (AbsorbingNnModule,) if is_module else (AbsorbingBase,)

    def __instancecheck__(self, instance: Any) -> bool:
        return False

    def __subclasscheck__(self, subclass: Any) -> bool:
        return False

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return Absorbing(f"{getattr(func, '__name__', 'function')}()")

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *exc: object) -> None:
        return None

    def __iter__(self) -> Iterator[Any]:
        return iter([Absorbing(f"{self._name}[{i}]") for i in range(_unpacked_into(sys._getframe(1)))])

    def __next__(self) -> Any:
        raise StopIteration

    def __len__(self) -> int:
        return 0

    def __bool__(self) -> bool:
        """False, unless the script would end then (``if not available(): raise``)."""
        asking = sys._getframe(1)
        place = asking.f_code.co_filename, asking.f_lineno
        return is_user_file(place[0]) and gives_up_without(*place)

    def __int__(self) -> int:
        return 1

    def __index__(self) -> int:
        return 1

    def __float__(self) -> float:
        return 1.0

    def __contains__(self, item: Any) -> bool:
        return False

    def __getitem__(self, key: Any) -> Any:
        return Absorbing(f"{self._name}[...]")

    def __setitem__(self, key: Any, value: Any) -> None:
        return None

    def __delitem__(self, key: Any) -> None:
        return None

    def __format__(self, spec: str) -> str:
        return f"<{self._name}>"

    def __repr__(self) -> str:
        return f"<{self._name}>"

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: Any) -> bool:
        return self is other

    def __lt__(self, other: Any) -> bool:
        return False

    __le__ = __gt__ = __ge__ = __lt__

    def __deepcopy__(self, memo: Any) -> Any:
        return self

    def __fspath__(self) -> str:
        return str(self._name)


def _operator(name: str) -> Callable[..., Any]:
    def apply(self: Absorbing, *others: Any) -> Any:
        return Absorbing(f"{self._name}.{name}")

    return apply


for _name in (
    "add",
    "sub",
    "mul",
    "truediv",
    "floordiv",
    "mod",
    "pow",
    "matmul",
    "and",
    "or",
    "xor",
    "lshift",
    "rshift",
):
    for _prefix in ("", "r", "i"):
        setattr(Absorbing, f"__{_prefix}{_name}__", _operator(f"__{_prefix}{_name}__"))
for _name in ("neg", "pos", "abs", "invert"):
    setattr(Absorbing, f"__{_name}__", _operator(f"__{_name}__"))


def _unpacked_into(frame: Any) -> int:
    """How many names the calling instruction unpacks into: ``a, b = value`` wants two; 0 for a loop."""
    code, at = frame.f_code.co_code, frame.f_lasti
    return int(code[at + 1]) if code[at] == _UNPACK else 0


def holds_unknown(value: Any, depth: int = 3) -> bool:
    """Whether a value, or one in it, is not known."""
    if isinstance(value, Absorbing):
        return True
    return depth > 0 and isinstance(value, (list, tuple)) and any(holds_unknown(part, depth - 1) for part in value)


class _Anything:
    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return Absorbing(f"{type(self).__name__}.{name}")


class AbsorbingBase(_Anything):
    """The base of a class that the script derives from one that is not there."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()


class AbsorbingNnModule(torch.nn.Module):  # type: ignore[misc]
    """The base of a module that the script derives from a module that is not there."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()
