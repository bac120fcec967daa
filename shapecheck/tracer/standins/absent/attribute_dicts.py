"""omegaconf, easydict, munch, addict, box, dotmap, yacs, ml_collections: dicts whose entries are attributes too."""

from __future__ import annotations

import copy
import importlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = [
    "AttrDict", "Box", "CfgNode", "ConfigDict", "Dict", "DictConfig", "DotMap", "EasyDict", "ListConfig", "Munch",
    "OmegaConf", "edict", "munchify", "open_dict",
]  # fmt: skip

_REFERENCE = re.compile(r"\$\{([\w.]+)\}")


class AttrDict(dict[str, Any]):
    """A dict with its entries as attributes, and those of the dicts in it."""

    def __init__(self, *args: Any, **entries: Any) -> None:
        super().__init__()
        for name, value in dict(*args, **entries).items():
            self[name] = value

    def __setitem__(self, name: Any, value: Any) -> None:
        super().__setitem__(name, nested(value))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name not in self:
            raise AttributeError(name)
        return self[name]

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def update(self, *args: Any, **entries: Any) -> None:
        """Take in entries, the dicts among them as well."""
        for name, value in dict(*args, **entries).items():
            self[name] = value

    def __deepcopy__(self, memo: Any) -> AttrDict:
        return type(self)({name: copy.deepcopy(value, memo) for name, value in self.items()})

    def clone(self) -> AttrDict:
        """A copy."""
        return copy.deepcopy(self)

    def freeze(self) -> None:
        """Nothing happens."""

    defrost = unlock = lock = freeze

    def merge_from_file(self, file: str) -> None:
        """The settings of a file."""
        self.merge_from_other_cfg(load(file))

    def merge_from_other_cfg(self, settings: Any) -> None:
        """Other settings; what they do not say stays."""
        for dotted, value in _leaves(settings):
            place(self, dotted, value)

    def merge_from_list(self, pairs: list[Any]) -> None:
        """Names and values in turn."""
        for name, value in zip(pairs[::2], pairs[1::2], strict=False):
            place(self, name, value)

    def toDict(self) -> dict[str, Any]:
        """A plain dict."""
        return plain(self)  # type: ignore[no-any-return]

    to_dict = toDict

    def dump(self, *args: Any, **options: Any) -> str:
        """The settings as text."""
        return json.dumps(plain(self), default=str)


EasyDict = edict = Munch = Dict = Box = DotMap = CfgNode = ConfigDict = DictConfig = munchify = AttrDict
ListConfig = list


def nested(value: Any) -> Any:
    """A value with the plain dicts in it made into ones with attributes."""
    if type(value) is dict:
        return AttrDict(value)
    return [nested(part) for part in value] if type(value) is list else value


def plain(value: Any) -> Any:
    """A value with the dicts in it made into plain ones."""
    if isinstance(value, Mapping):
        return {name: plain(part) for name, part in value.items()}
    return [plain(part) for part in value] if isinstance(value, list) else value


def load(file: Any) -> Any:
    """The settings of a YAML file."""
    with open(file) as stream:
        return nested(importlib.import_module("yaml").safe_load(stream) or {})


def place(settings: Any, dotted: str, value: Any) -> None:
    """Set ``a.b`` in nested settings."""
    *outer, last = dotted.split(".")
    for name in outer:
        if name not in settings:
            settings[name] = {}
        settings = settings[name]
    settings[last] = value


def resolved(settings: Any) -> Any:
    """The settings with references to others (``${model.width}``) followed."""

    def look_up(dotted: str) -> Any:
        value = settings
        for name in dotted.split("."):
            value = value[name]
        return follow(value)

    def follow(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        whole = _REFERENCE.fullmatch(value)
        if whole is not None:
            return look_up(whole[1])
        return _REFERENCE.sub(lambda found: str(look_up(found[1])), value)

    def walk(value: Any) -> None:
        entries: Any = value.items() if isinstance(value, Mapping) else enumerate(value)
        for key, part in list(entries):
            if isinstance(part, (AttrDict, list)):
                walk(part)
            else:
                try:
                    value[key] = follow(part)
                except (KeyError, TypeError):
                    continue  # an environment variable or a resolver's answer: stays as it is written

    walk(settings)
    return settings


class open_dict:
    """Settings that may be added to."""

    def __init__(self, *args: Any) -> None:
        pass

    def __enter__(self) -> None:
        return None

    def __exit__(self, *error: object) -> None:
        return None


class OmegaConf:
    """What is done to settings."""

    @staticmethod
    def create(obj: Any = None, **options: Any) -> Any:
        """Settings of a dict or a list."""
        return resolved(nested(plain({} if obj is None else obj)))

    structured = create

    @staticmethod
    def load(file: Any) -> Any:
        """See :func:`load`."""
        return resolved(load(file))

    @staticmethod
    def merge(*settings: Any) -> Any:
        """The settings together; later ones go before."""
        merged = AttrDict()
        for one in settings:
            for dotted, value in _leaves(one):
                place(merged, dotted, value)
        return resolved(merged)

    @staticmethod
    def from_cli(*args: Any) -> Any:
        """What the command line sets (``a.b=1``)."""
        import sys

        return overrides(sys.argv[1:])

    from_dotlist = staticmethod(lambda dotlist: overrides(dotlist))
    to_container = to_object = staticmethod(lambda cfg, *args, **options: plain(cfg))
    to_yaml = staticmethod(lambda cfg, *args, **options: json.dumps(plain(cfg), default=str))
    select = staticmethod(lambda cfg, key, default=None: dict(_leaves(cfg)).get(key, default))
    update = staticmethod(lambda cfg, key, value, **options: place(cfg, key, value))
    is_config = is_dict = staticmethod(lambda obj: isinstance(obj, Mapping))
    is_list = staticmethod(lambda obj: isinstance(obj, list))
    is_missing = staticmethod(lambda cfg, key: key not in cfg or cfg[key] == "???")
    resolve = set_struct = set_readonly = register_new_resolver = save = staticmethod(lambda *args, **options: None)
    has_resolver = staticmethod(lambda *args: True)


def overrides(words: list[str]) -> Any:
    """The settings that words like ``a.b=1`` make."""
    found, yaml = AttrDict(), importlib.import_module("yaml")
    for word in words:
        dotted, equals, value = word.lstrip("+~-").partition("=")
        if equals:
            place(found, dotted, yaml.safe_load(value))
    return found


def _leaves(settings: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in settings.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value
