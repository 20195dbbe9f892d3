from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from kedro.framework.session import KedroSession
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner
from pydantic import ValidationError

from crossmost.errors import CrossmostError, MissingInputError
from crossmost.kedro_datasets import ShardStoreDataset
from crossmost.pipelines.ingestion import create_pipeline
from crossmost.pipelines.ingestion.parameters import IngestionParameters
from crossmost.shards import ShardStore
from crossmost.tables import LABELS, OBJECTS, check_table
from tests.sources.sh3f import BOX_ENTRY, write_library


def parameters(**changes: Any) -> IngestionParameters:
    return IngestionParameters.model_validate(
        {
            "source": "sweethome3d",
            "sources": {
                "sweethome3d": {
                    "kind": "sweethome3d",
                    "classes": [{"name": "cabinet", "pattern": "cabinet"}, {"name": "chair", "pattern": "chair"}],
                },
                "shapes": {"kind": "shapes", "objects_per_class": 2, "classes": ["chair", "lamp"]},
            },
            "n_jobs": 1,
            **changes,
        }
    )


def run(folder: Path, raw: Path, settings: IngestionParameters, catalog: DataCatalog | None = None) -> dict[str, Any]:
    """Run the pipeline with the store in `folder`; returns the other outputs."""
    if catalog is None:
        catalog = DataCatalog()
    catalog["raw_library"] = MemoryDataset(raw)
    catalog["params:ingestion"] = MemoryDataset(settings)
    catalog["meshes"] = ShardStoreDataset(filepath=str(folder / "meshes"))
    return {name: dataset.load() for name, dataset in SequentialRunner().run(create_pipeline(), catalog).items()}


def library(folder: Path, broken: int = 1) -> Path:
    """Ten pieces, the first `broken` of them without model."""
    entries = [
        {**BOX_ENTRY, "id": f"Maker#{number}", "name": "Cabinet" if number % 2 else "Chair"} for number in range(10)
    ]
    for entry in entries[:broken]:
        entry["model"] = "/absent.obj"
    write_library(folder / "raw" / "a.sh3f", entries)
    return folder / "raw"


def test_makes_every_output(tmp_path: Path) -> None:
    outputs = run(tmp_path, library(tmp_path), parameters())
    assert set(outputs) == {"objects", "labels", "class_names", "quarantine"}
    assert outputs["class_names"] == ["cabinet", "chair"]
    objects = check_table(OBJECTS, outputs["objects"])
    assert (objects["status"] == "ok").sum() == 9 == len(ShardStore(tmp_path / "meshes"))
    assert objects.set_index("object_id").loc["maker-0", "status"] == "quarantined"
    assert outputs["quarantine"]["object_id"].tolist() == ["maker-0"]
    assert "absent.obj" in outputs["quarantine"]["reason"][0]
    labels = check_table(LABELS, outputs["labels"])
    assert labels["class_name"].value_counts().to_dict() == {"cabinet": 5, "chair": 5}


def test_near_duplicates_are_on_one_side(tmp_path: Path) -> None:
    objects = run(tmp_path, library(tmp_path), parameters())["objects"]
    # All pieces of the tiny library are the same box.
    assert objects.loc[objects["status"] == "ok", "split"].nunique() == 1
    assert objects["duplicate_group"].nunique() == 2


def test_a_second_run_prepares_nothing(tmp_path: Path) -> None:
    raw = library(tmp_path)
    before = run(tmp_path, raw, parameters())
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "meshes").glob("*.tar")}
    after = run(tmp_path, raw, parameters())
    assert times == {path: path.stat().st_mtime_ns for path in (tmp_path / "meshes").glob("*.tar")}
    pd.testing.assert_frame_equal(before["objects"], after["objects"])


