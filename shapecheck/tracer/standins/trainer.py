"""Hugging Face's ``Trainer``: its own losses and prediction steps, in a loop that needs neither accelerate nor a disk.

What a script may override (``compute_loss``, ``training_step``, ``prediction_step``, ``get_train_dataloader``,
``create_optimizer``) is called as the real loop calls it; what only moves, logs or saves is left out.
"""

from __future__ import annotations

import inspect
import types
from functools import partial
from typing import TYPE_CHECKING, Any

import torch

from shapecheck.tracer.child.misread import returned_by
from shapecheck.tracer.standins import training_arguments
from shapecheck.tracer.standins.patching import patch_function

if TYPE_CHECKING:
    from shapecheck.tracer.child.session import Session

_LEFT_OUT = """
    save_model save_state log log_metrics save_metrics push_to_hub create_model_card store_flos _save_checkpoint
    _maybe_log_save_evaluate _memory_tracker_start init_hf_repo
""".split()
_PRIVATE = {
    "use_apex": False, "use_amp": False, "use_cuda_amp": False, "use_cpu_amp": False, "do_grad_scaling": False,
    "sharded_dpp": None, "sharded_ddp": None, "deepspeed": None, "fsdp": None, "hp_name": None, "tb_writer": None,
    "current_gradient_accumulation_steps": 1, "is_model_parallel": False, "place_model_on_device": False,
    "is_fsdp_xla_enabled": False,
}  # fmt: skip
"""What trainers of older versions keep of themselves, and loops that scripts took over from them ask for."""


def install(session: Session) -> None:
    """Patch the trainer and its arguments as soon as transformers defines them."""
    training_arguments.install(session)
    session.on_import("transformers.trainer", lambda module: _patch_trainer(module, session))


def _patch_trainer(module: Any, session: Session) -> None:
    cls = module.Trainer
    module.get_reporting_integration_callbacks = lambda report_to: []
    if not hasattr(module, "DistributedType"):
        names = ("NO", "MULTI_GPU", "DEEPSPEED", "FSDP", "MEGATRON_LM", "XLA", "TPU")
        module.DistributedType = types.SimpleNamespace(**{name: name for name in names})

    patch_function(cls, "__init__", partial(training_arguments.taking_old_names, session))
    patch_function(cls, "compute_loss", partial(_telling_loss, session))
    cls.create_accelerator_and_postprocess = _accelerator
    cls._move_model_to_device = lambda self, model, device: None
    for name, value in _PRIVATE.items():
        if not hasattr(cls, name):
            setattr(cls, name, value)
    cls._inner_training_loop = _train
    cls.train = _train
    cls.evaluate = _evaluate
    cls.predict = _predict
    cls.hyperparameter_search = _search
    cls.evaluation_loop = cls.prediction_loop = _one_batch
    for name in _LEFT_OUT:
        if hasattr(cls, name):
            setattr(cls, name, lambda self, *args, **kwargs: None)


