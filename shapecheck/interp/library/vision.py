"""torchvision: images through transforms, the well-known data sets, the well-known classifiers."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from shapecheck import hub
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


def _folder(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    image = Image(number(3), UNKNOWN_DIM, UNKNOWN_DIM)
    return ImageData(image, None, UNKNOWN_DIM, take(args, "root", "transform").get("transform"))


def _data(published: hub.ImageDataset) -> Handler:
    def handler(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        if {"target_transform", "transforms"} & set(args.keywords):
            return Unknown()
        taken = take(args, "root", "train", "transform")
        origin = Origin(f"the size of the images of {published.name}", machine.span(node))
        image = Image(*(_known(size, origin) for size in (published.channels, published.height, published.width)))
        which = taken.plain("train", True)
        rows = published.training if which is True else published.testing if which is False else None
        return ImageData(image, published.classes, _known(rows), taken.get("transform"))

    return handler


def _known(size: int | None, origin: Origin | None = None) -> Dim:
    return UNKNOWN_DIM if size is None else number(size, origin)


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


def _classifier(known: hub.ImageClassifier) -> Handler:
    def handler(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        classes = args.keywords.get("num_classes")
        made = Module(f"torchvision.models.{known.name}", created=machine.span(node), context=machine.context)
        width = number(known.width, Origin(f"the width of {known.name}'s features", machine.span(node)))
        return Classifier(made, known.head, width, number(1000) if classes is None else as_dim(classes.operand()))

    return handler


def lookup(name: str) -> Handler | None:
    """Names of torchvision; of its data sets and classifiers those that are made and built alike."""
    if not name.startswith("torchvision."):
        return None
    part, _, last = name.removeprefix("torchvision.").rpartition(".")
    if part.startswith("transforms") and last[:1].isupper():
        return lambda args, machine, node: Transform(last, args)
    if part.startswith("datasets"):
        published = hub.image_datasets().get(last)
        if last == "ImageFolder":
            return _folder
        return _data(published) if published is not None and published.chosen_by == "train" else None
    if part.startswith("models"):
        known = hub.image_classifiers().get(last)
        return _classifier(known) if known is not None and "." not in known.head and not known.auxiliary else None
    return None
