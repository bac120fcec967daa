"""Which rules were asked for."""

from __future__ import annotations

import pytest

from shapecheck.errors import UsageError
from shapecheck.selection import Selection, prefixes


@pytest.mark.parametrize(
    ("selection", "on", "off"),
    [
        (Selection(), ["SHP101", "SHP601", "SHP901"], []),
        (Selection(select=("SHP1",)), ["SHP101"], ["SHP201", "SHP901"]),
        (Selection(ignore=("SHP1",)), ["SHP201"], ["SHP101"]),
        (Selection(select=("SHP1",), ignore=("SHP101",)), ["SHP103"], ["SHP101"]),
        (Selection(select=("SHP101",), ignore=("SHP1",)), ["SHP101"], ["SHP103"]),
        (Selection(select=("SHP1",), extend_select=("SHP201",)), ["SHP101", "SHP201"], ["SHP301"]),
        (Selection(ignore=("SHP6",), extend_select=("SHP601",)), ["SHP601"], ["SHP602"]),
        (Selection(select=("SHP1",), ignore=("SHP1",)), [], ["SHP101"]),
        (Selection(severities=(("SHP1", "off"), ("SHP101", "info"))), ["SHP101", "SHP201"], ["SHP102"]),
        (Selection(select=("SHP101",), severities=(("SHP1", "off"),)), ["SHP101"], ["SHP102", "SHP201"]),
        (Selection(select=("SHP1",), off=("SHP101",)), ["SHP102"], ["SHP101"]),
        (Selection(extend_select=("SHP101",), under=Selection(ignore=("SHP1", "SHP101"))), ["SHP101"], ["SHP102"]),
        (Selection(ignore=("SHP1",), under=Selection(select=("SHP1", "SHP2"))), ["SHP201"], ["SHP101", "SHP301"]),
        (Selection(select=("SHP1",), under=Selection(ignore=("SHP",))), ["SHP101"], ["SHP201"]),
        (Selection(ignore=("SHP6",), under=Selection(severities=(("SHP1", "off"),))), ["SHP201"], ["SHP101", "SHP601"]),
    ],
)
def test_the_longest_prefix_decides(selection: Selection, on: list[str], off: list[str]) -> None:
    assert all(selection.enabled(code) for code in on)
    assert not any(selection.enabled(code) for code in off)


def test_a_file_that_could_not_be_read_is_reported_whatever_is_selected() -> None:
    assert Selection(select=("SHP1",)).enabled("SHP902")
    assert not Selection(ignore=("SHP902",)).enabled("SHP902")
    assert not Selection(off=("SHP9",)).enabled("SHP902")
    assert not Selection(severities=(("SHP902", "off"),)).enabled("SHP902")


def test_the_longest_prefix_gives_the_severity() -> None:
    chosen = Selection(severities=(("SHP1", "info"), ("SHP101", "warning"), ("SHP102", "off")))
    severities = [chosen.severity(code) for code in ("SHP101", "SHP102", "SHP103", "SHP201")]
    assert severities == ["warning", None, "info", None]


def test_codes_may_be_given_together_and_in_any_case() -> None:
    assert prefixes(["shp1, SHP201", "SHP3"]) == ("SHP1", "SHP201", "SHP3")


def test_a_code_that_no_rule_begins_with_names_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"there is no rule SHQ201 \(did you mean SHP201\?\)"):
        prefixes(["SHQ201"])
