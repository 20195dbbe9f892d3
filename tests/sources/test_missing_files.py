"""Objects that lost a material or a texture are used, and counted in the log wherever objects are prepared."""

import logging
from pathlib import Path

import pandas as pd
import pytest

from crossmost.object_table import object_table
from crossmost.pipelines.alignment.nodes import list_unusable_triplets
from crossmost.pipelines.prediction.nodes import list_unusable_objects
from crossmost.shards import ShardStore, ShardWork, chunk_into_shards
from crossmost.sources import FolderSettings, RawObject, make_object_sample, open_source

OBJ = "mtllib {library}\nv 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nf 1 2 3\nf 1 2 4\n"


def prepared(folder: Path, libraries: list[str]) -> tuple[list[RawObject], ShardStore]:
    objects = folder / "objects"
    objects.mkdir()
    for number, library in enumerate(libraries):
        (objects / f"{number}.obj").write_text(OBJ.format(library=library))
    (objects / "there.mtl").write_text("newmtl wood\nKd 1 0 0\n")
    (folder / "names.txt").write_text("chair\ntable\n")
    settings = FolderSettings(kind="folder", path=objects, class_list=folder / "names.txt")
    found = list(open_source(settings, objects).objects())
    work = ShardWork(chunk_into_shards(found, "s"), make_object_sample, "s", "testing", n_jobs=1)
    return found, work.write(folder / "store")


def test_lost_files_are_counted_in_every_stage(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    found, store = prepared(tmp_path, ["there.mtl", "lost.mtl", "there.mtl", "gone.mtl"])
    stages = (
        lambda: object_table(found, store),
        lambda: list_unusable_objects(store, store, store, found),
        lambda: list_unusable_triplets(store, store, store, found),  # type: ignore[arg-type]
    )
    for stage in stages:
        caplog.clear()
        with caplog.at_level(logging.INFO):
            assert isinstance(stage(), pd.DataFrame)
        assert "2 of 4 objects" in caplog.text and "1 (1.obj): lost.mtl" in caplog.text


def test_nothing_is_said_where_nothing_is_lost(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    found, store = prepared(tmp_path, ["there.mtl"])
    caplog.clear()
    with caplog.at_level(logging.INFO):
        object_table(found, store)
    assert not caplog.text
