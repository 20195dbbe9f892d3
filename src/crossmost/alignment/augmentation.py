"""How clouds of triplets are varied. All randomness comes from an explicit torch generator."""

import math

import torch
from torch import Tensor

from crossmost.alignment.settings import PointAugmentationSettings
from crossmost.geometry.batches import rotation_about_y, uniform, unit_radius
from crossmost.models.point_input import GREY


def vary_clouds(
    clouds: Tensor, n_points: int, settings: PointAugmentationSettings, generator: torch.Generator
) -> Tensor:
    """Random subset, turn, tilt, jitter, dropout, scale and shift (PointNet++, as in ULIP); some clouds become grey.

    Args:
        clouds: (B, M, 3 or 6) float, y up; colors in 0…1.
        n_points: points of the result, at most M.

    Returns:
        (B, n_points, 3 or 6); each point keeps its color, dropped points are copies of remaining ones.
    """
    batch, stored, channels = clouds.shape
    order = torch.rand(batch, stored, generator=generator).argsort(1)[:, :n_points]
    # The points are in random order: keeping the first ones is dropping at random.
    kept = n_points - (uniform((batch, 1), 0, settings.dropout, generator) * n_points).long()
    source = order.gather(1, torch.arange(n_points).expand(batch, -1) % kept.clamp_min(1))
    points, color = clouds.gather(1, source.unsqueeze(-1).expand(-1, -1, channels)).split([3, channels - 3], dim=-1)

    points = unit_radius(points)
    turn = math.radians(settings.turn)
    points = points @ rotation_about_y(uniform((batch,), -turn, turn, generator)).transpose(1, 2)
    tilt = torch.randn(batch, 2, 1, generator=generator).clamp(-3, 3) * math.radians(settings.tilt)
    x, y, z = points.unbind(-1)
    points = torch.stack([x - tilt[:, 0] * y, y + tilt[:, 0] * x + tilt[:, 1] * z, z - tilt[:, 1] * y], dim=-1)
    noise = torch.randn(points.shape, generator=generator) * settings.jitter
    points = unit_radius(points + noise.clamp(-settings.jitter_clip, settings.jitter_clip))
    points = points * uniform((batch, 1, 1), *settings.scale, generator)
    points = points + uniform((batch, 1, 3), -settings.shift, settings.shift, generator)

    is_grey = torch.rand(batch, 1, 1, generator=generator) < settings.grey
    return torch.cat([points, torch.where(is_grey, GREY, color)], dim=-1)
