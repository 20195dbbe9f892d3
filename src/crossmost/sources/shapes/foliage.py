"""Leaves, fronds, branches and crowns for trees and plants, many faces to a mesh and one mesh to a color."""

# ruff: noqa: RUF005 - array + list is a vector sum here, not a concatenation

import numpy as np
import trimesh
from numpy.typing import ArrayLike, NDArray

from crossmost.sources.shapes.builder import Color, ShapeBuilder
from crossmost.sources.shapes.palette import shade

Points = NDArray[np.float64]


def directions(rng: np.random.Generator, count: int, rise: float = 0.0) -> Points:
    """(count, 3) random unit vectors; ``rise`` > 0 tilts them upward, < 0 downward."""
    vectors = rng.normal(size=(count, 3)) + [0, rise, 0]
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


def two_sided(vertices: Points, faces: NDArray[np.int64]) -> trimesh.Trimesh:
    """Thin sheets seen from both sides, whatever a renderer culls."""
    return trimesh.Trimesh(vertices, np.vstack([faces, faces[:, ::-1]]), process=False)


def cards(
    rng: np.random.Generator, centers: ArrayLike, along: ArrayLike, length: ArrayLike, width: ArrayLike
) -> trimesh.Trimesh:
    """One lightly folded diamond leaf at each of ``centers`` (N, 3), pointing ``along`` (N, 3)."""
    middle, forward = np.asarray(centers, dtype=float), np.asarray(along, dtype=float)
    count = len(middle)
    size = np.broadcast_to(np.asarray(length, dtype=float), (count,))[:, None] * rng.uniform(0.7, 1.3, (count, 1))
    breadth = np.broadcast_to(np.asarray(width, dtype=float), (count,))[:, None] * rng.uniform(0.7, 1.3, (count, 1))
    across = np.cross(forward, rng.normal(size=(count, 3)))
    across /= np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-9)
    fold = np.cross(across, forward) * breadth * 0.25
    corners = np.stack(
        [
            middle - forward * size / 2,
            middle + across * breadth / 2 + fold,
            middle + forward * size / 2,
            middle - across * breadth / 2 + fold,
        ],
        axis=1,
    )
    faces = (np.arange(count) * 4)[:, None, None] + np.array([[0, 1, 2], [0, 2, 3]])
    return two_sided(corners.reshape(-1, 3), faces.reshape(-1, 3))


def blades(
    base: ArrayLike,
    azimuth: ArrayLike,
    elevation: ArrayLike,
    length: ArrayLike,
    width: ArrayLike,
    droop: ArrayLike,
    shape: str = "strap",
    segments: int = 5,
    fold: float = 0.0,
) -> trimesh.Trimesh:
    """Bending leaves from ``base`` (N, 3): they leave at ``elevation`` and sink by ``droop`` radians on the way.

    ``shape`` is "strap" (grass, tapering), "leaf" (widest in the middle), or "stalked" (a stalk, then a leaf).
    """
    root = np.asarray(base, dtype=float)
    count = len(root)
    turn, rise, long, wide, sink = (
        np.broadcast_to(np.asarray(value, dtype=float), (count,))
        for value in (azimuth, elevation, length, width, droop)
    )
    place = np.linspace(0, 1, segments + 1)
    profile = {
        "strap": 1 - 0.95 * place**2.5,
        "leaf": np.sin(np.pi * np.clip(place * 0.96 + 0.03, 0, 1)) ** 0.8,
        "stalked": np.where(place < 0.35, 0.08, np.sin(np.pi * np.clip((place - 0.3) / 0.7, 0, 0.98)) ** 0.7 + 0.04),
    }[shape]
    angle = rise[:, None] - sink[:, None] * place**1.3
    step = long[:, None] / segments
    out = np.concatenate([np.zeros((count, 1)), np.cumsum(np.cos(angle[:, :-1]) * step, 1)], 1)
    up = np.concatenate([np.zeros((count, 1)), np.cumsum(np.sin(angle[:, :-1]) * step, 1)], 1)
    heading = np.stack([np.sin(turn), np.zeros(count), np.cos(turn)], 1)
    across = np.stack([np.cos(turn), np.zeros(count), -np.sin(turn)], 1)
    spine = root[:, None] + out[:, :, None] * heading[:, None] + up[:, :, None] * [0.0, 1.0, 0.0]
    half = (wide[:, None] * profile / 2)[:, :, None]
    lift = half * fold * [0.0, 1.0, 0.0]
    vertices = np.stack([spine - half * across[:, None] + lift, spine, spine + half * across[:, None] + lift], axis=2)
    here = np.arange(segments)[:, None] * 3
    strip = np.concatenate([here + [0, 1, 4], here + [0, 4, 3], here + [1, 2, 5], here + [1, 5, 4]])
    faces = (np.arange(count) * 3 * (segments + 1))[:, None, None] + strip
    return two_sided(vertices.reshape(-1, 3), faces.reshape(-1, 3))


