"""Where the cameras stand around an object, and how each view is framed.

Frame: y up, the object's front faces +z. A camera looks along its own −z, +y is up in the picture (OpenGL).
Objects are centered and scaled to unit radius before they are looked at.
"""

from __future__ import annotations

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, field_validator

NEAR_SHARE = 0.5  # near plane at this share of the distance to the nearest point


class CameraRig(BaseModel):
    """A ring of cameras around the object; elevations repeat in turn."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    n_views: int = Field(default=12, ge=1, le=360, description="pictures per object, evenly spread in azimuth")
    elevations: tuple[float, ...] = Field(
        default=(10.0, 25.0, 40.0),
        min_length=1,
        description="heights above the horizon, degrees, taken in turn",
    )
    azimuth_offset: float = Field(default=0.0, description="azimuth of the first camera, degrees; 0 sees the front")
    azimuth_jitter: float = Field(
        default=0.0, ge=0, le=180, description="largest random turn of each camera to either side, degrees"
    )
    elevation_jitter: float = Field(
        default=0.0,
        ge=0,
        le=45,
        description="largest random change of each elevation to either side, degrees",
    )
    field_of_view: float = Field(
        default=40.0,
        gt=1,
        lt=120,
        description="angle that the object's bounding sphere fills, degrees: perspective",
    )
    fill_share: float = Field(
        default=0.9,
        gt=0.1,
        le=1,
        description="share of the picture's side that the object's longer side fills",
    )
    image_size: int = Field(default=96, ge=8, le=1024, description="width and height of a picture, pixels")

    @field_validator("elevations")
    @classmethod
    def _not_straight_up(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if max(abs(elevation) for elevation in value) > 89:
            raise ValueError(f"elevations must lie between -89 and 89 degrees, got {value}")
        return value


def camera_poses(rig: CameraRig, rng: np.random.Generator | None = None) -> np.ndarray:
    """Camera-to-world matrices around an object of unit radius at the origin.

    Args:
        rig: the ring of cameras.
        rng: needed when the rig has jitter.

    Returns:
        (V, 4, 4) float64.

    Raises:
        ValueError: the rig has jitter and no rng is given.
    """
    azimuth = rig.azimuth_offset + 360.0 * np.arange(rig.n_views) / rig.n_views
    elevation = np.resize(np.asarray(rig.elevations, dtype=np.float64), rig.n_views)
    if rig.azimuth_jitter or rig.elevation_jitter:
        if rng is None:
            raise ValueError("a camera rig with jitter needs a random generator: pass rng")
        azimuth = azimuth + rng.uniform(-1, 1, rig.n_views) * rig.azimuth_jitter
        elevation = elevation + rng.uniform(-1, 1, rig.n_views) * rig.elevation_jitter
    azimuth, elevation = np.radians(azimuth), np.radians(np.clip(elevation, -89, 89))
    directions = np.stack(
        [np.cos(elevation) * np.sin(azimuth), np.sin(elevation), np.cos(elevation) * np.cos(azimuth)], axis=1
    )
    distance = 1.0 / np.sin(np.radians(rig.field_of_view) / 2)
    return look_at_origin(directions * distance)


def look_at_origin(eyes: np.ndarray) -> np.ndarray:
    """Camera-to-world matrices (V, 4, 4) of cameras at `eyes` (V, 3), off the y axis, that look at the origin."""
    backward = eyes / np.linalg.norm(eyes, axis=1, keepdims=True)
    right = np.cross([0.0, 1.0, 0.0], backward)
    right /= np.linalg.norm(right, axis=1, keepdims=True)
    poses = np.tile(np.eye(4), (len(eyes), 1, 1))
    poses[:, :3, 0], poses[:, :3, 1], poses[:, :3, 2] = right, np.cross(backward, right), backward
    poses[:, :3, 3] = eyes
    return poses


def framed_projections(poses: np.ndarray, vertices: np.ndarray, fill_share: float) -> np.ndarray:
    """OpenGL projections whose square picture is filled by the object, keeping its proportions.

    The longer side of the projected bounding box takes `fill_share` of the picture; the box is in the middle.

    Args:
        poses: (V, 4, 4) camera-to-world, every vertex in front of every camera.
        vertices: (N, 3) world coordinates.
        fill_share: in (0, 1].

    Returns:
        (V, 4, 4) float64 camera-to-clip matrices.
    """
    rotations, eyes = poses[:, :3, :3], poses[:, :3, 3]
    # (V, 3, N): world to camera; one matrix product does all views
    camera = rotations.transpose(0, 2, 1) @ vertices.T
    camera -= np.einsum("vji,vj->vi", rotations, eyes)[:, :, None]
    depth = -camera[:, 2]  # (V, N)
    slopes = camera[:, :2] / depth[:, None]  # (V, 2, N)
    lowest, highest = slopes.min(axis=2), slopes.max(axis=2)  # (V, 2)
    middle = (lowest + highest) / 2
    focal = fill_share / np.maximum((highest - lowest).max(axis=1) / 2, 1e-9)
    return projection_matrices(focal, middle, depth.min(axis=1), depth.max(axis=1))


def projection_matrices(focal: np.ndarray, middle: np.ndarray, nearest: np.ndarray, farthest: np.ndarray) -> np.ndarray:
    """Perspective matrices from focal lengths in half pictures and the slope at the middle of the picture.

    Args:
        focal: (V,); the picture spans slopes middle ± 1 / focal.
        middle: (V, 2) slopes x / depth and y / depth.
        nearest, farthest: (V,) depths to keep inside the clipping planes.

    Returns:
        (V, 4, 4) float64.
    """
    near, far = nearest * NEAR_SHARE, farthest * 1.1
    matrices = np.zeros((len(focal), 4, 4))
    matrices[:, 0, 0] = matrices[:, 1, 1] = focal
    matrices[:, :2, 2] = focal[:, None] * middle
    matrices[:, 2, 2] = (far + near) / (near - far)
    matrices[:, 2, 3] = 2 * far * near / (near - far)
    matrices[:, 3, 2] = -1.0
    return matrices
