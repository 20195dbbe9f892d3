"""Samples that shards take over from the shards which they replace.

An object that comes or goes moves all objects after it: every later shard has to be written again, though hardly any
object in them has changed. Shards that hold unchanged samples are put away into a hidden folder of the store until
those samples lie in new shards; after a killed run they lie there still, and the next one finds them.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from crossmost.errors import CrossmostError
from crossmost.shards.archive import Sample, read_sample
from crossmost.shards.fingerprint import fingerprint
from crossmost.shards.sidecars import is_whole, read_sidecar, sample_digests, samples_made_from, write_atomically

REPLACED_NAME = ".replaced"
"""The hidden folder."""


class WorkItem(Protocol):
    """What a worker needs to make one sample; picklable and small."""

    @property
    def key(self) -> str:
        """The object id."""

    @property
    def fingerprint(self) -> str:
        """Changes when the item's input bytes change."""


@dataclass(frozen=True, slots=True)
class MadeSample:
    """Where a sample that need not be made again lies; small and picklable.

    Args:
        key: Its object.
        shard: A shard that was put away.
        sha256: Its digest, see `Sample.digest`.
    """

    key: str
    shard: Path
    sha256: str

    def load(self) -> Sample | None:
        """The sample as it was made, or None if its shard is damaged or gone."""
        try:
            sample = read_sample(self.shard, self.key)
        except (CrossmostError, OSError, ValueError, OverflowError):  # the last two: of numbers in a damaged header
            return None
        return sample if sample.digest() == self.sha256 else None


class ReplacedShards:
    """Shards of a store that were put away because new ones need samples of them.

    Args:
        root: The folder of the store.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / REPLACED_NAME
        self._needed_by: dict[Path, set[str]] = {}

    def put_away(
        self, pending: Mapping[str, Sequence[WorkItem]], finished: Collection[str], settings: str
    ) -> dict[str, dict[str, MadeSample]]:
        """Put away every shard with samples that are needed again, and remove those put away before that are not.

        A run that is killed at any point of it loses no sample.

        Args:
            pending: Shard name → items, of the shards to be made.
            finished: Names of the shards that stay as they are.
            settings: Fingerprint that a sample's settings must have.

        Returns:
            Shard name → object → its sample, for each pending shard.
        """
        wanted = {item.key: (name, item.fingerprint) for name, items in pending.items() for item in items}
        found: dict[str, dict[str, MadeSample]] = {name: {} for name in pending}
        for folder, stem, sidecar in list(self._candidates(finished)) if wanted else []:
            items, digests = samples_made_from(sidecar, settings), sample_digests(sidecar)
            keys = [key for key, item in items.items() if key in wanted and wanted[key][1] == item]
            keys = [key for key in keys if key not in found[wanted[key][0]]]
            if not keys:
                continue
            shard = self._put_away(folder, stem, sidecar)
            for key in keys:
                found[wanted[key][0]][key] = MadeSample(key, shard, digests[key])
            self._needed_by[shard] = {wanted[key][0] for key in keys}
        for path in self.folder.glob("*") if self._needed_by else []:
            if path.with_suffix(".tar") not in self._needed_by:
                path.unlink()
        if not self._needed_by:
            self.clear()
        return found

    def _candidates(self, finished: Collection[str]) -> Iterator[tuple[Path, str, dict[str, Any]]]:
        """Folder, name and sidecar of the shards that are there and will not stay."""
        for folder in (self.folder, self.root):
            for path in sorted(folder.glob("*.json")):
                sidecar = None if folder == self.root and path.stem in finished else read_sidecar(folder, path.stem)
                if sidecar is not None and is_whole(folder, path.stem, sidecar):
                    yield folder, path.stem, sidecar

    def _put_away(self, folder: Path, stem: str, sidecar: dict[str, Any]) -> Path:
        tar = folder / f"{stem}.tar"
        if folder == self.folder:
            return tar
        self.folder.mkdir(exist_ok=True)
        # Named by its content: several runs that were killed may each have put away a shard of the same name. The
        # sidecar is there before the tar comes, and the old one goes last: at no point is a tar without one.
        name = fingerprint(sidecar)
        write_atomically(self.folder / f"{name}.json", json.dumps(sidecar, indent=1))
        tar.replace(self.folder / f"{name}.tar")
        (folder / f"{stem}.json").unlink()
        return self.folder / f"{name}.tar"

    def release(self, made: str) -> None:
        """Remove the shards that no other shard needs, now that this one is made."""
        for shard, names in list(self._needed_by.items()):
            names.discard(made)
            if not names:
                del self._needed_by[shard]
                shard.with_suffix(".json").unlink(missing_ok=True)
                shard.unlink(missing_ok=True)

    def clear(self) -> None:
        """Remove the folder with all that is still in it."""
        if self.folder.exists():
            shutil.rmtree(self.folder)
