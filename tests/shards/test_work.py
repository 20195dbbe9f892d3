import errno
import os
import signal
import subprocess
import sys
import tarfile
import textwrap
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from crossmost.errors import CrossmostError, MissingInputError, UnreadableObjectError
from crossmost.shards import Sample, ShardStore, ShardWork, chunk_into_shards


@dataclass(frozen=True)
class Item:
    key: str
    fingerprint: str = "1"


@dataclass(frozen=True)
class Recorder:
    """A worker that notes each call as a file, and misbehaves as told."""

    calls: Path
    broken: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()
    fatal: tuple[str, ...] = ()

    def __call__(self, item: Item) -> Sample:
        (self.calls / f"{item.key}-{time.time_ns()}").touch()
        if item.key in self.broken:
            raise UnreadableObjectError("no triangles")
        if item.key in self.unexpected:
            raise ZeroDivisionError("oops")
        if item.key in self.fatal:
            os.kill(os.getpid(), signal.SIGSEGV)
        return Sample(item.key, {"json": item.fingerprint.encode()})

    def taken(self) -> list[str]:
        keys = sorted(path.name.rsplit("-", 1)[0] for path in self.calls.iterdir())
        for path in self.calls.iterdir():
            path.unlink()
        return keys


@pytest.fixture
def recorder(tmp_path: Path) -> Recorder:
    (tmp_path / "calls").mkdir()
    return Recorder(tmp_path / "calls")


def make_work(
    worker: Callable[[Any], Sample], items: Iterable[Item | str] = "abcdef", n_jobs: int = 1, **changes: Any
) -> ShardWork:
    jobs = chunk_into_shards([item if isinstance(item, Item) else Item(item) for item in items], "s", per_shard=2)
    return ShardWork(jobs, worker, changes.pop("settings_fingerprint", "s"), "testing", n_jobs, **changes)


def test_objects_are_stored_in_order(tmp_path: Path, recorder: Recorder) -> None:
    store = make_work(recorder).write(tmp_path / "store")
    assert store.object_ids() == list("abcdef") == [sample.key for sample in store]
    assert len(store) == 6 and len(store.shard_paths) == 3
    assert store.quarantine().empty
    assert [reference.load().key for references in store.references().values() for reference in references] == list(
        "abcdef"
    )


def test_a_second_run_does_nothing(tmp_path: Path, recorder: Recorder) -> None:
    first = make_work(recorder).write(tmp_path / "store")
    recorder.taken()
    second = make_work(recorder).write(tmp_path / "store")
    assert recorder.taken() == []
    assert second.fingerprint == first.fingerprint


def test_only_what_changed_is_made_again(tmp_path: Path, recorder: Recorder) -> None:
    make_work(recorder).write(tmp_path / "store")
    recorder.taken()
    store = make_work(recorder, items=["a", "b", Item("c", "2"), "d", "e", "f"]).write(tmp_path / "store")
    assert recorder.taken() == ["c"]
    assert {sample.key: sample.members["json"] for sample in store}["c"] == b"2"
    make_work(recorder, settings_fingerprint="other").write(tmp_path / "store")
    assert recorder.taken() == list("abcdef")


def test_stale_shards_go(tmp_path: Path, recorder: Recorder) -> None:
    make_work(recorder).write(tmp_path / "store")
    store = make_work(recorder, items="ab").write(tmp_path / "store")
    assert store.object_ids() == ["a", "b"]
    assert sorted(path.name for path in store.root.iterdir()) == [
        "_store.json",
        "s-00000.json",
        "s-00000.tar",
    ]


def test_a_damaged_shard_is_made_again(tmp_path: Path, recorder: Recorder) -> None:
    store = make_work(recorder).write(tmp_path / "store")
    recorder.taken()
    store.shard_paths[1].write_bytes(b"cut")
    make_work(recorder).write(tmp_path / "store")
    assert recorder.taken() == ["c", "d"]


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_one_bad_object_is_quarantined_with_its_reason(tmp_path: Path, recorder: Recorder, n_jobs: int) -> None:
    worker = replace(recorder, broken=("b",), unexpected=("c",))
    store = make_work(worker, n_jobs=n_jobs).write(tmp_path / "store")
    assert store.object_ids() == list("adef")
    assert store.quarantine().to_dict("records") == [
        {"object_id": "b", "stage": "testing", "reason": "no triangles"},
        {"object_id": "c", "stage": "testing", "reason": "ZeroDivisionError: oops"},
    ]


def test_several_processes_give_the_same_bytes_as_one(tmp_path: Path, recorder: Recorder) -> None:
    one = make_work(recorder).write(tmp_path / "one")
    two = make_work(recorder, n_jobs=2).write(tmp_path / "two")
    assert [path.read_bytes() for path in one.shard_paths] == [path.read_bytes() for path in two.shard_paths]


def test_a_dying_worker_process_names_shard_and_object(tmp_path: Path, recorder: Recorder) -> None:
    with pytest.raises(CrossmostError, match=r"shard s-00001 \(object d\)"):
        make_work(replace(recorder, fatal=("d",)), n_jobs=2).write(tmp_path / "store")
    with pytest.raises(MissingInputError, match="unfinished"):
        ShardStore(tmp_path / "store")
    assert len(make_work(recorder, n_jobs=2).write(tmp_path / "store")) == 6


