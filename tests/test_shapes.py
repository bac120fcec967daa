"""Shapes agree with real PyTorch on what broadcasts and what a view does to the order of elements."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapecheck import shapes
from shapecheck.dims import Truth, number, symbol
from shapecheck.shapes import ANY, Conflict, Shape, of

torch = pytest.importorskip("torch")

sizes = st.lists(st.sampled_from([1, 2, 3, 4]), max_size=4)


@given(sizes, sizes, sizes)
def test_broadcasting_gives_pytorchs_shape_or_raises_where_it_raises(a: list[int], b: list[int], c: list[int]) -> None:
    ours = shapes.broadcast(of(*a), of(*b), of(*c))
    try:
        theirs = torch.broadcast_shapes(a, b, c)
    except RuntimeError:
        assert isinstance(ours, Conflict) and ours.kind == "broadcast"
    else:
        assert ours == of(*theirs)


@given(sizes, sizes)
def test_a_broadcast_conflict_is_worded_as_pytorch_words_it(a: list[int], b: list[int]) -> None:
    ours = shapes.broadcast(of(*a), of(*b))
    if isinstance(ours, Conflict):
        with pytest.raises(RuntimeError) as raised:
            torch.zeros(a) + torch.zeros(b)
        assert ours.message == str(raised.value)


def test_names_broadcast_only_where_that_is_certain() -> None:
    assert shapes.broadcast(of("batch", 1), of("batch", 768)) == of("batch", 768)
    assert shapes.broadcast(of("batch", "seq"), of("seq")) == of("batch", "seq")
    assert shapes.broadcast(of("batch", 768), of(1024)).__class__ is Conflict
    unsure = shapes.broadcast(of("batch"), of("seq"))
    assert isinstance(unsure, Shape) and not unsure.dims[0].known
    assert shapes.broadcast(of("batch"), of(4)) == of(4)


@st.composite
def views(draw: st.DrawFn) -> tuple[list[int], list[int]]:
    """Two shapes of the same number of elements."""
    factors = draw(st.lists(st.sampled_from([1, 2, 3, 5]), min_size=1, max_size=5))

    def cut() -> list[int]:
        order, out, run = draw(st.permutations(factors)), [], 1
        for factor in order:
            run *= factor
            if draw(st.booleans()):
                out.append(run)
                run = 1
        return [*out, run]

    return cut(), cut()


@given(views())
def test_a_view_that_regroups_moves_elements_across_rows(pair: tuple[list[int], list[int]]) -> None:
    before, after = pair
    ours = shapes.regroups(of(*before).dims, of(*after).dims)
    kept_before = [n for n in before if n != 1]
    kept_after = [n for n in after if n != 1]

    def bounds(dims: list[int]) -> set[int]:
        product, out = 1, set()
        for n in dims:
            product *= n
            out.add(product)
        return out

    common = bounds(kept_before) & bounds(kept_after) | {1}

    def cut(dims: list[int]) -> list[int]:
        """How many axes stand between each two boundaries that both shapes share."""
        product, count, out = 1, 0, []
        for n in dims:
            product, count = product * n, count + 1
            if product in common:
                out.append(count)
                count = 0
        return out

    assert ours == any(x > 1 and y > 1 for x, y in zip(cut(kept_before), cut(kept_after), strict=True))


def test_splitting_heads_without_a_transpose_is_a_regrouping() -> None:
    assert shapes.regroups(of(2, 6, 64).dims, of(2, 4, 6, 16).dims)
    assert not shapes.regroups(of(2, 6, 64).dims, of(2, 6, 4, 16).dims)
    assert not shapes.regroups(of("batch", "seq", 64).dims, of("batch", "seq", 4, 16).dims)
    assert not shapes.regroups(of("batch", "seq", 64).dims, Shape((symbol("batch") * symbol("seq"), number(64))).dims)


def test_a_shape_with_an_unknown_middle_still_knows_its_ends() -> None:
    features = Shape((symbol("batch"), number(768)), open_at=1)
    assert str(features) == "(batch, ..., 768)"
    assert features.rank is None
    assert features.dim(0) == symbol("batch") and features.dim(-1) == number(768)
    assert not features.dim(1).known and not features.dim(-2).known
    assert features.replaced(-1, number(5)) == Shape((symbol("batch"), number(5)), open_at=1)
    assert shapes.compare(features, of("batch", "seq", 512)) is Truth.DIFFERENT
    assert shapes.compare(features, of("batch", "seq", 768)) is Truth.UNKNOWN


def test_axes_count_from_either_end() -> None:
    tokens = of("batch", "seq", 768)
    assert [tokens.axis(i) for i in (0, 2, -1, -3)] == [0, 2, 2, 0]
    assert tokens.axis(3) is None and tokens.axis(-4) is None
    assert str(tokens.replaced(1)) == "(batch, 768)"
    assert str(of("batch")) == "(batch,)" and str(of()) == "()"


def test_the_arms_of_a_branch_join_to_what_both_know() -> None:
    assert shapes.join(of("batch", 768), of("batch", 512)).dim(0) == symbol("batch")
    assert not shapes.join(of("batch", 768), of("batch", 512)).dim(1).known
    joined = shapes.join(of("batch", "seq", 768), of("batch", 768))
    assert joined.rank is None and joined.dim(-1) == number(768) and joined.dim(0) == symbol("batch")
    assert shapes.join(ANY, of(3)) == ANY
