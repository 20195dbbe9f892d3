"""The unlabeled collection as models see it: views and clouds, and no place for a label."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from crossmost.errors import CrossmostError
from crossmost.pose import UNCHANGED, PoseCorrection
from crossmost.rendering import decode_views
from crossmost.shards import Sample, SampleReference, ShardStore, StoredRows, decode_array
from crossmost.shards.rows import KEPT_BYTES
from crossmost.splits import ADAPT

GREY = 102
"""Color of points without one: 0.4, as colored point towers were trained with."""

ArrayLike = np.ndarray | StoredRows


class StoredViews(StoredRows):
    """(N, V, H, W, 3) uint8 out of `<id>.view00.png` …."""

    def decode(self, sample: Sample, part: Any) -> np.ndarray:
        return decode_views(sample, part)


class PosedRows(StoredRows):
    """Rows that follow the points of a cloud, of which a correction of the pose may take others."""

    def __init__(
        self, references: Sequence[SampleReference], kept_bytes: int = KEPT_BYTES, pose: PoseCorrection = UNCHANGED
    ) -> None:
        self.pose = pose
        super().__init__(references, kept_bytes)

    def digest(self) -> str:
        """Changes with the correction too."""
        return super().digest() + self.pose_digest()

    def pose_digest(self) -> str:
        """Empty if nothing is corrected."""
        return "" if self.pose == UNCHANGED else repr(self.pose)


class StoredClouds(PosedRows):
    """(N, M, 3) float32 out of `<id>.points.npy`."""

    def decode(self, sample: Sample, part: Any) -> np.ndarray:
        return self.pose.points(decode_array(sample.members["points.npy"]).astype(np.float32, copy=False))[part]


class StoredColors(PosedRows):
    """(N, M, 3) uint8 out of `<id>.colors.npy`; grey where an object has none."""

    def decode(self, sample: Sample, part: Any) -> np.ndarray:
        points = decode_array(sample.members["points.npy"])
        if "colors.npy" not in sample.members:
            return np.full(points.shape, GREY, dtype=np.uint8)[part]
        colors, rows = decode_array(sample.members["colors.npy"]), self.pose.rows(points.astype(np.float32, copy=False))
        return (colors if rows is None else colors[rows])[part]


class StoredColoredClouds(StoredRows):
    """(N, M, 6) float32: points and their rgb in 0…1."""

    def __init__(self, clouds: StoredClouds, colors: StoredColors) -> None:
        self.clouds, self.colors = clouds, colors
        super().__init__(clouds.references, clouds.kept_bytes)

    def decode(self, sample: Sample, part: Any) -> np.ndarray:
        return _with_color(self.clouds.decode(sample, part), self.colors.decode(sample, part))

    def digest(self) -> str:
        """Changes with the clouds' correction too."""
        return super().digest() + self.clouds.pose_digest()


