"""Image models without torchvision: ResNets and VGGs as published, others as plain stand-ins of the right width."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from shapecheck import hub
from shapecheck.tracer.standins.absent import session

_RESNETS = {
    "resnet18": (1, (2, 2, 2, 2)), "resnet34": (1, (3, 4, 6, 3)), "resnet50": (4, (3, 4, 6, 3)),
    "resnet101": (4, (3, 4, 23, 3)), "resnet152": (4, (3, 8, 36, 3)),
}  # fmt: skip
"""Expansion of the blocks, and how many there are in each stage."""

_VGGS = {
    "vgg11": (1, 1, 2, 2, 2), "vgg13": (2, 2, 2, 2, 2), "vgg16": (2, 2, 3, 3, 3), "vgg19": (2, 2, 4, 4, 4),
    "vgg11_bn": (1, 1, 2, 2, 2), "vgg13_bn": (2, 2, 2, 2, 2), "vgg16_bn": (2, 2, 3, 3, 3), "vgg19_bn": (2, 2, 4, 4, 4),
}  # fmt: skip
"""Convolutions in each stage."""

MODELS = tuple(dict.fromkeys((*_RESNETS, *_VGGS, *hub.image_classifiers())))


def model_builder(name: str) -> Callable[..., nn.Module]:
    """The function that makes a model by its name."""

    def build(*args: Any, num_classes: int = 1000, **options: Any) -> nn.Module:
        if name in _RESNETS:
            return ResNet(*_RESNETS[name], num_classes)
        if name in _VGGS:
            return Vgg(_VGGS[name], name.endswith("_bn"), num_classes)
        known = hub.image_classifiers()[name]
        session().assume(f"torchvision is not installed: {name} is a plain stand-in with its width of {known.width}")
        return Plain(known.head, known.width, num_classes)

    return build


class _Block(nn.Module):  # type: ignore[misc]
    """Two 3x3 convolutions, or three that narrow and widen (expansion 4), beside a shortcut."""

    def __init__(self, inside: int, planes: int, stride: int, expansion: int) -> None:
        super().__init__()
        outside = planes * expansion
        if expansion == 1:
            self.conv1, self.conv2 = _conv(inside, planes, 3, stride), _conv(planes, planes, 3)
            self.bn1, self.bn2 = nn.BatchNorm2d(planes), nn.BatchNorm2d(planes)
        else:
            self.conv1, self.conv2 = _conv(inside, planes, 1), _conv(planes, planes, 3, stride)
            self.conv3, self.bn3 = _conv(planes, outside, 1), nn.BatchNorm2d(outside)
            self.bn1, self.bn2 = nn.BatchNorm2d(planes), nn.BatchNorm2d(planes)
        self.relu = nn.ReLU(inplace=True)
        same = stride == 1 and inside == outside
        self.downsample = None if same else nn.Sequential(_conv(inside, outside, 1, stride), nn.BatchNorm2d(outside))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The feature maps, added to their shortcut."""
        out = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        if hasattr(self, "conv3"):
            out = self.bn3(self.conv3(self.relu(out)))
        return self.relu(out + (x if self.downsample is None else self.downsample(x)))


def _conv(inside: int, outside: int, kernel: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inside, outside, kernel, stride, padding=kernel // 2, bias=False)


class ResNet(nn.Module):  # type: ignore[misc]
    """He et al. 2015, with torchvision's names: (batch, 3, height, width) to (batch, classes)."""

    def __init__(self, expansion: int, counts: tuple[int, ...], classes: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 7, 2, padding=3, bias=False), nn.BatchNorm2d(64)
        self.relu, self.maxpool = nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, padding=1)
        width = 64
        for stage, count in enumerate(counts):
            planes = 64 * 2**stage
            blocks = []
            for number in range(count):
                blocks.append(_Block(width, planes, 2 if stage and not number else 1, expansion))
                width = planes * expansion
            setattr(self, f"layer{stage + 1}", nn.Sequential(*blocks))
        self.avgpool, self.fc = nn.AdaptiveAvgPool2d((1, 1)), nn.Linear(width, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores, one row for each image."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(torch.flatten(self.avgpool(x), 1))


class Vgg(nn.Module):  # type: ignore[misc]
    """Simonyan and Zisserman 2014, with torchvision's names."""

    def __init__(self, counts: tuple[int, ...], norm: bool, classes: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        inside = 3
        for stage, count in enumerate(counts):
            width = min(64 * 2**stage, 512)
            for _ in range(count):
                layers += [
                    nn.Conv2d(inside, width, 3, padding=1),
                    *([nn.BatchNorm2d(width)] if norm else []),
                    nn.ReLU(),
                ]
                inside = width
            layers.append(nn.MaxPool2d(2, 2))
        self.features, self.avgpool = nn.Sequential(*layers), nn.AdaptiveAvgPool2d((7, 7))
        first, second = nn.Linear(512 * 49, 4096), nn.Linear(4096, 4096)
        dense = [first, nn.ReLU(), nn.Dropout(), second, nn.ReLU(), nn.Dropout(), nn.Linear(4096, classes)]
        self.classifier = nn.Sequential(*dense)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores, one row for each image."""
        return self.classifier(torch.flatten(self.avgpool(self.features(x)), 1))


class Plain(nn.Module):  # type: ignore[misc]
    """Maps (batch, 3, height, width) to (batch, classes) by a last layer of the real width, under its real name."""

    def __init__(self, path: str, width: int, classes: int) -> None:
        super().__init__()
        self.features = nn.Conv2d(3, width, 32, stride=32)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self._path = path.split(".")
        owner: nn.Module = self
        for name, following in zip(self._path, [*self._path[1:], ""], strict=True):
            if following.isdigit():
                layers = [nn.Identity() for _ in range(int(following))]
                setattr(owner, name, nn.Sequential(*layers, nn.Linear(width, classes)))
                break
            part = nn.Linear(width, classes) if not following else nn.Module()
            setattr(owner, name, part)
            owner = part

    def __setattr__(self, name: str, value: Any) -> None:
        """Another first convolution, under whatever name, takes other images."""
        if isinstance(value, nn.Conv2d) and "features" in self._modules:
            value = nn.Conv2d(value.in_channels, self.features.out_channels, 32, stride=32)
            name = "features"
        super().__setattr__(name, value)

    def forward(self, x: torch.Tensor) -> Any:
        """Scores, one row for each image."""
        pooled = self.avgpool(self.features(x)).flatten(1)
        head: Any = self
        for name in self._path:
            head = getattr(head, name)
            if isinstance(head, nn.Sequential) or not hasattr(head, self._path[-1]):
                break
        return head(pooled)
