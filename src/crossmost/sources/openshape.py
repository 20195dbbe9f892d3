"""Evaluation packs of OpenShape (Liu et al., 2023), which Uni3D uses as well: pickled arrays, y up, with colors."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from crossmost.errors import CrossmostError, UnreadableObjectError
from crossmost.shards import fingerprint
from crossmost.sources.base import PointCloud, RawObject, Source
from crossmost.sources.class_lists import class_words
from crossmost.sources.cloud_files import as_colors
from crossmost.sources.frames import Frame
from crossmost.sources.layouts import (
    ArrayCloud,
    PublishedSettings,
    class_at,
    file_sha256,
    find_layout,
    missing_data,
)
from crossmost.sources.modelnet import MODELNET40
from crossmost.sources.object_ids import UniqueIds
from crossmost.sources.pickles import StoredArray, read_pickled_npy
from crossmost.sources.scanobjectnn import CLASSES as SCANOBJECTNN

logger = logging.getLogger(__name__)

Pack = Literal["modelnet40", "scanobjectnn", "objaverse_lvis"]
FILES: dict[Pack, tuple[str, ...]] = {
    "modelnet40": ("modelnet40/test_split.json", "modelnet40/test_pc.npy"),
    "scanobjectnn": ("scanobjectnn/xyz_label.npy",),
    "objaverse_lvis": ("split/lvis.json",),
}
COUNTS: dict[Pack, str] = {
    "modelnet40": "2,468 test objects",
    "scanobjectnn": "2,890 objects",
    "objaverse_lvis": "46,832 objects in 1,156 classes, whose clouds are Objaverse/GROUP/UID.npy",
}


class OpenShapeSettings(PublishedSettings):
    """One pack of OpenShape's meta_data.zip."""

    code: ClassVar = ("crossmost.sources.layouts", "crossmost.sources.openshape", "crossmost.sources.pickles")

    kind: Literal["openshape"] = Field(description="Names this kind of source.")
    pack: Pack = Field(description="modelnet40, scanobjectnn or objaverse_lvis.")

    def open(self, folder: Path) -> Source:
        """The pack in `meta_data`."""
        return OpenShapeSource(folder, self.pack, self.frame(Frame("y")))


@dataclass(frozen=True)
class PackedCloud(RawObject):
    """A cloud in an npy file of its own: a pickled dictionary with `xyz` and, perhaps, `rgb`.

    Args:
        path: The file.
    """

    path: Path

    def load(self) -> PointCloud:
        """The points with their colors.

        Raises:
            UnreadableObjectError: if the file is absent, broken, or holds something else.
        """
        if not self.path.is_file():
            raise UnreadableObjectError(f"there is no file {self.path}")
        content = read_pickled_npy(self.path)
        if not isinstance(content, dict) or "xyz" not in content:
            raise UnreadableObjectError("the file holds no dictionary with xyz")
        points = _array(content["xyz"], self.path)
        colors = as_colors(_array(content["rgb"], self.path)) if "rgb" in content else None
        return PointCloud(points, colors)


