"""What an axis counts, the examples of a batch or the tokens of each; and sizes that cannot go together for it.

A length that only the data knows is never certainly another number than a batch size. But where a loss has one label
for each text, rows that count tokens are wrong whatever their number: such a stage gets a conflict of its own here, so
that the explainers look at it as at any other that raises.
"""

from __future__ import annotations

from collections.abc import Hashable
from functools import lru_cache

from shapecheck.checks import blame
from shapecheck.dims import Dim
from shapecheck.flow import CLASS_LOSSES, LOSSES, token_axis, token_source
from shapecheck.graph import Module, Role, ShapeGraph, Stage, Tensor
from shapecheck.ops.values import Batches
from shapecheck.shapes import Conflict
from shapecheck.trail import made
from shapecheck.vocabulary import CONVOLUTIONS, Axis, axis, given, ints, is_model, key_parts, main, short

_INPUTS: frozenset[Role | None] = frozenset(("ids", "mask", "pixels", "audio"))
Known = tuple[Hashable, int]
"""An axis by what tells it from others, see :func:`key`."""
VIEWS = frozenset(("view", "reshape"))
PADDING_MASKS = (
    ("key", "key_padding_mask"),
    ("src", "src_key_padding_mask"),
    ("tgt", "tgt_key_padding_mask"),
    ("memory", "memory_key_padding_mask"),
)
"""What attention looks at, and the mask of its padding, by their parameters."""
_BATCH_NORMS = frozenset(("BatchNorm1d", "BatchNorm2d", "BatchNorm3d"))


def unlike(stage: Stage) -> Conflict | None:
    """A conflict of two sizes that count different things, and of which one is not known."""
    if stage.conflict is not None or stage.within:
        return None
    name = short(stage)
    if name == "__getitem__":
        return _lengths_for_rows(stage)
    if name == "pack_padded_sequence":
        return _lengths_of_places(stage)
    if name in LOSSES:
        scores, target = stage.tensor("input"), stage.tensor("target")
        if scores is None or target is None or not scores.shape.rank or not target.shape.rank:
            return None
        kinds = (
            (_classes, _tokens_for_texts, _texts_for_tokens, _regrouped) if name in CLASS_LOSSES else (_other_pairs,)
        )
        return next((conflict for kind in kinds if (conflict := kind(scores, target))), None)
    if (conflict := _padding_of_others(stage)) is not None:
        return conflict
    return _tokens_for_features(stage) if name in ("Linear", "linear") else None


def _tokens_for_texts(scores: Tensor, target: Tensor) -> Conflict | None:
    """Scores (seq, classes) for labels (batch,): one row for each token, one label for each text."""
    return _other_rows(scores, target) if _counts_tokens(scores, target) else None


def _other_pairs(scores: Tensor, target: Tensor) -> Conflict | None:
    """The same for a loss that compares number with number; scores (seq, 1) it would broadcast, and not raise."""
    if scores.shape.rank != target.shape.rank or not _counts_tokens(scores, target):
        return None
    have, want = scores.shape.dim(0), target.shape.dim(0)
    message = f"The size of tensor a ({have}) must match the size of tensor b ({want}) at non-singleton dimension 0"
    return Conflict("target", message, have, want, "input", "target", 0)


def _counts_tokens(scores: Tensor, target: Tensor) -> bool:
    """Whether the rows of the scores are the tokens of a text, and those of the target the texts."""
    have, want = scores.shape.dim(0), target.shape.dim(0)
    source = token_source(scores, 0)
    return source is not None and not blame.equal(have, want) and blame.equal(want, source.tensor.shape.dim(0))


def _texts_for_tokens(scores: Tensor, target: Tensor) -> Conflict | None:
    """Scores (batch, classes) for flattened labels (batch*seq,): the same the other way round."""
    have, factors = scores.shape.dim(0), target.shape.dim(0).ordered_factors
    if target.shape.rank != 1 or len(factors) != 2 or have.expr != factors[0] or factors[1] == 1:
        return None
    source = made(axis(scores, 0))
    counts_texts = source.index == 0 and source.tensor.role in _INPUTS and (source.tensor.shape.rank or 0) > 1
    return _other_rows(scores, target) if counts_texts and not isinstance(factors[1], int) else None


