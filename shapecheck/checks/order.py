"""SHP602 and SHP415: examples where the time is expected, told by what is done with the result."""

from __future__ import annotations

from collections.abc import Iterator

from shapecheck import trail
from shapecheck.checks import blame, counted, words
from shapecheck.checks.axes import SEQUENCE_MODULES, time_first
from shapecheck.checks.report import found
from shapecheck.dims import Dim
from shapecheck.findings import Finding
from shapecheck.flow import token_model
from shapecheck.graph import ShapeGraph, Stage, Tensor
from shapecheck.vocabulary import BINARY, KEEPS, REDUCTIONS, axis, given, key_parts, main, operands, reduced_axes, short

_MASKS = ("tgt_mask", "src_mask", "mask", "attn_mask")
_FILLS = frozenset(("masked_fill", "masked_fill_"))
_ADDS = ("add", "add_")


def examples_first(graph: ShapeGraph, stage: Stage) -> Finding | None:
    """SHP602 where it raises: the two sequences agree on axis 0 and not on axis 1, which is taken for the examples; or
    a mask is as long as axis 1."""
    conflict = stage.conflict
    if conflict is None or short(stage) not in SEQUENCE_MODULES | {"Transformer"}:
        return None
    if counted.batch_first(stage) is not False:
        return None
    pair = [t for name in ("src", "tgt", "memory", "query", "key") if (t := stage.tensor(name)) is not None]
    tokens = next((t for t in (stage.tensor("tgt"), main(stage)) if t is not None), None)
    if tokens is None or any(t.shape.rank != 3 for t in pair):
        return None
    mask = next((t for name in _MASKS if (t := stage.tensor(name)) is not None), None)
    if conflict.kind == "batch":
        met = len(pair) > 1 and blame.equal(pair[0].shape.dim(0), pair[1].shape.dim(0)) and not _same_axis(pair)
    else:
        met = mask is not None and "mask" in conflict.message and _lies_along(mask, tokens)
    return time_first(stage, tokens, "error") if met else None


def _same_axis(pair: list[Tensor]) -> bool:
    return blame.equal(pair[0].shape.dim(1), pair[1].shape.dim(1))


def _lies_along(mask: Tensor, tokens: Tensor) -> bool:
    """Whether a square mask is as long as axis 1 of the tokens, and not as axis 0."""
    time, examples = tokens.shape.dims[:2]
    return mask.shape.rank == 2 and all(
        blame.equal(side, examples) and blame.differ(side, time) for side in mask.shape.dims
    )


def one_step_taken(graph: ShapeGraph) -> Iterator[Finding]:
    """SHP602: ``states[:, -1]`` or a mean over axis 1 of what a module gives that takes axis 1 for the examples: one
    example would stand for all."""
    told: set[int] = set()
    for stage in graph.stages:
        if stage.within or stage.conflict is not None or not _takes_axis_one(stage) or _takes_each(graph, stage):
            continue
        module = _sequence_module(main(stage))
        tokens = main(module) if module is not None else None
        if module is None or tokens is None or id(module.module) in told or token_model(tokens) is not None:
            continue
        examples = tokens.shape.dim(1)
        if counted.batch_first(module) is False and examples.known and examples.value != 1 and tokens.shape.rank == 3:
            told.add(id(module.module))
            yield time_first(module, tokens)


def unpacked_time_first(graph: ShapeGraph) -> Iterator[Finding]:
    """SHP602: what ``pad_packed_sequence`` gives, time first, beside a mask (batch, seq)."""
    known = counted.batch_axes(graph)
    told: set[int] = set()
    for stage in graph.stages:
        pair = operands(stage)
        if stage.within or len(pair) != 2 or short(stage) not in BINARY | _FILLS:
            continue
        for states, mask in (pair, pair[::-1]):
            if (states.shape.rank or 0) < 2 or (mask.shape.rank or 0) < 2:
                continue
            source = trail.made(axis(states, 0))
            unpacked = source.stage
            if unpacked is None or short(unpacked) != "pad_packed_sequence" or id(unpacked) in told:
                continue
            time_first = source.index == 0 and given(unpacked, "batch_first") is not True
            if time_first and counted.counts_texts(axis(mask, 0), known) and source.tensor is unpacked.out:
                told.add(id(unpacked))
                yield _unpacked(unpacked, stage, mask)


