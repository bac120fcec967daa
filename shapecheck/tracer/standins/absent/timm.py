"""timm: image models as plain stand-ins, with the feature width that their names tell."""

from __future__ import annotations

import importlib
from typing import Any

import torch
from torch import nn

from shapecheck.tracer.standins.absent import session, timm_layers
from shapecheck.tracer.standins.absent.timm_layers import *  # noqa: F403

__all__ = ["create_model", "create_transform", "list_models", *timm_layers.__all__]

_WIDTHS = {
    "resnet18": 512, "resnet34": 512, "resnet26": 2048, "resnet50": 2048, "resnet101": 2048, "efficientnet_b0": 1280,
    "efficientnet_b1": 1280, "efficientnet_b2": 1408, "efficientnet_b3": 1536, "efficientnet_b4": 1792,
    "convnext_tiny": 768, "convnext_small": 768, "convnext_base": 1024, "convnext_large": 1536, "vit_tiny": 192,
    "vit_small": 384, "vit_base": 768, "vit_large": 1024, "deit_tiny": 192, "deit_small": 384, "deit_base": 768,
    "swin_tiny": 768, "swin_small": 768, "swin_base": 1024, "mobilenetv3_large": 1280, "densenet121": 1024,
}  # fmt: skip
_OTHERWISE = 1280


class _Model(nn.Module):  # type: ignore[misc]
    """(batch, channels, height, width) to (batch, classes), or to features where there are no classes."""

    def __init__(self, width: int, classes: int, channels: int) -> None:
        super().__init__()
        self.num_features = self.embed_dim = self.head_hidden_size = width
        self.num_classes = classes
        self.default_cfg = self.pretrained_cfg = {
            "mean": (0.5, 0.5, 0.5),
            "std": (0.5, 0.5, 0.5),
            "input_size": (3, 224, 224),
            "classifier": "fc",
        }
        self.stem = nn.Conv2d(channels, width, 32, stride=32)
        self.global_pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(width, classes) if classes else nn.Identity()

    @property
    def classifier(self) -> nn.Module:
        """The last layer."""
        return self.fc

    head = classifier

    def __setattr__(self, name: str, value: Any) -> None:
        """Another first convolution, under whatever name, takes other images."""
        if isinstance(value, nn.Conv2d) and "stem" in self._modules:
            name, value = "stem", nn.Conv2d(value.in_channels, self.num_features, 32, stride=32)
        super().__setattr__(name, value)

    def get_classifier(self) -> nn.Module:
        """The last layer."""
        return self.fc

    def reset_classifier(self, num_classes: int, *args: Any, **options: Any) -> None:
        """Another last layer."""
        self.fc = nn.Linear(self.num_features, num_classes) if num_classes else nn.Identity()

    def forward_features(self, x: torch.Tensor) -> torch.Tensor:
        """Feature maps."""
        return self.stem(x)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores or features, one row for each image."""
        return self.fc(self.global_pool(self.forward_features(x)).flatten(1))


def create_model(
    model_name: str, pretrained: bool = False, num_classes: int = 1000, in_chans: int = 3, **options: Any
) -> _Model:
    """A model by name."""
    known = max((name for name in _WIDTHS if model_name.startswith(name)), key=len, default="")
    width = _WIDTHS.get(known, _OTHERWISE)
    session().assume(f"timm is not installed: {model_name} is a plain stand-in with {width} features")
    return _Model(width, num_classes, in_chans)


def create_transform(input_size: Any, *args: Any, **options: Any) -> Any:
    """Pictures as tensors of (3, size, size)."""
    size = input_size if isinstance(input_size, int) else tuple(input_size)[-1]
    try:
        transforms = importlib.import_module("torchvision.transforms")
    except ImportError:
        transforms = importlib.import_module("shapecheck.tracer.standins.absent.torchvision.image_transforms")
    return transforms.Compose([transforms.Resize((size, size)), transforms.ToTensor()])


def list_models(*args: Any, **options: Any) -> list[str]:
    """The names that are known."""
    return list(_WIDTHS)