def blob(rng: np.random.Generator, center: ArrayLike, radii: ArrayLike, rough: float = 0.12) -> trimesh.Trimesh:
    """Lumpy ellipsoid with semi-axes ``radii``."""
    mesh = trimesh.creation.icosphere(subdivisions=2)
    vertices = mesh.vertices * (1 + rng.normal(0, rough, (len(mesh.vertices), 1)))
    return trimesh.Trimesh(
        vertices * np.asarray(radii, dtype=float) + np.asarray(center, dtype=float), mesh.faces, process=False
    )


def scatter(rng: np.random.Generator, count: int, center: ArrayLike, radii: ArrayLike, hollow: float = 0.5) -> Points:
    """(count, 3) places in an ellipsoid, none nearer to its center than the share ``hollow`` of the radius."""
    depth = rng.uniform(hollow**3, 1, (count, 1)) ** (1 / 3)
    return directions(rng, count) * depth * np.asarray(radii, dtype=float) + np.asarray(center, dtype=float)


def add_leaves(
    builder: ShapeBuilder,
    rng: np.random.Generator,
    places: Points,
    length: float,
    width: float,
    color: Color,
    along: Points | None = None,
    shades: int = 3,
) -> None:
    """Leaf cards at ``places`` in a few shades of ``color``; random directions unless ``along`` (N, 3) is given."""
    pointing = directions(rng, len(places)) if along is None else along
    for part in np.array_split(rng.permutation(len(places)), shades):
        if len(part):
            builder.add(cards(rng, places[part], pointing[part], length, width), shade(color, rng.uniform(0.7, 1.25)))


def branches(
    rng: np.random.Generator,
    start: ArrayLike,
    heading: ArrayLike,
    length: float,
    radius: float,
    levels: int = 3,
    children: int = 4,
    spread: float = 0.7,
    shrink: float = 0.65,
    rise: float = 0.15,
) -> tuple[Points, Points, Points]:
    """A branching skeleton.

    Returns the bars' starts (N, 3), ends (N, 3) and radii (N, 2); the last level's bars come last, and the twigs'
    tips are the ends of the bars thinner than the rest.
    """
    begins, stops, sizes = [np.array(start, dtype=float)], [], [(radius, radius * 0.75)]
    level = [(begins[0], np.array(heading, dtype=float), length, radius)]
    stops.append(begins[0] + level[0][1] * length)
    for _ in range(levels):
        following = []
        for origin, direction, long, thick in level:
            for _ in range(children):
                share = rng.uniform(0.45, 1.0)
                turned = direction + spread * rng.normal(size=3) + [0, rise, 0]
                turned /= np.linalg.norm(turned)
                root = origin + direction * long * share
                size = long * shrink * rng.uniform(0.75, 1.25)
                following.append((root, turned, size, thick * 0.55))
                begins.append(root)
                stops.append(root + turned * size)
                sizes.append((thick * 0.55, thick * 0.35))
        level = following
    return np.array(begins), np.array(stops), np.array(sizes)
