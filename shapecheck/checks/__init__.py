"""The detectors: each looks at a ShapeGraph and nothing else, and does not know which front end made it.

An *explainer* is asked about a stage that certainly raises; the first that has an answer gives the one finding for it,
so they stand from the most telling to the most general. A *detector* looks over the whole graph for what runs and is
wrong all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from shapecheck import trail, vocabulary
from shapecheck.checks import (
    arguments,
    attention,
    axes,
    backward,
    broadcast,
    chosen,
    convolution,
    counted,
    grown,
    labels,
    lengths,
    linear,
    loss,
    masks,
    misplaced,
    models,
    operators,
    order,
    outputs,
    padding,
    pooling,
    raised,
    regrouped,
    reshaped,
    rows,
    stated,
    stored,
    tokenized,
    trainer,
    viewed,
    weights,
)
from shapecheck.findings import Finding
from shapecheck.graph import ShapeGraph, Stage, Tensor
from shapecheck.places import Span

Explainer = Callable[[ShapeGraph, Stage], Finding | None]
Detector = Callable[[ShapeGraph], Iterator[Finding]]

EXPLAINERS: tuple[Explainer, ...] = (
    outputs.tuple_for_tensor,
    reshaped.squeezed_batch,
    pooling.unpooled_classifier,
    pooling.first_example,
    pooling.tokens_for_vectors,
    masks.mask_axis,
    masks.lengths_over_texts,
    order.examples_first,
    misplaced.joined_along_rows,
    misplaced.joined_side_by_side,
    misplaced.summary_among_patches,
    misplaced.channels_ahead,
    linear.linear_in_features,
    linear.layer_width,
    convolution.channels,
    reshaped.recurrent_state,
    labels.below_zero,
    weights.loss_weights,
    labels.loss_range,
    labels.scores_of_tokens,
    loss.class_axis,
    regrouped.classes_regrouped,
    regrouped.rows_not_regrouped,
    loss.class_target,
    loss.pair_target,
    loss.other_loss,
    grown.embedding_not_resized,
    models.model_inputs,
    labels.model_labels,
    backward.of_many,
    operators.lost_axis,
    operators.operator_shapes,
)
DETECTORS: tuple[Detector, ...] = (
    outputs.missing_output,
    outputs.output_unpacked,
    outputs.beyond_states,
    outputs.own_tuple,
    labels.label_range,
    labels.negative_label,
    labels.one_class,
    labels.label_count,
    labels.stale_count,
    stored.state_dict_shape,
    grown.without_rows,
    models.swapped_inputs,
    masks.mask_across,
    masks.mask_length,
    masks.inverted_mask,
    masks.padding_for_scores,
    tokenized.tokenizer_calls,
    tokenized.ragged_examples,
    trainer.trainer_loss,
    broadcast.loss_broadcast,
    padding.unmasked_pooling,
    padding.divided_by_length,
    padding.padding_pooled,
    rows.first_row,
    rows.other_pooling,
    reshaped.shape_unpacked,
    axes.batch_first,
    order.one_step_taken,
    order.unpacked_time_first,
    order.positions_along_batch,
    viewed.regrouping_view,
    axes.softmax_axis,
    attention.contracted_axis,
    attention.queries_masked,
    pooling.over_texts,
    broadcast.index_broadcast,
    broadcast.columns_picked,
    stated.wrong_shape,
    stated.name_of_two_sizes,
    axes.rows_regrouped,
    axes.rows_in_other_order,
    lengths.flattened_length,
    chosen.argmax_axis,
    chosen.similarity_axis,
)


_OF_LABELS = ("SHP302", "SHP305", "SHP306", "SHP307", "SHP308", "SHP310", "SHP313")
"""What is wrong with the shape of labels, told at a loss."""
_WIDTHS = ("SHP201", "SHP204", "SHP205")
_WITHOUT_CAUSE = (*operators.GENERAL, *_WIDTHS, "SHP206", "SHP207", "SHP208", "SHP218", "SHP302", "SHP313")
"""Rules that name what does not fit, and where they stand on it not why: an argument before it may be the reason."""
_OF_ROWS = ("SHP229", "SHP302", "SHP313")
"""What may only follow from a choice, or a similarity, along the wrong axis."""
_COLUMNS = ("SHP309", "SHP601", "SHP607")


def run(graph: ShapeGraph) -> list[Finding]:
    """Every rule over one graph (annotated by :func:`shapecheck.flow.annotate`): unmerged, unordered."""
    for stage in graph.stages:
        stage.conflict = stage.conflict or counted.unlike(stage)
    findings = _first_causes([found for stage in graph.stages if (found := explain(graph, stage)) is not None])
    raised_at = {finding.span for finding in findings}
    for detector in DETECTORS:
        findings += (found for found in detector(graph) if found.span not in raised_at or found.severity == "error")
    findings = _one_per_column(_behind_no_pooling(_caused_by_a_choice(findings)))
    findings += raised.unexplained(graph, findings)
    for finding in findings:
        finding.evidence = ("static",) if graph.source == "static" else ("traced",)
        if finding.severity == "error" and _rests_on_invention(finding, graph):
            finding.severity = "warning"
    return list({(finding.rule, finding.span): finding for finding in reversed(findings)}.values())[::-1]


def _behind_no_pooling(findings: list[Finding]) -> list[Finding]:
    """Without the warnings about tokens that were to be pooled: once they are, the axes are others."""
    told = (finding.tensor for finding in findings if finding.rule == "SHP101" and finding.severity == "error")
    tokens = {tensor.producer.span for tensor in told if isinstance(tensor, Tensor) and tensor.producer is not None}
    if not tokens:
        return findings
    return [
        finding
        for finding in findings
        if finding.severity == "error" or not isinstance(finding.tensor, Tensor) or not _came_of(finding.tensor, tokens)
    ]


def _came_of(tensor: Tensor, made_at: set[Span]) -> bool:
    return any(step.span in made_at for step in trail.steps(tensor))


def _one_per_column(findings: list[Finding]) -> list[Finding]:
    """Without what follows from one column of scores (or of labels) that was not squeezed: the loss says it, the metric
    need not."""
    kept: list[Finding] = []
    seen: set[int] = set()
    made_at = {finding.span for finding in findings if finding.rule == "SHP305"}
    for finding in findings:
        stage = finding.stage
        if finding.rule == "SHP607" and isinstance(stage, Stage) and made_at & _columns(stage):
            continue
        given = (finding.tensor, stage.tensor("input")) if isinstance(stage, Stage) else ()
        scores = next((one for one in given if isinstance(one, Tensor) and one.shape.rank == 2), None)
        if finding.rule in _COLUMNS and scores is not None:
            head = trail.made(vocabulary.axis(scores, -1)).stage
            if head is not None and id(head) in seen:
                continue
            seen.add(id(head))
        kept.append(finding)
    return kept


def _columns(stage: Stage) -> set[Span]:
    """Where the last axes of size one of a stage's operands were made."""
    return {
        loss.extra_axis(stage, tensor, -1)
        for tensor in stage.tensors()
        if (tensor.shape.rank or 0) > 1 and tensor.shape.dim(-1).value == 1
    }


