"""Pictures without clouds, from a folder to predictions and a page."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from crossmost.classifier import Classifier
from crossmost.errors import CrossmostError, MissingInputError
from crossmost.kedro_datasets import CheckpointDataset
from crossmost.models.checkpoint import Checkpoint
from crossmost.pipelines.prediction.nodes import list_new_pictures
from crossmost.pipelines.prediction.parameters import PredictionParameters
from crossmost.prediction import predict_pictures
from crossmost.sources.picture_files import list_pictures
from tests.tiny_run import run_environment


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three pictures of one object in a sub-folder, one of another beside it, a broken one, and no picture."""
    rng = np.random.default_rng(0)
    root = tmp_path / "my <pictures>"
    (root / "chair").mkdir(parents=True)
    for name in ("chair/1.jpg", "chair/2.PNG", "chair/3.webp", "lone.jpeg"):
        Image.fromarray(rng.integers(0, 255, (40, 60, 3), dtype=np.uint8)).save(root / name)
    (root / "chair/broken.png").write_bytes(b"\x89PNG?")
    (root / "chair/._1.jpg").write_bytes(b"left by macOS")
    (root / "notes.txt").write_text("no picture")
    return root


def test_pictures_of_a_folder_are_found_and_grouped(folder: Path) -> None:
    files = list_pictures(folder, "files")
    assert [files.name(path) for path in files.files] == [
        "chair/1.jpg", "chair/2.PNG", "chair/3.webp", "chair/broken.png", "lone.jpeg",
    ]  # fmt: skip
    assert all(files.object_in(path) == files.name(path) for path in files.files)
    grouped = list_pictures(folder, "folders").by_object({"chair/broken.png"})
    assert {name: [path.name for path in paths] for name, paths in grouped.items()} == {
        "chair": ["1.jpg", "2.PNG", "3.webp"],
        "lone.jpeg": ["lone.jpeg"],
    }


def test_folders_without_pictures_are_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingInputError, match=r"--params prediction\.pictures=DIR"):
        list_new_pictures(PredictionParameters())
    with pytest.raises(MissingInputError, match="There is no folder"):
        list_pictures(tmp_path / "absent", "files")
    with pytest.raises(MissingInputError, match=r"no picture in .*\.png \.jpg"):
        list_pictures(tmp_path, "files")


def test_views_of_an_object_are_averaged(model: Checkpoint, folder: Path) -> None:
    classifier = Classifier(model)
    table, unusable = predict_pictures(classifier, list_pictures(folder, "folders"), n_jobs=1)
    assert table["confidence"].is_monotonic_decreasing
    assert dict(zip(table["object"], table["pictures"], strict=True)) == {"chair": 3, "lone.jpeg": 1}
    each = classifier.classify_pictures([folder / "chair" / name for name in ("1.jpg", "2.PNG", "3.webp")])
    chair = table.set_index("object").loc["chair"]
    assert chair["label"] == classifier.class_names[each.mean(axis=0).argmax()]
    np.testing.assert_allclose(chair["top5_confidence"], np.sort(each.mean(axis=0))[::-1][:5], atol=1e-5)
    assert list(unusable["file"]) == ["chair/broken.png"] and "cannot be read" in unusable["reason"][0]


def test_nothing_but_broken_pictures_names_them(model: Checkpoint, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"?")
    with pytest.raises(CrossmostError, match=r"None of the 1 pictures .*\n  a\.png: the picture a\.png cannot be read"):
        predict_pictures(Classifier(model), list_pictures(tmp_path, "files"), n_jobs=1)


def test_a_folder_becomes_predictions_a_spreadsheet_and_a_page(model: Checkpoint, folder: Path) -> None:
    CheckpointDataset(filepath=str(folder.parent / "data/06_models/crossmost")).save(model)
    results = run_environment(
        "shapes", folder.parent, "picture_prediction", prediction={"pictures": str(folder), "n_jobs": 1}
    )
    predictions = pd.read_parquet(results / "07_model_output/new_picture_predictions.parquet")
    assert set(predictions["object"]) == {"chair/1.jpg", "chair/2.PNG", "chair/3.webp", "lone.jpeg"}
    plain = pd.read_csv(results / "07_model_output/new_picture_predictions.csv")
    assert list(plain["label"]) == list(predictions["label"])
    assert list(pd.read_csv(results / "07_model_output/new_picture_quarantine.csv")["file"]) == ["chair/broken.png"]
    page = (results / "08_reporting/new_pictures.html").read_text()
    assert page.count("<article") == 4 and page.count("<img") == 4
    assert "chair/broken.png" in page and "Cross-MoST" in page
    assert "agree on" not in page and "points:" not in page
    assert not re.search(r"(src|href)=\"(?!data:)", page), "the page must open offline"
