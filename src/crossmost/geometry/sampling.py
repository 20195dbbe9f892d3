"""Points on the surface of a mesh, reproducible object by object."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import trimesh

from crossmost.errors import UnreadableObjectError


def object_generator(object_id: str, seed: int, purpose: str) -> np.random.Generator:
    """Random numbers that depend on the object alone, not on the order or process it is handled in.

    Args:
        object_id: stable name of the object.
        seed: the run's seed.
        purpose: what the numbers are for, so that two uses for one object are independent.
    """
    digest = hashlib.sha256(f"{purpose}\n{seed}\n{object_id}".encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "little"))


def mesh_triangles(mesh: trimesh.Trimesh | trimesh.Scene) -> np.ndarray:
    """Corners of all faces in the frame of the scene.

    Returns:
        (F, 3, 3) float64; faces with a coordinate that is not finite are left out.
    """
    if isinstance(mesh, trimesh.Scene):
        parts = []
        for node in sorted(mesh.graph.nodes_geometry):
            matrix, name = mesh.graph[node]
            geometry = mesh.geometry[name]
            if isinstance(geometry, trimesh.Trimesh) and len(geometry.faces):
                with np.errstate(invalid="ignore"):  # corners that are not finite are dropped below
                    vertices = np.asarray(geometry.vertices) @ matrix[:3, :3].T + matrix[:3, 3]
                parts.append(vertices[np.asarray(geometry.faces)])
        triangles = np.concatenate(parts) if parts else np.empty((0, 3, 3))
    else:
        triangles = np.asarray(mesh.vertices)[np.asarray(mesh.faces)].reshape(-1, 3, 3)
    return triangles[np.isfinite(triangles).all(axis=(1, 2))]


def sample_surface(mesh: trimesh.Trimesh | trimesh.Scene, n: int, rng: np.random.Generator) -> np.ndarray:
    """Draw points uniformly by area from the surface.

    Args:
        mesh: object in its own frame and unit.
        n: number of points.
        rng: source of randomness.

    Returns:
        (n, 3) float32 in the frame and unit of the mesh, in random order.

    Raises:
        UnreadableObjectError: the mesh has no face of positive area.
    """
    return draw_surface_points(mesh, n, rng).points.astype(np.float32)


@dataclass(frozen=True)
class SurfacePoints:
    """Points of a surface and where on it they lie.

    Attributes:
        points: (n, 3) float64 in the frame and unit of the mesh.
        normals: (n, 3) float64 unit normals of their faces, of either sign.
        face: (n,) int64, rows of `mesh_triangles`.
        weights: (n, 3) float64, barycentric coordinates in the face.
    """

    points: np.ndarray
    normals: np.ndarray
    face: np.ndarray
    weights: np.ndarray


def draw_surface_points(mesh: trimesh.Trimesh | trimesh.Scene, n: int, rng: np.random.Generator) -> SurfacePoints:
    """`sample_surface` with what else is known of the points."""
    corners = mesh_triangles(mesh)
    edge_1, edge_2 = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    normals = np.cross(edge_1, edge_2)
    areas = np.linalg.norm(normals, axis=1)
    cumulative_area = np.cumsum(areas)
    total = cumulative_area[-1] if len(cumulative_area) else 0.0
    if not np.isfinite(total) or total <= 0:
        raise UnreadableObjectError(f"the surface has no area ({len(corners)} finite faces)")
    face = np.searchsorted(cumulative_area, rng.random(n) * total, side="right").clip(max=len(corners) - 1)
    along_1, along_2 = rng.random((2, n, 1))
    outside = along_1 + along_2 > 1  # the other half of the parallelogram: fold it back
    along_1, along_2 = np.where(outside, 1 - along_1, along_1), np.where(outside, 1 - along_2, along_2)
    points = corners[face, 0] + along_1 * edge_1[face] + along_2 * edge_2[face]
    weights = np.concatenate([1 - along_1 - along_2, along_1, along_2], axis=1)
    return SurfacePoints(points, normals[face] / np.maximum(areas[face, None], 1e-300), face, weights)
