"""Groups of objects that are almost the same shape; a split keeps each group on one side.

Furniture libraries hold the same model in several colors, sizes or as a mirror image. If one copy were used for
adapting and another for testing, the test would be no test. Shapes are therefore compared after each axis of their
bounding box is scaled to the same length, as they are and mirrored left to right.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import trimesh
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

SIGNATURE_POINTS = 2048


@dataclass(frozen=True)
class ShapeSignature:
    """What two shapes are compared by.

    Args:
        points: (2048, 3) float16, evenly over the surface, each axis of the bounding box scaled to [−1, 1].
        sha256: Of the geometry scaled the same way, whatever the order of its faces (hex).
    """

    points: np.ndarray
    sha256: str


def shape_signature(mesh: trimesh.Trimesh) -> ShapeSignature:
    """Signature of a mesh; the same for the same surface, whatever the order of its faces, its size and colors."""
    corners = np.asarray(mesh.vertices)[np.asarray(mesh.faces)]  # (F, 3, 3)
    low, high = corners.min(axis=(0, 1)), corners.max(axis=(0, 1))
    half = np.maximum((high - low) / 2, 1e-9 * max(float((high - low).max()), 1e-9))
    corners = (corners - (low + high) / 2) / half
    centers = np.round(corners.mean(axis=1) * 512).astype(np.int32)  # (F, 3)
    order = np.lexsort(centers.T)
    corners, centers = corners[order], centers[order]
    digest = hashlib.sha256(np.ascontiguousarray(centers, dtype="<i4").tobytes()).hexdigest()
    return ShapeSignature(_even_points(corners).astype(np.float16), digest)


def cloud_signature(points: np.ndarray) -> ShapeSignature:
    """Signature of a cloud (N, 3); the same for the same points, whatever their order and size."""
    low, high = points.min(axis=0), points.max(axis=0)
    half = np.maximum((high - low) / 2, 1e-9 * max(float((high - low).max()), 1e-9))
    scaled = (points - (low + high) / 2) / half
    places = np.round(scaled * 512).astype(np.int32)  # (N, 3)
    places_in_order = places[np.lexsort(places.T)]
    digest = hashlib.sha256(np.ascontiguousarray(places_in_order, dtype="<i4").tobytes()).hexdigest()
    # Any order but a spatial one will do: the points are compared as two samples of one surface.
    shuffled = scaled[np.lexsort(scaled.T)][np.random.default_rng(0).permutation(len(scaled))]
    # A small cloud is repeated; a multiple of four keeps a point and its copies on one side in `_Shape`.
    whole = shuffled[: max(len(shuffled) - len(shuffled) % 4, 4)]
    return ShapeSignature(np.resize(whole, (SIGNATURE_POINTS, 3)).astype(np.float16), digest)


def _even_points(corners: np.ndarray) -> np.ndarray:
    """(2048, 3) points on triangles (F, 3, 3), evenly by area along their order, without randomness."""
    areas = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    reached = np.cumsum(areas)
    number = np.arange(SIGNATURE_POINTS)
    if reached[-1] <= 0:
        return corners[number % len(corners), 0]
    chosen = np.searchsorted(reached, (number + 0.5) / SIGNATURE_POINTS * reached[-1])
    # Additive recurrence with the plastic number: covers the unit square evenly.
    first, second = (0.5 + number * 0.7548776662) % 1, (0.5 + number * 0.5698402910) % 1
    root = np.sqrt(first)
    weights = np.stack([1 - root, root * (1 - second), root * second], axis=1)  # (2048, 3), barycentric
    return np.einsum("nc,ncd->nd", weights, corners[np.minimum(chosen, len(corners) - 1)])


def near_duplicate_groups(signatures: Sequence[ShapeSignature], threshold: float) -> np.ndarray:
    """Group number of each object: the same geometry, or a shape distance up to the threshold, directly or in a chain.

    Args:
        signatures: One per object.
        threshold: Largest `shape_distance` of near-duplicates. 1 means: no farther apart than two samples of the same
            surface; above about 1.1, different designs of the same kind (tables with four legs) begin to join.
            0 groups only equal geometry.

    Returns:
        (N,) int64; groups are numbered by their first object.
    """
    count = len(signatures)
    if count == 0:
        return np.zeros(0, dtype=np.int64)
    first_with: dict[str, int] = {}
    pairs = [(first_with.setdefault(signature.sha256, i), i) for i, signature in enumerate(signatures)]
    if threshold > 0:
        shapes = [_Shape(signature) for signature in signatures]
        for i, j in _candidates(signatures):
            if _is_near(shapes[i], shapes[j], threshold):
                pairs.append((i, j))
    rows, columns = np.array(pairs).T
    graph = coo_matrix((np.ones(len(pairs)), (rows, columns)), shape=(count, count))
    labels = connected_components(graph, directed=False)[1]
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse].astype(np.int64)


def shape_distance(one: ShapeSignature, other: ShapeSignature) -> float:
    """How far apart two shapes are, in units of how far apart two samples of the same surface are (about 1).

    A chamfer distance: mean distance from sample points of one to the nearest of the other's, divided by the same mean
    between two samples of the other; the worse of the two directions, the better of as it is and mirrored.
    """
    first, second = _Shape(one), _Shape(other)
    return min(
        max(second.relative_distance(first.queries * side), first.relative_distance(second.queries * side))
        for side in _SIDES
    )


_SIDES = (np.ones(3, dtype=np.float32), np.array([-1, 1, 1], dtype=np.float32))
_HASTY = slice(None, None, 8)  # an eighth of the query points, for a first look
_HASTY_MARGIN = 1.4  # the first look is that much less exact
_CANDIDATE_RADIUS = 0.15


class _Shape:
    """A signature, taken apart into query points and a tree of reference points."""

    def __init__(self, signature: ShapeSignature) -> None:
        points = signature.points.astype(np.float32)
        is_query = np.arange(len(points)) % 4 == 0
        self.queries = points[is_query]  # (512, 3)
        self.tree = cKDTree(points[~is_query])  # (1536, 3)
        self.own_distance = max(float(self.tree.query(self.queries)[0].mean()), 1e-6)

    def relative_distance(self, points: np.ndarray) -> float:
        """Mean distance of points (N, 3) from this shape, in units of its own sampling distance."""
        return float(self.tree.query(points)[0].mean()) / self.own_distance


def _is_near(one: _Shape, other: _Shape, threshold: float) -> bool:
    for side in _SIDES:
        if other.relative_distance(one.queries[_HASTY] * side) > threshold * _HASTY_MARGIN:
            continue
        there = other.relative_distance(one.queries * side)
        if there <= threshold and one.relative_distance(other.queries * side) <= threshold:
            return True
    return False


def _candidates(signatures: Sequence[ShapeSignature]) -> np.ndarray:
    """(P, 2) pairs whose mean position and mean distance from the middle agree roughly; others are far apart."""
    points = np.stack([signature.points.astype(np.float32) for signature in signatures])  # (N, 2048, 3)
    features = np.concatenate([np.abs(points).mean(axis=1), points[..., 1:].mean(axis=1)], axis=1)  # (N, 5)
    return cKDTree(features).query_pairs(_CANDIDATE_RADIUS, output_type="ndarray")
