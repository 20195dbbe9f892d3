"""OpenShape's "PointBERT" tower (Liu et al., NeurIPS 2023): set abstraction over balls, then a plain transformer.

Parameter names equal those of the published checkpoints, with two renamings: ``sa`` is called ``encoder`` here, as the
other towers' mini-PointNet is, and the prefix ``ppat`` is gone.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from crossmost.geometry.grouping import farthest_point_sampling, gather_points
from crossmost.models.point_input import UpAxis, to_tower_input
from crossmost.models.point_tower import PointFeatures


@dataclass(frozen=True, kw_only=True)
class OpenShapeConfig:
    """Sizes of an OpenShape tower.

    Attributes:
        encoder_dims: channels of a group token before the transformer; the two layers before have 64.
        mlp_width: hidden width of the transformer's feed-forward layers.
        radius: of the ball around a center, on unit-radius clouds.
        group_size: points taken of a ball, the first ones in stored order.
        in_channels: 6, coordinates and color.
    """

    kind: Literal["openshape"] = "openshape"
    width: int = 512
    layers: int = 12
    heads: int = 8
    mlp_width: int = 1536
    encoder_dims: int = 256
    n_groups: int = 384
    radius: float = 0.2
    group_size: int = 64
    in_channels: int = 6
    up_axis: UpAxis = "z"


class SetAbstraction(nn.Module):
    """Shared point-wise layers and a maximum over each group (PointNet++)."""

    def __init__(self, in_channels: int, channels: tuple[int, ...]) -> None:
        super().__init__()
        sizes = [in_channels, *channels]
        self.mlp_convs = nn.ModuleList(nn.Conv2d(a, b, 1) for a, b in pairwise(sizes))
        self.mlp_bns = nn.ModuleList(nn.BatchNorm1d(size) for size in channels)

    def forward(self, neighborhoods: Tensor) -> Tensor:
        """(B, G, K, C) → (B, G, channels[-1])."""
        x = neighborhoods.flatten(0, 2)
        for layer, norm in zip(self.mlp_convs, self.mlp_bns, strict=True):
            convolution = cast(nn.Conv2d, layer)
            x = functional.relu(norm(functional.linear(x, convolution.weight.flatten(1), convolution.bias)))
        return x.view(*neighborhoods.shape[:3], -1).max(2).values


class Attention(nn.Module):
    """Multi-head self-attention, 64 channels a head."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.to_qkv = nn.Linear(width, 3 * width, bias=False)
        self.to_out = nn.Sequential(nn.Linear(width, width))

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = self.to_qkv(x).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(query, key, value)  # (B, heads, L, D)
        return self.to_out(mixed.transpose(1, 2).flatten(2))


