"""What the command line says, and files for it to look at."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema

SCHEMA = json.loads((Path(__file__).parents[1] / "docs" / "schema.json").read_text())

FINE = "import torch\nlayer = torch.nn.Linear(768, 5)\nscores = layer(torch.zeros(8, 768))\n"
BROKEN = "import torch\nlayer = torch.nn.Linear(768, 5)\nscores = layer(torch.zeros(8, 512))\n"


@dataclass
class Said:
    code: int
    out: str
    err: str

    @property
    def report(self) -> dict[str, Any]:
        """The JSON report, which is of the published form."""
        document = json.loads(self.out)
        jsonschema.Draft202012Validator(SCHEMA).validate(document)
        return dict(document)

    @property
    def rules(self) -> list[str]:
        return [finding["rule"] for finding in self.report["findings"]]


def write(name: str, text: str | bytes) -> Path:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path
