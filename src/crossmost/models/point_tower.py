"""Point-BERT point tower (Yu et al., CVPR 2022) with a masked pass for self-training.

Parameter names equal those of the published checkpoints (``encoder.*``, ``reduce_dim.*``, ``blocks.blocks.N.*`` …), so
that their state dicts load without renaming. Parameters do not depend on the number or size of groups.
"""

from dataclasses import dataclass
from typing import Literal, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from crossmost.geometry.grouping import group_points
from crossmost.models.point_input import UpAxis, to_tower_input


@dataclass(frozen=True, kw_only=True)
class PointTowerConfig:
    """Sizes of a Point-BERT tower. The defaults are the published ones.

    ``in_channels`` 6 is coordinates and color; ``up_axis`` is that of the clouds the tower was trained on.
    """

    kind: Literal["point_bert"] = "point_bert"
    width: int = 384
    layers: int = 12
    heads: int = 6
    encoder_dims: int = 256
    encoder_hidden: tuple[int, int, int] = (128, 256, 512)
    n_groups: int = 64
    group_size: int = 32
    in_channels: int = 3
    drop_path: float = 0.0
    up_axis: UpAxis = "y"


@dataclass(frozen=True)
class PointFeatures:
    """What one pass of the point tower gives.

    Attributes:
        feature: (B, 2·width) class token and maximum over the group tokens, after the last norm.
        tokens: (B, G, width) group tokens after the last norm.
    """

    feature: Tensor
    tokens: Tensor


class MiniPointNet(nn.Module):
    """One token per group: shared point-wise layers and two max-poolings."""

    def __init__(self, in_channels: int, hidden: tuple[int, int, int], out_dims: int) -> None:
        super().__init__()
        first, middle, last = hidden
        self.first_conv = nn.Sequential(
            nn.Conv1d(in_channels, first, 1), nn.BatchNorm1d(first), nn.ReLU(), nn.Conv1d(first, middle, 1)
        )
        self.second_conv = nn.Sequential(
            nn.Conv1d(2 * middle, last, 1), nn.BatchNorm1d(last), nn.ReLU(), nn.Conv1d(last, out_dims, 1)
        )

    def forward(self, neighborhoods: Tensor) -> Tensor:
        """(B, G, K, C) → (B, G, out_dims)."""
        batch, groups, size, channels = neighborhoods.shape
        # The 1×1 convolutions run as matrix products on rows of points: several times faster on CPUs than (B, C, K).
        first, second = cast(nn.Conv1d, self.first_conv[0]), cast(nn.Conv1d, self.first_conv[3])
        third, last = cast(nn.Conv1d, self.second_conv[0]), cast(nn.Conv1d, self.second_conv[3])
        points = neighborhoods.reshape(-1, channels)  # (B·G·K, C)
        hidden = functional.relu(self.first_conv[1](_pointwise(first, points)))
        local = _pointwise(second, hidden)  # (B·G·K, middle)
        # max().values instead of amax(): its gradient goes to one point, and is faster on CPUs.
        pooled = local.view(batch * groups, size, -1).max(1).values  # (B·G, middle)
        # concat(pooled, local)·W = pooled·W₁ + local·W₂, and the first term is one product per group, not per point.
        middle = local.shape[-1]
        weight = third.weight.squeeze(-1)
        mixed = functional.linear(local, weight[:, middle:], third.bias).view(batch * groups, size, -1)
        mixed = (mixed + functional.linear(pooled, weight[:, :middle]).unsqueeze(1)).flatten(0, 1)
        tokens = _pointwise(last, functional.relu(self.second_conv[1](mixed)))  # (B·G·K, out)
        return tokens.view(batch, groups, size, -1).max(2).values


def _pointwise(convolution: nn.Conv1d, points: Tensor) -> Tensor:
    """A 1×1 convolution applied to rows (M, C)."""
    return functional.linear(points, convolution.weight.squeeze(-1), convolution.bias)


