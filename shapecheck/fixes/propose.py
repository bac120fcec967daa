"""Which fixes a finding gets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import libcst as cst

from shapecheck.findings import Finding, Fix
from shapecheck.fixes import (
    aligned,
    attention,
    axes,
    calls,
    fitted,
    inputs,
    joined,
    losses,
    moved,
    pooling,
    resizing,
    returned,
    simple,
    sizes,
    widths,
)
from shapecheck.fixes.tree import Tree
from shapecheck.graph import ShapeGraph

Fixer = Callable[[Finding, ShapeGraph, Tree], Iterator[Fix]]

FIXERS: dict[str, tuple[Fixer, ...]] = {
    "SHP101": (pooling.poolings,),
    "SHP102": (pooling.under_mask,),
    "SHP103": (simple.wrong_axis, pooling.over_tokens),
    "SHP104": (pooling.under_mask,),
    "SHP105": (moved.along, attention.mask_axis),
    "SHP106": (pooling.under_mask, pooling.by_real_tokens),
    "SHP107": (pooling.under_mask,),
    "SHP108": (pooling.instead_of_first,),
    "SHP109": (moved.over_space,),
    "SHP110": (simple.flattened,),
    "SHP111": (sizes.every_row,),
    "SHP112": (pooling.as_trained,),
    "SHP201": (widths.in_features,),
    "SHP202": (joined.index_rank, aligned.time_before_batch, aligned.axes_added),
    "SHP204": (aligned.channels_moved, calls.channels),
    "SHP205": (widths.in_features,),
    "SHP206": (fitted.state,),
    "SHP207": (widths.in_features,),
    "SHP208": (widths.in_features,),
    "SHP209": (moved.second_transposed, aligned.factors_exchanged),
    "SHP210": (joined.letters,),
    "SHP211": (aligned.joined_axis_added, joined.copied_to_tokens, fitted.resized, joined.other_axis),
    "SHP212": (joined.padded_stack,),
    "SHP213": (moved.rows_of_input, moved.without_summary),
    "SHP214": (moved.axis_kept, joined.mask_lined_up, joined.row_for_each, joined.one_more, aligned.axes_added),
    "SHP215": (aligned.layer_axes_added,),
    "SHP216": (widths.in_features,),
    "SHP217": (fitted.resized,),
    "SHP218": (moved.moved_for_norm,),
    "SHP219": (sizes.heads,),
    "SHP220": (attention.as_padding, attention.exchanged),
    "SHP222": (sizes.last_axis,),
    "SHP223": (sizes.further_names,),
    "SHP224": (inputs.as_ids,),
    "SHP225": (moved.along,),
    "SHP226": (moved.patches_first,),
    "SHP227": (inputs.fixed_length,),
    "SHP228": (simple.averaged,),
    "SHP229": (calls.argument,),
    "SHP301": (simple.class_axis,),
    "SHP302": (losses.axis_of_one, aligned.scores_flattened, aligned.channel_of_labels),
    "SHP303": (calls.more_labels,),
    "SHP304": (simple.label_columns,),
    "SHP305": (simple.target,),
    "SHP306": (inputs.class_of_row,),
    "SHP307": (calls.other_head, losses.flattened_labels),
    "SHP308": (calls.other_head,),
    "SHP309": (simple.squeezed_at_root, simple.target, simple.squeezed_where_made),
    "SHP310": (losses.loss_of_classes,),
    "SHP312": (calls.one_output,),
    "SHP313": (axes.rows_first, losses.same_part, losses.untransposed, aligned.scores_flattened),
    "SHP314": (losses.from_zero,),
    "SHP315": (losses.output_for_each,),
    "SHP316": (losses.as_the_view_has_it,),
    "SHP401": (sizes.batch_of_one,),
    "SHP402": (calls.truncated, sizes.shorter),
    "SHP403": (calls.by_name,),
    "SHP404": (calls.encoder_class,),
    "SHP405": (resizing.resized,),
    "SHP406": (axes.without_own_batch, moved.without_axis),
    "SHP407": (inputs.padded,),
    "SHP408": (inputs.as_tensors,),
    "SHP409": (sizes.picture_size,),
    "SHP410": (moved.channels_second,),
    "SHP411": (moved.without_axis,),
    "SHP412": (inputs.padding_token,),
    "SHP413": (sizes.longer_mask,),
    "SHP414": (inputs.as_embeddings,),
    "SHP415": (sizes.counted_by_tokens,),
    "SHP501": (pooling.instead_of_pooler,),
    "SHP502": (calls.new_head,),
    "SHP503": (returned.to_tuple,),
    "SHP504": (calls.set_label_count,),
    "SHP505": (returned.without_head,),
    "SHP506": (returned.by_place, returned.without_tuples),
    "SHP507": (returned.last_place,),
    "SHP508": (inputs.asked_for,),
    "SHP509": (returned.last_place,),
    "SHP510": (returned.loss_first,),
    "SHP511": (returned.projected,),
    "SHP512": (widths.in_features,),
    "SHP513": (inputs.last_layer_alone,),
    "SHP514": (fitted.as_saved,),
    "SHP515": (aligned.first_of_tuple,),
    "SHP601": (simple.squeezed_at_root, simple.broadcast, simple.squeezed_where_made),
    "SHP602": (calls.batch_first,),
    "SHP603": (axes.split_then_move,),
    "SHP604": (moved.along,),
    "SHP605": (axes.named_axis,),
    "SHP606": (moved.along,),
    "SHP607": (simple.squeezed_at_root, simple.broadcast, simple.squeezed_where_made),
    "SHP608": (moved.along,),
    "SHP609": (attention.turned_round,),
    "SHP610": (moved.along,),
    "SHP611": (moved.transposed,),
    "SHP612": (moved.before_flattening, moved.groups_in_order),
    "SHP613": (sizes.column_of_positions,),
}
"""The fixers of each rule, the best first."""


@dataclass(slots=True)
class Proposals:
    """Proposes fixes; each file is parsed once."""

    graph: ShapeGraph
    sources: Mapping[str, str]
    _trees: dict[str, Tree | None] = field(default_factory=dict)

    def of(self, finding: Finding) -> Iterator[Fix]:
        """The fixes of a finding, best first."""
        fixers = FIXERS.get(finding.rule, ())
        tree = self._tree(finding.span.path) if fixers else None
        if tree is not None:
            for fixer in fixers:
                yield from fixer(finding, self.graph, tree)

    def _tree(self, path: str) -> Tree | None:
        if path not in self._trees:
            self._trees[path] = self._parsed(path)
        return self._trees[path]

    def _parsed(self, path: str) -> Tree | None:
        if path not in self.sources:
            return None
        try:
            return Tree.parse(path, self.sources[path])
        except (cst.ParserSyntaxError, RecursionError):
            return None
