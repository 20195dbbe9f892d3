"""Solids the class modules share: swept tubes, lofts, bundles of bars, splines; all light, unprocessed meshes."""

from collections.abc import Sequence

import numpy as np
import trimesh
from numpy.typing import ArrayLike, NDArray

Points = NDArray[np.float64]


def spline(points: ArrayLike | Sequence[object], count: int = 16) -> Points:
    """Catmull-Rom curve through ``points`` (K ≥ 2, D), sampled at ``count`` places from the first to the last."""
    known = np.asarray(points, dtype=float)
    padded = np.vstack([2 * known[0] - known[1], known, 2 * known[-1] - known[-2]])
    place = np.linspace(0, len(known) - 1, count)
    segment = np.minimum(place.astype(int), len(known) - 2)
    t = (place - segment)[:, None]
    a, b, c, d = (padded[segment + offset] for offset in range(4))
    return 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)


def turned(points: ArrayLike, count: int = 16) -> Points:
    """Smooth (radius, y) profile for ``ShapeBuilder.revolve`` through ``points``; closed on the axis at both ends."""
    curve = spline(points, count)
    curve[:, 0] = np.maximum(curve[:, 0], 1e-4)
    return np.vstack([[0, curve[0, 1]], curve, [0, curve[-1, 1]]])


def shell(points: ArrayLike, thickness: float) -> Points:
    """(radius, y) profile of a thin wall whose outside is ``points``: open at the top and the bottom, two-sided."""
    outside = np.asarray(points, dtype=float)
    inside = outside[::-1].copy()
    inside[:, 0] = np.maximum(inside[:, 0] - thickness, 1e-4)
    return np.vstack([outside, inside, outside[:1]])


def vessel(points: ArrayLike, thickness: float) -> Points:
    """(radius, y) profile of an open container whose outside is ``points`` from the bottom to the rim."""
    outside = np.asarray(points, dtype=float)
    inside = outside[::-1].copy()
    inside[:, 0] = np.maximum(inside[:, 0] - thickness, 1e-4)
    inside[:, 1] = np.maximum(inside[:, 1], outside[0, 1] + thickness)
    return np.vstack([[0, outside[0, 1]], outside, inside, [0, inside[-1, 1]]])


def join(meshes: Sequence[trimesh.Trimesh]) -> trimesh.Trimesh:
    """Vertices and faces of several meshes as one mesh; colors are dropped."""
    offsets = np.cumsum([0] + [len(mesh.vertices) for mesh in meshes[:-1]])
    vertices = np.vstack([mesh.vertices for mesh in meshes])
    faces = np.vstack([mesh.faces + offset for mesh, offset in zip(meshes, offsets, strict=True)])
    return trimesh.Trimesh(vertices, faces, process=False)


def loft(rings: ArrayLike) -> trimesh.Trimesh:
    """Closed solid through ``rings`` (K ≥ 2, S ≥ 3, 3), consecutive loops of S points; the ends are capped."""
    loops = np.asarray(rings, dtype=float)
    count, sides = loops.shape[:2]
    vertices = np.vstack([loops.reshape(-1, 3), loops[0].mean(0), loops[-1].mean(0)])
    here = np.arange(sides)
    after = np.roll(here, -1)
    base = (np.arange(count - 1) * sides)[:, None]
    walls = np.stack([base + here, base + after, base + sides + after, base + sides + here], axis=-1).reshape(-1, 4)
    first, last, end = count * sides, count * sides + 1, (count - 1) * sides
    faces = np.vstack(
        [
            walls[:, [0, 1, 2]],
            walls[:, [0, 2, 3]],
            np.stack([np.full(sides, first), after, here], axis=1),
            np.stack([np.full(sides, last), end + here, end + after], axis=1),
        ]
    )
    corners = vertices[faces] - vertices.mean(0)
    if np.einsum("ij,ij->", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])) < 0:
        faces = faces[:, ::-1]
    return trimesh.Trimesh(vertices, faces, process=False)


