"""Embeddings of a whole collection, which may be larger than memory: an array that may lie in a file."""

import os
import tempfile
from dataclasses import dataclass

import numpy as np

IN_MEMORY = 2**28
"""Bytes; larger arrays that are being filled lie in a temporary file (of `TMPDIR`)."""


@dataclass(frozen=True)
class Embeddings:
    """What one model makes of N objects with V views each.

    Attributes:
        method: name of the model, as in tables of scores.
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


def room_for_embeddings(n_objects: int, n_views: int, width: int) -> np.ndarray:
    """(N, V + 1, E) float16 to write to; a large array takes disk in place of memory, until nobody holds it."""
    shape = (n_objects, n_views + 1, width)
    n_bytes = 2 * n_objects * (n_views + 1) * width
    if n_bytes <= IN_MEMORY:
        return np.empty(shape, dtype=np.float16)
    with tempfile.TemporaryFile() as file:  # the mapping keeps it
        if hasattr(os, "posix_fallocate"):  # a full disk is an error now, but a crash when the mapping is written to
            os.posix_fallocate(file.fileno(), 0, n_bytes)
        return np.memmap(file, dtype=np.float16, mode="w+", shape=shape)
