"""The unlabeled collection as models see it: views and clouds in memory, and no place for a label."""

from dataclasses import dataclass, replace

import numpy as np

from crossmost.errors import CrossmostError
from crossmost.progress import track
from crossmost.rendering import decode_views
from crossmost.shards import ShardStore, decode_array

GREY = 102
"""Color of points without one: 0.4, as colored point towers were trained with."""


@dataclass(frozen=True)
class Collection:
    """Views and clouds of objects.

    Attributes:
        object_ids: N names.
        views: (N, V, H, W, 3) uint8.
        clouds: (N, M, 3) float32, zero mean and unit maximum radius; (N, M, 6) with rgb in 0…1 from `for_tower`.
        colors: (N, M, 3) uint8 RGB of the points, grey where an object has none; None if no object has colors.
    """

    object_ids: tuple[str, ...]
    views: np.ndarray
    clouds: np.ndarray
    colors: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.object_ids)

    def subset(self, object_ids: set[str]) -> "Collection":
        """The objects whose id is in ``object_ids``, in this collection's order."""
        rows = [row for row, object_id in enumerate(self.object_ids) if object_id in object_ids]
        colors = None if self.colors is None else self.colors[rows]
        return Collection(tuple(self.object_ids[row] for row in rows), self.views[rows], self.clouds[rows], colors)

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
        return np.concatenate([points, self.colors[rows, :n_points].astype(np.float32) / 255], axis=-1)

    def for_tower(self, channels: int) -> "Collection":
        """The collection whose clouds are `tower_clouds`: what moves, drops and repeats points keeps their colors."""
        return replace(self, clouds=self.tower_clouds(slice(None), None, channels), colors=None)


def load_collection(views: ShardStore, clouds: ShardStore) -> Collection:
    """Objects that have both views and a cloud, in order of their id.

    Raises:
        CrossmostError: if no object has both, or objects differ in number or size of views or points.
    """
    cloud_of, color_of = {}, {}
    for sample in clouds:
        cloud_of[sample.key] = decode_array(sample.members["points.npy"])
        if "colors.npy" in sample.members:
            color_of[sample.key] = decode_array(sample.members["colors.npy"])
    views_of = {
        sample.key: decode_views(sample)
        for sample in track(views, "reading views", len(views), "objects")
        if sample.key in cloud_of
    }
    object_ids = tuple(sorted(views_of))
    if not object_ids:
        raise CrossmostError("no object has both views and a point cloud; see quarantine.csv and render_quarantine.csv")
    shapes = {(views_of[object_id].shape, cloud_of[object_id].shape) for object_id in object_ids}
    if len(shapes) > 1:
        raise CrossmostError(
            f"objects differ in their views or points: {sorted(map(str, shapes))}; render the whole collection again "
            "with one setting (`kedro run --pipelines=rendering`)"
        )
    points = np.stack([cloud_of[object_id] for object_id in object_ids]).astype(np.float32, copy=False)
    grey = np.full(points.shape[1:], GREY, dtype=np.uint8)
    has_color = any(object_id in color_of for object_id in object_ids)
    return Collection(
        object_ids,
        np.stack([views_of[object_id] for object_id in object_ids]),
        points,
        np.stack([color_of.get(object_id, grey) for object_id in object_ids]) if has_color else None,
    )
