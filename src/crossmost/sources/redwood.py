"""Redwood, "A Large Dataset of Object Scans" (Choi et al., 2016): reconstructed meshes and frames of the videos."""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

import trimesh
from PIL import Image
from pydantic import Field

from crossmost.errors import CrossmostError, MissingInputError, UnreadableObjectError
from crossmost.shards import fingerprint
from crossmost.sources.archive_assets import read_member
from crossmost.sources.base import PointCloud, RawObject, Source
from crossmost.sources.class_lists import checked_classes, class_words
from crossmost.sources.cloud_files import read_cloud_file
from crossmost.sources.file_tree import visible
from crossmost.sources.frames import Frame
from crossmost.sources.layouts import PublishedSettings, file_sha256, find_layout, missing_data, spread_evenly
from crossmost.sources.mesh_files import read_mesh_file
from crossmost.sources.object_ids import UniqueIds
from crossmost.sources.pictures import decode_picture, read_picture

SHAPE_PLACES = ("mesh/{}.ply", "{}.ply", "npy/{}.npy", "pointcloud/{}.npy", "{}.npy")
FRAME_PLACES = ("rgbd/{}/rgb", "rgbd/{}/image", "rgbd/{}", "{}/rgb", "{}/image", "{}")
COLOR_SUFFIXES = (".jpg", ".jpeg")  # depth maps are PNG
CAMERA = Frame("-y", "-z")
"""Scans are in the frame of their first camera: y points down, and the object faces the camera."""


class RedwoodSettings(PublishedSettings):
    """Redwood scans: meshes or clouds, and frames of their videos as views."""

    code: ClassVar = (
        "crossmost.sources.archive_assets",
        "crossmost.sources.cloud_files",
        "crossmost.sources.layouts",
        "crossmost.sources.mesh_files",
        "crossmost.sources.redwood",
        "crossmost.sources.references",
    )

    kind: Literal["redwood"] = Field(description="Names this kind of source.")
    classes: tuple[str, ...] | None = Field(
        default=None, description="Categories to tell apart, in logit order; null: all that have a scan here."
    )
    pictures: int = Field(default=12, ge=1, le=90, description="Frames taken of each video, evenly over its length.")

    def open(self, folder: Path) -> Source:
        """The scans in the raw folder."""
        return RedwoodSource(folder, self.classes, self.pictures, self.frame(CAMERA))


@dataclass(frozen=True)
class RedwoodScan(RawObject):
    """One scan.

    Args:
        path: Its mesh (`.ply`) or cloud (`.npy`).
        frames: Pictures of its video, or members of the archive.
        archive: The zip of the video, or None where it is unpacked.
    """

    path: Path
    frames: tuple[Path, ...]
    archive: Path | None

    def load(self) -> trimesh.Scene | PointCloud:
        """The mesh or cloud in its first camera's frame.

        Raises:
            UnreadableObjectError: if it is broken or empty.
        """
        if self.path.suffix == ".npy":
            return read_cloud_file(self.path)
        return read_mesh_file(self.path, self.path.parent)

    def pictures(self) -> Sequence[Image.Image]:
        """Frames of the video, the middle square of each; read from the archive without unpacking it.

        Raises:
            UnreadableObjectError: if one of them is broken.
        """
        if self.archive is None:
            return [read_picture(path) for path in self.frames]
        try:
            with zipfile.ZipFile(self.archive) as archive:
                return [decode_picture(read_member(archive, frame.as_posix()), frame.name) for frame in self.frames]
        except (OSError, zipfile.BadZipFile, zlib.error) as error:
            raise UnreadableObjectError(f"{self.archive.name} cannot be opened: {error}") from error


