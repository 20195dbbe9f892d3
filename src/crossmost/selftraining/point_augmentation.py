"""Weak and strong augmentation of point clouds, on whole batches, from an explicit generator."""

import torch
from torch import Tensor

from crossmost.geometry.batches import uniform, unit_radius
from crossmost.geometry.grouping import gather_points
from crossmost.selftraining.settings import PointAugmentationSettings


def rotation(angles: Tensor) -> Tensor:
    """Angles (B, 3) about x, y, z in radians → matrices (B, 3, 3) = Rz·Ry·Rx."""
    (cx, cy, cz), (sx, sy, sz) = angles.cos().unbind(-1), angles.sin().unbind(-1)
    rows = [
        [cz * cy, cz * sy * sx - sz * cx, cz * sy * cx + sz * sx],
        [sz * cy, sz * sy * sx + cz * cx, sz * sy * cx - cz * sx],
        [-sy, cy * sx, cy * cx],
    ]
    return torch.stack([torch.stack(row, dim=-1) for row in rows], dim=-2)


def scale_points(points: Tensor, factor: Tensor) -> Tensor:
    """Clouds (B, N, 3) times factors (B,)."""
    return points * factor[:, None, None]


def turn_points(points: Tensor, angles: Tensor) -> Tensor:
    """Clouds (B, N, 3), turned about x, then y, then z by angles (B, 3) in radians."""
    return points @ rotation(angles).transpose(1, 2)


def shift_points(points: Tensor, share: Tensor) -> Tensor:
    """Clouds (B, N, 3), moved along each axis by a share (B, 3) of their extent along it."""
    extent = points.amax(1, keepdim=True) - points.amin(1, keepdim=True)  # (B, 1, 3)
    return points + extent * share.unsqueeze(1)


def jitter_points(points: Tensor, noise: Tensor, largest: float) -> Tensor:
    """Clouds (B, N, 3) with noise (B, N, 3) that is cut at ± ``largest``."""
    return points + noise.clamp(-largest, largest)


def kept_points(share: Tensor, draws: Tensor) -> Tensor:
    """(B, N) bool: points that stay when a share (B,) is dropped, by uniform draws (B, N)."""
    return draws >= share.unsqueeze(1)


def replacements(keep: Tensor, generator: torch.Generator) -> Tensor:
    """(B, N) int64: the point that stands at each place; for those not kept (B, N) a random kept one."""
    count = keep.shape[1]
    picked = torch.multinomial(keep.float(), count, replacement=True, generator=generator)
    return torch.where(keep, torch.arange(count).expand_as(keep), picked)


def first_for_dropped(keep: Tensor) -> Tensor:
    """(B, N) bool → (B, N) int64 sources: itself, and the cloud's first point in place of one that is dropped."""
    return torch.where(keep, torch.arange(keep.shape[1]).expand_as(keep), 0)


def weak_points(clouds: Tensor, settings: PointAugmentationSettings, generator: torch.Generator) -> Tensor:
    """Scale a little and tilt a little; clouds (B, N, 3 or 6) → the same shape, color unchanged."""
    points, color = clouds[..., :3], clouds[..., 3:]
    batch = points.shape[0]
    points = scale_points(unit_radius(points), uniform((batch,), *settings.weak_scale, generator))
    angles = torch.randn(batch, 3, generator=generator) * settings.weak_tilt
    points = turn_points(points, angles.clamp(-settings.weak_tilt_clip, settings.weak_tilt_clip))
    return torch.cat([unit_radius(points) if settings.renormalize else points, color], dim=-1)


def strong_points(clouds: Tensor, settings: PointAugmentationSettings, generator: torch.Generator) -> Tensor:
    """Scale, turn about the up axis, shift, jitter, drop points and crop; clouds (B, N, 3 or 6) → the same shape.

    Dropped and cropped points are replaced, so that the number of points stays N.
    """
    points, color = clouds[..., :3], clouds[..., 3:]
    batch, count, _ = points.shape
    points = scale_points(unit_radius(points), uniform((batch,), *settings.strong_scale, generator))
    yaw = torch.zeros(batch, 3)
    yaw[:, 1] = uniform((batch,), -settings.strong_turn, settings.strong_turn, generator)
    points = turn_points(points, yaw)
    points = shift_points(points, uniform((batch, 3), -settings.strong_shift, settings.strong_shift, generator))
    noise = torch.randn(points.shape, generator=generator) * settings.strong_jitter
    points = jitter_points(points, noise, settings.strong_jitter_clip)

    dropped = uniform((batch,), 0, settings.strong_dropout, generator)
    keep = kept_points(dropped, torch.rand(batch, count, generator=generator))
    if settings.strong_crop is not None:
        keep &= _inside_random_box(points, settings.strong_crop, generator)
    # A crop may miss every point; then the whole cloud stays.
    keep |= ~keep.any(1, keepdim=True)
    source = replacements(keep, generator) if settings.strong_fill == "random" else first_for_dropped(keep)
    points = gather_points(points, source)
    return torch.cat([unit_radius(points) if settings.renormalize else points, gather_points(color, source)], dim=-1)


def _inside_random_box(points: Tensor, share: tuple[float, float], generator: torch.Generator) -> Tensor:
    """(B, N) bool: points inside a randomly placed box whose sides are ``share`` of the cloud's extent."""
    low, high = points.amin(1, keepdim=True), points.amax(1, keepdim=True)
    batch = points.shape[0]
    extent = high - low
    side = extent * uniform((batch, 1, 3), *share, generator)
    start = low + (extent - side).clamp_min(0) * torch.rand(batch, 1, 3, generator=generator)
    return ((points >= start) & (points <= start + side)).all(-1)
