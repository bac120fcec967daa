"""Packages that are not installed."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

from shapecheck.tracer import Tracer, TraceRequest, TraceResult

Holds = Callable[..., TraceResult]
Install = Callable[..., None]


def without(package: str) -> pytest.MarkDecorator:
    """Only where a package is not installed: else the real one is used."""
    return pytest.mark.skipif(find_spec(package) is not None, reason=f"{package} is installed")


def test_an_unknown_package_absorbs_all_use_and_that_is_said(holds: Holds) -> None:
    result = holds(
        """
        import no_such_package as nsp, torch
        from no_such_package.deep.er import Thing, helper
        class Mine(Thing):
            def __init__(self, a):
                super().__init__(a, other=1)
        class Net(nsp.nn.BaseModule):
            def __init__(self):
                super().__init__()
                self.layer = torch.nn.Linear(2, 2)
        @nsp.decorate
        def once(x):
            return x
        @nsp.register("name")
        def twice(x):
            return 2 * x
        assert once(3) == 3 and twice(3) == 6 and len(list(Net().parameters())) == 2
        a, b = nsp.pair()
        with nsp.context() as thing:
            thing.attribute[3] += 1
        for _ in nsp.stream():
            raise AssertionError("streams are empty")
        print(f"{nsp.score:.3f}", nsp.value + 1, 2 * nsp.value, nsp.value < 3, int(nsp.count))
        try:
            pass
        except nsp.SomeError:
            pass
        assert not isinstance(3, nsp.Type)
        Mine(1)
        """
    )
    assert "no_such_package is not installed: what it does is left out" in result.assumptions


def test_a_script_that_is_ready_for_the_failure_sees_it(holds: Holds) -> None:
    holds(
        """
        import importlib.util
        try:
            import no_such_package
        except ImportError:
            no_such_package = None
        assert no_such_package is None and importlib.util.find_spec("no_such_package") is None
        try:
            from other_package import thing
        except ImportError:
            raise ImportError("pip install other_package")
        """
    )


def test_a_tensor_made_of_what_is_not_known_is_not_known(holds: Holds) -> None:
    result = holds(
        """
        import no_such_package, torch
        features = no_such_package.load("x")
        x = torch.tensor(features)
        y = torch.nn.functional.linear(torch.from_numpy(features), torch.ones(3, 2))
        z = torch.cat([x, torch.ones(2, 2)]).sum()
        assert not isinstance(x, torch.Tensor) and not isinstance(y, torch.Tensor) and not isinstance(z, torch.Tensor)
        """
    )
    assert all(stage.conflict is None for stage in result.graph.stages)


@without("sklearn")
def test_scikit_learn_splits_and_encodes_for_real(holds: Holds) -> None:
    holds(
        """
        from sklearn.model_selection import KFold, train_test_split
        from sklearn.preprocessing import LabelEncoder
        from sklearn.metrics import accuracy_score, f1_score
        letters = list("abababcaba")
        train, test, train_y, test_y = train_test_split(list(range(10)), letters, test_size=0.2, random_state=1)
        assert (len(train), len(test), len(train_y), len(test_y)) == (8, 2, 8, 2)
        assert letters[train[0]] == train_y[0]
        assert LabelEncoder().fit_transform(["b", "a", "b"]).tolist() == [1, 0, 1]
        assert [len(test) for _, test in KFold(5).split(range(10))] == [2] * 5
        assert 0 <= accuracy_score([1], [1]) <= 1 and 0 <= f1_score([1], [1], average="macro") <= 1
        """
    )


@without("pandas")
def test_data_frames_make_up_the_columns_that_are_asked_for(holds: Holds) -> None:
    result = holds(
        """
        import pandas as pd
        frame = pd.read_csv("reviews.csv").dropna().reset_index(drop=True)
        frame["label"] = frame["sentiment"].map({"positive": 1, "negative": 0})
        assert set(frame["label"]) == {0, 1} and isinstance(frame["review"][0], str)
        assert len(frame[frame["label"] == 1]) < len(frame)
        assert frame[["age", "price"]].values.shape == (len(frame), 2)
        row = next(frame.iterrows())[1]
        assert row["review"] == frame.review.iloc[0] == frame.loc[0, "review"]
        words = pd.read_csv("ner.csv").groupby("Sentence #")["Word"].apply(list).values
        assert isinstance(words[0], list)
        frame.loc[:, "new"] = [1] * len(frame)
        assert frame.new.tolist() == [1] * len(frame)
        """
    )
    assert any("reviews.csv" in text for text in result.assumptions)


@without("pandas")
def test_a_csv_file_that_is_there_is_read(holds: Holds) -> None:
    holds(
        """
        import pandas as pd
        with open("small.csv", "w") as file:
            file.write("text,label\\nhello,1\\nworld,0\\n")
        frame = pd.DataFrame({"a": [1, 2, 3], "b": list("xyz")})
        assert frame[frame.a > 1].b.tolist() == ["y", "z"] and frame.shape == (3, 2)
        assert pd.concat([frame, frame])["a"].tolist() == [1, 2, 3, 1, 2, 3]
        """
    )


@without("pandas")
def test_a_frame_is_scaled_by_its_own_columns(holds: Holds) -> None:
    holds(
        """
        import numpy as np
        import pandas as pd
        frame = pd.DataFrame({"load": np.arange(40.0), "temp": np.ones(40), "city": ["paris"] * 40})
        numbers = frame[["load", "temp"]]
        scaled = (numbers - numbers.mean()) / numbers.std()
        assert len(scaled) == 40 and scaled[["temp"]].values.shape == (40, 1)
        assert (1 - 2 * numbers).load.tolist()[:2] == [1.0, -1.0]
        assert (numbers + numbers).temp.tolist() == [2.0] * 40
        assert list(frame.mean().index) == ["load", "temp"] and numbers.max()["load"] == 39.0
        """
    )


@without("lightning")
def test_lightning_runs_a_training_and_a_validation_epoch(holds: Holds) -> None:
    holds(
        """
        import torch
        from torch.utils.data import DataLoader, TensorDataset
        import pytorch_lightning as pl
        seen = []
        class Net(pl.LightningModule):
            def __init__(self, width=4, lr=0.1):
                super().__init__()
                self.save_hyperparameters()
                self.layer = torch.nn.Linear(3, self.hparams.width)
            def training_step(self, batch, batch_idx):
                seen.append("train")
                loss = self.layer(batch[0]).sum()
                self.log("loss", loss)
                return loss
            def validation_step(self, batch, batch_idx):
                seen.append("val")
            def configure_optimizers(self):
                return torch.optim.SGD(self.parameters(), lr=self.hparams.lr)
        loader = DataLoader(TensorDataset(torch.ones(6, 3)), batch_size=4)
        pl.Trainer(max_epochs=5, accelerator="gpu", devices=1).fit(Net(), loader, loader)
        assert {"train", "val"} <= set(seen)
        """
    )


@without("torchvision")
def test_torchvision_models_and_data_have_the_real_sizes(holds: Holds) -> None:
    holds(
        """
        import torch
        from torchvision import datasets, models, transforms
        resnet = models.resnet50(weights=None)
        assert resnet.fc.in_features == 2048
        features = torch.nn.Sequential(*list(resnet.children())[:-1])(torch.rand(2, 3, 224, 224))
        assert features.shape == (2, 2048, 1, 1)
        resnet.conv1 = torch.nn.Conv2d(1, 64, 7, 2, 3)
        assert resnet(torch.rand(2, 1, 64, 64)).shape == (2, 1000)
        assert models.vgg16().classifier[6].in_features == 4096
        data = datasets.MNIST("data", train=True, download=True, transform=transforms.ToTensor())
        assert len(data) == 60000 and data[0][0].shape == (1, 28, 28)
        both = transforms.Compose([transforms.Resize(256), transforms.CenterCrop(224), transforms.ToTensor()])
        assert datasets.CIFAR10("data", transform=both)[0][0].shape == (3, 224, 224)
        """
    )


@without("accelerate")
def test_accelerate_gives_back_what_it_prepares(holds: Holds) -> None:
    holds(
        """
        import torch
        from accelerate import Accelerator
        accelerator = Accelerator(mixed_precision="fp16")
        model = torch.nn.Linear(2, 1)
        prepared, optimizer = accelerator.prepare(model, torch.optim.SGD(model.parameters(), lr=0.1))
        assert prepared is model and accelerator.is_main_process
        with accelerator.accumulate(model):
            accelerator.backward(model(torch.ones(1, 2)).sum())
        optimizer.step()
        """
    )


@without("gymnasium")
def test_environments_give_observations_of_the_published_size(holds: Holds) -> None:
    holds("""
        import gym, gymnasium, torch
        env = gymnasium.make("LunarLander-v3")
        state, info = env.reset(seed=1)
        policy = torch.nn.Linear(8, env.action_space.n)
        over = False
        while not over:
            choice = torch.distributions.Categorical(policy(torch.from_numpy(state)).softmax(-1))
            action = choice.sample()
            state, reward, over, cut, info = env.step(action.item())
        assert choice.log_prob(action).shape == () and state.shape == (8,)
        state = gym.make("CartPole-v1").reset()
        assert state.shape == (4,) and len(gym.make("CartPole-v1").step(0)) == 4
    """)


@without("tiktoken")
def test_texts_are_cut_into_ids_below_the_published_number(holds: Holds) -> None:
    holds("""
        import tiktoken
        encoding = tiktoken.get_encoding("gpt2")
        ids = encoding.encode("the house<|endoftext|>the house", allowed_special={"<|endoftext|>"})
        assert ids[:2] == ids[3:] and ids[2] == 50256 == encoding.eot_token
        assert max(ids) < encoding.n_vocab == 50257 and encoding.decode(ids[:2]) == "the house"
    """)


@without("tensorboard")
def test_a_summary_writer_takes_what_it_is_given(holds: Holds) -> None:
    holds("""
        from torch.utils.tensorboard import SummaryWriter
        with SummaryWriter("runs") as writer:
            writer.add_scalar("loss", 0.5, 1)
    """)


@without("accelerate")
def test_a_missing_package_is_as_new_as_wanted_and_there_where_the_script_would_end(holds: Holds) -> None:
    holds("""
        from importlib.metadata import version
        import no_such_package
        from packaging.version import parse
        from transformers.utils.versions import require_version
        require_version("no_such_package>=1.8.0")
        assert parse(no_such_package.__version__) >= parse("2.0")
        assert parse(version("no_such_package")) >= parse("2.0")
        if not no_such_package.is_available():
            raise ImportError("not available")
        assert not no_such_package.wants_more()
    """)


def test_a_package_of_the_project_is_found_where_it_is_not_installed(tracer: Tracer, tmp_path: Path) -> None:
    for folder in ("src/mine", "examples/deep"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "src/mine/__init__.py").write_text("WIDTH = 12\n")
    script = tmp_path / "examples/deep/train.py"
    script.write_text("import mine\nassert mine.WIDTH == 12\n")
    result = tracer.trace(TraceRequest(script, timeout=60))
    assert result.status == "completed", result.reason


def test_what_other_processes_would_run_runs_here(holds: Holds) -> None:
    holds("""
        import multiprocessing, torch.multiprocessing as mp
        seen = []
        def work(rank, *more):
            seen.append((rank, *more))
            return rank
        process = mp.Process(target=work, args=(7,))
        process.start()
        process.join()
        mp.spawn(work, args=("x",), nprocs=4)
        with multiprocessing.Pool(3) as pool:
            assert pool.map(work, [1, 2]) == [1, 2] and pool.apply_async(work, (3,)).get() == 3
        assert seen == [(7,), (0, "x"), (1,), (2,), (3,)] and process.exitcode == 0
    """)


def test_what_would_be_fetched_is_made_up(holds: Holds) -> None:
    holds("""
        import io, tarfile, urllib.request, zipfile
        with urllib.request.urlopen("https://example.org/verdict.txt") as response:
            assert len(response.read().decode("utf-8").split()) > 100
        with open("archive.zip", "wb") as file:
            file.write(b"")
        zipfile.ZipFile("archive.zip").extractall("data")
        with tarfile.open("data.tgz") as archive:
            archive.extractall("data")
    """)


def test_names_that_transformers_no_longer_has_can_be_imported(holds: Holds) -> None:
    result = holds("""
        from transformers.file_utils import cached_property, is_sagemaker_mp_enabled_of_old
        class A:
            @cached_property
            def width(self):
                return 3
        assert A().width == 3
    """)
    assert any("cached_property is not in the installed version" in text for text in result.assumptions)


@without("albumentations")
def test_images_and_their_masks_get_the_size_that_was_asked_for(holds: Holds) -> None:
    holds("""
        import albumentations as A, numpy as np
        from albumentations.pytorch import ToTensorV2
        steps = A.Compose([A.SmallestMaxSize(64), A.RandomCrop(height=32, width=48), A.HorizontalFlip(p=0.5),
                           A.Normalize(mean=(0.5,) * 3, std=(0.5,) * 3), ToTensorV2()])
        made = steps(image=np.zeros((100, 200, 3), np.uint8), mask=np.zeros((100, 200), np.int64), name="x")
        assert made["image"].shape == (3, 32, 48) and made["image"].is_floating_point()
        assert made["mask"].shape == (32, 48) and made["name"] == "x"
        assert A.SmallestMaxSize(64)(image=np.zeros((100, 200, 3)))["image"].shape == (64, 128, 3)
        assert A.Resize(8, 9)(image=np.zeros((100, 200, 3)))["image"].shape == (8, 9, 3)
    """)


def test_annotations_of_pictures_are_linked_as_coco_links_them(holds: Holds) -> None:
    result = holds(
        """
        from pycocotools.coco import COCO
        coco = COCO("annotations.json")
        numbers = coco.getAnnIds(imgIds=3)
        annotations = coco.loadAnns(numbers)
        assert annotations == coco.imgToAnns[3] and all(one["image_id"] == 3 for one in annotations)
        assert len(annotations[0]["bbox"]) == 4 and annotations[0]["category_id"] in coco.cats
        assert coco.annToMask(annotations[0]).shape == (coco.imgs[3]["height"], coco.imgs[3]["width"])
        assert coco.loadImgs([3])[0]["file_name"].endswith(".jpg") and len(coco.getCatIds()) == 80
        """
    )
    assert any(text.startswith("annotations annotations.json: made up") for text in result.assumptions)


def test_texts_are_cut_into_words_without_nltk(holds: Holds) -> None:
    holds(
        """
        import nltk
        from nltk.corpus import stopwords
        from nltk.stem import WordNetLemmatizer
        from nltk.tokenize import sent_tokenize, word_tokenize
        nltk.download("punkt")
        words = nltk.tokenize.word_tokenize("The cats sat. Well!")
        assert words == ["The", "cats", "sat", ".", "Well", "!"] == word_tokenize("The cats sat. Well!")
        assert len(sent_tokenize("One. Two.")) == 2 and "the" in set(stopwords.words("english"))
        assert WordNetLemmatizer().lemmatize("cats") == "cats"
        """
    )


def test_sounds_become_pictures_of_the_real_sizes(holds: Holds) -> None:
    result = holds(
        """
        import torch, torchaudio
        from torchaudio.transforms import MFCC, AmplitudeToDB, MelSpectrogram, Resample, Spectrogram
        sound, rate = torchaudio.load("missing.wav")
        assert sound.shape == (1, 16000) and rate == 16000
        assert torchaudio.functional.resample(sound, rate, 8000).shape == (1, 8000)
        assert Resample(16000, 8000)(sound).shape == (1, 8000)
        def real(n_fft, hop):
            window = torch.hann_window(n_fft)
            return tuple(torch.stft(sound, n_fft, hop, window=window, return_complex=True).shape)
        assert Spectrogram()(sound).shape == real(400, 200)
        mel = MelSpectrogram(sample_rate=rate, n_fft=1024, hop_length=512, n_mels=64)
        assert AmplitudeToDB()(mel(sound)).shape == (1, 64, real(1024, 512)[-1])
        coefficients = MFCC(rate, n_mfcc=13, melkwargs={"n_fft": 512, "hop_length": 160, "n_mels": 40})(sound)
        assert coefficients.shape == (1, 13, real(512, 160)[-1])
        first = torchaudio.datasets.SPEECHCOMMANDS("data", subset="training")[0]
        assert first[0].shape == (1, 16000) and isinstance(first[2], str)
        """
    )
    assert any(text.startswith("sounds that are not there") for text in result.assumptions)


@pytest.mark.skipif(find_spec("pandas") is not None, reason="pandas is installed")
def test_rows_of_data_frames_are_chosen_by_condition_and_by_group(holds: Holds) -> None:
    holds(
        """
        import pandas as pd
        frame = pd.DataFrame({"text": list("abcdef"), "label": [0, 1, 0, 1, 0, 2]})
        least = 1
        assert list(frame["label"].unique()) == [0, 1, 2]
        assert list(frame.query("label == 1")["text"]) == ["b", "d"]
        assert len(frame.query("label >= @least and text != 'f'")) == 2
        assert list(frame.groupby("label").head(n=1)["text"]) == ["a", "b", "f"]
        assert len(frame.groupby("label").sample(n=1)) == 3
        """
    )


def test_the_modules_of_an_installed_lightning_need_no_loader_for_a_validation(holds: Holds, install: Install) -> None:
    install(
        "lightning",
        """
        import torch

        class _Hooks:
            def train_dataloader(self):
                raise RuntimeError("`train_dataloader` must be implemented")
            def val_dataloader(self):
                raise RuntimeError("`val_dataloader` must be implemented")
            def nothing(self, *args):
                pass
            prepare_data = setup = on_fit_start = on_train_start = on_train_epoch_start = nothing
            on_train_batch_start = on_train_batch_end = on_train_epoch_end = on_train_end = on_fit_end = nothing
            automatic_optimization = True

        class LightningModule(_Hooks, torch.nn.Module):
            pass

        class LightningDataModule(_Hooks):
            pass

        class Trainer:
            pass
        """,
    )
    holds(
        """
        import lightning
        import torch
        seen = []
        class Net(lightning.LightningModule):
            def __init__(self):
                super().__init__()
                self.layer = torch.nn.Linear(3, 1)
            def training_step(self, batch, batch_idx):
                seen.append(batch.shape)
                return self.layer(batch).mean()
            def configure_optimizers(self):
                return torch.optim.SGD(self.parameters(), lr=0.1)
        class Data(lightning.LightningDataModule):
            def train_dataloader(self):
                return torch.utils.data.DataLoader(torch.ones(4, 3), batch_size=2)
        lightning.Trainer(max_epochs=1).fit(Net(), datamodule=Data())
        assert (2, 3) in seen
        """
    )


def test_the_loggers_of_an_installed_accelerate_know_of_the_stand_in_s_process(holds: Holds, install: Install) -> None:
    install(
        "accelerate",
        """
        class PartialState:
            shared = {}
            def __init__(self, cpu=False):
                self.shared["device"] = "cpu" if cpu else "cuda"

        class Accelerator:
            def __init__(self):
                raise RuntimeError("no GPU")

        def notebook_launcher(function, args):
            raise RuntimeError("no GPU")
        """,
        logging="""
        from accelerate import PartialState

        def info(text):
            if PartialState.shared != {"device": "cpu"}:
                raise RuntimeError("You must initialize the accelerate state")
        """,
    )
    holds(
        """
        from accelerate import Accelerator
        from accelerate.logging import info
        Accelerator()
        info("started")
        """
    )


@without("evaluate")
def test_scores_that_a_metric_has_of_each_class_come_as_an_array(holds: Holds) -> None:
    holds(
        """
        import evaluate
        scores = evaluate.load("mean_iou").compute(predictions=[[0]], references=[[0]], num_labels=4)
        assert len(scores.pop("per_category_iou").tolist()) == 4
        assert "per_category_iou" not in scores and isinstance(scores["mean_iou"], float)
        assert isinstance(evaluate.load("own/metric").compute().pop("score"), float)
        """
    )


@without("gymnasium")
def test_spaces_of_environments_are_asked_for_by_type_and_shape(holds: Holds) -> None:
    holds("""
        import gymnasium as gym, numpy as np, torch
        from gymnasium import spaces
        class Own(gym.Env):
            def __init__(self, size=5):
                self.observation_space = spaces.Box(low=0, high=255, shape=(size, size, 3), dtype=np.uint8)
                self.action_space = spaces.Discrete(3)
            def reset(self, *, seed=None, options=None):
                super().reset(seed=seed)
                return self.observation_space.sample(), {}
        class Scaled(gym.ObservationWrapper):
            def observation(self, seen):
                return seen / 255
        gym.register("Own-v0", entry_point=Own)
        one = Scaled(gym.make("Own-v0"))
        assert one.reset()[0].shape == (5, 5, 3) and one.reset()[0].dtype == float
        assert isinstance(one.action_space, gym.spaces.Discrete) and one.action_space.n == 3
        limits = gym.make("Hopper-v4").action_space
        assert isinstance(limits, spaces.Box) and limits.low.shape == (3,) and not isinstance(limits, spaces.Discrete)
        def thunk():
            env = gym.wrappers.RecordEpisodeStatistics(gym.make("BreakoutNoFrameskip-v4"))
            env = gym.wrappers.GrayScaleObservation(gym.wrappers.ResizeObservation(env, (84, 84)))
            return gym.wrappers.FrameStack(env, 4)
        envs = gym.vector.SyncVectorEnv([thunk for _ in range(3)])
        assert isinstance(envs.single_action_space, gym.spaces.Discrete)
        assert np.array(envs.single_observation_space.shape).prod() == 4 * 84 * 84
        state, _ = envs.reset(seed=1)
        state, reward, ended, cut, info = envs.step(np.zeros(3))
        assert torch.Tensor(state).shape == (3, 4, 84, 84) and reward.shape == ended.shape == cut.shape == (3,)
    """)


@without("stable_baselines3")
def test_a_replay_buffer_gives_steps_of_the_shapes_of_its_spaces(holds: Holds) -> None:
    holds("""
        import gymnasium as gym, torch
        from stable_baselines3.common.buffers import ReplayBuffer
        env = gym.make("HalfCheetah-v4")
        buffer = ReplayBuffer(100, env.observation_space, env.action_space, "cpu", handle_timeout_termination=False)
        data = buffer.sample(8)
        assert data.observations.shape == (8, 17) and data.actions.shape == (8, 6)
        assert data.dones.flatten().shape == data.rewards.flatten().shape == (8,)
        buffer = ReplayBuffer(100, env.observation_space, gym.spaces.Discrete(4), "cpu")
        assert torch.zeros(8, 4).gather(1, buffer.sample(8).actions).shape == (8, 1)
    """)


def test_a_version_that_the_script_insists_on_is_the_one(holds: Holds) -> None:
    holds("""
        import no_such_package
        assert no_such_package.__version__ == "0.3.2", "another version"
        old = no_such_package.__version__ == "0.3.2"
        assert not old and no_such_package.__version__ > "1.0"
    """)


@without("ujson")
def test_other_readers_of_json_read_what_json_reads(holds: Holds) -> None:
    holds("""
        import ujson, orjson, simplejson as json
        assert ujson.loads(orjson.dumps({"a": [1, 2]})) == {"a": [1, 2]}
        numbers = json.load(open("meta/rel2id.json"))
        assert {value: key for key, value in numbers.items()}[0] == "label_0"
        names = ujson.load(open("id2relation.json"))
        assert names["1"] == "label_1"
    """)


def test_a_batch_of_what_is_not_known_is_not_known(holds: Holds) -> None:
    holds("""
        import no_such_package, torch
        class Data(torch.utils.data.Dataset):
            def __len__(self):
                return 4
            def __getitem__(self, at):
                return no_such_package.read(at), at
        for thing, numbers in torch.utils.data.DataLoader(Data(), batch_size=2):
            assert type(thing).__name__ == "Absorbing" and numbers.shape == (2,)
    """)


@without("pandas")
def test_a_progress_bar_for_frames_is_no_reason_to_end(holds: Holds) -> None:
    holds("""
        import pandas as pd
        from tqdm import tqdm
        tqdm.pandas(desc="rows")
        frame = pd.DataFrame({"text": ["a", "bb"]})
        assert list(frame["text"].progress_apply(len)) == [1, 2]
    """)


@without("timm")
def test_transforms_of_timm_make_tensors_of_the_size_that_is_asked_for(holds: Holds) -> None:
    holds("""
        from PIL import Image
        from timm.data import IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD, create_transform
        assert len(IMAGENET_DEFAULT_MEAN) == len(IMAGENET_DEFAULT_STD) == 3
        transform = create_transform(input_size=96, is_training=True, auto_augment="rand-m9-mstd0.5-inc1")
        assert transform(Image.new("RGB", (200, 120))).shape == (3, 96, 96)
    """)


@without("optuna")
def test_a_search_for_parameters_runs_one_trial(holds: Holds) -> None:
    holds("""
        import optuna, torch
        seen = []
        def objective(trial):
            width = trial.suggest_int("width", 8, 64)
            rate = trial.suggest_float("lr", 1e-4, 1e-2, log=True)
            kind = trial.suggest_categorical("kind", ["relu", "tanh"])
            seen.append(torch.nn.Linear(4, width)(torch.ones(2, 4)))
            return 0.5
        study = optuna.create_study(direction="maximize")
        study.optimize(objective, n_trials=20)
        assert [tuple(made.shape) for made in seen] == [(2, 8)] and study.best_value == 0.5
        assert study.best_params == {"width": 8, "lr": 1e-4, "kind": "relu"}
    """)


@without("fire")
def test_a_function_for_the_command_line_is_called_with_what_it_requires(holds: Holds) -> None:
    text = """
        import fire, torch
        def train(base_model: str, width: int, rate: float = 0.1, layers: list = None):
            assert isinstance(width, int) and base_model
            torch.nn.Linear(width, 2)(torch.ones(1, width))
            assert rate == {rate}
        if __name__ == "__main__":
            fire.Fire(train)
    """
    result = holds(text.replace("{rate}", "0.1"))
    assert "argument base_model was not given: bert-base-uncased" in result.assumptions
    result = holds(text.replace("{rate}", "0.5"), "--base_model=gpt2", "--width", "7", "--rate", "0.5")
    assert not [said for said in result.assumptions if said.startswith("argument")]


def test_a_class_of_two_unknown_bases_can_be_made(holds: Holds) -> None:
    holds("""
        import no_such_package as nsp, torch
        class Both(nsp.Mixin, nsp.nn.BaseModule):
            def __init__(self):
                super().__init__()
                self.layer = torch.nn.Linear(2, 2)
        class Other(nsp.Mixin, nsp.Thing, dict):
            pass
        assert len(list(Both().parameters())) == 2 and isinstance(Other(), dict)
    """)


@without("PIL")
@without("torchvision")
def test_pictures_that_are_filtered_and_enhanced_keep_their_size(holds: Holds) -> None:
    holds("""
        import no_such_package
        from PIL import Image, ImageEnhance, ImageFilter, ImageOps
        from torchvision import transforms
        picture = Image.new("RGB", (30, 20))
        for other in (ImageOps.solarize(picture), ImageEnhance.Contrast(picture).enhance(2.0),
                      picture.filter(ImageFilter.GaussianBlur(radius=2))):
            assert other.size == (30, 20)
        assert ImageOps.grayscale(ImageOps.expand(picture, border=5)).size == (40, 30)
        unknown = transforms.Normalize(no_such_package.MEAN, no_such_package.STD)
        steps = [no_such_package.augment, transforms.Resize((64, 64)), transforms.ToTensor(), unknown]
        steps = transforms.Compose(steps)
        assert steps(picture).shape == (3, 64, 64)
    """)


@without("yacs")
def test_settings_of_a_file_leave_those_that_it_does_not_say(holds: Holds, tmp_path: Path) -> None:
    file = tmp_path / "swin.yaml"
    file.write_text("MODEL:\n  WIDTH: 96\n")
    holds(f"""
        from yacs.config import CfgNode as CN
        settings = CN()
        settings.MODEL = CN()
        settings.MODEL.WIDTH, settings.MODEL.SMOOTHING = 64, 0.1
        settings.merge_from_file({str(file)!r})
        assert (settings.MODEL.WIDTH, settings.MODEL.SMOOTHING) == (96, 0.1)
        assert "96" in settings.dump()
    """)


@without("timm")
def test_models_built_of_timms_layers_have_their_real_shapes(holds: Holds) -> None:
    result = holds("""
        import timm, torch
        from timm.data import Mixup
        from timm.loss import LabelSmoothingCrossEntropy, SoftTargetCrossEntropy
        from timm.models.layers import DropPath, to_2tuple, trunc_normal_
        from timm.models.vision_transformer import Block, VisionTransformer
        from timm.utils import AverageMeter, accuracy
        high, wide = to_2tuple(7)
        table = trunc_normal_(torch.nn.Parameter(torch.zeros((2 * high - 1) * (2 * wide - 1), 3)), std=0.02)
        assert table.shape == (169, 3) and to_2tuple((4, 5)) == (4, 5)
        assert DropPath(0.1)(Block(64, 4, qkv_bias=True)(torch.ones(2, 5, 64))).shape == (2, 5, 64)
        class Own(VisionTransformer):
            def forward_features(self, x):
                return super().forward_features(x)[:, 1:].mean(1)
        model = Own(img_size=32, patch_size=8, embed_dim=48, depth=2, num_heads=4, num_classes=10)
        pictures, labels = Mixup(mixup_alpha=0.8, num_classes=10)(torch.ones(4, 3, 32, 32), torch.tensor([1, 2, 3, 4]))
        scores = model(pictures)
        assert SoftTargetCrossEntropy()(scores, labels).shape == () and model.pos_embed.shape == (1, 17, 48)
        assert LabelSmoothingCrossEntropy(0.1)(scores, labels.argmax(1)).shape == ()
        best, five = accuracy(scores, labels.argmax(1), topk=(1, 5))
        meter = AverageMeter()
        meter.update(best.item(), 4)
    """)
    assert result.graph.stages[-1].op


@without("torch_geometric")
def test_graphs_have_their_published_sizes_and_layers_a_row_for_each_node(holds: Holds) -> None:
    result = holds("""
        import torch
        from torch_geometric.datasets import Planetoid, TUDataset
        from torch_geometric.loader import DataLoader
        from torch_geometric.nn import GATConv, GCNConv, GINConv, MessagePassing, global_mean_pool
        from torch_geometric.utils import add_self_loops, degree
        cora = Planetoid("data", "Cora")
        graph = cora[0]
        class Own(MessagePassing):
            def __init__(self, width, out):
                super().__init__(aggr="add")
                self.layer = torch.nn.Linear(width, out)
            def forward(self, x, edges):
                edges, _ = add_self_loops(edges, num_nodes=x.size(0))
                row, col = edges
                norm = degree(col, x.size(0), dtype=x.dtype).pow(-0.5)
                return self.propagate(edges, x=self.layer(x), norm=norm[row] * norm[col])
            def message(self, x_j, norm):
                return norm.view(-1, 1) * x_j
        hidden = GATConv(cora.num_features, 8, heads=4)(graph.x, graph.edge_index)
        assert hidden.shape == (2708, 32) and cora.num_classes == 7
        scores = GCNConv(16, 7)(Own(32, 16)(hidden, graph.edge_index).relu(), graph.edge_index)
        loss = torch.nn.functional.cross_entropy(scores[graph.train_mask], graph.y[graph.train_mask])
        graphs = TUDataset("data", name="MUTAG").shuffle()
        for batch in DataLoader(graphs[:150], batch_size=64, shuffle=True):
            hidden = GINConv(torch.nn.Linear(graphs.num_features, 16))(batch.x, batch.edge_index)
            pooled = global_mean_pool(hidden, batch.batch)
            assert pooled.shape == (batch.num_graphs, 16) and batch.y.shape == (batch.num_graphs,)
    """)
    assert not result.invented


@without("sklearn")
def test_data_sets_of_scikit_learn_have_their_published_sizes(holds: Holds) -> None:
    holds("""
        import torch
        from sklearn.datasets import fetch_20newsgroups, load_digits, load_iris, make_classification, make_regression
        from sklearn.model_selection import StratifiedKFold
        rows, kinds = load_iris(return_X_y=True)
        assert rows.shape == (150, 4) and set(kinds) == {0, 1, 2}
        digits = load_digits()
        assert digits.images.shape == (1797, 8, 8) and len(digits["target_names"]) == 10
        assert list(load_iris(as_frame=True).data.columns)[0] == "feature_0"
        made, kinds = make_classification(n_samples=60, n_features=12, n_classes=4, n_informative=6)
        assert torch.from_numpy(made).shape == (60, 12) and int(kinds.max()) == 3
        made, values = make_regression(50, 5, n_targets=2)
        assert made.shape == (50, 5) and values.shape == (50, 2)
        assert len(fetch_20newsgroups(subset="train").target_names) == 20
        for train, test in StratifiedKFold(5).split(rows, kinds):
            assert rows[train].shape == (120, 4) and rows[test].shape == (30, 4)
    """)
