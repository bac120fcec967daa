"""Processors of images and sounds: the tensors that they make of what they are given."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from shapecheck import hub
from shapecheck.dims import UNKNOWN as UNKNOWN_DIM
from shapecheck.dims import Dim, number
from shapecheck.graph import Tensor
from shapecheck.interp.library.encode import encode
from shapecheck.interp.library.encodings import Encoding
from shapecheck.interp.library.numpy import ArrayValue
from shapecheck.interp.library.registry import Handler, Taken, take
from shapecheck.interp.library.rows import Rows
from shapecheck.interp.library.tokenizers import TokenizerValue
from shapecheck.interp.values import Bound, CallArgs, Items, Machine, TensorValue, Unknown, Value
from shapecheck.places import Origin
from shapecheck.shapes import ANY, Shape

_SUFFIXES = ("FeatureExtractor", "ImageProcessor", "ImageProcessorFast", "Processor")
_WAVES = frozenset(
    {
        "wav2vec2",
        "hubert",
        "wavlm",
        "unispeech",
        "unispeech-sat",
        "data2vec-audio",
        "sew",
        "sew-d",
        "wav2vec2-conformer",
    }
)
_PICTURES_ALONE = frozenset(
    "vit vit_msn vit_mae deit beit swin swinv2 convnext convnextv2 resnet regnet dinov2 clip siglip".split()
)
"""Types whose image processors give ``pixel_values`` and nothing beside."""


@dataclass(slots=True, eq=False)
class ProcessorValue(Value):
    """A processor of a checkpoint. ``config`` is that of its model, None where it is not known."""

    name: str | None
    config: hub.Config | None

    def attribute(self, name: str, machine: Machine, node: ast.AST) -> Value:
        if name == "tokenizer":
            return self.tokenizer()
        return self if name in ("image_processor", "feature_extractor") else Bound(self, name)

    def tokenizer(self) -> TokenizerValue:
        """The tokenizer that a processor of several modes holds."""
        return TokenizerValue(self.name, hub.tokenizer(self.name) if self.name else None)

    def method(self, name: str, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        if name in ("__call__", "preprocess"):
            return self.call(args, machine, node)
        return self.tokenizer().method(name, args, machine, node) if name in ("batch_decode", "decode") else Unknown()

    def call(self, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        """The tensors by key; those of texts too, where a processor takes them."""
        taken = take(args, "images")
        if not args.exact or self.config is None:
            return Unknown()
        fields: dict[str, Value] = {}
        complete = True
        if taken.get("text") is not None:
            made = encode(self.tokenizer(), CallArgs([], args.keywords, [], args.keyword_nodes), machine, node)
            fields |= made.fields if isinstance(made, Encoding) else {}
            complete = isinstance(made, Encoding) and made.complete
        given = taken.get("images") or taken.get("audio") or taken.get("raw_speech") or taken.get("audios")
        if given is not None:
            key, shape = self._shape(given, taken, Origin("one recording", machine.span(node)))
            fields[key] = self._contained(
                Tensor(shape, "float32", role="pixels" if key == "pixel_values" else "audio"), taken
            )
        return Encoding(fields, None, None, complete=complete and self.config.model_type in _PICTURES_ALONE)

    def _shape(self, given: Value, taken: Taken, one: Origin) -> tuple[str, Shape]:
        config = self.config
        assert config is not None
        count = _count(given)
        if config.model_type in _WAVES:
            samples = given.tensor.shape.dim(-1) if isinstance(given, (TensorValue, ArrayValue)) else UNKNOWN_DIM
            return "input_values", Shape((count.at(one) if count.expr == 1 else count, samples))
        if config.model_type == "whisper":
            return "input_features", Shape((count, config.dim("num_mel_bins"), number(3000)))
        part = config.sub("vision_config") or config
        size = part.get("image_size")[0]
        if not isinstance(size, int) or part.has("num_channels") is not True or taken.get("size") is not None:
            return "pixel_values", ANY
        return "pixel_values", Shape((count, part.dim("num_channels"), part.dim("image_size"), part.dim("image_size")))

    def _contained(self, tensor: Tensor, taken: Taken) -> Value:
        container = taken.plain("return_tensors")
        if container == "pt":
            return TensorValue(tensor)
        return ArrayValue(tensor) if container == "np" else Rows(tensor) if container is None else Unknown()


def _count(given: Value) -> Dim:
    """How many images or sounds there are; one that stands by itself becomes a batch of one."""
    if isinstance(given, (TensorValue, ArrayValue)):
        rank = given.tensor.shape.rank
        return UNKNOWN_DIM if rank is None or rank in (2, 4) else number(1)
    return given.length() if isinstance(given, Items) else UNKNOWN_DIM


def load(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    """``<processor>.from_pretrained(...)``."""
    name = take(args, "pretrained_model_name_or_path").plain("pretrained_model_name_or_path")
    known = name if isinstance(name, str) else None
    resized = any(key in args.keywords for key in ("size", "crop_size", "do_resize"))
    return ProcessorValue(known, hub.config(None, known) if known and not resized else None)


def lookup(name: str) -> Handler | None:
    """What loading a processor means; ``name`` without ``transformers.``."""
    cls, _, method = name.partition(".")
    return load if method == "from_pretrained" and cls.endswith(_SUFFIXES) else None
