"""`export`: weights with a card and programs that equal the model."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner, Result
from torch.nn import functional

from crossmost.commands import COMMANDS
from crossmost.errors import CrossmostError, MissingInputError
from crossmost.export import export_programs, load_program, programs
from crossmost.kedro_datasets import CheckpointDataset
from crossmost.models.checkpoint import Checkpoint
from crossmost.models.encoders import Encoders, EncodersConfig
from crossmost.models.joint import JointModel
from crossmost.models.joint_checkpoint import joint_card, load_joint, preparation, save_joint
from crossmost.models.point_tower import PointTowerConfig
from tests.docs.pages import blocks_of

PROJECT = Path(__file__).parents[2]
VISION = {"image_size": 32, "layers": 1, "width": 64, "head_width": 32, "patch_size": 8}
TOWER = PointTowerConfig(
    width=48, layers=1, heads=3, encoder_dims=24, encoder_hidden=(8, 16, 24), n_groups=6, group_size=5, in_channels=6
)
CLASSES = ["chair", "table", "lamp"]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    folder = tmp_path_factory.mktemp("export")
    torch.manual_seed(0)
    config = EncodersConfig(backbone="tiny", architecture={"embed_dim": 32, "vision_cfg": VISION}, point_tower=TOWER)
    encoders = Encoders(config)
    model = JointModel(encoders, functional.normalize(torch.randn(32, 3), dim=0))
    prepared = preparation(32, 100, 40)
    card = joint_card(encoders.card({"license": "MIT"}), CLASSES, method="crossmost", prepared=prepared)
    checkpoint = save_joint(model, card)
    CheckpointDataset(filepath=str(folder / "model")).save(checkpoint)
    arguments = [str(folder / "OUT"), "--model", str(folder / "model")]
    return folder / "OUT", CliRunner().invoke(COMMANDS["export"], arguments)


def test_weights_and_card_rebuild_the_model(exported: tuple[Path, Result]) -> None:
    folder, result = exported
    assert result.exit_code == 0, result.output
    card = json.loads((folder / "card.json").read_text())
    assert card["class_names"] == CLASSES
    assert card["license"] == "MIT"
    assert card["programs"]["n_points"] == 40
    assert max(card["programs"]["largest_difference"].values()) <= card["programs"]["tolerance"]
    load_joint(CheckpointDataset(filepath=str(folder)).load())


@pytest.mark.parametrize("count", [1, 2, 5])
@torch.no_grad()
def test_programs_equal_the_model_for_any_batch_size(exported: tuple[Path, Result], count: int) -> None:
    folder, _ = exported
    model = load_joint(CheckpointDataset(filepath=str(folder)).load())
    images, clouds = torch.randn(count, 3, 32, 32), torch.rand(count, 40, 6)
    for name, batch, expected in (
        ("image", images, model.embed_image(images)),
        ("point", clouds, model.embed_point(clouds)),
    ):
        embedding, probabilities = load_program(folder / f"{name}.pt2")(batch)
        torch.testing.assert_close(embedding, expected, atol=1e-5, rtol=0)
        torch.testing.assert_close(probabilities, model.logits(expected).softmax(-1), atol=1e-5, rtol=0)


def test_programs_run_without_this_project(exported: tuple[Path, Result]) -> None:
    folder, _ = exported
    code = (
        "import sys, torch; program = torch.export.load(sys.argv[1]).module(); "
        "embedding, probabilities = program(torch.rand(2, 40, 6)); "
        "assert 'crossmost' not in sys.modules; print(tuple(probabilities.shape))"
    )
    command = [sys.executable, "-I", "-c", code, str(folder / "point.pt2")]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.stdout.strip() == "(2, 3)", result.stderr


def test_the_code_of_checkpoints_md_runs(exported: tuple[Path, Result], monkeypatch: pytest.MonkeyPatch) -> None:
    page = (PROJECT / "docs/checkpoints.md").read_text()
    (code,) = (block.code for block in blocks_of("checkpoints.md", page) if Path(__file__).name in block.annotation)
    monkeypatch.chdir(exported[0].parent)
    names: dict[str, Any] = {"torch": torch, "clouds": torch.rand(2, 40, 6)}
    exec(code, names)
    assert names["embedding"].shape == (2, 32)
    torch.testing.assert_close(names["probabilities"].sum(-1), torch.ones(2))


def test_a_program_that_differs_is_not_written(
    exported: tuple[Path, Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = load_joint(CheckpointDataset(filepath=str(exported[0])).load())

    def wrong(path: Path) -> Any:
        return lambda batch: (torch.zeros(len(batch), 32), torch.zeros(len(batch), 3))

    monkeypatch.setattr(programs, "load_program", wrong)
    with pytest.raises(CrossmostError, match="differs from the model"):
        export_programs(model, 40, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_large_clouds_are_exported(exported: tuple[Path, Result], monkeypatch: pytest.MonkeyPatch) -> None:
    """Neighbors in large clouds are found by a tree, which no program can hold."""
    monkeypatch.setattr("crossmost.geometry.grouping.TREE_FROM", 1)
    folder, _ = exported
    arguments = [str(folder.parent / "LARGE"), "--model", str(folder.parent / "model")]
    result = CliRunner().invoke(COMMANDS["export"], arguments)
    assert result.exit_code == 0, result.output


def test_errors_are_one_sentence(tmp_path: Path, exported: tuple[Path, Result]) -> None:
    result = CliRunner().invoke(COMMANDS["export"], [str(tmp_path / "out"), "--model", str(tmp_path / "none")])
    assert result.exit_code == 1
    assert "There is no model in" in result.output
    few = [str(tmp_path / "out"), "--model", str(exported[0]), "--n-points", "3"]
    assert "raise rendering.clouds.n_points" in CliRunner().invoke(COMMANDS["export"], few).output
    checkpoint = CheckpointDataset(filepath=str(exported[0])).load()
    older = Checkpoint(checkpoint.tensors, {key: value for key, value in checkpoint.card.items() if key != "prepared"})
    CheckpointDataset(filepath=str(tmp_path / "older")).save(older)
    unsaid = [str(tmp_path / "out"), "--model", str(tmp_path / "older")]
    assert "say it with --n-points" in CliRunner().invoke(COMMANDS["export"], unsaid).output
    with pytest.raises(MissingInputError):
        load_program(tmp_path / "image.pt2")
