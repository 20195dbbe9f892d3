"""Filling an object store: incremental, parallel, crash-safe; one bad object never stops it."""

from __future__ import annotations

import errno
import json
import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import joblib
from distributed import KilledWorker
from joblib.externals.loky.process_executor import TerminatedWorkerError

from crossmost.errors import CrossmostError
from crossmost.progress import show_progress
from crossmost.shards.archive import Sample
from crossmost.shards.cluster import run_on_cluster
from crossmost.shards.fingerprint import fingerprint
from crossmost.shards.making import ShardTask, make_shard
from crossmost.shards.reuse import ReplacedShards, WorkItem
from crossmost.shards.sidecars import is_whole, read_sidecar, write_atomically
from crossmost.shards.store import COMPLETE_NAME, ShardStore

logger = logging.getLogger(__name__)

STORE_FORMAT = 1
"""Part of every fingerprint: raise it when the layout of shards changes."""
_SHARD_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")

Item = TypeVar("Item")


def chunk_into_shards(items: Sequence[Item], prefix: str, per_shard: int = 32) -> dict[str, list[Item]]:
    """Shard name (`<prefix>-00000`) → items, in order; at most 256 items a shard.

    Raises:
        CrossmostError: if `per_shard` is not in 1..256.
    """
    if not 1 <= per_shard <= 256:
        raise CrossmostError(f"objects per shard is {per_shard}; allowed: 1 to 256")
    return {
        f"{prefix}-{number:05d}": list(items[start : start + per_shard])
        for number, start in enumerate(range(0, len(items), per_shard))
    }


