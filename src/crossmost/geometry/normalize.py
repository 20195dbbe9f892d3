"""Bring point clouds to the scale every point tower expects."""

from __future__ import annotations

import numpy as np

from crossmost.errors import UnreadableObjectError


def normalize_cloud(points: np.ndarray) -> np.ndarray:
    """Center a cloud on its mean and scale it to unit maximum radius.

    Args:
        points: (N, 3) coordinates, any float or integer dtype, any unit.

    Returns:
        (N, 3) float32, mean 0 and largest distance from the origin 1, up to float32 rounding.

    Raises:
        UnreadableObjectError: not (N, 3), empty, not finite, or all points at one place.
    """
    cloud = np.asarray(points, dtype=np.float64)
    if cloud.ndim != 2 or cloud.shape[1] != 3 or len(cloud) == 0:
        raise UnreadableObjectError(f"a point cloud must have shape (N, 3) with N ≥ 1, got {cloud.shape}")
    if not np.isfinite(cloud).all():
        raise UnreadableObjectError("the point cloud has coordinates that are not finite")
    # A first division keeps squares of huge or tiny coordinates inside the range of float64.
    extent = np.abs(cloud).max()
    centered = cloud / extent if extent > 0 else cloud
    centered = centered - centered.mean(axis=0)
    radius = np.sqrt((centered**2).sum(axis=1).max())
    if radius < 1e-9:
        raise UnreadableObjectError(f"all {len(cloud)} points of the cloud lie at one place")
    return (centered / radius).astype(np.float32)