def _rests_on_invention(finding: Finding, graph: ShapeGraph) -> bool:
    """Whether a size led to the finding that the tracer made up, or that the author merely noted beside the text: then
    it may not be so in a real run."""
    unsure = ("invented", "assumed") if graph.source == "static" else ("invented",)
    if not isinstance(finding.stage, Stage):
        return False
    return any(dim.status in unsure for tensor in finding.stage.tensors() for dim in tensor.shape.dims)


def _first_causes(findings: list[Finding]) -> list[Finding]:
    """Without the general findings that only follow from an earlier one: its root made what they stumble over."""
    kept: list[Finding] = []
    for finding in findings:
        stage = finding.stage
        if finding.rule in (*operators.GENERAL, "SHP229") and isinstance(stage, Stage):
            if any(_same_fault(stage, earlier.stage) for earlier in kept if earlier.rule == finding.rule):
                continue
            way = {step.span for tensor in stage.tensors() for step in trail.steps(tensor)}
            if any(earlier.span in way for earlier in kept):
                continue
            if _labels_told(stage, kept):
                continue
        kept.append(finding)
    return kept


def _caused_by_a_choice(findings: list[Finding]) -> list[Finding]:
    """Without the general findings about what a choice along the wrong axis gave: that is told where it was made."""
    chosen = {finding.span: finding for finding in findings if finding.rule in ("SHP608", "SHP610")}
    kept: list[Finding] = []
    for finding in findings:
        stage = finding.stage
        if chosen and finding.rule in (*operators.GENERAL, *_OF_ROWS) and isinstance(stage, Stage):
            way = (step.span for tensor in stage.tensors() for step in trail.steps(tensor))
            cause = next((chosen[span] for span in way if span in chosen), None)
            if cause is not None:
                cause.severity = "error"
                continue
        kept.append(finding)
    return kept


def _labels_told(stage: Stage, earlier: list[Finding]) -> bool:
    """Whether a metric stumbles over labels of which a loss has been told: their shape is one fault."""
    told = {_given(finding.tensor) for finding in earlier if finding.rule in _OF_LABELS} - {None}
    return any(_given(tensor) in told for tensor in stage.tensors())


def _given(tensor: object) -> tuple[str, str] | None:
    """The name and shape of what a tensor was in the batch; None for what a model computed."""
    while isinstance(tensor, Tensor) and tensor.producer is not None:
        tensor = vocabulary.main(tensor.producer)
    return (tensor.text, str(tensor.shape)) if isinstance(tensor, Tensor) and tensor.text else None


def _same_fault(stage: Stage, earlier: object) -> bool:
    """Whether two calls of one function raise for one reason: parts of one tensor, handled alike (q, k and v), or the
    same two sizes, from the same places."""
    if not isinstance(earlier, Stage) or stage.context != earlier.context or stage.op != earlier.op:
        return False
    in_one_line = (stage.span.path, stage.span.line) == (earlier.span.path, earlier.span.line)
    if in_one_line and stage.conflict and earlier.conflict and stage.conflict.message == earlier.conflict.message:
        return True  # lam * x + (1 - lam) * y
    one, other = vocabulary.main(stage), vocabulary.main(earlier)
    here, there = stage.conflict, earlier.conflict
    if here is None or there is None or one is None or other is None or here.message != there.message:
        return False
    told = all(dim is not None and dim.origin is not None and dim.origin.span for dim in (here.left, here.right))
    if told and (here.left, here.right) == (there.left, there.right):
        return True
    return one.producer is not None and one.producer is other.producer


def explain(graph: ShapeGraph, stage: Stage) -> Finding | None:
    """The finding that explains why a stage raises; None for a stage that does not."""
    if stage.conflict is None or stage.within:
        return None
    finding = next((finding for explainer in EXPLAINERS if (finding := explainer(graph, stage)) is not None), None)
    if finding is None or finding.rule not in _WITHOUT_CAUSE or finding.remedy == "keepdim":
        return finding
    return arguments.repaired(graph, stage, finding)
