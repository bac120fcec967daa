"""fire: a function called with the words of the command line; what it requires and was not given is made up."""

from __future__ import annotations

import ast
import inspect
import sys
from typing import Any

from shapecheck.tracer.standins import arguments
from shapecheck.tracer.standins.absent import session

__all__ = ["Fire"]


def Fire(component: Any = None, *args: Any, **options: Any) -> Any:
    """Call a function; of a class or a module-like object nothing is called."""
    if not (inspect.isfunction(component) or inspect.ismethod(component)):
        return component
    positional, named = _given(sys.argv[1:])
    parameters = list(inspect.signature(component).parameters.values())
    for parameter in parameters[len(positional) :]:
        plain = parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
        if plain and parameter.default is parameter.empty and parameter.name not in named:
            kind = parameter.annotation if parameter.annotation in (int, float, bool) else str
            named[parameter.name] = made = arguments.plausible(parameter.name, kind)
            session().guess(f"argument {parameter.name} was not given: {made}", number=not isinstance(made, str))
    return component(*positional, **named)


def _given(words: list[str]) -> tuple[list[Any], dict[str, Any]]:
    """Values by position and by name, each as Python reads it, or as the text that it is."""
    positional: list[Any] = []
    named: dict[str, Any] = {}
    waiting = list(words)
    while waiting:
        word = waiting.pop(0)
        if not word.startswith("--"):
            positional.append(_value(word))
            continue
        name, equals, text = word[2:].partition("=")
        if not equals:
            text = "True" if not waiting or waiting[0].startswith("--") else waiting.pop(0)
        named[name.replace("-", "_")] = _value(text)
    return positional, named


def _value(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text
