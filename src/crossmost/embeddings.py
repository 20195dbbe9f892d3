"""Embeddings of a whole collection, which may be larger than memory: an array that may lie in a file."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Embeddings:
    """What one model makes of N objects with V views each.

    Attributes:
        method: name of the model, as in scores.
        object_ids: of the rows.
        values: (N, V + 1, E) float16 of unit length: the views, then the points.
    """

    method: str
    object_ids: tuple[str, ...]
    values: np.ndarray

    @property
    def views(self) -> np.ndarray:
        """(N, V, E)."""
        return self.values[:, :-1]

    @property
    def points(self) -> np.ndarray:
        """(N, E)."""
        return self.values[:, -1]
