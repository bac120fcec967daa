"""Other packages: pandas, scikit-learn's splits, sentence-transformers, torchvision, numpy."""

from __future__ import annotations

from tests.interp.library.scripts import probed, shapes


def test_a_table_gives_texts_and_labels_one_by_one() -> None:
    text = """
    import pandas as pd
    from sklearn.model_selection import train_test_split
    frame = pd.read_csv("reviews.csv").dropna().reset_index(drop=True)
    train, rest = train_test_split(frame, test_size=0.2)
    tok = AutoTokenizer.from_pretrained("bert-base-uncased")
    class Reviews(Dataset):
        def __init__(self, frame):
            self.texts, self.labels = frame.text.values, frame["label"].tolist()
        def __len__(self):
            return len(self.labels)
        def __getitem__(self, i):
            enc = tok(str(self.texts[i]), padding="max_length", max_length=24, truncation=True, return_tensors="pt")
            return enc["input_ids"].flatten(), torch.tensor(self.labels[i])
    for ids, labels in DataLoader(Reviews(train), batch_size=8):
        torch.relu(ids)
        torch.relu(labels)
    """
    assert shapes(text) == ["(batch, 24)", "(batch,)"]


def test_several_columns_of_a_table_are_a_matrix() -> None:
    text = """
    import pandas as pd
    frame = pd.read_csv("tags.csv")
    torch.relu(torch.tensor(frame[["toxic", "rude", "spam"]].values))
    """
    assert shapes(text) == ["(rows, 3)"]


def test_a_split_of_known_lists_has_known_sizes() -> None:
    text = """
    from sklearn.model_selection import train_test_split
    a, b, c, d = train_test_split(list("abcdefgh"), [0, 1] * 4, test_size=0.25)
    torch.relu(torch.tensor(c))
    torch.relu(torch.tensor(d))
    """
    assert shapes(text) == ["(6,)", "(2,)"]


def test_sentence_vectors_are_as_wide_as_the_checkpoint_says() -> None:
    text = """
    from sentence_transformers import SentenceTransformer
    model = SentenceTransformer("all-MiniLM-L6-v2")
    torch.relu(model.encode(["a", "b"], convert_to_tensor=True))
    torch.relu(torch.from_numpy(model.encode("a")))
    """
    assert shapes(text) == ["(2, 384)", "(384,)"]


def test_the_images_of_a_well_known_data_set_go_through_the_transforms() -> None:
    text = """
    from torchvision import datasets, transforms
    resize = transforms.Compose([transforms.Resize(64), transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])
    torch.relu(next(iter(DataLoader(datasets.MNIST(".", transform=transforms.ToTensor()), batch_size=50)))[0])
    torch.relu(next(iter(DataLoader(datasets.CIFAR10(".", train=False, transform=resize), batch_size=100)))[0])
    torch.relu(torch.zeros(len(datasets.MNIST("."))))
    """
    assert shapes(text) == ["(50, 1, 28, 28)", "(100, 3, 64, 64)", "(60000,)"]


def test_the_head_of_a_well_known_classifier_can_be_replaced() -> None:
    text = """
    from torchvision import models
    net = models.resnet18()
    torch.relu(net(torch.zeros(2, 3, 224, 224)))
    net.fc = nn.Linear(net.fc.in_features, 7)
    torch.relu(net(torch.zeros(2, 3, 224, 224)))
    """
    assert shapes(text) == ["(2, 1000)", "(2, 7)"]


def test_arrays_keep_their_shape_and_type_on_the_way_to_a_tensor() -> None:
    text = """
    import numpy as np
    torch.relu(torch.from_numpy(np.zeros((2, 3), dtype=np.float32)))
    torch.relu(torch.tensor(np.random.randn(4, 5)))
    torch.relu(torch.tensor(np.array([[1, 2], [3, 4]])[:, 0]))
    torch.relu(torch.tensor(np.random.randint(0, 5, size=(6,))))
    """
    tensors = probed(text)
    assert [str(t.shape) for t in tensors] == ["(2, 3)", "(4, 5)", "(2,)", "(6,)"]
    assert [t.dtype for t in tensors] == ["float32", "float64", "int64", "int64"]


