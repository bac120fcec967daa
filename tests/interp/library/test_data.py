"""Data sets, loaders, collation, Hugging Face datasets, the Trainer."""

from __future__ import annotations

from tests.interp.library.scripts import events, graph_of, probed, shapes

ROWS = """
class Rows(Dataset):
    def __init__(self, n):
        self.n = n
    def __len__(self):
        return self.n
    def __getitem__(self, i):
        pair = (torch.zeros(2), torch.ones(5).long())
        return {"x": torch.zeros(3, 4), "y": 1, "z": 0.5, "text": "words", "pair": pair}
"""


def test_collation_puts_the_batch_in_front_of_everything() -> None:
    text = (
        ROWS
        + """
for batch in DataLoader(Rows(8), batch_size=4):
    torch.relu(batch["x"])
    torch.relu(batch["y"])
    torch.relu(batch["z"])
    torch.relu(batch["pair"][1])
    torch.relu(torch.zeros(len(batch["text"])))
"""
    )
    tensors = probed(text)
    assert [str(t.shape) for t in tensors] == ["(4, 3, 4)", "(4,)", "(4,)", "(4, 5)", "(4,)"]
    assert [t.dtype for t in tensors[:4]] == ["float32", "int64", "float64", "int64"]


def test_a_last_batch_that_may_be_smaller_leaves_the_batch_a_name() -> None:
    probe = "torch.relu(next(iter(loader))['x'])"
    assert shapes(ROWS + f"loader = DataLoader(Rows(10), batch_size=4)\n{probe}") == ["(batch, 3, 4)"]
    assert shapes(ROWS + f"loader = DataLoader(Rows(10), batch_size=4, drop_last=True)\n{probe}") == ["(4, 3, 4)"]
    assert shapes(ROWS + f"loader = DataLoader(Rows(3), batch_size=4)\n{probe}") == ["(3, 3, 4)"]
    assert shapes(ROWS + f"loader = DataLoader(Rows(3), batch_size=None)\n{probe}") == ["(3, 4)"]


def test_the_body_of_a_loop_sees_the_shorter_last_batch_too() -> None:
    for loop in ("for b in loader:", "for i, b in enumerate(loader):"):
        text = f"{loop}\n    torch.relu(b['x'])"
        assert shapes(ROWS + f"loader = DataLoader(Rows(10), batch_size=4)\n{text}") == ["(batch, 3, 4)", "(2, 3, 4)"]
        assert shapes(ROWS + f"loader = DataLoader(Rows(10), 4, drop_last=True)\n{text}") == ["(4, 3, 4)"]
        assert shapes(ROWS + f"loader = DataLoader(Rows(8), batch_size=4)\n{text}") == ["(4, 3, 4)"]


def test_a_last_batch_that_a_loop_may_not_come_to_is_left_out() -> None:
    loader = ROWS + "loader = DataLoader(Rows(10), batch_size=4)\n"
    probe = "torch.relu(b['x'])"
    left = f"for i, b in enumerate(loader):\n    {probe}\n    if i == 1:\n        break"
    skipped = f"for b in loader:\n    if b['x'].size(0) != 4:\n        continue\n    {probe}"
    unsure = f"loader = DataLoader(Rows(10), batch_size=4, drop_last=unknown)\nfor b in loader:\n    {probe}"
    assert shapes(loader + left) == ["(batch, 3, 4)"]
    assert "(2, 3, 4)" not in shapes(loader + skipped)
    assert shapes(ROWS + unsure) == ["(batch, 3, 4)"]


def test_what_only_some_batches_come_to_is_not_held_against_the_last_one() -> None:
    loop = ROWS + "loader = DataLoader(Rows(10), batch_size=4)\nfor i, b in enumerate(loader):\n"
    viewed = "b['x'].view(4, 12)"
    raised = {
        text: [stage.conflict is not None for stage in graph_of(loop + text).stages if stage.op.endswith("view")]
        for text in (f"    {viewed}", f"    if i == 0:\n        {viewed}")
    }
    assert [any(conflicts) for conflicts in raised.values()] == [True, False]


def test_the_collation_is_an_event_with_what_it_joins() -> None:
    (event,) = events(ROWS + "for batch in DataLoader(Rows(10), batch_size=4):\n    pass", "collate")
    assert event.data["keys"] == ["x", "y", "z", "text", "pair"]
    assert (event.data["batch_size"].value, event.data["rows"], event.data["drop_last"]) == (4, 10, False)


def test_a_collate_function_is_given_the_examples() -> None:
    text = (
        ROWS
        + """
def collate(rows):
    return torch.stack([row["x"] for row in rows]), torch.tensor([row["y"] for row in rows])
for x, y in DataLoader(Rows(10), batch_size=4, collate_fn=collate):
    torch.relu(x)
    torch.relu(y)
"""
    )
    assert shapes(text) == ["(batch, 3, 4)", "(batch,)", "(2, 3, 4)", "(2,)"]


def test_columns_of_a_batch_are_transposed_by_zip() -> None:
    text = """
    pairs = [("a", 1), ("b", 0), ("c", 1)]
    def collate(rows):
        texts, labels = zip(*rows)
        return torch.tensor(labels), torch.zeros(len(texts), 2)
    for y, x in DataLoader(pairs, batch_size=2, collate_fn=collate):
        torch.relu(x + y.unsqueeze(1))
    """
    assert shapes(text) == ["(batch, 2)", "(1, 2)"]


