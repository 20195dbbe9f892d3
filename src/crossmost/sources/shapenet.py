"""ShapeNet-55 as ULIP and Point-BERT publish it: a cloud per model, and renders of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from PIL import Image
from pydantic import Field

from crossmost.errors import CrossmostError
from crossmost.shards import fingerprint
from crossmost.sources.base import PointCloud, PublishedSplit, RawObject, Source
from crossmost.sources.class_lists import class_words
from crossmost.sources.cloud_files import read_cloud_file
from crossmost.sources.file_tree import visible
from crossmost.sources.frames import Frame
from crossmost.sources.layouts import PublishedSettings, file_sha256, find_layout, missing_data, spread_evenly
from crossmost.sources.object_ids import UniqueIds, slug
from crossmost.sources.pictures import read_picture

SYNSETS = {
    "02691156": "airplane", "02747177": "trash can", "02773838": "bag", "02801938": "basket", "02808440": "bathtub",
    "02818832": "bed", "02828884": "bench", "02843684": "birdhouse", "02871439": "bookshelf", "02876657": "bottle",
    "02880940": "bowl", "02924116": "bus", "02933112": "cabinet", "02942699": "camera", "02946921": "can",
    "02954340": "cap", "02958343": "car", "02992529": "cellular telephone", "03001627": "chair", "03046257": "clock",
    "03085013": "computer keyboard", "03207941": "dishwasher", "03211117": "display", "03261776": "earphone",
    "03325088": "faucet", "03337140": "file cabinet", "03467517": "guitar", "03513137": "helmet", "03593526": "jar",
    "03624134": "knife", "03636649": "lamp", "03642806": "laptop", "03691459": "loudspeaker", "03710193": "mailbox",
    "03759954": "microphone", "03761084": "microwave", "03790512": "motorcycle", "03797390": "mug",
    "03928116": "piano", "03938244": "pillow", "03948459": "pistol", "03991062": "flowerpot", "04004475": "printer",
    "04074963": "remote control", "04090263": "rifle", "04099429": "rocket", "04225987": "skateboard",
    "04256520": "sofa", "04330267": "stove", "04379243": "table", "04401088": "telephone", "04460130": "tower",
    "04468005": "train", "04530566": "watercraft", "04554684": "washing machine",
}  # fmt: skip
"""The 55 categories of ShapeNetCore, for folders without taxonomy.json."""
SPLITS: dict[str, PublishedSplit] = {"train": "adapt", "test": "test"}
RENDER_FOLDERS = ("rendered_images", "only_rgb_depth_images")


class ShapeNetSettings(PublishedSettings):
    """ShapeNet-55: clouds and, if they are there, published renders."""

    code: ClassVar = (
        "crossmost.sources.cloud_files",
        "crossmost.sources.layouts",
        "crossmost.sources.shapenet",
    )

    kind: Literal["shapenet"] = Field(description="Names this kind of source.")
    pictures: int = Field(default=12, ge=1, le=30, description="Renders taken of each object, evenly around it.")

    def open(self, folder: Path) -> Source:
        """The clouds in `shapenet_pc`."""
        return ShapeNetSource(folder, self.frame(Frame("y", "-z")), self.pictures)


@dataclass(frozen=True)
class ShapeNetObject(RawObject):
    """A cloud with its renders.

    Args:
        path: The `.npy` file.
        renders: Pictures of it, in order of their angle.
    """

    path: Path
    renders: tuple[Path, ...]

    def load(self) -> PointCloud:
        """The cloud.

        Raises:
            UnreadableObjectError: if it is broken.
        """
        return read_cloud_file(self.path)

    def pictures(self) -> Sequence[Image.Image]:
        """The published renders.

        Raises:
            UnreadableObjectError: if one of them is broken.
        """
        return [read_picture(path) for path in self.renders]


class ShapeNetSource:
    """All clouds of ShapeNet-55.

    Args:
        folder: The raw folder; `shapenet_pc` may be there or in a sub-folder.
        frame: Of the clouds.
        n_pictures: Renders taken of each object.

    Raises:
        MissingInputError: if the clouds are missing.
    """

    def __init__(self, folder: Path, frame: Frame, n_pictures: int) -> None:
        root = find_layout(folder, lambda place: (place / "shapenet_pc").is_dir())
        if root is None:
            raise missing_data(
                "ShapeNet-55",
                folder,
                "shapenet_pc/SYNSET-MODEL.npy (52,470 clouds of 8,192 points, about 5 GB) and, as far as you have "
                "them, train.txt and test.txt (a file name a line), taxonomy.json and the renders "
                "rendered_images/SYNSET-MODEL/SYNSET-MODEL_r_000.png … _r_348.png, from the ULIP or Point-BERT "
                "releases",
            )
        self.root, self.frame, self.n_pictures = root, frame, n_pictures
        self.names = self._names()
        self._splits = self._published_splits()
        self._files = self._listed_files()
        present = {path.stem.partition("-")[0] for path, _ in self._files}
        unknown = sorted(present - set(self.names))
        if unknown:
            raise CrossmostError(f"{root} has clouds of the synsets {', '.join(unknown[:5])}, whose names are unknown")
        self.synsets = sorted(present)

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the synsets that are there, in order of their numbers."""
        return tuple(self.names[synset] for synset in self.synsets)

    def objects(self) -> Iterator[ShapeNetObject]:
        """Objects in the order of the lists, or of their files where there are no lists."""
        ids = UniqueIds(as_published=True)
        for path, side in self._files:
            renders = tuple(spread_evenly(self._renders(path.stem), self.n_pictures))
            sizes = [(render.name, render.stat().st_size) for render in renders]
            digest = file_sha256(path)
            yield ShapeNetObject(
                object_id=ids.take(slug(path.stem), path.name),
                source="shapenet55",
                sha256=fingerprint(digest, sizes) if sizes else digest,
                class_name=self.names[path.stem.partition("-")[0]],
                captions=(),
                credit="",
                path=path,
                renders=renders,
                frame=self.frame,
                published_split=side,
            )

    def _names(self) -> dict[str, str]:
        taxonomy = self.root / "taxonomy.json"
        if not taxonomy.is_file():
            return SYNSETS
        try:
            entries = json.loads(taxonomy.read_text(encoding="utf-8"))
            return {entry["synsetId"]: class_words(entry["name"].split(",")[0]) for entry in entries}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise CrossmostError(f"{taxonomy} is no list of synsetId and name ({error}); fetch it again") from error

    def _published_splits(self) -> dict[str, PublishedSplit]:
        """File name → side, from the lists beside the clouds or in ShapeNet-55/; empty without lists."""
        places = (self.root, self.root / "ShapeNet-55")
        listings = {
            split: next((p / f"{split}.txt" for p in places if (p / f"{split}.txt").is_file()), None)
            for split in SPLITS
        }
        return {
            line.strip(): side
            for split, side in SPLITS.items()
            if (listing := listings[split]) is not None
            for line in listing.read_text(encoding="utf-8").splitlines()
            if line.strip()
        }

    def _listed_files(self) -> list[tuple[Path, PublishedSplit | None]]:
        clouds = self.root / "shapenet_pc"
        if not self._splits:
            return [(path, None) for path in sorted(visible(clouds.glob("*.npy")))]
        return [(clouds / name, side) for name, side in self._splits.items() if (clouds / name).is_file()]

    def _renders(self, stem: str) -> list[Path]:
        for name in RENDER_FOLDERS:
            for place, pattern in ((self.root / name / stem, "*_r_*.png"), (self.root / name, f"{stem}_r_*.png")):
                found = (
                    [path for path in sorted(visible(place.glob(pattern))) if "_depth" not in path.name]
                    if place.is_dir()
                    else []
                )
                if found:
                    return found
        return []
