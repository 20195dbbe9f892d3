"""From the clouds of a collection to what a point tower was trained on: channels and up axis."""

from typing import Literal

import torch
from torch import Tensor

UpAxis = Literal["y", "z"]

GREY = 0.4
"""Color of points without one, as OpenShape and Uni3D trained with (rgb in 0…1)."""


def to_tower_input(points: Tensor, channels: int, up_axis: UpAxis) -> Tensor:
    """Clouds with the channels and the axes that a tower expects.

    Args:
        points: (B, N, 3 or 6) y-up coordinates, then rgb in 0…1 if there is color.
        channels: 3 for coordinates, 6 for coordinates and rgb; missing color becomes grey 0.4.
        up_axis: the tower's. ``z`` swaps y and z, a mirror image, because that is how clouds were brought to the
            frame these towers were trained in (OpenShape).

    Returns:
        (B, N, channels).

    Raises:
        ValueError: for clouds that have neither 3 nor 6 channels.
    """
    found = points.shape[-1]
    if found not in (3, 6):
        raise ValueError(f"clouds must have 3 (xyz) or 6 (xyz, rgb) channels, got {found}")
    if found < channels:
        points = torch.cat([points, points.new_full((*points.shape[:-1], channels - found), GREY)], dim=-1)
    order = [0, 1, 2] if up_axis == "y" else [0, 2, 1]
    wanted = [*order, *range(3, channels)]
    if wanted == list(range(points.shape[-1])):
        return points
    return torch.stack([points[..., channel] for channel in wanted], dim=-1)  # a list as index is copied to a GPU
