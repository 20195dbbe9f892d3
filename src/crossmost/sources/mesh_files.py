"""Mesh files that trimesh reads, checked: faces with finite corners, or points where a file has no faces."""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import trimesh
from PIL import Image
from trimesh.visual.color import ColorVisuals
from trimesh.visual.material import color_image

from crossmost.errors import UnreadableObjectError
from crossmost.sources.base import PointCloud
from crossmost.sources.gltf_files import GLTF_KINDS, read_gltf
from crossmost.sources.references import FolderResolver

MESH_SUFFIXES = (".obj", ".off", ".ply", ".stl", ".glb", ".gltf", ".3mf")
MAX_FILE_BYTES = 2**30
"""A larger file is refused: it would not fit into memory several times, as reading needs."""
MAX_TEXTURE_PIXELS = 16_384**2
"""A larger texture is left out, and counted as a missing one."""

PARSER_ERRORS = (
    ValueError,
    IndexError,
    KeyError,
    TypeError,
    AttributeError,
    AssertionError,
    NotImplementedError,
    OverflowError,
    EOFError,
    SyntaxError,
    OSError,
    RecursionError,
    struct.error,
    zipfile.BadZipFile,
)
"""What parsers of broken files raise."""
_OTHER_CONTENT = (
    (b"PK\x03\x04", (".3mf", ".npz"), "a ZIP archive; unpack it"),
    (b"\x1f\x8b", (), "packed by gzip; unpack it"),
    (b"Kaydara FBX", (), "an FBX file; convert it to glb"),
    (b"glTF", (".glb",), "a GLB file; let its name end in .glb"),
    (b"ply\n", (".ply",), "a PLY file; let its name end in .ply"),
    (b"ply\r", (".ply",), "a PLY file; let its name end in .ply"),
)
"""First bytes, endings of names that go with them, and what a file of another name is."""
_STAND_IN = color_image()


def read_content(path: Path) -> bytes:
    """The bytes of one object's file.

    Raises:
        UnreadableObjectError: if it is empty, too large, cut off, or obviously something else.
    """
    try:
        size = path.stat().st_size
        if size == 0:
            raise UnreadableObjectError("the file is empty")
        if size > MAX_FILE_BYTES:
            raise UnreadableObjectError(f"the file has {size} bytes; at most {MAX_FILE_BYTES} are read")
        content = path.read_bytes()
    except OSError as error:
        raise UnreadableObjectError(f"the file cannot be read: {error.strerror}") from error
    if trouble := _obvious_trouble(content, path.suffix.lower()):
        raise UnreadableObjectError(trouble)
    return content


def _obvious_trouble(content: bytes, suffix: str) -> str | None:
    """What went wrong on the way to this disk, where parsers would name a detail of their format; else None."""
    beginning = content[:512].lstrip().lower()
    if beginning.startswith((b"<!doctype html", b"<html")):
        return "the file is a web page, as failed downloads leave it; fetch it again"
    if beginning.startswith(b"version https://git-lfs"):
        return "the file is a pointer of Git LFS; fetch its content with `git lfs pull`"
    for first_bytes, suffixes, what in _OTHER_CONTENT:
        if content.startswith(first_bytes) and suffix not in suffixes:
            return f"the file is {what}"
    if suffix in (".3mf", ".npz"):
        return _archive_trouble(content, suffix[1:].upper())
    if suffix == ".glb" and content.startswith(b"glTF") and len(content) >= 12:
        stated = int.from_bytes(content[8:12], "little")
        return f"the file is cut off: {len(content)} of {stated} bytes are there" if stated > len(content) else None
    if suffix == ".stl":
        is_binary = b"\0" in content[:1024]
        stated = 84 + 50 * int.from_bytes(content[80:84], "little")
        if is_binary and len(content) < stated:
            return f"the file is cut off: {len(content)} of {stated} bytes are there"
        if not is_binary and beginning.startswith(b"solid") and b"endsolid" not in content.lower():
            return "the file is cut off: it has no `endsolid`"
    return None


