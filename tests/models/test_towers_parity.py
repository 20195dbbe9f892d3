"""Both towers give the numbers of the original implementation."""

from pathlib import Path

import numpy as np
import pytest
import torch
from open_clip.transformer import QuickGELU, VisionTransformer
from safetensors.torch import load_file

from crossmost.geometry.grouping import farthest_point_sampling
from crossmost.models.image_tower import ImageTower
from crossmost.models.point_tower import PointTower, PointTowerConfig

PARITY = Path(__file__).parents[1] / "parity"
TOLERANCE = 2e-5


@pytest.fixture(scope="module")
def point_tower() -> PointTower:
    config = PointTowerConfig(width=96, layers=2, heads=3, encoder_dims=64, n_groups=16, group_size=8)
    tower = PointTower(config)
    state = load_file(PARITY / "A_point_small_state.safetensors")
    state.pop("proj")  # the token projection belongs to the joint model
    tower.load_state_dict(state, strict=True)
    return tower


@pytest.fixture(scope="module")
def image_tower() -> ImageTower:
    visual = VisionTransformer(32, 8, 64, 2, 4, 4.0, output_dim=32, act_layer=QuickGELU)
    tower = ImageTower(visual).eval()
    state = load_file(PARITY / "B_image_small_state.safetensors")
    ours = ("mask_token_embedding", "ln_patch.", "decoder.")
    renamed = {key if key.startswith(ours) else f"visual.{key}": value for key, value in state.items()}
    missing, unexpected = tower.load_state_dict(renamed, strict=False)
    assert (missing, unexpected) == (["visual.proj"], [])
    return tower


@pytest.mark.parametrize(("name", "given_start"), [("start0", False), ("startr", True)])
def test_point_features(point_tower: PointTower, name: str, given_start: bool) -> None:
    numbers = np.load(PARITY / "A_point_small_io.npz")
    start = torch.tensor(numbers["fps_start_random"]).long() if given_start else None
    point_tower.eval()
    neighborhoods, centers = point_tower.group(torch.tensor(numbers["pts"]), start)
    np.testing.assert_array_equal(centers.numpy(), numbers[f"{name}/center"])
    tokens = point_tower.tokenize(neighborhoods)
    unmasked = point_tower(tokens, centers).feature.detach().numpy()
    np.testing.assert_allclose(unmasked, numbers[f"{name}/eval/unmasked/features"], atol=TOLERANCE)
    masked = point_tower(tokens, centers, torch.tensor(numbers[f"{name}/mask"])).feature.detach().numpy()
    np.testing.assert_allclose(masked, numbers[f"{name}/eval/masked/features"], atol=TOLERANCE)


def test_point_features_with_batch_statistics(point_tower: PointTower) -> None:
    numbers = np.load(PARITY / "A_point_small_io.npz")
    point_tower.train()
    feature = point_tower.encode(torch.tensor(numbers["pts"])).feature.detach().numpy()
    np.testing.assert_allclose(feature, numbers["start0/train/unmasked/features"], atol=TOLERANCE)


def test_farthest_point_sampling_variants() -> None:
    numbers = np.load(PARITY / "A_fps_variants.npz")
    points = torch.tensor(next(numbers[key] for key in numbers.files if numbers[key].shape[-1] == 3))
    samples = numbers["crossmost_start0"].shape[1]
    np.testing.assert_array_equal(farthest_point_sampling(points, samples).numpy(), numbers["crossmost_start0"])
    start = torch.tensor(numbers["starts_given"]).long()
    picked = farthest_point_sampling(points, samples, start).numpy()
    np.testing.assert_array_equal(picked, numbers["crossmost_start_given"])


def test_image_features(image_tower: ImageTower) -> None:
    numbers = np.load(PARITY / "B_image_small_io.npz")
    images = torch.tensor(numbers["images"])
    mask = torch.tensor(numbers["mask"]).flatten(1).bool()
    unmasked = image_tower(images).feature.detach().numpy()
    np.testing.assert_allclose(unmasked, numbers["unmasked/features"], atol=TOLERANCE)
    masked = image_tower(images, mask)
    np.testing.assert_allclose(masked.feature.detach().numpy(), numbers["masked/features"], atol=TOLERANCE)
    np.testing.assert_allclose(masked.tokens.detach().numpy(), numbers["masked/x_patch"], atol=TOLERANCE)
    rebuilt = image_tower.reconstruct(masked.tokens).detach().numpy()
    np.testing.assert_allclose(rebuilt, numbers["masked/act/decoder_out"], atol=TOLERANCE)


def test_other_architectures_are_refused() -> None:
    with pytest.raises(ValueError, match="VisionTransformer"):
        ImageTower(torch.nn.Linear(3, 3))
