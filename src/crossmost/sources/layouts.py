"""Helpers of sources with a published layout: where it starts, what is missing, clouds that are rows of large files."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
from pydantic import Field

from crossmost.errors import CrossmostError, MissingInputError, UnreadableObjectError
from crossmost.shards import fingerprint
from crossmost.sources.base import PointCloud, RawObject, SourceDescription
from crossmost.sources.cloud_files import as_colors
from crossmost.sources.file_tree import visible
from crossmost.sources.frames import Axis, Frame
from crossmost.sources.stored_arrays import StoredArray


class PublishedSettings(SourceDescription):
    """Settings that every published data set has."""

    up: Axis | None = Field(
        default=None, description="The axis that points up in the files; null: the one the data set is published with."
    )

    def frame(self, published: Frame) -> Frame:
        """The published frame, or the one that `up` names."""
        return published if self.up is None else Frame(self.up)


def find_layout(folder: Path, is_there: Callable[[Path], bool]) -> Path | None:
    """The folder itself, or the first of its sub-folders, where a layout starts: archives unpack either way."""
    if not folder.is_dir():
        return None
    candidates = [folder, *sorted(entry for entry in visible(folder.iterdir()) if entry.is_dir())]
    return next((candidate for candidate in candidates if is_there(candidate)), None)


def missing_data(what: str, folder: Path, layout: str) -> MissingInputError:
    """The error for a raw folder without the data set.

    Args:
        what: Name of the data set.
        folder: Where it was looked for.
        layout: What to put there: files, sizes, where to get them.
    """
    return MissingInputError(f"{what} is not in {folder}: put there {layout}")


def class_at(names: Sequence[str], label: object, path: Path) -> str:
    """The class that a numeric label means.

    Args:
        names: In the order of the labels.
        label: A number, or an array of one.
        path: Where the label is from, for the error.

    Raises:
        CrossmostError: if there is no such class.
    """
    index = int(np.asarray(label).reshape(-1)[0])
    if not 0 <= index < len(names):
        raise CrossmostError(f"{path} has the label {index}; allowed are 0 to {len(names) - 1}")
    return names[index]


def file_sha256(path: Path) -> str:
    """SHA-256 (hex) of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def spread_evenly(entries: Sequence[Path], count: int) -> list[Path]:
    """At most `count` of the entries, evenly over their order."""
    if len(entries) <= count:
        return list(entries)
    return [entries[number * len(entries) // count] for number in range(count)]


@dataclass(frozen=True)
class RowCloud(RawObject):
    """One row of the `data` of an HDF5 file.

    Args:
        path: The file.
        row: Which row.
    """

    path: Path
    row: int

    def load(self) -> PointCloud:
        """The coordinates in that row.

        Raises:
            UnreadableObjectError: if the file cannot be read there.
        """
        try:
            with h5py.File(self.path) as file:
                return PointCloud(np.asarray(file["data"][self.row])[:, :3])
        except (OSError, KeyError, ValueError) as error:
            raise UnreadableObjectError(f"row {self.row} of {self.path.name} cannot be read: {error}") from error


@dataclass(frozen=True)
class ArrayCloud(RawObject):
    """A cloud inside a file of pickled arrays.

    Args:
        path: The file.
        points: Where its points (N, 3 or more) are; an array if it is small.
        colors: Where its colors (N, 3) are, or None.
    """

    path: Path
    points: StoredArray | np.ndarray
    colors: StoredArray | np.ndarray | None = None

    def load(self) -> PointCloud:
        """The points and colors.

        Raises:
            UnreadableObjectError: if they cannot be read or are no cloud.
        """
        points = _array(self.points, self.path)
        if points.ndim != 2 or points.shape[1] < 3:
            raise UnreadableObjectError(f"expected points (N, 3 or more), got {points.shape}")
        colors = None if self.colors is None else as_colors(_array(self.colors, self.path))
        return PointCloud(points[:, :3], colors)


def _array(entry: StoredArray | np.ndarray, path: Path) -> np.ndarray:
    return entry.read(path) if isinstance(entry, StoredArray) else entry


@dataclass(frozen=True)
class LabeledRows:
    """What an HDF5 file of a cloud data set holds, besides the clouds.

    Args:
        path: The file.
        sha256: Of the file.
        labels: (N,) class index of each row.
    """

    path: Path
    sha256: str
    labels: np.ndarray

    def row_sha256(self, row: int) -> str:
        """Stands for the bytes of one row."""
        return fingerprint(self.sha256, row)


def read_labels(path: Path, n_classes: int) -> LabeledRows:
    """Labels and checksum of an HDF5 file with `data` (N, P, 3) and `label` (N) or (N, 1).

    Raises:
        CrossmostError: if the file is damaged or has another content.
    """
    try:
        with h5py.File(path) as file:
            labels = np.asarray(file["label"]).reshape(-1).astype(np.int64)
            shape = file["data"].shape
    except (OSError, KeyError, ValueError) as error:
        raise CrossmostError(
            f"{path} is damaged or no HDF5 file with data and label ({error}); fetch it again"
        ) from error
    if len(shape) != 3 or shape[0] != len(labels) or shape[2] < 3:
        raise CrossmostError(f"{path} has data of shape {shape} and {len(labels)} labels; expected (N, P, 3) and N")
    if len(labels) and not 0 <= labels.min() <= labels.max() < n_classes:
        raise CrossmostError(f"{path} has labels {labels.min()} to {labels.max()}; allowed are 0 to {n_classes - 1}")
    return LabeledRows(path, file_sha256(path), labels)
