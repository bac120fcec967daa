"""What trains a model and leaves shapes alone: optimizers, schedulers, mixed precision, gradients, accelerate."""

from __future__ import annotations

import ast

from shapecheck.graph import Tensor
from shapecheck.interp.library.registry import HANDLERS, Handler, Opaque, first, handles, none, unknown, words
from shapecheck.interp.values import Bound, CallArgs, Const, Context, Items, Machine, TensorValue, Unknown, Value
from shapecheck.shapes import Shape

_CONTEXTS = {
    "torch.no_grad": "no_grad",
    "torch.inference_mode": "no_grad",
    "torch.autograd.no_grad": "no_grad",
    "torch.enable_grad": None,
    "torch.set_grad_enabled": None,
    "torch.autograd.set_grad_enabled": None,
    "torch.autograd.set_detect_anomaly": None,
    "torch.autograd.profiler.profile": None,
    "torch.autograd.profiler.record_function": None,
    "torch.profiler.profile": None,
    "torch.profiler.record_function": None,
    "torch.autocast": None,
    "torch.amp.autocast": None,
    "torch.cuda.amp.autocast": None,
    "torch.cpu.amp.autocast": None,
    "torch.cuda.device": None,
    "torch.cuda.stream": None,
    "torch.random.fork_rng": None,
    "torch.nn.attention.sdpa_kernel": None,
    "torch.backends.cuda.sdp_kernel": None,
    "contextlib.nullcontext": None,
    "contextlib.suppress": None,
    "warnings.catch_warnings": None,
}
"""Context managers, and the guard under which their body runs."""


