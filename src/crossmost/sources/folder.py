"""Bring your own: any folder of meshes and clouds, with or without labels."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

import trimesh
from pydantic import Field, model_validator

from crossmost.errors import MissingInputError
from crossmost.progress import track
from crossmost.sources.base import GivenPath, PointCloud, RawObject, Source, SourceDescription
from crossmost.sources.class_lists import checked_classes, class_words, read_class_list
from crossmost.sources.cloud_files import CLOUD_SUFFIXES, numbers_in, read_cloud_file
from crossmost.sources.file_digests import FileDigests
from crossmost.sources.file_tree import files_below
from crossmost.sources.foreign_formats import is_foreign, what_to_do
from crossmost.sources.frames import Axis, Frame, fitting_axes
from crossmost.sources.mesh_files import MESH_SUFFIXES, read_mesh_file
from crossmost.sources.object_ids import UniqueIds, readable

logger = logging.getLogger(__name__)

SUFFIXES = (*MESH_SUFFIXES, *CLOUD_SUFFIXES)
COMPANION_SUFFIXES = (".mtl", ".bin", ".png", ".jpg", ".jpeg", ".bmp", ".tga", ".tif", ".tiff", ".webp", ".gif")
"""Materials, buffers and textures: parts of objects, no objects."""
_SNIFFED_BYTES = 4096
_COMMANDS = (
    "kedro run --pipeline=selftrain --env=folder --params "
    "ingestion.sources.folder.path=DIR,ingestion.sources.folder.class_list=FILE; or, to classify with an adapted "
    "model, kedro run --pipelines=prediction --params prediction.source=DIR"
)


class FolderSettings(SourceDescription):
    """Any folder of meshes (obj, off, ply, stl, glb, gltf, 3mf) and clouds (npy, npz, xyz, txt, pts, pcd, las)."""

    code: ClassVar = (
        "crossmost.sources.folder",
        "crossmost.sources.cloud_files",
        "crossmost.sources.gltf_description",
        "crossmost.sources.gltf_files",
        "crossmost.sources.mesh_files",
        "crossmost.sources.pcd",
        "crossmost.sources.references",
    )

    kind: Literal["folder"] = Field(description="Names this kind of source.")
    path: GivenPath | None = Field(
        default=None, description="The folder, read with its sub-folders; null: the raw folder."
    )
    labels: Literal["none", "subfolder"] = Field(
        default="none", description="none: objects have no label; subfolder: the first folder of their path is it."
    )
    class_list: GivenPath | None = Field(
        default=None, description="Text file of class names, one a line, in logit order; null: the sub-folders."
    )
    up: Axis = Field(default="y", description="The axis that points up in the files.")
    front: Axis | None = Field(
        default=None, description="The axis that fronts face in the files; null: the usual one for that up axis."
    )

    _axes = model_validator(mode="after")(fitting_axes)

    def open(self, folder: Path) -> Source:
        """The folder that `path` names, or the raw folder."""
        return FolderSource(self.path or folder, self.labels, self.class_list, Frame(self.up, self.front))


@dataclass(frozen=True)
class FileObject(RawObject):
    """One file of a folder.

    Args:
        path: The file.
        root: The folder that its references to materials and textures may not leave.
    """

    path: Path
    root: Path

    def load(self) -> trimesh.Scene | PointCloud:
        """The mesh or cloud in the file, as it is there.

        Raises:
            UnreadableObjectError: if it is broken or empty.
        """
        if self.path.suffix.lower() in CLOUD_SUFFIXES:
            return read_cloud_file(self.path)
        return read_mesh_file(self.path, self.root)


class FolderSource:
    """All files of a folder and its sub-folders whose format is known.

    Args:
        folder: Where to look.
        labels: "subfolder" takes the first part of a file's path below the folder as its label; "none" takes none.
        class_list: Text file of class names, the names themselves, or None to take the names of the sub-folders.
        frame: Axes of all files.

    Raises:
        MissingInputError: if the folder is absent or has no such file, or the class list is absent.
        CrossmostError: if the class names do not make a list.
    """

    def __init__(
        self,
        folder: Path,
        labels: Literal["none", "subfolder"],
        class_list: Path | tuple[str, ...] | None,
        frame: Frame,
    ) -> None:
        if folder.is_file():
            raise MissingInputError(f"{folder} is a file; name the folder that your objects are in")
        if not folder.is_dir():
            raise MissingInputError(f"There is no folder {folder}; say where your objects are: {_COMMANDS}")
        self.folder = folder
        self.labels = labels
        self.frame = frame
        self.files, foreign = _object_files(folder, class_list if isinstance(class_list, Path) else None)
        if not self.files:
            raise MissingInputError(
                f"There is no object in {folder} or its sub-folders; formats that are read: {' '.join(SUFFIXES)}"
                + (f". What is there: {what_to_do(foreign)}" if foreign else "")
            )
        if foreign:
            logger.warning("Objects in %s may be in files that are not read: %s.", folder, what_to_do(foreign))
        if class_list is None:
            self._class_names = self._subfolder_names()
            if labels == "none":
                logger.warning(
                    "Without a class list, the names of the sub-folders are the classes: %s. If they are none, name a "
                    "text file with one class a line: --params ingestion.sources.folder.class_list=FILE",
                    ", ".join(self._class_names),
                )
        else:
            self._class_names = read_class_list(class_list) if isinstance(class_list, Path) else class_list

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the class list in its order, or of the sub-folders in alphabetical order."""
        return self._class_names

    def objects(self) -> Iterator[FileObject]:
        """One object per file, in order of their paths."""
        ids, digests = UniqueIds(), FileDigests()
        by_case = {name.casefold(): name for name in self._class_names}
        strangers: set[str] = set()
        for path in track(self.files, "listing objects", len(self.files), "files"):
            relative = path.relative_to(self.folder)
            label = self._label(relative)
            if label is not None and label.casefold() not in by_case:
                strangers.add(label)
            yield FileObject(
                object_id=ids.take(relative.with_suffix("").as_posix(), relative.as_posix()),
                source=readable(relative.as_posix()),
                sha256=digests.of(path, self.folder),
                class_name=None if label is None else by_case.get(label.casefold()),
                captions=(),
                credit="",
                path=path,
                root=self.folder,
                frame=self.frame,
            )
        if strangers:
            logger.warning(
                "No class of the class list is called %s: objects in these sub-folders have no label.",
                ", ".join(map(repr, sorted(strangers))),
            )

    def _label(self, relative: Path) -> str | None:
        return class_words(relative.parts[0]) if self.labels == "subfolder" and len(relative.parts) > 1 else None

    def _subfolder_names(self) -> tuple[str, ...]:
        names = sorted({path.relative_to(self.folder).parts[0] for path in self.files if path.parent != self.folder})
        if not names:
            raise MissingInputError(
                f"Which classes shall the objects in {self.folder} be told apart into? Name a text file with one class "
                "name a line: --params ingestion.sources.folder.class_list=FILE (or put the objects into sub-folders "
                "named after the classes)"
            )
        return checked_classes([class_words(name) for name in names], f"The list of sub-folders of {self.folder}")


