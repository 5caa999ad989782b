"""The two models of the demo: a small residual network and a 12-block vision transformer, for 8 x 8 grey images.

This module imports PyTorch; it is itself imported only when the demo runs.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["ResNet", "VisionTransformer"]


class ResidualBlock(nn.Module):
    """Two 3 x 3 convolutions and a shortcut (He et al. 2016)."""

    def __init__(self, channels_in: int, channels: int, stride: int):
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels, 3, stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(channels)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or channels_in != channels:
            self.shortcut = nn.Sequential(
                nn.Conv2d(channels_in, channels, 1, stride, bias=False), nn.BatchNorm2d(channels)
            )

    def forward(self, x: Tensor) -> Tensor:
        y = functional.relu(self.norm1(self.conv1(x)))
        return functional.relu(self.norm2(self.conv2(y)) + self.shortcut(x))


class ResNet(nn.Module):
    """Four stages, ``layer1`` ... ``layer4``, named as in torchvision: (n, 1, 8, 8) images to (n, 10) logits."""

    def __init__(self, width: int = 16, classes: int = 10):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(1, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU())
        self.layer1 = ResidualBlock(width, width, stride=1)
        self.layer2 = ResidualBlock(width, 2 * width, stride=2)
        self.layer3 = ResidualBlock(2 * width, 4 * width, stride=2)
        self.layer4 = ResidualBlock(4 * width, 8 * width, stride=2)
        self.fc = nn.Linear(8 * width, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.layer4(self.layer3(self.layer2(self.layer1(self.stem(x)))))
        return self.fc(x.mean((2, 3)))


class TransformerBlock(nn.Module):
    """Attention and a perceptron, each on a normalised input and added to the stream (Dosovitskiy et al. 2021).

    Weights start with variance 1 / fan-in, and what enters the stream is divided by sqrt(2 depth). With PyTorch's own
    start, or a deviation of 0.02, twelve blocks need several times as many epochs here.
    """

    def __init__(self, width: int, heads: int, depth: int, expansion: int = 2):
        super().__init__()
        self.heads = heads
        into_stream = (2 * depth) ** -0.5
        self.norm1 = nn.LayerNorm(width)
        self.qkv = _linear(width, 3 * width)
        self.proj = _linear(width, width, into_stream)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            _linear(width, expansion * width), nn.GELU(), _linear(expansion * width, width, into_stream)
        )

    def forward(self, x: Tensor) -> Tensor:
        n, tokens, width = x.shape
        q, k, v = self.qkv(self.norm1(x)).view(n, tokens, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(q, k, v)
        x = x + self.proj(mixed.transpose(1, 2).reshape(n, tokens, width))
        return x + self.mlp(self.norm2(x))


class VisionTransformer(nn.Module):
    """Twelve blocks, ``blocks.0`` ... ``blocks.11``, named as in timm: (n, 1, 8, 8) images to (n, 10) logits.

    Every 2 x 2 patch is a token; the class token comes first, and is what the head reads.
    """

    def __init__(self, width: int = 48, heads: int = 3, depth: int = 12, patch: int = 2, classes: int = 10):
        super().__init__()
        self.patch_embed = nn.Conv2d(1, width, patch, stride=patch)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_embed = nn.Parameter(0.5 * torch.randn(1, 1 + (8 // patch) ** 2, width))
        self.blocks = nn.ModuleList(TransformerBlock(width, heads, depth) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, classes)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.patch_embed(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls_token.expand(len(x), -1, -1), tokens], dim=1) + self.pos_embed
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x)[:, 0])


def _linear(width_in: int, width: int, scale: float = 1.0) -> nn.Linear:
    layer = nn.Linear(width_in, width)
    nn.init.normal_(layer.weight, std=scale * width_in**-0.5)
    nn.init.zeros_(layer.bias)
    return layer
