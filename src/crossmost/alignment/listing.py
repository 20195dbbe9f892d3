"""Triplets in a list: a JSON, JSON Lines or CSV file that names each object's file, captions and pictures."""

from __future__ import annotations

import csv
import json
import logging
import os
from collections.abc import Iterator, Sequence
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
from crossmost.sources.references import is_inside

logger = logging.getLogger(__name__)

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
        """One triplet per file with what all its entries say; files that are not there are quarantined later."""
        listing = given_path(self.path, "a list of triplets")
        if not listing.is_file():
            raise MissingInputError(f"There is no file {listing} (alignment.source.path)")
        root = self.root or listing.parent
        ids, digests, frame = UniqueIds(), FileDigests(), Frame(self.up, self.front)
        entries = read_list(listing)
        rows_of = _rows_of_files(entries, root)
        if len(rows_of) < len(entries):
            logger.info(
                "%d entries of %s name %d objects: those of one file are one", len(entries), listing, len(rows_of)
            )
        found = []
        for path, rows in track(rows_of.items(), "listing objects", len(rows_of), "objects"):
            file = rows[0].file.as_posix()
            own_root = root if is_inside(path, root) else path.parent
            raw = FileObject(
                object_id=ids.take(rows[0].file.with_suffix("").as_posix(), file),
                source=readable(file),
                sha256=digests.of(path, own_root),
                class_name=None,
                captions=(),
                credit="",
                path=path,
                root=own_root,
                frame=frame,
            )
            captions = [caption for row in rows for caption in row.captions]
            pictures = [root / picture for row in rows for picture in row.pictures]
            found.append(self._triplet(raw, captions, list(dict.fromkeys(pictures))))
        if not any(triplet.captions for triplet in found):
            raise CrossmostError(f"No entry of {listing} has a caption under the key `captions`")
        if not any((root / entry.file).is_file() for entry in entries):
            raise MissingInputError(
                f"None of the {len(found)} objects that {listing} names is there, e.g. {root / entries[0].file}; "
                "set alignment.source.root to the folder that its paths start from"
            )
        return found


def _rows_of_files(entries: Sequence[ListedTriplet], root: Path) -> dict[Path, list[ListedTriplet]]:
    """Entries by the file that they name, in order; lists often have a row for each caption or picture."""
    rows: dict[str, list[ListedTriplet]] = {}
    for entry in entries:
        rows.setdefault(os.path.normpath((root / entry.file).absolute()), []).append(entry)
    return {root / of_file[0].file: of_file for of_file in rows.values()}


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