@dataclass(frozen=True)
class Collection:
    """Views and clouds of objects, in memory or in an object store from which they are read as they are needed.

    Attributes:
        object_ids: N names.
        views: (N, V, H, W, 3) uint8.
        clouds: (N, M, 3) float32, zero mean and unit maximum radius; (N, M, 6) with rgb in 0…1 from `for_tower`.
        colors: (N, M, 3) uint8 RGB of the points, grey where an object has none; None if no object has colors.
    """

    object_ids: tuple[str, ...]
    views: ArrayLike
    clouds: ArrayLike
    colors: ArrayLike | None = None

    def __len__(self) -> int:
        return len(self.object_ids)

    def subset(self, object_ids: set[str]) -> Collection:
        """The objects whose id is in ``object_ids``, in this collection's order."""
        rows = [row for row, object_id in enumerate(self.object_ids) if object_id in object_ids]
        colors = None if self.colors is None else _take(self.colors, rows)
        ids = tuple(self.object_ids[row] for row in rows)
        return Collection(ids, _take(self.views, rows), _take(self.clouds, rows), colors)

    def posed(self, pose: PoseCorrection) -> Collection:
        """The collection whose clouds are as stored but for this correction; its colors follow."""
        if pose == UNCHANGED:
            return self
        if isinstance(self.clouds, StoredClouds):
            clouds = StoredClouds(self.clouds.references, self.clouds.kept_bytes, pose)
            colors = self.colors
            if isinstance(colors, StoredColors):
                colors = StoredColors(colors.references, colors.kept_bytes, pose)
            return replace(self, clouds=clouds, colors=colors)
        rows = [pose.rows(cloud) for cloud in self.clouds]
        colors = self.colors
        if colors is not None:
            pairs = zip(colors, rows, strict=True)
            colors = np.stack([of_object if taken is None else of_object[taken] for of_object, taken in pairs])
        return replace(self, clouds=np.stack([pose.points(cloud) for cloud in self.clouds]), colors=colors)

    def tower_clouds(self, rows: slice, n_points: int | None, channels: int) -> np.ndarray:
        """Clouds as a point tower takes them.

        Args:
            rows: which objects, B of them.
            n_points: the first so many points (they are in random order); None takes all.
            channels: of the tower; 3 leaves colors out.

        Returns:
            (B, n_points, 6) float32 with rgb in 0…1 if the tower uses color and the objects have it; else the
            coordinates alone, to which such a tower adds its grey.
        """
        points = self.clouds[rows, :n_points]
        if channels <= 3 or self.colors is None:
            return points
        return _with_color(points, self.colors[rows, :n_points])

    def for_tower(self, channels: int) -> Collection:
        """The collection whose clouds are `tower_clouds`: what moves, drops and repeats points keeps their colors."""
        if channels <= 3 or self.colors is None:
            return replace(self, colors=None)
        if len(self) and isinstance(self.clouds, StoredClouds) and isinstance(self.colors, StoredColors):
            return replace(self, clouds=StoredColoredClouds(self.clouds, self.colors), colors=None)
        return replace(self, clouds=self.tower_clouds(slice(None), None, channels), colors=None)

    def storage_blocks(self) -> list[list[int]]:
        """Rows that lie together in the store, in stored order; all rows are one block if they stay in memory."""
        read_again = [a for a in (self.views, self.clouds) if isinstance(a, StoredRows) and not a.stays_in_memory]
        if not read_again:
            return [list(range(len(self)))]
        blocks: dict[str, list[int]] = {}
        for row, reference in enumerate(read_again[0].references):
            blocks.setdefault(reference.shard.name, []).append(row)
        return [blocks[name] for name in sorted(blocks)]

    def digest(self) -> str:
        """Changes when an object's id, views or points do."""
        digest = hashlib.sha256("\n".join(self.object_ids).encode())
        for array in (self.views, self.clouds):
            digest.update(array.digest().encode() if isinstance(array, StoredRows) else array.tobytes())
        return digest.hexdigest()


def _take(array: ArrayLike, rows: Sequence[int]) -> ArrayLike:
    return array.take(rows) if isinstance(array, StoredRows) else array[rows]


def _with_color(points: np.ndarray, colors: np.ndarray) -> np.ndarray:
    return np.concatenate([points, colors.astype(np.float32) / 255], axis=-1)


def load_collection(views: ShardStore, clouds: ShardStore, pose: PoseCorrection = UNCHANGED) -> Collection:
    """Objects that have both views and a cloud, in order of their id; what they look like is read when it is needed.

    Args:
        pose: the correction of the model that will see the clouds, `load_pose`.

    Raises:
        CrossmostError: if no object has both; later, if objects differ in number or size of views or points.
    """
    views_of, cloud_of = _references(views), _references(clouds)
    object_ids = tuple(sorted(views_of.keys() & cloud_of.keys()))
    if not object_ids:
        raise CrossmostError("no object has both views and a point cloud; see quarantine.csv and render_quarantine.csv")
    of_clouds = [cloud_of[object_id] for object_id in object_ids]
    return Collection(
        object_ids,
        StoredViews([views_of[object_id] for object_id in object_ids]),
        StoredClouds(of_clouds, pose=pose),
        StoredColors(of_clouds, pose=pose) if clouds.holds("colors.npy") else None,
    )


def load_adaptation_set(
    views: ShardStore, clouds: ShardStore, objects: pd.DataFrame, pose: PoseCorrection = UNCHANGED
) -> Collection:
    """The part of `load_collection` that models adapt to.

    Args:
        objects: table with object_id and split.
    """
    adapted_to = set(objects.loc[objects["split"] == ADAPT, "object_id"])
    return load_collection(views, clouds, pose).subset(adapted_to)


def _references(store: ShardStore) -> dict[str, SampleReference]:
    return {reference.key: reference for shard in store.references().values() for reference in shard}