class RedwoodSource:
    """All scans of the wanted categories that have a mesh or cloud.

    Args:
        folder: The raw folder; `categories.json` and the scans may be there or in a sub-folder.
        classes: Categories in logit order, or None for all that have a scan.
        n_pictures: Frames taken of each video.
        frame: Of the scans.

    Raises:
        MissingInputError: if the categories or all scans are missing.
        CrossmostError: if a category is unknown.
    """

    def __init__(self, folder: Path, classes: Sequence[str] | None, n_pictures: int, frame: Frame) -> None:
        layout = (
            "categories.json of github.com/isl-org/redwood-3dscan, mesh/ID.ply of the scans (441 have one; or "
            "npy/ID.npy) and, for photographs as views, rgbd/ID.zip (or unpacked: rgbd/ID/rgb/*.jpg)"
        )
        listing = find_layout(folder, lambda place: (place / "categories.json").is_file())
        if listing is None:
            raise missing_data("Redwood (its categories.json)", folder, layout)
        self.n_pictures, self.frame = n_pictures, frame
        self.places = [place for place in (listing / "data", listing, folder / "data", folder) if place.is_dir()]
        self._scans = self._existing(_read_categories(listing / "categories.json"))
        if not self._scans:
            raise missing_data("Redwood (a scan)", folder, layout)
        by_words = {class_words(name): name for name in self._scans}
        wanted = sorted(by_words) if classes is None else [class_words(name) for name in classes]
        absent = [name for name in wanted if name not in by_words]
        if absent:
            raise MissingInputError(
                f"There is no scan of the categories {', '.join(absent)} in {folder}; "
                f"there are {', '.join(sorted(by_words))}"
            )
        self._class_names = checked_classes(wanted, f"The list of categories in {folder}")
        self._category = by_words

    @property
    def class_names(self) -> tuple[str, ...]:
        """Categories in words, as asked for or in alphabetical order."""
        return self._class_names

    def objects(self) -> Iterator[RedwoodScan]:
        """Scans in order of their numbers, class by class."""
        ids = UniqueIds(as_published=True)
        for name in self._class_names:
            for scan_id, path in self._scans[self._category[name]].items():
                frames, archive = self._frames(scan_id)
                digest = file_sha256(path)
                about = [frame.as_posix() for frame in frames], archive and archive.stat().st_size
                yield RedwoodScan(
                    object_id=ids.take(scan_id, f"{name}/{scan_id}"),
                    source="redwood",
                    sha256=fingerprint(digest, about) if frames else digest,
                    class_name=name,
                    captions=(),
                    credit="Choi, Zhou, Miller, Koltun; public domain",
                    path=path,
                    frames=tuple(frames),
                    archive=archive,
                    frame=self.frame,
                )

    def _existing(self, categories: dict[str, list[str]]) -> dict[str, dict[str, Path]]:
        """Category → scan → its mesh or cloud, without those that have none."""
        found: dict[str, dict[str, Path]] = {}
        for category, scan_ids in categories.items():
            for scan_id in sorted(scan_ids):
                candidates = (place / pattern.format(scan_id) for place in self.places for pattern in SHAPE_PLACES)
                path = next((candidate for candidate in candidates if candidate.is_file()), None)
                if path is not None:
                    found.setdefault(category, {})[scan_id] = path
        return found

    def _frames(self, scan_id: str) -> tuple[list[Path], Path | None]:
        """Chosen frames of a scan's video: files, or members of its zip."""
        for place in self.places:
            for pattern in FRAME_PLACES:
                files = sorted(filter(_is_color, visible((place / pattern.format(scan_id)).glob("*"))))
                if files:
                    return spread_evenly(files, self.n_pictures), None
            archive = place / "rgbd" / f"{scan_id}.zip"
            if archive.is_file():
                return spread_evenly(_members(archive), self.n_pictures), archive
        return [], None


def _is_color(path: Path) -> bool:
    return path.suffix.lower() in COLOR_SUFFIXES


def _members(archive: Path) -> list[Path]:
    try:
        with zipfile.ZipFile(archive) as opened:
            return sorted(filter(_is_color, visible(map(Path, opened.namelist()))))
    except (OSError, zipfile.BadZipFile) as error:
        raise CrossmostError(f"{archive} is damaged ({error}); delete it or fetch it again") from error


def _read_categories(path: Path) -> dict[str, list[str]]:
    try:
        categories = json.loads(path.read_text(encoding="utf-8"))
        return {str(name): [Path(str(scan_id)).name for scan_id in ids] for name, ids in categories.items()}
    except (ValueError, AttributeError, TypeError) as error:
        raise CrossmostError(f"{path} does not map categories to scans ({error}); fetch it again") from error
