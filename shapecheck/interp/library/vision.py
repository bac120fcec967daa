"""torchvision: images through transforms, the well-known data sets, the well-known classifiers.

Sizes are those of torchvision's documentation (https://pytorch.org/vision/stable/): the images of each data set, the
width of the features that each classifier's head gets.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

from shapecheck.dims import UNKNOWN as UNKNOWN_DIM
from shapecheck.dims import Dim, number
from shapecheck.graph import Module, Tensor
from shapecheck.interp.library.encodings import Words
from shapecheck.interp.library.modules import ModuleValue
from shapecheck.interp.library.registry import Handler, spans, take, words
from shapecheck.interp.values import (
    Bound,
    CallArgs,
    Const,
    Int,
    Items,
    Iteration,
    Machine,
    TensorValue,
    Text,
    Unknown,
    Value,
)
from shapecheck.ops.values import NotKnown, Result, Spec, as_dim, as_int
from shapecheck.places import Origin
from shapecheck.shapes import Shape

_DATA: dict[str, tuple[int, int, int, int, int, int]] = {
    "MNIST": (1, 28, 28, 10, 60_000, 10_000),
    "FashionMNIST": (1, 28, 28, 10, 60_000, 10_000),
    "KMNIST": (1, 28, 28, 10, 60_000, 10_000),
    "QMNIST": (1, 28, 28, 10, 60_000, 60_000),
    "CIFAR10": (3, 32, 32, 10, 50_000, 10_000),
    "CIFAR100": (3, 32, 32, 100, 50_000, 10_000),
}
"""Channels, height, width, classes, examples for training, examples for testing."""

_HEADS: dict[str, tuple[str, int]] = {
    "resnet18": ("fc", 512),
    "resnet34": ("fc", 512),
    "resnet50": ("fc", 2048),
    "resnet101": ("fc", 2048),
    "resnet152": ("fc", 2048),
    "resnext50_32x4d": ("fc", 2048),
    "resnext101_32x8d": ("fc", 2048),
    "wide_resnet50_2": ("fc", 2048),
    "wide_resnet101_2": ("fc", 2048),
    "googlenet": ("fc", 1024),
    "shufflenet_v2_x1_0": ("fc", 1024),
    "densenet121": ("classifier", 1024),
    "densenet169": ("classifier", 1664),
    "densenet201": ("classifier", 1920),
    "densenet161": ("classifier", 2208),
}
"""The name of each classifier's last Linear, and the width of the features that it gets."""


