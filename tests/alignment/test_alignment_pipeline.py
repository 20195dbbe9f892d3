"""From triplets on disk to encoders that the other pipelines take, in the smallest form."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from click.testing import CliRunner

from crossmost.commands import COMMANDS
from crossmost.errors import CrossmostError
from crossmost.kedro_datasets import CheckpointDataset
from crossmost.models.checkpoint import load_checkpoint
from crossmost.models.encoders import Encoders
from tests.alignment import triplet_data
from tests.models.checkpoints.published import FILES
from tests.sources import published
from tests.tiny_run import merged, run_environment

pytestmark = [pytest.mark.slow, pytest.mark.render]
TINY: dict[str, Any] = {
    "rendering": {
        "n_jobs": 1,
        "views": {"n_views": 8, "image_size": 64},
        "supersampling": 1,
        "clouds": {"n_points": 256},
    },
    "towers": {
        "point_tower": {"width": 48, "layers": 1, "encoder_dims": 24, "encoder_hidden": [8, 16, 24], "n_groups": 16}
    },
    "training": {"epochs": 2, "batch_size": 4, "n_points": 128, "holdout_share": 0.3},
    "n_jobs": 1,
}


def run(folder: Path, source: dict[str, Any], **more: Any) -> Path:
    settings = merged(merged(TINY, {"source": source}), more)
    return run_environment("shapes", folder, "alignment", alignment=settings)


def source_of(kind: str, folder: Path) -> dict[str, Any]:
    """Triplets in one of the forms, written into the folder."""
    if kind == "folder":
        return {"kind": kind, "path": str(triplet_data.folder(folder))}
    if kind == "pictures":
        objects = triplet_data.folder(folder / "objects")
        shown = triplet_data.pictures(folder / "pictures", objects)
        return {"kind": "folder", "path": str(objects), "pictures": str(shown)}
    if kind == "list":
        folder.mkdir()
        return {"kind": kind, "path": str(triplet_data.listing(folder, ".jsonl"))}
    if kind == "openshape":
        return {"kind": kind, "path": str(triplet_data.openshape(folder))}
    published.shapenet(folder)
    return {"kind": kind, "path": str(folder)}


@pytest.mark.parametrize(
    ("kind", "count"), [("folder", 12), ("pictures", 12), ("list", 12), ("openshape", 8), ("shapenet", 6)]
)
def test_every_form_of_triplets_makes_encoders(kind: str, count: int, tmp_path: Path) -> None:
    results = run(tmp_path, source_of(kind, tmp_path / "triplets"))
    checkpoint = CheckpointDataset(filepath=str(results / "06_models/aligned")).load()
    assert checkpoint.card["trained_on"].startswith(f"{count} triplets with ")
    assert checkpoint.card["expected_points"] == 128 and checkpoint.card["space"] == "crossmost-mini"
    encoders = Encoders.from_checkpoint(checkpoint)
    mini = Encoders.from_checkpoint(load_checkpoint(Path(__file__).parents[2] / "data/06_models/mini_encoders"))
    assert encoders.point_tower.config.width == 48
    assert encoders.image_tower.projection.equal(mini.image_tower.projection)
    log = pd.read_csv(results / "06_models/alignment_log.csv")
    assert log["epoch"].tolist() == [0, 1] and np.isfinite(log["loss"]).all()
    captions = pd.read_csv(results / "02_intermediate/triplet_captions.csv")
    assert captions["object_id"].nunique() == count


def test_aligned_encoders_adapt_to_a_folder_and_see_its_colors(tmp_path: Path) -> None:
    """The whole way of somebody with data of their own: align, look, self-train from there."""
    objects = triplet_data.folder(tmp_path / "objects", per_class=6)
    (objects / "chair/broken.ply").write_bytes(b"ply\nnothing")
    (objects / "chair/broken.txt").write_text("a broken chair\n")
    source = {"kind": "folder", "path": str(objects)}
    results = run(tmp_path, source, towers={"point_tower": {"color": True}})
    quarantine = pd.read_csv(results / "03_primary/triplet_quarantine.csv")
    assert quarantine["object_id"].tolist() == ["chair-broken"]
    assert quarantine["source"].tolist() == ["chair/broken.ply"]
    aligned = results / "06_models/aligned"
    shown = CliRunner().invoke(COMMANDS["checkpoints"], ["inspect", str(aligned)])
    assert shown.exit_code == 0, shown.output
    assert "encoders of this project" in shown.output and "rgb in 0…1" in shown.output
    assert "zeroshot.encoders.backbone: checkpoint" in shown.output

    settings = {"path": str(objects), "labels": "subfolder"}
    adapted = run_environment(
        "folder", tmp_path / "adapt", "ingestion", "rendering", "zeroshot", "selftraining", "evaluation",
        ingestion={"sources": {"folder": settings}},
        zeroshot={"encoders": {"backbone": "checkpoint", "point_checkpoint": str(aligned)}},
    )  # fmt: skip
    card = load_checkpoint(adapted / "06_models/crossmost").card
    assert card["color"] is True and card["encoders"]["point_tower"]["in_channels"] == 6
    predictions = pd.read_parquet(adapted / "07_model_output/predictions.parquet")
    assert predictions["object_id"].nunique() == 18


def test_alignment_begins_with_a_published_file(tmp_path: Path) -> None:
    torch.save(FILES["dvae"](), tmp_path / "dVAE.pth")
    source = source_of("folder", tmp_path / "triplets")
    start = {"start": "checkpoint", "checkpoint": str(tmp_path / "dVAE.pth")}
    results = run(tmp_path, source, towers={"point_tower": start})
    aligned = load_checkpoint(results / "06_models/aligned")
    sizes = aligned.card["encoders"]["point_tower"]
    assert (sizes["encoder_dims"], sizes["width"]) == (256, 48)
    assert np.isfinite(pd.read_csv(results / "06_models/alignment_log.csv")["loss"]).all()


def test_too_many_broken_triplets_stop_the_run_with_their_reasons(tmp_path: Path) -> None:
    objects = triplet_data.folder(tmp_path / "objects")
    for number in range(3):
        (objects / f"broken{number}.ply").write_bytes(b"")
    with pytest.raises(CrossmostError, match=r"3 of 15 triplets cannot be used; .*10%(.|\n)*the file is empty"):
        run(tmp_path, {"kind": "folder", "path": str(objects)})
