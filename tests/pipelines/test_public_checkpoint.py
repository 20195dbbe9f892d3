"""The same pipelines with a public checkpoint in place of the mini encoders."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from crossmost.kedro_datasets import CheckpointDataset, ScoresDataset
from tests.models.checkpoints.published import PARITY
from tests.tiny_run import run_environment

pytestmark = [pytest.mark.slow, pytest.mark.render]
N_CLASSES = 16  # of the procedural shapes


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small released Cross-MoST checkpoint for as many classes."""
    generator = torch.Generator().manual_seed(0)
    point = load_file(PARITY / "A_point_small_state.safetensors")
    image = load_file(PARITY / "B_image_small_state.safetensors")
    model = {f"point_encoder.{key}": value for key, value in point.items()}
    model |= {f"visual.{key}": value for key, value in image.items()}
    for name, shape in (("image_projection", (64, 32)), ("pc_projection", (192, 32)), ("classifier", (32, N_CLASSES))):
        model[name] = torch.randn(shape, generator=generator)
    path = tmp_path_factory.mktemp("release") / "checkpoint-best.pth"
    torch.save({"model_ema": model | {"logit_scale": torch.tensor(1.0)}, "epoch": "best"}, path)
    return path


def test_zeroshot_and_selftraining_start_from_it(release: Path, tmp_path: Path) -> None:
    encoders = {"backbone": "checkpoint", "point_checkpoint": str(release)}
    source = {"sources": {"shapes": {"objects_per_class": 1}}}
    stages = ("ingestion", "rendering", "zeroshot", "selftraining")
    results = run_environment("shapes", tmp_path, *stages, ingestion=source, zeroshot={"encoders": encoders})
    card = CheckpointDataset(filepath=str(results / "06_models/crossmost")).load().card
    assert card["encoders"]["point_tower"]["width"] == 96
    assert card["image_size"] == 32
    assert card["up_axis"] == "y"
    scores = ScoresDataset(filepath=str(results / "07_model_output/crossmost_scores")).load()
    assert scores.probabilities.shape == (N_CLASSES, 8 + 3, N_CLASSES)
