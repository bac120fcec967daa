"""Fixes of operands that do not line up: joined, stacked, contracted or broadcast."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import libcst as cst

from shapecheck.findings import Finding, Fix
from shapecheck.fixes.calls import along, call_of, keyword
from shapecheck.fixes.simple import OTHER_RESULT, compared, operand, stage_of, suffixed_edit
from shapecheck.fixes.tree import Tree, grouped
from shapecheck.graph import ShapeGraph, Tensor
from shapecheck.shapes import Shape
from shapecheck.vocabulary import BINARY, given, ints, operands, short, words

_INDEXED = words("gather scatter scatter_ scatter_add scatter_add_ scatter_reduce")
"""Operators whose index has as many axes as what it picks from."""
_CHOICE = "which of the two is meant is not known"


def other_axis(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``torch.cat([one, two])`` to ``dim=1``, the one axis in which the parts differ."""
    stage, call = stage_of(finding), call_of(finding, tree)
    at = _only_difference(operands(stage)) if stage is not None else None
    if stage is None or call is None or at is None or short(stage) not in ("cat", "concat", "concatenate"):
        return
    now = ints(stage.inputs.get("dim", 0))
    rank = operands(stage)[0].shape.rank or 0
    if now is None or now[0] % rank == at:
        return
    code = "-1" if at == rank - 1 else str(at)
    edit = along(tree, finding, stage, code)
    if edit is not None:
        yield Fix(f"join along dim={code}, where they differ", (edit,), safety="unsafe", why=OTHER_RESULT)


def _only_difference(tensors: Sequence[Tensor]) -> int | None:
    """The one axis in which tensors of one rank differ."""
    shapes = [tensor.shape for tensor in tensors]
    if len(shapes) < 2 or shapes[0].rank is None or any(shape.rank != shapes[0].rank for shape in shapes):
        return None
    columns = list(zip(*(shape.dims for shape in shapes), strict=True))
    unlike = [at for at, column in enumerate(columns) if any(dim != column[0] for dim in column)]
    return unlike[0] if len(unlike) == 1 else None