def _telling_loss(session: Session, original: Any) -> Any:
    """``compute_loss``, which tells what the model returned before it takes the loss from it."""

    def compute_loss(self: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
        if getattr(self, "label_smoother", None) is not None:  # it takes the scores, and computes the loss itself
            return original(self, model, *args, **kwargs)
        hook = model.register_forward_hook(lambda module, inputs, output: _tell_loss(session, module, output))
        try:
            return original(self, model, *args, **kwargs)
        finally:
            hook.remove()

    return compute_loss


def _tell_loss(session: Session, model: Any, output: Any) -> None:
    """The event ``trainer_loss``: the entry ``loss`` of a dict, the first part of anything else."""
    of, fields, taken = "other", None, None
    if isinstance(output, dict):
        of, fields, taken = "dict", [str(key) for key in output], output.get("loss")
    elif isinstance(output, torch.Tensor):
        of, taken = "tensor", output
    elif isinstance(output, (tuple, list)) and output:
        of, taken = "tuple", output[0]
    elif output is None:
        of = "none"
    session.event("trainer_loss", of=of, fields=fields, taken=taken, returned=returned_by(type(model)))


def _accelerator(trainer: Any) -> None:
    from shapecheck.tracer.standins.absent.accelerate import Accelerator

    trainer.accelerator = Accelerator()
    trainer.gather_function = trainer.accelerator.gather
    trainer.is_deepspeed_enabled = trainer.is_fsdp_enabled = trainer.is_tp_enabled = False


def _train(self: Any, *args: Any, **kwargs: Any) -> Any:
    """Training up to where the engine ends the loader, then one evaluation batch."""
    from transformers.trainer_utils import TrainOutput

    loader = self.get_train_dataloader()
    _optimizer(self)
    self.is_in_train = True
    self.current_gradient_accumulation_steps = 1
    step_takes = inspect.signature(self.training_step).parameters
    loss: Any = torch.zeros(())
    for inputs in loader:
        more = (None,) if len(step_takes) > 2 else ()
        loss = self.training_step(self.model, inputs, *more)
        self.optimizer.step()
        self.model.zero_grad()
        self.state.global_step += 1
    self.is_in_train = False
    if self.eval_dataset is not None and (self.compute_metrics is not None or self.args.do_eval):
        self.evaluate()
    return TrainOutput(self.state.global_step, loss.item(), {"train_loss": 0.0, "train_runtime": 0.0})


def _search(self: Any, hp_space: Any = None, *args: Any, **options: Any) -> Any:
    """One trial, with the arguments as they are."""
    from transformers.trainer_utils import BestRun

    if self.model_init is not None:
        self.model = self.model_init()
    self.train()
    return BestRun("0", 0.5, {})


def _optimizer(trainer: Any) -> None:
    overridden = type(trainer).create_optimizer.__module__ != "transformers.trainer"
    if overridden or type(trainer).create_optimizer_and_scheduler.__module__ != "transformers.trainer":
        trainer.create_optimizer_and_scheduler(num_training_steps=100)
    if trainer.optimizer is None:
        trainable = [parameter for parameter in trainer.model.parameters() if parameter.requires_grad]
        trainer.optimizer = torch.optim.AdamW(trainable, lr=trainer.args.learning_rate)


def _evaluate(
    self: Any, eval_dataset: Any = None, ignore_keys: Any = None, metric_key_prefix: str = "eval", **options: Any
) -> dict[str, float]:
    """One batch of each evaluation set, through ``compute_metrics``."""
    data = self.eval_dataset if eval_dataset is None else eval_dataset
    if isinstance(data, dict):
        results: dict[str, float] = {}
        for name, part in data.items():
            results |= _evaluate(self, part, ignore_keys, f"{metric_key_prefix}_{name}")
        return results
    _remember_generation(self, options)
    loader = self.get_eval_dataloader(data)
    only_loss = True if self.compute_metrics is None else None
    found = self.evaluation_loop(
        loader,
        description="Evaluation",
        prediction_loss_only=only_loss,
        ignore_keys=ignore_keys,
        metric_key_prefix=metric_key_prefix,
    )
    return dict(found.metrics)


def _predict(
    self: Any, test_dataset: Any, ignore_keys: Any = None, metric_key_prefix: str = "test", **options: Any
) -> Any:
    """One batch of predictions, through ``compute_metrics``."""
    from transformers.trainer_utils import PredictionOutput

    _remember_generation(self, options)
    found = self.evaluation_loop(
        self.get_test_dataloader(test_dataset),
        description="Prediction",
        ignore_keys=ignore_keys,
        metric_key_prefix=metric_key_prefix,
    )
    return PredictionOutput(predictions=found.predictions, label_ids=found.label_ids, metrics=found.metrics)


def _remember_generation(trainer: Any, options: dict[str, Any]) -> None:
    if hasattr(type(trainer), "_gen_kwargs") or "Seq2Seq" in "".join(c.__name__ for c in type(trainer).__mro__):
        trainer._gen_kwargs = options


def _one_batch(
    trainer: Any,
    dataloader: Any,
    description: str = "",
    prediction_loss_only: bool | None = None,
    ignore_keys: Any = None,
    metric_key_prefix: str = "eval",
) -> Any:
    """``evaluation_loop``, of the first batch."""
    from transformers.trainer_pt_utils import nested_numpify
    from transformers.trainer_utils import EvalLoopOutput, EvalPrediction

    prefix, rows = metric_key_prefix, 0
    trainer.model.eval()
    loss, logits, labels = None, None, None
    with torch.no_grad():
        for inputs in dataloader:
            only_loss = bool(prediction_loss_only)
            loss, logits, labels = trainer.prediction_step(trainer.model, inputs, only_loss, ignore_keys=ignore_keys)
            rows = next((len(value) for value in inputs.values() if isinstance(value, torch.Tensor)), 1)
            if logits is not None and trainer.preprocess_logits_for_metrics is not None:
                logits = trainer.preprocess_logits_for_metrics(logits, labels)
            break
    metrics: dict[str, Any] = {} if loss is None else {f"{prefix}_loss": loss.mean().item()}
    predictions = nested_numpify(logits) if logits is not None else None
    label_ids = nested_numpify(labels) if labels is not None else None
    if trainer.compute_metrics is not None and predictions is not None and label_ids is not None:
        found = trainer.compute_metrics(EvalPrediction(predictions=predictions, label_ids=label_ids)) or {}
        metrics |= {key if key.startswith(prefix) else f"{prefix}_{key}": value for key, value in found.items()}
    return EvalLoopOutput(predictions=predictions, label_ids=label_ids, metrics=metrics, num_samples=rows)
