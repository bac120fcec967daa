"""Arguments that are merely passed on are followed out of the functions that pass them."""

from __future__ import annotations

from shapecheck.graph import Frame
from shapecheck.passing import Reader
from shapecheck.places import Span

TEXT = """\
class Highway(nn.Module):
    def __init__(self, dim, bias=True):
        self.h = nn.Linear(dim, 7, bias)


class Tagger(nn.Module):
    def __init__(self, lstm_dim, twice):
        self.highway = Highway(lstm_dim)
        twice = twice * 2
        self.out = nn.Linear(twice, 2)


tagger = Tagger(args.dim, 3)
"""


def at(needle: str, inner: str = "") -> Span:
    start = TEXT.index(needle) + (needle.index(inner) if inner else 0)
    line = TEXT.count("\n", 0, start) + 1
    column = start - TEXT.rfind("\n", 0, start)
    return Span("train.py", line, column, line, column + len(inner or needle))


TAGGER = Frame(at("Tagger(args.dim, 3)"), "Tagger.__init__")
HIGHWAY = Frame(at("Highway(lstm_dim)"), "Highway.__init__")
READER = Reader({"train.py": TEXT}.get)


def test_a_parameter_is_followed_through_every_call_that_passes_it_on() -> None:
    found = list(READER.arguments(at("nn.Linear(dim", "dim"), (TAGGER, HIGHWAY)))
    assert found == [at("Highway(lstm_dim)", "lstm_dim"), at("args.dim")]


def test_a_default_leads_to_the_call_that_left_it_out() -> None:
    assert list(READER.arguments(at("7, bias", "bias"), (TAGGER, HIGHWAY))) == [HIGHWAY.span]


def test_an_expression_that_is_no_parameter_is_not_followed() -> None:
    assert list(READER.arguments(at("dim, 7", "7"), (TAGGER, HIGHWAY))) == []


def test_a_parameter_that_is_bound_anew_is_not_followed() -> None:
    assert list(READER.arguments(at("nn.Linear(twice", "twice"), (TAGGER,))) == []


def test_a_file_that_cannot_be_read_is_not_followed() -> None:
    assert list(Reader({}.get).arguments(at("nn.Linear(dim", "dim"), (TAGGER, HIGHWAY))) == []
