"""Lightning: modules and data modules, and a trainer that runs a training and a validation epoch."""

from __future__ import annotations

import contextlib
import inspect
import sys
from typing import Any

import torch

from shapecheck.tracer.standins.absorb import Absorbing

__all__ = ["Callback", "Fabric", "LightningDataModule", "LightningModule", "Trainer", "seed_everything"]


class _Hyperparameters(dict[str, Any]):
    """Arguments by key and by attribute."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    __setattr__ = dict.__setitem__


class _Hooks:
    """What modules and data modules share: hyperparameters, and hooks that do nothing."""

    trainer: Any = None

    @property
    def hparams(self) -> _Hyperparameters:
        """The saved arguments."""
        found = self.__dict__.setdefault("_hparams", _Hyperparameters())
        assert isinstance(found, _Hyperparameters)
        return found

    def save_hyperparameters(self, *args: Any, ignore: Any = None, frame: Any = None, **options: Any) -> None:
        """Save the arguments of the constructor that calls this."""
        given = inspect.getargvalues(frame or sys._getframe(1))
        values = {name: given.locals[name] for name in given.args[1:]} | given.locals.get(given.keywords or "", {})
        for extra in args:
            if isinstance(extra, str):
                continue
            values |= extra if isinstance(extra, dict) else vars(extra)
        names = [name for name in args if isinstance(name, str)]
        ignored = [ignore] if isinstance(ignore, str) else list(ignore or ())
        self.hparams.update({k: v for k, v in values.items() if k not in ignored and (not names or k in names)})

    def _nothing(self, *args: Any, **kwargs: Any) -> None:
        return None

    setup = prepare_data = teardown = on_fit_start = on_fit_end = on_train_start = on_train_end = _nothing
    on_train_epoch_start = on_train_epoch_end = on_validation_epoch_start = on_validation_epoch_end = _nothing
    on_validation_start = on_validation_end = on_test_start = on_test_end = on_test_epoch_end = _nothing
    on_train_batch_start = on_train_batch_end = on_validation_batch_end = on_before_optimizer_step = _nothing


class Logger:
    """What a trainer logs to where it is told nothing else: nothing is written."""

    name, version, save_dir, log_dir = "lightning_logs", 0, ".", "lightning_logs/version_0"
    experiment = Absorbing("experiment")

    def log_metrics(self, *args: Any, **options: Any) -> None:
        """Nothing is written."""

    log_hyperparams = log_graph = save = finalize = log_metrics


class LightningModule(_Hooks, torch.nn.Module):  # type: ignore[misc]
    """An ``nn.Module`` with steps."""

    automatic_optimization = True
    current_epoch = global_step = global_rank = local_rank = 0
    logger: Any = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    @property
    def device(self) -> torch.device:
        """The CPU."""
        return torch.device("cpu")

    def log(self, *args: Any, **kwargs: Any) -> None:
        """Nothing is kept."""

    log_dict = print = freeze = unfreeze = toggle_optimizer = untoggle_optimizer = clip_gradients = log

    def optimizers(self, *args: Any, **kwargs: Any) -> Any:
        """The optimizers, one or several."""
        made = self.trainer.optimizers
        return made[0] if len(made) == 1 else made

    def lr_schedulers(self) -> Any:
        """The schedulers."""
        return self.trainer.schedulers

    def manual_backward(self, loss: Any, *args: Any, **kwargs: Any) -> None:
        """Gradients of the loss."""
        loss.backward(*args, **kwargs)

    def all_gather(self, data: Any, *args: Any, **kwargs: Any) -> Any:
        """What the only process has."""
        return data

    @classmethod
    def load_from_checkpoint(cls, path: Any = None, *args: Any, **kwargs: Any) -> Any:
        """A new module with these arguments; without the missing ones where the constructor allows it."""
        wanted = inspect.signature(cls.__init__).parameters
        return cls(**{name: value for name, value in kwargs.items() if name in wanted})


class LightningDataModule(_Hooks):
    """Gives loaders."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()


class Callback(_Hooks):
    """Does nothing."""