@dataclass(slots=True, eq=False)
class Image(Value):
    """An image before it is a tensor."""

    channels: Dim
    height: Dim
    width: Dim

    def method(self, name: str, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        if name == "convert" and args.positional:
            channels = {"RGB": 3, "L": 1}.get(str(args.positional[0].operand()))
            return Image(number(channels) if channels else UNKNOWN_DIM, self.height, self.width)
        return Unknown()

    def attribute(self, name: str, machine: Machine, node: ast.AST) -> Value:
        return Items("tuple", [Int(self.width), Int(self.height)]) if name == "size" else Bound(self, name)


_KEEPING = frozenset(
    words("""
    Normalize RandomHorizontalFlip RandomVerticalFlip ColorJitter RandomRotation RandomAffine GaussianBlur RandomErasing
    RandomGrayscale ConvertImageDtype ToDtype RandomApply AutoAugment RandAugment TrivialAugmentWide RandomPerspective
    RandomInvert RandomAutocontrast RandomEqualize RandomSolarize RandomPosterize RandomAdjustSharpness
""")
)


@dataclass(slots=True, eq=False)
class Transform(Value):
    """A transform with its arguments."""

    kind: str
    args: CallArgs

    def call(self, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        given = args.positional[0] if args.positional else Unknown()
        if self.kind == "Compose":
            return self._composed(given, machine, node)
        if isinstance(given, TensorValue):
            return self._on_tensor(given)
        if not isinstance(given, Image):
            return Unknown()
        if self.kind in ("ToTensor", "PILToTensor"):
            dtype = "float32" if self.kind == "ToTensor" else "uint8"
            return TensorValue(Tensor(Shape((given.channels, given.height, given.width)), dtype, role="pixels"))
        if self.kind == "Grayscale":
            channels = take(self.args, "num_output_channels").get("num_output_channels")
            return Image(number(1) if channels is None else as_dim(channels.operand()), given.height, given.width)
        sides = self._sides(given.height, given.width)
        return Image(given.channels, *sides) if sides is not None else Unknown()

    def _composed(self, given: Value, machine: Machine, node: ast.AST) -> Value:
        steps = machine.iterate(self.args.positional[0], node).items if self.args.positional else None
        if steps is None:
            return Unknown()
        for step in steps:
            given = machine.call(step, CallArgs([given], nodes=[None]), node)
        return given

    def _on_tensor(self, given: TensorValue) -> Value:
        shape = given.tensor.shape
        sides = self._sides(shape.dim(-2), shape.dim(-1))
        if sides is None or shape.rank is None:
            return Unknown()
        return TensorValue(Tensor(Shape((*shape.dims[:-2], *sides)), given.tensor.dtype, given.tensor.role))

    def _sides(self, height: Dim, width: Dim) -> tuple[Dim, Dim] | None:
        """Height and width after the transform; None where it is not known."""
        if self.kind in _KEEPING:
            return height, width
        size = take(self.args, "size").plain("size")
        if self.kind not in ("Resize", "CenterCrop", "RandomCrop", "RandomResizedCrop"):
            return None
        if isinstance(size, (tuple, list)) and len(size) == 2:
            return as_dim(size[0]), as_dim(size[1])
        if as_int(size) is None:
            return UNKNOWN_DIM, UNKNOWN_DIM
        if self.kind != "Resize" or height.known and height == width:
            return as_dim(size), as_dim(size)
        return UNKNOWN_DIM, UNKNOWN_DIM  # the shorter side gets the size, the longer one follows


@dataclass(slots=True, eq=False)
class ImageData(Value):
    """One of the well-known data sets; an example is an image and its class."""

    image: Image
    classes: int | None
    rows: Dim
    transform: Value | None

    def item(self, key: Value, machine: Machine, node: ast.AST) -> Value:
        image: Value = self.image
        if self.transform is not None and not (isinstance(self.transform, Const) and self.transform.value is None):
            image = machine.call(self.transform, CallArgs([image], nodes=[None]), node)
        return Items("tuple", [image, Int(UNKNOWN_DIM)])

    def iterate(self, machine: Machine, node: ast.AST) -> Iteration:
        return Iteration(None, self.item(Int(UNKNOWN_DIM), machine, node), self.rows)

    def attribute(self, name: str, machine: Machine, node: ast.AST) -> Value:
        if name == "classes":
            return Words(number(self.classes) if self.classes else UNKNOWN_DIM, Text())
        return Unknown()

    def length(self) -> Dim:
        return self.rows


def _data(name: str) -> Handler:
    def handler(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        taken = take(args, "root", "train")
        if name == "ImageFolder":
            return ImageData(
                Image(number(3), UNKNOWN_DIM, UNKNOWN_DIM),
                None,
                UNKNOWN_DIM,
                take(args, "root", "transform").get("transform"),
            )
        channels, height, width, classes, training, testing = _DATA[name]
        origin = Origin(f"the size of the images of {name}", machine.span(node))
        image = Image(number(channels, origin), number(height, origin), number(width, origin))
        which = taken.plain("train", True)
        rows = number(training) if which is True else number(testing) if which is False else UNKNOWN_DIM
        at = take(args, "root", "train", "transform").get("transform")
        own = bool({"target_transform", "transforms"} & set(args.keywords))
        return Unknown() if own else ImageData(image, classes, rows, at)

    return handler


class Classifier(ModuleValue):
    """One of the well-known classifiers of images: features of one width, and a Linear on top."""

    __slots__ = ("head", "width")

    def __init__(self, module: Module, head: str, width: Dim, classes: Dim) -> None:
        linear = Module(
            "torch.nn.Linear",
            params={"in_features": width, "out_features": classes, "bias": True},
            created=module.created,
        )
        super().__init__(module, {head: ModuleValue(linear)})
        self.head = head
        self.width = width

    def call(self, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        taken = take(args, "input")
        given = taken.get("input")
        shape = given.tensor.shape if isinstance(given, TensorValue) else None
        known = shape is not None and shape.rank == 4
        spec = Spec(Shape((shape.dim(0), self.width)), "float32") if shape is not None and known else None
        outcome = Result(spec) if spec is not None else NotKnown("an image classifier whose input is not known")
        features = machine.record(self.module.kind, taken.values, spans(taken, machine), outcome, node, self.module)
        head = self.attributes.get(self.head) or self.children[self.head]
        return machine.call(head, CallArgs([features], nodes=[None]), node)

    def method(self, name: str, args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        # Its other submodules are not listed here.
        return (
            Unknown()
            if name in ("children", "modules", "named_children", "named_modules")
            else super().method(name, args, machine, node)
        )

    def attribute(self, name: str, machine: Machine, node: ast.AST) -> Value:
        found = super().attribute(name, machine, node)
        return (
            Unknown() if name.startswith(("layer", "conv", "bn", "features", "avgpool", "maxpool", "relu")) else found
        )


def _classifier(name: str) -> Handler:
    def handler(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        head, width = _HEADS[name]
        classes = args.keywords.get("num_classes")
        made = Module(f"torchvision.models.{name}", created=machine.span(node), context=machine.context)
        origin = Origin(f"the width of {name}'s features", machine.span(node))
        return Classifier(
            made, head, number(width, origin), number(1000) if classes is None else as_dim(classes.operand())
        )

    return handler


def lookup(name: str) -> Handler | None:
    """Names of torchvision."""
    if not name.startswith("torchvision."):
        return None
    last = name.rpartition(".")[2]
    if name.startswith("torchvision.transforms.") and last[:1].isupper():
        return lambda args, machine, node: Transform(last, args)
    if name.startswith("torchvision.datasets.") and (last in _DATA or last == "ImageFolder"):
        return _data(last)
    return _classifier(last) if name.startswith("torchvision.models.") and last in _HEADS else None
