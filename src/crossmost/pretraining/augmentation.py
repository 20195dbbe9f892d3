"""Batch augmentations of pre-training. All randomness comes from an explicit torch generator."""

import math

import torch
from torch import Tensor
from torch.nn import functional

from crossmost.geometry.batches import rotation_about_y, uniform, unit_radius
from crossmost.pretraining.settings import CloudAugmentationSettings

STRAY_BOX = 1.2
"""Half the side of the box that stray points lie in, in radii of the object."""


def augment_views(views: Tensor, size: int, generator: torch.Generator) -> Tensor:
    """Random crop, flip, tilt, background and color of rendered views.

    Args:
        views: (B, 3, H, W) float in 0–1 on a white background.
        size: side of the result, pixels.

    Returns:
        (B, 3, size, size) float in 0–1.
    """
    batch = views.shape[0]
    zoom = uniform((batch,), 0.75, 1.15, generator)
    stretch = uniform((batch,), 0.9, 1.1, generator)
    flip = torch.where(torch.rand(batch, generator=generator) < 0.5, -1.0, 1.0)
    angle = uniform((batch,), -0.15, 0.15, generator)
    shift = uniform((batch, 2), -0.15, 0.15, generator)
    transform = torch.stack(
        [
            torch.stack([flip * zoom * stretch * angle.cos(), -zoom * angle.sin(), shift[:, 0]], dim=1),
            torch.stack([flip * zoom * angle.sin(), zoom / stretch * angle.cos(), shift[:, 1]], dim=1),
        ],
        dim=1,
    )  # (B, 2, 3)
    grid = functional.affine_grid(transform, [batch, 3, size, size], align_corners=False)
    # Sampling the darkness makes everything outside the picture white, like the background.
    views = 1 - functional.grid_sample(1 - views, grid, align_corners=False)

    background = (views.amin(1, keepdim=True) > 0.985) & (torch.rand(batch, 1, 1, 1, generator=generator) < 0.3)
    views = torch.where(background, torch.rand(batch, 3, 1, 1, generator=generator), views)

    contrast = uniform((batch, 1, 1, 1), 0.6, 1.4, generator)
    brightness = uniform((batch, 1, 1, 1), -0.2, 0.2, generator)
    tint = uniform((batch, 3, 1, 1), 0.85, 1.15, generator)
    gray = views.mean(1, keepdim=True)
    saturation = uniform((batch, 1, 1, 1), 0.0, 1.5, generator)
    colored = ((gray + (views - gray) * saturation) * tint - 0.5) * contrast + 0.5 + brightness
    keep = torch.rand(batch, 1, 1, 1, generator=generator) < 0.2
    return torch.where(keep, views, colored).clamp(0, 1)


def augment_clouds(
    clouds: Tensor, n_points: int, settings: CloudAugmentationSettings, generator: torch.Generator
) -> Tensor:
    """Random subset, turn, tilt, stretch, jitter, dropout, scale and shift (PointNet++, as in ULIP), and stray points.

    Stray points lie anywhere in a box somewhat larger than the object, as a sensor's do. Scale and shift come last and
    stay: a cloud whose normalization was thrown off by stray points looks like that.

    Args:
        clouds: (B, M, 3) float, y-up, M ≥ ``n_points``.

    Returns:
        (B, n_points, 3), about zero mean and unit maximum radius; dropped points are copies of remaining ones.
    """
    batch, stored, _ = clouds.shape
    order = torch.rand(batch, stored, generator=generator).argsort(1)[:, :n_points]
    points = clouds.gather(1, order.unsqueeze(-1).expand(-1, -1, 3))
    points = points * uniform((batch, 1, 3), 1 - settings.stretch, 1 + settings.stretch, generator)
    yaw = uniform((batch,), -math.pi, math.pi, generator)
    points = points @ rotation_about_y(yaw).transpose(1, 2)
    tilt = (torch.randn(batch, 2, generator=generator) * 0.06).clamp(-0.18, 0.18)
    points = points + torch.stack(
        [
            -tilt[:, :1] * points[..., 1],
            tilt[:, :1] * points[..., 0] + tilt[:, 1:] * points[..., 2],
            -tilt[:, 1:] * points[..., 1],
        ],
        dim=-1,
    )
    noise = torch.randn(points.shape, generator=generator) * settings.jitter
    points = unit_radius(points + noise.clamp(-settings.jitter_clip, settings.jitter_clip))
    is_stray = torch.rand(batch, n_points, generator=generator) < uniform((batch, 1), 0, settings.stray, generator)
    anywhere = STRAY_BOX * uniform((batch, n_points, 3), -1, 1, generator)
    points = unit_radius(torch.where(is_stray.unsqueeze(-1), anywhere, points))
    # The points are in random order: keeping the first ones is dropping at random.
    kept = n_points - (uniform((batch, 1), 0, settings.dropout, generator) * n_points).long()  # (B, 1)
    source = torch.arange(n_points).expand(batch, -1) % kept
    points = points.gather(1, source.unsqueeze(-1).expand(-1, -1, 3))
    points = points * uniform((batch, 1, 1), *settings.scale, generator)
    return points + uniform((batch, 1, 3), -settings.shift, settings.shift, generator)


def random_token_mask(batch: int, tokens: int, ratio: float, generator: torch.Generator) -> Tensor:
    """(B, tokens) bool with the same number of masked tokens in every row: a share drawn from 0.1…``ratio``."""
    share = 0.1 + (ratio - 0.1) * float(torch.rand((), generator=generator))
    hidden = max(1, round(share * tokens))
    order = torch.rand(batch, tokens, generator=generator).argsort(1)
    return order < hidden