def test_parts_of_data_sets_keep_the_examples() -> None:
    text = (
        ROWS
        + """
from torch.utils.data import ConcatDataset, Subset, random_split
a, b = random_split(Rows(10), [8, 2])
torch.relu(next(iter(DataLoader(a, batch_size=4)))["x"])
torch.relu(next(iter(DataLoader(Subset(Rows(10), [0, 1, 2]), batch_size=3)))["x"])
torch.relu(next(iter(DataLoader(ConcatDataset([Rows(2), Rows(4)]), batch_size=6)))["x"])
"""
    )
    assert shapes(text) == ["(4, 3, 4)", "(3, 3, 4)", "(6, 3, 4)"]


def test_a_tensor_data_set_gives_rows_with_their_ranges() -> None:
    text = """
    data = TensorDataset(torch.randint(0, 50, (12, 7)), torch.randint(0, 3, (12,)))
    for ids, y in DataLoader(data, batch_size=6, shuffle=True):
        torch.relu(ids)
        torch.relu(y)
    """
    ids, y = probed(text)
    assert (str(ids.shape), str(y.shape), y.low, y.high) == ("(6, 7)", "(6,)", 0, 2)


def test_the_number_of_batches_is_known() -> None:
    assert shapes(
        ROWS + "torch.relu(torch.zeros(len(DataLoader(TensorDataset(torch.zeros(10, 2)), batch_size=4))))"
    ) == ["(3,)"]


def test_a_mapped_data_set_holds_the_columns_that_the_function_returns() -> None:
    text = """
    from datasets import load_dataset
    tok = AutoTokenizer.from_pretrained("bert-base-uncased")
    def encode(batch):
        return tok(batch["text"], padding="max_length", max_length=20, truncation=True)
    data = load_dataset("imdb").map(encode, batched=True)
    data.set_format("torch", columns=["input_ids", "attention_mask"])
    torch.relu(data["train"][0]["input_ids"])
    for batch in DataLoader(data["train"], batch_size=8):
        torch.relu(batch["input_ids"])
    """
    assert shapes(text) == ["(20,)", "(batch, 20)"]


def test_a_padding_collator_makes_one_length_of_many() -> None:
    text = """
    from transformers import DataCollatorWithPadding
    tok = AutoTokenizer.from_pretrained("bert-base-uncased")
    rows = [{**tok(text, truncation=True), "label": 1} for text in ("a", "b b")]
    for batch in DataLoader(rows, batch_size=2, collate_fn=DataCollatorWithPadding(tok)):
        torch.relu(batch["input_ids"] + batch["attention_mask"])
        torch.relu(batch["labels"])
    """
    ids, labels = probed(text)
    assert (str(ids.shape), str(labels.shape)) == ("(2, seq)", "(2,)")


def test_a_trainer_gives_the_model_a_collated_batch() -> None:
    text = """
    from transformers import Trainer, TrainingArguments
    class Rows(Dataset):
        def __len__(self):
            return 6
        def __getitem__(self, i):
            return {"input_ids": torch.ones(9, dtype=torch.long), "labels": 1}
    model = AutoModelForSequenceClassification.from_pretrained("bert-base-uncased", num_labels=4)
    Trainer(model, TrainingArguments("out", per_device_train_batch_size=2), train_dataset=Rows()).train()
    """
    stage = graph_of(text).stages[-1]
    assert stage.op == "transformers.BertForSequenceClassification"
    assert [str(stage.inputs[name].shape) for name in ("input_ids", "labels")] == ["(batch, 9)", "(batch,)"]


def test_a_trainers_own_loss_is_followed() -> None:
    text = """
    from transformers import Trainer, TrainingArguments
    class Mine(Trainer):
        def compute_loss(self, model, inputs, return_outputs=False):
            labels = inputs.pop("labels")
            logits = model(**inputs).logits
            torch.relu(logits)
            return F.cross_entropy(logits, labels)
    rows = [{"input_ids": torch.ones(9, dtype=torch.long), "labels": 1}] * 4
    model = AutoModelForSequenceClassification.from_pretrained("bert-base-uncased", num_labels=4)
    Mine(model=model, args=TrainingArguments("out"), train_dataset=rows).train()
    """
    assert shapes(text) == ["(batch, 4)"]


def test_what_a_trainer_takes_for_the_loss_is_an_event() -> None:
    text = """
    from transformers import Trainer, TrainingArguments
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(4, 2)
        def forward(self, x, labels=None):
            return self.fc(x)
    rows = [{"x": torch.zeros(4), "labels": 1, "id": 7}] * 4
    Trainer(model=Net(), args=TrainingArguments("out"), train_dataset=rows).train()
    """
    (event,) = events(text, "trainer_loss")
    assert (event.data["of"], str(event.data["taken"].shape)) == ("tensor", "(batch, 2)")


def test_a_collator_for_language_models_gives_labels_whatever_is_known_of_the_tokens() -> None:
    text = """
    from datasets import load_dataset
    from transformers import DataCollatorForLanguageModeling, GPT2LMHeadModel, Trainer, TrainingArguments
    tok = AutoTokenizer.from_pretrained("gpt2")
    def chunks(rows):
        found = []
        for ids in tok(rows["text"], truncation=True, max_length=128, return_overflowing_tokens=True)["input_ids"]:
            if len(ids) == 128:
                found.append(ids)
        return {"input_ids": found}
    texts = load_dataset("imdb", split="train")
    rows = texts.map(chunks, batched=True, remove_columns=texts.column_names)
    model = GPT2LMHeadModel.from_pretrained("gpt2")
    collator = DataCollatorForLanguageModeling(tok, mlm=False)
    Trainer(model=model, args=TrainingArguments("out"), data_collator=collator, train_dataset=rows).train()
    """
    (event,) = events(text, "trainer_loss")
    assert event.data["fields"] is None or "loss" in event.data["fields"]
