"""What Kedro-Viz shows of our datasets is JSON that it can send, and the right thing."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from PIL import Image

from crossmost.kedro_datasets import (
    CheckpointDataset,
    CloudShardStoreDataset,
    ContactSheetsDataset,
    TableDataset,
    ViewShardStoreDataset,
)
from crossmost.models.checkpoint import Checkpoint
from crossmost.shards import decode_array
from tests.synthetic_run import make_run, store


def image(preview: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(preview)))


def test_views_show_two_pictures_of_objects_spread_over_the_store(tmp_path: Path) -> None:
    store(make_run(10).views, tmp_path)
    picture = image(ViewShardStoreDataset(filepath=str(tmp_path)).preview(objects=4, columns=2))
    single = image(ViewShardStoreDataset(filepath=str(tmp_path)).preview(objects=1))
    assert picture.size == (2 * single.width, 2 * single.height) and single.width > 2 * 96


def test_one_cloud_is_visible_and_buttons_show_the_others(tmp_path: Path) -> None:
    run = make_run(9)
    store(run.clouds, tmp_path)
    figure = json.loads(json.dumps(CloudShardStoreDataset(filepath=str(tmp_path)).preview(objects=3)))
    names = [trace["name"] for trace in figure["data"]]
    assert names == ["object-0000", "object-0003", "object-0006"]
    assert [trace["visible"] for trace in figure["data"]] == [True, False, False]
    shown = [button["args"][0]["visible"] for button in figure["layout"]["updatemenus"][0]["buttons"]]
    assert shown == np.eye(3, dtype=bool).tolist()
    points = decode_array(run.clouds[3].members["points.npy"])
    np.testing.assert_allclose(figure["data"][1]["z"], points[:, 1], atol=6e-4)


def test_tables_with_lists_become_text(tmp_path: Path) -> None:
    dataset = TableDataset(filepath=str(tmp_path / "table.parquet"))
    dataset.save(
        pd.DataFrame(
            {
                "object_id": ["a", "b", "c"],
                "probabilities": [np.full(7, 1 / 7, dtype=np.float32), np.array([0.25, 0.75]), np.array([])],
                "score": np.array([0.123456, np.nan, 1.0], dtype=np.float32),
            }
        )
    )
    preview = json.loads(json.dumps(dataset.preview(nrows=3)))
    assert preview["columns"] == ["object_id", "probabilities", "score"]
    cut = ", ".join(["0.1429"] * 5) + ", …"
    assert preview["data"] == [["a", cut, 0.1235], ["b", "0.25, 0.75", ""], ["c", "", 1.0]]


def test_contact_sheets_show_below_each_other(tmp_path: Path) -> None:
    dataset = ContactSheetsDataset(
        path=str(tmp_path), dataset="pillow.ImageDataset", filename_suffix=".png", overwrite=True
    )
    dataset.save({"chair": Image.new("RGB", (90, 20), "red"), "bed": Image.new("RGB", (60, 30), "blue")})
    picture = image(dataset.preview()).convert("RGB")
    assert picture.width == 90 and picture.getpixel((5, 5)) == (0, 0, 255)
    assert picture.getpixel((85, 30 + 8 + 5)) == (255, 0, 0)


def test_models_show_their_card(tmp_path: Path) -> None:
    dataset = CheckpointDataset(filepath=str(tmp_path))
    dataset.save(Checkpoint({"a": torch.zeros(1)}, {"class_names": ["chair"]}))
    assert json.loads(dataset.preview()) == {"class_names": ["chair"]}
