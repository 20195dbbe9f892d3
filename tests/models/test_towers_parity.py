"""Both towers give the numbers of the original implementation."""

from pathlib import Path

import numpy as np
import pytest
import torch
from open_clip.transformer import QuickGELU, VisionTransformer
from safetensors.torch import load_file

from crossmost.geometry.grouping import farthest_point_sampling, nearest_neighbors
from crossmost.models.image_tower import ImageTower
from crossmost.models.point_tower import PointTower, PointTowerConfig

PARITY = Path(__file__).parents[1] / "parity"
PRECISIONS = pytest.mark.parametrize(
    ("dtype", "suffix", "tolerance"), [(torch.float32, "", 2e-5), (torch.float64, "_f64", 1e-9)]
)
STARTS = pytest.mark.parametrize("name", ["start0", "startr"])
POINT = np.load(PARITY / "A_point_small_io.npz")
IMAGE = np.load(PARITY / "B_image_small_io.npz")


@pytest.fixture
def point_tower() -> PointTower:
    config = PointTowerConfig(width=96, layers=2, heads=3, encoder_dims=64, n_groups=16, group_size=8)
    tower = PointTower(config)
    state = load_file(PARITY / "A_point_small_state.safetensors")
    state.pop("proj")  # the token projection belongs to the joint model
    tower.load_state_dict(state, strict=True)
    return tower


@pytest.fixture
def image_tower() -> ImageTower:
    visual = VisionTransformer(32, 8, 64, 2, 4, 4.0, output_dim=32, act_layer=QuickGELU)
    tower = ImageTower(visual).eval()
    state = load_file(PARITY / "B_image_small_state.safetensors")
    ours = ("mask_token_embedding", "ln_patch.", "decoder.")
    renamed = {key if key.startswith(ours) else f"visual.{key}": value for key, value in state.items()}
    missing, unexpected = tower.load_state_dict(renamed, strict=False)
    assert (missing, unexpected) == (["visual.proj"], [])
    return tower


def first_points(name: str) -> torch.Tensor | None:
    """Where farthest point sampling starts."""
    return torch.tensor(POINT["fps_start_random"]).long() if name == "startr" else None


@STARTS
@PRECISIONS
def test_point_features(point_tower: PointTower, name: str, dtype: torch.dtype, suffix: str, tolerance: float) -> None:
    point_tower.to(dtype).eval()
    neighborhoods, centers = point_tower.group(torch.tensor(POINT["pts"]).to(dtype), first_points(name))
    np.testing.assert_array_equal(centers, POINT[f"{name}/center"])
    tokens = point_tower.tokenize(neighborhoods)
    unmasked = point_tower(tokens, centers).feature.detach()
    np.testing.assert_allclose(unmasked, POINT[f"{name}/eval/unmasked/features{suffix}"], atol=tolerance)
    masked = point_tower(tokens, centers, torch.tensor(POINT[f"{name}/mask"])).feature.detach()
    np.testing.assert_allclose(masked, POINT[f"{name}/eval/masked/features{suffix}"], atol=tolerance)


@STARTS
def test_groups_hold_the_recorded_neighbors(point_tower: PointTower, name: str) -> None:
    points, start = torch.tensor(POINT["pts"]), first_points(name)
    np.testing.assert_array_equal(farthest_point_sampling(points, 16, start), POINT[f"{name}/fps_idx"])
    neighborhoods, centers = point_tower.group(points, start)
    found = nearest_neighbors(centers, points, 8).sort(-1).values
    np.testing.assert_array_equal(found, POINT[f"{name}/nbr_idx_sorted"])
    # The tower's own groups, in whatever order.
    np.testing.assert_array_equal(by_x(neighborhoods.numpy()), by_x(POINT[f"{name}/neighborhood_sorted"]))


def by_x(groups: np.ndarray) -> np.ndarray:
    """Groups (B, G, K, 3) with their points in order of the first coordinate."""
    return np.take_along_axis(groups, groups[..., :1].argsort(2), axis=2)


def test_point_features_with_batch_statistics(point_tower: PointTower) -> None:
    point_tower.train()
    feature = point_tower.encode(torch.tensor(POINT["pts"])).feature.detach()
    np.testing.assert_allclose(feature, POINT["start0/train/unmasked/features"], atol=2e-5)
    for key, buffer in point_tower.named_buffers():
        np.testing.assert_allclose(buffer, POINT[f"start0/train/unmasked/bn_after/{key}"], atol=1e-5, err_msg=key)


def test_farthest_point_sampling_is_the_originals() -> None:
    numbers = np.load(PARITY / "A_fps_variants.npz")
    points, samples = torch.tensor(numbers["pts"]), int(numbers["k"])
    np.testing.assert_array_equal(farthest_point_sampling(points, samples), numbers["crossmost_start0"])
    start = torch.tensor(numbers["starts_given"]).long()
    np.testing.assert_array_equal(farthest_point_sampling(points, samples, start), numbers["crossmost_start_given"])


def test_farthest_point_sampling_of_pointnet2_ops_differs_in_points_at_the_origin_alone() -> None:
    """It never takes them; ours, as the original's, does. Without them both take the same points."""
    numbers = np.load(PARITY / "A_fps_variants.npz")
    samples = int(numbers["k"])
    for cloud, near, theirs in zip(numbers["pts"], numbers["near_origin"], numbers["pointnet2_ops_rule"], strict=True):
        np.testing.assert_array_equal(near, (cloud**2).sum(-1) <= 1e-3)
        ours = farthest_point_sampling(torch.tensor(cloud)[None], samples)[0].numpy()
        assert near[ours].any() and not near[theirs].any()
        rest = np.flatnonzero(~near)
        np.testing.assert_array_equal(
            rest[farthest_point_sampling(torch.tensor(cloud[rest])[None], samples)[0]], theirs
        )


@PRECISIONS
def test_image_features(image_tower: ImageTower, dtype: torch.dtype, suffix: str, tolerance: float) -> None:
    image_tower.to(dtype)
    images, mask = torch.tensor(IMAGE["images"]).to(dtype), torch.tensor(IMAGE["mask"]).flatten(1).bool()
    unmasked = image_tower(images).feature.detach()
    np.testing.assert_allclose(unmasked, IMAGE[f"unmasked/features{suffix}"], atol=tolerance)
    masked = image_tower(images, mask)
    np.testing.assert_allclose(masked.feature.detach(), IMAGE[f"masked/features{suffix}"], atol=tolerance)
    np.testing.assert_allclose(masked.tokens.detach(), IMAGE[f"masked/x_patch{suffix}"], atol=tolerance)
    rebuilt = image_tower.reconstruct(masked.tokens).detach()
    np.testing.assert_allclose(rebuilt, IMAGE["masked/act/decoder_out"], atol=2e-5)  # recorded in float32 alone


def test_other_architectures_are_refused() -> None:
    with pytest.raises(ValueError, match="VisionTransformer"):
        ImageTower(torch.nn.Linear(3, 3))
