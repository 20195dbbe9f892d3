"""ModelNet as clouds: text tables, HDF5 files, pickled `.dat` files; all y up."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from crossmost.errors import CrossmostError, UnreadableObjectError
from crossmost.shards import fingerprint
from crossmost.sources.base import PointCloud, PublishedSplit, RawObject
from crossmost.sources.class_lists import class_words
from crossmost.sources.cloud_files import parse_table
from crossmost.sources.frames import Frame
from crossmost.sources.layouts import ArrayCloud, RowCloud, class_at, file_sha256, missing_data, read_labels
from crossmost.sources.mesh_files import read_content
from crossmost.sources.object_ids import UniqueIds
from crossmost.sources.pickles import read_pickle

SPLITS: dict[str, PublishedSplit] = {"train": "adapt", "test": "test"}
CloudReader = Callable[[Path, Sequence[str], Frame], Iterator[RawObject]]
"""Objects of a layout, from where it starts, the names of the classes in the order of the labels, and the frame."""


@dataclass(frozen=True)
class TableObject(RawObject):
    """Lines of x, y, z and the normal.

    Args:
        path: The text file.
    """

    path: Path

    def load(self) -> PointCloud:
        """The coordinates.

        Raises:
            UnreadableObjectError: if it is no table of numbers.
        """
        try:
            return PointCloud(parse_table(read_content(self.path).decode("ascii"))[:, :3])
        except ValueError as error:
            raise UnreadableObjectError(f"the file is no text table: {error}") from error


def read_text(root: Path, names: Sequence[str], frame: Frame) -> Iterator[RawObject]:
    """`modelnet40_normal_resampled`: lists of ids, and `CLASS/ID.txt` with x, y, z and the normal.

    Raises:
        CrossmostError: if a listed object is missing.
    """
    ids = UniqueIds(as_published=True)
    for split, side in SPLITS.items():
        listing = root / f"modelnet{len(names)}_{split}.txt"
        for object_id in _lines(listing):
            name = object_id.rpartition("_")[0]
            path = root / name / f"{object_id}.txt"
            if name not in names or not path.is_file():
                raise CrossmostError(f"{listing} names {object_id!r}, but there is no {path}; unpack it again")
            yield TableObject(
                object_id=ids.take(object_id, f"{split}/{object_id}"),
                source=f"modelnet{len(names)}/{split}",
                sha256=file_sha256(path),
                class_name=class_words(name),
                captions=(),
                credit="",
                path=path,
                frame=frame,
                published_split=side,
            )


def read_h5(root: Path, names: Sequence[str], frame: Frame) -> Iterator[RawObject]:
    """`modelnet40_ply_hdf5_2048`: lists of HDF5 files, each with many clouds.

    Raises:
        CrossmostError: if a listed file is missing or damaged.
    """
    for split, side in SPLITS.items():
        number = 0
        for line in _lines(root / f"{split}_files.txt"):
            path = root / Path(line).name
            if not path.is_file():
                raise CrossmostError(f"{root / f'{split}_files.txt'} names {path.name}, which is not beside it")
            rows = read_labels(path, len(names))
            for row, label in enumerate(rows.labels):
                yield RowCloud(
                    object_id=f"{split}-{number:05d}",
                    source=f"modelnet40/{path.name}",
                    sha256=rows.row_sha256(row),
                    class_name=class_words(names[label]),
                    captions=(),
                    credit="",
                    path=path,
                    row=row,
                    frame=frame,
                    published_split=side,
                )
                number += 1


def read_dat(root: Path, names: Sequence[str], frame: Frame) -> Iterator[RawObject]:
    """`modelnet40_{train,test}_8192pts_fps.dat`: a pickled list of clouds and a list of labels.

    Raises:
        MissingInputError: if one of the two files is missing.
        CrossmostError: if a file holds something else.
    """
    for split, side in SPLITS.items():
        path = root / f"modelnet{len(names)}_{split}_8192pts_fps.dat"
        if not path.is_file():
            raise missing_data(f"ModelNet{len(names)}", root, f"{path.name} beside the other .dat file")
        content = read_pickle(path)
        if not isinstance(content, list) or len(content) != 2 or len(content[0]) != len(content[1]):
            raise CrossmostError(f"{path} does not hold a list of clouds and a list of labels of the same length")
        digest = file_sha256(path)
        for row, (points, label) in enumerate(zip(*content, strict=True)):
            yield ArrayCloud(
                object_id=f"{split}-{row:05d}",
                source=f"modelnet{len(names)}/{path.name}",
                sha256=fingerprint(digest, row),
                class_name=class_words(class_at(names, label, path)),
                captions=(),
                credit="",
                path=path,
                points=points,
                frame=frame,
                published_split=side,
            )


def _lines(path: Path) -> list[str]:
    if not path.is_file():
        raise CrossmostError(f"{path} is missing; unpack the archive again")
    return [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
