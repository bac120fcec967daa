"""Patches of transformers' tokenizers: where they load from, and what the trace is told of what they give.

One whose files are there is loaded from them; any other is made (:mod:`shapecheck.tracer.standins.made_tokenizers`).
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any

import torch

from shapecheck import hub
from shapecheck.tracer.child.frames import is_user_file
from shapecheck.tracer.standins.checkpoints import local_folder
from shapecheck.tracer.standins.made_tokenizers import LOADING, make
from shapecheck.tracer.standins.patching import patch_classmethod

if TYPE_CHECKING:
    from shapecheck.tracer.child.session import Session

_ROLES = {
    "input_ids": "ids",
    "decoder_input_ids": "ids",
    "attention_mask": "mask",
    "decoder_attention_mask": "mask",
    "token_type_ids": "segments",
    "labels": "labels",
}
_FILES = ("tokenizer.json", "vocab.txt", "vocab.json", "spiece.model", "sentencepiece.bpe.model", "tokenizer.model")


def install(session: Session) -> None:
    """Patch tokenizers as soon as transformers defines them."""
    session.on_import("transformers.tokenization_utils_base", lambda module: _patch_base(module, session))
    session.on_import("transformers.models.auto.tokenization_auto", lambda module: _patch_auto(module, session))


def _patch_base(module: ModuleType, session: Session) -> None:
    def from_pretrained(cls: Any, name: Any, *inputs: Any, **kwargs: Any) -> Any:
        name = str(name)
        folder = _files_of(name, kwargs.get("subfolder") or "")
        if folder is not None:
            return _named(original(cls, folder, *inputs, **{**kwargs, "local_files_only": True}), name)
        if not cls.vocab_files_names:  # bytes or code points: needs no files
            return cls(**{key: value for key, value in kwargs.items() if key not in LOADING})
        return make(session, name, _model_type_of(cls), cls, kwargs)

    original: Any = patch_classmethod(module.PreTrainedTokenizerBase, "from_pretrained", from_pretrained)
    module.PreTrainedTokenizerBase.save_pretrained = lambda self, folder, *args, **kwargs: ()
    module.PreTrainedTokenizerBase.push_to_hub = lambda self, *args, **kwargs: None
    _mark_results(module.PreTrainedTokenizerBase, session)
    _tell_of_new_tokens(module.PreTrainedTokenizerBase, session)


def _patch_auto(module: ModuleType, session: Session) -> None:
    def from_pretrained(cls: Any, name: Any, *inputs: Any, **kwargs: Any) -> Any:
        name = str(name)
        folder = _files_of(name, kwargs.get("subfolder") or "")
        if folder is not None:
            return _named(original(cls, folder, *inputs, **{**kwargs, "local_files_only": True}), name)
        from transformers import AutoConfig

        config = kwargs.get("config") or AutoConfig.from_pretrained(name)
        model_type = kwargs.get("tokenizer_type") or config.model_type
        known = module.TOKENIZER_MAPPING_NAMES.get(model_type)
        names = [known] if isinstance(known, str) else [part for part in reversed(known or ()) if part]
        found = next((c for c in map(module.tokenizer_class_from_name, names) if c is not None), None)
        if found is not None and not found.vocab_files_names:
            return found()
        return make(session, name, model_type, found, kwargs)

    original: Any = patch_classmethod(module.AutoTokenizer, "from_pretrained", from_pretrained)


def _files_of(name: str, subfolder: str = "") -> str | None:
    """The folder with a tokenizer's own files, also one in the local hub cache; None where there is none."""
    return local_folder(name, _FILES, subfolder)


def _named(tokenizer: Any, name: str) -> Any:
    tokenizer.name_or_path = name
    return tokenizer


def _model_type_of(cls: Any) -> str:
    """The model type that a tokenizer class goes with (``BertTokenizerFast``: ``bert``)."""
    from transformers.models.auto.tokenization_auto import TOKENIZER_MAPPING_NAMES

    module = cls.__module__.split(".")
    folder = module[2].replace("_", "-") if len(module) > 2 and module[1] == "models" else ""
    for model_type in TOKENIZER_MAPPING_NAMES:
        if model_type.replace("_", "-") == folder:
            return str(model_type)
    for model_type, known in TOKENIZER_MAPPING_NAMES.items():
        if cls.__name__ in ([known] if isinstance(known, str) else known or ()):
            return str(model_type)
    return ""


def _mark_results(base: Any, session: Session) -> None:
    def marked(original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def call(self: Any, *args: Any, **kwargs: Any) -> Any:
            return mark(session, original(self, *args, **kwargs), self.padding_side)

        return call

    for name in ("__call__", "pad", "encode_plus", "batch_encode_plus", "encode"):
        if name in vars(base):
            setattr(base, name, marked(vars(base)[name]))


def _tell_of_new_tokens(base: Any, session: Session) -> None:
    """Report the tokens that the script adds; ``entries`` only where they are new to the real vocabulary too."""

    def telling(original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def call(self: Any, *args: Any, **kwargs: Any) -> Any:
            before = len(self)
            count = original(self, *args, **kwargs)
            if is_user_file(sys._getframe(1).f_code.co_filename):
                new = [token for token, number in self.get_added_vocab().items() if number >= before]
                entries = before if _is_certain(self, new) else None
                session.event("add_tokens", tokenizer=self.name_or_path, count=count, entries=entries, new=new)
            return count

        return call

    for name in ("add_tokens", "add_special_tokens"):
        setattr(base, name, telling(getattr(base, name)))


def _is_certain(tokenizer: Any, new: list[str]) -> bool:
    """Whether tokens are new to the real vocabulary, and its size is known."""
    if "_vocabulary" not in vars(tokenizer):
        return True
    facts = hub.tokenizer(tokenizer.name_or_path)
    if facts is None or facts.entries is None:
        return False
    return all(hub.surely_new(token, facts.model_type) for token in new)


def mark(session: Session, encoding: Any, side: str) -> Any:
    """Note the roles of an encoding's tensors, and on which side padding stands, if anywhere."""
    if isinstance(encoding, torch.Tensor):
        return session.mark(encoding, role="ids")
    if not hasattr(encoding, "items"):
        return encoding
    mask = encoding.get("attention_mask")
    padding = None
    if isinstance(mask, torch.Tensor):
        padding = "none" if bool(mask.all()) else side
    for key, value in encoding.items():
        if isinstance(value, torch.Tensor):
            session.mark(value, role=_ROLES.get(key), padding=padding)
    return encoding
