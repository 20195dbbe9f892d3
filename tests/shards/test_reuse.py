"""A store brought from one collection to another: the bytes of one made from nothing, and little of the work."""

import json
import logging
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmost.errors import UnreadableObjectError
from crossmost.shards import Sample, SampleReference, ShardStore, ShardWork, chunk_into_shards

MANY = "bcdefghijkl"


@dataclass(frozen=True)
class Item:
    key: str
    fingerprint: str = "1"


@dataclass
class Maker:
    """A worker of this process that remembers what it made."""

    made: list[str] = field(default_factory=list)
    broken: str = ""

    def __call__(self, item: Item) -> Sample:
        self.made.append(item.key)
        if item.key in self.broken or item.fingerprint == "broken":
            raise UnreadableObjectError("no triangles")
        return Sample(item.key, {"json": item.fingerprint.encode(), "points.npy": item.key.encode() * ord(item.key)})


@dataclass
class Drawer:
    """The stage after it: one more member made of each stored sample."""

    made: list[str] = field(default_factory=list)

    def __call__(self, item: SampleReference) -> Sample:
        self.made.append(item.key)
        return Sample(item.key, {"view00.png": item.load().members["json"] * 3})


@dataclass(frozen=True)
class Marker:
    """A worker of other processes: leaves a file for each object that it makes."""

    marks: Path

    def __call__(self, item: Item) -> Sample:
        (self.marks / f"{item.key}-{time.time_ns()}").touch()
        return Maker()(item)


def work(worker: Callable[[Any], Sample], items: Sequence[Item | str], per_shard: int = 3, **more: Any) -> ShardWork:
    jobs = chunk_into_shards([Item(item) if isinstance(item, str) else item for item in items], "s", per_shard)
    options: dict[str, Any] = {"settings_fingerprint": "s", "stage": "testing", "n_jobs": 1}
    return ShardWork(jobs, worker, **(options | more))


def update(root: Path, items: Sequence[Item | str], **more: Any) -> list[str]:
    """Bring the store to these items; returns what was made."""
    maker = Maker()
    work(maker, items, **more).write(root)
    return sorted(maker.made)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file in it, hidden ones included."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def from_nothing(root: Path, items: Sequence[Item | str], **more: Any) -> dict[str, bytes]:
    work(Maker(), items, **more).write(root)
    return contents(root)


EDITS: dict[str, tuple[Sequence[Item | str], list[str]]] = {
    "one more that sorts first": (f"a{MANY}", ["a"]),
    "the first removed": (MANY[1:], []),
    "one removed in the middle": (MANY.replace("f", ""), []),
    "all but a few removed": ("bl", []),
    "one renamed": (f"a{MANY[1:]}", ["a"]),
    "one changed": (["b", "c", Item("d", "2"), *MANY[3:]], ["d"]),
    "another order": (MANY[::-1], []),
    "all of it at once": (["z", *MANY[:5:-1], Item("c", "2"), "y"], ["c", "y", "z"]),
}


@pytest.mark.parametrize("edit", EDITS)
def test_what_did_not_change_is_taken_over(tmp_path: Path, edit: str) -> None:
    items, expected = EDITS[edit]
    update(tmp_path / "store", MANY)
    assert update(tmp_path / "store", items) == expected
    assert contents(tmp_path / "store") == from_nothing(tmp_path / "new", items)
    assert not (tmp_path / "store" / ".replaced").exists()


@pytest.mark.parametrize("edit", EDITS)
def test_the_next_stage_takes_it_over_too(tmp_path: Path, edit: str) -> None:
    items, expected = EDITS[edit]
    drawer = Drawer()

    def draw(meshes: ShardStore, root: Path) -> dict[str, bytes]:
        drawer.made.clear()
        ShardWork(meshes.references(), drawer, "v", "drawing", n_jobs=1).write(root)
        return contents(root)

    draw(work(Maker(), MANY).write(tmp_path / "meshes"), tmp_path / "views")
    views = draw(work(Maker(), items).write(tmp_path / "meshes"), tmp_path / "views")
    assert sorted(drawer.made) == expected
    assert views == draw(work(Maker(), items).write(tmp_path / "new meshes"), tmp_path / "new views")


