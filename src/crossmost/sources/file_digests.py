"""What stands for an object's file: its bytes, and those of the materials, textures and buffers that it refers to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from trimesh.util import decode_text

from crossmost.shards import fingerprint
from crossmost.sources.references import FolderListings, FolderResolver

_LONGEST_LINE = 65_536
"""Bytes of a line in the header of a PLY file; what is longer is no header."""


class FileDigests:
    """Digests of the files of objects. What many of them share, a folder or a texture, is looked at once.

    An instance remembers what it has seen, so it is for one listing of a collection and no longer.
    """

    def __init__(self) -> None:
        self._digests: dict[Path, str] = {}
        self._textures: dict[Path, list[str]] = {}
        self._listings = FolderListings()

    def of(self, path: Path, root: Path) -> str:
        """SHA-256 (hex) of a file's bytes; if it refers to other files, of theirs too.

        A file that cannot be read has a digest as well: what is wrong with it is said when it is loaded.

        Args:
            path: The object's file.
            root: The folder that its references may not leave.
        """
        try:
            own, references = self._digest(path), list(_references(path))
        except OSError:
            return fingerprint("absent", path)
        resolver = FolderResolver(root, path, self._listings)
        referred_to = [digest for name in references for digest in self._of_reference(name, resolver)]
        return fingerprint(own, referred_to) if referred_to else own

    def _of_reference(self, name: str, resolver: FolderResolver) -> Iterator[str | None]:
        """Digest of a file that a model refers to, None if it is not there; of a material also of its textures."""
        found = resolver.find(name)
        try:
            yield None if found is None else self._digest(found)
            if found is not None and found.suffix.lower() == ".mtl":
                if found not in self._textures:
                    self._textures[found] = _textures_of_material(found)
                for texture in self._textures[found]:
                    yield from self._of_reference(texture, resolver)
        except OSError:
            yield None

    def _digest(self, path: Path) -> str:
        if path not in self._digests:
            with path.open("rb") as file:
                self._digests[path] = hashlib.file_digest(file, "sha256").hexdigest()
        return self._digests[path]


def _references(path: Path) -> Iterator[str]:
    """Names of the files that reading this one asks for, in the order in which they are written there."""
    suffix = path.suffix.lower()
    if suffix == ".obj":
        yield from _material_of_obj(path)
    elif suffix == ".ply":
        yield from _texture_of_ply(path)
    elif suffix in (".gltf", ".glb"):
        yield from _uris_of_gltf(path)


def _material_of_obj(path: Path) -> Iterator[str]:
    """The first library alone, because trimesh reads no other."""
    with path.open("rb") as file:
        for line in file:
            if b"mtllib" in line:
                yield decode_text(line).partition("mtllib")[2].strip()
                return


def _textures_of_material(path: Path) -> list[str]:
    """Color textures; trimesh reads no others."""
    lines = [line.strip() for line in decode_text(path.read_bytes()).splitlines()]
    return [line[len("map_kd") :].strip() for line in lines if line.lower().startswith(("map_kd ", "map_kd\t"))]


def _texture_of_ply(path: Path) -> Iterator[str]:
    name = None
    with path.open("rb") as file:
        while (line := file.readline(_LONGEST_LINE).strip()) and b"end_header" not in line:
            if line.startswith(b"comment") and b"texturefile" in line.lower():
                text = decode_text(line)
                name = text[text.lower().index("texturefile") + len("texturefile") :].strip()
    if name is not None:
        yield name


def _uris_of_gltf(path: Path) -> Iterator[str]:
    try:
        tree = json.loads(_json_of_gltf(path))
        buffers = [buffer.get("uri") for buffer in tree.get("buffers", [])]
        pictures = [picture.get("uri") for picture in tree.get("images", []) if "bufferView" not in picture]
    except (ValueError, AttributeError, TypeError, RecursionError):
        return  # it is broken, which loading it says
    yield from (uri for uri in buffers + pictures if isinstance(uri, str) and not uri.startswith("data:"))


def _json_of_gltf(path: Path) -> bytes:
    """The description of the scene: the whole file, or the first part of a GLB."""
    with path.open("rb") as file:
        if path.suffix.lower() == ".gltf":
            return file.read()
        head = file.read(20)
        return file.read(int.from_bytes(head[12:16], "little"))
