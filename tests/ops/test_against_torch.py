"""Every operator of the tables against torch itself: random ranks and sizes, valid and invalid."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from shapecheck import ops
from shapecheck.ops import tables
from shapecheck.shapes import Conflict
from tests.ops import strategies
from tests.ops.harness import Case, abstracted, disagreement, run_ours, run_torch

EVERY = [entry.name for entry in tables.entries()]

# Cases are small as they come: shrinking costs more than it tells.
SETTINGS = settings(database=None, derandomize=True, phases=(Phase.generate,), suppress_health_check=list(HealthCheck))


def truth(case: Case, ours: object) -> object:
    """What torch says: on meta tensors, or eagerly where that differs from what we say."""
    meta = run_torch(case, "meta")
    if disagreement(ours, meta) is None and not (isinstance(meta, Exception) and not isinstance(ours, Conflict)):
        return meta
    return run_torch(case, "cpu")


@pytest.mark.parametrize("name", EVERY)
def test_an_operator_gives_the_shapes_and_the_errors_of_torch(name: str) -> None:
    strategy = strategies.of(name)
    assert strategy is not None, f"{name} has no strategy in tests/ops/strategies.py"

    @settings(SETTINGS, max_examples=strategy.examples)
    @given(st.data())
    def check(data: st.DataObject) -> None:
        case = strategy.draw(data.draw, name)
        ours = run_ours(case)
        if strategy.not_compared:
            return
        theirs = truth(case, ours)
        assert not isinstance(ours, ops.NotKnown) or strategy.open_ended or isinstance(theirs, Exception), (
            case,
            ours,
            theirs,
        )
        if isinstance(theirs, Exception):
            assert isinstance(ours, Conflict) or strategy.lenient, (case, ours, theirs)
            return
        why = disagreement(ours, theirs)
        assert why is None, (case, why)
        if not strategy.plain:
            hide(data, case, theirs)

    check()


def hide(data: st.DataObject, case: Case, theirs: object) -> None:
    """With sizes and arguments hidden, nothing may be said that does not hold for the numbers."""
    sizes = st.sets(st.integers(2, 12), max_size=8)
    opened = data.draw(st.sampled_from([None, None, 0, 1, 2]))
    hidden = data.draw(st.one_of(st.just(set()), st.sets(st.integers(0, 8), max_size=3)))
    leaf = abstracted(data.draw(sizes), data.draw(sizes), opened, hidden)
    ours = run_ours(case, leaf)
    why = disagreement(ours, theirs)
    assert why is None, (case, hidden, opened, ours, why)