def _object_files(folder: Path, class_list: Path | None) -> tuple[list[Path], list[Path]]:
    """Files of known and of foreign formats in order of their paths; says what else was passed over."""
    own_list = class_list.resolve() if class_list is not None else None
    found, foreign, passed_over, lost = list[Path](), list[Path](), Counter[str](), list[Path]()
    for path in sorted(files_below(folder)):
        suffix = path.suffix.lower()
        if not path.is_file():
            lost.append(path)
        elif suffix in COMPANION_SUFFIXES or (own_list is not None and path.resolve() == own_list):
            continue
        elif is_foreign(suffix):
            foreign.append(path)
        elif suffix not in SUFFIXES or (suffix == ".txt" and not _is_table(path)):
            passed_over[readable(suffix) or "no ending"] += 1
        else:
            found.append(path)
    if passed_over:
        listed = ", ".join(f"{count} {suffix}" for suffix, count in passed_over.most_common())
        logger.info("Passed over in %s, as no format of objects: %s.", folder, listed)
    if lost:
        logger.warning(
            "Passed over in %s: %d links or folders that cannot be followed (they lead nowhere or to a folder around "
            "this one, or may not be read), e.g. %s",
            folder,
            len(lost),
            readable(lost[0].relative_to(folder).as_posix()),
        )
    return found, foreign


def _is_table(path: Path) -> bool:
    """Whether a text file holds points, and not words."""
    with path.open("rb") as file:
        beginning = file.read(_SNIFFED_BYTES).decode("utf-8", errors="replace").splitlines()
    return any(numbers_in(line) >= 3 for line in beginning[:20])
