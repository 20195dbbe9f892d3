"""Making one shard, in a worker process."""

from __future__ import annotations

import errno
import hashlib
import json
import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crossmost.errors import CrossmostError, UnreadableObjectError
from crossmost.shards.archive import Sample, write_shard
from crossmost.shards.reuse import MadeSample, WorkItem
from crossmost.shards.sidecars import write_atomically

_initialised: set[bytes] = set()  # which worker_init calls this process has made


@dataclass(frozen=True)
class ShardTask:
    """All that it takes to make one shard; picklable. See `ShardWork` for what is not explained here.

    Args:
        root: The folder of the store.
        name: The shard's.
        items: In the order they shall be stored.
        made: Object → its sample, of those that need not be made again.
        fingerprint: Of the shard, for its sidecar.
        settings: Fingerprint of the settings, for its sidecar.
    """

    root: Path
    name: str
    items: Sequence[WorkItem]
    made: Mapping[str, MadeSample]
    worker: Callable[[Any], Sample]
    worker_init: Callable[[], object] | None
    fingerprint: str
    settings: str
    stage: str


def make_shard(task: ShardTask) -> tuple[str, int]:
    """Make one shard and its sidecar; returns its name and how many of its items were made, not taken over."""
    tar, sidecar = task.root / f"{task.name}.tar", task.root / f"{task.name}.json"
    busy = task.root / f".{task.name}.busy"
    stored: dict[str, dict[str, str]] = {}
    quarantine: list[dict[str, str]] = []
    n_made = 0

    def samples() -> Iterator[Sample]:
        nonlocal n_made
        for item in task.items:
            sample = task.made[item.key].load() if item.key in task.made else None
            if sample is None:
                n_made += 1
                _initialise(task.worker_init)
                busy.write_text(item.key)
                try:
                    sample = _make_sample(task, item)
                except UnreadableObjectError as error:
                    quarantine.append({"object_id": item.key, "reason": str(error)})
                    continue
            stored[item.key] = {"item": item.fingerprint, "sha256": sample.digest()}
            yield sample

    # The old sidecar goes first: a crash must never leave it beside a newer tar.
    sidecar.unlink(missing_ok=True)
    tar.unlink(missing_ok=True)
    try:
        write_shard(tar, samples())
        content = {
            "fingerprint": task.fingerprint,
            "settings": task.settings,
            "stage": task.stage,
            "objects": list(stored),
            "samples": stored,
            "quarantine": quarantine,
            "bytes": tar.stat().st_size,
            "sha256": _sha256(tar),
        }
        write_atomically(sidecar, json.dumps(content, indent=1))
    finally:
        busy.unlink(missing_ok=True)
    return task.name, n_made


def _make_sample(task: ShardTask, item: WorkItem) -> Sample:
    """What the worker makes of the item; whatever is wrong with the object alone is an `UnreadableObjectError`."""
    try:
        sample = task.worker(item)
    except CrossmostError:
        raise
    except Exception as error:  # the one place where no error of a single object may stop the run
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise UnreadableObjectError(f"{type(error).__name__}: {error}") from error
    if sample.key != item.key:
        raise CrossmostError(f"The worker made {sample.key!r} from {item.key!r} ({task.stage}); keys must agree")
    return sample


def _initialise(worker_init: Callable[[], object] | None) -> None:
    """Call it unless this process has."""
    if worker_init is not None:
        token = pickle.dumps(worker_init)
        if token not in _initialised:
            worker_init()
            _initialised.add(token)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
