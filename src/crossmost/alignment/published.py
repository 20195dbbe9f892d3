"""Triplets in the layouts of ULIP (ShapeNet-55) and OpenShape (Objaverse, ShapeNet and others)."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from crossmost.alignment.triplets import Triplet, TripletSource, given_path
from crossmost.errors import CrossmostError, MissingInputError, UnreadableObjectError
from crossmost.shards import fingerprint
from crossmost.sources.base import GivenPath
from crossmost.sources.frames import Axis, Frame
from crossmost.sources.layouts import file_sha256
from crossmost.sources.object_ids import UniqueIds
from crossmost.sources.openshape import PackedCloud
from crossmost.sources.pickles import read_pickled_npy
from crossmost.sources.shapenet import ShapeNetObject, ShapeNetSource

logger = logging.getLogger(__name__)

Text = Literal["text", "blip_caption", "msft_caption", "retrieval_text"]


class ShapeNetTriplets(TripletSource):
    """ShapeNet-55 as ULIP publishes it: clouds, renders, and the names of a synset as captions."""

    kind: Literal["shapenet"] = Field(description="Names this kind of source.")
    path: GivenPath | None = Field(
        default=None, description="Folder with shapenet_pc, taxonomy.json, rendered_images and lists; must be given."
    )
    only_train: bool = Field(
        default=True, description="Leave out the objects of test.txt, if there is one; it is not learned from."
    )
    up: Axis | None = Field(
        default=None, description="The axis that points up in the files; null: the one the data set is published with."
    )

    def triplets(self) -> list[Triplet]:
        """One triplet per cloud; all names that the taxonomy has for its synset are its captions."""
        folder = given_path(self.path, "the folder of ShapeNet-55 triplets")
        frame = Frame("y", "-z") if self.up is None else Frame(self.up)
        source = ShapeNetSource(folder, frame, self.n_pictures)
        names = _synset_names(source)
        found = [
            self._triplet(raw, names[raw.path.stem.partition("-")[0]], raw.renders)
            for raw in source.objects()
            if isinstance(raw, ShapeNetObject) and not (self.only_train and raw.published_split == "test")
        ]
        if not found:
            raise MissingInputError(f"{folder} has no cloud of train.txt; set alignment.source.only_train=false")
        return found


class OpenShapeTriplets(TripletSource):
    """Training triplets of OpenShape: pickled clouds with color and texts, named by a list.

    The image features stored in them belong to one CLIP model and are not used: pictures are drawn from the clouds.
    """

    kind: Literal["openshape"] = Field(description="Names this kind of source.")
    path: GivenPath | None = Field(
        default=None,
        description=(
            "The list, e.g. meta_data/split/train_all.json: entries with id, group and data_path. Must be given."
        ),
    )
    root: GivenPath | None = Field(
        default=None, description="Folder with DATASET/GROUP/ID.npy; null: looked for beside the list and above it."
    )
    texts: tuple[Text, ...] = Field(
        default=("text", "blip_caption", "msft_caption", "retrieval_text"),
        min_length=1,
        description="Which texts of an object become captions.",
    )
    up: Axis = Field(default="y", description="The axis that points up in the files.")

    def triplets(self) -> list[Triplet]:
        """One triplet per entry; nothing is unpickled."""
        listing = given_path(self.path, "a list of OpenShape triplets")
        if not listing.is_file():
            raise MissingInputError(f"There is no file {listing} (alignment.source.path)")
        roots = [self.root] if self.root is not None else list(listing.absolute().parents)[:4]
        ids, frame, found, n_present = UniqueIds(), Frame(self.up), [], 0
        for number, entry in enumerate(_entries(listing), start=1):
            identity = str(entry.get("id", entry.get("uid", "")))
            path = _cloud_file(entry, identity, roots, f"Entry {number} of {listing}")
            raw = PackedCloud(
                object_id=ids.take(identity, str(entry.get("data_path", identity))),
                source=f"openshape/{entry.get('dataset', 'Objaverse')}/{entry.get('group', '')}",
                sha256=file_sha256(path) if path.is_file() else fingerprint("absent", identity),
                class_name=None,
                captions=(),
                credit="",
                path=path,
                frame=frame,
            )
            found.append(self._triplet(raw, self._captions(path), ()))
            n_present += path.is_file()
        if not n_present:
            raise MissingInputError(
                f"None of the {len(found)} clouds that {listing} names is there; set alignment.source.root to the "
                "folder with Objaverse/GROUP/ID.npy"
            )
        if not any(triplet.captions for triplet in found):
            raise CrossmostError(f"No cloud that {listing} names has one of the texts {', '.join(self.texts)}")
        return found

    def _captions(self, path: Path) -> list[str]:
        """Texts of a cloud's file; none if it cannot be read, which is reported when the cloud is."""
        try:
            content = read_pickled_npy(path) if path.is_file() else None
        except UnreadableObjectError:
            return []
        if not isinstance(content, dict):
            return []
        values = [content.get(key) for key in self.texts]
        return [text for value in values for text in (value if isinstance(value, list | tuple) else [value])
                if isinstance(text, str)]  # fmt: skip


def _synset_names(source: ShapeNetSource) -> dict[str, list[str]]:
    """Synset → all names that taxonomy.json has for it; without that file the one name that is known."""
    names = {synset: [name] for synset, name in source.names.items()}
    taxonomy = source.root / "taxonomy.json"
    if taxonomy.is_file():  # the source has read it, so it is in order
        entries = json.loads(taxonomy.read_text(encoding="utf-8"))
        names |= {entry["synsetId"]: entry["name"].replace("_", " ").split(",") for entry in entries}
    return names


def _entries(listing: Path) -> Iterator[dict[str, Any]]:
    try:
        content = json.loads(listing.read_text(encoding="utf-8"))
    except ValueError as error:
        raise CrossmostError(f"{listing} is no JSON ({error})") from error
    if not isinstance(content, list) or not content:
        raise CrossmostError(f"{listing} is no list of objects")
    for number, entry in enumerate(content, start=1):
        if not isinstance(entry, dict) or not ("id" in entry or "uid" in entry):
            raise CrossmostError(f"Entry {number} of {listing} has no `id`")
        yield entry


def _cloud_file(entry: dict[str, Any], identity: str, roots: list[Path], where: str) -> Path:
    """The cloud's file: the list has paths of its authors' machine, of which the end is right."""
    stated = Path(str(entry.get("data_path", f"{entry.get('group', '')}/{identity}.npy")))
    name, group, dataset = f"{identity}.npy", str(entry.get("group", "")), str(entry.get("dataset", "Objaverse"))
    if any(Path(part).name != part for part in (name, group, dataset) if part):
        raise CrossmostError(f"{where} names {identity!r} in {dataset!r} and {group!r}, which are no file names")
    candidates = [stated] + [root / dataset / group / name for root in roots] + [root / group / name for root in roots]
    return next((path for path in candidates if path.is_file()), candidates[1])
