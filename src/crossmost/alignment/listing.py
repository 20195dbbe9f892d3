"""Triplets in a list: a JSON, JSON Lines or CSV file that names each object's file, captions and pictures."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from crossmost.alignment.triplets import Triplet, TripletSource, given_path
from crossmost.errors import CrossmostError, MissingInputError
from crossmost.progress import track
from crossmost.sources.base import GivenPath
from crossmost.sources.file_digests import FileDigests
from crossmost.sources.folder import SUFFIXES, FileObject
from crossmost.sources.frames import Axis, Frame, fitting_axes
from crossmost.sources.object_ids import UniqueIds, readable

SEPARATOR = "|"
"""Between the captions, and between the pictures, of one row of a CSV file."""
_FORMATS = (".json", ".jsonl", ".ndjson", ".csv")


class ListedTriplet(BaseModel):
    """One entry of a list; other keys are left to those who put them there."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    file: Path = Field(alias="object")
    captions: tuple[str, ...] = ()
    pictures: tuple[Path, ...] = ()

    @field_validator("captions", "pictures", mode="before")
    @classmethod
    def _one_or_several(cls, value: object) -> object:
        """A single text is a list of one."""
        if value is None:
            return ()
        return (value,) if isinstance(value, str) else value


class ListTriplets(TripletSource):
    """Triplets named by a file; paths in it are relative to its folder."""

    kind: Literal["list"] = Field(description="Names this kind of source.")
    path: GivenPath | None = Field(
        default=None,
        description=(
            "JSON (a list of objects), JSON Lines or CSV with the keys object (a file), captions and pictures; in CSV "
            "several are separated by |. Must be given."
        ),
    )
    root: GivenPath | None = Field(
        default=None, description="Folder that relative paths in the list start from; null: the list's own."
    )
    up: Axis = Field(default="y", description="The axis that points up in the files.")
    front: Axis | None = Field(
        default=None, description="The axis that fronts face in the files; null: the usual one for that up axis."
    )

    _axes = model_validator(mode="after")(fitting_axes)

    def triplets(self) -> list[Triplet]:
        """One triplet per entry; files that are not there are quarantined later, one by one."""
        listing = given_path(self.path, "a list of triplets")
        if not listing.is_file():
            raise MissingInputError(f"There is no file {listing} (alignment.source.path)")
        root = self.root or listing.parent
        ids, digests, frame = UniqueIds(), FileDigests(), Frame(self.up, self.front)
        entries, found = read_list(listing), []
        for entry in track(entries, "listing objects", len(entries), "entries"):
            path = root / entry.file
            raw = FileObject(
                object_id=ids.take(entry.file.with_suffix("").as_posix(), entry.file.as_posix()),
                source=readable(entry.file.as_posix()),
                sha256=digests.of(path, root),
                class_name=None,
                captions=(),
                credit="",
                path=path,
                root=root,
                frame=frame,
            )
            found.append(self._triplet(raw, entry.captions, [root / picture for picture in entry.pictures]))
        if not any(triplet.captions for triplet in found):
            raise CrossmostError(f"No entry of {listing} has a caption under the key `captions`")
        if not any((root / entry.file).is_file() for entry in entries):
            raise MissingInputError(
                f"None of the {len(found)} objects that {listing} names is there, e.g. {root / entries[0].file}; "
                "set alignment.source.root to the folder that its paths start from"
            )
        return found


def read_list(path: Path) -> list[ListedTriplet]:
    """The entries of a list.

    Raises:
        CrossmostError: if the file is damaged, empty, of another format, or an entry is not as it should be; names
            the entry.
    """
    if path.suffix.lower() not in _FORMATS:
        raise CrossmostError(f"{path} ends in {path.suffix or 'nothing'}; lists that are read: {' '.join(_FORMATS)}")
    entries = []
    try:
        for number, content in enumerate(_raw_entries(path), start=1):
            try:
                entry = ListedTriplet.model_validate(content)
            except ValidationError as error:
                first = error.errors()[0]
                where = ".".join(map(str, first["loc"])) or "the entry"
                raise CrossmostError(f"Entry {number} of {path}: {where}: {first['msg']}") from error
            if entry.file.suffix.lower() not in SUFFIXES:
                raise CrossmostError(
                    f"Entry {number} of {path}: {entry.file} is of no format that is read; these are: "
                    f"{' '.join(SUFFIXES)}"
                )
            entries.append(entry)
    except (ValueError, csv.Error) as error:
        raise CrossmostError(f"{path} cannot be read as {path.suffix[1:].upper()}: {error}") from error
    if not entries:
        raise CrossmostError(f"{path} has no entry")
    return entries


def _raw_entries(path: Path) -> Iterator[Any]:
    suffix = path.suffix.lower()
    with path.open(encoding="utf-8-sig", newline="") as file:
        if suffix == ".json":
            content = json.load(file)
            if not isinstance(content, list):
                raise CrossmostError(f"{path} holds a {type(content).__name__}, expected a list of entries")
            yield from content
        elif suffix == ".csv":
            for row in csv.DictReader(file):
                yield {
                    key: [part.strip() for part in value.split(SEPARATOR) if part.strip()]
                    if key in ("captions", "pictures") and value is not None
                    else value
                    for key, value in row.items()
                    if key is not None
                }
        else:
            yield from (json.loads(line) for line in file if line.strip())
