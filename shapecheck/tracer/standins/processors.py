"""Image processors, feature extractors and processors: inputs of the checkpoint's sizes, in the asked-for container."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch

from shapecheck.tracer.standins.checkpoints import local_folder
from shapecheck.tracer.standins.patching import patch_classmethod

if TYPE_CHECKING:
    from shapecheck.tracer.child.session import Session

_IMAGES = ("ImageProcessor", "ImageProcessorFast", "ImageProcessorPil", "FeatureExtractor", "VideoProcessor")
_USUAL_SIDE = 224
_AUDIO_TYPES = frozenset(
    "wav2vec2 hubert wavlm data2vec-audio whisper audio-spectrogram-transformer sew unispeech".split()
)


def install(session: Session) -> None:
    """Patch processors as soon as transformers defines them, and those that it leaves out for want of packages."""

    def image(cls: Any, name: str, options: Any) -> Any:
        return images(session, name, options)

    def both(cls: Any, name: str, options: Any) -> Any:
        return Processor(session, name, options)

    session.on_import("transformers.utils.import_utils", lambda module: _patch_dummies(module, session))
    for module_name, base, make in (
        ("image_processing_base", "ImageProcessingMixin", image),
        ("feature_extraction_utils", "FeatureExtractionMixin", sounds),
        ("processing_utils", "ProcessorMixin", both),
    ):
        session.on_import(f"transformers.{module_name}", functools.partial(_patch_base, base, make))
    for kind, auto in (
        ("image_processing", "AutoImageProcessor"),
        ("feature_extraction", "AutoFeatureExtractor"),
        ("processing", "AutoProcessor"),
    ):
        session.on_import(f"transformers.models.auto.{kind}_auto", functools.partial(_patch_auto, auto, session))


def _patch_base(base: str, make: Any, module: Any) -> None:
    _patch(getattr(module, base), make)


def _patch(base: Any, make: Any) -> None:
    def from_pretrained(cls: Any, name: Any, *args: Any, **kwargs: Any) -> Any:
        folder = local_folder(str(name), ["preprocessor_config.json"], kwargs.get("subfolder") or "")
        if folder is not None:
            return original(cls, folder, *args, **kwargs)
        return make(cls, str(name), kwargs)

    original: Any = patch_classmethod(base, "from_pretrained", from_pretrained)
    base.save_pretrained = lambda self, *args, **kwargs: None


def _patch_auto(name: str, session: Session, module: Any) -> None:
    auto = getattr(module, name, None)
    if isinstance(auto, type) and "from_pretrained" in vars(auto):
        _patch(
            auto,
            lambda cls, checkpoint, kwargs: _by_type(session, name, checkpoint, kwargs),
        )


def _by_type(session: Session, auto: str, checkpoint: str, options: dict[str, Any]) -> Any:
    """What an Auto class makes: a processor, an image processor or a feature extractor, by the model's type."""
    config = _config(checkpoint)
    takes_sound = config.model_type in _AUDIO_TYPES
    if auto == "AutoProcessor" and (takes_sound or hasattr(config, "text_config")):
        return Processor(session, checkpoint, options)
    if takes_sound:
        from transformers.models.auto.feature_extraction_auto import (
            FEATURE_EXTRACTOR_MAPPING_NAMES,
            feature_extractor_class_from_name,
        )

        cls = feature_extractor_class_from_name(FEATURE_EXTRACTOR_MAPPING_NAMES[config.model_type])
        return sounds(cls, checkpoint, options)
    return images(session, checkpoint, options)


