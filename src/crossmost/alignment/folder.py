"""Triplets in a folder: objects, a text file of captions beside each, and perhaps a folder of pictures."""

from __future__ import annotations

import logging
import sys
from bisect import bisect_left
from collections.abc import Container
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from crossmost.alignment.triplets import PICTURE_SUFFIXES, Triplet, TripletSource, given_path
from crossmost.errors import CrossmostError, MissingInputError
from crossmost.sources.base import GivenPath
from crossmost.sources.class_lists import class_words
from crossmost.sources.file_tree import visible
from crossmost.sources.folder import FileObject, FolderSource
from crossmost.sources.frames import Axis, Frame, fitting_axes

logger = logging.getLogger(__name__)


class FolderTriplets(TripletSource):
    """Any folder of meshes and clouds with captions, and with or without pictures."""

    kind: Literal["folder"] = Field(description="Names this kind of source.")
    path: GivenPath | None = Field(default=None, description="The folder, read with its sub-folders; must be given.")
    captions: Literal["files", "subfolder", "filename"] = Field(
        default="files",
        description=(
            "files: NAME.txt beside NAME.obj, one caption a line; subfolder: the first folder of an object's path; "
            "filename: the object's name without numbers."
        ),
    )
    pictures: GivenPath | None = Field(
        default=None,
        description=(
            "Folder of pictures with the same sub-folders: NAME/*.png, or NAME_001.png …; null: objects are rendered."
        ),
    )
    up: Axis = Field(default="y", description="The axis that points up in the files.")
    front: Axis | None = Field(
        default=None, description="The axis that fronts face in the files; null: the usual one for that up axis."
    )

    _axes = model_validator(mode="after")(fitting_axes)

    def triplets(self) -> list[Triplet]:
        """One triplet per object; says how many have no caption."""
        folder = given_path(self.path, "a folder of objects")
        if not folder.is_dir():
            raise MissingInputError(f"There is no folder {folder} (alignment.source.path)")
        if self.pictures is not None and not self.pictures.is_dir():
            raise MissingInputError(f"There is no folder {self.pictures} (alignment.source.pictures)")
        # The source wants class names; nothing here looks at them.
        objects = list(FolderSource(folder, "none", (), Frame(self.up, self.front)).objects())
        places = {raw.path.relative_to(folder).with_suffix("") for raw in objects}
        pictures = _PictureFolders()
        found = [
            self._triplet(raw, self._captions(raw, folder), self._pictures(raw, folder, pictures, places))
            for raw in objects
        ]
        silent = [triplet for triplet in found if not triplet.captions]
        if len(silent) == len(found):
            raise MissingInputError(
                f"None of the {len(found)} objects in {folder} has a caption. For alignment.source.captions="
                f"{self.captions}, {_EXPECTED[self.captions]}"
            )
        if silent:
            logger.warning(
                "%d of %d objects have no caption and learn from their pictures alone, e.g. %s",
                len(silent),
                len(found),
                silent[0].source,
            )
        return found

    def _captions(self, raw: FileObject, folder: Path) -> list[str]:
        relative = raw.path.relative_to(folder)
        if self.captions == "subfolder":
            return [class_words(relative.parts[0])] if len(relative.parts) > 1 else []
        if self.captions == "filename":
            words = class_words(relative.stem.replace("-", " ").replace(".", " ")).split()
            return [" ".join(word for word in words if not word.isdigit())]
        file = raw.path.with_suffix(".txt")
        if file == raw.path or not file.is_file():
            return []
        try:
            return file.read_text(encoding="utf-8-sig").splitlines()
        except UnicodeDecodeError as error:
            raise CrossmostError(f"The captions {file} are no UTF-8 text: {error}") from error

    def _pictures(
        self, raw: FileObject, folder: Path, pictures: _PictureFolders, places: Container[Path]
    ) -> list[Path]:
        """Files of an object, but not those that are another object's by name; places are of all objects."""
        if self.pictures is None:
            return []
        place = self.pictures / raw.path.relative_to(folder).with_suffix("")
        if place.is_dir():
            return pictures.that_begin(place, "")
        return [
            path
            for path in pictures.that_begin(place.parent, place.name)
            if path.stem == place.name
            or (
                path.stem[len(place.name) :].lstrip("_-r").isdigit()
                and path.relative_to(self.pictures).with_suffix("") not in places
            )
        ]


_EXPECTED = {
    "files": "put NAME.txt beside NAME.obj, one caption a line",
    "subfolder": "put objects into folders named after what they are",
    "filename": "name files after what they hold",
}


class _PictureFolders:
    """Pictures in folders, without depth maps; each folder is read once."""

    def __init__(self) -> None:
        self._known: dict[Path, list[str]] = {}

    def that_begin(self, folder: Path, beginning: str) -> list[Path]:
        """Pictures in a folder whose names begin so, in order; none if there is no such folder."""
        if folder not in self._known:
            self._known[folder] = sorted(
                path.name
                for path in (visible(folder.iterdir()) if folder.is_dir() else ())
                if path.suffix.lower() in PICTURE_SUFFIXES and "_depth" not in path.stem
            )
        names = self._known[folder]
        first, last = bisect_left(names, beginning), bisect_left(names, beginning + chr(sys.maxunicode))
        return [folder / name for name in names[first:last]]
