"""What tensors mean: roles, padding, masks and integer ranges, carried through a ShapeGraph of either front end."""

from __future__ import annotations

from shapecheck import ops, passing, trail, vocabulary
from shapecheck.graph import Role, ShapeGraph, Stage, Tensor
from shapecheck.passing import TextOf
from shapecheck.shapes import Conflict
from shapecheck.trail import previous
from shapecheck.vocabulary import Axis, axis, main, short, words

INPUT_ROLES: dict[str, Role] = {
    "input_ids": "ids",
    "decoder_input_ids": "ids",
    "attention_mask": "mask",
    "decoder_attention_mask": "mask",
    "token_type_ids": "segments",
    "position_ids": "positions",
    "pixel_values": "pixels",
    "input_values": "audio",
    "input_features": "audio",
    "labels": "labels",
}
OUTPUT_ROLES: dict[str, Role] = {
    "last_hidden_state": "tokens",
    "encoder_last_hidden_state": "tokens",
    "hidden_states": "tokens",
    "pooler_output": "pooled",
    "text_embeds": "pooled",
    "image_embeds": "pooled",
    "logits": "logits",
    "start_logits": "logits",
    "end_logits": "logits",
    "attentions": "weights",
    "loss": "loss",
}
CLASS_LOSSES = frozenset(
    ("CrossEntropyLoss", "NLLLoss", "cross_entropy", "nll_loss", "MultiMarginLoss", "multi_margin_loss")
)
"""Losses whose target holds class ids, one axis fewer than the scores."""
PAIR_LOSSES = words(
    "MSELoss L1Loss SmoothL1Loss HuberLoss BCELoss BCEWithLogitsLoss KLDivLoss PoissonNLLLoss SoftMarginLoss "
    "mse_loss l1_loss smooth_l1_loss huber_loss binary_cross_entropy binary_cross_entropy_with_logits kl_div "
    "poisson_nll_loss soft_margin_loss"
)
"""Losses whose target has the shape of the input."""
LOSSES = CLASS_LOSSES | PAIR_LOSSES

_CARRY = (
    vocabulary.KEEPS
    | vocabulary.CONVOLUTIONS
    | vocabulary.RECURRENT
    | words(
        "Linear linear view reshape permute transpose t T mT unsqueeze squeeze expand expand_as repeat flatten "
        "Flatten stack TransformerEncoder TransformerEncoderLayer MultiheadAttention movedim chunk split "
        "index_select gather"
    )
)
_MADE_OF_DATA = words("tensor as_tensor from_numpy LongTensor randint stack pad_sequence full zeros")
"""What makes a tensor of numbers that stand for words, where an embedding takes it; positions are counted (arange)."""
_WHOLE_NUMBERS = words(
    "long int to view reshape squeeze unsqueeze flatten detach clone contiguous cuda cpu transpose permute"
)


_FARTHEST = 400
"""Stages that are looked through for where an axis comes from."""


def _no_text(path: str) -> str | None:
    return None


def annotate(graph: ShapeGraph, text_of: TextOf = _no_text) -> None:
    """Carry role, padding, masked and integer ranges through the stages, in order; what is set already stays.

    ``text_of`` gives a file's text by its path, asked only where a stage raises: to see which arguments were passed on.

    In a traced graph a stage at which PyTorch raised, and that has no conflict yet, gets the one that the operator
    tables find, or one of kind ``raised`` with PyTorch's own message.
    """
    for stage in graph.stages:
        _name_inputs(stage)
    for stage in graph.stages:
        if vocabulary.is_model(stage):
            _from_model(stage)
        elif short(stage) in LOSSES:
            _set_role(stage.out, "loss")
        else:
            _carry(stage)
        if stage.message is not None and stage.conflict is None:
            stage.conflict = _explained(stage)
    passing.follow(graph, text_of)


