"""Records on their way to the parent: one JSON line each, written at once."""

from __future__ import annotations

import json
import os
from typing import Any

from shapecheck.places import Span


class Stream:
    """Writes records to a file descriptor, tagged with the number of the request."""

    def __init__(self, descriptor: int, request: int) -> None:
        self.descriptor, self._request = descriptor, request

    def send(self, record: dict[str, Any]) -> None:
        """Write one record in full; a script that ends right after loses nothing."""
        line = json.dumps({"request": self._request, **record}, default=_plain, ensure_ascii=True).encode() + b"\n"
        while line:
            line = line[os.write(self.descriptor, line) :]


def arrived(record: dict[str, Any]) -> dict[str, Any]:
    """A record as it is on the other side, for a reader in this process."""
    read: dict[str, Any] = json.loads(json.dumps(record, default=_plain))
    return read


def _plain(value: Any) -> Any:
    if isinstance(value, Span):
        return [value.path, value.line, value.column, value.end_line, value.end_column]
    return str(value)
