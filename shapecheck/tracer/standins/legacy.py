"""Names that the installed transformers no longer has, but scripts written for an older one import."""

from __future__ import annotations

import contextlib
import functools
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import re
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any

from shapecheck.tracer.child.frames import is_user_file
from shapecheck.tracer.standins.absorb import Absorbing
from shapecheck.tracer.standins.patching import patch_function

if TYPE_CHECKING:
    from shapecheck.tracer.child.session import Session

_RENAMED = {
    "AutoModelWithLMHead": "AutoModelForCausalLM",
    "AutoModelForVision2Seq": "AutoModelForImageTextToText",
    "AutoModelForPretraining": "AutoModelForPreTraining",
}
_FOLDERS = re.compile(r"transformers\.(modeling|tokenization|configuration)_([a-z0-9]+)$")


_MODULES = """
    file_utils utils trainer_utils trainer_pt_utils trainer trainer_callback integrations generation_utils
    modeling_utils modeling_outputs tokenization_utils tokenization_utils_base optimization data.data_collator
    training_args
""".split()


def install(session: Session) -> None:
    """Answer for names and modules that are gone."""
    session.on_import("transformers", lambda module: _patch(module, session))
    for name in _MODULES:
        session.on_import(f"transformers.{name}", lambda module: _forgiving(module, session))
    session.on_import("transformers.tokenization_utils_base", lambda module: _old_encoders(module, session))
    sys.meta_path.append(_OldModules())


def _patch(module: Any, session: Session) -> None:
    def look_up(original: Any) -> Any:
        def get(self: Any, name: str) -> Any:
            try:
                return original(self, name)
            except AttributeError:
                found = _successor(self, name) if self.__name__ == "transformers" else None
                if found is None:
                    raise
            session.assume(f"transformers.{name} is not in the installed version: {found.__name__} stands in")
            setattr(self, name, found)
            return found

        return get

    patch_function(type(module), "__getattr__", look_up)


def _forgiving(module: Any, session: Session) -> None:
    """Let the script import names from a module that no longer has them: from where they are now, or as left out."""
    own = vars(module).get("__getattr__")

    def gone(name: str) -> Any:
        if own is not None:
            with contextlib.suppress(AttributeError):
                return own(name)
        importer = sys._getframe(1)
        while importer.f_code.co_filename.startswith("<frozen importlib") and importer.f_back is not None:
            importer = importer.f_back
        if name.startswith("__") or not is_user_file(importer.f_code.co_filename):
            raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")
        found = getattr(sys.modules["transformers"], name, None)
        if found is not None:
            session.assume(f"{module.__name__}.{name} is not in the installed version: transformers.{name} stands in")
            return found
        session.assume(f"{module.__name__}.{name} is not in the installed version: what it does is left out")
        return functools.cached_property if name == "cached_property" else Absorbing(f"{module.__name__}.{name}")

    module.__getattr__ = gone


def _successor(module: Any, name: str) -> Any:
    if name == "AdamW":
        return _adamw()
    if name in _RENAMED:
        return getattr(module, _RENAMED[name])
    if name.endswith("FeatureExtractor"):
        return getattr(module, name.removesuffix("FeatureExtractor") + "ImageProcessor", None)
    return None


def _old_encoders(module: Any, session: Session) -> None:
    """``encode_plus`` and ``batch_encode_plus``: since transformers 5 the tokenizer itself is called."""
    base = module.PreTrainedTokenizerBase

    def encode_plus(self: Any, text: Any, text_pair: Any = None, **options: Any) -> Any:
        session.assume("encode_plus is not in the installed transformers: the tokenizer itself is called")
        if isinstance(text, (list, tuple)):  # the words of one text, where a call takes them for several
            options["is_split_into_words"] = True
        return self(text, text_pair, **_padded(options))

    def batch_encode_plus(self: Any, batch_text_or_text_pairs: Any, **options: Any) -> Any:
        session.assume("batch_encode_plus is not in the installed transformers: the tokenizer itself is called")
        texts = list(batch_text_or_text_pairs)
        if texts and not isinstance(texts[0], str) and not options.get("is_split_into_words"):
            first, second = (list(part) for part in zip(*texts, strict=True))
            return self(first, second, **_padded(options))
        return self(texts, **_padded(options))

    for function in (encode_plus, batch_encode_plus):
        if not hasattr(base, function.__name__):
            setattr(base, function.__name__, function)


def _padded(options: dict[str, Any]) -> dict[str, Any]:
    if options.pop("pad_to_max_length", False):
        options.setdefault("padding", "max_length")
    return options


def _adamw() -> type:
    import torch

    class AdamW(torch.optim.AdamW):  # type: ignore[misc]
        """PyTorch's, with the arguments of transformers' own."""

        def __init__(self, params: Any, *args: Any, correct_bias: bool = True, **options: Any) -> None:
            options.pop("no_deprecation_warning", None)
            super().__init__(params, *args, **options)

    return AdamW


class _OldModules(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """``transformers.modeling_bert`` is ``transformers.models.bert.modeling_bert`` since version 4."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        now = _moved(fullname)
        if now is None or importlib.util.find_spec(now) is None:
            return None
        return importlib.machinery.ModuleSpec(fullname, self)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        return importlib.import_module(_moved(spec.name) or spec.name)

    def exec_module(self, module: ModuleType) -> None:
        return None


def _moved(fullname: str) -> str | None:
    found = _FOLDERS.match(fullname)
    return f"transformers.models.{found[2]}.{found[1]}_{found[2]}" if found else None
