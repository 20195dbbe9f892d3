"""Clouds as the store holds them: finite, not too many points, in the project's frame."""

from __future__ import annotations

import numpy as np

from crossmost.errors import UnreadableObjectError
from crossmost.sources.base import PointCloud
from crossmost.sources.frames import Frame

LEAST_POINTS = 16
MOST_POINTS = 65_536
"""A larger cloud is thinned at random (always the same points): towers see about ten thousand."""


def canonical_cloud(cloud: PointCloud, frame: Frame) -> PointCloud:
    """The finite points of a cloud, y up and front +z: (N, 3) float32 with colors (N, 3) uint8 or None.

    Raises:
        UnreadableObjectError: if the cloud is malformed, too small, or all in one place.
    """
    points = np.asarray(cloud.points)
    if points.ndim != 2 or points.shape[1] != 3:
        raise UnreadableObjectError(f"a point cloud must have shape (N, 3), got {points.shape}")
    if cloud.colors is not None and cloud.colors.shape != points.shape:
        raise UnreadableObjectError(f"the cloud has {len(points)} points but colors of shape {cloud.colors.shape}")
    chosen = np.flatnonzero(np.isfinite(points).all(axis=1))
    if len(chosen) < LEAST_POINTS:
        raise UnreadableObjectError(
            f"the cloud has {len(chosen)} finite points of {len(points)}; at least {LEAST_POINTS} are needed"
        )
    if len(chosen) > MOST_POINTS:
        chosen = np.sort(np.random.default_rng(0).choice(chosen, MOST_POINTS, replace=False))
    # Map coordinates are millions of meters from the origin: centered before they become float32.
    points = points[chosen].astype(np.float64)
    points = points - points.mean(axis=0)
    if not np.abs(points).max() > 0:
        raise UnreadableObjectError(f"all {len(points)} points of the cloud lie at one place")
    turned = (points @ frame.rotation().T).astype(np.float32)
    return PointCloud(turned, None if cloud.colors is None else cloud.colors[chosen].astype(np.uint8))
