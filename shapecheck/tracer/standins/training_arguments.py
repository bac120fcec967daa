"""Arguments of training, those of other transformers too: old names by their new ones, those gone left out and said."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import torch

from shapecheck.tracer.standins.patching import patch_function

if TYPE_CHECKING:
    from shapecheck.tracer.child.session import Session

_GONE = {
    "overwrite_output_dir": False, "no_cuda": False, "fp16_opt_level": "O1", "evaluation_strategy": "no",
    "past_index": -1, "tpu_metrics_debug": False, "tpu_num_cores": None, "sharded_ddp": "", "fp16_backend": "auto",
    "half_precision_backend": "auto", "group_by_length": False, "adafactor": False, "save_safetensors": True,
    "logging_dir": None, "fsdp_min_num_params": 0, "xpu_backend": None, "use_ipex": False, "jit_mode_eval": False,
    "use_mps_device": False, "ray_scope": "last", "local_rank": -1, "dispatch_batches": None,
    "include_inputs_for_metrics": False, "mp_parameters": "", "push_to_hub_model_id": None,
}  # fmt: skip
"""Arguments that scripts for an older transformers still ask for."""
_OLD_NAMES = {
    "evaluation_strategy": "eval_strategy",
    "per_gpu_train_batch_size": "per_device_train_batch_size",
    "per_gpu_eval_batch_size": "per_device_eval_batch_size",
    "no_cuda": "use_cpu",
    "tokenizer": "processing_class",
}


def install(session: Session) -> None:
    """Patch the arguments, and what takes them, as soon as transformers defines them."""
    session.on_import("transformers.training_args", lambda module: _patch_arguments(module, session))
    for name in ("transformers.training_args_seq2seq", "transformers.trainer_seq2seq"):
        session.on_import(name, lambda module: _patch_seq2seq(module, session))
    session.on_import("transformers.hf_argparser", lambda module: _patch_parser(module, session))


def _patch_arguments(module: Any, session: Session) -> None:
    cls = module.TrainingArguments
    accelerated = ("fp16", "bf16", "fp16_full_eval", "bf16_full_eval", "tf32", "deepspeed", "fsdp", "torch_compile")

    def post_init(original: Any) -> Any:
        def check(self: Any) -> None:
            wanted = {name: getattr(self, name) for name in accelerated if hasattr(self, name)}
            for name, value in wanted.items():
                setattr(self, name, None if name in ("tf32", "deepspeed") else type(value)() if value else value)
            original(self)
            for name in ("fp16", "bf16"):
                setattr(self, name, wanted[name])

        return check

    for name, value in _GONE.items():
        if not hasattr(cls, name):
            setattr(cls, name, value)
    patch_function(cls, "__init__", partial(_forgiving, session))
    patch_function(cls, "__post_init__", post_init)
    cls._setup_devices = cls.device = property(_on_cpu)
    cls.should_save = cls.should_log = property(lambda self: False)


def _patch_seq2seq(module: Any, session: Session) -> None:
    for name, make in (("Seq2SeqTrainingArguments", _forgiving), ("Seq2SeqTrainer", taking_old_names)):
        if hasattr(module, name) and "__init__" in vars(getattr(module, name)):
            patch_function(getattr(module, name), "__init__", partial(make, session))


def _forgiving(session: Session, original: Any) -> Any:
    """A constructor of training arguments that takes those of other versions too."""

    def start(self: Any, *args: Any, **kwargs: Any) -> None:
        for name in ("logging_steps", "eval_steps", "save_steps"):
            if kwargs.get(name) == 0:  # counted from made-up rows
                kwargs[name] = 1
        original(self, *args, **_known(session, original, "TrainingArguments", kwargs))

    return start


def _on_cpu(arguments: Any) -> torch.device:
    arguments._n_gpu, arguments.distributed_state = 0, None
    return torch.device("cpu")


def _known(session: Session, function: Any, owner: str, given: dict[str, Any]) -> dict[str, Any]:
    """Keyword arguments that this version knows: old names by their new ones, others left out and said."""
    parameters = inspect.signature(function).parameters
    if any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters.values()):
        return given
    kept = {}
    for name, value in given.items():
        now = name if name in parameters else _OLD_NAMES.get(name, name)
        if now in parameters:
            kept[now] = value
        else:
            session.assume(f"{owner} has no argument {name} in the installed transformers: left out")
    return kept


def _patch_parser(module: Any, session: Session) -> None:
    """Command lines written for an older transformers: renamed arguments by their new names, those gone left out."""

    def parsing(original: Any) -> Any:
        def parse(self: Any, args: Any = None, *rest: Any, **options: Any) -> Any:
            given = sys.argv[1:] if args is None else list(args)
            known = set(self._option_string_actions)
            return original(self, list(_today(session, given, known)), *rest, **options)

        return parse

    patch_function(module.HfArgumentParser, "parse_args_into_dataclasses", parsing)


def _today(session: Session, given: list[str], known: set[str]) -> Iterator[str]:
    leaving = False
    for word in given:
        option, equals, value = word.partition("=")
        name = option.removeprefix("--").replace("-", "_")
        if leaving and not word.startswith("--"):
            continue
        leaving = word.startswith("--") and option not in known and name in {*_GONE, *_OLD_NAMES}
        if not leaving:
            yield word
        elif f"--{_OLD_NAMES.get(name)}" in known:
            leaving = False
            yield f"--{_OLD_NAMES[name]}{equals}{value}"
        else:
            session.assume(f"{option} is not in the installed transformers: left out")


def taking_old_names(session: Session, original: Any) -> Any:
    """A trainer's constructor that takes arguments of other versions too."""

    def start(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **_known(session, original, "Trainer", kwargs))

    return start