def _unpacked(unpacked: Stage, stage: Stage, mask: Tensor) -> Finding:
    return found(
        "SHP602",
        "unpacked",
        unpacked.span,
        stage=unpacked,
        tensor=unpacked.out,
        symptom=stage.span,
        label="called without batch_first=True",
        help="add batch_first=True",
        related=[words.comes_from(mask)],
        shapes=[words.named(unpacked.out), words.named(mask, name="mask")],
        module=words.shown(unpacked.op),
        shape=unpacked.out.shape,
        mask=words.called(mask),
        mask_shape=mask.shape,
    )


def _takes_axis_one(stage: Stage) -> bool:
    """Whether one place of axis 1 is left of a tensor, or none."""
    before = main(stage)
    if before is None or before.shape.rank != 3:
        return False
    if short(stage) == "__getitem__":
        parts = key_parts(stage)
        place = parts[1] if len(parts) >= 2 and parts[0] == slice(None) else None
        return isinstance(place, int) or isinstance(place, Dim) and place.known
    gone = reduced_axes(stage) if short(stage) in REDUCTIONS else None
    return gone is not None and [axis % 3 for axis in gone] == [1]


def _takes_each(graph: ShapeGraph, stage: Stage) -> bool:
    """Whether an index takes one place after the other, in a loop: ``for b in range(batch): states[:, b]``."""
    if short(stage) != "__getitem__":
        return False
    here = [other for other in graph.stages if other.span == stage.span and short(other) == "__getitem__"]
    places = [parts[1] for other in here if len(parts := key_parts(other)) >= 2]
    return any(place != places[0] for place in places)


def _sequence_module(tensor: Tensor | None) -> Stage | None:
    """The sequence module whose states a tensor is, as they came or merely dropped out and normalized."""
    while tensor is not None and tensor.producer is not None:
        stage = tensor.producer
        if short(stage) in SEQUENCE_MODULES:
            return stage if tensor is stage.out else None
        if short(stage) not in KEEPS:
            return None
        tensor = main(stage)
    return None


def positions_along_batch(graph: ShapeGraph) -> Iterator[Finding]:
    """SHP415: positions cut to as many as there are examples, and added along them."""
    for stage in graph.stages:
        pair = operands(stage)
        if short(stage) not in _ADDS or stage.within or stage.conflict is not None or len(pair) != 2:
            continue
        for tokens, positions in (pair, pair[::-1]):
            maker = _counted_by_rows(tokens, positions)
            if maker is not None and _read_batch_first(graph, stage):
                yield _along_batch(stage, maker, tokens, positions)
                break


def _counted_by_rows(tokens: Tensor, positions: Tensor) -> Stage | None:
    """What cut (or numbered) positions (rows, 1, width) that are to be those of tokens (rows, length, width)."""
    if tokens.shape.rank != 3 or positions.shape.rank != 3:
        return None
    rows = tokens.shape.dim(0)
    if positions.shape.dim(1).expr != 1 or tokens.shape.dim(1).expr == 1 or rows.expr == 1:
        return None
    if not blame.equal(rows, positions.shape.dim(0)) or not rows.known:
        return None
    for step in trail.steps(positions):
        before = main(step)
        if short(step) == "arange":
            return step
        if short(step) == "__getitem__" and before is not None and isinstance(key_parts(step)[0], slice):
            cut = key_parts(step)[0] != slice(None) and not blame.equal(before.shape.dim(0), rows)
            return step if cut else None
    return None


def _read_batch_first(graph: ShapeGraph, stage: Stage) -> bool:
    """Whether a sequence module that takes axis 0 for the examples reads what a stage gives."""
    for later in graph.stages:
        tokens = main(later)
        if later.index <= stage.index or short(later) not in SEQUENCE_MODULES or tokens is None:
            continue
        if counted.batch_first(later) is True and any(step is stage for step in trail.steps(tokens)):
            return True
    return False


def _along_batch(stage: Stage, maker: Stage, tokens: Tensor, positions: Tensor) -> Finding:
    return found(
        "SHP415",
        "",
        maker.span,
        stage=stage,
        tensor=positions,
        symptom=stage.span,
        label=f"{positions.shape}: as many as there are examples",
        help="count the tokens: size(1), and put the positions on axis 1",
        related=[words.comes_from(tokens), words.comes_from(positions)],
        shapes=[words.named(tokens), words.named(positions)],
        tokens=words.called(tokens),
        shape=tokens.shape,
        positions=words.called(positions),
        given=positions.shape,
        rows=words.size(tokens.shape.dim(0)),
        length=words.size(tokens.shape.dim(1)),
    )
