"""Depth maps of point clouds: splats into a z-buffer, small holes closed, lightly smoothed; numpy alone, no OpenGL.

The idea is that of CLIP2Point (Huang et al., 2023) and PointCLIP V2 (Zhu et al., 2023): a cloud seen as a dense depth
map is close enough to a picture for an image tower to recognize.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

Projection = Literal["perspective", "orthographic"]
MOST_SPACING_POINTS = 2048  # enough to know how far apart neighbors are


def point_spacing(points: np.ndarray) -> float:
    """Median distance of a point to its third nearest neighbor: how far apart samples of the surface are.

    The third, because scanners and resampling repeat points.
    """
    tree = cKDTree(points)
    some = points[:: -(-len(points) // MOST_SPACING_POINTS)]
    distance, _ = tree.query(some, k=min(4, len(points)))
    return float(np.median(distance[:, -1]))


def project_depth(
    points: np.ndarray,
    poses: np.ndarray,
    *,
    size: int,
    fill_share: float,
    splat_radius: float,
    projection: Projection = "perspective",
) -> tuple[np.ndarray, np.ndarray]:
    """Depth maps of a cloud from several cameras, each framed tightly around it.

    Args:
        points: (N, 3), about unit radius around the origin.
        poses: (V, 4, 4) camera-to-world matrices that look at the origin from outside.
        size: width and height of a map, pixels.
        fill_share: share of the map's side that the longer side of the projected cloud fills.
        splat_radius: every point covers a disk of this radius, in the unit of the points.
        projection: of all cameras.

    Returns:
        (V, size, size) float64 depth along the camera's axis, infinite where nothing is seen; and (V,) the width of a
        pixel at the depth of the origin, both in the unit of the points.
    """
    maps = np.full((len(poses), size * size), np.inf)
    pixel_widths = np.empty(len(poses))
    for view, pose in enumerate(poses):
        camera = (points - pose[:3, 3]) @ pose[:3, :3]  # (N, 3): right, up, backward
        depth = -camera[:, 2]
        distance = float(np.linalg.norm(pose[:3, 3]))
        # In either projection a unit at the origin's depth is a unit of the picture plane.
        plane = camera[:, :2] * (distance / depth[:, None] if projection == "perspective" else 1.0)
        low, high = plane.min(axis=0), plane.max(axis=0)
        extent = max(float((high - low).max()), 1e-9) + 2 * splat_radius
        pixel_widths[view] = pixel = extent / (fill_share * size)
        column, row = ((plane - (low + high) / 2) * [1, -1] / pixel + size / 2).T  # (N,) each, in pixels
        reach = splat_radius / pixel
        for right, down in _disk(reach):
            x, y = np.floor(column + right).astype(np.int64), np.floor(row + down).astype(np.int64)
            inside = (x >= 0) & (x < size) & (y >= 0) & (y < size)
            np.minimum.at(maps[view], (y * size + x)[inside], depth[inside])
    return maps.reshape(-1, size, size), pixel_widths


def close_holes(depth: np.ndarray, width: int) -> np.ndarray:
    """Depth maps (V, H, W) whose gaps narrower than `width` pixels are closed with the depth around them.

    A gap is where nothing is seen, or where something far behind shines through: both are valleys of nearness.
    """
    seen = np.isfinite(depth)
    if not seen.any():
        return depth
    nothing = depth[seen].max() + 1.0
    nearness = nothing - np.where(seen, depth, nothing)
    closed = ndimage.grey_closing(nearness, size=(1, width, width))
    return np.where(closed > 0, nothing - closed, np.inf)


def smooth_depth(depth: np.ndarray, sigma: float) -> np.ndarray:
    """Depth maps (V, H, W) smoothed by a Gaussian of `sigma` pixels over what is seen; the outline stays."""
    seen = np.isfinite(depth)
    blur = (0.0, sigma, sigma)
    weight = ndimage.gaussian_filter(seen.astype(np.float64), blur)
    total = ndimage.gaussian_filter(np.where(seen, depth, 0.0), blur)
    return np.where(seen, total / np.maximum(weight, 1e-9), np.inf)


def relief_normals(depth: np.ndarray, pixel_widths: np.ndarray) -> np.ndarray:
    """Unit normals (V, H, W, 3) of depth maps in camera axes (right, up, towards the camera).

    Args:
        depth: (V, H, W), infinite where nothing is seen; there the depth of the nearest seen pixel is continued.
        pixel_widths: (V,) width of a pixel in the unit of the depth.
    """
    continued = np.empty_like(depth)
    for view, layer in enumerate(depth):
        nearest = ndimage.distance_transform_edt(~np.isfinite(layer), return_distances=False, return_indices=True)
        continued[view] = layer[tuple(nearest)]
    down, right = np.gradient(continued, axis=(1, 2))
    slopes = np.stack([right, -down], axis=-1) / pixel_widths[:, None, None, None]
    normals = np.concatenate([slopes, np.ones((*depth.shape, 1))], axis=-1)
    return normals / np.linalg.norm(normals, axis=-1, keepdims=True)


def _disk(radius: float) -> np.ndarray:
    """(K, 2) offsets of pixels whose centers lie in a disk; at least the middle one."""
    reach = np.arange(-int(radius), int(radius) + 1)
    grid = np.stack(np.meshgrid(reach, reach), axis=-1).reshape(-1, 2)
    return grid[(grid**2).sum(axis=1) <= max(radius, 0.0) ** 2]
