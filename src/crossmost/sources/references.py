"""What a model means when it refers to a file (a material, a texture), found the forgiving way modelling tools need."""

from __future__ import annotations

import io
import os
import posixpath
import re
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

from PIL import Image
from trimesh.resolvers import Resolver

from crossmost.errors import UnreadableObjectError
from crossmost.sources.object_ids import readable

PICTURE_SUFFIXES = (
    *(".png", ".jpg", ".jpeg", ".bmp", ".tga", ".tif", ".tiff", ".webp", ".gif"),
    *(".dds", ".exr", ".hdr", ".ktx2", ".psd"),
)
_MAP_OPTIONS = re.compile(r"^(-[a-zA-Z]+(\s+(on|off|[-+.\deE]+))+\s+)+")  # e.g. `-s 1 1 1 wood.jpg`


def meant_paths(reference: str) -> Iterator[str]:
    """Paths relative to the model's folder that a reference may mean, the likeliest first."""
    name = _MAP_OPTIONS.sub("", reference.strip().strip('"')).replace("\\", "/")
    for candidate in dict.fromkeys((name, urllib.parse.unquote(name))):
        # A path of the author's own machine says nothing here: only its last part can be beside the model.
        for tail in (candidate, posixpath.basename(candidate)):
            yield tail.lstrip("/")


def _opens(content: bytes) -> bool:
    """Whether the beginning of a picture can be read."""
    try:
        Image.open(io.BytesIO(content)).close()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return False
    return True


def is_inside(path: Path, root: Path) -> bool:
    """Whether a path lies in a folder as both are written; links are not followed."""
    return _normal(path).is_relative_to(_normal(root))


def _normal(path: Path) -> Path:
    return Path(os.path.normpath(path.absolute()))


class FolderListings:
    """Files of folders by their names in lower case; each folder is read once, when it is asked for."""

    def __init__(self) -> None:
        self._known: dict[Path, dict[str, Path]] = {}

    def in_any_case(self, path: Path) -> Path | None:
        """An entry of the same folder whose name differs from the path's by case at most, or None."""
        folder = path.parent
        if folder not in self._known:
            self._known[folder] = {}
            for entry in folder.iterdir() if folder.is_dir() else ():
                self._known[folder].setdefault(entry.name.lower(), entry)
        return self._known[folder].get(path.name.lower())


class FolderResolver(Resolver):
    """Finds files that a model in a folder refers to, whatever the case, slashes or escapes; never outside the folder.

    Args:
        root: The folder that no reference may leave.
        model: The model's file, inside `root`; references are relative to its folder.
        listings: To be shared by the resolvers of many models while nothing changes; None reads folders anew.
    """

    def __init__(self, root: Path, model: Path, listings: FolderListings | None = None) -> None:
        self._root = _normal(root)
        self._folder = _normal(model).parent
        self._listings = listings or FolderListings()
        self.file_name = model.name
        self.missing: list[str] = []

    def find(self, name: str) -> Path | None:
        """The file that a reference means, or None."""
        for tail in meant_paths(name):
            path = _normal(self._folder / tail)
            if not path.is_relative_to(self._root):
                continue
            try:
                if path.is_file():
                    return path
                found = self._listings.in_any_case(path)
                if found is not None and found.is_file():
                    return found
            except (OSError, ValueError):
                continue  # no name that a file can have: too long, or with a zero byte
        return None

    def get(self, name: str) -> bytes:
        """Content of the file that a reference means.

        Raises:
            FileNotFoundError: if nothing in the folder can be meant.
        """
        found = self.find(name)
        if found is None:
            self.missing.append(readable(name))
            raise FileNotFoundError(f"{name!r} is not in {self._root}")
        content = found.read_bytes()
        if found.suffix.lower() in PICTURE_SUFFIXES and not _opens(content):
            self.missing.append(f"{readable(name)} (no picture that can be read)")
        return content

    def keys(self) -> list[str]:
        """Names of the files beside the model."""
        return [entry.name for entry in self._folder.iterdir() if entry.is_file()]

    def write(self, name: str, data: bytes) -> None:
        """Refused: raw data is read-only."""
        raise UnreadableObjectError(f"asked to write {name!r} into raw data")

    def namespaced(self, namespace: str) -> FolderResolver:
        """The same resolver inside a sub-folder."""
        return FolderResolver(self._root, self._folder / namespace / self.file_name, self._listings)