def _regrouped(scores: Tensor, target: Tensor) -> Conflict | None:
    """Scores (batch, seq, 2) viewed as rows of 5: of another number than there are labels (batch*seq,)."""
    before = regrouped_classes(scores, target)
    if before is None:
        return None
    have, want, rows = before.shape.dim(-1), scores.shape.dim(-1), target.shape.dim(0)
    return Conflict("classes", f"shape '[-1, {want}]' is invalid for input of size {rows}*{have}", have, want)


def regrouped_classes(scores: Tensor, target: Tensor) -> Tensor | None:
    """The output of a head that a view cut into rows of another length than it has classes, though a label is given for
    each row of its own."""
    view, rank = scores.producer, scores.shape.rank
    before = main(view) if view is not None and short(view) in VIEWS else None
    if before is None or rank != 2 or (before.shape.rank or 0) < 2:
        return None
    have, want = before.shape.dim(-1), scores.shape.dim(1)
    total = before.shape.dim(0)
    for dim in before.shape.dims[1:-1]:
        total = total * dim
    if target.shape.rank != 1 or not blame.equal(total, target.shape.dim(0)):
        return None
    return before if of_a_head(before) and have.value and want.value and have.value != want.value else None


def of_a_head(scores: Tensor) -> bool:
    """Whether the last axis of a tensor is what a layer or a model's head gives for each token or text."""
    head = made(axis(scores, -1))
    return short(head.stage) in ("Linear", "linear") or head.tensor.role == "logits"


def row_length(view: Stage) -> Dim | None:
    """The number of columns that ``view(-1, 5)`` asks for; None for any other view."""
    sizes = given(view, "size", "shape")
    if not isinstance(sizes, (tuple, list)) or len(sizes) != 2 or ints(sizes[0]) != (-1,):
        return None
    return sizes[1] if isinstance(sizes[1], Dim) and (sizes[1].value or 0) > 1 else None


def _other_rows(scores: Tensor, target: Tensor) -> Conflict:
    have, want = scores.shape.dim(0), target.shape.dim(0)
    message = f"Expected input batch_size ({have}) to match target batch_size ({want})."
    return Conflict("batch", message, have, want, "input", "target", 0)


def _classes(scores: Tensor, target: Tensor) -> Conflict | None:
    """Scores (batch, seq, classes) for labels (batch, seq): the loss takes the tokens for the classes."""
    rank = scores.shape.rank or 0
    if (
        rank < 3
        or target.shape.rank != rank - 1
        or not all(map(blame.equal, scores.shape.dims[:-1], target.shape.dims))
    ):
        return None
    tokens, classes = scores.shape.dim(1), scores.shape.dim(-1)
    if blame.equal(tokens, classes) or classes.value is None:
        return None
    wanted = ", ".join(str(dim) for dim in (scores.shape.dim(0), *scores.shape.dims[2:]))
    got = ", ".join(map(str, target.shape.dims))
    message = f"Expected target size [{wanted}], got [{got}]"
    return Conflict("target", message, tokens, classes, "input", "target", 1)


def _tokens_for_features(stage: Stage) -> Conflict | None:
    """A Linear over what counts tokens, where the features that it wants were taken away on the way."""
    operand, wanted = stage.tensor("input"), given(stage, "in_features")
    if operand is None or not operand.shape.rank or not isinstance(wanted, Dim):
        return None
    last = operand.shape.rank - 1
    if blame.equal(operand.shape.dim(last), wanted) or token_source(operand, last) is None:
        return None
    lost = blame.dropper(operand, wanted)
    if lost is None or token_axis(lost[1]) is None:
        return None
    have = operand.shape.dim(last)
    rows = "*".join(str(dim) for dim in operand.shape.dims[:-1]) or "1"
    out = given(stage, "out_features")
    message = f"mat1 and mat2 shapes cannot be multiplied ({rows}x{have} and {wanted}x{out})"
    return Conflict("inner", message, have, wanted, "input", "in_features", last)