def _name_inputs(stage: Stage) -> None:
    if vocabulary.is_model(stage):
        for name, value in stage.inputs.items():
            if isinstance(value, Tensor) and name in INPUT_ROLES:
                _set_role(value, INPUT_ROLES[name])
                if INPUT_ROLES[name] == "mask":
                    _mask_before(value)
    elif short(stage) in LOSSES:
        scores, target = stage.tensor("input"), stage.tensor("target")
        if target is not None:
            _set_role(target, "labels")
        if scores is not None and scores.producer is None:
            _set_role(scores, "logits")
    elif short(stage) in ("Embedding", "embedding"):
        value = main(stage)
        if value is not None and (value.producer is None or short(value.producer) in _MADE_OF_DATA):
            _set_role(value, "ids")


def _mask_before(mask: Tensor) -> None:
    """What a mask was before its axes were regrouped (pieces of texts, one below the other) is one too."""
    while mask.producer is not None and short(mask.producer) in ("view", "reshape", "flatten"):
        before = main(mask.producer)
        if before is None:
            return
        _set_role(before, "mask")
        mask = before


def _set_role(tensor: Tensor, role: Role | None) -> None:
    if tensor.role is None:
        tensor.role = role


def _from_model(stage: Stage) -> None:
    ids, mask = main(stage), stage.tensor("attention_mask")
    padding = mask.padding if mask is not None and mask.padding else ids.padding if ids is not None else None
    for name, tensor in stage.outputs.items():
        role = OUTPUT_ROLES.get(name.split(".")[0].split("[")[0])
        _set_role(tensor, role)
        if role == "tokens" and tensor.padding is None:
            tensor.padding = padding


def _carry(stage: Stage) -> None:
    name, operand = short(stage), main(stage)
    if name == "pad_sequence":
        _padded(stage)
    if operand is None:
        return
    for out in stage.outputs.values():
        if name in vocabulary.COMPARISONS and operand.role in ("ids", "mask"):
            _copy(out, operand, "mask")
            out.padding = out.padding or "unknown"  # whoever looks for padding expects some
        elif name in vocabulary.COMPARISONS or name in ("argmax", "argmin", "argsort", "topk"):
            continue
        elif name in ("Embedding", "embedding"):
            _copy(out, operand, "tokens" if out.shape.rank == 3 else None)
        elif name in vocabulary.BINARY:
            _binary(out, stage)
        elif name in vocabulary.REDUCTIONS or name in ("__getitem__", "select"):
            _reduced(out, operand, stage)
        elif name in ("cat", "concat", "concatenate"):
            _joined(out, stage)
        elif name in _CARRY:
            _copy(out, operand, operand.role)
            out.masked = out.masked or (name.startswith("masked_fill") and _is_mask(stage.tensor("mask")))
        if name in _WHOLE_NUMBERS and out.low is None and out.high is None:
            out.low, out.high = operand.low, operand.high


def _padded(stage: Stage) -> None:
    """``pad_sequence`` fills up what stands for words: by its role, or whole numbers that nothing else is known of."""
    side = vocabulary.given(stage, "padding_side")
    for out in stage.outputs.values():
        words_alone = out.role is None and out.dtype == "int64" and out.shape.rank == 2
        if out.padding is None and (words_alone or out.role in ("ids", "mask", "segments")):
            out.padding = "left" if side == "left" else "right" if side in ("right", None) else "unknown"


def _copy(out: Tensor, operand: Tensor, role: Role | None) -> None:
    _set_role(out, role)
    out.padding = out.padding or operand.padding
    out.masked = out.masked or operand.masked


def _is_mask(tensor: Tensor | None) -> bool:
    return tensor is not None and tensor.role == "mask"


def _binary(out: Tensor, stage: Stage) -> None:
    """Features with a mask among the operands are masked features; else the first with a meaning gives it."""
    tensors = vocabulary.operands(stage)
    features = next((t for t in tensors if t.role not in (None, "mask")), None)
    if features is None:
        if tensors and _is_mask(tensors[0]):
            _copy(out, tensors[0], "mask")
        return
    _copy(out, features, features.role)
    if short(stage) in ("mul", "mul_", "where", "add") and any(map(_is_mask, tensors)):
        out.masked = True
    out.masked = out.masked or any(t.masked for t in tensors)


