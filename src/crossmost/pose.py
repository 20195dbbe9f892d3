"""The pose of stored clouds: which of their axes is up, and which of their points belong to the object.

Clouds are stored centered and with unit radius, so their unit cannot be wrong. Two mistakes remain: another axis is up
than was said, and a few points far from everything else (outliers) take the radius, so that the object is a dot.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from crossmost.errors import CrossmostError

# What was taken for y, by the axis that is up instead: rows give the new coordinates, always right-handed.
TURNS: dict[str, tuple[tuple[int, int, int], ...]] = {
    "y": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "-y": ((1, 0, 0), (0, -1, 0), (0, 0, -1)),
    "z": ((1, 0, 0), (0, 0, 1), (0, -1, 0)),
    "-z": ((1, 0, 0), (0, 0, -1), (0, 1, 0)),
    "x": ((0, -1, 0), (1, 0, 0), (0, 0, 1)),
    "-x": ((0, 1, 0), (-1, 0, 0), (0, 0, 1)),
}
MOST_OUTLIERS = 0.03
"""Share of a cloud's points that may be outliers; more of them are part of what was scanned."""
OUTLIER_GAP = 1.4
"""Outliers are this many times as far from the middle as the farthest point of the object. In the stored scans no gap
is wider than 1.22."""


@dataclass(frozen=True)
class PoseCorrection:
    """What is done to stored clouds before a model sees them; a healthy collection needs nothing.

    Attributes:
        up: the axis of the stored clouds that is up; they are turned until it is y.
        drop_outliers: replace outliers by other points of the object, then center and scale it again.
    """

    up: str = "y"
    drop_outliers: bool = False

    def __post_init__(self) -> None:
        if self.up not in TURNS:
            raise CrossmostError(f"the up axis of a pose is {self.up!r}; allowed: {', '.join(TURNS)}")

    @classmethod
    def from_card(cls, card: Mapping[str, Any]) -> PoseCorrection:
        """What a model's card says under ``pose``; nothing is done for models without it.

        Raises:
            CrossmostError: if it says something that is not known here.
        """
        entry = card.get("pose", {})
        try:
            return cls(**entry)
        except (TypeError, CrossmostError) as error:
            raise CrossmostError(
                f"the model's card says pose: {entry!r}, which is not known here: the card is damaged, or a newer "
                "version of crossmost wrote it; install that version or run the zero-shot stage again"
            ) from error

    def to_card(self) -> dict[str, Any]:
        """The entry of a model's card; none if there is nothing to do."""
        return {} if self == UNCHANGED else {"pose": asdict(self)}

    def points(self, cloud: np.ndarray) -> np.ndarray:
        """A stored cloud (N, 3) as the model sees it, same dtype; the very same values if it needs nothing."""
        kept = self.rows(cloud)
        if kept is not None:
            middle = cloud[kept].mean(axis=0, dtype=np.float64)
            moved = cloud[kept] - middle
            cloud = (moved / np.linalg.norm(moved, axis=1).max()).astype(cloud.dtype)
        return cloud if self.up == "y" else cloud @ np.array(TURNS[self.up], dtype=cloud.dtype).T

    def rows(self, cloud: np.ndarray) -> np.ndarray | None:
        """(N,) which stored point is taken for each; None if all stay. Colors are taken the same way."""
        outliers = outlier_rows(cloud) if self.drop_outliers else np.empty(0, dtype=int)
        if not len(outliers):
            return None
        rows = np.arange(len(cloud))
        # Stored points are in random order, so the first that belong to the object are spread over it.
        rows[outliers] = np.setdiff1d(rows, outliers)[: len(outliers)]
        return rows


UNCHANGED = PoseCorrection()


def outlier_rows(cloud: np.ndarray) -> np.ndarray:
    """Rows of a cloud (N, 3) that lie beyond a gap around the object; at most `MOST_OUTLIERS` of all, often none.

    A single place is no object: where all other points coincide, far points are no outliers.
    """
    distance = np.linalg.norm(cloud - np.median(cloud, axis=0), axis=1)
    order = np.argsort(distance, kind="stable")
    first = len(cloud) - 1 - int(MOST_OUTLIERS * len(cloud))  # the last row that is surely of the object
    farthest, nearest_beyond = distance[order[first:-1]], distance[order[first + 1 :]]
    gaps = np.flatnonzero((farthest > 0) & (nearest_beyond > OUTLIER_GAP * farthest))
    return np.sort(order[first + 1 + gaps[0] :]) if len(gaps) else np.empty(0, dtype=int)