def _padding_of_others(stage: Stage) -> Conflict | None:
    """A padding mask (batch, other) for keys (batch, seq): that of another input, or summed over the wrong axis."""
    for keys_named, mask_named in PADDING_MASKS:
        keys, mask = stage.tensor(keys_named), stage.tensor(mask_named)
        if keys is None or mask is None or keys.shape.rank != 3 or mask.shape.rank != 2:
            continue
        if batch_first(stage) is not True or blame.equal(mask.shape.dim(1), keys.shape.dim(1)):
            continue
        have, want = mask.shape.dim(1), keys.shape.dim(1)
        source = made(axis(mask, 1))
        other_axis = want.known and any(
            blame.equal(dim, want) for at, dim in enumerate(source.tensor.shape.dims) if at != source.index
        )
        if (other_axis and source.tensor.role == "mask") or _of_another_input(source, axis(keys, 1)):
            message = f"Expected key_padded_mask.shape[1] to be {want}, but got {have}"
            return Conflict("inner", message, have, want, mask_named, keys_named, 1)
    return None


def _of_another_input(mask: Axis, keys: Axis) -> bool:
    """Whether a mask counts the tokens of a text, and the keys what a model made of something else."""
    source = token_source(keys.tensor, keys.index)
    if source is None or not is_model(source.stage) or source.stage is None or not blame.equal(source.dim, keys.dim):
        return False
    of_text = mask.tensor.role in ("mask", "ids") and mask.index == 1 and mask.tensor.shape.rank == 2
    given_to_it = [t.shape.dim(1) for t in source.stage.tensors() if t.shape.rank == 2]
    seen = main(source.stage)
    read = seen is not None and seen.role in _INPUTS
    return of_text and mask.dim.known and read and not any(blame.equal(mask.dim, dim) for dim in given_to_it)


def _lengths_for_rows(stage: Stage) -> Conflict | None:
    """Rows (batch,) and positions (seq,) as the two indices: the positions were counted over the texts."""
    rows, ends = index_pair(stage)
    if rows is None or ends is None or rows.shape.rank != 1 or ends.shape.rank != 1:
        return None
    source, operand = made(axis(ends, 0)), main(stage)
    of_tokens = source.tensor.role == "mask" and source.index == 1 and source.tensor.shape.rank == 2
    have, want = ends.shape.dim(0), rows.shape.dim(0)
    if not of_tokens or operand is None or not blame.equal(want, source.tensor.shape.dim(0)) or blame.equal(have, want):
        return None
    message = f"shape mismatch: indexing tensors could not be broadcast together with shapes [{want}], [{have}]"
    return Conflict("broadcast", message, have, want, "key", "key", 0)


def _lengths_of_places(stage: Stage) -> Conflict | None:
    """Lengths (seq,), summed over the texts, where ``pack_padded_sequence`` wants one for each text."""
    padded, lengths = stage.tensor("input"), stage.tensor("lengths")
    if padded is None or lengths is None or lengths.shape.rank != 1 or given(stage, "batch_first") is not True:
        return None
    source = made(axis(lengths, 0))
    have, want = lengths.shape.dim(0), padded.shape.dim(0)
    of_tokens = source.tensor.role in ("mask", "ids") and source.index == 1 and source.tensor.shape.rank == 2
    if not of_tokens or not blame.equal(want, source.tensor.shape.dim(0)) or blame.equal(have, want):
        return None
    message = f"Expected `len(lengths)` to be equal to batch_size, but got {have} (batch_size={want})"
    return Conflict("batch", message, have, want, "lengths", "input", 0)


def batch_first(stage: Stage) -> bool | None:
    """What a sequence module (for a stack of layers: its layers) was built with; None where it is not known."""
    params = stage.module.params if stage.module is not None else {}
    layer = params.get("encoder_layer", params.get("decoder_layer"))
    if short(stage) in ("TransformerEncoder", "TransformerDecoder"):
        params = layer.params if isinstance(layer, Module) else {}
    value = params.get("batch_first")
    return value if isinstance(value, bool) else None


def index_pair(stage: Stage) -> tuple[Tensor | None, Tensor | None]:
    """The two tensors that index the first two axes (``hidden[rows, positions]``)."""
    parts = key_parts(stage) if short(stage) == "__getitem__" else ()
    pair = [part for part in parts[:2] if isinstance(part, Tensor)]
    return (pair[0], pair[1]) if len(pair) == 2 else (None, None)


