"""The fixes of the rules' fixtures: the first mends the script under real PyTorch, and leaves nothing to mend."""

from __future__ import annotations

from pathlib import Path

import pytest

from shapecheck import fixes, rulebook
from shapecheck.fixes.propose import FIXERS
from tests.fixture_scripts import found, really

FIXTURES = Path(__file__).parent.parent.parent / "fixtures" / "rules"


def mended(path: Path) -> str | None:
    """A fixture with the first fix of its first finding; None where there is none."""
    text = path.read_text()
    for finding in found(str(path), text):
        for fix in finding.fixes[:1]:
            return fixes.apply(fix.edits, {str(path): text})[str(path)]
    return None


MENDED = {path: text for path in sorted(FIXTURES.glob("SHP*/bad*.py")) if (text := mended(path)) is not None}


@pytest.fixture(scope="session")
def pytorch(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, dict[str, object]]:
    """What PyTorch made of each mended fixture."""
    folder = tmp_path_factory.mktemp("mended")
    copies = {path: folder / f"{path.parent.name}_{path.name}" for path in MENDED}
    for path, copy in copies.items():
        copy.write_text(MENDED[path])
    said = really(copies.values(), folder)
    return {path: said[copy] for path, copy in copies.items()}


def named(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


@pytest.mark.parametrize("code", [code for code in rulebook.codes() if not code.startswith("SHP9")])
def test_a_rules_text_says_whether_it_has_fixes(code: str) -> None:
    assert (rulebook.rule(code).fix != "none") == (code in FIXERS)


@pytest.mark.parametrize("path", MENDED, ids=named)
def test_the_first_fix_makes_the_script_run_and_compute_the_right_thing(
    path: Path, pytorch: dict[Path, dict[str, object]]
) -> None:
    assert pytorch[path]["raised"] is None
    assert pytorch[path]["wrong"] in (None, False)


@pytest.mark.parametrize("path", MENDED, ids=named)
def test_a_mended_script_has_nothing_left_to_mend(path: Path) -> None:
    assert [f for f in found(str(path), MENDED[path]) if f.severity != "info"] == []


def test_every_rule_with_fixes_mends_a_fixture() -> None:
    assert {path.parent.name for path in MENDED} >= FIXERS.keys() - {"SHP401", "SHP402", "SHP405", "SHP502"}


@pytest.mark.parametrize(
    ("width", "joined", "corrected"),
    [
        ("width * 2", "u, v, u * v", "width * 3"),
        ("2 * width", "u, v, u * v", "3 * width"),
        ("width", "u, v", "width * 2"),
    ],
)
def test_a_width_that_misses_a_joined_part_is_counted_in_the_scripts_own_unit(
    width: str, joined: str, corrected: str
) -> None:
    text = (
        "import torch\nwidth = 64\n"
        "u, v = torch.zeros(4, width), torch.ones(4, width)\n"
        f"score = torch.nn.Linear({width}, 2)(torch.cat([{joined}], dim=-1))\n"
    )
    (finding,) = found("pairs.py", text)
    mended = fixes.apply(finding.fixes[0].edits, {"pairs.py": text})["pairs.py"]
    assert f"torch.nn.Linear({corrected}, 2)" in mended
