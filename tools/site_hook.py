"""Puts the made pages of :mod:`site_pages` into the site while mkdocs builds it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

sys.path.insert(0, str(Path(__file__).parent))

from site_pages import pages

RULES = "reference/rules/"


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Lists every rule under the entry `Rules` of the navigation."""
    for section in config.nav or []:
        for entries in section.values() if isinstance(section, dict) else ():
            if isinstance(entries, list):
                _with_rules(entries)
    return config


def _with_rules(entries: list[Any]) -> None:
    for entry in entries:
        if isinstance(entry, dict) and "Rules" in entry:
            made = (path for path in pages() if path.startswith(RULES) and path != entry["Rules"])
            entry["Rules"] = [entry["Rules"], *made]


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the made pages beside those of `docs/`."""
    for path, text in pages().items():
        files.append(File.generated(config, path, content=text))
    return files