@dataclass(frozen=True)
class ShardWork:
    """A description of work that fills an object store; `write` does it.

    Args:
        jobs: Shard name → its items, in the order they shall be stored; keys are unique over all shards.
        worker: Picklable; makes one sample (its key: the item's) or raises `UnreadableObjectError(reason)`.
        settings_fingerprint: Changes when the result would, for the same items (settings, code).
        stage: Short text for the progress bar and the quarantine, e.g. "preparing meshes".
        n_jobs: Processes; −1 means one per core. 1 works in the calling process.
        cluster: Address of a Dask scheduler whose workers do it instead; see `run_on_cluster`.
        worker_init: Picklable; called once in each process before the first item it makes (e.g. makes the renderer).
    """

    jobs: Mapping[str, Sequence[WorkItem]]
    worker: Callable[[Any], Sample]
    settings_fingerprint: str
    stage: str
    n_jobs: int = -1
    cluster: str | None = None
    worker_init: Callable[[], object] | None = None

    def __post_init__(self) -> None:
        keys: set[str] = set()
        for name, items in self.jobs.items():
            if not _SHARD_NAME.fullmatch(name):
                raise CrossmostError(f"Shard name {name!r} is not allowed; allowed: {_SHARD_NAME.pattern}")
            for item in items:
                if item.key in keys:
                    raise CrossmostError(f"Object id {item.key!r} occurs twice ({self.stage}); ids must be unique")
                keys.add(item.key)
        if self.n_jobs != -1 and self.n_jobs < 1:
            raise CrossmostError(f"n_jobs is {self.n_jobs}; allowed: -1 (one per core) or 1 and more")

    def shard_fingerprint(self, name: str) -> str:
        """Fingerprint that a finished shard carries in its sidecar."""
        items = [(item.key, item.fingerprint) for item in self.jobs[name]]
        return fingerprint(STORE_FORMAT, self.settings_fingerprint, items)

    def write(self, root: Path | str) -> ShardStore:
        """Bring the folder to what this work describes, keeping every shard that is already right.

        Shards that have to be written again take over the samples whose item and settings are as they were. Objects in
        quarantine are tried again with their shard: the reason may have gone (a library that was missing).

        Raises:
            CrossmostError: on a full disk, when a worker process dies, or what the worker raises as a
                user-facing error other than `UnreadableObjectError` (e.g. no graphics library).
        """
        root = Path(root)
        started = time.perf_counter()
        try:
            root.mkdir(parents=True, exist_ok=True)
            pending = [name for name in self.jobs if not self._is_finished(root, name)]
            if pending:
                (root / COMPLETE_NAME).unlink(missing_ok=True)
            n_made = self._do(root, pending)
            _remove_leftovers(root, set(self.jobs))
            write_atomically(root / COMPLETE_NAME, json.dumps({"shards": list(self.jobs)}))
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            raise CrossmostError(
                f"The disk is full ({self.stage}, writing {root}): free some space or set data_root in "
                "conf/base/globals.yml to another disk, then rerun; finished shards are kept"
            ) from error
        store = ShardStore(root)
        seconds = time.perf_counter() - started
        n_taken = sum(len(items) for items in self.jobs.values()) - n_made
        logger.info(
            "%s: %d objects stored, %d quarantined; %d made now in %.1f s (%.1f objects/s)%s",
            self.stage, len(store), len(store.quarantine()), n_made, seconds, n_made / max(seconds, 1e-9),
            f", {n_taken} taken from before" if n_taken else "",
        )  # fmt: skip
        return store

    def _is_finished(self, root: Path, name: str) -> bool:
        sidecar = read_sidecar(root, name)
        return (
            sidecar is not None
            and sidecar["fingerprint"] == self.shard_fingerprint(name)
            and is_whole(root, name, sidecar)
        )

    def _do(self, root: Path, pending: list[str]) -> int:
        """Make the pending shards; returns the number of objects that were made, not taken over."""
        replaced = ReplacedShards(root)
        settings = fingerprint(STORE_FORMAT, self.settings_fingerprint)
        made = replaced.put_away(
            {name: self.jobs[name] for name in pending}, finished=set(self.jobs).difference(pending), settings=settings
        )
        _remove_leftovers(root, set(self.jobs))
        tasks = [
            ShardTask(
                root, name, self.jobs[name], made[name], self.worker, self.worker_init,
                self.shard_fingerprint(name), settings, self.stage,
            )
            for name in pending
        ]  # fmt: skip
        total = sum(len(items) for items in self.jobs.values())
        kept = total - sum(len(self.jobs[name]) for name in pending)
        n_made = 0
        with show_progress(self.stage, total, "objects", done=kept) as progress:
            try:
                for name, n_made_of_shard in self._made(tasks):
                    replaced.release(name)
                    n_made += n_made_of_shard
                    progress.advance(len(self.jobs[name]))
            except (TerminatedWorkerError, KilledWorker) as error:
                raise CrossmostError(
                    f"A worker process died ({self.stage}) while it worked on {_busy_with(root)}: it ran out "
                    "of memory or a native library crashed. Rerun with fewer processes (n_jobs); if it dies at "
                    "the same object again, take that object out of the raw folder. Finished shards are kept"
                ) from error
        replaced.clear()
        return n_made

    def _made(self, tasks: list[ShardTask]) -> Iterator[tuple[str, int]]:
        """Name of each shard that is done, as they are, and how many of its objects were made."""
        if self.cluster is not None:
            return run_on_cluster(self.cluster, make_shard, [(task,) for task in tasks])
        # A shard is a long task: batches would delay the last ones, a queue would outlive a killed run.
        parallel = joblib.Parallel(self.n_jobs, return_as="generator_unordered", batch_size=1, pre_dispatch="n_jobs")
        made: Iterator[tuple[str, int]] = parallel(joblib.delayed(make_shard)(task) for task in tasks)
        return made


def _remove_leftovers(root: Path, wanted: set[str]) -> None:
    """Remove shards that this work does not describe, and what a killed run left half-done."""
    for path in [*root.glob(".*.partial"), *root.glob(".*.busy")]:
        path.unlink(missing_ok=True)
    for path in root.glob("*.json"):
        if path.stem not in wanted and path.name != COMPLETE_NAME and read_sidecar(root, path.stem) is not None:
            path.unlink()
            path.with_suffix(".tar").unlink(missing_ok=True)


def _busy_with(root: Path) -> str:
    places = sorted(
        f"shard {path.name[1:].removesuffix('.busy')} (object {path.read_text()})" for path in root.glob(".*.busy")
    )
    return " or ".join(places) or f"a shard of {root}"