class FeedForward(nn.Module):
    """Two layers; the identities stand where the published module has dropout, so that names agree."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(width, hidden), nn.GELU(), nn.Identity(), nn.Linear(hidden, width))

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)


class PreNorm(nn.Module):
    """A residual branch with its norm before it."""

    def __init__(self, width: int, branch: nn.Module) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.fn = branch

    def forward(self, x: Tensor) -> Tensor:
        return x + self.fn(self.norm(x))


class Transformer(nn.Module):
    def __init__(self, config: OpenShapeConfig) -> None:
        super().__init__()
        width = config.width
        self.layers = nn.ModuleList(
            nn.ModuleList(
                [
                    PreNorm(width, Attention(width, config.heads)),
                    PreNorm(width, FeedForward(width, config.mlp_width)),
                ]
            )
            for _ in range(config.layers)
        )

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            for branch in cast(nn.ModuleList, layer):
                x = branch(x)
        return x


class OpenShapeTower(nn.Module):
    """Clouds → features; same interface as `PointTower`.

    The feature is the class token and a constant 1, so that the published projection, which has a bias, is one matrix:
    its last row. ``mask_token`` and ``mask_position`` exist for self-training only.
    """

    def __init__(self, config: OpenShapeConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = SetAbstraction(config.in_channels + 3, (64, 64, config.encoder_dims))
        lift = nn.Conv1d(config.encoder_dims + 3, config.width, 1)
        self.lift = nn.Sequential(lift, nn.Identity(), nn.LayerNorm(config.width))
        self.cls_token = nn.Parameter(torch.randn(config.width))
        self.transformer = Transformer(config)
        self.mask_token = nn.Parameter(torch.zeros(config.width))
        self.mask_position = nn.Linear(3, config.width)
        self.lm_head = nn.Linear(config.width, config.width)
        nn.init.trunc_normal_(self.mask_token, std=0.02)

    @property
    def feature_dim(self) -> int:
        return self.config.width + 1

    @property
    def compilable(self) -> tuple[nn.Module, ...]:
        """What `compiled_blocks` compiles."""
        return (self.encoder, *(branch for layer in self.transformer.layers for branch in cast(nn.ModuleList, layer)))

    @property
    def token_rows(self) -> slice:
        """Rows of the projection that act on group tokens: all but the bias."""
        return slice(0, self.config.width)

    def group(self, points: Tensor, start: Tensor | None = None, n_groups: int | None = None) -> tuple[Tensor, Tensor]:
        """(B, N, 3 or 6) y-up clouds → neighborhoods (B, G, K, 9) and centers (B, G, 3) in the tower's frame.

        Channels of a neighborhood: coordinates relative to the center, coordinates, color.
        """
        points = to_tower_input(points, self.config.in_channels, self.config.up_axis)
        coordinates = points[..., :3]
        chosen = farthest_point_sampling(coordinates, n_groups or self.config.n_groups, start)
        centers = gather_points(coordinates, chosen)
        indices = first_in_ball(centers, coordinates, self.config.radius, self.config.group_size)
        neighbors = gather_points(points, indices)
        return torch.cat([neighbors[..., :3] - centers.unsqueeze(2), neighbors], dim=-1), centers

    def tokenize(self, neighborhoods: Tensor) -> Tensor:
        """Neighborhoods (B, G, K, 9) → group tokens (B, G, width); the position of the group is in them."""
        centers = neighborhoods[..., 0, 3:6] - neighborhoods[..., 0, :3]
        lifted = cast(nn.Conv1d, self.lift[0])
        x = torch.cat([centers, self.encoder(neighborhoods)], dim=-1)
        return self.lift[2](functional.linear(x, lifted.weight.squeeze(-1), lifted.bias))

    def forward(self, tokens: Tensor, centers: Tensor, mask: Tensor | None = None) -> PointFeatures:
        """Features of tokenized clouds; arguments as in `PointTower`."""
        if mask is not None:
            hidden = (self.mask_token + self.mask_position(centers)).to(tokens)
            tokens = torch.where(mask.unsqueeze(-1), hidden, tokens)
        cls = self.cls_token.expand(tokens.shape[0], 1, -1).to(tokens)
        x = self.transformer(torch.cat([cls, tokens], dim=1))
        return PointFeatures(feature=torch.cat([x[:, 0], torch.ones_like(x[:, 0, :1])], dim=-1), tokens=x[:, 1:])

    def encode(self, points: Tensor, start: Tensor | None = None) -> PointFeatures:
        """Features of clouds (B, N, 3 or 6), unmasked: `group`, `tokenize`, `forward`."""
        neighborhoods, centers = self.group(points, start)
        return self(self.tokenize(neighborhoods), centers)


def first_in_ball(centers: Tensor, points: Tensor, radius: float, count: int) -> Tensor:
    """Indices (B, G, count) of the first points (B, N, 3), in stored order, within ``radius`` of each center (B, G, 3).

    Balls with fewer points repeat their first one (PointNet++).
    """
    n_points = points.shape[1]
    squared = (
        centers.square().sum(-1, keepdim=True) - 2 * centers @ points.transpose(1, 2) + points.square().sum(-1)[:, None]
    )
    order = torch.arange(n_points, device=points.device)
    inside = torch.where(squared > radius**2, n_points, order)  # (B, G, N)
    first = inside.topk(min(count, n_points), dim=-1, largest=False, sorted=True).values
    return torch.where(first == n_points, first[..., :1], first)
