"""Reading a folder of shards."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from crossmost.errors import MissingInputError
from crossmost.shards.archive import Sample, member_extensions, read_sample, read_shard
from crossmost.shards.fingerprint import fingerprint
from crossmost.shards.sidecars import read_sidecar, sample_digests

COMPLETE_NAME = "_store.json"
"""Written last: lists the shards of a finished store. A folder without it was left by an interrupted run."""


@dataclass(frozen=True, slots=True)
class SampleReference:
    """A small, picklable pointer to one stored sample: the work item of a stage that reads another's store."""

    key: str
    shard: Path
    fingerprint: str

    def load(self) -> Sample:
        """Read the sample from its shard."""
        return read_sample(self.shard, self.key)


class ShardStore:
    """A finished folder of shards.

    Args:
        root: The folder that `ShardWork.write` filled.

    Raises:
        MissingInputError: if the folder is missing, was left unfinished by an interrupted run, or lost a file.
    """

    def __init__(self, root: Path | str) -> None:
        self.root = Path(root)
        listing = self.root / COMPLETE_NAME
        if not self.root.is_dir():
            raise MissingInputError(f"There is no object store at {self.root}")
        if not listing.is_file():
            raise MissingInputError(
                f"The object store {self.root} is unfinished (an earlier run was interrupted); "
                "rerun the stage that makes it: finished shards are kept"
            )
        self.shard_names = _listed_shards(listing)
        absent = [path.name for path in self.shard_paths if not path.is_file()]
        if absent:
            raise MissingInputError(
                f"The object store {self.root} misses {', '.join(absent[:3])} "
                f"({len(absent)} of {len(self.shard_names)} shards); rerun the stage that makes it"
            )
        self._sidecars = {name: self._sidecar(name) for name in self.shard_names}

    def _sidecar(self, name: str) -> dict[str, Any]:
        sidecar = read_sidecar(self.root, name)
        if sidecar is None:
            raise MissingInputError(
                f"The object store {self.root} misses {name}.json, which says what is in {name}.tar, or it is damaged; "
                "rerun the stage that makes it"
            )
        return sidecar

    @property
    def shard_paths(self) -> list[Path]:
        """The tar files, in stored order."""
        return [self.root / f"{name}.tar" for name in self.shard_names]

    @property
    def fingerprint(self) -> str:
        """Changes when any stored byte changes."""
        return fingerprint([(name, self._sidecars[name]["sha256"]) for name in self.shard_names])

    def object_ids(self) -> list[str]:
        """Ids of the stored (not quarantined) objects, in stored order."""
        return [key for name in self.shard_names for key in self._sidecars[name]["objects"]]

    def references(self) -> dict[str, list[SampleReference]]:
        """Shard name → pointers to its samples: ready-made `ShardWork.jobs` for the next stage.

        Each carries the digest of its own sample: the next stage's work on it stays valid, whatever else changes.
        """
        references = {}
        for name, path in zip(self.shard_names, self.shard_paths, strict=True):
            sidecar = self._sidecars[name]
            digests = sample_digests(sidecar)
            # Shards of older versions have no digests of samples; they are as they were if the whole shard is.
            references[name] = [
                SampleReference(key, path, digests.get(key, sidecar["sha256"])) for key in sidecar["objects"]
            ]
        return references

    def quarantine(self) -> pd.DataFrame:
        """Objects that could not be used: columns object_id, stage, reason."""
        rows = [
            (entry["object_id"], self._sidecars[name]["stage"], entry["reason"])
            for name in self.shard_names
            for entry in self._sidecars[name]["quarantine"]
        ]
        return pd.DataFrame(rows, columns=["object_id", "stage", "reason"]).astype("str")

    def holds(self, extension: str) -> bool:
        """Whether any sample has such a member; only headers are read."""
        return any(extension in member_extensions(path) for path in self.shard_paths)

    def samples(self, *extensions: str) -> Iterator[Sample]:
        """Samples in stored order with these members alone, which takes the time to read no more than them."""
        for path in self.shard_paths:
            yield from read_shard(path, extensions)

    def __len__(self) -> int:
        return sum(len(sidecar["objects"]) for sidecar in self._sidecars.values())

    def __iter__(self) -> Iterator[Sample]:
        for path in self.shard_paths:
            yield from read_shard(path)

    def __repr__(self) -> str:
        return f"ShardStore({str(self.root)!r}, {len(self)} objects in {len(self.shard_names)} shards)"


def _listed_shards(listing: Path) -> list[str]:
    try:
        return [str(name) for name in json.loads(listing.read_text())["shards"]]
    except (ValueError, KeyError, TypeError) as error:
        raise MissingInputError(
            f"{listing} is damaged; rerun the stage that makes it: finished shards are kept"
        ) from error
