"""Outcomes made by hand, for tests of what is printed."""

from __future__ import annotations

from shapecheck.findings import Edit, Finding, Fix, NamedShape, Related
from shapecheck.graph import Frame, Module, NotChecked, ShapeGraph, Stage, Tensor
from shapecheck.places import Span
from shapecheck.results import Applied, Failure, Outcome, rows
from shapecheck.shapes import ANY, of
from shapecheck.tracer import Invented, TraceError, TraceResult

TEXT = """\
import torch.nn.functional as F
from transformers import RobertaModel

encoder = RobertaModel.from_pretrained("roberta-base")

def step(inputs, stars):
    out = encoder(**inputs)
    scores = head(out.last_hidden_state)
    loss = F.cross_entropy(scores, stars)
    return loss
"""


def span(line: int, marked: str, text: str = TEXT, path: str = "reviews.py") -> Span:
    """The span of some words on a line."""
    column = text.splitlines()[line - 1].index(marked) + 1
    return Span(path, line, column, line, column + len(marked))


def pooled(strategy: str, suffix: str, verified: bool | None = None) -> Fix:
    at = span(8, "out.last_hidden_state")
    after = Span(at.path, at.line, at.end_column, at.line, at.end_column)
    why = "which pooling is meant is the author's choice"
    return Fix(f"pool by {strategy}", (Edit(after, suffix),), strategy, "unsafe", why, verified)


def unpooled(verified: bool | None = None) -> Finding:
    """A classifier without pooling, as the static half reports it."""
    return Finding(
        "SHP101",
        "unpooled-classifier",
        "error",
        "the classifier gets one vector per token, (batch, seq, 768), and the loss wants one per text, (batch, 768)",
        span(8, "out.last_hidden_state"),
        label="(batch, seq, 768): 768 is the hidden size of roberta-base, line 4",
        evidence=("static",) if verified is None else ("static", "traced"),
        shapes=(NamedShape("scores", ("batch", "seq", 5), "the classifier, line 8"),),
        related=(Related(span(9, "F.cross_entropy(scores, stars)"), "takes axis 1, seq, for the classes"),),
        fixes=(pooled("cls", "[:, 0]", verified), pooled("mean", ".mean(1)", verified)),
        torch_says="Expected target size [3, 5], got [3]",
        symptom=span(9, "F.cross_entropy(scores, stars)"),
    )


def graph(source: str = "static") -> ShapeGraph:
    """Encoder, head and loss."""
    made = ShapeGraph("static" if source == "static" else "traced")
    ids, hidden, scores, stars = (
        Tensor(of("batch", "seq"), "int64"),
        Tensor(of("batch", "seq", 768), "float32"),
        Tensor(of("batch", "seq", 5), "float32"),
        Tensor(of("batch"), "int64"),
    )
    encoder, head = Module("transformers.RobertaModel", "encoder"), Module("torch.nn.Linear", "head")
    made.add(
        Stage(
            "transformers.RobertaModel",
            span(7, "encoder(**inputs)"),
            {"input_ids": ids, "attention_mask": Tensor(ANY)},
            outputs={"last_hidden_state": hidden, "pooler_output": Tensor(of("batch", 768), "float32")},
            module=encoder,
        )
    )
    made.add(Stage("torch.nn.Linear", span(8, "head"), {"input": hidden}, outputs={"out": scores}, module=head))
    made.add(
        Stage(
            "torch.nn.functional.cross_entropy",
            span(9, "F.cross_entropy"),
            {"input": scores, "target": stars},
            message="Expected target size [3, 5], got [3]",
        )
    )
    return made


def checked() -> Outcome:
    """What `check` finds in one file."""
    return Outcome(
        [unpooled()],
        rows(graph()),
        [NotChecked(Span("reviews.py", 2), "call into mylib.data not followed")] * 2,
        sources={"reviews.py": TEXT},
        entries=["reviews.py"],
        files=1,
        seconds=0.04,
    )


