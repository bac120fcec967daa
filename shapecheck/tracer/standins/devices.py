"""Accelerators that are not there: CUDA, MPS and friends become the CPU; one process stands for a whole cluster."""

from __future__ import annotations

import contextlib
import sys
import types
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch.overrides import TorchFunctionMode

from shapecheck.tracer.child.frames import is_user_file
from shapecheck.tracer.standins.absorb import Absorbing, holds_unknown
from shapecheck.tracer.standins.patching import patch_function
from shapecheck.tracer.standins.script import gives_up_without

if TYPE_CHECKING:
    from shapecheck.tracer.child.session import Session

_REAL = ("cpu", "meta")
_DO_NOTHING = """
    set_device synchronize empty_cache ipc_collect init reset_peak_memory_stats reset_max_memory_allocated manual_seed
    manual_seed_all seed seed_all set_per_process_memory_fraction reset_max_memory_cached set_rng_state
    set_rng_state_all reset_accumulated_memory_stats
""".split()
_ARE_ZERO = """
    max_memory_allocated memory_allocated memory_reserved max_memory_reserved memory_cached max_memory_cached
    current_device current_allocated_memory driver_allocated_memory
""".split()
_SCALER = {
    "scale": 65536.0,
    "growth_factor": 2.0,
    "backoff_factor": 0.5,
    "growth_interval": 2000,
    "_growth_tracker": 0,
}
"""What the state of a new gradient scaler is where there is CUDA."""
_DTYPES = ("Float", "Double", "Half", "BFloat16", "Long", "Int", "Short", "Char", "Byte", "Bool")


def install(session: Session) -> None:
    """Make every device of the script the CPU, and every distributed call that of a lone process."""
    _CpuOnly().__enter__()
    _modules()
    _cuda()
    _availability(session)
    _generators()
    _distributed()
    torch.amp.GradScaler.state_dict = lambda self: dict(_SCALER)  # without CUDA it is switched off, and empty
    torch.compile = _compile
    patch_function(torch, "from_numpy", _knowing)
    torch.jit.script = torch.jit.trace = _unchanged
    torch.nn.Module.compile = _unchanged
    torch.nn.DataParallel = torch.nn.parallel.DataParallel = _SameModule
    torch.nn.parallel.DistributedDataParallel = _SameModule
    synced: Any = torch.nn.SyncBatchNorm  # refuses the CPU; of one process it is the plain one
    synced.convert_sync_batchnorm = classmethod(lambda cls, module, *args, **kwargs: module)
    synced.forward = torch.nn.modules.batchnorm._BatchNorm.forward
    synced._check_input_dim = synced._check_non_zero_input_channels = lambda self, input: None


class _CpuOnly(TorchFunctionMode):  # type: ignore[misc]
    """Rewrites the device among the arguments of every torch function; lies below the recording mode."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        name = getattr(func, "__name__", "")
        if name in _MOVES and args:
            return args[0]
        if name == "pin_memory" and args:
            return args[0]
        if holds_unknown(args, 2 if name in _FROM_DATA else 1):
            return Absorbing(f"torch.{name}()")
        if "device" in kwargs and not is_real_device(kwargs["device"]):
            kwargs = {**kwargs, "device": "cpu"}
        if name == "to":
            args = tuple(_on_cpu(arg) for arg in args)
        return func(*args, **kwargs)


_FROM_DATA = ("tensor", "as_tensor", "asarray", "stack", "cat")
_MOVES = ("cuda", "xpu", "npu", "ipu", "hpu", "mtia")


def is_real_device(device: Any) -> bool:
    """Whether a device argument names one that is there: the CPU, meta, or none."""
    if device is None:
        return True
    if isinstance(device, int) and not isinstance(device, bool):
        return False
    if isinstance(device, torch.device):
        return device.type in _REAL
    return isinstance(device, str) and device.split(":")[0] in _REAL


def _on_cpu(arg: Any) -> Any:
    if isinstance(arg, (str, torch.device)) or (isinstance(arg, int) and not isinstance(arg, bool)):
        return arg if is_real_device(arg) else "cpu"
    return arg


def _modules() -> None:
    def to(original: Callable[..., Any]) -> Callable[..., Any]:
        def moved(self: Any, *args: Any, **kwargs: Any) -> Any:
            if "device" in kwargs:
                kwargs["device"] = _on_cpu(kwargs["device"])
            args = tuple(_on_cpu(arg) for arg in args)
            only_device = not any(isinstance(a, (torch.dtype, torch.Tensor)) for a in (*args, *kwargs.values()))
            to_meta = any(str(a) == "meta" for a in (*args, kwargs.get("device")))
            if only_device and not to_meta and "memory_format" not in kwargs:
                return self
            return original(self, *args, **kwargs)

        return moved

    patch_function(torch.nn.Module, "to", to)
    for name in _MOVES:
        patch_function(torch.nn.Module, name, lambda original: lambda self, *args, **kwargs: self)


def _knowing(original: Callable[..., Any]) -> Callable[..., Any]:
    return lambda array: Absorbing("torch.from_numpy()") if holds_unknown(array) else original(array)


def _unchanged(value: Any = None, *args: Any, **kwargs: Any) -> Any:
    return value


def _compile(model: Any = None, *args: Any, **kwargs: Any) -> Any:
    return (lambda function: function) if model is None else model


class _SameModule(torch.nn.Module):  # type: ignore[misc]
    """``DataParallel`` of one device: it calls the module within, and shows it as ``.module``."""

    def __init__(self, module: torch.nn.Module, *args: Any, **kwargs: Any) -> None:
        super().__init__()
        self.module = module

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self.module(*args, **kwargs)

    def no_sync(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()


class _Moment:
    """A CUDA stream, event or graph: nothing to wait for."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def __enter__(self) -> _Moment:
        return self

    def __exit__(self, *exc: object) -> None:
        return None

    def elapsed_time(self, end: Any = None) -> float:
        return 1.0

    def query(self) -> bool:
        return True

    def __getattr__(self, name: str) -> Callable[..., None]:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *args, **kwargs: None