def test_a_piece_that_sorts_first_is_all_that_is_prepared(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def stored(folder: Path) -> list[bytes]:
        run(folder, tmp_path / "raw", parameters(objects_per_shard=4))
        return [path.read_bytes() for path in ShardStore(folder / "meshes").shard_paths]

    library(tmp_path, broken=0)
    stored(tmp_path)
    write_library(tmp_path / "raw" / "0.sh3f", [{**BOX_ENTRY, "id": "Another#0", "name": "Chair"}])
    with caplog.at_level("INFO", logger="crossmost.shards"):
        updated = stored(tmp_path)
    assert "11 objects stored, 0 quarantined; 1 made now" in caplog.text and "10 taken from before" in caplog.text
    assert updated == stored(tmp_path / "new")


def test_too_many_bad_objects_stop_the_run_after_the_quarantine_is_written(tmp_path: Path) -> None:
    catalog = DataCatalog({"quarantine": MemoryDataset()})
    with pytest.raises(CrossmostError, match=r"3 of 10 objects cannot be used.*10%") as error:
        run(tmp_path, library(tmp_path, broken=3), parameters(), catalog)
    assert "maker-2 (sweethome3d/a): the library has no file 'absent.obj'" in str(error.value)
    assert catalog.load("quarantine")["object_id"].tolist() == ["maker-0", "maker-1", "maker-2"]
    assert len(run(tmp_path, library(tmp_path, broken=3), parameters(max_quarantine_share=0.3))["objects"]) == 10


def test_a_library_without_known_names_is_explained(tmp_path: Path) -> None:
    write_library(tmp_path / "raw" / "a.sh3f", [{**BOX_ENTRY, "name": "Carpet"}])
    with pytest.raises(MissingInputError, match="no object of the classes cabinet, chair"):
        run(tmp_path, tmp_path / "raw", parameters())


def test_shapes_need_no_raw_data(tmp_path: Path) -> None:
    outputs = run(tmp_path, tmp_path / "absent", parameters(source="shapes"))
    assert outputs["class_names"] == ["chair", "lamp"]
    assert len(outputs["objects"]) == 4 == len(outputs["labels"])


def test_folds_hold_out_every_object_once(tmp_path: Path) -> None:
    held_out = pd.Series(0, index=range(4))
    for fold in range(2):
        split = {"n_folds": 2, "fold": fold, "near_duplicate_threshold": 0}
        objects = run(tmp_path, tmp_path / "absent", parameters(source="shapes", split=split))["objects"]
        held_out += objects["split"] == "test"
    assert held_out.tolist() == [1, 1, 1, 1]


def test_workers_and_the_store_never_see_a_label(tmp_path: Path) -> None:
    outputs = run(tmp_path, library(tmp_path), parameters())
    for sample in ShardStore(tmp_path / "meshes"):
        for content in sample.members.values():
            assert b"cabinet" not in content.lower() and b"chair" not in content.lower()
    assert not {"class_name", "captions"} & set(outputs["objects"].columns)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"source": "modelnet"}, "allowed: sweethome3d, shapes"),
        ({"split": {"n_folds": 3, "fold": 3}}, "fold is 3 with n_folds 3"),
        ({"sources": {"sweethome3d": {"kind": "objaverse"}}}, "objaverse"),
        ({"n_job": 2}, "n_job"),
    ],
)
def test_wrong_parameters_are_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        parameters(**changes)


def test_the_test_environment_runs(new_session: Callable[..., KedroSession], tmp_path: Path) -> None:
    new_session("test").run(pipeline_names=["ingestion"])
    objects = check_table(OBJECTS, pd.read_parquet(tmp_path / "data" / "02_intermediate" / "objects.parquet"))
    assert len(objects) == 48 and set(objects["split"]) == {"adapt", "test"}


def test_missing_libraries_are_one_sentence(new_session: Callable[..., KedroSession], tmp_path: Path) -> None:
    session = new_session("base", raw_root=str(tmp_path / "raw"))
    with pytest.raises(MissingInputError, match=r"make data.*--env=shapes"):
        session.run(pipeline_names=["ingestion"])


def test_a_renamed_file_has_its_name_in_every_table_and_costs_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "objects"
    folder.mkdir()
    for name, depth in (("Box 1.obj", 1), ("Box 2.obj", 2), ("Box 3.obj", 3)):
        (folder / name).write_text(f"mtllib lost.mtl\nv 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 {depth}\nf 1 2 3\nf 1 2 4\n")
    (folder / "Broken 4.stl").write_bytes(b"")
    (tmp_path / "names.txt").write_text("chair\ntable\n")
    own = {"kind": "folder", "path": folder, "class_list": tmp_path / "names.txt"}
    settings = parameters(source="folder", sources={"folder": own}, max_quarantine_share=0.5)
    run(tmp_path, folder, settings)
    shard = tmp_path / "meshes" / "meshes-00000.tar"
    before = shard.stat().st_mtime_ns
    for path in list(folder.iterdir()):
        path.rename(folder / path.name.replace(" ", "-"))
    caplog.clear()
    with caplog.at_level("INFO"):
        outputs = run(tmp_path, folder, settings)
    sources = dict(zip(outputs["objects"]["object_id"], outputs["objects"]["source"], strict=True))
    assert sources == {f"box-{n}": f"Box-{n}.obj" for n in (1, 2, 3)} | {"broken-4": "Broken-4.stl"}
    assert outputs["quarantine"]["source"].tolist() == ["Broken-4.stl"]
    assert "box-1 (Box-1.obj): lost.mtl" in caplog.text
    assert shard.stat().st_mtime_ns == before
    again = tmp_path / "again"
    run(again, folder, settings)
    assert (again / "meshes" / shard.name).read_bytes() == shard.read_bytes()
