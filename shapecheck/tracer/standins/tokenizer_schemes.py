"""How the tokenizer of a checkpoint cuts and marks texts, by its class and model type: what goes into a made-up one."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from shapecheck import hub
from shapecheck.tracer.child.session import Sizes
from shapecheck.tracer.standins.vocabulary import Pieces, Scheme

if TYPE_CHECKING:
    from shapecheck.tracer.child.session import Session

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
_NO_SEGMENTS = {"distilbert", "mpnet", "esm", "modernbert", "eurobert", "longformer"}
_LIKE_BERT = {"modernbert", "eurobert", "nomic_bert", "nystromformer", "yoso", "jina_bert"}


def scheme(
    session: Session, name: str, model_type: str, cls: Any, config: Any, options: dict[str, Any]
) -> tuple[Scheme, bool]:
    """The scheme of a tokenizer, and whether it tells the two texts of a pair apart (token types)."""
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
    made = Scheme(
        pieces=pieces,
        single=single,
        pair=pair,
        special=special,
        vocab_size=vocab_size,
        ids=_special_ids(special, config, vocab_size),
        lower="uncased" in name.lower() or bool(options.get("do_lower_case")),
        longer=session.sizes.seq != Sizes().seq,
    )
    return made, segments


def _default_tokens(name: str, cls: Any, model_type: str) -> dict[str, str]:
    """The special tokens of a checkpoint: those of the class or usual for the type; padding as the table says."""
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


def max_length(name: str, model_type: str, config: Any) -> int:
    """Tokens to which a checkpoint's tokenizer truncates; transformers' huge number where nothing limits them."""
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


def input_names(cls: Any, model_type: str, segments: bool) -> list[str]:
    """What a tokenizer returns: as its class says, else ids and mask, with token types where pairs have them."""
    own = [c for c in getattr(cls, "__mro__", ()) if "model_input_names" in vars(c)]
    if own and own[0].__module__.startswith("transformers.models.") and model_type not in _NO_SEGMENTS:
        return list(own[0].model_input_names)
    return ["input_ids", *(["token_type_ids"] if segments else []), "attention_mask"]