def test_what_leaves_shapes_alone_is_followed_in_silence() -> None:
    text = """
    import copy
    from tqdm import tqdm
    from accelerate import Accelerator
    model = copy.deepcopy(nn.Linear(4, 2))
    optimizer = torch.optim.AdamW(model.parameters())
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1)
    model, optimizer = Accelerator().prepare(model, optimizer)
    scaler = torch.cuda.amp.GradScaler()
    for x in tqdm([torch.zeros(3, 4)], desc="train"):
        with torch.autocast("cuda"), torch.no_grad():
            torch.relu(model(x))
        scheduler.step()
    """
    assert shapes(text) == ["(3, 2)"]


def test_a_source_of_random_numbers_draws_as_its_module_does() -> None:
    text = """
    import random
    import numpy as np
    rng, old, own = np.random.default_rng(0), np.random.RandomState(0), random.Random(3)
    torch.relu(torch.from_numpy(rng.normal(size=(16, 8))))
    torch.relu(torch.from_numpy(rng.integers(0, 5, size=16)))
    torch.relu(torch.from_numpy(old.randint(0, 255, (4, 32, 32, 3)).astype(np.float32)).permute(0, 3, 1, 2))
    torch.relu(torch.tensor([own.randrange(9) for _ in range(6)]))
    """
    assert shapes(text) == ["(16, 8)", "(16,)", "(4, 3, 32, 32)", "(6,)"]


def test_a_sample_of_remembered_steps_is_stacked_step_by_step() -> None:
    text = """
    import random
    from collections import deque, namedtuple
    Step = namedtuple("Step", ("state", "action", "done"))
    class Memory:
        def __init__(self, size):
            self.steps = deque(maxlen=size)
        def push(self, *args):
            self.steps.append(Step(*args))
        def sample(self, count):
            steps = random.sample(self.steps, count)
            return torch.stack([s.state for s in steps]), torch.tensor([s.action for s in steps])
    memory, state = Memory(100), torch.randn(8)
    for turn in range(64):
        following = torch.randn(8)
        memory.push(state, random.randrange(4), turn % 10 == 9)
        state = following
    states, actions = memory.sample(32)
    torch.relu(states)
    torch.relu(actions)
    """
    assert shapes(text) == ["(32, 8)", "(32,)"]


def test_chosen_columns_of_a_table_that_was_scaled_are_windows_of_numbers() -> None:
    text = """
    import numpy as np
    import pandas as pd
    COLUMNS = ["load", "wind"]
    hours = np.arange(100)
    frame = pd.DataFrame({"load": np.sin(hours / 12), "wind": np.random.rand(100), "name": ["a"] * 100})
    frame = (frame - frame.mean()) / frame.std()
    values = frame[COLUMNS].values.astype(np.float32)
    rows, after = [], []
    for i in range(len(frame) - 24 - 6):
        rows.append(values[i : i + 24])
        after.append(values[i + 24 : i + 24 + 6, 0])
    torch.relu(torch.tensor(np.array(rows)))
    torch.relu(torch.tensor(np.array(after)))
    """
    assert shapes(text) == ["(70, 24, 2)", "(70, 6)"]


def test_counts_are_numbers() -> None:
    text = """
    from collections import Counter
    counts = Counter(open("corpus.txt").read().split())
    often = [word for word, _ in counts.most_common(50)]
    chances = torch.tensor([counts[word] for word in often], dtype=torch.float) ** 0.75
    torch.relu(chances)
    torch.relu(torch.multinomial(chances, 5, replacement=True))
    """
    assert shapes(text) == ["(50,)", "(5,)"]


def test_what_is_drawn_from_a_distribution_is_as_many_numbers_as_it_stands_for() -> None:
    text = """
    from torch.distributions import Categorical, Normal
    choice = Categorical(logits=nn.Linear(4, 3)(torch.randn(12, 4)))
    taken = choice.sample()
    torch.relu(taken)
    torch.relu(choice.log_prob(taken))
    torch.relu(choice.entropy())
    torch.relu(Categorical(probs=torch.rand(5)).sample((7,)))
    move = Normal(torch.zeros(12, 2), torch.ones(2))
    torch.relu(move.rsample())
    torch.relu(move.log_prob(torch.zeros(12, 2)).sum(dim=-1))
    """
    assert shapes(text) == ["(12,)", "(12,)", "(12,)", "(7,)", "(12, 2)", "(12,)"]