def test_other_shards_of_the_same_objects_are_no_work(tmp_path: Path) -> None:
    update(tmp_path / "store", MANY, per_shard=3)
    assert update(tmp_path / "store", MANY, per_shard=5) == []
    assert contents(tmp_path / "store") == from_nothing(tmp_path / "new", MANY, per_shard=5)


def test_other_settings_make_everything_again(tmp_path: Path) -> None:
    update(tmp_path / "store", MANY)
    assert update(tmp_path / "store", f"a{MANY}", settings_fingerprint="other") == list(f"a{MANY}")
    assert contents(tmp_path / "store") == from_nothing(tmp_path / "new", f"a{MANY}", settings_fingerprint="other")


def test_several_processes_take_over_too(tmp_path: Path) -> None:
    (tmp_path / "marks").mkdir()
    update(tmp_path / "store", MANY)
    work(Marker(tmp_path / "marks"), f"a{MANY}", n_jobs=2).write(tmp_path / "store")
    assert [path.name[0] for path in (tmp_path / "marks").iterdir()] == ["a"]
    assert contents(tmp_path / "store") == from_nothing(tmp_path / "new", f"a{MANY}")


def refuse() -> None:
    raise AssertionError("there is nothing to render")


def test_processes_are_initialised_only_to_make_something(tmp_path: Path) -> None:
    update(tmp_path / "store", MANY)
    with pytest.raises(AssertionError, match="nothing to render"):
        work(Maker(), f"a{MANY}", worker_init=refuse).write(tmp_path / "store")
    assert len(work(Maker(), MANY[1:], worker_init=refuse).write(tmp_path / "store")) == len(MANY) - 1


@pytest.mark.parametrize(
    ("place", "again"),
    [
        pytest.param(b"b" * ord("b"), ["b"], id="content of one member"),
        pytest.param(b"b.json", ["b", "c", "d"], id="a header, after which the tar cannot be read"),
    ],
)
def test_what_is_damaged_is_made_again(tmp_path: Path, place: bytes, again: list[str]) -> None:
    update(tmp_path / "store", MANY)
    tar = tmp_path / "store" / "s-00000.tar"
    tar.write_bytes(tar.read_bytes().replace(place, b"?" * len(place), 1))
    assert update(tmp_path / "store", f"a{MANY}") == ["a", *again]
    assert contents(tmp_path / "store") == from_nothing(tmp_path / "new", f"a{MANY}")


def test_an_object_in_quarantine_is_tried_again_with_its_shard(tmp_path: Path) -> None:
    work(Maker(broken="ck"), MANY).write(tmp_path / "store")
    maker = Maker(broken="k")
    store = work(maker, f"a{MANY}").write(tmp_path / "store")
    assert sorted(maker.made) == ["a", "c", "k"]
    assert store.quarantine()["object_id"].tolist() == ["k"]
    work(Maker(broken="k"), f"a{MANY}").write(tmp_path / "new")
    assert contents(tmp_path / "store") == contents(tmp_path / "new")


def test_a_store_of_an_older_version_stays_until_something_changes(tmp_path: Path) -> None:
    update(tmp_path / "store", MANY)
    for path in (tmp_path / "store").glob("s-*.json"):
        sidecar = json.loads(path.read_text())
        path.write_text(json.dumps({name: sidecar[name] for name in sidecar if name not in ("samples", "settings")}))
    old = contents(tmp_path / "store")
    references = ShardStore(tmp_path / "store").references()
    for name, shard in references.items():
        assert {reference.fingerprint for reference in shard} == {json.loads(old[f"{name}.json"])["sha256"]}
    assert update(tmp_path / "store", MANY) == [] and contents(tmp_path / "store") == old
    assert update(tmp_path / "store", f"a{MANY}") == list(f"a{MANY}")
    assert update(tmp_path / "store", MANY) == []
    assert contents(tmp_path / "store") == from_nothing(tmp_path / "new", MANY)