def copied_to_tokens(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``cat([tokens, text], -1)`` to ``text.unsqueeze(1).expand(-1, tokens.size(1), -1)``: a copy for each token."""
    stage, call = stage_of(finding), call_of(finding, tree)
    parts = call.args[0].value if call is not None and call.args else None
    if stage is None or not isinstance(parts, (cst.List, cst.Tuple)) or len(parts.elements) != len(operands(stage)):
        return
    nodes = [element.value for element in parts.elements]
    ranks = [tensor.shape.rank for tensor in operands(stage)]
    if sorted(rank or 0 for rank in ranks) != [2, 3]:
        return
    long, short_ = nodes[ranks.index(3)], nodes[ranks.index(2)]
    length = operands(stage)[ranks.index(3)].shape.dim(1)
    size = f"{tree.code(long)}.size(1)" if isinstance(long, (cst.Name, cst.Attribute)) else str(length.value or "")
    if size:
        edits = suffixed_edit(tree, short_, f".unsqueeze(1).expand(-1, {size}, -1)")
        yield Fix("give each token its copy", tuple(edits), safety="unsafe", why=_CHOICE)


def padded_stack(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``torch.stack(rows)`` to ``pad_sequence(rows, batch_first=True)`` for rows of other lengths."""
    stage, call = stage_of(finding), call_of(finding, tree)
    if stage is None or call is None or len(call.args) != 1 or _only_difference(operands(stage)) != 0:
        return
    known = any(tree.code(alias.name) == "pad_sequence" for alias in tree.all(cst.ImportAlias))
    name = "pad_sequence" if known else "torch.nn.utils.rnn.pad_sequence"
    if tree.code(call.func) == "torch.stack":
        edits = (tree.replace(call.func, name), keyword(tree, call, "batch_first", "True"))
        why = "a mask of what is padding may be wanted too"
        yield Fix("pad the rows to one length", edits, safety="unsafe", why=why)


def letters(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """The letters of an einsum named as the axes stand; heads that serve several others repeated."""
    stage, call = stage_of(finding), call_of(finding, tree)
    node = call.args[0].value if call is not None and call.args else None
    if stage is None or call is None or not isinstance(node, cst.SimpleString):
        return
    equation, tensors = str(node.evaluated_value).replace(" ", ""), operands(stage)
    terms = equation.partition("->")[0].split(",")
    if "." in equation or len(terms) != len(tensors) or len(call.args) != len(terms) + 1:
        return
    swapped = [ways for ways in _swaps(terms) if _consistent(ways, [t.shape for t in tensors])]
    if len(swapped) == 1:
        written = f"{','.join(swapped[0])}{equation[equation.index('->') :] if '->' in equation else ''}"
        edit = tree.replace(node, f"{node.quote}{written}{node.quote}")
        yield Fix("name the axes as they stand", (edit,), safety="unsafe", why=_CHOICE)
    yield from _repeated(tree, call, terms, equation.partition("->")[2], tensors)


def _swaps(terms: list[str]) -> Iterator[list[str]]:
    """The terms with two letters of one of them exchanged."""
    for at, term in enumerate(terms):
        for a, b in itertools.combinations(range(len(term)), 2):
            moved = list(term)
            moved[a], moved[b] = moved[b], moved[a]
            yield [*terms[:at], "".join(moved), *terms[at + 1 :]]


def _consistent(terms: list[str], shapes: list[Shape]) -> bool:
    """Whether each letter stands for one known size."""
    sizes: dict[str, object] = {}
    for term, shape in zip(terms, shapes, strict=True):
        if shape.rank != len(term):
            return False
        for letter, dim in zip(term, shape.dims, strict=True):
            if dim.expr is None or sizes.setdefault(letter, dim.expr) != dim.expr:
                return False
    return True


def _repeated(tree: Tree, call: cst.Call, terms: list[str], kept: str, tensors: Sequence[Tensor]) -> Iterator[Fix]:
    """``k`` to ``k.repeat_interleave(4, dim=1)`` where two heads of it serve eight of the other."""
    places: dict[str, list[tuple[int, int, int]]] = {}
    shapes = [tensor.shape for tensor in tensors]
    for nth, (term, shape) in enumerate(zip(terms, shapes, strict=False)):
        for at, letter in enumerate(term):
            if (size := shape.dim(at).value) is not None:
                places.setdefault(letter, []).append((size, nth, at))
    unlike = [found for letter, found in places.items() if len({size for size, *_ in found}) == 2 and letter in kept]
    if len(unlike) != 1:
        return
    (few, nth, at), (many, *_) = min(unlike[0]), max(unlike[0])
    node = call.args[nth + 1].value
    if at and few > 1 and many % few == 0:
        code = f"{grouped(node, tree.code(node))}.repeat_interleave({many // few}, dim={at})"
        why = "each of them is taken to serve as many neighbours"
        yield Fix(f"repeat each {many // few} times", (tree.replace(node, code),), safety="unsafe", why=why)


def mask_lined_up(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``mask`` (batch, keys) to ``mask[:, None, None, :]`` beside attention scores; an axis too many left out."""
    stage = stage_of(finding)
    if stage is None or short(stage) not in ("masked_fill", "masked_fill_", "where", "add", "mul"):
        return
    scores = operand(finding, "input")
    mask = operand(finding, "mask") or operand(finding, "other")
    node = tree.expression(mask[1]) if mask is not None else None
    if scores is None or mask is None or node is None or scores[0].shape.rank is None:
        return
    here, wanted = mask[0].shape, scores[0].shape
    if here.rank == 2 and wanted.rank == 4 and (here.dim(0), here.dim(1)) == (wanted.dim(0), wanted.dim(3)):
        edits = tuple(suffixed_edit(tree, compared(node), "[:, None, None, :]"))
        yield Fix("line the mask up with the keys", edits)
    elif (
        wanted.rank is not None
        and here.rank == wanted.rank + 1
        and here.dim(-1).value == 1
        and here.dims[:-1] == wanted.dims
    ):
        inner = compared(node)
        func = inner.func if isinstance(inner, cst.Call) else None
        if isinstance(func, cst.Attribute) and func.attr.value == "unsqueeze":
            yield Fix("leave the mask's last axis out", (tree.replace(inner, tree.code(func.value)),))


def row_for_each(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``top == labels`` to ``top == labels.unsqueeze(1)``, ``scores == labels`` to the best class of each row."""
    stage = stage_of(finding)
    pair = [operand(finding, name) for name in ("input", "other")]
    if stage is None or short(stage) not in BINARY or None in pair:
        return
    sides = sorted((side for side in pair if side is not None), key=lambda side: side[0].shape.rank or 0)
    (row, where), (table, there) = sides
    if row.shape.rank != 1 or table.shape.rank != 2 or row.shape.dim(0) != table.shape.dim(0):
        return
    scores = (table.dtype or "").startswith("float") and not (row.dtype or "float").startswith("float")
    if short(stage) in ("eq", "ne") and scores:
        node, suffix, title = tree.expression(there), ".argmax(dim=1)", "compare the best class"
    else:
        node, suffix, title = tree.expression(where), ".unsqueeze(1)", "a row for each"
    if node is not None:
        yield Fix(title, tuple(suffixed_edit(tree, node, suffix)), safety="unsafe", why=OTHER_RESULT)


def one_more(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """A parameter's size, where it meets a tensor of another: the number, or the expression ``+ 1``."""
    stage, node = stage_of(finding), tree.expression(finding.span)
    conflict = stage.conflict if stage is not None else None
    if stage is None or conflict is None or node is None or finding.span == stage.span:
        return
    sizes = [dim.value for dim in (conflict.left, conflict.right) if dim is not None and dim.value is not None]
    if len(sizes) != 2 or not finding.remedy.isdigit():
        return
    wanted = int(finding.remedy)
    own = next((size for size in sizes if size != wanted), wanted)
    if isinstance(node, cst.Integer) and node.evaluated_value == own and wanted < 2 * own:
        yield Fix(f"{wanted} of them", (tree.replace(node, str(wanted)),), safety="unsafe", why=_CHOICE)
    elif isinstance(node, (cst.Name, cst.Attribute)) and abs(wanted - own) == 1:
        code = f"{tree.code(node)} {'+' if wanted > own else '-'} 1"
        yield Fix(code, (tree.replace(node, code),), safety="unsafe", why=_CHOICE)


def index_rank(finding: Finding, graph: ShapeGraph, tree: Tree) -> Iterator[Fix]:
    """``scores.gather(1, classes)`` to ``scores.gather(1, classes.unsqueeze(1))``; ``topk`` along the classes."""
    stage, source = stage_of(finding), operand(finding, "input")
    index = operand(finding, "index")
    dims = ints(given(stage, "dim")) if stage is not None else None
    rank = source[0].shape.rank if source is not None else None
    if stage is None or not rank or dims is None:
        return
    node = tree.expression(index[1]) if index is not None else None
    if short(stage) in _INDEXED and index is not None and node is not None and index[0].shape.rank == rank - 1:
        edits = tuple(suffixed_edit(tree, node, f".unsqueeze({dims[0] % rank})"))
        yield Fix("an index of as many axes", edits, safety="unsafe", why="what comes out has an axis of one")
    call = call_of(finding, tree)
    if short(stage) == "topk" and call is not None and rank == 2 and dims[0] % rank == 0:
        named = any(arg.keyword is not None and arg.keyword.value == "dim" for arg in call.args)
        if named:
            edit = keyword(tree, call, "dim", "-1")
            yield Fix("dim=-1", (edit,), safety="unsafe", why=OTHER_RESULT)
