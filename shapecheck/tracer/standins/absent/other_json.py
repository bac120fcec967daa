"""ujson, orjson, simplejson, rapidjson: what the standard library's json does."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["JSONDecodeError", "dump", "dumps", "load", "loads"]

JSONDecodeError = json.JSONDecodeError


def load(fp: Any, **options: Any) -> Any:
    """What a file holds."""
    return json.load(fp)


def loads(s: Any, **options: Any) -> Any:
    """What a text holds."""
    return json.loads(s)


def dump(obj: Any, fp: Any, **options: Any) -> None:
    """Write into a file."""
    fp.write(dumps(obj))


def dumps(obj: Any, *args: Any, **options: Any) -> str:
    """As a text."""
    return json.dumps(obj, default=str)
