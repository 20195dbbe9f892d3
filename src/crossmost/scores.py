"""Class probabilities of a whole collection, which may be larger than memory: an array that may lie in a file."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike

from crossmost.large_arrays import release_pages
from crossmost.splits import ADAPT

SINGLE_VIEW = "image_single"
COMBINED_VIEWS = ("image", "point", "joint")
VIEWS = (SINGLE_VIEW, *COMBINED_VIEWS)

BLOCK = 2**22
"""Probabilities that are looked at together: 16 MB."""


@dataclass(frozen=True)
class Scores:
    """What one method says of N objects with V views each; C classes.

    Attributes:
        method: its name.
        object_ids: of the rows.
        splits: "adapt" or "test" for each.
        probabilities: (N, V + 3, C) float32, each row of C sums to 1: the views one by one, the images (mean of the
            views), the points, and both together.
        class_names: C names, in the order of the probabilities; none where nobody needs them.
    """

    method: str
    object_ids: tuple[str, ...]
    splits: tuple[str, ...]
    probabilities: np.ndarray
    class_names: tuple[str, ...] = ()

    def __len__(self) -> int:
        """Number of objects."""
        return len(self.object_ids)

    @property
    def single(self) -> np.ndarray:
        """(N, V, C)."""
        return self.probabilities[:, : -len(COMBINED_VIEWS)]

    @property
    def image(self) -> np.ndarray:
        """(N, C)."""
        return self.of("image")

    @property
    def point(self) -> np.ndarray:
        """(N, C)."""
        return self.of("point")

    @property
    def joint(self) -> np.ndarray:
        """(N, C)."""
        return self.of("joint")

    def of(self, view: str) -> np.ndarray:
        """(N, C) of one of `COMBINED_VIEWS`."""
        return self.probabilities[:, COMBINED_VIEWS.index(view) - len(COMBINED_VIEWS)]

    def view_names(self) -> list[str]:
        """Of the V + 3 rows of an object."""
        return [SINGLE_VIEW] * self.single.shape[1] + list(COMBINED_VIEWS)

    def blocks(self, most_objects: int | None = None) -> Iterator[slice]:
        """Rows to look at together, all of them in turn; when the next ones are asked for, these leave the memory.

        Args:
            most_objects: a limit on their number, beside that on their size.
        """
        size = self._objects_at_once()
        size = size if most_objects is None else min(size, most_objects)
        for first in range(0, len(self), size):
            yield slice(first, min(first + size, len(self)))
            release_pages(self.probabilities)

    def modalities(self, rows: np.ndarray, dtype: DTypeLike = np.float32) -> tuple[np.ndarray, np.ndarray]:
        """Images and points, (K, C) each, of some objects.

        Args:
            rows: (K,) int.
            dtype: of what is returned.
        """
        image, point = np.empty((2, len(rows), self.probabilities.shape[-1]), dtype=dtype)
        size = self._objects_at_once()
        for first in range(0, len(rows), size):
            some = slice(first, first + size)
            image[some], point[some] = self.image[rows[some]], self.point[rows[some]]
            release_pages(self.probabilities)
        return image, point

    def sorted_rows(self) -> np.ndarray:
        """(N,) rows in the order of object ids."""
        return np.argsort(np.asarray(self.object_ids, dtype=object), kind="stable")

    def known_rows(self) -> np.ndarray:
        """(K,) rows of the objects to adapt to, or of all if there are none, in the order of object ids."""
        rows = self.sorted_rows()
        adapted_to = np.asarray(self.splits, dtype=object)[rows] == ADAPT
        return rows[adapted_to] if adapted_to.any() else rows

    def rows_of(self, object_ids: Sequence[str]) -> np.ndarray:
        """(K,) rows of objects, in their order.

        Raises:
            KeyError: if an object has no scores.
        """
        place = {object_id: row for row, object_id in enumerate(self.object_ids)}
        return np.array([place[object_id] for object_id in object_ids], dtype=np.intp)

    def _objects_at_once(self) -> int:
        n_views, n_classes = self.probabilities.shape[1:]
        return max(1, BLOCK // max(1, n_views * n_classes))
