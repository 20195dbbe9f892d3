"""Environment `folder` as a new user meets it: mixed files, some broken, no labels, from raw data to the report."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import trimesh

from crossmost.sources.shapes.generator import generate_shape
from tests.docs.pages import PROJECT, blocks_of
from tests.tiny_run import run_environment

pytestmark = [pytest.mark.slow, pytest.mark.render]
CLASSES = ("chair", "bottle", "table")


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of the main job on twelve objects in four formats and three broken files."""
    folder = tmp_path_factory.mktemp("own")
    objects = folder / "my objects"
    objects.mkdir()
    for number in range(12):
        mesh = generate_shape(CLASSES[number % 3], 5_000 + number).mesh
        kind = ("obj", "glb", "ply", "npy")[number % 4]
        if kind == "npy":
            np.save(objects / f"item {number}.npy", trimesh.sample.sample_surface(mesh, 800, seed=0)[0])
        else:
            mesh.export(objects / f"item {number}.{kind}")
    (objects / "empty.stl").write_bytes(b"")
    (objects / "broken.glb").write_bytes(b"glTF?")
    (objects / "nan.obj").write_text("v 0 0 nan\nv 1 0 0\nv 0 1 0\nf 1 2 3\n")
    (folder / "names.txt").write_text("\n".join(CLASSES) + "\n")
    source = {"path": str(objects), "class_list": str(folder / "names.txt")}
    return run_environment("folder", folder, "selftrain", ingestion={"sources": {"folder": source}})


def test_every_readable_object_has_predictions(results: Path) -> None:
    predictions = pd.read_parquet(results / "07_model_output/predictions.parquet")
    assert len(predictions) == 12
    assert set(predictions["crossmost_joint_label"]) <= set(CLASSES)
    objects = pd.read_parquet(results / "02_intermediate/objects.parquet").set_index("object_id")
    assert "item 3.npy" in set(objects.loc[predictions["object_id"], "source"])


def test_the_page_about_data_shows_how_to_join_answers_and_files(results: Path) -> None:
    page = (PROJECT / "docs/data.md").read_text()
    (block,) = [block for block in blocks_of("data.md", page) if Path(__file__).name in block.annotation]
    *assignments, last = block.code.replace('"data/environments/folder"', repr(str(results))).splitlines()
    names = {"pd": pd}
    exec("\n".join(assignments), names)
    joined = eval(last, names)
    assert len(joined) == 12
    assert set(joined["source"]) >= {"item 0.obj", "item 3.npy"} and "crossmost_point_label" in joined


def test_each_broken_file_has_one_reason(results: Path) -> None:
    table = pd.read_csv(results / "02_intermediate/quarantine.csv", keep_default_na=False)
    quarantine = table.set_index("object_id")["reason"]
    assert set(quarantine.index) == {"empty", "broken", "nan"}
    assert set(table["source"]) == {"empty.stl", "broken.glb", "nan.obj"}
    assert quarantine["empty"] == "the file is empty"


def test_metrics_hold_confidences_and_no_accuracy(results: Path) -> None:
    metrics = json.loads((results / "08_reporting/metrics.json").read_text())
    assert metrics["n_adapt"] + metrics["n_test"] == 12
    for method in metrics["methods"].values():
        for split in method.values():
            assert "confidence" in split["joint"] and "agreement" in split["joint"]
            assert not any("top1" in view for view in split.values())


def test_the_report_says_that_there_are_no_labels(results: Path) -> None:
    page = (results / "08_reporting/report.html").read_text()
    assert "There are no labels, so this is not accuracy" in page and "the file is empty" in page
    assert list((results / "08_reporting/contact_sheets").glob("*.png"))


def test_no_label_is_stored(results: Path) -> None:
    assert pd.read_parquet(results / "02_intermediate/labels.parquet").empty
