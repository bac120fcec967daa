"""numpy: arrays through its functions and methods, what a loop over batches collects, what a Trainer evaluates."""

from __future__ import annotations

import numpy
import pytest

from shapecheck.dims import number
from shapecheck.graph import Stage, Tensor
from shapecheck.ops import Batches
from tests.interp.library.scripts import graph_of, shapes

ARRAYS = "import numpy as np\nx, y, m = np.zeros((4, 5)), np.ones(3), np.zeros((4, 5, 2))\n"


@pytest.mark.parametrize(
    "made",
    [
        "np.argmax(x, axis=1)",
        "np.max(x, axis=0)",
        "x.max(axis=1)",
        "x.mean(0)",
        "(x > 0).mean(axis=1)",
        "np.concatenate([x, x], axis=1)",
        "np.concatenate([x, x])",
        "np.stack([x, x, x], axis=-1)",
        "np.transpose(m, (2, 0, 1))",
        "m.transpose(2, 0, 1)",
        "m.transpose()",
        "m.T",
        "x[:, 0]",
        "x[x[:, 0] > 0]",
        "np.expand_dims(x, 0)",
        "x @ np.zeros((5, 7))",
        "x.reshape(2, -1)",
        "np.squeeze(x[:, :1], axis=1)",
        "-x ** 2 + 1",
    ],
)
def test_an_array_has_the_shape_that_numpy_gives_it(made: str) -> None:
    scope: dict[str, object] = {}
    exec(f"{ARRAYS}made = {made}", scope)
    real = scope["made"]
    assert isinstance(real, numpy.ndarray)
    (told,) = shapes(f"{ARRAYS}torch.relu(torch.from_numpy({made}))")
    known = tuple(None if size == "?" else int(size) for size in told.strip("(),").split(", "))
    assert len(known) == real.ndim
    assert all(size in (None, n) for size, n in zip(known, real.shape, strict=True))


def failing(text: str) -> list[Stage]:
    return [stage for stage in graph_of(ARRAYS + text).stages if stage.conflict is not None]


@pytest.mark.parametrize(
    ("text", "op"),
    [
        ("x + y", "numpy.add"),
        ("np.argmax(x, axis=1) == y", "numpy.eq"),
        ("np.concatenate([x, m[0]])", "numpy.concatenate"),
        ("x @ y", "numpy.matmul"),
        ("x.reshape(3, -1)", "numpy.ndarray.reshape"),
    ],
)
def test_what_numpy_refuses_is_told_in_its_words(text: str, op: str) -> None:
    (stage,) = failing(text)
    with pytest.raises(ValueError) as raised:
        exec(f"{ARRAYS}{text}", {})
    assert stage.op == op
    assert stage.conflict is not None
    assert stage.conflict.message.split(" shape")[0].split(":")[0] in str(raised.value)


@pytest.mark.parametrize(
    "text",
    ["np.array([1, 2]).mean()", "m.transpose()", "np.dot(x, x.T)", "np.linalg.norm(x, axis=1)", "x[0] == 'a'", "x + 1"],
)
def test_what_torch_alone_would_refuse_is_no_conflict(text: str) -> None:
    exec(f"{ARRAYS}{text}", {})
    assert failing(text) == []


LOOP = """
data = TensorDataset(torch.zeros(10, 6), torch.zeros(10))
loader = DataLoader(data, batch_size=4)
head = nn.Linear(6, 3)
scores, truth, best = [], [], []
for x, y in loader:
    scores.append(head(x))
    truth.append(y.numpy())
    best.append(head(x).argmax(dim=0))
"""


def test_what_a_loop_collects_of_each_batch_has_as_many_rows_as_the_data() -> None:
    assert shapes(f"{LOOP}torch.relu(torch.cat(scores))") == ["(10, 3)"]
    assert shapes(f"import numpy as np\n{LOOP}torch.relu(torch.from_numpy(np.concatenate(truth)))") == ["(10,)"]


def test_what_has_not_a_row_for_each_example_has_no_known_number_together() -> None:
    assert shapes(f"{LOOP}torch.relu(torch.cat(best))") == ["(?,)"]


def test_a_list_that_grows_again_is_of_unknown_rows() -> None:
    again = "for x, y in loader:\n    scores.append(head(x))\n"
    assert shapes(f"{LOOP}{again}torch.relu(torch.cat(scores))") == ["(?, 3)"]


def test_a_comprehension_over_batches_is_counted_too() -> None:
    assert shapes(f"{LOOP}torch.relu(torch.cat([head(x) for x, y in loader]))") == ["(10, 3)"]


def test_batches_whose_number_is_known_add_up_along_any_axis() -> None:
    batches = Batches([Tensor()], number(3), number(4), number(10))
    assert [batches.joined(number(size), at).value for size, at in ((4, 0), (5, 0), (4, 1))] == [10, 15, 12]


TRAINER = """
import numpy as np
from transformers import Trainer, TrainingArguments

model = AutoModelForSequenceClassification.from_pretrained("bert-base-uncased", num_labels=3)

class Texts(Dataset):
    def __len__(self):
        return 6

    def __getitem__(self, i):
        return {"input_ids": torch.ones(8, dtype=torch.long), "labels": torch.tensor(1)}

def compute_metrics(prediction):
    METRICS

trainer = Trainer(model, TrainingArguments("out"), eval_dataset=Texts(), compute_metrics=compute_metrics)
trainer.evaluate()
"""


@pytest.mark.parametrize(
    "taken",
    [
        "logits, labels = prediction",
        "logits = prediction.predictions; labels = prediction.label_ids",
        "logits, labels = prediction[0], prediction[1]",
    ],
)
def test_a_trainer_hands_the_scores_and_labels_of_all_examples_to_the_metrics(taken: str) -> None:
    metrics = f"{taken}; torch.relu(torch.from_numpy(logits)); torch.relu(torch.from_numpy(labels))"
    assert shapes(TRAINER.replace("METRICS", metrics)) == ["(6, 3)", "(6,)"]


def test_a_trainer_that_generates_hands_over_something_else() -> None:
    text = TRAINER.replace("METRICS", "torch.relu(torch.from_numpy(prediction.predictions))")
    assert shapes(text.replace('"out"', '"out", predict_with_generate=True')) != ["(6, 3)"]


def test_the_first_turn_of_a_loop_shows_what_later_ones_cannot() -> None:
    grows = """
    state = torch.zeros(3, 5)
    for t in range(len(open("lines").read())):
        new = torch.zeros(5, 5)
        state = torch.where(torch.ones(3, 1) > 0, new, state)
    """
    assert {stage.op for stage in graph_of(grows).stages if stage.conflict is not None} == {"torch.where"}


def test_what_the_first_turn_does_not_reach_is_no_conflict_in_it() -> None:
    later = """
    state = torch.zeros(3, 5)
    for t in range(len(open("lines").read())):
        if t == 0:
            state = torch.zeros(2, 5)
        else:
            state = state + torch.zeros(2, 5)
    """
    assert [stage for stage in graph_of(later).stages if stage.conflict is not None] == []
