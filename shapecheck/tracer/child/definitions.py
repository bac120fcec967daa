"""A script that only defines models: each is built with plausible arguments and called with inputs made for it."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import torch

from shapecheck.places import Span
from shapecheck.tracer.child import instances, target

if TYPE_CHECKING:
    from shapecheck.tracer.child.session import Session

_MOST = 8
"""Classes of one script that are tried."""


def run(session: Session, text: str, inputs: Mapping[str, Any]) -> None:
    """Try the modules that a script defines, if it called none itself; with these inputs, where they take them.

    One that does not run with what was made up for it is left out and said: the fault may lie with what was made up.
    """
    if session.stages:
        return
    unused = set(inputs)
    for cls in list(_roots(vars(sys.modules["__main__"]), text))[:_MOST]:
        session.origin = Span(str(session.script), inspect.getsourcelines(cls)[1])
        given = target.taken(cls, inputs)
        unused -= set(given)
        _tried(session, cls, given)
    session.origin = None
    for name in sorted(unused):
        session.assume(f"no model of the script takes the input {name} that the settings name")


def _roots(names: dict[str, Any], text: str) -> Iterator[type]:
    """The script's own modules with a ``forward``, those left out that another of its classes is made of."""
    used = {
        part.id
        for node in ast.parse(text).body
        if isinstance(node, ast.ClassDef)
        for part in ast.walk(node)
        if isinstance(part, ast.Name) and part.id != node.name
    }
    for name, value in names.items():
        own = inspect.isclass(value) and issubclass(value, torch.nn.Module) and value.__module__ == "__main__"
        if own and name not in used and value.forward is not torch.nn.Module.forward:
            yield value


def _tried(session: Session, cls: type, inputs: Mapping[str, Any]) -> None:
    """Build a module and call it; its records are sent only if it ran through, or failed for certain."""
    send, held = session.send, list[dict[str, Any]]()
    guessed, session.guessed = session.guessed, False
    session.send = held.append
    try:
        model = instances.instance(session, cls, {})
        target.forward(session, model, inputs)
    except Exception as error:
        if session.guessed or not _by_recipe(cls, inputs):
            held[:] = [record for record in held if record["kind"] == "assumption"]
            session.stages = 0
            session.assume(f"{cls.__name__} is only defined, and did not run with what was made up for it: {error}")
            return
        raise
    finally:
        session.send, session.guessed = send, guessed or session.guessed
        for record in held:
            send(record)
    session.assume(f"{cls.__name__} is only defined: built and called with what was made up for it")


def _by_recipe(cls: Any, inputs: Mapping[str, Any]) -> bool:
    """Whether the form of every input that ``forward`` requires is given, or known by its name (``input_ids``)."""
    from shapecheck.hub.recipes import general

    required = [
        parameter.name
        for parameter in list(inspect.signature(cls.forward).parameters.values())[1:]
        if parameter.default is parameter.empty
        and parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
    ]
    return bool(required) and all(name in inputs or general(name) is not None for name in required)