def traced() -> Outcome:
    """What `run` finds in the same file."""
    error = TraceError(
        "RuntimeError",
        "Expected target size [3, 5], got [3]",
        "torch.nn.functional.cross_entropy",
        (("batch", "seq", 5), ("batch",)),
        span(9, "F.cross_entropy"),
        (Frame(span(9, "F.cross_entropy"), "step"),),
        shape_reason=True,
    )
    outcome = checked()
    outcome.findings = [unpooled(verified=True)]
    outcome.stages = rows(graph("traced"))
    outcome.assumptions = ["batch of 3, sequences of 17 tokens", "labels: one class id per example"]
    outcome.trace = TraceResult(
        "raised",
        "RuntimeError at line 9: Expected target size [3, 5], got [3]",
        graph("traced"),
        error,
        [Invented(span(10, "loss"), ".item()", float("nan")), Invented(None, "len()", 7)],
        guard=["landlock", "rlimits"],
        python="3.11.7",
        torch="2.13.0",
        transformers="5.23.0",
    )
    return outcome


def busy() -> Outcome:
    """Several severities, another file, a failure of our own, a fix that was written."""
    other = Span("models.py", 1, 1, 1, 6)
    away = Finding(
        "SHP601",
        "loss-broadcast",
        "warning",
        "the loss broadcasts (batch, 1) against (batch,) to (batch, batch)",
        span(9, "F.cross_entropy"),
        related=(Related(other, "(batch, 1) from here"),),
        fixes=(Fix("squeeze the last axis", (Edit(span(9, "scores"), "scores.squeeze(-1)"),)),),
    )
    broken = Finding("SHP902", "syntax-error", "error", "Python cannot parse this file: '(' was never closed", other)
    outcome = checked()
    outcome.findings = [broken, unpooled(), away]
    outcome.sources["models.py"] = "class Net(\n"
    outcome.failures = [Failure("odd.py", "KeyError: 'x' (calls.py:12)")]
    outcome.applied = [Applied("reviews.py", "SHP501", "ask for the pooler")]
    outcome.entries = ["reviews.py", "models.py", "fine.py", "odd.py"]
    outcome.files = 4
    return outcome


def awkward() -> Outcome:
    """What trips a writer up: signs that a form keeps for itself, places without a file, a notebook, letters of many
    bytes, the same fault twice in the same words, fixes of several edits and of several files."""
    text = "名 = '|`'; out = f(x)\nout = f(x)\nout = f(x)\n"
    path = "sub dir/ü,:%.py"

    def found(line: int, message: str, **more: object) -> Finding:
        at = Span(path, line, 11 if line == 1 else 1, line, 21 if line == 1 else 11)
        return Finding("SHP201", "linear-in-features", "error", message, at, **more)  # type: ignore[arg-type]

    inside = (Edit(Span(path, 1, 17, 1, 18), "g"), Edit(Span(path, 1, 19, 1, 20), "名"))
    apart = (Edit(Span(path, 1, 19, 1, 20), "y"), Edit(Span("other.py", 1, 1, 1, 1), "y = 1\n"))
    findings = [
        found(
            1,
            "`a|b` and ```c``` <b>* _x_ @torch #1 [l](u) ::error::%0A\x1b\nsecond line\n  & third",
            label="two | of ``them``",
            fixes=(Fix("change `x`, 100%", inside), Fix("two files", apart, safety="unsafe", why="it is far away")),
            torch_says="mat1 and mat2 ]]> shapes",
            help="one ` of them",
        ),
        found(2, "twice"),
        found(3, "twice"),
        Finding("SHP901", "unused-suppression", "warning", "of no file", Span("", 1)),
        Finding("SHP902", "syntax-error", "error", "of standard input", Span("<stdin>", 7, 2, 7, 3)),
        Finding("SHP106", "masked-sum-over-length", "info", "only the line is known", Span("reviews.py", 4)),
        Finding(
            "SHP101",
            "unpooled-classifier",
            "error",
            "in a notebook",
            Span("nb.ipynb", 2, 7, 3, 2, cell=3),
            related=(Related(Span("nb.ipynb", 1, 1, 1, 2, cell=1), "made here"),),
            fixes=(Fix("in the cell", (Edit(Span("nb.ipynb", 2, 7, 2, 8, cell=3), "z"),)),),
        ),
    ]
    sources = {
        path: text,
        "other.py": "",
        "reviews.py": TEXT,
        "nb.ipynb:cell 1": "x\n",
        "nb.ipynb:cell 3": "a\nout = x(\n)\n",
    }
    failures = [Failure("sub dir/ü,:%.py", "KeyError: 'a|`b'"), Failure("gone.py", "OSError: %0A")]
    entries = [path, "reviews.py", "nb.ipynb", "gone.py", "fine.py"]
    return Outcome(findings, failures=failures, sources=sources, entries=entries, files=5, seconds=1234.5)
