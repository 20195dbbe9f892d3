"""Clouds as a depth sensor, or a CAD program, would give them.

A *scan* sees an object that stands on a floor from one or two viewpoints at eye height: only visible surface,
measurement noise, and some points of the floor and of what is behind the object. Visibility is decided with a
z-buffer of points, so that meshes and plain clouds are handled alike and no graphics library is needed.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import trimesh
from pydantic import BaseModel, ConfigDict, Field, field_validator
from scipy.spatial import cKDTree

from crossmost.geometry.normalize import normalize_cloud
from crossmost.geometry.sampling import draw_surface_points
from crossmost.geometry.surfaces import surface_colors

MAX_RESOLUTION = 72  # sensor pixels across the object; finer leaks through the gaps between points
STEEPEST = 30.0  # a surface may come nearer by this many pixels' widths from one pixel to the next
FLOOR_POINTS = 4000  # density of the floor before visibility is tested
CLUTTER = np.uint8(102)  # of floor and background in all channels: the grey that stands for no color


class SensorSettings(BaseModel):
    """A depth sensor at eye height; lengths are relative to the radius of the object."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    n_viewpoints: tuple[int, ...] = Field(
        default=(1, 2),
        min_length=1,
        description="possible numbers of sensor positions; one is drawn per object",
    )
    elevation: tuple[float, float] = Field(
        default=(5.0, 35.0), description="range of the sensor's height above the object's center, degrees"
    )
    distance: tuple[float, float] = Field(
        default=(2.5, 4.0), description="range of the sensor's distance from the object's center, radii"
    )
    spread: tuple[float, float] = Field(
        default=(60.0, 180.0), description="range of the azimuth between two sensor positions, degrees"
    )
    noise: float = Field(default=0.015, ge=0, le=0.5, description="standard deviation per coordinate, radii")
    clutter_share: float = Field(
        default=0.10,
        ge=0,
        lt=1,
        description="share of the points that are not of the object: floor, background",
    )
    floor_share: float = Field(default=0.8, ge=0, le=1, description="share of the clutter that is floor")
    surface_points: int = Field(
        default=24_000,
        ge=256,
        description="points drawn from a mesh before visibility is tested: finer is slower",
    )

    @field_validator("elevation", "distance", "spread")
    @classmethod
    def _ordered(cls, value: tuple[float, float]) -> tuple[float, float]:
        if value[0] > value[1]:
            raise ValueError(f"must be (lowest, highest), got {value}")
        return value

    @field_validator("elevation")
    @classmethod
    def _above_floor(cls, value: tuple[float, float]) -> tuple[float, float]:
        if not 0 <= value[0] <= value[1] < 90:
            raise ValueError(f"must lie in [0, 90) degrees: the sensor is above the floor; got {value}")
        return value

    @field_validator("distance")
    @classmethod
    def _outside_object(cls, value: tuple[float, float]) -> tuple[float, float]:
        if value[0] < 1.5:
            raise ValueError(f"must be at least 1.5 radii, outside the object; got {value}")
        return value

    @field_validator("n_viewpoints")
    @classmethod
    def _positive(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if min(value) < 1:
            raise ValueError(f"each number of viewpoints must be at least 1, got {value}")
        return value


class ScanSettings(SensorSettings):
    """What a depth sensor sees."""

    kind: Literal["scan"] = "scan"
    n_points: int = Field(default=2048, ge=16, description="points of a cloud")


class CadSettings(BaseModel):
    """The full, clean surface."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["cad"] = "cad"
    n_points: int = Field(default=2048, ge=16, description="points of a cloud")


def capture_cloud(
    mesh: trimesh.Trimesh | trimesh.Scene, rng: np.random.Generator, settings: ScanSettings | CadSettings
) -> tuple[np.ndarray, np.ndarray | None]:
    """Cloud of a mesh as the settings ask for.

    Returns:
        (n_points, 3) float32, zero mean, unit maximum radius; and (n_points, 3) uint8 RGB, the surface's own color and
        `CLUTTER` for what is not of the object, or None if the mesh has no color.
    """
    if isinstance(settings, CadSettings):
        surface = draw_surface_points(mesh, settings.n_points, rng)
        return normalize_cloud(surface.points.astype(np.float32)), surface_colors(mesh, surface)
    surface = draw_surface_points(mesh, settings.surface_points, rng)
    scan, origin = _scan(surface.points, surface.normals, rng, settings)
    colors = surface_colors(mesh, surface)
    if colors is None:
        return scan, None
    return scan, np.where(origin[:, None] < 0, CLUTTER, colors[origin])


def simulate_scan(
    surface: trimesh.Trimesh | trimesh.Scene | np.ndarray, rng: np.random.Generator, settings: ScanSettings
) -> np.ndarray:
    """Scan an object with a simulated depth sensor.

    Args:
        surface: a mesh, or a dense cloud (N, 3); y is up, any unit.
        rng: source of randomness (viewpoints, choice of points, noise).
        settings: the sensor.

    Returns:
        (n_points, 3) float32 in random order, zero mean, unit maximum radius.

    Raises:
        UnreadableObjectError: the object has no area or no extent.
    """
    if isinstance(surface, np.ndarray):
        return _scan(surface, None, rng, settings)[0]
    drawn = draw_surface_points(surface, settings.surface_points, rng)
    return _scan(drawn.points, drawn.normals, rng, settings)[0]


def _scan(
    points: np.ndarray, normals: np.ndarray | None, rng: np.random.Generator, settings: ScanSettings
) -> tuple[np.ndarray, np.ndarray]:
    """The scan, and for each of its points the row in ``points`` that it saw, −1 for floor and background."""
    points = normalize_cloud(points).astype(np.float64)
    if normals is None:
        normals = estimate_normals(points)
    floor = _floor_around(points, rng)
    everything = np.concatenate([points, floor])
    everything_normals = np.concatenate([normals, np.tile([0.0, 1.0, 0.0], (len(floor), 1))])
    sensors = sensor_positions(rng, settings)
    seen = np.zeros(len(everything), dtype=bool)
    for sensor in sensors:
        seen |= visible_points(everything, everything_normals, sensor)
    visible_object = np.flatnonzero(seen[: len(points)])
    visible_floor = floor[seen[len(points) :]]

    n_clutter = round(settings.n_points * settings.clutter_share)
    n_floor = round(n_clutter * settings.floor_share) if len(visible_floor) else 0
    chosen = _choose(visible_object, settings.n_points - n_clutter, rng)
    scan = np.concatenate(
        [
            points[chosen],
            _choose(visible_floor, n_floor, rng),
            _background_behind(points, sensors[0], n_clutter - n_floor, rng),
        ]
    )
    origin = np.concatenate([chosen, np.full(len(scan) - len(chosen), -1)])
    scan += rng.normal(scale=settings.noise, size=scan.shape)
    order = rng.permutation(len(scan))
    return normalize_cloud(scan[order]), origin[order]


def sensor_positions(rng: np.random.Generator, settings: SensorSettings) -> np.ndarray:
    """Random sensor positions around an object of unit radius at the origin: (V, 3) float64."""
    count = int(rng.choice(settings.n_viewpoints))
    steps = rng.uniform(*settings.spread, size=count) * rng.choice([-1.0, 1.0])
    azimuth = np.radians(rng.uniform(0, 360) + np.concatenate([[0.0], np.cumsum(steps[1:])]))
    elevation = np.radians(rng.uniform(*settings.elevation, size=count))
    distance = rng.uniform(*settings.distance, size=count)
    directions = np.stack(
        [np.cos(elevation) * np.sin(azimuth), np.sin(elevation), np.cos(elevation) * np.cos(azimuth)], axis=1
    )
    return directions * distance[:, None]


def visible_points(
    points: np.ndarray, normals: np.ndarray, sensor: np.ndarray, *, resolution: int | None = None
) -> np.ndarray:
    """Which points a sensor that looks at the origin sees, by a z-buffer of the points themselves.

    A point is hidden when the nearest point of its pixel, or of one of the eight around it (that closes the
    gaps between points), lies clearly in front of it and of its tangent plane; so surface seen at a low angle
    stays visible.

    Args:
        points: (N, 3) of an object of about unit radius around the origin.
        normals: (N, 3) unit normals of either sign.
        sensor: (3,) position, farther out than every point, not on the y axis.
        resolution: sensor pixels per object diameter; by default as fine as the density of the points allows.

    Returns:
        (N,) bool.
    """
    if resolution is None:
        resolution = int(np.clip(np.sqrt(len(points)) / 2.2, 10, MAX_RESOLUTION))
    pixel = 2.0 / resolution
    distance = float(np.linalg.norm(sensor))
    forward = -sensor / distance
    right = np.cross(forward, [0.0, 1.0, 0.0])
    right /= np.linalg.norm(right)
    axes = np.stack([right, np.cross(right, forward), forward], axis=1)
    camera, normals = (points - sensor) @ axes, normals @ axes
    depth = camera[:, 2]
    rays = camera / depth[:, None]  # (N, 3), third coordinate 1
    plane_offset = (normals * camera).sum(axis=1)

    # Nearest point of each pixel, with a border of empty pixels: far points are written first, near ones last.
    # Pixels have their size at the nearest point: there perspective spreads the points most.
    cell = np.floor((rays[:, :2] - rays[:, :2].min(axis=0)) * (depth.min() / pixel)).astype(np.int64) + 1
    shape = cell.max(axis=0) + 2
    flat = cell[:, 0] * shape[1] + cell[:, 1]
    nearest = np.full(shape[0] * shape[1], -1)
    far_to_near = np.argsort(-depth, kind="stable")
    nearest[flat[far_to_near]] = far_to_near

    candidates = np.arange(len(points))
    for row in (0, -1, 1):
        for column in (0, -1, 1):
            occluder = nearest[flat[candidates] + row * shape[1] + column]
            facing = (normals[candidates] * rays[occluder]).sum(axis=1)
            # Depth of the candidate's tangent plane where the occluder is; limited for planes seen edge on.
            with np.errstate(divide="ignore", invalid="ignore"):
                tangent = plane_offset[candidates] / facing
            tangent = np.nan_to_num(tangent, nan=0.0, posinf=0.0, neginf=0.0)
            own = depth[candidates]
            tangent = np.clip(tangent, own - STEEPEST * pixel, own)
            hidden = (occluder >= 0) & (depth[occluder] < tangent - 1.5 * pixel)
            candidates = candidates[~hidden]
    visible = np.zeros(len(points), dtype=bool)
    visible[candidates] = True
    return visible


def estimate_normals(points: np.ndarray, n_neighbors: int = 12) -> np.ndarray:
    """Unit normals of either sign of a cloud, by a plane through each point's neighbors: (N, 3) → (N, 3)."""
    _, neighbors = cKDTree(points).query(points, k=min(n_neighbors, len(points)))
    around = points[neighbors] - points[neighbors].mean(axis=1, keepdims=True)  # (N, k, 3)
    _, directions = np.linalg.eigh(np.einsum("nki,nkj->nij", around, around))
    return directions[:, :, 0]  # the direction of least variance


def _floor_around(points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Points of the floor under and around the object: a disk a little wider than its footprint."""
    lowest, highest = points.min(axis=0), points.max(axis=0)
    center = (lowest + highest) / 2
    footprint = np.linalg.norm((points - center)[:, [0, 2]], axis=1).max()
    radius = max(1.15 * footprint, 0.35) * np.sqrt(rng.random(FLOOR_POINTS))
    angle = rng.uniform(0, 2 * np.pi, FLOOR_POINTS)
    return np.stack(
        [
            center[0] + radius * np.cos(angle),
            np.full(FLOOR_POINTS, lowest[1]),
            center[2] + radius * np.sin(angle),
        ],
        axis=1,
    )


def _background_behind(points: np.ndarray, sensor: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """A patch of a vertical surface behind the object as seen by the sensor: (n, 3)."""
    away = -sensor * [1.0, 0.0, 1.0]
    away /= np.linalg.norm(away)
    sideways = np.array([away[2], 0.0, -away[0]])
    # Where the object ends along the line of sight, plus a small gap.
    behind = (points @ away).max() + rng.uniform(0.02, 0.15)
    middle, width, height = rng.uniform(-0.5, 0.5), rng.uniform(0.2, 0.6), rng.uniform(0.3, 1.0)
    across = middle + width * rng.uniform(-1, 1, (n, 1))
    up = points[:, 1].min() + height * rng.random((n, 1)) * np.ptp(points[:, 1])
    return behind * away + across * sideways + up * [0.0, 1.0, 0.0]


def _choose(points: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """n of the points, without repetition where there are enough."""
    return points[rng.choice(len(points), size=n, replace=len(points) < n)] if n else points[:0]