def _patch_dummies(module: Any, session: Session) -> None:
    """Image processors that transformers only names, because torchvision or PIL is missing: they work all the same."""
    meta = module.DummyObject
    original = meta.__getattribute__

    def look_up(cls: Any, key: str) -> Any:
        if type.__getattribute__(cls, "__name__") == "IMAGE_PROCESSOR_MAPPING" and not key.startswith("_"):
            return getattr(_mapping(session), key)
        if key == "from_pretrained" and type.__getattribute__(cls, "__name__").endswith(_IMAGES):
            return lambda name, *args, **kwargs: images(session, str(name), kwargs)
        return original(cls, key)

    def construct(cls: Any, *args: Any, **kwargs: Any) -> Any:
        if type.__getattribute__(cls, "__name__").endswith(_IMAGES):
            return ImageProcessor(session, _side(kwargs.get("crop_size") or kwargs.get("size")) or (_USUAL_SIDE,) * 2)
        return type.__call__(cls, *args, **kwargs)

    meta.__getattribute__ = look_up
    meta.__call__ = construct


def _mapping(session: Session) -> dict[type, tuple[Any, ...]]:
    """Image processors by the class of a config, as transformers lists them where it can import them."""
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING
    from transformers.models.auto.image_processing_auto import IMAGE_PROCESSOR_MAPPING_NAMES

    def usual(*args: Any, **options: Any) -> ImageProcessor:
        return ImageProcessor(session, _side(options.get("crop_size") or options.get("size")) or (_USUAL_SIDE,) * 2)

    return {CONFIG_MAPPING[kind]: (usual, usual) for kind in IMAGE_PROCESSOR_MAPPING_NAMES if kind in CONFIG_MAPPING}


def images(session: Session, checkpoint: str, options: Mapping[str, Any]) -> ImageProcessor:
    """The image processor of a checkpoint: its images are as large as its config says, or as the caller does."""
    config = _config(checkpoint)
    vision = getattr(config, "vision_config", config)
    named = re.search(r"(?:^|[-_])(\d{3})(?:$|[-_])", checkpoint)
    own = getattr(vision, "image_size", None) or (int(named.group(1)) if named else _USUAL_SIDE)
    size = _side(options.get("crop_size") or options.get("size")) or _side(own) or (_USUAL_SIDE,) * 2
    session.assume(f"images of {checkpoint}: {size[0]} by {size[1]} pixels")
    return ImageProcessor(session, size, int(getattr(vision, "num_channels", 3) or 3))


def sounds(cls: Any, checkpoint: str, options: Mapping[str, Any]) -> Any:
    """The feature extractor of a checkpoint: its class, with as many mel bins as its config says."""
    config = _config(checkpoint)
    settings = {
        key: value
        for key, value in options.items()
        if key in ("sampling_rate", "padding_value", "do_normalize", "return_attention_mask")
    }
    bins = getattr(config, "num_mel_bins", None)
    if (
        bins
        and "mel" in cls.__init__.__code__.co_varnames + cls.__init__.__code__.co_names
        or config.model_type == "whisper"
    ):
        settings["feature_size"] = bins
    return cls(**settings)


def _config(checkpoint: str) -> Any:
    from transformers import AutoConfig

    return AutoConfig.from_pretrained(checkpoint)


def _side(size: Any) -> tuple[int, int] | None:
    """Height and width of a size as configs write it: a number, a pair, or a dict of sides."""
    if isinstance(size, Mapping):
        short = size.get("shortest_edge")
        height, width = size.get("height", short), size.get("width", short)
        return (int(height), int(width)) if height and width else None
    if isinstance(size, Sequence) and len(size) == 2:
        return int(size[0]), int(size[1])
    return (int(size), int(size)) if isinstance(size, int) else None