def _cuda() -> None:
    """Functions of ``torch.cuda`` that a script may call without asking whether there is a GPU."""
    for module in (torch.cuda, torch.mps, torch.xpu):
        for names, value in ((_DO_NOTHING, None), (_ARE_ZERO, 0)):
            for name in names:
                if hasattr(module, name):
                    setattr(module, name, _always(value))
        for name in ("Stream", "Event", "CUDAGraph"):
            if hasattr(module, name):
                setattr(module, name, _Moment)
    cuda: Any = torch.cuda
    cuda.get_device_name = lambda *args, **kwargs: "CPU"
    cuda.get_device_capability = lambda *args, **kwargs: (8, 0)
    cuda.get_device_properties = lambda *args, **kwargs: types.SimpleNamespace(
        name="CPU", total_memory=16 * 2**30, major=8, minor=0, multi_processor_count=1
    )
    cuda.mem_get_info = lambda *args, **kwargs: (16 * 2**30, 16 * 2**30)
    cuda.memory_summary = lambda *args, **kwargs: ""
    cuda.current_stream = cuda.default_stream = lambda *args, **kwargs: _Moment()
    cuda.get_rng_state = lambda *args, **kwargs: torch.get_rng_state()
    cuda.get_rng_state_all = list
    cuda.device = cuda.stream = cuda.graph = _Moment
    for name in _DTYPES:
        setattr(cuda, f"{name}Tensor", getattr(torch, f"{name}Tensor", None))


def _availability(session: Session) -> None:
    """No accelerator is there, unless the script would give up without one."""

    def needed() -> bool:
        if not is_user_file(sys._getframe(1).f_code.co_filename):  # torch asks too, for every operator
            return False
        span = session.user_span()
        return span is not None and gives_up_without(span.path, span.line)

    def count() -> int:
        """One for the script, whose ``range(device_count())`` then does what a GPU would do."""
        return int(is_user_file(sys._getframe(1).f_code.co_filename))

    torch.cuda.device_count = count
    accelerator: Any = getattr(torch, "accelerator", None)
    for module in (torch.cuda, torch.mps, torch.xpu, torch.backends.mps, accelerator):
        if hasattr(module, "is_available"):
            module.is_available = needed
    if accelerator is not None:
        accelerator.current_accelerator = lambda *args, **kwargs: torch.device("cpu")


def _generators() -> None:
    class Generator(torch.Generator):  # type: ignore[misc]
        """A generator of random numbers on the CPU, whatever device it is asked for."""

        def __new__(cls, device: Any = None) -> Any:
            return super().__new__(cls, device="cpu")

    torch.Generator = Generator


def _distributed() -> None:
    """One process: rank 0 of 1; what is reduced, gathered or sent stays as it is."""
    distributed: Any = torch.distributed
    constants = {
        "get_rank": 0,
        "get_world_size": 1,
        "get_node_local_rank": 0,
        "get_backend": "gloo",
        "destroy_process_group": None,
        "barrier": None,
        "monitored_barrier": None,
        "new_group": None,
        "all_reduce": None,
        "reduce": None,
        "broadcast": None,
        "broadcast_object_list": None,
        "send": None,
        "recv": None,
    }
    started: list[bool] = []
    distributed.init_process_group = lambda *args, **kwargs: started.append(True)
    distributed.is_initialized = lambda: bool(started)
    for name, value in constants.items():
        setattr(distributed, name, _always(value))
    distributed.all_gather = distributed.all_gather_object = _gather_into
    distributed.gather = _gather
    distributed.all_gather_into_tensor = lambda out, tensor, *args, **kwargs: out.copy_(tensor)


def _gather(tensor: Any, gather_list: list[Any] | None = None, *args: Any, **kwargs: Any) -> None:
    if gather_list is not None:
        _gather_into(gather_list, tensor)


def _always(value: Any) -> Callable[..., Any]:
    return lambda *args, **kwargs: value


def _gather_into(gathered: list[Any], mine: Any, *args: Any, **kwargs: Any) -> None:
    gathered[:] = [mine for _ in gathered]
