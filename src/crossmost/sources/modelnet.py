"""ModelNet10 and ModelNet40 (Wu et al., 2015) in every layout they are published in."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

import trimesh
from PIL import Image
from pydantic import Field

from crossmost.shards import fingerprint
from crossmost.sources.base import PointCloud, RawObject, Source
from crossmost.sources.class_lists import class_words
from crossmost.sources.file_tree import visible
from crossmost.sources.frames import Frame
from crossmost.sources.layouts import PublishedSettings, file_sha256, find_layout, missing_data
from crossmost.sources.mesh_files import read_mesh_file
from crossmost.sources.modelnet_clouds import SPLITS, CloudReader, read_dat, read_h5, read_text
from crossmost.sources.object_ids import UniqueIds
from crossmost.sources.pictures import read_picture

logger = logging.getLogger(__name__)

MODELNET40 = (
    "airplane", "bathtub", "bed", "bench", "bookshelf", "bottle", "bowl", "car", "chair", "cone", "cup", "curtain",
    "desk", "door", "dresser", "flower_pot", "glass_box", "guitar", "keyboard", "lamp", "laptop", "mantel", "monitor",
    "night_stand", "person", "piano", "plant", "radio", "range_hood", "sink", "sofa", "stairs", "stool", "table",
    "tent", "toilet", "tv_stand", "vase", "wardrobe", "xbox",
)  # fmt: skip
"""As folders are called; alphabetical, which is also the order of the labels in every published file."""
MODELNET10 = (
    "bathtub", "bed", "chair", "desk", "dresser", "monitor", "night_stand", "sofa", "table", "toilet",
)  # fmt: skip
Z_UP, Y_UP = Frame("z"), Frame("y")
PICTURE = re.compile(r"(.+)_(\d{3})\.(png|jpg|jpeg)", re.IGNORECASE)


class ModelNetSettings(PublishedSettings):
    """ModelNet: meshes (OFF), or clouds (HDF5, text, .dat), whichever the raw folder holds."""

    code: ClassVar = (
        "crossmost.sources.cloud_files",
        "crossmost.sources.layouts",
        "crossmost.sources.mesh_files",
        "crossmost.sources.modelnet",
        "crossmost.sources.modelnet_clouds",
        "crossmost.sources.pickle_walk",
        "crossmost.sources.pickles",
        "crossmost.sources.references",
        "crossmost.sources.stored_arrays",
    )

    kind: Literal["modelnet"] = Field(description="Names this kind of source.")
    n_classes: Literal[10, 40] = Field(description="10 or 40: ModelNet10 or ModelNet40.")

    def open(self, folder: Path) -> Source:
        """The first published layout that is found in the raw folder."""
        return ModelNetSource(folder, self.n_classes, self.frame)


@dataclass(frozen=True)
class OffObject(RawObject):
    """A mesh, with published renders if they are there.

    Args:
        path: The OFF file.
        renders: Pictures of it, in the order of their numbers.
    """

    path: Path
    renders: tuple[Path, ...]

    def load(self) -> trimesh.Scene | PointCloud:
        """The mesh, as it is in the file.

        Raises:
            UnreadableObjectError: if it is broken or empty.
        """
        return read_mesh_file(self.path, self.path.parent)

    def pictures(self) -> Sequence[Image.Image]:
        """The published renders.

        Raises:
            UnreadableObjectError: if one of them is broken.
        """
        return [read_picture(path) for path in self.renders]


class ModelNetSource:
    """ModelNet in one of its layouts.

    Args:
        folder: The raw folder; the layout may start there or in a sub-folder.
        n_classes: 10 or 40.
        frame: Gives the frame of the objects from the published one.

    Raises:
        MissingInputError: if no layout is found.
    """

    def __init__(self, folder: Path, n_classes: Literal[10, 40], frame: Callable[[Frame], Frame]) -> None:
        self.folder = folder
        self.names = MODELNET40 if n_classes == 40 else MODELNET10
        self.frame = frame
        self._read, self._root = self._find_layout()

    @property
    def class_names(self) -> tuple[str, ...]:
        """The published names in alphabetical order, in words."""
        return tuple(class_words(name) for name in self.names)

    def objects(self) -> Iterator[RawObject]:
        """Training objects (to adapt to), then test objects; each class in the order of its files."""
        yield from self._read(self._root)

    def _find_layout(self) -> tuple[Callable[[Path], Iterator[RawObject]], Path]:
        number = len(self.names)
        layouts: dict[str, tuple[Callable[[Path], bool], Callable[[Path], Iterator[RawObject]]]] = {
            "OFF": (self._has_meshes, self._off),
            "text": (lambda root: (root / f"modelnet{number}_train.txt").is_file(), self._clouds(read_text)),
            "dat": (lambda root: any(root.glob(f"modelnet{number}_*_8192pts_fps.dat")), self._clouds(read_dat)),
        }
        if number == 40:
            layouts["HDF5"] = (lambda root: (root / "train_files.txt").is_file(), self._clouds(read_h5))
        for name, (is_there, read) in layouts.items():
            root = find_layout(self.folder, is_there)
            if root is not None:
                logger.info("ModelNet%d: %s layout in %s", number, name, root)
                return read, root
        clouds = (
            "; or modelnet40_ply_hdf5_2048 (train_files.txt and ply_data_*.h5, 435 MB); or "
            "modelnet40_{train,test}_8192pts_fps.dat"
            if number == 40
            else ""
        )
        raise missing_data(
            f"ModelNet{number}",
            self.folder,
            f"the folder ModelNet{number} with CLASS/train/*.off and CLASS/test/*.off for its {number} classes "
            f"(ModelNet{number}.zip of modelnet.cs.princeton.edu, {'2 GB' if number == 40 else '450 MB'}); "
            "published renders go to renders/{train,test}/CLASS/ID_001.png … ID_012.png beside it; "
            f"or modelnet40_normal_resampled (modelnet{number}_train.txt, CLASS/ID.txt, 1.7 GB){clouds}",
        )

    def _has_meshes(self, root: Path) -> bool:
        return any((root / name / split).is_dir() for name in self.names for split in SPLITS)

    def _clouds(self, read: CloudReader) -> Callable[[Path], Iterator[RawObject]]:
        return lambda root: read(root, self.names, self.frame(Y_UP))

    def _off(self, root: Path) -> Iterator[RawObject]:
        ids = UniqueIds(as_published=True)
        for split, side in SPLITS.items():
            for name in self.names:
                renders = self._renders(root, split, name)
                for path in sorted(visible((root / name / split).glob("*.off")), key=_by_number):
                    pictures = tuple(renders.get(path.stem, ()))
                    sizes = [(picture.name, picture.stat().st_size) for picture in pictures]
                    digest = file_sha256(path)
                    yield OffObject(
                        object_id=ids.take(path.stem, f"{name}/{split}/{path.name}"),
                        source=f"modelnet{len(self.names)}/{split}",
                        sha256=fingerprint(digest, sizes) if sizes else digest,
                        class_name=class_words(name),
                        captions=(),
                        credit="",
                        path=path,
                        renders=pictures,
                        frame=self.frame(Z_UP),
                        published_split=side,
                    )

    def _renders(self, root: Path, split: str, name: str) -> dict[str, list[Path]]:
        """Object id → its published renders in order."""
        found: dict[str, list[Path]] = {}
        places = (base / "renders" / split / name for base in (self.folder, root, root.parent))
        place = next((place for place in places if place.is_dir()), None)
        for path in sorted(place.iterdir()) if place is not None else ():
            match = PICTURE.fullmatch(path.name)
            if match is not None:
                found.setdefault(match[1], []).append(path)
        return found


def _by_number(path: Path) -> tuple[str, int]:
    """chair_2 comes before chair_10, whatever the padding."""
    name, _, number = path.stem.rpartition("_")
    return (name, int(number)) if number.isdigit() else (path.stem, 0)
