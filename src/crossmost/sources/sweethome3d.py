"""Furniture libraries of Sweet Home 3D (`*.sh3f`): zips of OBJ models and a catalog of names, sizes, rotations."""

from __future__ import annotations

import hashlib
import io
import math
import posixpath
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
import trimesh
from pydantic import BaseModel, ConfigDict, Field

from crossmost.errors import CrossmostError, MissingInputError, UnreadableObjectError
from crossmost.sources.archive_assets import ArchiveResolver, read_member
from crossmost.sources.base import RawObject, Source, SourceDescription
from crossmost.sources.file_tree import is_unfinished, visible
from crossmost.sources.mesh_files import keep_faces
from crossmost.sources.object_ids import shortened, slug
from crossmost.sources.properties import parse_properties

CATALOG = "PluginFurnitureCatalog.properties"
_NUMBERED = re.compile(r"([A-Za-z]+)#(\d+)")


class ClassRule(BaseModel):
    """Which catalog names belong to a class."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, description="Name of the class, in words for prompts (no underscores).")
    pattern: str = Field(
        min_length=1, description="Regular expression searched in the lower-case English name; first rule wins."
    )


class SweetHome3DSettings(SourceDescription):
    """Furniture libraries of Sweet Home 3D, `*.sh3f` files in the raw folder."""

    code: ClassVar = (
        "crossmost.sources.sweethome3d",
        "crossmost.sources.archive_assets",
        "crossmost.sources.mesh_files",
        "crossmost.sources.properties",
        "crossmost.sources.references",
    )

    kind: Literal["sweethome3d"] = Field(description="Names this kind of source.")
    exclude: str = Field(default="", description="Regular expression; names that match belong to no class.")
    classes: tuple[ClassRule, ...] = Field(min_length=2, description="Rules in logit order.")

    def open(self, folder: Path) -> Source:
        """The libraries in the raw folder."""
        rules = ClassRules(self.exclude, tuple((rule.name, rule.pattern) for rule in self.classes))
        return SweetHome3DSource(folder, rules)


@dataclass(frozen=True)
class ClassRules:
    """How catalog names become classes.

    Args:
        exclude: Regular expression; a name that matches belongs to no class. Empty excludes nothing.
        classes: (class name, regular expression) pairs; the first that matches decides.
    """

    exclude: str
    classes: tuple[tuple[str, str], ...]

    def class_of(self, name: str) -> str | None:
        """Class of an English catalog name, or None for names that belong to no class."""
        name = name.lower()
        if self.exclude and re.search(self.exclude, name):
            return None
        return next((class_name for class_name, pattern in self.classes if re.search(pattern, name)), None)


@dataclass(frozen=True)
class FurniturePiece(RawObject):
    """One catalog entry that belongs to a class.

    Args:
        library: The `.sh3f` file.
        model: Member name of the model inside it.
        size: Width, height and depth as written in the catalog (centimeters).
        rotation: Row-major 3×3 rotation as written in the catalog, or None.
    """

    library: Path
    model: str
    size: tuple[str, str, str]
    rotation: str | None

    def load(self) -> trimesh.Scene:
        """The textured model with the catalog's rotation and size: meters, standing on y = 0, centered on x and z.

        Raises:
            UnreadableObjectError: if the entry is malformed, or the model is absent, broken or empty.
        """
        size = np.array(_numbers("width, height and depth", " ".join(self.size), 3)) / 100  # (3,) meters
        if not (size > 0).all():
            raise UnreadableObjectError(f"width, height and depth are {self.size}; they must be positive")
        rotation = np.eye(3)
        if self.rotation is not None:
            rotation = np.array(_numbers("modelRotation", self.rotation, 9)).reshape(3, 3)
            if not np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-2):
                raise UnreadableObjectError(f"modelRotation is {self.rotation!r}, which is no rotation")
        try:
            with zipfile.ZipFile(self.library) as archive:
                scene = _read_model(archive, self.model)
        except (OSError, zipfile.BadZipFile) as error:
            raise UnreadableObjectError(f"{self.library.name} cannot be opened: {error}") from error
        turn = np.eye(4)
        turn[:3, :3] = rotation
        scene.apply_transform(turn)
        return _fit(scene, size)


class SweetHome3DSource:
    """All entries of all libraries in a folder that belong to a class.

    Args:
        folder: Holds `*.sh3f` files.
        rules: Names to classes.

    Raises:
        MissingInputError: if there is no library in the folder, or some are missing after an interrupted fetch.
    """

    def __init__(self, folder: Path, rules: ClassRules) -> None:
        self.folder = folder
        self.rules = rules
        self.libraries = sorted(visible(folder.glob("*.sh3f")))
        if not self.libraries:
            raise MissingInputError(
                f"There is no *.sh3f file in {folder}: `make data` fetches the Debian package "
                "sweethome3d-furniture; or put libraries from sweethome3d.com there; "
                "or run with --env=shapes, which needs no raw data"
            )
        if is_unfinished(folder):
            raise MissingInputError(
                f"{folder} holds only some of the libraries, because `make data` was interrupted: run it again; or "
                "delete the files .*.partial there to do with those that are there"
            )

    @property
    def class_names(self) -> tuple[str, ...]:
        """Classes in the order of the rules."""
        return tuple(class_name for class_name, _ in self.rules.classes)

    def objects(self) -> Iterator[FurniturePiece]:
        """Entries in the order of libraries and catalogs.

        Raises:
            CrossmostError: if a library is no zip or has no catalog.
        """
        taken: set[str] = set()
        for library in self.libraries:
            for piece in self._read_library(library):
                object_id = shortened(piece.object_id, piece.object_id)
                if object_id in taken:
                    object_id = shortened(f"{object_id}-{piece.sha256[:8]}", piece.sha256)
                if object_id in taken:
                    raise CrossmostError(
                        f"{library} repeats the object {object_id!r} of another library in full; "
                        "keep one of the two files"
                    )
                taken.add(object_id)
                yield replace(piece, object_id=object_id)

    def _read_library(self, library: Path) -> list[FurniturePiece]:
        try:
            with zipfile.ZipFile(library) as archive:
                values = parse_properties(read_member(archive, CATALOG))
                members = _members_by_folder(archive)
                return [
                    piece
                    for entry in _entries(values)
                    if (piece := self._piece(library, archive, members, entry, values)) is not None
                ]
        except zipfile.BadZipFile as error:
            raise CrossmostError(f"{library} is damaged ({error}); delete it and fetch it again") from error
        except UnreadableObjectError as error:
            raise CrossmostError(f"{library} is no furniture library: {error}") from error

    def _piece(
        self,
        library: Path,
        archive: zipfile.ZipFile,
        members: dict[str, list[zipfile.ZipInfo]],
        entry: dict[str, str],
        library_values: dict[str, str],
    ) -> FurniturePiece | None:
        name = entry.get("name", "")
        class_name = self.rules.class_of(name)
        if class_name is None:
            return None
        model = entry.get("model", "").lstrip("/")
        identity = entry.get("id") or f"{library.stem}#{posixpath.splitext(posixpath.basename(model))[0] or name}"
        digest = hashlib.sha256(repr(sorted(entry.items())).encode())
        # CRC-32 and size of each file stand for its bytes: they are in the zip's directory, nothing is unpacked.
        for info in members.get(posixpath.dirname(model), []):
            digest.update(f"{info.filename} {info.file_size} {info.CRC:08x}\n".encode())
        tags = tuple(tag.strip() for tag in entry.get("tags", "").split(",") if tag.strip())
        credit = [entry.get("creator", ""), library_values.get("name", ""), library_values.get("license", "")]
        return FurniturePiece(
            object_id=slug(identity),
            source=f"sweethome3d/{library.stem}",
            sha256=digest.hexdigest(),
            class_name=class_name,
            captions=(name, *tags),
            credit=", ".join(part for part in credit if part),
            library=library,
            model=model,
            size=(entry.get("width", ""), entry.get("height", ""), entry.get("depth", "")),
            rotation=entry.get("modelRotation"),
        )


def _entries(values: dict[str, str]) -> list[dict[str, str]]:
    """The numbered keys of a catalog as one dictionary per entry, by number."""
    entries: dict[int, dict[str, str]] = {}
    for key, value in values.items():
        numbered = _NUMBERED.fullmatch(key)
        if numbered is not None:
            entries.setdefault(int(numbered[2]), {})[numbered[1]] = value
    return [entries[number] for number in sorted(entries)]


def _members_by_folder(archive: zipfile.ZipFile) -> dict[str, list[zipfile.ZipInfo]]:
    folders: dict[str, list[zipfile.ZipInfo]] = {}
    for info in sorted(archive.infolist(), key=lambda info: info.filename):
        folders.setdefault(posixpath.dirname(info.filename), []).append(info)
    return folders


def _numbers(what: str, text: str, count: int) -> Sequence[float]:
    try:
        numbers = [float(part) for part in text.split()]
    except ValueError:
        numbers = []
    if len(numbers) != count or not all(math.isfinite(number) for number in numbers):
        raise UnreadableObjectError(f"the catalog gives {what} as {text!r}; expected {count} numbers")
    return numbers


def _read_model(archive: zipfile.ZipFile, model: str) -> trimesh.Scene:
    """The model as it is in the library.

    Raises:
        UnreadableObjectError: if it is absent, of another format than OBJ, or without usable faces.
    """
    if not model:
        raise UnreadableObjectError("the catalog names no model")
    resolver = ArchiveResolver(archive, model)
    found = resolver.find("/" + posixpath.basename(model)) if model not in archive.namelist() else model
    content = read_member(archive, found or model)
    if posixpath.splitext(model)[1].lower() != ".obj":
        raise UnreadableObjectError(f"the model {model!r} is no OBJ file")
    try:
        scene = trimesh.load_scene(io.BytesIO(content), file_type="obj", resolver=resolver, process=False)
    except (ValueError, IndexError, KeyError, TypeError, AttributeError) as error:
        raise UnreadableObjectError(f"the model {model!r} is no valid OBJ file: {error}") from error
    keep_faces(scene, f"the model {model!r}")
    scene.metadata["missing_files"] = resolver.missing
    return scene


def _fit(scene: trimesh.Scene, size: np.ndarray) -> trimesh.Scene:
    """Scale each axis so that the faces' bounding box has exactly `size`, stand it on y = 0, center it on x and z."""
    placed_meshes = [mesh for mesh in scene.dump() if isinstance(mesh, trimesh.Trimesh)]
    corners = [mesh.vertices[mesh.faces].reshape(-1, 3) for mesh in placed_meshes]
    low = np.min([part.min(axis=0) for part in corners], axis=0)
    high = np.max([part.max(axis=0) for part in corners], axis=0)
    extents = high - low
    if not (extents > 0).any():
        raise UnreadableObjectError("the model has no extent")
    # A flat model (a sheet) stays flat: there is nothing to scale along that axis.
    scale = np.where(extents > 1e-9 * extents.max(), size / np.maximum(extents, 1e-300), 1.0)
    anchor = np.array([(low[0] + high[0]) / 2, low[1], (low[2] + high[2]) / 2])
    placed = np.eye(4)
    placed[:3, :3] = np.diag(scale)
    placed[:3, 3] = -scale * anchor
    scene.apply_transform(placed)
    return scene
