"""``from_pretrained`` of models and configs: the real classes, from what is known of the checkpoint, without weights.

Patched, not wrapped: the real ``from_pretrained`` breaks among abstract tensors. Everything after the config is
known is transformers' own code (class lookup, keyword effects on the config, construction).
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import TYPE_CHECKING, Any

import torch

from shapecheck.tracer.child import shrinking
from shapecheck.tracer.child.fakes import is_fake
from shapecheck.tracer.standins import mismatch
from shapecheck.tracer.standins.patching import patch_classmethod, patch_function

if TYPE_CHECKING:
    from shapecheck.tracer.child.session import Session
    from shapecheck.tracer.standins.checkpoints import Checkpoints

_DOWNLOAD = frozenset(
    """
    cache_dir force_download local_files_only token use_auth_token revision proxies subfolder resume_download
    mirror use_safetensors weights_only variant _commit_hash _from_auto _from_pipeline trust_remote_code
    code_revision adapter_kwargs adapter_name user_agent
    """.split()
)
_LOADING = frozenset(
    """
    state_dict output_loading_info device_map max_memory offload_folder offload_buffers offload_state_dict
    low_cpu_mem_usage quantization_config load_in_8bit load_in_4bit _fast_init from_tf from_flax
    generation_config gguf_file tp_plan tp_size device_mesh use_kernels kernel_config key_mapping
    ignore_mismatched_sizes allow_all_kernels distributed_config fusion_config disable_mmap tqdm_class
    use_flash_attention_2
    """.split()
)


def install(session: Session) -> None:
    """Patch configs, models and Auto classes as soon as transformers defines them."""
    holder: list[Checkpoints] = []

    def checkpoints() -> Checkpoints:
        if not holder:
            from shapecheck.tracer.standins.checkpoints import Checkpoints

            holder.append(Checkpoints(session))
        return holder[0]

    session.on_import("transformers.configuration_utils", lambda module: _patch_configs(module, checkpoints))
    session.on_import("transformers.modeling_utils", lambda module: _patch_models(module, session, checkpoints))
    session.on_import("transformers.models.auto.auto_factory", lambda module: _patch_auto(module))


def _patch_configs(module: ModuleType, checkpoints: Callable[[], Checkpoints]) -> None:
    base = getattr(module, "PreTrainedConfig", None) or module.PretrainedConfig

    def get_config_dict(cls: Any, name: Any, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        name = str(name)
        if checkpoints().is_local(name, kwargs.get("subfolder") or ""):
            from shapecheck.tracer.standins.checkpoints import local_folder

            folder = local_folder(name, ["config.json"], kwargs.get("subfolder") or "") or name
            config, unused = original(cls, folder, **{**kwargs, "local_files_only": True})
            return {**config, "_name_or_path": name}, unused
        for key in _DOWNLOAD:
            if key not in ("_from_auto", "_from_pipeline"):
                kwargs.pop(key, None)
        config = checkpoints().stand(name, cls.model_type or None).config
        return {**config, "_name_or_path": name}, kwargs

    def save_pretrained(self: Any, save_directory: Any, *args: Any, **kwargs: Any) -> None:
        checkpoints().save(save_directory, self.to_dict())

    original: Any = patch_classmethod(base, "get_config_dict", get_config_dict)
    base.save_pretrained = save_pretrained


def _patch_models(module: ModuleType, session: Session, checkpoints: Callable[[], Checkpoints]) -> None:
    base = module.PreTrainedModel

    def from_pretrained(cls: Any, name: Any = None, *model_args: Any, config: Any = None, **kwargs: Any) -> Any:
        loading = {key: kwargs.pop(key) for key in _LOADING if key in kwargs}
        dtype = _dtype(kwargs.pop("dtype", None), kwargs.pop("torch_dtype", None))
        attention = kwargs.pop("attn_implementation", None)
        if not hasattr(config, "to_dict"):
            config, kwargs = cls.config_class.from_pretrained(
                name if config is None else config, return_unused_kwargs=True, **kwargs
            )
        else:
            config = copy.deepcopy(config)
            kwargs = {key: value for key, value in kwargs.items() if key not in _DOWNLOAD}
        attention = attention or getattr(config, "_attn_implementation", None)
        if attention is not None:
            config._attn_implementation = _without_kernels(session, attention)
        config.name_or_path = str(name)
        if session.concrete:
            shrinking.shallow(config)
        with _building(dtype, weights=session.concrete):
            model = cls(config, *model_args, **kwargs)
            own = checkpoints().own_config(str(name), config)
            found = mismatch.mismatched(model, own, config) if own is not None else {}
        model.eval()
        ignored = bool(loading.get("ignore_mismatched_sizes"))
        session.event("load", checkpoint=str(name), module=model, mismatched=found, ignored=ignored)
        if found and not ignored:
            raise mismatch.error(model, found)
        return (model, _nothing_missing()) if loading.get("output_loading_info") else model

    def save_pretrained(self: Any, save_directory: Any, *args: Any, **kwargs: Any) -> None:
        checkpoints().save(save_directory, {**self.config.to_dict(), "architectures": [type(self).__name__]})

    patch_classmethod(base, "from_pretrained", from_pretrained)
    base.save_pretrained = save_pretrained
    base.push_to_hub = lambda self, *args, **kwargs: None
    patch_function(base, "_init_added_embeddings_weights_with_mean", _unless_abstract)


def _unless_abstract(fill: Callable[..., None]) -> Callable[..., None]:
    """Nothing for abstract embeddings: what rows new words get is a matter of numbers, which they have not."""

    def filled(self: Any, old_embeddings: Any, *args: Any, **kwargs: Any) -> None:
        if not is_fake(old_embeddings.weight):
            fill(self, old_embeddings, *args, **kwargs)

    return filled


def _patch_auto(module: ModuleType) -> None:
    def from_pretrained(cls: Any, name: Any, *model_args: Any, config: Any = None, **kwargs: Any) -> Any:
        from transformers import AutoConfig

        passed = {key: kwargs.pop(key) for key in (*sorted(_LOADING), "dtype", "torch_dtype") if key in kwargs}
        if not hasattr(config, "to_dict"):
            config, kwargs = AutoConfig.from_pretrained(
                name if config is None else config, return_unused_kwargs=True, **kwargs
            )
        if type(config) not in cls._model_mapping:
            names = ", ".join(known.__name__ for known in cls._model_mapping)
            raise ValueError(
                f"Unrecognized configuration class {config.__class__} for this kind of AutoModel: {cls.__name__}.\n"
                f"Model type should be one of {names}."
            )
        model_class = module._get_model_class(config, cls._model_mapping)
        return model_class.from_pretrained(name, *model_args, config=config, **passed, **kwargs)

    patch_classmethod(module._BaseAutoModelClass, "from_pretrained", from_pretrained)


def _without_kernels(session: Session, attention: Any) -> Any:
    """An implementation of attention that needs no GPU: those that do give tensors of the same shapes."""
    if not isinstance(attention, str) or attention in ("eager", "sdpa", "flex_attention"):
        return attention
    session.assume(f"attention by {attention} is traced as sdpa: the shapes are the same")
    return "sdpa"


def _dtype(*given: Any) -> torch.dtype | None:
    for value in given:
        if isinstance(value, torch.dtype):
            return value
        if isinstance(value, str) and value != "auto":
            named = getattr(torch, value.removeprefix("torch."), None)
            return named if isinstance(named, torch.dtype) else None
    return None


@contextlib.contextmanager
def _building(dtype: torch.dtype | None, weights: bool = False) -> Iterator[None]:
    """The given dtype for new parameters, and no initial ``weights`` unless they are wanted."""
    try:
        from transformers.initialization import no_init_weights
    except ImportError:  # transformers 4
        from transformers.modeling_utils import no_init_weights
    before = torch.get_default_dtype()
    with contextlib.nullcontext() if weights else no_init_weights():
        if dtype is not None:
            torch.set_default_dtype(dtype)
        try:
            yield
        finally:
            torch.set_default_dtype(before)


def _nothing_missing() -> dict[str, list[str]]:
    return {"missing_keys": [], "unexpected_keys": [], "mismatched_keys": [], "error_msgs": []}
