"""The table of objects with a published split, and with one that is drawn."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from crossmost.errors import CrossmostError
from crossmost.object_table import add_split, object_table
from crossmost.shards import Sample, ShardStore, ShardWork, chunk_into_shards
from crossmost.sources import RawObject, make_object_sample
from crossmost.sources.base import PointCloud, PublishedSplit


@dataclass(frozen=True)
class Blob(RawObject):
    """A random cloud."""

    seed: int

    def load(self) -> PointCloud:
        return PointCloud(np.random.default_rng(self.seed).random((60, 3)))


def blob(number: int, split: PublishedSplit | None, seed: int | None = None) -> Blob:
    seed = number if seed is None else seed
    return Blob(f"blob-{number}", "test", f"{number:064x}", None, (), "", seed, published_split=split)


def described(
    folder: Path, blobs: list[Blob], n_folds: int | None = None, fold: int = 0, threshold: float = 1.0
) -> pd.DataFrame:
    store: ShardStore = ShardWork(
        chunk_into_shards(blobs, "meshes", 8), make_object_sample, "test", "test", n_jobs=1
    ).write(folder)
    table = object_table(list(blobs), store)
    return add_split(table, store, {}, threshold=threshold, test_share=0.3, n_folds=n_folds, fold=fold, seed=0)


def test_a_published_split_is_kept(tmp_path: Path) -> None:
    blobs = [blob(number, "test" if number < 7 else "adapt") for number in range(10)]
    table = described(tmp_path, blobs)
    assert table["split"].tolist() == ["test"] * 7 + ["adapt"] * 3


def test_equal_geometry_is_one_group_even_across_a_published_split(tmp_path: Path) -> None:
    table = described(tmp_path, [blob(0, "adapt"), blob(1, "test", seed=0), blob(2, "adapt")])
    assert table["duplicate_group"].tolist() == [0, 0, 1]


def test_without_a_threshold_equal_geometry_stays_together_and_no_shape_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crossmost.object_table.read_signature", None)
    blobs = [blob(number, None, seed=number // 2) for number in range(20)]
    table = described(tmp_path, blobs, threshold=0.0)
    assert table["duplicate_group"].tolist() == [number // 2 for number in range(20)]
    assert set(table["split"]) == {"adapt", "test"}
    assert (table.groupby("duplicate_group")["split"].nunique() == 1).all()


def test_no_mesh_or_cloud_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: set[str] = set()
    original = ShardStore.samples

    def watched(self: ShardStore, *extensions: str) -> Iterator[Sample]:
        read.update(extensions)
        return original(self, *extensions)

    monkeypatch.setattr(ShardStore, "samples", watched)
    monkeypatch.setattr(ShardStore, "__iter__", None)
    table = described(tmp_path, [blob(number, None, seed=number // 2) for number in range(20)])
    assert (table["duplicate_group"][::2].to_numpy() == table["duplicate_group"][1::2].to_numpy()).all()
    assert read == {"json", "signature.npy"}


def test_folds_are_drawn_over_all_objects(tmp_path: Path) -> None:
    blobs = [blob(number, "adapt") for number in range(10)]
    held_out = [described(tmp_path, blobs, n_folds=2, fold=fold)["split"] == "test" for fold in range(2)]
    assert (held_out[0] ^ held_out[1]).all()


def test_a_split_that_covers_some_objects_only_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CrossmostError, match="1 of 2 objects are in no published split, the first is 'blob-1'"):
        described(tmp_path, [blob(0, "adapt"), blob(1, None)])


def test_a_quarantined_object_needs_no_split(tmp_path: Path) -> None:
    class Broken(Blob):
        def load(self) -> PointCloud:
            return PointCloud(np.zeros((60, 3)))

    broken = Broken("blob-1", "test", "1" * 64, None, (), "", 1)
    table = described(tmp_path, [blob(0, "adapt"), broken])
    assert table["split"][0] == "adapt" and pd.isna(table["split"][1])
    assert table["duplicate_group"].tolist() == [0, -1]
