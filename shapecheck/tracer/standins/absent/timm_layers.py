"""What scripts take out of timm to build models of their own: layers, losses, meters, mixed labels."""

from __future__ import annotations

import collections.abc
import itertools
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

__all__ = [
    "IMAGENET_DEFAULT_MEAN", "IMAGENET_DEFAULT_STD", "IMAGENET_INCEPTION_MEAN", "IMAGENET_INCEPTION_STD", "Attention",
    "AverageMeter", "Block", "DropPath", "LabelSmoothingCrossEntropy", "Mixup", "Mlp", "PatchEmbed",
    "SoftTargetCrossEntropy", "VisionTransformer", "accuracy", "create_optimizer", "create_optimizer_v2",
    "lecun_normal_", "to_2tuple", "to_3tuple", "to_4tuple", "to_ntuple", "trunc_normal_",
]  # fmt: skip

IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
IMAGENET_INCEPTION_MEAN = IMAGENET_INCEPTION_STD = (0.5, 0.5, 0.5)


def to_ntuple(n: int) -> Any:
    """A function that gives n of a number; several numbers stay as they are."""

    def parse(x: Any) -> tuple[Any, ...]:
        several = isinstance(x, collections.abc.Iterable) and not isinstance(x, str)
        return tuple(x) if several else tuple(itertools.repeat(x, n))

    return parse


to_2tuple, to_3tuple, to_4tuple = map(to_ntuple, (2, 3, 4))


def trunc_normal_(tensor: torch.Tensor, *args: Any, **options: Any) -> torch.Tensor:
    """The tensor, filled."""
    return nn.init.trunc_normal_(tensor, *args, **options)


def lecun_normal_(tensor: torch.Tensor) -> torch.Tensor:
    """The tensor, filled."""
    return nn.init.normal_(tensor)


class DropPath(nn.Identity):  # type: ignore[misc]
    """Leaves shapes as they are."""


class Mlp(nn.Module):  # type: ignore[misc]
    """Two layers, on the last axis."""

    def __init__(
        self, in_features: int, hidden_features: int | None = None, out_features: int | None = None, **options: Any
    ) -> None:
        super().__init__()
        self.fc1 = nn.Linear(in_features, hidden_features or in_features)
        self.act = options.get("act_layer", nn.GELU)()
        self.fc2 = nn.Linear(hidden_features or in_features, out_features or in_features)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(..., in) to (..., out)."""
        return self.fc2(self.act(self.fc1(x)))


class Attention(nn.Module):  # type: ignore[misc]
    """Attention of a sequence to itself."""

    def __init__(self, dim: int, num_heads: int = 8, qkv_bias: bool = False, *args: Any, **options: Any) -> None:
        super().__init__()
        self.num_heads, self.scale = num_heads, (dim // num_heads) ** -0.5
        self.qkv, self.proj = nn.Linear(dim, dim * 3, bias=qkv_bias), nn.Linear(dim, dim)
        self.attn_drop, self.proj_drop = nn.Dropout(0.0), nn.Dropout(0.0)

    def forward(self, x: torch.Tensor, *args: Any, **options: Any) -> torch.Tensor:
        """(batch, seq, dim) to the same."""
        batch, length, width = x.shape
        parts = self.qkv(x).reshape(batch, length, 3, self.num_heads, width // self.num_heads)
        q, k, v = parts.permute(2, 0, 3, 1, 4).unbind(0)
        weights = self.attn_drop(((q @ k.transpose(-2, -1)) * self.scale).softmax(dim=-1))
        return self.proj_drop(self.proj((weights @ v).transpose(1, 2).reshape(batch, length, width)))


class Block(nn.Module):  # type: ignore[misc]
    """Attention and two layers, each beside what goes in."""

    def __init__(self, dim: int, num_heads: int, mlp_ratio: float = 4.0, qkv_bias: bool = False, **options: Any):
        super().__init__()
        norm = options.get("norm_layer", nn.LayerNorm)
        self.norm1, self.attn, self.drop_path = norm(dim), Attention(dim, num_heads, qkv_bias), DropPath()
        self.norm2, self.mlp = norm(dim), Mlp(dim, int(dim * mlp_ratio))

    def forward(self, x: torch.Tensor, *args: Any, **options: Any) -> torch.Tensor:
        """(batch, seq, dim) to the same."""
        x = x + self.drop_path(self.attn(self.norm1(x)))
        return x + self.drop_path(self.mlp(self.norm2(x)))


class PatchEmbed(nn.Module):  # type: ignore[misc]
    """(batch, channels, height, width) to (batch, patches, dim)."""

    def __init__(
        self, img_size: Any = 224, patch_size: Any = 16, in_chans: int = 3, embed_dim: int = 768, **options: Any
    ) -> None:
        super().__init__()
        self.img_size, self.patch_size = to_2tuple(img_size), to_2tuple(patch_size)
        self.grid_size = tuple(i // p for i, p in zip(self.img_size, self.patch_size, strict=True))
        self.num_patches = self.grid_size[0] * self.grid_size[1]
        self.proj = nn.Conv2d(in_chans, embed_dim, kernel_size=self.patch_size, stride=self.patch_size)
        self.norm = nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Patches in a row."""
        return self.norm(self.proj(x).flatten(2).transpose(1, 2))


