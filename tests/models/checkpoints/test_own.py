"""Encoders of this project as a starting point, and a CLIP model beside a fresh point tower."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from crossmost.alignment.settings import PointTowerSettings, TowersSettings
from crossmost.alignment.towers import towers_to_align
from crossmost.errors import CrossmostError, MissingInputError
from crossmost.kedro_datasets import CheckpointDataset
from crossmost.models.checkpoint import Checkpoint
from crossmost.models.checkpoints import read_checkpoint
from crossmost.models.checkpoints.assembly import load_starting_point
from crossmost.models.checkpoints.settings import EncoderSettings
from crossmost.models.encoders import Encoders, mini_config
from crossmost.models.joint import JointModel
from crossmost.models.joint_checkpoint import joint_card, save_joint
from crossmost.models.point_tower import PointTowerConfig
from tests.models.checkpoints.published import MANIFESTS, tensors_of

TOWER = PointTowerConfig(
    width=48, layers=1, heads=3, encoder_dims=24, encoder_hidden=(8, 16, 24), n_groups=8, group_size=8, in_channels=6
)
NO_MINI = Checkpoint({}, {})


def settings(folder: Path, backbone: str = "checkpoint") -> EncoderSettings:
    return EncoderSettings(backbone=backbone, point_checkpoint=str(folder))


def test_saved_encoders_are_a_starting_point(tmp_path: Path) -> None:
    torch.manual_seed(0)
    encoders = Encoders(replace(mini_config(), point_tower=TOWER)).eval()
    facts = {"expected_points": 512, "space": "crossmost-mini", "trained_on": "7 triplets"}
    CheckpointDataset(filepath=str(tmp_path)).save(encoders.checkpoint(facts))
    start = load_starting_point(settings(tmp_path), NO_MINI)
    assert start.card["expected_points"] == 512 and start.encoders.config == encoders.config
    cloud = torch.rand(2, 100, 6)
    with torch.no_grad():
        torch.testing.assert_close(start.encoders.encode_point(cloud), encoders.encode_point(cloud), atol=5e-3, rtol=0)
    described = read_checkpoint(tmp_path).description
    assert (described.point_tower, described.expected_points) == (TOWER, 512)
    assert described.notes == ("trained on 7 triplets",)
    with pytest.raises(CrossmostError, match="towers of their own; set backbone: checkpoint"):
        load_starting_point(settings(tmp_path, "openai/ViT-B-16"), NO_MINI)


def test_other_folders_are_refused_by_what_is_in_them(tmp_path: Path) -> None:
    with pytest.raises(MissingInputError, match=r"model\.safetensors and card\.json missing"):
        load_starting_point(settings(tmp_path), NO_MINI)
    encoders = Encoders(mini_config())
    joint = save_joint(JointModel(encoders, torch.randn(192, 2)), joint_card(encoders.card({}), ["a", "b"]))
    CheckpointDataset(filepath=str(tmp_path)).save(joint)
    with pytest.raises(CrossmostError, match=r"format 'crossmost-joint-1', which is no starting point"):
        read_checkpoint(tmp_path)
    (tmp_path / "card.json").write_text("{")
    with pytest.raises(CrossmostError, match="is no JSON"):
        read_checkpoint(tmp_path)


def test_a_clip_model_and_a_fresh_point_tower(tmp_path: Path) -> None:
    """OpenAI's ViT-B-32 from a file; what is aligned to it comes back with it."""
    shapes = {key: list(shape) for key, shape in MANIFESTS["clip_vit_b_16"].items()}
    shapes |= {"visual.positional_embedding": [50, 768], "visual.conv1.weight": [768, 3, 32, 32]}
    torch.save(tensors_of(shapes), tmp_path / "ViT-B-32.pt")
    sizes = PointTowerSettings(width=48, layers=1, heads=3, encoder_dims=24, encoder_hidden=(8, 16, 24), color=True)
    for encoders in (
        EncoderSettings(backbone="openai/ViT-B-32", backbone_file=str(tmp_path / "ViT-B-32.pt")),
        EncoderSettings(backbone="checkpoint", point_checkpoint=str(tmp_path / "ViT-B-32.pt")),
    ):
        towers = towers_to_align(TowersSettings(encoders=encoders, point_tower=sizes), NO_MINI, seed=0)
        assert towers.encoders.image_size == 224 and towers.encoders.embed_dim == 512
        assert towers.encoders.point_projection.shape == (96, 512)
        assert towers.expected_points is None
    assert towers.encoders.encode_text(["a chair"]).shape == (1, 512)
    CheckpointDataset(filepath=str(tmp_path / "aligned")).save(towers.encoders.checkpoint(towers.facts))
    start = load_starting_point(settings(tmp_path / "aligned"), NO_MINI)
    assert start.card["space"] == towers.facts["space"] and start.card["color"] is True
    assert start.encoders.image_tower.projection.shape == towers.encoders.image_tower.projection.shape