def _context(guard: str | None) -> Handler:
    def handler(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        # ``@torch.no_grad`` without brackets hands over the function itself.
        from shapecheck.interp.values import Function

        if args.positional and isinstance(args.positional[0], Function):
            return args.positional[0]
        return Context(Const(None), guard)

    return handler


for _name, _guard in _CONTEXTS.items():
    HANDLERS[_name] = _context(_guard)


def _opaque(kind: str) -> Handler:
    return lambda args, machine, node: Opaque(kind)


for _name in ("GradScaler", "cuda.amp.GradScaler", "amp.GradScaler", "amp.grad_scaler.GradScaler"):
    HANDLERS[f"torch.{_name}"] = _opaque("scaler")
for _name in (
    "device",
    "Generator",
    "cuda.Event",
    "cuda.Stream",
    "cuda.current_device",
    "utils.tensorboard.SummaryWriter",
    "cuda.get_device_properties",
):
    HANDLERS[f"torch.{_name}"] = _opaque(_name)

_NONE = words("""
    torch.manual_seed torch.cuda.manual_seed torch.cuda.manual_seed_all torch.cuda.empty_cache torch.cuda.set_device
    torch.cuda.synchronize torch.set_default_dtype torch.set_default_device torch.set_default_tensor_type
    torch.set_num_threads torch.set_float32_matmul_precision torch.set_printoptions
    torch.use_deterministic_algorithms torch.distributed.init_process_group torch.distributed.barrier
    torch.distributed.destroy_process_group torch.backends.cudnn.deterministic
    torch.multiprocessing.set_start_method torch.seed torch.autograd.backward torch.nn.utils.clip_grad_value_
    transformers.set_seed transformers.utils.logging.set_verbosity_error transformers.logging.set_verbosity_error
    transformers.logging.set_verbosity_warning transformers.logging.set_verbosity_info
    transformers.utils.logging.set_verbosity transformers.utils.logging.set_verbosity_info
    transformers.utils.logging.set_verbosity_warning transformers.utils.logging.enable_default_handler
    transformers.utils.logging.enable_explicit_format transformers.utils.send_example_telemetry
    transformers.utils.versions.require_version
""")
for _name in _NONE:
    HANDLERS[_name] = none

_UNKNOWN = words("""
    torch.cuda.is_available torch.cuda.device_count torch.backends.mps.is_available
    torch.distributed.is_initialized torch.distributed.get_rank torch.distributed.get_world_size torch.is_tensor
    torch.is_grad_enabled torch.get_default_dtype torch.cuda.get_device_name torch.cuda.memory_allocated
    torch.cuda.max_memory_allocated torch.initial_seed torch.distributed.is_available torch.hub.load
    torch.cuda.is_bf16_supported torch.xpu.is_available torch.finfo torch.iinfo torch.nn.init.calculate_gain
    torch.is_autocast_enabled torch.jit.is_scripting
    torch.utils.data.SequentialSampler torch.utils.data.RandomSampler torch.utils.data.DistributedSampler
    torch.utils.data.WeightedRandomSampler torch.utils.data.SubsetRandomSampler
    torch.utils.data.sampler.SequentialSampler torch.utils.data.sampler.RandomSampler
    torch.utils.data.sampler.WeightedRandomSampler torch.utils.data.sampler.SubsetRandomSampler
    torch.utils.data.distributed.DistributedSampler transformers.utils.logging.get_logger
""")
for _name in _UNKNOWN:
    HANDLERS[_name] = unknown

_FIRST = words("""
    torch.compile torch.jit.script torch.jit.trace torch.nn.utils.weight_norm torch.nn.utils.spectral_norm
    torch.jit.ignore torch.jit.export torch.nn.utils.parametrizations.weight_norm
    torch.nn.utils.parametrizations.spectral_norm torch.nn.SyncBatchNorm.convert_sync_batchnorm torch.jit.unused
    torch._dynamo.disable torch.compiler.disable torch.cuda.amp.custom_fwd
    torch.cuda.amp.custom_bwd torch.amp.custom_fwd torch.amp.custom_bwd torch.fx.wrap
""")
for _name in _FIRST:
    HANDLERS[_name] = first
for _name in words("""
    uniform_ normal_ constant_ ones_ zeros_ eye_ xavier_uniform_ xavier_normal_ kaiming_uniform_ kaiming_normal_
    trunc_normal_ orthogonal_ sparse_ dirac_ xavier_uniform xavier_normal kaiming_normal kaiming_uniform normal
    uniform constant
"""):
    HANDLERS[f"torch.nn.init.{_name}"] = first


@handles("torch.nn.utils.clip_grad_norm_", "torch.nn.utils.clip_grad.clip_grad_norm_")
def _clipped(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    return TensorValue(Tensor(Shape(())))


@handles("torch.utils.checkpoint.checkpoint")
def _checkpointed(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    """Activation checkpointing calls the function with the other arguments."""
    if not args.positional:
        return Unknown()
    kept = {
        name: value
        for name, value in args.keywords.items()
        if name not in ("use_reentrant", "preserve_rng_state", "context_fn")
    }
    rest = CallArgs(
        args.positional[1:],
        kept,
        args.nodes[1:],
        {k: v for k, v in args.keyword_nodes.items() if k in kept},
        args.exact,
    )
    return machine.call(args.positional[0], rest, node)


class Accelerator(Opaque):
    """``accelerate.Accelerator()``: ``prepare`` gives its arguments back."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__("accelerator")

    def attribute(self, name: str, machine: Machine, node: ast.AST) -> Value:
        if name in (
            "prepare",
            "unwrap_model",
            "gather",
            "gather_for_metrics",
            "prepare_model",
            "prepare_data_loader",
            "accumulate",
            "autocast",
        ):
            return Bound(self, name)
        return super().attribute(name, machine, node)

    def method(self, name: str, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        match name:
            case "prepare":
                return (
                    args.positional[0]
                    if len(args.positional) == 1
                    else Items("tuple", list(args.positional) if args.exact else None)
                )
            case "unwrap_model" | "prepare_model" | "prepare_data_loader":
                return first(args, machine, node)
            case "accumulate" | "autocast":
                return Context(Const(None))
        return Unknown()


@handles("accelerate.Accelerator")
def _accelerator(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    return Accelerator()


def lookup(name: str) -> Handler | None:
    """Optimizers, schedulers and their like, whatever they are called."""
    if name.startswith(("torch.optim.", "transformers.optimization.", "bitsandbytes.optim.")) or name in (
        "transformers.AdamW",
        "transformers.Adafactor",
    ):
        return _opaque("scheduler" if "lr_scheduler" in name else "optimizer")
    if name.startswith("transformers.get_") and "schedule" in name:
        return _opaque("scheduler")
    if name.startswith(
        (
            "torch.cuda.",
            "torch.distributed.",
            "torch.backends.",
            "torch.utils.tensorboard.",
            "torch.profiler.",
            "torch.multiprocessing.",
            "torch.accelerator.",
            "torch.xpu.",
            "torch.mps.",
        )
    ):
        return unknown
    return None
