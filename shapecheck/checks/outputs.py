"""SHP501, SHP503, SHP505 to SHP509, SHP515: a result asked for what it has not got, or taken for a tensor."""

from __future__ import annotations

from collections.abc import Iterator

from shapecheck import vocabulary
from shapecheck.checks import words
from shapecheck.checks.report import found
from shapecheck.findings import Finding, Related
from shapecheck.graph import Event, ShapeGraph, Stage, Tensor, tensors_in
from shapecheck.ops import holds_tensors
from shapecheck.places import Span


def missing_output(graph: ShapeGraph) -> Iterator[Finding]:
    """SHP501 for a pooler that is not there, SHP505 to SHP508 for anything else that a model output lacks."""
    for event in graph.events:
        stage = called_model(event)
        if event.kind not in ("attribute", "index") or not event.data.get("missing") or stage is None:
            continue
        if event.data.get("name") == "pooler_output":
            yield _no_pooler(event, stage, "")
        elif event.data.get("index") == 1 and "last_hidden_state" in (event.data.get("fields") or ()):
            yield _no_pooler(event, stage, "index")
        elif event.kind == "index" or not (
            _may_be_asked_for(graph, event, stage) or _asked_before(graph, event, stage)
        ):
            yield _no_field(event, stage)


def _asked_before(graph: ShapeGraph, event: Event, stage: Stage) -> bool:
    """Whether the same tuple was asked for a field before: it is one fault, that the model returns tuples."""
    earlier = (
        e for e in graph.events if e.kind == "attribute" and e.index < event.index and e.data.get("of") == "tuple"
    )
    return event.data.get("of") == "tuple" and any(called_model(e) is stage for e in earlier)


def _may_be_asked_for(graph: ShapeGraph, event: Event, stage: Stage) -> bool:
    """Whether a config that is not known may ask for the hidden states or attentions: no checkpoint says otherwise."""
    optional = event.data.get("name") in ("hidden_states", "attentions")
    params = stage.module.params if stage.module is not None else {}
    known = graph.source == "traced" or bool(params.get("checkpoint") or params.get("known_config"))
    return optional and not known


def called_model(event: Event) -> Stage | None:
    """The call of a transformers model whose output an event speaks of; a trace names it by the output's tensors.

    None for an output that the program puts together itself: who else fills its fields is not known.
    """
    stage = event.data.get("stage")
    if isinstance(stage, dict):
        stage = list(stage.values())
    if isinstance(stage, (list, tuple)):
        stage = next((part.producer for part in stage if isinstance(part, Tensor)), None)
    return stage if isinstance(stage, Stage) and vocabulary.is_model(stage) else None


def _no_pooler(event: Event, stage: Stage, variant: str) -> Finding:
    model = vocabulary.short(stage)
    turned_off = stage.module is not None and stage.module.params.get("add_pooling_layer") is False
    created = stage.module.created if stage.module is not None else None
    return found(
        "SHP501",
        "turned-off" if turned_off else variant,
        event.span,
        stage=stage,
        label=f"{model} returns {_listed(event.data.get('fields'))}",
        help=_instead(stage),
        related=[
            Related(created, f"{model} is built here") if created else None,
            Related(stage.span, f"{model} is called here"),
        ],
        model=model,
        fields=_listed(event.data.get("fields")),
    )


def _instead(stage: Stage) -> str:
    causal = stage.module is not None and stage.module.params.get("causal")
    if causal:
        return "pool last_hidden_state: the last token that is not padding, of a causal model"
    return "pool last_hidden_state: `.last_hidden_state[:, 0]`, or its mean under the attention mask"


def _no_field(event: Event, stage: Stage) -> Finding:
    name = event.data.get("name", event.data.get("index"))
    model = vocabulary.short(stage)
    fields = tuple(event.data.get("fields") or ())
    optional = name in ("hidden_states", "attentions")
    if event.data.get("of") == "tuple":
        code, advice = "SHP506", "take it by its place ([0] for the first), or leave return_dict=False out"
    elif optional:
        code, advice = "SHP508", f"pass output_{name}=True"
    elif isinstance(name, int):
        code, advice = "SHP507", f"it has {len(fields)}: [0] to [{len(fields) - 1}]"
    else:
        code, advice = "SHP505", ""
    return found(
        code,
        "",
        stage.span if optional else _switch(stage, code) or event.span,
        stage=stage,
        symptom=event.span,
        says=_says(code, name),
        label=f"{model} returns {_listed(fields)}",
        help=advice,
        remedy=_remedy(code, name, fields),
        related=[Related(stage.span, f"{model} is called here")],
        model=model,
        name=name,
        count=len(fields),
        fields=_listed(fields),
    )


