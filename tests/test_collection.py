"""Reading the stores that self-training sees."""

from pathlib import Path

import numpy as np
import pytest

from crossmost.collection import load_collection
from crossmost.errors import CrossmostError
from crossmost.rendering import encode_view
from crossmost.shards import Sample, ShardStore, ShardWork, StoredRows, encode_array


class Item:
    """One object whose views or points are filled with its number."""

    def __init__(self, key: str, number: int, kind: str, size: int = 16) -> None:
        self.key, self.number, self.kind, self.size = key, number, kind, size
        self.fingerprint = f"{key}{number}{kind}{size}"


def make(item: Item) -> Sample:
    if item.kind == "views":
        view = np.full((item.size, item.size, 3), item.number, dtype=np.uint8)
        return Sample(item.key, {f"view{i:02d}.png": encode_view(view + i) for i in range(11)})
    members = {"points.npy": encode_array(np.full((5, 3), item.number, dtype=np.float32))}
    if item.kind == "colored":
        members["colors.npy"] = encode_array(np.full((5, 3), item.number, dtype=np.uint8))
    return Sample(item.key, members)


def store(folder: Path, items: list[Item]) -> ShardStore:
    return ShardWork({"shard-0": items}, make, "0", "testing", n_jobs=1).write(folder)


def test_objects_with_both_modalities_in_order(tmp_path: Path) -> None:
    views = store(tmp_path / "v", [Item("b", 20, "views"), Item("a", 10, "views"), Item("only-views", 1, "views")])
    clouds = store(tmp_path / "c", [Item("a", 1, "clouds"), Item("b", 2, "clouds"), Item("only-cloud", 3, "clouds")])
    collection = load_collection(views, clouds)
    assert collection.object_ids == ("a", "b")
    assert collection.views[:, :, 0, 0, 0].tolist() == [list(range(10, 21)), list(range(20, 31))]
    assert collection.clouds[:, 0, 0].tolist() == [1, 2]
    assert collection.subset({"b", "absent"}).object_ids == ("b",)


def test_colors_come_along_and_missing_ones_are_grey(tmp_path: Path) -> None:
    views = store(tmp_path / "v", [Item("a", 1, "views"), Item("b", 1, "views")])
    plain = store(tmp_path / "plain", [Item("a", 1, "clouds"), Item("b", 2, "clouds")])
    assert load_collection(views, plain).colors is None
    mixed = load_collection(views, store(tmp_path / "mixed", [Item("a", 1, "clouds"), Item("b", 200, "colored")]))
    assert mixed.colors is not None
    assert mixed.colors[:, 0, 0].tolist() == [102, 200]
    subset = mixed.subset({"b"})
    assert subset.colors is not None
    assert subset.colors.shape == (1, 5, 3)


def test_towers_that_use_color_get_it_and_others_do_not(tmp_path: Path) -> None:
    views = store(tmp_path / "v", [Item("a", 1, "views"), Item("b", 1, "views")])
    mixed = load_collection(views, store(tmp_path / "mixed", [Item("a", 1, "clouds"), Item("b", 200, "colored")]))
    np.testing.assert_array_equal(mixed.for_tower(3).clouds, mixed.clouds)
    colored = mixed.for_tower(6)
    assert colored.clouds.dtype == np.float32 and colored.clouds.shape == (2, 5, 6)
    np.testing.assert_array_equal(colored.clouds[..., :3], mixed.clouds)
    np.testing.assert_allclose(colored.clouds[:, 0, 3:], [[0.4] * 3, [200 / 255] * 3])
    np.testing.assert_array_equal(colored.tower_clouds(slice(1, 2), 2, 6), colored.clouds[1:2, :2])
    plain = load_collection(views, store(tmp_path / "plain", [Item("a", 1, "clouds"), Item("b", 2, "clouds")]))
    assert plain.for_tower(6).clouds.shape == (2, 5, 3)


def test_nothing_in_common_is_explained(tmp_path: Path) -> None:
    with pytest.raises(CrossmostError, match="quarantine"):
        load_collection(store(tmp_path / "v", [Item("a", 1, "views")]), store(tmp_path / "c", [Item("b", 1, "clouds")]))


def test_mixed_sizes_are_explained(tmp_path: Path) -> None:
    views = store(tmp_path / "v", [Item("a", 1, "views"), Item("b", 1, "views", size=24)])
    clouds = store(tmp_path / "c", [Item("a", 1, "clouds"), Item("b", 1, "clouds")])
    collection = load_collection(views, clouds)
    with pytest.raises(CrossmostError, match=r"differ in their views or points: b is \(11, 24, 24, 3\)"):
        collection.views[:]


def test_an_empty_selection_of_colored_objects_is_an_empty_collection(tmp_path: Path) -> None:
    views = store(tmp_path / "v", [Item("a", 1, "views")])
    colored = load_collection(views, store(tmp_path / "c", [Item("a", 200, "colored")]))
    assert colored.subset(set()).for_tower(6).clouds.shape == (0, 5, 6)


def test_storage_blocks_are_the_shards_of_whatever_is_read_again(tmp_path: Path) -> None:
    jobs = {"shard-0": [Item("a", 1, "views"), Item("c", 1, "views")], "shard-1": [Item("b", 1, "views")]}
    views = ShardWork(jobs, make, "0", "testing", n_jobs=1).write(tmp_path / "v")
    clouds = store(tmp_path / "c", [Item(key, 1, "clouds") for key in "abc"])
    collection = load_collection(views, clouds)
    assert collection.storage_blocks() == [[0, 1, 2]]
    assert isinstance(collection.views, StoredRows)
    collection.views.kept_bytes = 0
    assert collection.storage_blocks() == [[0, 2], [1]]
