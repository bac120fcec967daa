"""One model alone: built from its config without weights, and called once with inputs made for it."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import torch

from shapecheck.hub.recipes import recipe
from shapecheck.places import Span
from shapecheck.tracer.child import feeding, instances, recipes
from shapecheck.tracer.child.recipes import of_transformers

if TYPE_CHECKING:
    from shapecheck.tracer.child.session import Session

_SIDE = 224
"""Height and width of an image, where the config does not say."""


class NoTarget(Exception):
    """There is no such model, or it cannot be given what was asked for: one sentence for the user."""


def run(session: Session, target: Mapping[str, Any], inputs: Mapping[str, Any]) -> None:
    """Build the model of a request and run its ``forward`` once, without gradients, in eval mode.

    It gets the inputs that the target names, and ``inputs`` as far as it takes them.

    Raises:
        NoTarget: what was asked for does not exist.
    """
    if target["in_file"]:
        model = of_file(session, target["cls"], target["args"])
    else:
        session.origin = Span(str(session.script), 1)
        model = pretrained(target["name"], target["cls"], target["args"])
    forward(session, model, {**taken(type(model), inputs), **target["inputs"]})


def of_file(session: Session, cls: str, args: Mapping[str, Any]) -> torch.nn.Module:
    """An object of a class of the user's file; stages that no line of the file calls stand at the class."""
    path = str(session.script)
    found = instances.module_of(path).get(cls)
    if not (inspect.isclass(found) and issubclass(found, torch.nn.Module)):
        raise NoTarget(f"{session.script.name} has no torch.nn.Module {cls}")
    session.origin = Span(path, inspect.getsourcelines(found)[1])
    model: torch.nn.Module = instances.instance(session, found, args)
    return model


def pretrained(name: str, cls: str, args: Mapping[str, Any]) -> torch.nn.Module:
    """The model of a checkpoint or a config folder: of the class asked for, else the one that the folder's config
    names, else the base model. ``args`` are attributes of its config."""
    import transformers

    if cls and not hasattr(getattr(transformers, cls, None), "from_pretrained"):
        raise NoTarget(f"transformers {transformers.__version__} has no model class {cls}")
    if not cls:
        config = transformers.AutoConfig.from_pretrained(name)
        stated = (config.architectures or [""])[0]
        cls = stated if hasattr(transformers, stated) else "AutoModel"
    model: torch.nn.Module = getattr(transformers, cls).from_pretrained(name, ignore_mismatched_sizes=True, **args)
    return model


def forward(session: Session, model: torch.nn.Module, asked: Mapping[str, Any]) -> Any:
    """Call a model with inputs by recipe; those that were asked for take their place."""
    _known(model, asked)
    model.eval()
    given = {**usual(session, model, asked), **{name: _asked(session, name, wanted) for name, wanted in asked.items()}}
    with torch.no_grad():
        return model(**given)


def taken(cls: Any, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Those inputs that the ``forward`` of a class names."""
    named = inspect.signature(cls.forward).parameters
    return {name: given for name, given in inputs.items() if name in named}


def _known(model: torch.nn.Module, asked: Iterable[str]) -> None:
    """Refuse an input that ``forward`` does not take."""
    taken = inspect.signature(model.forward).parameters
    open_ended = any(parameter.kind is parameter.VAR_KEYWORD for parameter in taken.values())
    unknown = next((name for name in asked if name not in taken), None)
    if unknown is not None and not open_ended:
        raise NoTarget(f"--input {unknown}: forward of {type(model).__name__} takes {', '.join(taken)}")


def usual(session: Session, model: Any, asked: Iterable[str] = ()) -> dict[str, Any]:
    """The inputs that a model runs with, of the sizes that this trace chose; those that were asked for left out."""
    if not of_transformers(model):
        return feeding.inputs(session, model, sizes(session), frozenset(asked))
    wanted = [found for found in recipe(type(model).__name__) if found.name not in asked]
    made = recipes.made(model.config, wanted, sizes(session) | recipes.image_size(model.config))
    for found in wanted:
        session.mark(made[found.name], role=recipes.ROLES.get(found.name))
    return made


def sizes(session: Session) -> dict[str, int]:
    """Sizes of inputs by the words of the recipes. The decoder's length follows the encoder's, but is another."""
    batch, seq, _ = session.sizes
    return {
        "batch": batch,
        "seq": seq,
        "decoder_seq": seq - 6,
        "other_seq": seq + 6,
        "choices": 4,
        "samples": 16000,
        "frames": 128,
        "boxes": 10,
        "height": _SIDE,
        "width": _SIDE,
    }


def _asked(session: Session, name: str, wanted: Mapping[str, Any]) -> Any:
    """An input as it was asked for: a plain value, or a tensor of a dtype and of sizes, numbers or names."""
    if not wanted["dtype"]:
        return wanted["value"]
    known = sizes(session)
    unknown = [axis for axis in wanted["axes"] if isinstance(axis, str) and axis not in known]
    if unknown:
        raise NoTarget(f"--input {name}: {unknown[0]} is no size; a number, or one of {', '.join(known)}")
    shape = [known[axis] if isinstance(axis, str) else axis for axis in wanted["axes"]]
    dtype = getattr(torch, wanted["dtype"])
    tensor = torch.ones(shape, dtype=dtype)
    return session.mark(tensor, role=recipes.ROLES.get(name), status="observed")
