"""What transformers' model classes are: their configs, their forward parameters, what they return."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

from shapecheck.hub.tables import row, rows


@dataclass(frozen=True, slots=True)
class OutputField:
    """One field of what a class returns, as measured.

    Attributes:
        when: what brings it: "" always, an option (``output_hidden_states``, ``use_cache``, ``labels``,
            ``add_pooling_layer``), or ``other`` (None with the usual inputs).
        count: for a tuple of tensors, its length as an expression; "" for one value.
        shape: dims as expressions, ``?`` for one that is not known, ``<Class>`` for a value that is not a tensor.
    """

    name: str
    when: str
    count: str
    shape: str
    dtype: str


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """One model class of transformers.

    Attributes:
        forward_params: the names that ``forward`` takes, in order (``**kwargs`` where it takes more).
        required: those without a default.
        fields: what it returns, in order; empty where that was not measured.
        pooler: True or False: ``pooler_output`` is always or never there; "option": ``add_pooling_layer`` chooses.
        causal: a token sees only those before it, so its first token is no summary of the text.
        head: the kind of head (``sequence-classification`` ...), "" for a base model, ``abstract`` for a base class.
        parents: the transformers classes that it inherits from.
    """

    cls: str
    model_type: str
    config_class: str
    head: str
    main_input: str
    output_class: str
    forward_params: tuple[str, ...]
    required: frozenset[str]
    fields: tuple[OutputField, ...]
    pooler: bool | Literal["option"]
    causal: bool
    is_encoder_decoder: bool
    base_model_prefix: str
    parents: tuple[str, ...]

    def field(self, name: str) -> OutputField | None:
        """A field by name."""
        return next((field for field in self.fields if field.name == name), None)


@cache
def model(cls_name: str) -> ModelFacts | None:
    """A model class by name (without its module); None if transformers has none of that name."""
    found = row("models", cls_name)
    if found is None:
        return None
    measured = rows("outputs", cls_name)
    fields = tuple(OutputField(r["field"], r["when"], r["count"], r["shape"], r["dtype"]) for r in measured)
    pooled = next((field for field in fields if field.name == "pooler_output"), None)
    params = tuple(found["forward_params"].split())
    return ModelFacts(
        cls=cls_name,
        model_type=found["model_type"],
        config_class=found["config_class"],
        head=found["head"],
        main_input=found["main_input"],
        output_class=measured[0]["output_class"] if measured else found["output_class"],
        forward_params=params,
        required=frozenset(found["required"].split()),
        fields=fields,
        pooler="option" if found["pooler"] and pooled else pooled is not None and not pooled.when,
        causal=_causal(cls_name, found["model_type"], params),
        is_encoder_decoder="decoder_input_ids" in params,
        base_model_prefix=found["base_model_prefix"],
        parents=tuple(found["parents"].split()),
    )


def auto(auto_class: str, model_type: str) -> str | None:
    """The class that an Auto class makes for a model type: ``("AutoModel", "bert")`` gives ``BertModel``."""
    found = row("auto", f"{auto_class},{model_type}")
    return found["model_class"] if found else None


def _causal(cls_name: str, model_type: str, params: tuple[str, ...]) -> bool:
    """As measured; else decoder-only types: those that have a causal language model and neither of the others."""
    measured = row("causal", cls_name)
    if measured is not None:
        return measured["causal"] == "yes"
    if "decoder_input_ids" in params or "input_ids" not in params:
        return False
    others = ("AutoModelForMaskedLM", "AutoModelForSeq2SeqLM", "AutoModelForSpeechSeq2Seq")
    return bool(auto("AutoModelForCausalLM", model_type)) and not any(auto(other, model_type) for other in others)