def sweep(
    path: ArrayLike, radii: ArrayLike, sections: int = 8, side: ArrayLike | None = None, power: float = 2.0
) -> trimesh.Trimesh:
    """Tube along ``path`` (K, 3).

    ``radii`` is one radius, (K,) radii or (K, 2) semi-axes, the first along ``side``. ``power`` > 2 squares the
    section (a super-ellipse).
    """
    line = np.asarray(path, dtype=float)
    given = np.asarray(radii, dtype=float)
    axes = np.broadcast_to(given[:, None] if given.ndim == 1 else given, (len(line), 2))
    tangent = np.gradient(line, axis=0)
    tangent /= np.maximum(np.linalg.norm(tangent, axis=1, keepdims=True), 1e-9)
    reference = np.eye(3)[np.abs(tangent).max(0).argmin()] if side is None else np.asarray(side, dtype=float)
    across = reference - tangent * (tangent @ reference)[:, None]
    across /= np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-9)
    upward = np.cross(tangent, across)
    angle = np.linspace(0, 2 * np.pi, sections, endpoint=False)
    cosine, sine = (np.sign(part) * np.abs(part) ** (2 / power) for part in (np.cos(angle), np.sin(angle)))
    rings = (
        line[:, None]
        + (axes[:, :1] * cosine)[:, :, None] * across[:, None]
        + (axes[:, 1:] * sine)[:, :, None] * upward[:, None]
    )
    return loft(rings)


def bars(starts: ArrayLike, ends: ArrayLike, radii: ArrayLike, sections: int = 5) -> trimesh.Trimesh:
    """N open-ended round bars as one mesh; ``radii`` is one radius or (N, 2), at the start and at the end."""
    first, last = np.asarray(starts, dtype=float), np.asarray(ends, dtype=float)
    size = np.broadcast_to(np.asarray(radii, dtype=float), (len(first), 2))
    along = last - first
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
    reference = np.where(np.abs(along[:, 1:2]) > 0.9, [[1.0, 0, 0]], [[0, 1.0, 0]])
    across = np.cross(along, reference)
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    other = np.cross(along, across)
    angle = np.linspace(0, 2 * np.pi, sections, endpoint=False)
    circle = across[:, None] * np.cos(angle)[:, None] + other[:, None] * np.sin(angle)[:, None]
    vertices = np.stack([first[:, None] + size[:, :1, None] * circle, last[:, None] + size[:, 1:, None] * circle], 1)
    here = np.arange(sections)
    after = np.roll(here, -1)
    quads = np.concatenate(
        [np.stack([here, after, sections + after], 1), np.stack([here, sections + after, sections + here], 1)]
    )
    faces = (np.arange(len(first)) * 2 * sections)[:, None, None] + quads
    return trimesh.Trimesh(vertices.reshape(-1, 3), faces.reshape(-1, 3), process=False)


def ring_points(center: ArrayLike, radius: float, count: int, axis: str = "y") -> Points:
    """``count`` points on a circle around the named axis, (count, 3)."""
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    flat = np.zeros((count, 3))
    first, second = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
    flat[:, first], flat[:, second] = radius * np.cos(angle), radius * np.sin(angle)
    return flat + np.asarray(center, dtype=float)


def rounded_rectangle(half_a: float, half_b: float, corner: float, per_corner: int = 4) -> Points:
    """(4 * per_corner, 2) outline, counter-clockwise, of a rectangle with rounded corners."""
    corner = min(corner, half_a * 0.98, half_b * 0.98)
    turns = np.linspace(0, np.pi / 2, per_corner)
    arcs = []
    for index, (a, b) in enumerate([(1, 1), (-1, 1), (-1, -1), (1, -1)]):
        angle = turns + index * np.pi / 2
        arcs.append(
            np.stack(
                [
                    a * (half_a - corner) + corner * np.cos(angle),
                    b * (half_b - corner) + corner * np.sin(angle),
                ],
                1,
            )
        )
    return np.vstack(arcs)
