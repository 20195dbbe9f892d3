"""Materials and textures of a model inside a zip, found the forgiving way that modelling tools need."""

from __future__ import annotations

import posixpath
import zipfile
import zlib

from trimesh.resolvers import Resolver

from crossmost.errors import UnreadableObjectError
from crossmost.sources.references import meant_paths

MAX_MEMBER_BYTES = 512 * 2**20
"""A larger member is taken for a zip bomb."""


def read_member(archive: zipfile.ZipFile, name: str) -> bytes:
    """Content of a zip member; nothing is ever extracted to disk.

    Raises:
        UnreadableObjectError: if it is absent, damaged, encrypted or absurdly large.
    """
    try:
        info = archive.getinfo(name)
    except KeyError:
        raise UnreadableObjectError(f"the library has no file {name!r}") from None
    if info.file_size > MAX_MEMBER_BYTES:
        raise UnreadableObjectError(f"{name!r} has {info.file_size} bytes; at most {MAX_MEMBER_BYTES} are read")
    try:
        return archive.read(info)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError) as error:
        raise UnreadableObjectError(f"{name!r} cannot be read from the library: {error}") from error


class ArchiveResolver(Resolver):
    """Finds files that a model refers to: beside the model, whatever the case, slashes, escapes or lost folders.

    Args:
        archive: The open zip.
        model: Member name of the model; references are relative to its folder.
    """

    def __init__(self, archive: zipfile.ZipFile, model: str) -> None:
        self._archive = archive
        self._folder = posixpath.dirname(model)
        self._by_lower_case = {name.lower(): name for name in archive.namelist()}
        self.file_name = posixpath.basename(model)
        self.missing: list[str] = []

    def find(self, name: str) -> str | None:
        """Member name that a reference means, or None; a reference never leaves the zip."""
        for tail in meant_paths(name):
            path = posixpath.normpath(posixpath.join(self._folder, tail))
            found = self._by_lower_case.get(path.lower())
            if found is not None:
                return found
        return None

    def get(self, name: str) -> bytes:
        """Content of the file that a reference means.

        Raises:
            FileNotFoundError: if nothing in the zip can be meant.
        """
        found = self.find(name)
        if found is None:
            self.missing.append(name)
            raise FileNotFoundError(f"{name!r} is not in the library")
        return read_member(self._archive, found)

    def keys(self) -> list[str]:
        """All member names."""
        return self._archive.namelist()

    def write(self, name: str, data: bytes) -> None:
        """Refused: libraries are read-only."""
        raise UnreadableObjectError(f"asked to write {name!r} into a library")

    def namespaced(self, namespace: str) -> ArchiveResolver:
        """The same resolver inside a sub-folder."""
        return ArchiveResolver(self._archive, posixpath.join(self._folder, namespace, self.file_name))