class VisionTransformer(nn.Module):  # type: ignore[misc]
    """A ViT whose first token is the class token."""

    def __init__(
        self,
        img_size: Any = 224,
        patch_size: Any = 16,
        in_chans: int = 3,
        num_classes: int = 1000,
        embed_dim: int = 768,
        depth: int = 12,
        num_heads: int = 12,
        mlp_ratio: float = 4.0,
        qkv_bias: bool = True,
        **options: Any,
    ) -> None:
        super().__init__()
        norm = options.get("norm_layer") or nn.LayerNorm
        self.num_classes, self.num_features, self.embed_dim = num_classes, embed_dim, embed_dim
        self.patch_embed = options.get("embed_layer", PatchEmbed)(
            img_size=img_size, patch_size=patch_size, in_chans=in_chans, embed_dim=embed_dim
        )
        self.cls_token = nn.Parameter(torch.zeros(1, 1, embed_dim))
        self.pos_embed = nn.Parameter(torch.zeros(1, self.patch_embed.num_patches + 1, embed_dim))
        self.pos_drop, self.norm, self.fc_norm = nn.Dropout(0.0), norm(embed_dim), nn.Identity()
        self.blocks = nn.Sequential(*(Block(embed_dim, num_heads, mlp_ratio, qkv_bias) for _ in range(depth)))
        self.head = nn.Linear(embed_dim, num_classes) if num_classes else nn.Identity()

    def _init_weights(self, *args: Any) -> None:
        """Nothing is filled."""

    def forward_features(self, x: torch.Tensor) -> torch.Tensor:
        """(batch, channels, height, width) to (batch, patches + 1, dim)."""
        x = self.patch_embed(x)
        x = torch.cat([self.cls_token.expand(x.shape[0], -1, -1), x], dim=1)
        return self.norm(self.blocks(self.pos_drop(x + self.pos_embed)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(batch, channels, height, width) to (batch, classes)."""
        features = self.forward_features(x)
        return self.head(features[:, 0] if features.ndim == 3 else features)


class LabelSmoothingCrossEntropy(nn.CrossEntropyLoss):  # type: ignore[misc]
    """Cross entropy with smoothed labels."""

    def __init__(self, smoothing: float = 0.1) -> None:
        super().__init__(label_smoothing=smoothing)


class SoftTargetCrossEntropy(nn.Module):  # type: ignore[misc]
    """Cross entropy with a probability of each class."""

    def forward(self, x: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """(batch, classes) twice, to a number."""
        return torch.sum(-target * F.log_softmax(x, dim=-1), dim=-1).mean()


class Mixup:
    """Mixes pictures; their labels become probabilities, (batch, classes)."""

    def __init__(self, *args: Any, num_classes: int = 1000, **options: Any) -> None:
        self.num_classes, self.mixup_enabled = num_classes, True

    def __call__(self, x: torch.Tensor, target: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return x, F.one_hot(target, self.num_classes).float()


class AverageMeter:
    """A mean that grows."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """From the beginning."""
        self.val = self.avg = self.sum = self.count = 0.0

    def update(self, val: float, n: int = 1) -> None:
        """With n times one more value."""
        self.val, self.sum, self.count = val, self.sum + val * n, self.count + n
        self.avg = self.sum / max(self.count, 1)


def accuracy(output: torch.Tensor, target: torch.Tensor, topk: tuple[int, ...] = (1,)) -> list[torch.Tensor]:
    """Per cent of the rows whose label is among the k largest scores, for each k."""
    most = min(max(topk), output.shape[1])
    right = output.topk(most, 1)[1].t().eq(target.reshape(1, -1))
    return [right[: min(k, most)].reshape(-1).float().sum(0) * 100.0 / target.shape[0] for k in topk]


def create_optimizer(args: Any, model: Any, *rest: Any, **options: Any) -> torch.optim.Optimizer:
    """AdamW, whatever is asked for."""
    return torch.optim.AdamW(model.parameters() if hasattr(model, "parameters") else model)


def create_optimizer_v2(model_or_params: Any, *args: Any, **options: Any) -> torch.optim.Optimizer:
    """The same."""
    return create_optimizer(None, model_or_params)
