"""Folders of pictures: which files are pictures, and which object each shows."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from crossmost.errors import MissingInputError
from crossmost.sources.file_tree import files_below
from crossmost.sources.object_ids import readable

PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif")
ObjectsAre = Literal["files", "folders"]
"""Whether each file shows an object of its own, or all files of a sub-folder are views of one."""


@dataclass(frozen=True)
class PictureFiles:
    """Pictures of a folder.

    Attributes:
        folder: what names are below.
        files: in order of their paths.
        objects_are: what an object is. A file that lies in no sub-folder is always one.
    """

    folder: Path
    files: tuple[Path, ...]
    objects_are: ObjectsAre

    def name(self, path: Path) -> str:
        """Its path below the folder."""
        return readable(path.relative_to(self.folder).as_posix())

    def object_in(self, path: Path) -> str:
        """The object that a file shows."""
        return self.name(path if self.objects_are == "files" or path.parent == self.folder else path.parent)

    def by_object(self, unusable: Collection[str]) -> dict[str, list[Path]]:
        """Object → its files, without those whose names are ``unusable``."""
        files: dict[str, list[Path]] = {}
        for path in self.files:
            if self.name(path) not in unusable:
                files.setdefault(self.object_in(path), []).append(path)
        return files


def list_pictures(folder: Path, objects_are: ObjectsAre) -> PictureFiles:
    """Files of a folder and its sub-folders whose ending is that of a picture.

    Raises:
        MissingInputError: if there is no such folder, or no picture in it.
    """
    if not folder.is_dir():
        raise MissingInputError(f"There is no folder {folder}: set prediction.pictures to the folder of your pictures")
    files = sorted(path for path in files_below(folder) if path.suffix.lower() in PICTURE_SUFFIXES and path.is_file())
    if not files:
        raise MissingInputError(
            f"There is no picture in {folder} or its sub-folders; formats that are read: {' '.join(PICTURE_SUFFIXES)}"
        )
    return PictureFiles(folder, tuple(files), objects_are)
