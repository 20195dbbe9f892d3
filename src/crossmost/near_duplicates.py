"""Groups of objects that are almost the same shape; a split keeps each group on one side.

Furniture libraries hold the same model in several colors, sizes or as a mirror image. If one copy were used for
adapting and another for testing, the test would be no test. Shapes are therefore compared after each axis of their
bounding box is scaled to the same length, as they are and mirrored left to right.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import trimesh
from scipy.spatial import cKDTree

from crossmost.progress import track

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

    Each shape is compared closely with its most similar ones only, so time grows little faster than N.
    """
    count = len(signatures)
    if count == 0:
        return np.zeros(0, dtype=np.int64)
    groups = _DisjointSets(count)
    first_with: dict[str, int] = {}
    for number, signature in enumerate(signatures):
        groups.join(first_with.setdefault(signature.sha256, number), number)
    if threshold > 0:
        # Equal geometry is one group already: its first object stands for all.
        distinct = np.array(sorted(first_with.values()))
        shape_of = lru_cache(maxsize=_SHAPES_IN_MEMORY)(lambda number: _Shape(signatures[number]))
        pairs = distinct[_candidates([signatures[number] for number in distinct])]
        for i, j in track(pairs, "comparing similar shapes", len(pairs), "pairs"):
            if not groups.are_joined(i, j) and _is_near(shape_of(i), shape_of(j), threshold):
                groups.join(i, j)
    return groups.numbers()


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
_LANDMARKS_PER_AXIS = 4
_CANDIDATE_RADIUS = 0.16  # near-duplicates among furniture and procedural shapes: 0.142 at most
_NEIGHBORS = 32  # shapes compared with one shape at most: what keeps the search from being quadratic
_SHAPES_IN_MEMORY = 4096  # with their trees, about 0.1 MB each


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
    """(P, 2) pairs that may be near-duplicates, the most similar first; at most 64 a shape, whatever the collection.

    Shapes are described by how far landmarks are from their surface. That differs little between two samples of one
    surface, however its area is spread over inner walls and double sides, and can be searched with a tree.
    """
    if len(signatures) < 2:
        return np.zeros((0, 2), dtype=np.int64)
    described = track(signatures, "describing shapes", len(signatures), "objects")
    fields = np.stack([_distance_field(signature) for signature in described])  # (N, 4, 4, 4)
    plain, mirrored = fields.reshape(len(fields), -1), fields[:, ::-1].reshape(len(fields), -1)
    tree = cKDTree(plain)
    distances, ones, others = [], [], []
    for queries in (plain, mirrored):
        # The nearest to a shape is itself, or a shape that looks the same.
        distance, found = tree.query(
            queries, k=min(_NEIGHBORS + 1, len(signatures)), distance_upper_bound=_CANDIDATE_RADIUS
        )
        row, column = np.nonzero(np.isfinite(distance))
        distances.append(distance[row, column])
        ones.append(row)
        others.append(found[row, column])
    pairs = np.sort(np.stack([np.concatenate(ones), np.concatenate(others)], axis=1), axis=1)
    # Most similar first: the pairs after them are often in one group by then and need no closer look.
    pairs = pairs[np.argsort(np.concatenate(distances), kind="stable")]
    _, first = np.unique(pairs, axis=0, return_index=True)
    pairs = pairs[np.sort(first)]
    return pairs[pairs[:, 0] != pairs[:, 1]]


def _distance_field(signature: ShapeSignature) -> np.ndarray:
    """(4, 4, 4) distances of a grid of landmarks over the bounding box from the shape, divided by 8.

    The division makes the Euclidean distance between two of them the root mean square difference of a landmark.
    """
    axis = np.linspace(-1, 1, _LANDMARKS_PER_AXIS)
    landmarks = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    distance = cKDTree(signature.points.astype(np.float32)).query(landmarks)[0]
    return distance.reshape((_LANDMARKS_PER_AXIS,) * 3) / math.sqrt(len(landmarks))


class _DisjointSets:
    """Which objects are in one group, directly or in a chain (union–find)."""

    def __init__(self, count: int) -> None:
        self._parent = list(range(count))

    def _root(self, number: int) -> int:
        while self._parent[number] != number:
            self._parent[number] = self._parent[self._parent[number]]
            number = self._parent[number]
        return number

    def are_joined(self, one: int, other: int) -> bool:
        return self._root(one) == self._root(other)

    def join(self, one: int, other: int) -> None:
        """Put two groups together under the smaller number, so that a root is the first object of its group."""
        low, high = sorted((self._root(one), self._root(other)))
        self._parent[high] = low

    def numbers(self) -> np.ndarray:
        """(N,) int64 group of each object; groups are numbered by their first object."""
        roots = [self._root(number) for number in range(len(self._parent))]
        return np.unique(roots, return_inverse=True)[1].astype(np.int64)
