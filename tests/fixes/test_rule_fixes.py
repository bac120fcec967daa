"""The fixes of the rules' fixtures and examples: the first mends the script under real PyTorch, and nothing is left.

Of a fault that raises nothing each fix has to: what shows it wrong (``# wrong: ...``) must be true no more.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shapecheck import fixes, rulebook
from shapecheck.fixes.propose import FIXERS
from tests import subjects
from tests.fixture_scripts import found, really
from tests.subjects import Subject

SUBJECTS = [
    subject
    for subject in subjects.every()
    if subject.expected and subject.name.startswith(("rules/SHP", "examples/SHP"))
]


def mendings(subject: Subject) -> Iterator[tuple[str, str]]:
    """A script with the first fix of its first finding; with each of them, where it says what it does wrong."""
    text = subject.path.read_text() if subject.path is not None else subject.text
    name = subject.name
    for finding in found(name, text)[:1]:
        for at, fix in enumerate(finding.fixes if "# wrong: " in text else finding.fixes[:1]):
            yield f"{name.removesuffix('.py')}{f'_{at}' if at else ''}.py", fixes.apply(fix.edits, {name: text})[name]


MENDED = {name: text for subject in SUBJECTS for name, text in mendings(subject)}


@pytest.fixture(scope="session")
def pytorch(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, object]]:
    """What PyTorch made of each mended script."""
    folder = tmp_path_factory.mktemp("mended")
    copies = {name: folder / name.replace("/", "_") for name in MENDED}
    for name, copy in copies.items():
        copy.write_text(MENDED[name])
    said = really(copies.values(), folder)
    return {name: said[copy] for name, copy in copies.items()}


@pytest.mark.parametrize("code", [code for code in rulebook.codes() if not code.startswith("SHP9")])
def test_a_rules_text_says_whether_it_has_fixes(code: str) -> None:
    assert (rulebook.rule(code).fix != "none") == (code in FIXERS)


@pytest.mark.parametrize("name", MENDED)
def test_a_fix_makes_the_script_run_and_compute_the_right_thing(
    name: str, pytorch: dict[str, dict[str, object]]
) -> None:
    if subjects.not_installed(pytorch[name]):
        pytest.skip("accelerate is not installed")
    assert pytorch[name]["raised"] is None
    assert pytorch[name]["wrong"] is (False if "# wrong: " in MENDED[name] else None)


@pytest.mark.parametrize("name", MENDED)
def test_a_mended_script_has_nothing_left_to_mend(name: str) -> None:
    assert [f for f in found(name, MENDED[name]) if f.severity != "info"] == []


def test_every_rule_with_fixes_mends_a_fixture() -> None:
    mended = {name.split("/")[1] for name in MENDED if name.startswith("rules/")}
    assert mended >= FIXERS.keys() - {"SHP401", "SHP402", "SHP405", "SHP502", "SHP510"}


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


@pytest.mark.parametrize(
    ("written", "mended"),
    [
        ("nn.functional.normalize(x, 2, 0)", "nn.functional.normalize(x, 2, -1)"),
        ("nn.functional.normalize(x, 2.0, dim=0)", "nn.functional.normalize(x, 2.0, dim=-1)"),
        ("nn.functional.cosine_similarity(tokens, tokens)", "nn.functional.cosine_similarity(tokens, tokens, dim=-1)"),
        ("nn.CosineSimilarity()(tokens, tokens)", "nn.CosineSimilarity(dim=-1)(tokens, tokens)"),
        ("nn.CosineSimilarity(0)(x, x)", "nn.CosineSimilarity(-1)(x, x)"),
        ("torch.argmax(scores, axis=0)", "torch.argmax(scores, axis=1)"),
        ("scores.argmax(0)", "scores.argmax(1)"),
        ("nn.Softmax(dim=0)(scores)", "nn.Softmax(dim=1)(scores)"),
        ("torch.softmax(scores, first)", None),
    ],
)
def test_another_axis_is_written_where_the_axis_is_given(written: str, mended: str | None) -> None:
    head = (
        "import torch\nfrom torch import nn\nfrom transformers import BertConfig, BertModel\n"
        "tokens = BertModel(BertConfig())(torch.randint(1, 100, (4, 9))).last_hidden_state\n"
        "x, first = tokens[:, 0], 0\nscores = nn.Linear(768, 3)(x)\nout = "
    )
    (finding,) = found("axis.py", head + written)
    texts = [fixes.apply(fix.edits, {"axis.py": head + written})["axis.py"] for fix in finding.fixes]
    assert texts == ([head + mended] if mended is not None else [])
