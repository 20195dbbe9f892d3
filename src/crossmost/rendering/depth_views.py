"""Pictures of point clouds: depth maps lit like our renders, grey on white, without meshes and without OpenGL.

With the mini encoders the relief (light on the normals of the depth map) is recognized far better than depth as a grey
value, the usual depth picture; `depth` is there for encoders that were trained on such.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from crossmost.geometry.depth_projection import (
    Projection,
    close_holes,
    point_spacing,
    project_depth,
    relief_normals,
    smooth_depth,
)
from crossmost.geometry.normalize import normalize_cloud
from crossmost.rendering.cameras import CameraRig, camera_poses

SUPERSAMPLING = 2  # drawn twice as large and averaged: smooth edges
WIDEST_GAP = 31  # pixels of the larger picture
ALBEDO = 160 / 255  # the grey of surfaces without color, as in our renders
LIGHT_IN_CAMERA = np.array([-0.35, 0.45, 0.82]) / np.linalg.norm([-0.35, 0.45, 0.82])  # as in our renders
NEAREST_GREY, FARTHEST_GREY = 0.25, 0.80


class DepthViewSettings(BaseModel):
    """How points become pictures; lengths are in spacings, the usual distance of neighboring points."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    shading: Literal["relief", "depth"] = Field(
        default="relief",
        description="relief: lit like a surface, as our renders; depth: near is dark, far is light.",
    )
    projection: Projection = Field(
        default="perspective", description="perspective, as the rig's cameras have it, or orthographic: parallel rays."
    )
    splat: float = Field(default=0.5, gt=0, le=5, description="Radius of the disk that a point covers, in spacings.")
    gap: float = Field(
        default=3.0, ge=0, le=20, description="Gaps narrower than this are closed, in spacings; 0 closes none."
    )
    smoothing: float = Field(
        default=0.7, ge=0, le=10, description="Standard deviation of the Gaussian over depth, in spacings."
    )
    surface_points: int = Field(
        default=16_384, ge=256, le=200_000, description="Points drawn from the surface of a mesh to be seen this way."
    )


def draw_depth_views(
    points: np.ndarray, rig: CameraRig, settings: DepthViewSettings, rng: np.random.Generator | None = None
) -> np.ndarray:
    """Pictures of a cloud from the cameras of a rig, tightly framed, grey on white.

    Args:
        points: (N, 3), y up, any place and unit.
        rig: where the cameras stand.
        settings: how points become surface.
        rng: needed when the rig has jitter.

    Returns:
        (V, H, W, 3) uint8 RGB.

    Raises:
        UnreadableObjectError: empty, not finite, or all points at one place.
    """
    cloud = normalize_cloud(points).astype(np.float64)
    spacing = point_spacing(cloud)
    depth, pixel_widths = project_depth(
        cloud,
        camera_poses(rig, rng),
        size=rig.image_size * SUPERSAMPLING,
        fill_share=rig.fill_share,
        splat_radius=settings.splat * spacing,
        projection=settings.projection,
    )
    spacing_in_pixels = spacing / float(pixel_widths.mean())
    gap = min(round(settings.gap * spacing_in_pixels), WIDEST_GAP)
    if gap > 1:
        depth = close_holes(depth, gap | 1)  # odd: centered on its pixel
    depth = smooth_depth(depth, max(1.0, settings.smoothing * spacing_in_pixels) if settings.smoothing else 0.0)
    grey = _relief(depth, pixel_widths) if settings.shading == "relief" else _grey_of_depth(depth)
    return _to_pictures(np.where(np.isfinite(depth), grey, 1.0))


def _relief(depth: np.ndarray, pixel_widths: np.ndarray) -> np.ndarray:
    """Grey values (V, H, W) in [0, 1] of a lit surface: the light of our renders, without its sheen."""
    normals = relief_normals(depth, pixel_widths)
    sky, key = 0.5 + 0.5 * normals[..., 1], np.clip(normals @ LIGHT_IN_CAMERA, 0, None)
    return ALBEDO * (0.42 + 0.12 * sky + 0.44 * key)


def _grey_of_depth(depth: np.ndarray) -> np.ndarray:
    """Grey values (V, H, W): the nearest point of each view is dark, the farthest light."""
    seen = np.isfinite(depth)
    nearest = depth.min(axis=(1, 2), keepdims=True)
    farthest = np.where(seen, depth, -np.inf).max(axis=(1, 2), keepdims=True)
    share = (np.where(seen, depth, nearest) - nearest) / np.maximum(farthest - nearest, 1e-9)
    return NEAREST_GREY + (FARTHEST_GREY - NEAREST_GREY) * share


def _to_pictures(grey: np.ndarray) -> np.ndarray:
    """Grey values (V, s·H, s·W), s the supersampling → (V, H, W, 3) uint8."""
    n_views, height, width = grey.shape
    blocks = grey.reshape(n_views, height // SUPERSAMPLING, SUPERSAMPLING, width // SUPERSAMPLING, SUPERSAMPLING)
    return np.repeat((255 * blocks.mean(axis=(2, 4))).round().astype(np.uint8)[..., None], 3, axis=-1)