class OpenShapeSource:
    """One pack; none of them is published with a split, all are test sets.

    Args:
        folder: The raw folder; the layout may start there or in `meta_data`.
        pack: Which.
        frame: Of the clouds.

    Raises:
        MissingInputError: if the pack is missing.
        CrossmostError: if its files do not fit each other.
    """

    def __init__(self, folder: Path, pack: Pack, frame: Frame) -> None:
        root = find_layout(folder, lambda place: all((place / name).is_file() for name in FILES[pack]))
        if root is None:
            raise missing_data(
                f"The OpenShape pack {pack}",
                folder,
                f"{' and '.join(f'meta_data/{name}' for name in FILES[pack])} ({COUNTS[pack]}), from meta_data.zip of "
                "the OpenShape release",
            )
        self.folder, self.root, self.pack, self.frame = folder, root, pack, frame
        self._listed = [] if pack == "scanobjectnn" else _read_list(root / FILES[pack][0])
        if pack == "scanobjectnn":
            logger.warning(
                "This pack holds the training and test objects of ScanObjectNN OBJ_ONLY together (2,890): compare "
                "results with papers that report on it (OpenShape, Uni3D), not with those on the test split."
            )

    @property
    def class_names(self) -> tuple[str, ...]:
        """Classes in the order of the labels, in words; of Objaverse-LVIS those of the list in alphabetical order."""
        if self.pack == "scanobjectnn":
            return SCANOBJECTNN
        if self.pack == "modelnet40":
            return tuple(class_words(name) for name in MODELNET40)
        return tuple(class_words(name) for name in sorted({str(entry["category"]) for entry in self._listed}))

    def objects(self) -> Iterator[RawObject]:
        """Objects in the order of the pack."""
        readers: dict[Pack, Callable[[], Iterator[RawObject]]] = {
            "modelnet40": self._modelnet40,
            "scanobjectnn": self._scanobjectnn,
            "objaverse_lvis": self._objaverse_lvis,
        }
        return readers[self.pack]()

    def _modelnet40(self) -> Iterator[RawObject]:
        path = self.root / "modelnet40/test_pc.npy"
        clouds, digest, ids = read_pickled_npy(path), file_sha256(path), UniqueIds()
        if not isinstance(clouds, list) or len(clouds) != len(self._listed):
            raise CrossmostError(f"{path} and test_split.json do not hold the same number of objects; fetch both again")
        for row, (cloud, entry) in enumerate(zip(clouds, self._listed, strict=True)):
            yield ArrayCloud(
                object_id=ids.take(str(entry.get("name", f"test-{row:05d}")), f"{row}"),
                source="openshape/modelnet40",
                sha256=fingerprint(digest, row),
                class_name=class_words(str(entry["category"])),
                captions=(),
                credit="",
                path=path,
                points=cloud["xyz"],
                colors=cloud.get("rgb"),
                frame=self.frame,
            )

    def _scanobjectnn(self) -> Iterator[RawObject]:
        path = self.root / "scanobjectnn/xyz_label.npy"
        content, digest = read_pickled_npy(path), file_sha256(path)
        if not isinstance(content, dict) or not {"xyz", "label"} <= set(content):
            raise CrossmostError(f"{path} holds no dictionary with xyz and label; fetch it again")
        labels = np.asarray(_array(content["label"], path)).reshape(-1)
        for row, label in enumerate(labels):
            yield ArrayCloud(
                object_id=f"object-{row:05d}",
                source="openshape/scanobjectnn",
                sha256=fingerprint(digest, row),
                class_name=class_at(SCANOBJECTNN, label, path),
                captions=(),
                credit="",
                path=path,
                points=_row(content["xyz"], row),
                colors=_row(content["rgb"], row) if "rgb" in content else None,
                frame=self.frame,
            )

    def _objaverse_lvis(self) -> Iterator[RawObject]:
        ids = UniqueIds()
        for entry in self._listed:
            uid = str(entry["uid"])
            path = self._lvis_file(entry)
            yield PackedCloud(
                object_id=ids.take(uid, uid),
                source=f"openshape/objaverse_lvis/{entry.get('group', '')}",
                sha256=file_sha256(path) if path.is_file() else fingerprint("absent", uid),
                class_name=class_words(str(entry["category"])),
                captions=(),
                credit="",
                path=path,
                frame=self.frame,
            )

    def _lvis_file(self, entry: dict[str, Any]) -> Path:
        """The cloud's file: the list has paths of its authors' machine, of which the end is right."""
        name, group = f"{entry['uid']}.npy", str(entry.get("group", ""))
        if Path(name).name != name or Path(group).name != group:
            raise CrossmostError(
                f"split/lvis.json names an object {entry['uid']!r} in {group!r}, which is no file name"
            )
        places = (base / top for base in (self.folder, self.root) for top in ("Objaverse", "objaverse", "."))
        candidates = [place / group / name for place in places]
        return next((path for path in candidates if path.is_file()), candidates[0])


def _read_list(path: Path) -> list[dict[str, Any]]:
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise CrossmostError(f"{path} is no JSON ({error}); fetch it again") from error
    if not isinstance(entries, list) or not all(isinstance(entry, dict) and "category" in entry for entry in entries):
        raise CrossmostError(f"{path} is no list of objects with a category; fetch it again")
    return entries


def _array(entry: StoredArray | np.ndarray, path: Path) -> np.ndarray:
    return entry.read(path) if isinstance(entry, StoredArray) else np.asarray(entry)


def _row(entry: Any, row: int) -> StoredArray | np.ndarray:
    """One cloud of an array (N, P, 3) or of a list of clouds."""
    return entry.row(row) if isinstance(entry, StoredArray) else entry[row]
