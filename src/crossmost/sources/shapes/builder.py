"""Assemble colored parts into one mesh: the small vocabulary every procedural class is written in."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np
import trimesh
from numpy.typing import NDArray

Color = tuple[int, int, int]
Vector = Sequence[float]
Corners = NDArray[np.float64]
Triangles = NDArray[np.int64]

HALF_TURN = np.pi


class ShapeBuilder:
    """Collects colored parts in the canonical frame (y-up, front +z, metres) and joins them.

    Every method that makes a part takes ``at``, the position of the part's *center* unless said otherwise, and
    ``turn``, extrinsic rotations about x, y, z in radians applied before the translation. Parts are kept as plain
    arrays: one mesh object per part would cost more than drawing it.
    """

    def __init__(self) -> None:
        self._vertices: list[Corners] = []
        self._faces: list[Triangles] = []
        self._colors: list[Color] = []

    def add(self, mesh: trimesh.Trimesh, color: Color, at: Vector = (0, 0, 0), turn: Vector = (0, 0, 0)) -> None:
        """Add any mesh as a part of one color."""
        self._add(np.asarray(mesh.vertices), np.asarray(mesh.faces), color, at, turn)

    def _add(self, vertices: Corners, faces: Triangles, color: Color, at: Vector, turn: Vector) -> None:
        if any(turn):
            vertices = vertices @ trimesh.transformations.euler_matrix(turn[0], turn[1], turn[2], "sxyz")[:3, :3].T
        self._vertices.append(vertices + np.asarray(at, dtype=float))
        self._faces.append(faces)
        self._colors.append(color)

    def box(self, size: Vector, color: Color, at: Vector = (0, 0, 0), turn: Vector = (0, 0, 0)) -> None:
        """Box of extents ``size`` = (x, y, z)."""
        vertices, faces = _unit_box()
        self._add(vertices * np.asarray(size, dtype=float), faces, color, at, turn)

    def cushion(
        self,
        size: Vector,
        color: Color,
        at: Vector = (0, 0, 0),
        turn: Vector = (0, 0, 0),
        softness: float = 0.35,
    ) -> None:
        """Box of extents ``size`` with rounded edges; ``softness`` in (0, 1] is the share of the size that is round."""
        vertices, faces = _unit_cushion(min(1.0, max(0.1, round(softness, 1))))
        self._add(vertices * np.asarray(size, dtype=float), faces, color, at, turn)

    def cylinder(
        self,
        radius: float,
        height: float,
        color: Color,
        at: Vector = (0, 0, 0),
        turn: Vector = (0, 0, 0),
        top_radius: float | None = None,
        sections: int = 16,
    ) -> None:
        """Upright (y axis) cylinder, or frustum when ``top_radius`` differs from the bottom ``radius``."""
        top = radius if top_radius is None else top_radius
        profile = np.array([[0, -height / 2], [radius, -height / 2], [top, height / 2], [0, height / 2]])
        self.revolve(profile, color, at, turn, sections)

    def revolve(
        self,
        profile: NDArray[np.float64] | Sequence[Vector],
        color: Color,
        at: Vector = (0, 0, 0),
        turn: Vector = (0, 0, 0),
        sections: int = 20,
    ) -> None:
        """Surface of revolution about y of ``profile`` (K, 2) rows (radius, y), listed from bottom to top."""
        rows = np.asarray(profile, dtype=float)
        circle, faces = _revolve_pattern(len(rows), sections)
        vertices = np.empty((len(rows), sections, 3))
        vertices[..., 0] = rows[:, :1] * circle[:, 0]
        vertices[..., 1] = rows[:, 1:]
        vertices[..., 2] = rows[:, :1] * circle[:, 1]
        apex = rows[:, 0] < 1e-9
        faces = faces[~(_flat(faces, sections, apex))] if apex.any() else faces
        self._add(vertices.reshape(-1, 3), faces, color, at, turn)

    def ellipsoid(self, radii: Vector, color: Color, at: Vector = (0, 0, 0), turn: Vector = (0, 0, 0)) -> None:
        """Ellipsoid with semi-axes ``radii`` = (x, y, z)."""
        vertices, faces = _unit_sphere(2)
        self._add(vertices * np.asarray(radii, dtype=float), faces, color, at, turn)

    def rod(self, start: Vector, end: Vector, radius: float, color: Color, sections: int = 10) -> None:
        """Straight round bar between two points."""
        self.taper(start, end, radius, radius, color, sections)

    def taper(
        self, start: Vector, end: Vector, start_radius: float, end_radius: float, color: Color, sections: int = 10
    ) -> None:
        """Straight round bar between two points whose radius changes from one end to the other."""
        low, high = np.asarray(start, dtype=float), np.asarray(end, dtype=float)
        axis = high - low
        length = float(np.linalg.norm(axis))
        if length < 1e-9:
            return
        axis = axis / length
        side = np.cross(axis, [0.0, 0.0, 1.0] if abs(axis[2]) < 0.9 else [1.0, 0.0, 0.0])
        side /= np.linalg.norm(side)
        other = np.cross(axis, side)
        circle, _ = _revolve_pattern(2, sections)
        ring = circle[:, :1] * side + circle[:, 1:] * other
        vertices = np.concatenate([low[None], low + start_radius * ring, high + end_radius * ring, high[None]])
        self._add(vertices, _bar_faces(sections), color, (0, 0, 0), (0, 0, 0))

    def tube(self, path: Sequence[Vector], radius: float, color: Color, sections: int = 8) -> None:
        """Round bar along a polyline of ≥ 2 points: rods with round joints."""
        for start, end in pairwise(path):
            self.rod(start, end, radius, color, sections)
        vertices, faces = _unit_sphere(1)
        for joint in path[1:-1]:
            self._add(vertices * radius, faces, color, joint, (0, 0, 0))

    def torus(
        self, major_radius: float, minor_radius: float, color: Color, at: Vector = (0, 0, 0), turn: Vector = (0, 0, 0)
    ) -> None:
        """Ring around the z axis (a wheel seen from the front)."""
        mesh = trimesh.creation.torus(major_radius, minor_radius, major_sections=24, minor_sections=8)
        self.add(mesh, color, at, turn)

    def extrude(
        self,
        outline: Sequence[Vector],
        depth: float,
        color: Color,
        at: Vector = (0, 0, 0),
        turn: Vector = (0, 0, 0),
    ) -> None:
        """Closed outline (K, 2) in the x-y plane, extruded by ``depth`` along z and centered on z = 0."""
        from shapely.geometry import Polygon

        mesh = trimesh.creation.extrude_polygon(Polygon(np.asarray(outline, dtype=float)), depth)
        mesh.apply_translation([0, 0, -depth / 2])
        self.add(mesh, color, at, turn)

    def ball(self, radius: float, color: Color, at: Vector = (0, 0, 0)) -> None:
        """Small sphere of few faces, for knobs and joints."""
        vertices, faces = _unit_sphere(1)
        self._add(vertices * radius, faces, color, at, (0, 0, 0))

    def surface(
        self,
        points: NDArray[np.float64],
        color: Color,
        thickness: float = 0.01,
        at: Vector = (0, 0, 0),
        turn: Vector = (0, 0, 0),
    ) -> None:
        """Bent sheet through a grid of points (R, C, 3), R and C at least 2, closed at its edges."""
        grid = np.asarray(points, dtype=float)
        rows, columns = grid.shape[:2]
        normals = np.cross(np.gradient(grid, axis=0), np.gradient(grid, axis=1))
        normals /= np.maximum(np.linalg.norm(normals, axis=2, keepdims=True), 1e-12)
        half = normals * (thickness / 2)
        vertices = np.concatenate([(grid + half).reshape(-1, 3), (grid - half).reshape(-1, 3)])
        self._add(vertices, _sheet_faces(rows, columns), color, at, turn)

    def extrude_convex(
        self,
        outline: Sequence[Vector],
        depth: float,
        color: Color,
        at: Vector = (0, 0, 0),
        turn: Vector = (0, 0, 0),
    ) -> None:
        """Like ``extrude`` for a convex, counter-clockwise outline, without a triangulation."""
        flat = np.asarray(outline, dtype=float)
        count = len(flat)
        half = np.full((count, 1), depth / 2)
        fan = np.column_stack([np.zeros(count - 2, int), np.arange(1, count - 1), np.arange(2, count)])
        this = np.arange(count)
        after = (this + 1) % count
        walls = [np.column_stack([this, this + count, after]), np.column_stack([after, this + count, after + count])]
        faces = np.concatenate([fan, fan[:, ::-1] + count, *walls])
        vertices = np.concatenate([np.hstack([flat, half]), np.hstack([flat, -half])])
        self._add(vertices, faces, color, at, turn)

    def merge(self, other: "ShapeBuilder", at: Vector = (0, 0, 0), turn: Vector = (0, 0, 0)) -> None:
        """Add all parts of another builder as one turned, moved group."""
        for vertices, faces, color in zip(other._vertices, other._faces, other._colors, strict=True):
            self._add(vertices, faces, color, at, turn)

    def jitter_colors(self, rng: np.random.Generator, amount: float = 6.0) -> None:
        """Shift every distinct color by normal noise of ``amount`` (0–255 units); equally colored parts stay equal."""
        shifted = {
            color: np.clip(
                np.rint(np.asarray(color) + rng.normal(0, amount) + rng.normal(0, amount / 5, 3)), 0, 255
            ).astype(int)
            for color in dict.fromkeys(self._colors)
        }
        self._colors = [(int(shifted[c][0]), int(shifted[c][1]), int(shifted[c][2])) for c in self._colors]

    def build(self) -> trimesh.Trimesh:
        """All parts as one mesh with face colors."""
        offsets = np.cumsum([0] + [len(vertices) for vertices in self._vertices[:-1]])
        faces = np.concatenate([part + offset for part, offset in zip(self._faces, offsets, strict=True)])
        rgb = np.repeat(np.array(self._colors, dtype=np.uint8), [len(part) for part in self._faces], axis=0)
        rgba = np.column_stack([rgb, np.full(len(rgb), 255, dtype=np.uint8)])
        return trimesh.Trimesh(np.concatenate(self._vertices), faces, face_colors=rgba, process=False)


def arc(center: Vector, radius: float | Vector, start: float, end: float, count: int = 12) -> list[tuple[float, float]]:
    """``count`` points of an ellipse arc in the plane from angle ``start`` to ``end`` (radians), for outlines."""
    radius_x, radius_y = (radius, radius) if isinstance(radius, (int, float)) else radius
    angles = np.linspace(start, end, count)
    return [(center[0] + radius_x * float(np.cos(a)), center[1] + radius_y * float(np.sin(a))) for a in angles]


@lru_cache(maxsize=1)
def _unit_box() -> tuple[Corners, Triangles]:
    mesh = trimesh.creation.box(extents=(1, 1, 1))
    return np.asarray(mesh.vertices).copy(), np.asarray(mesh.faces).copy()


@lru_cache(maxsize=4)
def _unit_sphere(subdivisions: int) -> tuple[Corners, Triangles]:
    mesh = trimesh.creation.icosphere(subdivisions=subdivisions)
    return np.asarray(mesh.vertices).copy(), np.asarray(mesh.faces).copy()


@lru_cache(maxsize=16)
def _unit_cushion(softness: float) -> tuple[Corners, Triangles]:
    """Box of extents 1 whose edges are rounded by ``softness`` half extents: an ellipsoid at softness 1."""
    ticks = np.array([-1, -1 + softness * 0.4, -1 + softness, 1 - softness, 1 - softness * 0.4, 1.0])
    u, v = (axis.ravel() for axis in np.meshgrid(ticks, ticks, indexing="ij"))
    ones = np.ones_like(u)
    sides = [(ones, u, v), (-ones, v, u), (v, ones, u), (u, -ones, v), (u, v, ones), (v, u, -ones)]
    cube = np.concatenate([np.column_stack(side) for side in sides])
    core = np.clip(cube, softness - 1, 1 - softness)
    outward = cube - core
    vertices = core + softness * outward / np.linalg.norm(outward, axis=1, keepdims=True)
    index = np.arange(36).reshape(6, 6)
    a, b, c, d = index[:-1, :-1].ravel(), index[1:, :-1].ravel(), index[1:, 1:].ravel(), index[:-1, 1:].ravel()
    side_faces = np.concatenate([np.column_stack([a, b, c]), np.column_stack([a, c, d])])
    return vertices / 2, np.concatenate([side_faces + 36 * side for side in range(6)])


@lru_cache(maxsize=256)
def _revolve_pattern(n_rows: int, sections: int) -> tuple[Corners, Triangles]:
    """Unit circle (sections, 2) and outward faces between consecutive rings of ``sections`` vertices."""
    angles = np.arange(sections) * (2 * HALF_TURN / sections)
    circle = np.column_stack([np.cos(angles), np.sin(angles)])
    this = np.arange(sections)
    following = (this + 1) % sections
    band = np.concatenate(
        [
            np.column_stack([this, this + sections, following]),
            np.column_stack([following, this + sections, following + sections]),
        ]
    )
    return circle, np.concatenate([band + row * sections for row in range(n_rows - 1)])


def _flat(faces: Triangles, sections: int, apex: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Faces with two corners on a ring of radius zero."""
    return apex[faces // sections].sum(axis=1) >= 2


@lru_cache(maxsize=32)
def _bar_faces(sections: int) -> Triangles:
    """Faces of a closed bar with vertices: low center, low ring, high ring, high center."""
    this = np.arange(sections) + 1
    following = this % sections + 1
    top = 2 * sections + 1
    return np.concatenate(
        [
            np.column_stack([np.zeros_like(this), following, this]),
            np.column_stack([this, following, this + sections]),
            np.column_stack([following, following + sections, this + sections]),
            np.column_stack([np.full_like(this, top), this + sections, following + sections]),
        ]
    )


@lru_cache(maxsize=64)
def _sheet_faces(rows: int, columns: int) -> Triangles:
    """Faces of a closed sheet: an upper grid of vertices, then the lower one."""
    index = np.arange(rows * columns).reshape(rows, columns)
    a, b = index[:-1, :-1].ravel(), index[1:, :-1].ravel()
    c, d = index[1:, 1:].ravel(), index[:-1, 1:].ravel()
    upper = np.concatenate([np.column_stack([a, b, c]), np.column_stack([a, c, d])])
    border = np.concatenate([index[0, :-1], index[:-1, -1], index[-1, :0:-1], index[:0:-1, 0]])
    following = np.roll(border, -1)
    below = rows * columns
    rim = np.concatenate(
        [
            np.column_stack([border, following, following + below]),
            np.column_stack([border, following + below, border + below]),
        ]
    )
    return np.concatenate([upper, upper[:, ::-1] + below, rim])


SubType = Callable[[ShapeBuilder, np.random.Generator], str]
"""Draws one object into the builder and returns the name of its main color."""