def _remedy(code: str, name: object, fields: tuple[str, ...]) -> str:
    """The switch that asks for a field; the place of one in a tuple; the last place that there is."""
    if code == "SHP508":
        return f"output_{name}"
    if code == "SHP507":
        return str(len(fields) - 1)
    return str(fields.index(str(name))) if name in fields else ""


def _switch(stage: Stage, code: str) -> Span | None:
    """Where return_dict=False stands: at the call, or where the model was loaded."""
    made = stage.module.param_spans if stage.module is not None else {}
    return stage.input_spans.get("return_dict") or made.get("return_dict") if code == "SHP506" else None


def _says(code: str, name: object) -> str:
    """What Python says where the output lacks a field."""
    return {
        "SHP506": f"'tuple' object has no attribute '{name}'",
        "SHP507": "tuple index out of range",
        "SHP508": "'NoneType' object is not subscriptable",
    }.get(code, "")


def own_tuple(graph: ShapeGraph) -> Iterator[Finding]:
    """SHP516: something that a tensor has, asked of the tuple or list of tensors that the program made."""
    asked: set[object] = set()
    for event in graph.events:
        kind, name, held = event.data.get("of"), event.data.get("name"), event.data.get("held")
        if event.kind != "attribute" or not held or event.span in asked:
            continue
        asked.add(event.span)
        yield found(
            "SHP516",
            "" if kind == "tuple" else "list",
            event.span,
            says=f"'{kind}' object has no attribute '{name}'",
            label=f"a {kind} of tensors",
            help="take one of them by its place, or unpack them: `loss, logits = ...`"
            if kind == "tuple"
            else "torch.stack or torch.cat makes one tensor of them",
            related=[words.comes_from(part) for part in held[:2]],
            shapes=[words.named(part) for part in held[:3]],
            name=name,
            parts=" and ".join(str(part.shape) for part in held[:3]),
        )


def tuple_for_tensor(graph: ShapeGraph, stage: Stage) -> Finding | None:
    """SHP515: the several tensors that an operator gives, handed to another one that takes one."""
    if stage.conflict is None or stage.conflict.kind != "tuple":
        return None
    name, given = next(((key, value) for key, value in stage.inputs.items() if holds_tensors(value)), ("", ()))
    parts = list(tensors_in(given))
    makers = {id(part.producer): part.producer for part in parts}
    maker = parts[0].producer if parts and len(makers) == 1 else None
    return found(
        "SHP515",
        "" if maker is not None else "other",
        maker.span if maker is not None else stage.input_spans.get(name, stage.span),
        stage=stage,
        symptom=stage.span,
        label="several tensors",
        help="take one of them, with [0] say, or unpack them: `first, _ = ...`",
        related=[Related(stage.input_spans[name], "the tuple comes here")] if name in stage.input_spans else [],
        shapes=[words.named(part) for part in parts],
        maker=words.shown(maker.op) if maker is not None else "",
        parts=" and ".join(str(part.shape) for part in parts),
        operator=words.shown(stage.op),
    )


def beyond_states(graph: ShapeGraph) -> Iterator[Finding]:
    """SHP509: an index beyond the hidden states, of which there is one more than layers."""
    for event in graph.events:
        stage = called_model(event)
        if event.kind != "beyond" or stage is None:
            continue
        index, count = int(event.data["index"]), int(event.data["count"])
        yield found(
            "SHP509",
            "",
            event.span,
            stage=stage,
            says="tuple index out of range",
            label=f"{count} of them: the embeddings' output and one for each of {count - 1} layers",
            help=f"the last is [{count - 1}], or [-1]",
            related=[Related(stage.span, f"{vocabulary.short(stage)} is called here")],
            model=vocabulary.short(stage),
            index=index,
            count=count,
            layers=count - 1,
        )


def output_unpacked(graph: ShapeGraph) -> Iterator[Finding]:
    """SHP503: a model output unpacked like a tuple gives its keys, which are strings."""
    for event in graph.events:
        stage = called_model(event)
        if event.kind != "unpack" or event.data.get("of") != "model_output" or stage is None:
            continue
        fields = tuple(event.data.get("fields") or ())
        count = event.data.get("count")
        fits = count is None or count == len(fields)
        yield found(
            "SHP503",
            "" if fits else "count",
            event.span,
            stage=stage,
            label="these names are bound to strings" if fits else f"{len(fields)} keys: {_listed(fields)}",
            help=f"name the field: `.{fields[0]}`" if fields else "name the field",
            related=[Related(stage.span, f"{vocabulary.short(stage)} is called here")],
            model=vocabulary.short(stage),
            fields=_listed(fields),
            keys=", ".join(repr(f) for f in fields) or "its keys",
            count=count,
            have=len(fields),
        )


def _listed(fields: object) -> str:
    names = [str(f) for f in fields] if isinstance(fields, (list, tuple)) else []
    return ", ".join(f"`{name}`" for name in names) or "other fields"
