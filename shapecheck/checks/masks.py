"""SHP105, SHP413 and SHP609: masks that do not line up with the tokens, are too short, or say the opposite."""

from __future__ import annotations

from collections.abc import Iterator

from shapecheck import trail, vocabulary
from shapecheck.checks import blame, counted, words
from shapecheck.checks.report import found
from shapecheck.findings import Finding, Severity
from shapecheck.flow import token_axis
from shapecheck.graph import Module, ShapeGraph, Stage, Tensor
from shapecheck.vocabulary import (
    BINARY,
    COMPARISONS,
    REDUCTIONS,
    axis,
    given,
    ints,
    main,
    operands,
    reduced_axes,
    short,
)
from shapecheck.vocabulary import words as names

_HIDES = names("masked_fill masked_fill_ where mul mul_")
_AXIS_MAKERS = names("unsqueeze __getitem__ view reshape expand")
_SAME_MEANING = names("to bool byte type type_as float long int half cuda cpu contiguous clone detach")


def mask_axis(graph: ShapeGraph, stage: Stage) -> Finding | None:
    """SHP105: a mask (batch, seq) brought to the features' rank on the wrong side, or not at all."""
    conflict = stage.conflict
    if conflict is None or conflict.kind != "broadcast" or short(stage) not in (BINARY | _HIDES) - COMPARISONS:
        return None
    mask = next((t for t in operands(stage) if _is_mask(t)), None)
    features = next((t for t in operands(stage) if t is not mask), None)
    if mask is None or features is None or features.shape.rank != 3 or mask.shape.rank not in (2, 3):
        return None
    maker = next((step for step in trail.steps(mask) if short(step) in _AXIS_MAKERS), None)
    made_here = maker is not None and mask.shape.rank == 3
    return found(
        "SHP105",
        "" if made_here else "rank",
        maker.span if maker is not None and made_here else blame.operand_span(stage, mask),
        stage=stage,
        tensor=mask,
        symptom=stage.span,
        label=f"the mask is {mask.shape}",
        help="give the mask a last axis: .unsqueeze(-1) makes it (batch, seq, 1)",
        related=[words.comes_from(features), words.comes_from(mask)],
        shapes=[words.named(features), words.named(mask, name="mask")],
        mask=words.called(mask),
        mask_shape=mask.shape,
        operand=words.called(features),
        shape=features.shape,
    )


def lengths_over_texts(graph: ShapeGraph, stage: Stage) -> Finding | None:
    """SHP105: the mask (batch, seq) summed over its texts, where the number of tokens of each text is wanted."""
    rows, ends = counted.index_pair(stage)
    if short(stage) == "pack_padded_sequence":
        rows, ends = stage.tensor("input"), stage.tensor("lengths")
    if stage.conflict is None or rows is None or ends is None:
        return None
    for step in trail.steps(ends):
        mask = main(step)
        if short(step) in REDUCTIONS and mask is not None and mask.role == "mask" and reduced_axes(step) == (0,):
            return found(
                "SHP105",
                "lengths",
                step.span,
                stage=stage,
                tensor=mask,
                symptom=stage.span,
                label=f"{mask.shape} becomes {step.out.shape}",
                help="take dim=1, the tokens",
                remedy="1",
                related=[words.comes_from(mask), words.comes_from(rows)],
                shapes=[words.named(mask), words.named(rows), words.named(ends)],
                operator=words.shown(step.op),
                mask=words.called(mask),
                mask_shape=mask.shape,
                after=step.out.shape,
                rows=words.called(rows),
                rows_shape=rows.shape,
            )
    return None