class Trainer:
    """Runs the steps of a module."""

    def __init__(self, *args: Any, max_epochs: int | None = 1, **options: Any) -> None:
        self.max_epochs, self.options = max_epochs or 1, options
        self.optimizers: list[Any] = []
        self.schedulers: list[Any] = []
        self.callback_metrics: dict[str, Any] = {}
        self.current_epoch = self.global_step = self.global_rank = 0
        self.world_size = self.num_devices = self.num_nodes = 1
        self.accumulate_grad_batches = options.get("accumulate_grad_batches", 1)
        self.estimated_stepping_batches = 100
        self.checkpoint_callback = self.datamodule = None
        logger = options.get("logger", True)
        self.logger = Logger() if logger is True or logger is None else None if logger is False else logger
        self.is_global_zero, self.sanity_checking, self.training = True, False, True

    def fit(
        self, model: Any, train_dataloaders: Any = None, val_dataloaders: Any = None, datamodule: Any = None, **kw: Any
    ) -> None:
        """One validation batch, a training epoch, a validation epoch."""
        train = kw.get("train_dataloader", train_dataloaders)
        source = self._attach(model, train if _is_data_module(train) else datamodule, "fit")
        train = _loader(source, "train_dataloader") if source is not None or train is None else train
        train = train if train is not None else _loader(model, "train_dataloader")
        val = val_dataloaders or _loader(source, "val_dataloader") or _loader(model, "val_dataloader")
        self._configure(model)
        model.on_fit_start()
        model.on_train_start()
        model.on_train_epoch_start()
        model.train()
        for number, batch in enumerate(train if train is not None else ()):
            self._train(model, batch, number)
        self._evaluate(model, val, "validation")
        model.on_train_epoch_end()
        model.on_train_end()
        model.on_fit_end()

    def validate(
        self, model: Any = None, dataloaders: Any = None, datamodule: Any = None, **kw: Any
    ) -> list[dict[str, Any]]:
        """A validation epoch."""
        return self._run(model, dataloaders, datamodule, "validation", "val_dataloader")

    def test(
        self, model: Any = None, dataloaders: Any = None, datamodule: Any = None, **kw: Any
    ) -> list[dict[str, Any]]:
        """A test epoch."""
        return self._run(model, dataloaders, datamodule, "test", "test_dataloader")

    def predict(self, model: Any = None, dataloaders: Any = None, datamodule: Any = None, **kw: Any) -> list[Any]:
        """A prediction epoch."""
        return self._run(model, dataloaders, datamodule, "predict", "predict_dataloader")

    def save_checkpoint(self, *args: Any, **kwargs: Any) -> None:
        """Nothing is written."""

    tune = save_checkpoint

    def _attach(self, model: Any, datamodule: Any, stage: str) -> Any:
        model.trainer, self.lightning_module, self.model = self, model, model
        self.datamodule = datamodule if datamodule is not None else self.datamodule
        if datamodule is not None:
            datamodule.trainer = self
            datamodule.prepare_data()
            datamodule.setup(stage)
        model.prepare_data()
        model.setup(stage)
        return datamodule

    def _configure(self, model: Any) -> None:
        found = model.configure_optimizers() if hasattr(model, "configure_optimizers") else None
        for part in found if isinstance(found, (list, tuple)) else [found]:
            for item in part if isinstance(part, (list, tuple)) else [part]:
                if isinstance(item, dict):
                    self.optimizers += [item["optimizer"]] if "optimizer" in item else []
                    self.schedulers += [item["lr_scheduler"]] if "lr_scheduler" in item else []
                elif isinstance(item, torch.optim.Optimizer):
                    self.optimizers.append(item)
                elif item is not None:
                    self.schedulers.append(item)

    def _train(self, model: Any, batch: Any, number: int) -> None:
        model.on_train_batch_start(batch, number)
        out = _step(model.training_step, batch, number)
        loss = out.get("loss") if isinstance(out, dict) else out
        if model.automatic_optimization and isinstance(loss, torch.Tensor):
            loss.backward()
            for optimizer in self.optimizers:
                optimizer.step()
                optimizer.zero_grad()
        model.on_train_batch_end(out, batch, number)

    def _evaluate(self, model: Any, loaders: Any, kind: str) -> list[Any]:
        step = getattr(model, f"{kind}_step", None)
        if step is None or loaders is None:
            return []
        several = isinstance(loaders, (list, tuple))
        outputs = []
        model.eval()
        with torch.no_grad() if kind != "predict" else contextlib.nullcontext():
            for place, loader in enumerate(loaders if several else [loaders]):
                for number, batch in enumerate(loader):
                    outputs.append(_step(step, batch, number, *([place] if several else [])))
            ended = getattr(model, f"{kind}_epoch_end", None)
            if ended is not None:
                ended(outputs)
            getattr(model, f"on_{kind}_epoch_end", lambda: None)()
        model.train()
        return outputs

    def _run(self, model: Any, loaders: Any, datamodule: Any, kind: str, name: str) -> list[Any]:
        model = model if model is not None else self.lightning_module
        if _is_data_module(loaders):
            loaders, datamodule = None, loaders
        source = self._attach(model, datamodule or self.datamodule, "fit" if kind == "validation" else kind)
        found = loaders if loaders is not None else _loader(source, name)
        outputs = self._evaluate(model, found if found is not None else _loader(model, name), kind)
        return outputs if kind == "predict" else [{}]


def _loader(source: Any, name: str) -> Any:
    """What a module or a data module loads from, where it says so itself: what the installed package's own classes have
    for it raises."""
    made = getattr(type(source), name, None)
    if made is None or made.__module__.partition(".")[0] in ("lightning", "pytorch_lightning"):
        return None
    return getattr(source, name)()


def _is_data_module(source: Any) -> bool:
    """Whether something is a data module, of the stand-in or of the installed package."""
    return any(kind.__name__ == "LightningDataModule" for kind in type(source).__mro__)


def _step(step: Any, batch: Any, number: int, *more: Any) -> Any:
    """Call a step with as many arguments as it takes."""
    takes = len(inspect.signature(step).parameters)
    return step(*(batch, number, *more)[: max(takes, 1)])


class Fabric:
    """One process on the CPU."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self.device, self.world_size, self.global_rank = torch.device("cpu"), 1, 0
        self.is_global_zero = True

    def setup(self, *objects: Any, **options: Any) -> Any:
        """What it is given."""
        return objects[0] if len(objects) == 1 else objects

    setup_module = setup_optimizers = setup_dataloaders = setup

    def backward(self, loss: Any, *args: Any, **options: Any) -> None:
        """Gradients of the loss."""
        loss.backward()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *args, **kwargs: None


def seed_everything(seed: int | None = None, *args: Any, **options: Any) -> int:
    """Seeds torch."""
    torch.manual_seed(seed or 0)
    return seed or 0
