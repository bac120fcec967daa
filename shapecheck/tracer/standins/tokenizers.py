"""Tokenizers without their files: the real fast tokenizer, over a made-up vocabulary.

All options of a call (padding, truncation, pairs, words, tensors, offsets ...) are handled by transformers itself,
so ranks, lengths, keys, dtypes, containers and errors are the real ones; only the cuts within words are made up.
"""

from __future__ import annotations

import functools
import inspect
import re
import sys
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any

import torch

from shapecheck.tracer.standins.patching import patch_classmethod

if TYPE_CHECKING:
    from shapecheck.tracer.child.session import Session
    from shapecheck.tracer.standins.vocabulary import Pieces, Scheme, Vocabulary

_ROLES = {
    "input_ids": "ids",
    "decoder_input_ids": "ids",
    "attention_mask": "mask",
    "decoder_attention_mask": "mask",
    "token_type_ids": "segments",
    "labels": "labels",
}
_FILES = ("tokenizer.json", "vocab.txt", "vocab.json", "spiece.model", "sentencepiece.bpe.model", "tokenizer.model")
_LOADING = frozenset(
    """
    cache_dir force_download local_files_only token use_auth_token revision proxies subfolder resume_download
    use_fast tokenizer_type trust_remote_code code_revision config _from_auto _commit_hash gguf_file legacy
    from_slow add_prefix_space do_basic_tokenize strip_accents
    """.split()
)
_SPECIAL_IDS = {
    "bert": {"[PAD]": 0, "[UNK]": 100, "[CLS]": 101, "[SEP]": 102, "[MASK]": 103},
    "roberta": {"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3},
    "t5": {"<pad>": 0, "</s>": 1, "<unk>": 2},
}
_METASPACE = frozenset(
    """
    t5 mt5 umt5 xlm-roberta xlm-roberta-xl albert camembert xlnet llama mistral mixtral gemma gemma2 gemma3
    gemma3_text deberta-v2 pegasus mbart marian m2m_100 nllb big_bird rembert fnet phi3 switch_transformers udop
    siglip xglm speech_to_text plbart
    """.split()
)
_STARTS_WITH_BOS = frozenset(
    """
    llama mistral mixtral gemma gemma2 gemma3 gemma3_text opt cohere biogpt xglm
    """.split()
)
_ENDS_WITH_EOS = frozenset(
    """
    t5 mt5 umt5 pegasus marian m2m_100 nllb switch_transformers mbart plbart speech_to_text
    """.split()
)
_USUAL_TOKENS = {
    "bert": {
        "unk_token": "[UNK]",
        "sep_token": "[SEP]",
        "pad_token": "[PAD]",
        "cls_token": "[CLS]",
        "mask_token": "[MASK]",
    },
    "llama": {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>"},
    "t5": {"pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"},
    "gpt2": {"unk_token": "<|endoftext|>", "bos_token": "<|endoftext|>", "eos_token": "<|endoftext|>"},
}
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
_NO_SEGMENTS = {"distilbert", "mpnet", "esm", "modernbert", "eurobert", "longformer"}
_LIKE_BERT = {"modernbert", "eurobert", "nomic_bert", "nystromformer", "yoso", "jina_bert"}


def install(session: Session) -> None:
    """Patch tokenizers as soon as transformers defines them."""
    session.on_import("transformers.tokenization_utils_base", lambda module: _patch_base(module, session))
    session.on_import("transformers.models.auto.tokenization_auto", lambda module: _patch_auto(module, session))


def _patch_base(module: ModuleType, session: Session) -> None:
    def from_pretrained(cls: Any, name: Any, *inputs: Any, **kwargs: Any) -> Any:
        name = str(name)
        folder = files_of(name, kwargs.get("subfolder") or "")
        if folder is not None:
            return _named(original(cls, folder, *inputs, **{**kwargs, "local_files_only": True}), name)
        if not cls.vocab_files_names:  # bytes or code points: needs no files
            return cls(**{key: value for key, value in kwargs.items() if key not in _LOADING})
        return make(session, name, _model_type_of(cls), cls, kwargs)

    original: Any = patch_classmethod(module.PreTrainedTokenizerBase, "from_pretrained", from_pretrained)
    module.PreTrainedTokenizerBase.save_pretrained = lambda self, folder, *args, **kwargs: ()
    module.PreTrainedTokenizerBase.push_to_hub = lambda self, *args, **kwargs: None
    _mark_results(module.PreTrainedTokenizerBase, session)
    _tell_of_new_tokens(module.PreTrainedTokenizerBase, session)


def _patch_auto(module: ModuleType, session: Session) -> None:
    def from_pretrained(cls: Any, name: Any, *inputs: Any, **kwargs: Any) -> Any:
        name = str(name)
        folder = files_of(name, kwargs.get("subfolder") or "")
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


def files_of(name: str, subfolder: str = "") -> str | None:
    """The folder with a tokenizer's own files, also one in the local hub cache; None where there is none."""
    from shapecheck.tracer.standins.checkpoints import local_folder

    return local_folder(name, _FILES, subfolder)


def _named(tokenizer: Any, name: str) -> Any:
    tokenizer.name_or_path = name
    return tokenizer


def make(session: Session, name: str, model_type: str, cls: Any, options: dict[str, Any]) -> Any:
    """A tokenizer for a checkpoint whose files are not there.

    ``cls`` is the class that the script named, or that goes with the type; the result is an instance of it where
    it is a fast tokenizer.
    """
    from transformers import AutoConfig, PreTrainedTokenizerFast

    from shapecheck.tracer.standins.vocabulary import Vocabulary, build

    config = AutoConfig.from_pretrained(name)
    text_config = config.get_text_config() if hasattr(config, "get_text_config") else config
    scheme, segments = _scheme(session, name, model_type, cls, text_config, options)
    base = _fast_class(cls) or PreTrainedTokenizerFast
    settings = {key: value for key, value in options.items() if key not in _LOADING and not key.endswith("_token")}
    settings.setdefault("model_max_length", _max_length(name, model_type, text_config))
    settings.setdefault("padding_side", getattr(cls, "padding_side", "right"))
    settings.setdefault("model_input_names", _input_names(cls, model_type, segments))
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


def _scheme(
    session: Session, name: str, model_type: str, cls: Any, config: Any, options: dict[str, Any]
) -> tuple[Scheme, bool]:
    """The scheme of a tokenizer, and whether it tells the two texts of a pair apart (token types)."""
    from shapecheck import hub
    from shapecheck.tracer.child.session import Sizes
    from shapecheck.tracer.standins.vocabulary import Scheme

    model_type = model_type or config.model_type
    given = {key: str(token) for key, token in options.items() if key.endswith("_token") and token}
    special = {**_default_tokens(name, cls, model_type), **given}
    single, pair, segments = _templates(model_type, special)
    pieces: Pieces = "bytes"
    if model_type in _METASPACE:
        pieces = "metaspace"
    elif special.get("unk_token") == "[UNK]" and model_type != "deberta":
        pieces = "wordpiece"
    facts = hub.tokenizer(name)
    vocab_size = int((facts.entries if facts else None) or getattr(config, "vocab_size", None) or 30522)
    scheme = Scheme(
        pieces=pieces,
        single=single,
        pair=pair,
        special=special,
        vocab_size=vocab_size,
        ids=_special_ids(special, config, vocab_size),
        lower="uncased" in name.lower() or bool(options.get("do_lower_case")),
        longer=session.sizes.seq != Sizes().seq,
    )
    return scheme, segments


def _default_tokens(name: str, cls: Any, model_type: str) -> dict[str, str]:
    """The special tokens of a checkpoint: those of the class or usual for the type; padding as the table says."""
    from shapecheck import hub

    tokens = _class_tokens(cls, model_type)
    checkpoint = hub.checkpoint(name)
    has_padding = checkpoint.fields.get("pad_token") if checkpoint else None
    if has_padding is True:
        tokens.setdefault("pad_token", "<pad>")
    elif has_padding is False:
        tokens.pop("pad_token", None)
    return tokens


def _class_tokens(cls: Any, model_type: str) -> dict[str, str]:
    tokens: dict[str, str] = {}
    if cls is not None:
        for key, parameter in inspect.signature(cls.__init__).parameters.items():
            if key.endswith("_token") and isinstance(parameter.default, str):
                tokens[key] = parameter.default
    if tokens:
        return tokens
    if model_type in _LIKE_BERT:
        return dict(_USUAL_TOKENS["bert"])
    if model_type in _STARTS_WITH_BOS:
        return dict(_USUAL_TOKENS["llama"])
    return dict(_USUAL_TOKENS["t5" if model_type in _ENDS_WITH_EOS else "gpt2"])


def _templates(model_type: str, special: dict[str, str]) -> tuple[str, str, bool]:
    """The marks around one text and around two, and whether the second one has its own type."""
    cls_token, sep = special.get("cls_token"), special.get("sep_token")
    bos, eos = special.get("bos_token"), special.get("eos_token")
    if model_type == "xlnet":
        return f"$A:0 {sep}:0 {cls_token}:2", f"$A:0 {sep}:0 $B:1 {sep}:1 {cls_token}:2", True
    if model_type in _ENDS_WITH_EOS and eos:
        return f"$A {eos}", f"$A {eos} $B {eos}", False
    if cls_token and sep and cls_token == "<s>":
        return f"{cls_token} $A {sep}", f"{cls_token} $A {sep} {sep} $B {sep}", False
    if cls_token and sep:
        pair = f"{cls_token}:0 $A:0 {sep}:0 $B:1 {sep}:1"
        return f"{cls_token}:0 $A:0 {sep}:0", pair, model_type not in _NO_SEGMENTS
    if model_type in ("clip", "clipseg", "owlvit", "xclip", "groupvit") and bos and eos:
        return f"{bos} $A {eos}", f"{bos} $A {eos} {eos} $B {eos}", False
    if model_type in _STARTS_WITH_BOS and bos:
        return f"{bos} $A", f"{bos} $A {bos} $B", False
    return "$A", "$A $B", False


def _special_ids(special: dict[str, str], config: Any, vocab_size: int) -> dict[str, int]:
    ids: dict[str, int] = {}
    for key in ("pad", "bos", "eos"):
        number = getattr(config, f"{key}_token_id", None)
        if isinstance(number, int) and f"{key}_token" in special:
            ids[special[f"{key}_token"]] = number
    for known in _SPECIAL_IDS.values():
        if all(known.get(token, number) == number for token, number in ids.items()) and set(special.values()) & set(
            known
        ):
            ids = {**known, **ids}
            break
    if special.get("mask_token") == "<mask>":
        ids.setdefault("<mask>", vocab_size - 1)
    return ids


def _max_length(name: str, model_type: str, config: Any) -> int:
    from shapecheck import hub

    facts = hub.tokenizer(name) or hub.tokenizer(model_type)
    if facts is not None and facts.model_max_length:
        return int(facts.model_max_length)
    if model_type in _ENDS_WITH_EOS:
        return 512
    positions = getattr(config, "max_position_embeddings", None)
    if not isinstance(positions, int) or positions <= 0:
        return int(1e30)
    offset = 2 if model_type in ("roberta", "xlm-roberta", "camembert", "longformer", "mpnet", "xlm-roberta-xl") else 0
    return positions - offset


def _input_names(cls: Any, model_type: str, segments: bool) -> list[str]:
    own = [c for c in getattr(cls, "__mro__", ()) if "model_input_names" in vars(c)]
    if own and own[0].__module__.startswith("transformers.models.") and model_type not in _NO_SEGMENTS:
        return list(own[0].model_input_names)
    return ["input_ids", *(["token_type_ids"] if segments else []), "attention_mask"]


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
    from shapecheck.tracer.child.frames import is_user_file

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
    from shapecheck import hub

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
