"""The same shards from the workers of a Dask cluster, even if one of them dies."""

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from distributed import LocalCluster

from crossmost.errors import CrossmostError, UnreadableObjectError
from crossmost.shards import Sample, ShardWork, chunk_into_shards


@dataclass(frozen=True)
class Item:
    key: str
    fingerprint: str = "1"


@dataclass(frozen=True)
class Worker:
    """Makes a sample; kills its own process the first time that it sees one of the fatal keys."""

    marks: Path
    fatal: tuple[str, ...] = ()
    always_fatal: str = ""

    def __call__(self, item: Item) -> Sample:
        mark = self.marks / item.key
        if item.key == self.always_fatal or (item.key in self.fatal and not mark.exists()):
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if item.key == "broken":
            raise UnreadableObjectError("no triangles")
        if item.key == "no-gl":
            raise CrossmostError("there is no OpenGL")
        return Sample(item.key, {"json": item.key.encode()})


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as running:
        yield running


def work(worker: Worker, *keys: str, cluster: str | None) -> ShardWork:
    jobs = chunk_into_shards([Item(key) for key in keys], "part", 2)
    return ShardWork(jobs, worker, "0", "testing", n_jobs=1, cluster=cluster)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


KEYS = ("a", "b", "c", "broken", "e", "f", "g")


def test_a_cluster_makes_the_same_bytes(tmp_path: Path, cluster: LocalCluster) -> None:
    worker = Worker(tmp_path)
    work(worker, *KEYS, cluster=None).write(tmp_path / "here")
    store = work(worker, *KEYS, cluster=cluster.scheduler_address).write(tmp_path / "there")
    assert contents(tmp_path / "here") == contents(tmp_path / "there")
    assert store.quarantine()["object_id"].tolist() == ["broken"]


def test_a_worker_that_is_killed_within_a_shard_loses_nothing(tmp_path: Path, cluster: LocalCluster) -> None:
    worker = Worker(tmp_path, fatal=("b", "g"))
    store = work(worker, *KEYS, cluster=cluster.scheduler_address).write(tmp_path / "store")
    assert store.object_ids() == ["a", "b", "c", "e", "f", "g"]
    assert (tmp_path / "b").exists() and (tmp_path / "g").exists()
    work(Worker(tmp_path), *KEYS, cluster=None).write(tmp_path / "here")
    assert contents(tmp_path / "here") == contents(tmp_path / "store")


def test_a_cluster_takes_unchanged_samples_over(tmp_path: Path, cluster: LocalCluster) -> None:
    work(Worker(tmp_path), *KEYS, cluster=None).write(tmp_path / "store")
    work(Worker(tmp_path, always_fatal="a"), "0", *KEYS, cluster=cluster.scheduler_address).write(tmp_path / "store")
    work(Worker(tmp_path), "0", *KEYS, cluster=None).write(tmp_path / "here")
    assert contents(tmp_path / "here") == contents(tmp_path / "store")


def test_an_object_that_kills_every_worker_is_named(tmp_path: Path, cluster: LocalCluster) -> None:
    with pytest.raises(CrossmostError, match=r"A worker process died \(testing\) while it worked on .*object c"):
        work(Worker(tmp_path, always_fatal="c"), *KEYS, cluster=cluster.scheduler_address).write(tmp_path / "store")
    rest = work(Worker(tmp_path), *KEYS, cluster=None).write(tmp_path / "store")
    assert len(rest) == 6


def test_errors_of_the_surroundings_come_through(tmp_path: Path, cluster: LocalCluster) -> None:
    with pytest.raises(CrossmostError, match="there is no OpenGL"):
        work(Worker(tmp_path), "a", "no-gl", cluster=cluster.scheduler_address).write(tmp_path / "store")


def test_clusters_that_cannot_do_it_are_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crossmost.shards.cluster.WAIT_SECONDS", 0.5)
    with pytest.raises(CrossmostError, match=r"no Dask scheduler at tcp://127\.0\.0\.1:1 .*set cluster to null"):
        work(Worker(tmp_path), "a", cluster="tcp://127.0.0.1:1").write(tmp_path / "store")
    shared = LocalCluster(n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None)
    with shared, pytest.raises(CrossmostError, match=r"has a worker of 2 threads.*--nthreads 1"):
        work(Worker(tmp_path), "a", cluster=shared.scheduler_address).write(tmp_path / "store")
    empty = LocalCluster(n_workers=0, dashboard_address=None)
    with empty, pytest.raises(CrossmostError, match="has no workers"):
        work(Worker(tmp_path), "a", cluster=empty.scheduler_address).write(tmp_path / "store")
