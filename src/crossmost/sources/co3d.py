"""CO3D, "Common Objects in 3D" (Reizenstein et al., 2021): reconstructed clouds with the frames they come from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
import trimesh
from PIL import Image
from pydantic import Field

from crossmost.errors import MissingInputError, UnreadableObjectError
from crossmost.shards import fingerprint
from crossmost.sources.base import PointCloud, RawObject, Source
from crossmost.sources.class_lists import checked_classes, class_words
from crossmost.sources.cloud_files import read_cloud_file
from crossmost.sources.file_tree import visible
from crossmost.sources.frames import Frame
from crossmost.sources.layouts import PublishedSettings, file_sha256, find_layout, missing_data, spread_evenly
from crossmost.sources.mesh_files import read_mesh_file
from crossmost.sources.object_ids import UniqueIds
from crossmost.sources.pictures import Box, read_picture

WORDS = {
    "baseballbat": "baseball bat", "baseballglove": "baseball glove", "cellphone": "cell phone",
    "hairdryer": "hair dryer", "hotdog": "hot dog", "hydrant": "fire hydrant", "parkingmeter": "parking meter",
    "stopsign": "stop sign", "teddybear": "teddy bear", "toybus": "toy bus", "toyplane": "toy plane",
    "toytrain": "toy train", "toytruck": "toy truck", "wineglass": "wine glass",
}  # fmt: skip
"""Categories whose folders are not called as people call them."""
CATEGORIES = (
    "apple", "backpack", "ball", "banana", "baseballbat", "baseballglove", "bench", "bicycle", "book", "bottle",
    "bowl", "broccoli", "cake", "car", "carrot", "cellphone", "chair", "couch", "cup", "donut", "frisbee",
    "hairdryer", "handbag", "hotdog", "hydrant", "keyboard", "kite", "laptop", "microwave", "motorcycle", "mouse",
    "orange", "parkingmeter", "pizza", "plant", "remote", "sandwich", "skateboard", "stopsign", "suitcase",
    "teddybear", "toaster", "toilet", "toybus", "toyplane", "toytrain", "toytruck", "tv", "umbrella", "vase",
    "wineglass",
)  # fmt: skip
"""The 51 published categories; a folder of another name is no category."""
CLOUD_NAMES = ("pointcloud.ply", "pointcloud.npy")
PICTURE_SUFFIXES = (".jpg", ".jpeg", ".png")
CAMERA = Frame("-y", "-z")
"""Reconstructions keep about the frame of a first camera: y points down."""


class Co3dSettings(PublishedSettings):
    """CO3Dv2: `CATEGORY/SEQUENCE/{pointcloud.ply,images,masks}`, or flattened: `CATEGORY/SEQUENCE.ply` and pictures."""

    code: ClassVar = (
        "crossmost.sources.cloud_files",
        "crossmost.sources.co3d",
        "crossmost.sources.layouts",
        "crossmost.sources.mesh_files",
        "crossmost.sources.references",
    )

    kind: Literal["co3d"] = Field(description="Names this kind of source.")
    classes: tuple[str, ...] | None = Field(
        default=None, description="Categories to tell apart, in logit order; null: all that are here."
    )
    pictures: int = Field(default=12, ge=1, le=90, description="Frames taken of each sequence, evenly over its length.")

    def open(self, folder: Path) -> Source:
        """The sequences in the raw folder."""
        return Co3dSource(folder, self.classes, self.pictures, self.frame(CAMERA))


@dataclass(frozen=True)
class Co3dSequence(RawObject):
    """One sequence.

    Args:
        path: Its cloud.
        frames: (picture, mask of the object or None), in order.
    """

    path: Path
    frames: tuple[tuple[Path, Path | None], ...]

    def load(self) -> trimesh.Scene | PointCloud:
        """The cloud with its colors.

        Raises:
            UnreadableObjectError: if it is broken or empty.
        """
        if self.path.suffix == ".npy":
            return read_cloud_file(self.path)
        return read_mesh_file(self.path, self.path.parent)

    def pictures(self) -> Sequence[Image.Image]:
        """The frames, cut to the object where there is a mask.

        Raises:
            UnreadableObjectError: if one of them is broken.
        """
        return [read_picture(picture, None if mask is None else _object_box(mask)) for picture, mask in self.frames]


class Co3dSource:
    """All sequences of the wanted categories that have a cloud; the published set lists split frames, not objects.

    Args:
        folder: The raw folder; the categories may be there or in a sub-folder.
        classes: Categories in logit order, or None for all that are here.
        n_pictures: Frames taken of each sequence.
        frame: Of the clouds.

    Raises:
        MissingInputError: if there is no sequence, or none of a wanted category.
    """

    def __init__(self, folder: Path, classes: Sequence[str] | None, n_pictures: int, frame: Frame) -> None:
        root = find_layout(folder, lambda place: any((place / name).is_dir() for name in CATEGORIES))
        found = {} if root is None else {name: _clouds(root / name) for name in CATEGORIES if (root / name).is_dir()}
        self._clouds = {name: clouds for name, clouds in found.items() if clouds}
        if not self._clouds:
            raise missing_data(
                "CO3D",
                folder,
                "CATEGORY/SEQUENCE/pointcloud.ply with images/*.jpg and masks/*.png beside it (CO3Dv2; the whole set "
                "has 5.5 TB, the single-sequence subset 8.9 GB), or flattened CATEGORY/SEQUENCE.ply (or .npy) with "
                "pictures CATEGORY/SEQUENCE/*.jpg or CATEGORY/SEQUENCE_*.jpg",
            )
        self.n_pictures, self.frame = n_pictures, frame
        by_words = {_words(name): name for name in self._clouds}
        wanted = sorted(by_words) if classes is None else [_words(name) for name in classes]
        absent = [name for name in wanted if name not in by_words]
        if absent:
            raise MissingInputError(
                f"There is no sequence of the categories {', '.join(absent)} in {folder}; "
                f"there are {', '.join(sorted(by_words))}"
            )
        self._class_names = checked_classes(wanted, f"The list of categories in {folder}")
        self._category = by_words

    @property
    def class_names(self) -> tuple[str, ...]:
        """Categories in words, as asked for or in alphabetical order."""
        return self._class_names

    def objects(self) -> Iterator[Co3dSequence]:
        """Sequences in order of their names, class by class."""
        ids = UniqueIds()
        for name in self._class_names:
            category = self._category[name]
            for sequence, path in self._clouds[category].items():
                frames = spread_evenly(_pictures(path, sequence), self.n_pictures)
                sizes = [(frame.name, frame.stat().st_size) for frame in frames]
                digest = file_sha256(path)
                yield Co3dSequence(
                    object_id=ids.take(sequence, f"{category}/{sequence}"),
                    source="co3d",
                    sha256=fingerprint(digest, sizes) if sizes else digest,
                    class_name=name,
                    captions=(),
                    credit="CO3D, Meta; see its license",
                    path=path,
                    frames=tuple((frame, _mask(frame)) for frame in frames),
                    frame=self.frame,
                )


def _words(category: str) -> str:
    return WORDS.get(category, class_words(category))


def _clouds(category: Path) -> dict[str, Path]:
    """Sequence → its cloud, in either layout."""
    found: dict[str, Path] = {}
    for entry in sorted(visible(category.iterdir())):
        if entry.is_dir():
            cloud = next((entry / name for name in CLOUD_NAMES if (entry / name).is_file()), None)
            if cloud is not None:
                found[entry.name] = cloud
        elif entry.suffix in (".ply", ".npy"):
            found[entry.stem] = entry
    return found


def _pictures(cloud: Path, sequence: str) -> list[Path]:
    """Pictures of a sequence in order."""
    if cloud.name in CLOUD_NAMES:
        candidates = (cloud.parent / "images").glob("*")
    elif (cloud.parent / sequence).is_dir():
        candidates = (cloud.parent / sequence).glob("*")
    else:
        candidates = (path for path in cloud.parent.iterdir() if path.name.startswith(f"{sequence}_"))
    return sorted(path for path in visible(candidates) if path.suffix.lower() in PICTURE_SUFFIXES)


def _mask(picture: Path) -> Path | None:
    mask = picture.parent.parent / "masks" / f"{picture.stem}.png"
    return mask if picture.parent.name == "images" and mask.is_file() else None


def _object_box(mask: Path) -> Box | None:
    """Where the mask is set; None for an empty mask.

    Raises:
        UnreadableObjectError: if the mask is broken.
    """
    try:
        with Image.open(mask) as image:
            inside = np.asarray(image.convert("L")) > 127
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise UnreadableObjectError(f"the mask {mask.name} cannot be read: {error}") from error
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    if len(rows) == 0:
        return None
    return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)
