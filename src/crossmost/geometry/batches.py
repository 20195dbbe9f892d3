"""What augmentations of batches of clouds share. All randomness comes from an explicit torch generator."""

import torch
from torch import Tensor


def uniform(shape: tuple[int, ...], low: float, high: float, generator: torch.Generator) -> Tensor:
    """Numbers from ``low`` to ``high``."""
    return torch.rand(shape, generator=generator) * (high - low) + low


def unit_radius(points: Tensor) -> Tensor:
    """Center clouds (B, N, 3) on their mean and scale them to maximum radius 1."""
    points = points - points.mean(1, keepdim=True)
    return points / points.norm(dim=-1).amax(1).clamp_min(1e-8)[:, None, None]


def rotation_about_y(angle: Tensor) -> Tensor:
    """Angles (B,) in radians → rotation matrices (B, 3, 3) about the up axis."""
    cos, sin, zero, one = angle.cos(), angle.sin(), torch.zeros_like(angle), torch.ones_like(angle)
    return torch.stack([cos, zero, sin, zero, one, zero, -sin, zero, cos], dim=-1).view(-1, 3, 3)