def mask_across(graph: ShapeGraph) -> Iterator[Finding]:
    """SHP105 where the lengths are not known: a mask (batch, 1, seq) meets the hidden axis of (batch, seq, hidden)."""
    for stage in graph.stages:
        if short(stage) not in _HIDES or stage.within or stage.conflict is not None:
            continue
        mask = next((t for t in operands(stage) if _is_mask(t) and t.shape.rank in (2, 3)), None)
        features = next((t for t in operands(stage) if t is not mask and t.role == "tokens"), None)
        if mask is None or features is None or features.shape.rank != 3 or token_axis(features) != 1:
            continue
        tokens, width = features.shape.dim(1), features.shape.dim(2)
        if mask.shape.rank == 2:
            batch = features.shape.dim(0)
            lined_up = blame.equal(mask.shape.dim(0), batch) and blame.equal(mask.shape.dim(1), tokens)
            if lined_up and batch.value != 1 and not blame.equal(tokens, width):
                yield _across(stage, None, mask, features)
            continue
        maker = next((step for step in trail.steps(mask) if short(step) in _AXIS_MAKERS), None)
        if maker is None or mask.shape.dim(1).expr != 1 or not blame.equal(mask.shape.dim(2), tokens):
            continue
        if not blame.equal(tokens, width):
            yield _across(stage, maker, mask, features)


def _across(stage: Stage, maker: Stage | None, mask: Tensor, features: Tensor) -> Finding:
    return found(
        "SHP105",
        "" if maker is not None else "rank",
        maker.span if maker is not None else blame.operand_span(stage, mask),
        stage=stage,
        tensor=mask,
        severity="warning" if maker is not None else "error",
        symptom=stage.span,
        label=f"the mask is {mask.shape}",
        help="give the mask a last axis: .unsqueeze(-1) makes it (batch, seq, 1)",
        related=[words.comes_from(features), words.comes_from(mask)],
        shapes=[words.named(features), words.named(mask, name="mask")],
        mask=words.called(mask),
        mask_shape=mask.shape,
        operand=words.called(features),
        shape=features.shape,
    )


def _is_mask(tensor: Tensor) -> bool:
    return tensor.role == "mask" or "mask" in tensor.text.rpartition(".")[2].lower()


def mask_length(graph: ShapeGraph) -> Iterator[Finding]:
    """SHP413: a model is given a mask for another number of tokens than it gets."""
    for stage in graph.stages:
        if vocabulary.is_model(stage) and not stage.within and stage.conflict is None:
            finding = _other_length(stage, "warning")
            if finding is not None:
                yield finding


def shorter_mask(graph: ShapeGraph, stage: Stage, module: Module) -> Finding | None:
    """SHP413 where the model raises."""
    return _other_length(stage, "error")


def _other_length(stage: Stage, severity: Severity) -> Finding | None:
    mask, vectors = stage.tensor("attention_mask"), stage.tensor("inputs_embeds")
    tokens = vectors or stage.tensor("input_ids")
    if mask is None or tokens is None or stage.inputs.get("past_key_values") is not None:
        return None
    if mask.shape.rank != 2 or tokens.shape.rank != (2 if vectors is None else 3):
        return None
    if not blame.differ(mask.shape.dim(1), tokens.shape.dim(1)):
        return None
    joined = next((step for step in trail.steps(tokens) if short(step) in ("cat", "concat", "concatenate")), None)
    return found(
        "SHP413",
        "joined" if joined is not None else "",
        blame.operand_span(stage, mask),
        stage=stage,
        tensor=mask,
        severity=severity,
        symptom=stage.span,
        label=f"the mask is {mask.shape}",
        help="put ones for the added vectors before it: torch.cat([mask.new_ones(batch, added), mask], dim=1)"
        if joined is not None
        else "pass the mask of these tokens",
        related=[words.comes_from(tokens), words.comes_from(mask)],
        shapes=[words.named(tokens), words.named(mask, name="attention_mask")],
        model=short(stage),
        mask=words.called(mask),
        have=words.sized(axis(mask, 1)),
        operand=words.called(tokens),
        want=words.sized(axis(tokens, 1)),
    )


