"""A point tower that begins with somebody else's weights, whatever space those were aligned to."""

from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from torch import Tensor

from crossmost.alignment.settings import PointTowerSettings, TowersSettings
from crossmost.alignment.towers import AlignedTowers, towers_to_align
from crossmost.commands import COMMANDS
from crossmost.errors import CrossmostError
from crossmost.kedro_datasets import CheckpointDataset
from crossmost.models.encoders import Encoders, mini_config
from crossmost.models.point_tower import PointTower
from tests.models.checkpoints.published import FILES, clip_weights

SMALL = {"width": 48, "layers": 1, "heads": 3, "n_groups": 8, "group_size": 8}


def random_like(state: dict[str, Tensor]) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    return {
        key: torch.randn(value.shape, generator=generator) if value.is_floating_point() else value.clone()
        for key, value in state.items()
    }


def towers_from(path: Path, **sizes: object) -> AlignedTowers:
    point_tower = PointTowerSettings.model_validate({"start": "checkpoint", "checkpoint": str(path)} | sizes)
    return towers_to_align(TowersSettings(point_tower=point_tower), Encoders(mini_config()).checkpoint({}), seed=0)


def test_the_mini_pointnet_of_a_dvae_is_the_start_and_the_rest_is_fresh(tmp_path: Path) -> None:
    state = random_like(FILES["dvae"]()["base_model"])
    torch.save({"base_model": state}, tmp_path / "dVAE.pth")
    found = towers_from(tmp_path / "dVAE.pth", **SMALL)
    tower = found.encoders.point_tower
    assert isinstance(tower, PointTower)
    assert (tower.config.width, tower.config.layers, tower.config.encoder_dims) == (48, 1, 256)
    for name, value in tower.encoder.state_dict().items():
        assert value.equal(state[f"module.encoder.{name}"])
    fresh = towers_to_align(
        TowersSettings(point_tower=PointTowerSettings.model_validate(SMALL)),
        Encoders(mini_config()).checkpoint({}),
        seed=0,
    )
    begun, other = tower.state_dict(), fresh.encoders.point_tower.state_dict()
    same = {name for name, value in begun.items() if not name.startswith(("encoder.", "reduce_dim."))}
    assert same and all(begun[name].shape == other[name].shape for name in same)
    assert found.encoders.encode_point(torch.randn(2, 64, 3)).shape == (2, 192)


def test_a_tower_pre_trained_by_masked_point_modeling_is_the_start(tmp_path: Path) -> None:
    content = FILES["masked_point_modeling"]()
    used = {key: value for key, value in content["base_model"].items() if key.startswith("module.transformer_q.")}
    heads = ("module.transformer_q.lm_head", "module.transformer_q.cls_head")
    weights = random_like({key: value for key, value in used.items() if not key.startswith(heads)})
    content["base_model"] |= weights
    torch.save(content, tmp_path / "Point-BERT.pth")
    found = towers_from(tmp_path / "Point-BERT.pth")
    loaded = found.encoders.point_tower.state_dict()
    assert all(loaded[key.removeprefix("module.transformer_q.")].equal(value) for key, value in weights.items())
    assert found.expected_points == 1024 and found.facts["color"] is False
    shown = CliRunner().invoke(COMMANDS["checkpoints"], ["inspect", str(tmp_path / "Point-BERT.pth")]).output
    assert "Point-BERT, 12 layers of width 384" in shown
    assert "alignment.towers.point_tower: {start: checkpoint, checkpoint: FILE}" in shown


def test_a_tower_of_another_space_can_be_the_start(tmp_path: Path) -> None:
    torch.manual_seed(5)
    other = Encoders(mini_config())
    CheckpointDataset(filepath=str(tmp_path / "other")).save(other.checkpoint({"expected_points": 2048}))
    found = towers_from(tmp_path / "other")
    assert found.encoders.point_tower.state_dict()["norm.weight"].equal(other.point_tower.state_dict()["norm.weight"])
    assert not found.encoders.point_projection.equal(other.point_projection)
    assert not found.encoders.image_tower.projection.equal(other.image_tower.projection)
    assert found.expected_points == 2048


def test_what_cannot_be_a_start_is_refused(tmp_path: Path) -> None:
    torch.save(clip_weights(), tmp_path / "clip.pt")
    torch.save(FILES["dvae"](), tmp_path / "dVAE.pth")
    with pytest.raises(CrossmostError, match=r"clip\.pt is a .* checkpoint, which has no point tower"):
        towers_from(tmp_path / "clip.pt")
    with pytest.raises(CrossmostError, match="knows no color; set color: false"):
        towers_from(tmp_path / "dVAE.pth", color=True)
    with pytest.raises(CrossmostError, match="There is no file"):
        towers_from(tmp_path / "absent.pth")
    with pytest.raises(ValueError, match="go together"):
        PointTowerSettings(checkpoint="dVAE.pth")
    with pytest.raises(ValueError, match="go together"):
        PointTowerSettings(start="checkpoint")
