"""Uni3D's point tower (Zhou et al., ICLR 2024): a ViT whose patches are groups of colored points.

Parameter names equal those of the published checkpoints (``encoder2trans.*``, ``visual.blocks.N.*`` …) less the parts
of the ViT that only images would need. The blocks are timm's own EVA blocks.
"""

from dataclasses import dataclass
from typing import Any, Literal, cast

import timm
import torch
from timm.models.eva import Eva
from torch import Tensor, nn

from crossmost.geometry.grouping import group_points
from crossmost.models.point_input import UpAxis, to_tower_input
from crossmost.models.point_tower import MiniPointNet, PointFeatures


@dataclass(frozen=True, kw_only=True)
class Uni3DConfig:
    """Sizes of a Uni3D tower.

    Attributes:
        transformer: timm name of the ViT, which sets the width.
        encoder_dims: channels of a group token before the ViT.
        in_channels: 6, coordinates and color.
    """

    kind: Literal["uni3d"] = "uni3d"
    transformer: str
    width: int
    encoder_dims: int = 512
    encoder_hidden: tuple[int, int, int] = (128, 256, 512)
    n_groups: int = 512
    group_size: int = 64
    in_channels: int = 6
    drop_path: float = 0.0
    up_axis: UpAxis = "y"


class Uni3DTower(nn.Module):
    """Clouds → features; same interface as `PointTower`.

    The feature is the class token after the last norm and a constant 1, so that the published projection, which has a
    bias, is one matrix: its last row.
    """

    def __init__(self, config: Uni3DConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = MiniPointNet(config.in_channels, config.encoder_hidden, config.encoder_dims)
        self.encoder2trans = nn.Linear(config.encoder_dims, config.width)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, config.width))
        self.cls_pos = nn.Parameter(torch.randn(1, 1, config.width))
        self.pos_embed = nn.Sequential(nn.Linear(3, 128), nn.GELU(), nn.Linear(128, config.width))
        self.visual = _blocks_of(config.transformer, config.drop_path)
        self.mask_token = nn.Parameter(torch.zeros(1, 1, config.width))
        self.lm_head = nn.Linear(config.width, config.encoder_dims)
        nn.init.trunc_normal_(self.mask_token, std=0.02)

    @property
    def feature_dim(self) -> int:
        return self.config.width + 1

    @property
    def compilable(self) -> tuple[nn.Module, ...]:
        """What `compiled_blocks` compiles."""
        return (self.encoder, *self.visual.blocks)

    @property
    def token_rows(self) -> slice:
        """Rows of the projection that act on group tokens: all but the bias."""
        return slice(0, self.config.width)

    def group(self, points: Tensor, start: Tensor | None = None, n_groups: int | None = None) -> tuple[Tensor, Tensor]:
        """(B, N, 3 or 6) y-up clouds → neighborhoods (B, G, K, 6) and centers (B, G, 3) in the tower's frame."""
        points = to_tower_input(points, self.config.in_channels, self.config.up_axis)
        return group_points(points, n_groups or self.config.n_groups, self.config.group_size, start)

    def tokenize(self, neighborhoods: Tensor) -> Tensor:
        """Neighborhoods (B, G, K, 6) → group tokens (B, G, encoder_dims), before masking and position."""
        return self.encoder(neighborhoods)

    def forward(self, tokens: Tensor, centers: Tensor, mask: Tensor | None = None) -> PointFeatures:
        """Features of tokenized clouds; arguments as in `PointTower`."""
        visible = self.encoder2trans(tokens)
        if mask is not None:
            visible = torch.where(mask.unsqueeze(-1), self.mask_token.to(visible), visible)
        batch = tokens.shape[0]
        x = torch.cat([self.cls_token.expand(batch, -1, -1).to(visible), visible], dim=1)
        x = x + torch.cat([self.cls_pos.expand(batch, -1, -1), self.pos_embed(centers)], dim=1)
        x = self.visual.pos_drop(x)
        for block in self.visual.blocks:
            x = block(x)
        x = self.visual.fc_norm(self.visual.norm(x))
        return PointFeatures(feature=torch.cat([x[:, 0], torch.ones_like(x[:, 0, :1])], dim=-1), tokens=x[:, 1:])

    def encode(self, points: Tensor, start: Tensor | None = None) -> PointFeatures:
        """Features of clouds (B, N, 3 or 6), unmasked: `group`, `tokenize`, `forward`."""
        neighborhoods, centers = self.group(points, start)
        return self(self.tokenize(neighborhoods), centers)


def _blocks_of(name: str, drop_path: float) -> Eva:
    """timm's EVA without what only images need."""
    visual: Any = timm.create_model(name, pretrained=False, num_classes=0, drop_path_rate=drop_path)
    visual.patch_embed = nn.Identity()
    visual.cls_token = None
    visual.pos_embed = None
    visual.rope = None
    return cast(Eva, visual)
