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
