"""Rows of an array that lie in an object store and are read when they are asked for."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from crossmost.errors import CrossmostError
from crossmost.shards.archive import Sample
from crossmost.shards.store import SampleReference

KEPT_BYTES = 512 * 2**20
"""Arrays up to this size stay in memory once they are read; of larger ones nothing does."""

Rows = int | np.integer[Any] | slice | Sequence[int] | np.ndarray


class StoredRows(ABC):
    """An array (N, …) with one stored object per row, indexed as NumPy does it; only what is asked for is read.

    Args:
        references: the objects, in order.
        kept_bytes: see `KEPT_BYTES`.

    A subclass says how a row is decoded. Pickles hold no rows.
    """

    def __init__(self, references: Sequence[SampleReference], kept_bytes: int = KEPT_BYTES) -> None:
        self.references = list(references)
        self.kept_bytes = kept_bytes
        first = self.decode(self.references[0].load(), slice(None))
        self.row_shape, self.dtype, self._row_bytes = first.shape, first.dtype, first.nbytes
        self._kept: dict[int, np.ndarray] = {}

    @abstractmethod
    def decode(self, sample: Sample, part: Any) -> np.ndarray:
        """The row of one object, or the part of it that an index of its first axis means."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(N, …)."""
        return (len(self.references), *self.row_shape)

    @property
    def stays_in_memory(self) -> bool:
        """Whether rows are kept once they are read."""
        return len(self.references) * self._row_bytes <= self.kept_bytes

    def __len__(self) -> int:
        return len(self.references)

    def __iter__(self) -> Iterator[np.ndarray]:
        return (self[row] for row in range(len(self)))

    def __getitem__(self, key: Rows | tuple[Any, ...]) -> np.ndarray:
        rows, part, rest = self._split(key)
        if isinstance(rows, int | np.integer):
            row = int(rows) + len(self) if rows < 0 else int(rows)
            if not 0 <= row < len(self):
                raise IndexError(f"row {rows} of {len(self)}")
            return self._row(row, part)[rest]
        chosen = [int(row) for row in np.arange(len(self))[rows]]
        if not chosen:
            return np.empty((0, *self.row_shape), self.dtype)[:, part][(slice(None), *rest)]
        return np.stack([self._row(row, part)[rest] for row in chosen])

    def _split(self, key: Any) -> tuple[Any, Any, tuple[Any, ...]]:
        """Which rows, which part of each (of its first axis), and the index of what that leaves."""
        parts = list(key) if isinstance(key, tuple) else [key]
        ellipses = [place for place, item in enumerate(parts) if item is Ellipsis]
        for place in ellipses:
            parts[place : place + 1] = [slice(None)] * (1 + len(self.shape) - len(parts))
        rows, part, *rest = [*parts, slice(None), slice(None)][: max(2, len(parts))]
        keeps_axis = not isinstance(part, int | np.integer)
        return rows, part, (slice(None), *rest) if keeps_axis else tuple(rest)

    def take(self, rows: Sequence[int]) -> StoredRows:
        """The same array with these rows alone, in this order."""
        other = object.__new__(type(self))
        other.__dict__.update(self.__getstate__())
        other.references = [self.references[row] for row in rows]
        return other

    def digest(self) -> str:
        """Changes when an object does, or their order."""
        digest = hashlib.sha256()
        for reference in self.references:
            digest.update(f"{reference.fingerprint} {reference.key}\n".encode())
        return digest.hexdigest()

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_kept": {}}

    def _row(self, row: int, part: Any) -> np.ndarray:
        if not self.stays_in_memory:
            sample = self.references[row].load()
            try:
                found = self.decode(sample, part)
            except IndexError:
                raise self._differs(row, self.decode(sample, slice(None))) from None
            if found.shape[found.ndim - len(self.row_shape) + 1 :] != self.row_shape[1:]:
                raise self._differs(row, found)
            return found
        if row not in self._kept:
            found = self.decode(self.references[row].load(), slice(None))
            if found.shape != self.row_shape:
                raise self._differs(row, found)
            self._kept[row] = found
        return self._kept[row][part]

    def _differs(self, row: int, found: np.ndarray) -> CrossmostError:
        return CrossmostError(
            f"objects differ in their views or points: {self.references[row].key} is {found.shape}, "
            f"{self.references[0].key} is {self.row_shape}; render the whole collection again with one setting "
            "(`kedro run --pipelines=rendering`)"
        )