def _archive_trouble(content: bytes, kind: str) -> str | None:
    """Why a zip cannot be unpacked, or must not be: a few kilobytes may unpack to more than there is memory."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            size = sum(member.file_size for member in archive.infolist())
    except zipfile.BadZipFile:
        return f"the {kind} archive is cut off" if content.startswith(b"PK") else f"the file is no {kind} archive"
    if size > MAX_FILE_BYTES:
        return f"the {kind} archive unpacks to {size} bytes; at most {MAX_FILE_BYTES} are read"
    return None


def read_mesh_file(path: Path, root: Path) -> trimesh.Scene | PointCloud:
    """A mesh file as a scene, or as a cloud if it holds points only.

    Materials and textures that are missing are tolerated and listed in the scene's metadata, `missing_files`.

    Args:
        path: A file with one of `MESH_SUFFIXES`.
        root: The folder that references to other files may not leave.

    Raises:
        UnreadableObjectError: if it is broken, empty, or has corners that are not finite.
    """
    resolver = FolderResolver(root, path)
    kind = path.suffix.lower().removeprefix(".")
    try:
        with _large_textures():
            scene = _load(read_content(path), kind, resolver)
    except PARSER_ERRORS as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise UnreadableObjectError(f"the file is no valid {kind.upper()}: {reason}") from error
    if not any(isinstance(part, trimesh.Trimesh) and len(part.faces) for part in scene.geometry.values()):
        clouds = [part for part in scene.dump() if isinstance(part, trimesh.PointCloud)]
        if clouds:
            return _as_cloud(clouds)
    keep_faces(scene, "the file")
    _drop_stand_ins(scene)
    scene.metadata["missing_files"] = resolver.missing
    return scene


@contextmanager
def _large_textures() -> Iterator[None]:
    """Pillow opens pictures up to `MAX_TEXTURE_PIXELS`: it refuses twice its own limit, and warns of what is above."""
    limit = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = MAX_TEXTURE_PIXELS // 2
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            yield
    finally:
        Image.MAX_IMAGE_PIXELS = limit


def _load(content: bytes, kind: str, resolver: FolderResolver) -> trimesh.Scene:
    if kind in GLTF_KINDS:
        return read_gltf(content, kind, resolver)
    return trimesh.load_scene(io.BytesIO(content), file_type=kind, resolver=resolver, process=False)


def keep_faces(scene: trimesh.Scene, what: str) -> None:
    """Drop whatever has no faces from a scene, and check the rest.

    Args:
        scene: As trimesh loads it; changed in place.
        what: Names the scene in a reason, e.g. "the file".

    Raises:
        UnreadableObjectError: if no face is left, or one has corners that do not exist or are not finite.
    """
    for name, geometry in list(scene.geometry.items()):
        if not isinstance(geometry, trimesh.Trimesh) or len(geometry.faces) == 0:
            scene.delete_geometry(name)
        elif geometry.faces.min() < 0 or geometry.faces.max() >= len(geometry.vertices):
            raise UnreadableObjectError(f"{what} has faces with corners that do not exist")
        elif not np.isfinite(geometry.vertices[geometry.faces]).all():
            raise UnreadableObjectError(f"{what} has corners that are not finite numbers")
    if not scene.geometry:
        raise UnreadableObjectError(f"{what} has no faces")


def _drop_stand_ins(scene: trimesh.Scene) -> None:
    """Surfaces whose material is missing have no color: trimesh gives them a tiny dark grey texture."""
    for geometry in scene.geometry.values():
        image = getattr(getattr(geometry.visual, "material", None), "image", None)
        if image is not None and image.size == _STAND_IN.size and image.tobytes() == _STAND_IN.tobytes():
            geometry.visual = ColorVisuals()


def _as_cloud(parts: list[trimesh.PointCloud]) -> PointCloud:
    """All points as one cloud; colors only if every part has them."""
    points = np.concatenate([np.asarray(part.vertices) for part in parts])
    colors = [np.asarray(part.colors) for part in parts]
    if any(len(color) == 0 for color in colors):
        return PointCloud(points)
    return PointCloud(points, np.concatenate(colors)[:, :3].astype(np.uint8))
