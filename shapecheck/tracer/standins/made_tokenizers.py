"""Tokenizers without their files: the real fast tokenizer, over a made-up vocabulary.

All options of a call (padding, truncation, pairs, words, tensors, offsets ...) are handled by transformers itself,
so ranks, lengths, keys, dtypes, containers and errors are the real ones; only the cuts within words are made up.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from shapecheck.tracer.standins import tokenizer_schemes
from shapecheck.tracer.standins.vocabulary import Vocabulary, build

if TYPE_CHECKING:
    from shapecheck.tracer.child.session import Session

LOADING = frozenset(
    """
    cache_dir force_download local_files_only token use_auth_token revision proxies subfolder resume_download
    use_fast tokenizer_type trust_remote_code code_revision config _from_auto _commit_hash gguf_file legacy
    from_slow add_prefix_space do_basic_tokenize strip_accents
    """.split()
)
"""Arguments of ``from_pretrained`` that choose what is loaded and are none of the tokenizer's own."""
_ENCODERS = {
    "_encode_plus": ("text", "text_pair"),
    "_batch_encode_plus": ("batch_text_or_text_pairs",),
    "tokenize": ("text", "pair"),
}
_OWN_ATTRIBUTES: dict[str, dict[str, Any]] = {
    "WhisperTokenizer": {
        "timestamp_pat": re.compile(r"<\|(\d+\.\d+)\|>"),
        "language": None,
        "task": None,
        "predict_timestamps": False,
    },
}


def make(session: Session, name: str, model_type: str, cls: Any, options: dict[str, Any]) -> Any:
    """A tokenizer for a checkpoint whose files are not there.

    ``cls`` is the class that the script named, or that goes with the type; the result is an instance of it where
    it is a fast tokenizer.
    """
    from transformers import AutoConfig, PreTrainedTokenizerFast

    config = AutoConfig.from_pretrained(name)
    text_config = config.get_text_config() if hasattr(config, "get_text_config") else config
    scheme, segments = tokenizer_schemes.scheme(session, name, model_type, cls, text_config, options)
    base = _fast_class(cls) or PreTrainedTokenizerFast
    settings = {key: value for key, value in options.items() if key not in LOADING and not key.endswith("_token")}
    settings.setdefault("model_max_length", tokenizer_schemes.max_length(name, model_type, text_config))
    settings.setdefault("padding_side", getattr(cls, "padding_side", "right"))
    settings.setdefault("model_input_names", tokenizer_schemes.input_names(cls, model_type, segments))
    vocabulary = Vocabulary(scheme)
    tokenizer = _class(base, PreTrainedTokenizerFast)(
        vocabulary, tokenizer_object=_Uncopied(build(vocabulary)), name_or_path=name, **scheme.special, **settings
    )
    for key, value in _OWN_ATTRIBUTES.get(base.__name__.removesuffix("Fast"), {}).items():
        setattr(tokenizer, key, value)
    return tokenizer


class _Uncopied:
    """Hands a tokenizer through the constructor's deep copy, which would complain of unused ids."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer

    def __deepcopy__(self, memo: Any) -> Any:
        return self._tokenizer


@functools.cache
def _class(base: type, plain: type) -> type:
    """``base`` with the plain constructor (its own wants a vocabulary) and the checkpoint's number of ids."""

    def init(self: Any, vocabulary: Vocabulary, **kwargs: Any) -> None:
        vars(self)["_vocabulary"] = vocabulary  # the constructor below asks for ids already
        plain.__init__(self, **kwargs)  # type: ignore[misc]

    def vocab_size(self: Any) -> int:
        return int(self._vocabulary.scheme.vocab_size)

    def length(self: Any) -> int:
        known = vocab_size(self)
        return known + len([number for number in self.added_tokens_decoder if number >= known])

    def learning(original: Callable[..., Any], *names: str) -> Callable[..., Any]:
        def call(self: Any, *args: Any, **kwargs: Any) -> Any:
            if self._vocabulary.learn(*args, *(kwargs.get(name) for name in names)):
                self._tokenizer.model = self._vocabulary.model()
            return original(self, *args, **kwargs)

        return call

    def convert_tokens_to_ids(self: Any, tokens: Any) -> Any:
        new = [tokens] if isinstance(tokens, str) else list(tokens)
        if self._vocabulary.learn_tokens([token for token in new if token not in self.added_tokens_encoder]):
            self._tokenizer.model = self._vocabulary.model()
        return base.convert_tokens_to_ids(self, tokens)  # type: ignore[attr-defined]

    body: dict[str, Any] = {
        "__init__": init,
        "__len__": length,
        "__module__": base.__module__,
        "vocab_size": property(vocab_size),
        "convert_tokens_to_ids": convert_tokens_to_ids,
    }
    for name, texts in _ENCODERS.items():
        if hasattr(base, name):
            body[name] = learning(getattr(base, name), *texts)
    return type(base.__name__, (base,), body)


def _fast_class(cls: Any) -> Any:
    from transformers import PreTrainedTokenizerFast

    if cls is None or issubclass(cls, PreTrainedTokenizerFast):
        return cls
    import transformers

    fast = getattr(transformers, f"{cls.__name__}Fast", None)
    return fast if isinstance(fast, type) and issubclass(fast, PreTrainedTokenizerFast) else None