def padding_for_scores(graph: ShapeGraph) -> Iterator[Finding]:
    """SHP220: attention gets a mask (batch, keys) where it wants (queries, keys): it takes the texts for queries."""
    for stage in graph.stages:
        mask, query = stage.tensor("attn_mask"), stage.tensor("query")
        if short(stage) != "MultiheadAttention" or stage.within or stage.conflict is not None:
            continue
        if mask is None or query is None or mask.shape.rank != 2 or query.shape.rank != 3:
            continue
        at = 0 if given(stage, "batch_first") is True else 1
        texts, queries = query.shape.dim(at), query.shape.dim(1 - at)
        rows = mask.shape.dim(0)
        if texts.value is None and blame.equal(rows, texts) and not blame.equal(rows, queries):
            yield found(
                "SHP220",
                "padding",
                stage.input_spans.get("attn_mask", stage.span),
                stage=stage,
                tensor=mask,
                symptom=stage.span,
                says=f"The shape of the 2D attn_mask is torch.Size([{rows}, {mask.shape.dim(1)}]), but should be "
                f"({queries}, {mask.shape.dim(1)}).",
                label=f"{mask.shape}",
                help=f"key_padding_mask={mask.text or 'mask'}, True at padding",
                related=[words.comes_from(mask), words.comes_from(query)],
                shapes=[words.named(mask, name="attn_mask"), words.named(query, name="query")],
                operator=words.shown(stage.op),
                mask=words.called(mask),
                shape=mask.shape,
                rows=words.size(rows),
                queries=words.size(queries),
            )


def inverted_mask(graph: ShapeGraph) -> Iterator[Finding]:
    """SHP609: PyTorch's padding mask is True at padding, and gets an attention mask, which is 1 at real tokens."""
    attended = _attended(graph)
    for stage in graph.stages:
        if stage.within or stage.conflict is not None:
            continue
        for _, name in counted.PADDING_MASKS:
            mask = stage.tensor(name)
            if mask is not None and _keeps_real(mask, attended):
                yield found(
                    "SHP609",
                    "",
                    stage.input_spans.get(name, stage.span),
                    stage=stage,
                    tensor=mask,
                    symptom=stage.span,
                    label="1 at real tokens",
                    help=f"pass {name}={mask.text or 'mask'} == 0",
                    related=[words.comes_from(mask)],
                    shapes=[words.named(mask, name=name)],
                    layer=words.shown(stage.op),
                    parameter=name,
                    mask=words.called(mask),
                )


def _attended(graph: ShapeGraph) -> set[int]:
    """The masks that a model of transformers is given, by identity, and what they were before a view: 1 at real tokens,
    whoever made them."""
    found: set[int] = set()
    for stage in graph.stages:
        mask = stage.tensor("attention_mask") if vocabulary.is_model(stage) else None
        while mask is not None:
            found.add(id(mask))
            maker = mask.producer
            mask = main(maker) if maker is not None and short(maker) in ("view", "reshape", "flatten") else None
    return found


def _keeps_real(mask: Tensor, attended: set[int]) -> bool:
    """Whether a mask is a tokenizer's attention mask, or one that a model is given, turned to booleans at most."""
    while mask.producer is not None:
        stage = mask.producer
        operand = main(stage)
        if id(mask) in attended:
            return True
        if operand is None or not (short(stage) in _SAME_MEANING or _asks_for_real(stage) or _any_of_text(stage)):
            return operand is not None and short(stage) == "ne" and operand.role == "ids"  # ids != pad
        mask = operand
    return mask.role == "mask"


def _any_of_text(stage: Stage) -> bool:
    """``mask.sum(-1)`` of pieces of texts: above zero where a piece has tokens at all."""
    mask = main(stage)
    if short(stage) not in ("sum", "any", "amax") or mask is None or mask.role != "mask" or not mask.shape.rank:
        return False
    return mask.shape.rank > 2 and reduced_axes(stage) == (mask.shape.rank - 1,)


def _asks_for_real(stage: Stage) -> bool:
    """``mask == 1``, ``mask != 0``, ``mask > 0``."""
    other = ints(given(stage, "other"))
    operand = main(stage)
    if operand is None or operand.role != "mask" or other is None:
        return False
    return (short(stage), other[0]) in (("eq", 1), ("ne", 0), ("gt", 0), ("ge", 1))