def _reduced(out: Tensor, operand: Tensor, stage: Stage) -> None:
    if operand.role == "mask":
        _copy(out, operand, "mask")
        return
    if operand.role != "tokens":
        _copy(out, operand, operand.role)
        return
    if short(stage) == "__getitem__" and any(_is_mask(k) for k in vocabulary.key_parts(stage) if isinstance(k, Tensor)):
        _copy(out, operand, "tokens")
        out.masked, out.padding = True, "none"
        return
    kept = token_axis(out) is not None or token_axis(operand) is None
    _set_role(out, "tokens" if kept else "pooled")
    out.masked = out.masked or operand.masked
    if kept:
        out.padding = out.padding or operand.padding


def _joined(out: Tensor, stage: Stage) -> None:
    tensors = vocabulary.operands(stage)
    roles = {t.role for t in tensors}
    role = next((t.role for t in tensors if t.role is not None), None)
    _set_role(out, role if len(roles - {None}) == 1 else None)
    out.padding = out.padding or next((t.padding for t in tensors if t.padding), None)
    out.masked = out.masked or any(t.masked for t in tensors)


def token_source(tensor: Tensor, index: int) -> Axis | None:
    """The token axis of an encoder's output (or of embedded ids) that an axis of a tensor continues, or None."""
    here: Axis | None = axis(tensor, index)
    found: Axis | None = None
    way: list[Axis] = []
    while here is not None and len(way) < _FARTHEST:
        known = here.tensor.sources
        if known is not None and here.index in known:
            found = known[here.index]
            break
        way.append(here)
        if _counts_tokens(here):
            found = here
            break
        here = previous(here) or trail.resized(here)
    for step in way:
        if step.tensor.sources is None:
            step.tensor.sources = {}
        step.tensor.sources[step.index] = found
    return found


def _counts_tokens(here: Axis) -> bool:
    """Whether an axis is the token axis of what an encoder or an embedding gives."""
    if here.index != 1 or here.tensor.shape.rank != 3:
        return False
    field = here.tensor.field.split(".")[0].split("[")[0]
    if here.stage is not None and short(here.stage) == "pad_packed_sequence":
        return vocabulary.given(here.stage, "batch_first") is True
    if vocabulary.is_model(here.stage) and OUTPUT_ROLES.get(field) == "tokens":
        return True
    return short(here.stage) in ("Embedding", "embedding") and not _time_stands_first(here)


def _time_stands_first(here: Axis) -> bool:
    """Whether the ids that an embedding takes were padded to (seq, batch): axis 1 then counts the texts."""
    ids = main(here.stage) if here.stage is not None else None
    source = trail.made(axis(ids, 1)) if ids is not None and ids.shape.rank == 2 else None
    if source is None or short(source.stage) != "pad_sequence" or source.stage is None:
        return False
    return source.index != (1 if vocabulary.given(source.stage, "batch_first") is True else 0)


def token_model(tensor: Tensor) -> Stage | None:
    """The call of the transformers model that token features come from."""
    index = token_axis(tensor)
    source = token_source(tensor, index) if index is not None else None
    return source.stage if source is not None and vocabulary.is_model(source.stage) else None


def token_axis(tensor: Tensor) -> int | None:
    """The axis of a tensor that counts tokens of an encoder's output; None if there is none or the rank is unknown."""
    rank = tensor.shape.rank
    return next((k for k in range(rank) if token_source(tensor, k)), None) if rank else None


def _explained(stage: Stage) -> Conflict | None:
    """Why a stage raised; None for a layer whose constructor refused something else than sizes."""
    message = stage.message or ""
    if stage.module is not None:
        outcome: object = ops.forward(stage.op, stage.module.params, (), stage.inputs)
    elif ops.is_module(stage.op):  # not built yet
        outcome = ops.construct(stage.op, (), stage.inputs)
        return outcome if isinstance(outcome, Conflict) else None
    else:
        outcome = ops.apply(stage.op, (), stage.inputs)
    return outcome if isinstance(outcome, Conflict) else Conflict("raised", message)