class DropPath(nn.Module):
    """Stochastic depth (Huang et al., 2016): drop a residual branch per sample."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.rate == 0:
            return x
        keep = torch.rand(x.shape[0], *[1] * (x.dim() - 1), device=x.device, dtype=x.dtype) >= self.rate
        return x * keep / (1 - self.rate)


class Attention(nn.Module):
    """Multi-head self-attention with one fused qkv layer (no qkv bias, as published)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.proj = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        batch, length, width = x.shape
        qkv = self.qkv(x).view(batch, length, 3, self.heads, width // self.heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)  # each (B, heads, L, width/heads)
        mixed = functional.scaled_dot_product_attention(query, key, value)
        return self.proj(mixed.transpose(1, 2).reshape(batch, length, width))


class FeedForward(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, 4 * width)
        self.fc2 = nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(functional.gelu(self.fc1(x)))


class Block(nn.Module):
    def __init__(self, width: int, heads: int, drop_path: float) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attn = Attention(width, heads)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = FeedForward(width)
        self.drop_path = DropPath(drop_path)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.drop_path(self.attn(self.norm1(x)))
        return x + self.drop_path(self.mlp(self.norm2(x)))


def drop_path_rates(highest: float, layers: int) -> list[float]:
    """Rate of each block, rising linearly from 0."""
    return [highest * layer / max(1, layers - 1) for layer in range(layers)]


class Blocks(nn.Module):
    """Transformer encoder that adds the position embedding again before every block."""

    def __init__(self, config: PointTowerConfig) -> None:
        super().__init__()
        rates = drop_path_rates(config.drop_path, config.layers)
        self.blocks = nn.ModuleList(Block(config.width, config.heads, rate) for rate in rates)

    def forward(self, x: Tensor, position: Tensor) -> Tensor:
        for block in self.blocks:
            x = block(x + position)
        return x


class PointTower(nn.Module):
    """Clouds → features; see `PointFeatures`."""

    def __init__(self, config: PointTowerConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = MiniPointNet(config.in_channels, config.encoder_hidden, config.encoder_dims)
        self.reduce_dim = nn.Linear(config.encoder_dims, config.width)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, config.width))
        self.cls_pos = nn.Parameter(torch.randn(1, 1, config.width))
        self.pos_embed = nn.Sequential(nn.Linear(3, 128), nn.GELU(), nn.Linear(128, config.width))
        self.blocks = Blocks(config)
        self.norm = nn.LayerNorm(config.width)
        self.mask_token = nn.Parameter(torch.zeros(1, 1, config.width))
        self.lm_head = nn.Linear(config.width, config.width)
        nn.init.trunc_normal_(self.cls_token, std=0.02)
        nn.init.trunc_normal_(self.mask_token, std=0.02)

    def set_drop_path(self, highest: float) -> None:
        """Stochastic depth of training, rising to this rate in the last block."""
        rates = drop_path_rates(highest, self.config.layers)
        for block, rate in zip(self.blocks.blocks, rates, strict=True):
            cast(Block, block).drop_path.rate = rate

    @property
    def feature_dim(self) -> int:
        return 2 * self.config.width

    @property
    def compilable(self) -> tuple[nn.Module, ...]:
        """What `compiled_blocks` compiles."""
        return (self.encoder, *self.blocks.blocks)

    @property
    def token_rows(self) -> slice:
        """Rows of the projection that act on group tokens: the half of the feature that is their maximum."""
        return slice(self.config.width, None)

    def group(self, points: Tensor, start: Tensor | None = None, n_groups: int | None = None) -> tuple[Tensor, Tensor]:
        """(B, N, 3 or 6) y-up clouds → neighborhoods (B, G, K, C) and centers (B, G, 3) in the tower's frame.

        ``n_groups`` overrides the config's.
        """
        points = to_tower_input(points, self.config.in_channels, self.config.up_axis)
        return group_points(points, n_groups or self.config.n_groups, self.config.group_size, start)

    def tokenize(self, neighborhoods: Tensor) -> Tensor:
        """Neighborhoods (B, G, K, C) → group tokens (B, G, width), before masking and position."""
        return self.reduce_dim(self.encoder(neighborhoods))

    def forward(self, tokens: Tensor, centers: Tensor, mask: Tensor | None = None) -> PointFeatures:
        """Features of tokenized clouds.

        Args:
            tokens: (B, G, width) from `tokenize`.
            centers: (B, G, 3) from `group`.
            mask: (B, G) bool; tokens of masked groups are replaced by the learned mask token.
        """
        visible = tokens if mask is None else torch.where(mask.unsqueeze(-1), self.mask_token.to(tokens), tokens)
        batch = tokens.shape[0]
        x = torch.cat([self.cls_token.expand(batch, -1, -1).to(visible), visible], dim=1)
        position = torch.cat([self.cls_pos.expand(batch, -1, -1), self.pos_embed(centers)], dim=1)
        x = self.norm(self.blocks(x, position))
        return PointFeatures(feature=torch.cat([x[:, 0], x[:, 1:].max(1).values], dim=-1), tokens=x[:, 1:])

    def encode(self, points: Tensor, start: Tensor | None = None) -> PointFeatures:
        """Features of clouds (B, N, C), unmasked: `group`, `tokenize`, `forward`."""
        neighborhoods, centers = self.group(points, start)
        return self(self.tokenize(neighborhoods), centers)
