"""Batch augmentations of pre-training. All randomness comes from an explicit torch generator."""

import math

import torch
from torch import Tensor
from torch.nn import functional

from crossmost.pretraining.settings import CloudAugmentationSettings

STRAY_BOX = 1.2
"""Half the side of the box that stray points lie in, in radii of the object."""


def _uniform(shape: tuple[int, ...], low: float, high: float, generator: torch.Generator) -> Tensor:
    return torch.rand(shape, generator=generator) * (high - low) + low


def augment_views(views: Tensor, size: int, generator: torch.Generator) -> Tensor:
    """Random crop, flip, tilt, background and color of rendered views.

    Args:
        views: (B, 3, H, W) float in 0–1 on a white background.
        size: side of the result, pixels.

    Returns:
        (B, 3, size, size) float in 0–1.
    """
    batch = views.shape[0]
    zoom = _uniform((batch,), 0.75, 1.15, generator)
    stretch = _uniform((batch,), 0.9, 1.1, generator)
    flip = torch.where(torch.rand(batch, generator=generator) < 0.5, -1.0, 1.0)
    angle = _uniform((batch,), -0.15, 0.15, generator)
    shift = _uniform((batch, 2), -0.15, 0.15, generator)
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

    contrast = _uniform((batch, 1, 1, 1), 0.6, 1.4, generator)
    brightness = _uniform((batch, 1, 1, 1), -0.2, 0.2, generator)
    tint = _uniform((batch, 3, 1, 1), 0.85, 1.15, generator)
    gray = views.mean(1, keepdim=True)
    saturation = _uniform((batch, 1, 1, 1), 0.0, 1.5, generator)
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
    points = points * _uniform((batch, 1, 3), 1 - settings.stretch, 1 + settings.stretch, generator)
    yaw = _uniform((batch,), -math.pi, math.pi, generator)
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
    is_stray = torch.rand(batch, n_points, generator=generator) < _uniform((batch, 1), 0, settings.stray, generator)
    anywhere = STRAY_BOX * _uniform((batch, n_points, 3), -1, 1, generator)
    points = unit_radius(torch.where(is_stray.unsqueeze(-1), anywhere, points))
    # The points are in random order: keeping the first ones is dropping at random.
    kept = n_points - (_uniform((batch, 1), 0, settings.dropout, generator) * n_points).long()  # (B, 1)
    source = torch.arange(n_points).expand(batch, -1) % kept
    points = points.gather(1, source.unsqueeze(-1).expand(-1, -1, 3))
    points = points * _uniform((batch, 1, 1), *settings.scale, generator)
    return points + _uniform((batch, 1, 3), -settings.shift, settings.shift, generator)


def rotation_about_y(angle: Tensor) -> Tensor:
    """Angles (B,) in radians → rotation matrices (B, 3, 3) about the up axis."""
    cos, sin, zero, one = angle.cos(), angle.sin(), torch.zeros_like(angle), torch.ones_like(angle)
    return torch.stack([cos, zero, sin, zero, one, zero, -sin, zero, cos], dim=-1).view(-1, 3, 3)


def unit_radius(points: Tensor) -> Tensor:
    """Center clouds (B, N, 3) on their mean and scale them to maximum radius 1."""
    points = points - points.mean(1, keepdim=True)
    return points / points.norm(dim=-1).amax(1).clamp_min(1e-8)[:, None, None]


def random_token_mask(batch: int, tokens: int, ratio: float, generator: torch.Generator) -> Tensor:
    """(B, tokens) bool with the same number of masked tokens in every row: a share drawn from 0.1…``ratio``."""
    share = 0.1 + (ratio - 0.1) * float(torch.rand((), generator=generator))
    hidden = max(1, round(share * tokens))
    order = torch.rand(batch, tokens, generator=generator).argsort(1)
    return order < hidden