def key(here: Axis) -> Known:
    """What tells an axis from others, whichever call of the same functions it was made in: an evaluation calls the same
    model as the training step, and has no loss."""
    stage = here.stage
    if stage is None:
        return id(here.tensor), here.index
    functions = tuple(frame.function for frame in stage.context)
    return (stage.span, here.tensor.field, functions), here.index


@lru_cache(maxsize=1)  # asked by many rules of one graph, which is finished by then
def batch_axes(graph: ShapeGraph) -> frozenset[Known]:
    """The axes that count examples, for a loss has one label for each, or a layer takes them so."""
    found = set()
    for stage in graph.stages:
        layer_input = None if stage.within or stage.conflict is not None else _whole_batch(stage)
        if layer_input is not None:
            source = made(axis(layer_input, 0))
            if source.index == 0:
                found.add(key(source))
        scores, target = stage.tensor("input"), stage.tensor("target")
        if short(stage) not in LOSSES or stage.within or scores is None or target is None:
            continue
        if scores.shape.rank and target.shape.rank and blame.equal(scores.shape.dim(0), target.shape.dim(0)):
            source = made(axis(scores, 0))
            if source.index == 0 and len(source.dim.ordered_factors) < 2:
                found.add(key(source))
    return frozenset(found)


def _whole_batch(stage: Stage) -> Tensor | None:
    """What a layer takes whose axis 0 is the batch by definition: a convolution, a normalization over a batch, a model
    that reads texts."""
    name, operand = short(stage), main(stage)
    if operand is not None and is_model(stage) and operand.role == "ids" and operand.shape.rank == 2:
        return operand
    if operand is None or name not in CONVOLUTIONS | _BATCH_NORMS:
        return None
    space = int(name[-2])
    return operand if operand.shape.rank == space + 2 or (name == "BatchNorm1d" and operand.shape.rank == 2) else None


def counts_texts(here: Axis, known: frozenset[Known]) -> bool:
    """Whether an axis counts the examples of a batch: those a model is given, or those that a loss has a label for. Or
    the examples of several, joined below each other."""
    source = made(here)
    while (part := _of_one_batch(source)) is not None:
        source = made(part)
    if source.index != 0 or not source.tensor.shape.rank:
        return False
    if (
        source.stage is not None
        and short(source.stage) == "pad_sequence"
        and given(source.stage, "batch_first") is not True
    ):
        return False
    return source.tensor.role in _INPUTS or key(source) in known


def _of_one_batch(source: Axis) -> Axis | None:
    """The rows of one batch, of rows that were joined batch by batch."""
    parts = source.stage.inputs.get("tensors") if source.stage is not None else None
    return axis(parts[0], 0) if isinstance(parts, Batches) and source.index == 0 and parts else None


def over_batch(scores: Tensor, known: frozenset[Known]) -> bool:
    """Whether axis 0 counts the texts of a batch, and the others the outputs of a layer or a head, or the tokens.

    ``known`` are the axes that count texts for another reason (see :func:`batch_axes`).
    """
    rank = scores.shape.rank or 0
    first, last = axis(scores, 0), made(axis(scores, -1))
    if rank not in (2, 3) or not counts_texts(first, known):
        return False
    of_each_text = last.tensor is made(first).tensor and last.index != 0
    return of_a_head(scores) or of_each_text or token_axis(scores) == 1


def class_axes(graph: ShapeGraph) -> frozenset[tuple[int, int]]:
    """The axes that hold the scores of classes, for a loss takes them so: the identity of a tensor, and its axis."""
    found = set()
    for stage in graph.stages:
        scores, target = stage.tensor("input"), stage.tensor("target")
        if short(stage) not in CLASS_LOSSES or stage.within or stage.conflict is not None or scores is None:
            continue
        rank = scores.shape.rank or 0
        if rank == 2 or (rank > 2 and target is not None and target.shape.rank == rank - 1):
            source = made(axis(scores, 1))
            found.add((id(source.tensor), source.index))
    return frozenset(found)


def class_axis(scores: Tensor, known: frozenset[tuple[int, int]]) -> int | None:
    """The axis of a tensor that is one of those (see :func:`class_axes`); None where there is none."""
    for index in range(scores.shape.rank or 0):
        source = made(axis(scores, index))
        if (id(source.tensor), source.index) in known:
            return index
    return None