def test_the_log_says_how_much_was_taken_over(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    update(tmp_path / "store", MANY)
    assert "11 objects stored, 0 quarantined; 11 made now" in caplog.text and "from before" not in caplog.text
    update(tmp_path / "store", f"a{MANY}")
    assert "12 objects stored, 0 quarantined; 1 made now" in caplog.text and ", 11 taken from before" in caplog.text


def test_old_shards_go_as_soon_as_no_new_one_needs_them(tmp_path: Path) -> None:
    """So that the disk never holds much more than the store."""
    left: list[int] = []

    @dataclass
    class Counter(Maker):
        def __call__(self, item: Item) -> Sample:
            left.append(len(list((tmp_path / "store" / ".replaced").glob("*.tar"))))
            return super().__call__(item)

    update(tmp_path / "store", MANY)
    work(Counter(), [f"{number}" for number in range(3)] + [*MANY, "m", "n", "o"]).write(tmp_path / "store")
    assert left == [4, 4, 4, 1, 0, 0]


class Killed(BaseException):
    """Stands for SIGKILL: from then on the process does nothing any more, not even clean up."""


class Killer:
    """Kills a run before the nth step that changes which files there are."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, after: int) -> None:
        self.steps, self.after = 0, after
        for owner, name in [(Path, "replace"), (Path, "unlink"), (Path, "write_text"), (Path, "mkdir")]:
            monkeypatch.setattr(owner, name, self._guarded(getattr(owner, name)))
        monkeypatch.setattr(shutil, "rmtree", self._guarded(shutil.rmtree))

    def _guarded(self, step: Callable[..., Any]) -> Callable[..., Any]:
        def guarded(*arguments: Any, **options: Any) -> Any:
            self.steps += 1
            if self.steps > self.after:
                raise Killed
            return step(*arguments, **options)

        return guarded


def test_a_run_killed_anywhere_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    items = ["a", *MANY[:3], Item("e", "2"), *MANY[4:9]]
    update(tmp_path / "old", MANY)
    expected = from_nothing(tmp_path / "new", items)
    for steps in range(1000):
        root = tmp_path / f"store-{steps}"
        shutil.copytree(tmp_path / "old", root)
        killed = Maker()
        with monkeypatch.context() as patch:
            Killer(patch, after=steps)
            try:
                work(killed, items).write(root)
                break
            except Killed:
                pass
        if steps % 2:  # and another one, which was to do something else
            with monkeypatch.context() as patch:
                Killer(patch, after=steps // 2)
                with pytest.raises(Killed):
                    work(killed, [*items[::-1], "z"]).write(root)
        again = update(root, items)
        assert set(again) <= {"a", "e"} and set(killed.made) <= {"a", "e", "z"}, steps
        assert contents(root) == expected, steps
    assert steps > 40


collections = st.lists(
    st.builds(Item, st.sampled_from("abcdefghijkl"), st.sampled_from(["1", "2", "broken"])),
    unique_by=lambda item: item.key,
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(states=st.lists(st.tuples(collections, st.integers(1, 4)), min_size=2, max_size=4))
def test_any_edits_end_as_if_made_from_nothing(
    tmp_path_factory: pytest.TempPathFactory, states: list[tuple[list[Item], int]]
) -> None:
    folder = tmp_path_factory.mktemp("edits")
    before: list[Item] = []
    for number, (items, per_shard) in enumerate(states):
        made = update(folder / "store", items, per_shard=per_shard)
        assert contents(folder / "store") == from_nothing(folder / f"new-{number}", items, per_shard=per_shard)
        new = {item.key for item in items if item not in before}
        broken = {item.key for item in items if item.fingerprint == "broken"}
        assert set(made) - broken == new - broken
        before = items
