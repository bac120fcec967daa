"""accelerate: one process on the CPU; ``prepare`` gives back what it is given."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import torch

from shapecheck.tracer.standins.absorb import Absorbing

__all__ = ["Accelerator", "PartialState", "dispatch_model", "find_executable_batch_size", "init_empty_weights",
           "notebook_launcher", "set_seed"]  # fmt: skip


class Accelerator:
    """One process, nothing to synchronise."""

    def __init__(self, *args: Any, gradient_accumulation_steps: int = 1, **options: Any) -> None:
        self.gradient_accumulation_steps = gradient_accumulation_steps
        self.device = torch.device("cpu")
        self.num_processes, self.process_index, self.local_process_index = 1, 0, 0
        self.is_main_process = self.is_local_main_process = self.sync_gradients = True
        self.is_last_process, self.use_distributed, self.mixed_precision = True, False, "no"
        self.optimizer_step_was_skipped, self.parallelism_config, self.scaler = False, None, None
        self.distributed_type = "NO"
        self.state = self

    def prepare(self, *objects: Any, **options: Any) -> Any:
        """What it is given."""
        return objects[0] if len(objects) == 1 else objects

    prepare_model = prepare_optimizer = prepare_data_loader = prepare_scheduler = prepare

    def backward(self, loss: Any, **options: Any) -> None:
        """Gradients of the loss."""
        loss.backward(**options)

    def accumulate(self, *models: Any) -> Any:
        """Every step counts."""
        return contextlib.nullcontext()

    autocast = no_sync = join_uneven_inputs = main_process_first = local_main_process_first = accumulate

    @contextlib.contextmanager
    def profile(self, *args: Any, **options: Any) -> Iterator[Any]:
        """Nothing is measured."""
        yield Absorbing("profile")

    def gather(self, tensor: Any, *args: Any, **options: Any) -> Any:
        """What the only process has."""
        return tensor

    gather_for_metrics = reduce = pad_across_processes = gather

    def unwrap_model(self, model: Any, *args: Any, **options: Any) -> Any:
        """The model."""
        return model

    def clip_grad_norm_(self, parameters: Any, max_norm: float, norm_type: int = 2) -> Any:
        """As PyTorch does it."""
        return torch.nn.utils.clip_grad_norm_(parameters, max_norm, norm_type=norm_type)

    def get_state_dict(self, model: Any, *args: Any, **options: Any) -> Any:
        """The model's state."""
        return model.state_dict()

    def on_main_process(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """This is the main process."""
        return function

    on_local_main_process = on_last_process = on_main_process

    def skip_first_batches(self, loader: Any, count: int = 0) -> Any:
        """All batches."""
        return loader

    def free_memory(self, *objects: Any) -> Any:
        """Nothing of what it is given."""
        return [None for _ in objects]

    clear = release_memory = free_memory

    def print(self, *args: Any, **kwargs: Any) -> None:
        """Nothing is shown."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *args, **kwargs: None


class PartialState(Accelerator):
    """The state of the only process."""


def set_seed(seed: int, *args: Any, **options: Any) -> None:
    """Seeds torch."""
    torch.manual_seed(seed)


def notebook_launcher(function: Callable[..., Any], args: tuple[Any, ...] = (), *rest: Any, **options: Any) -> Any:
    """Calls the function here."""
    return function(*args)


def find_executable_batch_size(
    function: Callable[..., Any] | None = None, starting_batch_size: int = 128, **options: Any
) -> Any:
    """Calls the function with the first batch size."""

    def decorate(inner: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *args, **kwargs: inner(starting_batch_size, *args, **kwargs)

    return decorate if function is None else decorate(function)


def init_empty_weights(*args: Any, **options: Any) -> Any:
    """Weights are empty anyway."""
    return contextlib.nullcontext()


def dispatch_model(model: Any, *args: Any, **options: Any) -> Any:
    """The model."""
    return model
