"""Embeddings and scores as datasets: arrays that stay in their files, whole or not at all."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from kedro.io import DatasetError

from crossmost.embeddings import Embeddings
from crossmost.kedro_datasets import EmbeddingsDataset, ScoresDataset
from crossmost.scores import Scores
from tests.docs.pages import blocks_of

PROJECT = Path(__file__).parents[2]

EMBEDDINGS = Embeddings("zeroshot", ("b", "007"), np.arange(16, dtype=np.float16).reshape(2, 4, 2) / 7)


def kill_after_the_first_rename(monkeypatch: pytest.MonkeyPatch) -> None:
    replace = Path.replace

    def killed_after(self: Path, target: Path) -> Path:
        replaced = replace(self, target)
        raise KeyboardInterrupt(replaced)

    monkeypatch.setattr(Path, "replace", killed_after)


def test_embeddings_come_back_as_they_were_and_stay_in_their_file(tmp_path: Path) -> None:
    dataset = EmbeddingsDataset(filepath=str(tmp_path / "embeddings"))
    dataset.save(EMBEDDINGS)
    loaded = dataset.load()
    assert (loaded.method, loaded.object_ids) == ("zeroshot", ("b", "007"))
    assert isinstance(loaded.values, np.memmap)
    np.testing.assert_array_equal(loaded.values, EMBEDDINGS.values)
    assert loaded.views.shape == (2, 3, 2)
    np.testing.assert_array_equal(loaded.points, EMBEDDINGS.values[:, 3])
    loaded.values[:] = 0
    np.testing.assert_array_equal(dataset.load().values, EMBEDDINGS.values)
    none = Embeddings("", (), np.empty((0, 4, 2), np.float16))
    dataset.save(none)
    assert dataset.load().values.shape == (0, 4, 2)


def test_the_preview_of_embeddings_is_short(tmp_path: Path) -> None:
    dataset = EmbeddingsDataset(filepath=str(tmp_path))
    dataset.save(EMBEDDINGS)
    preview = dataset.preview(nrows=5)
    assert [row[:2] for row in preview["data"]] == [["b", "image"]] * 3 + [["b", "point"], ["007", "image"]]
    assert preview["data"][0][2] == "0.0, 0.1428"
    assert json.dumps(preview)


def test_missing_and_damaged_embeddings_are_explained(tmp_path: Path) -> None:
    dataset = EmbeddingsDataset(filepath=str(tmp_path))
    with pytest.raises(DatasetError, match="no embeddings"):
        dataset.load()
    dataset.save(EMBEDDINGS)
    whole = (tmp_path / "embeddings.npy").read_bytes()
    for damage in (whole[:40], whole[:-8], b""):
        (tmp_path / "embeddings.npy").write_bytes(damage)
        with pytest.raises(DatasetError, match="damaged"):
            dataset.load()
    np.save(tmp_path / "embeddings.npy", EMBEDDINGS.values[:1])
    with pytest.raises(DatasetError, match="for 2 objects"):
        dataset.load()
    np.save(tmp_path / "embeddings.npy", np.array([{}]), allow_pickle=True)
    with pytest.raises(DatasetError, match="damaged"):
        dataset.load()
    with pytest.raises(DatasetError, match="Embeddings only"):
        dataset.save({"a": 1})  # type: ignore[arg-type]


def test_a_save_that_is_killed_never_pairs_new_embeddings_with_old_ids(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = EmbeddingsDataset(filepath=str(tmp_path))
    dataset.save(EMBEDDINGS)
    kill_after_the_first_rename(monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        dataset.save(Embeddings("zeroshot", ("x", "y"), EMBEDDINGS.values + 1))
    with pytest.raises(DatasetError, match="no embeddings"):
        dataset.load()


def test_a_failed_save_leaves_the_old_embeddings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = EmbeddingsDataset(filepath=str(tmp_path))
    dataset.save(EMBEDDINGS)

    def full(*arguments: object, **options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    with pytest.raises(DatasetError, match="No space left"):
        dataset.save(Embeddings("other", ("x",), np.ones((1, 4, 2), np.float16)))
    assert dataset.load().object_ids == ("b", "007")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["embeddings.npy", "objects.parquet"]


SCORES = Scores(
    "crossmost",
    ("b", "007"),
    ("adapt", "test"),
    np.random.default_rng(0).dirichlet(np.ones(3), (2, 2 + 3)).astype(np.float32),
    ("chair", "nan", "tä"),
)


def test_scores_come_back_as_they_were_and_stay_in_their_file(tmp_path: Path) -> None:
    dataset = ScoresDataset(filepath=str(tmp_path / "scores"))
    dataset.save(SCORES)
    loaded = dataset.load()
    assert (loaded.method, loaded.object_ids, loaded.splits) == ("crossmost", ("b", "007"), ("adapt", "test"))
    assert loaded.class_names == ("chair", "nan", "tä")
    assert isinstance(loaded.probabilities, np.memmap)
    assert loaded.probabilities.dtype == np.float32
    np.testing.assert_array_equal(loaded.probabilities, SCORES.probabilities)
    assert loaded.single.shape == (2, 2, 3)
    for number, part in enumerate((loaded.image, loaded.point, loaded.joint), start=2):
        np.testing.assert_array_equal(part, SCORES.probabilities[:, number])
    assert list(loaded.blocks()) == [slice(0, 2)]
    np.testing.assert_array_equal(loaded.probabilities, SCORES.probabilities)  # still, though its pages were released
    with pytest.raises(ValueError, match="read-only"):
        loaded.joint[:] = 0
    dataset.save(loaded)
    np.testing.assert_array_equal(dataset.load().probabilities, SCORES.probabilities)
    dataset.save(Scores("", (), (), np.empty((0, 5, 3), np.float32)))
    assert len(dataset.load()) == 0 and dataset.load().probabilities.shape == (0, 5, 3)


def test_the_documentation_says_how_to_read_scores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (PROJECT / "docs/data.md").read_text()
    (code,) = (block.code for block in blocks_of("data.md", page) if Path(__file__).name in block.annotation)
    assert len(code.split("\n\n")) == 2
    ScoresDataset(filepath=str(tmp_path / "data/07_model_output/crossmost_scores")).save(SCORES)
    monkeypatch.chdir(tmp_path)
    found: dict[str, Scores] = {}
    exec(code, {}, found)
    np.testing.assert_array_equal(found["scores"].joint, SCORES.joint)


def test_the_preview_of_scores_is_short(tmp_path: Path) -> None:
    dataset = ScoresDataset(filepath=str(tmp_path))
    dataset.save(SCORES)
    preview = dataset.preview(nrows=6)
    views = ["image_single", "image_single", "image", "point", "joint"]
    assert [row[:3] for row in preview["data"]] == [
        *(["b", "adapt", view] for view in views),
        ["007", "test", views[0]],
    ]
    assert preview["data"][0][3].count(", ") == 2
    assert json.dumps(preview)


def test_missing_and_damaged_scores_are_explained(tmp_path: Path) -> None:
    dataset = ScoresDataset(filepath=str(tmp_path / "scores"))
    with pytest.raises(DatasetError, match="no scores in"):
        dataset.load()
    (tmp_path / "scores.parquet").touch()
    assert not dataset.exists()
    with pytest.raises(DatasetError, match=r"scores\.parquet beside it is of an older version: run the stage again"):
        dataset.load()
    dataset.save(SCORES)
    values, objects = tmp_path / "scores/probabilities.npy", tmp_path / "scores/objects.parquet"
    whole = values.read_bytes()
    for damage in (whole[:40], whole[:-8], b""):
        values.write_bytes(damage)
        with pytest.raises(DatasetError, match="damaged"):
            dataset.load()
    for other in (SCORES.probabilities[:1], SCORES.image):
        np.save(values, other)
        with pytest.raises(DatasetError, match="for 2 objects"):
            dataset.load()
    np.save(values, SCORES.probabilities[:, :3])
    with pytest.raises(DatasetError, match="without single views"):
        dataset.load()
    values.write_bytes(whole)
    pd.read_parquet(objects).drop(columns="split").to_parquet(objects)
    with pytest.raises(DatasetError, match=r"damaged.*split"):
        dataset.load()
    with pytest.raises(DatasetError, match="Scores only, got Embeddings"):
        dataset.save(EMBEDDINGS)  # type: ignore[arg-type]


def test_a_half_written_folder_of_scores_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = ScoresDataset(filepath=str(tmp_path))
    dataset.save(SCORES)
    kill_after_the_first_rename(monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        dataset.save(Scores("crossmost", ("x", "y"), ("test", "test"), SCORES.probabilities[::-1]))
    assert not dataset.exists()
    with pytest.raises(DatasetError, match="no scores"):
        dataset.load()
    assert [path.name for path in tmp_path.iterdir()] == ["probabilities.npy"]