class ImageProcessor:
    """Makes ``pixel_values`` (images, channels, height, width) of whatever images it is given."""

    model_input_names = ("pixel_values",)

    def __init__(self, session: Session, size: tuple[int, int], channels: int = 3) -> None:
        self._session, self._channels = session, channels
        self.size = {"height": size[0], "width": size[1]}
        self.crop_size = dict(self.size)
        self.image_mean, self.image_std = [0.5] * channels, [0.5] * channels
        self.do_resize = self.do_normalize = self.do_rescale = self.do_center_crop = True
        self.do_reduce_labels = self.do_convert_rgb = False
        self.rescale_factor, self.resample = 1 / 255, 2

    def __call__(self, images: Any = None, *args: Any, return_tensors: Any = None, **options: Any) -> Any:
        """The images as a batch; a list of arrays without ``return_tensors``."""
        from transformers import BatchFeature

        height, width = _side(options.get("size")) or (self.size["height"], self.size["width"])
        values = torch.zeros(_count(images), self._channels, height, width)
        if return_tensors in ("pt", "torch") or getattr(return_tensors, "value", None) == "pt":
            return BatchFeature({"pixel_values": self._session.mark(values, role="pixels")})
        arrays = values.numpy()
        return BatchFeature({"pixel_values": arrays if return_tensors else list(arrays)})

    preprocess = __call__

    def save_pretrained(self, *args: Any, **options: Any) -> None:
        """Nothing is written."""

    push_to_hub = save_pretrained

    def pad(self, images: Any, return_tensors: Any = None, **options: Any) -> Any:
        """The images and a mask of their pixels."""
        made = self(images, return_tensors=return_tensors)
        shape = made["pixel_values"].shape
        made["pixel_mask"] = torch.ones(shape[0], *shape[-2:], dtype=torch.int64)
        return made


def _count(images: Any) -> int:
    """How many images there are in a list, a batch, or one image."""
    if isinstance(images, (list, tuple)):
        return sum(_count(image) for image in images)
    return int(images.shape[0]) if getattr(images, "ndim", 0) == 4 else 1


class Processor:
    """A tokenizer together with an image processor or a feature extractor; what it is given decides who works."""

    def __init__(self, session: Session, checkpoint: str, options: dict[str, Any]) -> None:
        from transformers import AutoTokenizer

        self.tokenizer = AutoTokenizer.from_pretrained(checkpoint)
        self._sounds = _config(checkpoint).model_type in _AUDIO_TYPES
        other = _by_type(session, "AutoFeatureExtractor", checkpoint, options)
        self.image_processor = self.feature_extractor = self.current_processor = other

    def __call__(self, *args: Any, text: Any = None, images: Any = None, audio: Any = None, **options: Any) -> Any:
        """The inputs of every kind together."""
        from transformers import BatchFeature

        if args and self._sounds:
            audio = args[0]
        elif args:
            text, images = (args[0], args[1] if len(args) > 1 else images) if _is_text(args[0]) else (text, args[0])
            text = args[1] if len(args) > 1 and not _is_text(args[0]) else text
        audio = options.pop("audios", options.pop("raw_speech", audio))
        tensors, rate = options.get("return_tensors"), options.pop("sampling_rate", None)
        made: dict[str, Any] = {}
        if text is not None:
            made |= self.tokenizer(text, **{key: value for key, value in options.items() if key != "size"})
        if images is not None:
            made |= self.image_processor(images, return_tensors=tensors)
        if audio is not None:
            padding = {"padding": options["padding"]} if "padding" in options else {}
            made |= self.feature_extractor(audio, sampling_rate=rate, return_tensors=tensors, **padding)
        return BatchFeature(made)

    def pad(self, features: Any = None, labels: Any = None, **options: Any) -> Any:
        """Sounds or images to one size, texts to one length; what is given as labels goes with them."""
        first = features[0] if isinstance(features, (list, tuple)) and features else features or {}
        worker = self.tokenizer if features is None or "input_ids" in first else self.feature_extractor
        made = worker.pad(labels if features is None else features, **options)
        if features is not None and labels is not None:
            made["labels"] = self.tokenizer.pad(labels, **options)["input_ids"]
        return made

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name in ("tokenizer", "image_processor"):
            raise AttributeError(name)
        owner = self.tokenizer if hasattr(self.tokenizer, name) else self.image_processor
        return getattr(owner, name)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, (list, tuple)) and bool(value) and _is_text(value[0]))
