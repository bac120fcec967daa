"""The generators of the hub's tables, importable by the tests that compare the tables with transformers."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