@dataclass(frozen=True)
class FullDisk:
    def __call__(self, item: Item) -> Sample:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_full_disk_gives_one_clear_message(tmp_path: Path, n_jobs: int) -> None:
    with pytest.raises(CrossmostError, match=r"The disk is full.*finished shards are kept"):
        make_work(FullDisk(), n_jobs=n_jobs).write(tmp_path / "store")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_disk_that_fills_while_writing_leaves_no_shard(
    tmp_path: Path, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def open_full(name: Path, *arguments: Any, **options: Any) -> tarfile.TarFile:
        Path(name).symlink_to("/dev/full")
        return real(name, *arguments, **options)

    real = tarfile.open
    monkeypatch.setattr(tarfile, "open", open_full)
    with pytest.raises(CrossmostError, match="The disk is full"):
        make_work(recorder).write(tmp_path / "store")
    assert list((tmp_path / "store").iterdir()) == []


@dataclass(frozen=True)
class Initialiser:
    calls: Path

    def __call__(self) -> None:
        (self.calls / f"init-{os.getpid()}-{time.time_ns()}").touch()


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_each_process_is_initialised_once(tmp_path: Path, recorder: Recorder, n_jobs: int) -> None:
    (tmp_path / "inits").mkdir()
    make_work(recorder, n_jobs=n_jobs, worker_init=Initialiser(tmp_path / "inits")).write(tmp_path / "store")
    processes = [path.name.split("-")[1] for path in (tmp_path / "inits").iterdir()]
    assert 1 <= len(processes) == len(set(processes)) <= n_jobs


def test_user_facing_errors_of_the_surroundings_stop_the_run(tmp_path: Path) -> None:
    class NoLibrary:
        def __call__(self, item: Item) -> Sample:
            raise MissingInputError("libEGL is missing")

    with pytest.raises(MissingInputError, match="libEGL"):
        make_work(NoLibrary()).write(tmp_path / "store")


def test_repeated_ids_are_refused(recorder: Recorder) -> None:
    with pytest.raises(CrossmostError, match="occurs twice"):
        make_work(recorder, items="abca")


def test_no_objects_give_an_empty_store(tmp_path: Path, recorder: Recorder) -> None:
    assert len(make_work(recorder, items="").write(tmp_path / "store")) == 0


def test_a_missing_folder_is_reported(tmp_path: Path) -> None:
    with pytest.raises(MissingInputError, match="no object store"):
        ShardStore(tmp_path / "absent")


@pytest.mark.parametrize("lost", ["s-00001.json", "_store.json"])
@pytest.mark.parametrize("content", [None, "", "[]", "{}"])
def test_a_store_that_lost_its_lists_is_reported_and_made_again(
    tmp_path: Path, recorder: Recorder, lost: str, content: str | None
) -> None:
    work = make_work(recorder)
    store = work.write(tmp_path / "store")
    expected = store.object_ids()
    if content is None:
        (tmp_path / "store" / lost).unlink()
    else:
        (tmp_path / "store" / lost).write_text(content)
    with pytest.raises(MissingInputError, match="rerun the stage that makes it") as error:
        ShardStore(tmp_path / "store")
    assert "\n" not in str(error.value)
    assert work.write(tmp_path / "store").object_ids() == expected


def test_a_killed_run_keeps_its_finished_shards(tmp_path: Path) -> None:
    script = textwrap.dedent(
        """
        import sys, time
        from dataclasses import dataclass
        from pathlib import Path
        from crossmost.shards import Sample, ShardWork, chunk_into_shards

        @dataclass(frozen=True)
        class Item:
            key: str
            fingerprint: str = "1"

        @dataclass(frozen=True)
        class Worker:
            root: Path
            blocks: bool

            def __call__(self, item):
                if self.blocks and item.key == "d":
                    (self.root / "reached").touch()
                    time.sleep(600)
                (self.root / f"made-{item.key}").touch()
                return Sample(item.key, {"json": b"1"})

        root = Path(sys.argv[1])
        jobs = chunk_into_shards([Item(key) for key in "abcdef"], "s", per_shard=2)
        store = ShardWork(jobs, Worker(root, "blocks" in sys.argv), "s", "testing", 1).write(root / "store")
        print(" ".join(store.object_ids()))
        """
    )
    run = subprocess.Popen([sys.executable, "-c", script, tmp_path, "blocks"])
    deadline = time.monotonic() + 60
    while not (tmp_path / "reached").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    run.send_signal(signal.SIGKILL)
    run.wait()
    assert (tmp_path / "store" / "s-00000.json").exists() and not (tmp_path / "store" / "s-00001.json").exists()
    for path in tmp_path.glob("made-*"):
        path.unlink()

    rerun = subprocess.run(
        [sys.executable, "-c", script, tmp_path, "works"], capture_output=True, text=True, check=True
    )
    assert rerun.stdout.split()[-6:] == list("abcdef")
    assert sorted(path.name for path in tmp_path.glob("made-*")) == ["made-c", "made-d", "made-e", "made-f"]
    assert not [path for path in (tmp_path / "store").iterdir() if path.name.startswith(".")]
