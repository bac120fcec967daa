"""What is published of forms for which no package carries a schema, in our own words, each with its source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element

_COUNT: dict[str, Any] = {"type": "integer", "minimum": 1}
_TEXT: dict[str, Any] = {"type": "string", "minLength": 1}


def _object(required: dict[str, Any], **optional: Any) -> dict[str, Any]:
    properties = {**required, **optional}
    return {"type": "object", "required": list(required), "properties": properties, "additionalProperties": False}


_PLACE = _object({"line": _COUNT}, column=_COUNT)

CODE_QUALITY: dict[str, Any] = {
    "type": "array",
    "items": _object(
        {
            "type": {"const": "issue"},
            "check_name": _TEXT,
            "description": _TEXT,
            "categories": {"type": "array", "minItems": 1, "items": {"enum": ["Bug Risk"]}},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{32,}$"},
            "location": _object(
                {
                    "path": {"type": "string", "pattern": r"^(?!\./)(?!/)[^\\]+$"},
                    "positions": _object({"begin": _PLACE, "end": _PLACE}),
                }
            ),
        },
        content=_object({"body": {"type": "string"}}),
    ),
}
"""GitLab documents "Code Quality report format" (description, check_name, fingerprint, location.path without ``./``,
location.lines or location.positions, severity); the other fields are those of the "Code Climate engine specification",
section "Data types: issues", of which it is a part."""

_RANGE = _object({"start": _PLACE}, end=_PLACE)
_LOCATION = _object({"path": {"type": "string"}}, range=_RANGE)
_SEVERITY = {"enum": ["ERROR", "WARNING", "INFO"]}

RDJSON: dict[str, Any] = _object(
    {
        "source": _object({"name": _TEXT}, url=_TEXT),
        "diagnostics": {
            "type": "array",
            "items": _object(
                {"message": _TEXT, "location": _LOCATION, "severity": _SEVERITY, "code": _object({"value": _TEXT})},
                suggestions={"type": "array", "items": _object({"range": _RANGE, "text": {"type": "string"}})},
                related_locations={
                    "type": "array",
                    "items": _object({"location": _LOCATION}, message={"type": "string"}),
                },
            ),
        },
    }
)
"""``DiagnosticResult`` of the Reviewdog Diagnostic Format, as reviewdog's ``proto/rdf/reviewdog.proto`` defines it:
positions count from 1, columns in bytes of UTF-8."""

_JUNIT: dict[str, tuple[set[str], set[str], set[str]]] = {
    "testsuites": (set(), {"name", "time", "tests", "failures", "errors"}, {"testsuite"}),
    "testsuite": (
        {"name", "tests", "failures", "errors"},
        {"time", "skipped", "timestamp", "hostname", "id", "package", "file"},
        {"testsuite", "properties", "testcase", "system-out", "system-err"},
    ),
    "testcase": (
        {"name"},
        {"time", "classname", "group"},
        {"skipped", "error", "failure", "system-out", "system-err"},
    ),
    "failure": (set(), {"type", "message"}, set()),
    "error": (set(), {"type", "message"}, set()),
    "skipped": (set(), {"type", "message"}, set()),
    "system-out": (set(), set(), set()),
    "system-err": (set(), set(), set()),
}
"""Attributes that an element must have, those that it may have, and its children, as in ``junit-10.xsd`` of Jenkins'
xUnit plugin, which refuses a file with anything else in it."""


def faults_of_junit(element: Element) -> list[str]:
    """Where a document is not of the form that Jenkins takes."""
    must, may, children = _JUNIT[element.tag]
    faults = [f"{element.tag} lacks {name}" for name in must - {*element.attrib}]
    faults += [f"{element.tag} has {name}" for name in {*element.attrib} - must - may]
    faults += [f"{child.tag} stands in {element.tag}" for child in element if child.tag not in children]
    return faults + [fault for child in element if child.tag in _JUNIT for fault in faults_of_junit(child)]


@dataclass
class Command:
    """One workflow command."""

    name: str
    properties: dict[str, str]
    data: str


def workflow_command(line: str) -> Command:
    """A line as GitHub's runner reads it: ``::name key=value,key=value::data``, each part unescaped by itself.

    "Workflow commands for GitHub Actions" documents the form; which signs are escaped in what part is as in the
    runner's own parser, ``ActionCommand``.
    """
    assert line.startswith("::"), line
    head, _, data = line[2:].partition("::")
    name, _, rest = head.partition(" ")
    assert name in ("error", "warning", "notice"), line
    pairs = [pair.partition("=") for pair in rest.split(",")]
    assert all(value for _, _, value in pairs), line
    return Command(name, {key: _unescaped(value, ":", ",") for key, _, value in pairs}, _unescaped(data))


def _unescaped(text: str, *more: str) -> str:
    for sign in ("\r", "\n", *more, "%"):
        text = text.replace(f"%{ord(sign):02X}", sign)
    return text
