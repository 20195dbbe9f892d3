"""Masks and point augmentations of the original implementation, from its random draws."""

import json
from pathlib import Path

import numpy as np
import torch

from crossmost.selftraining.masking import image_block_mask, point_region_mask
from crossmost.selftraining.point_augmentation import normalize, rotation
from crossmost.selftraining.settings import SelfTrainingSettings

PARITY = Path(__file__).parents[1] / "parity"
FACTS = json.loads((PARITY / "F_masks_and_aug.json").read_text())
NUMBERS = np.load(PARITY / "F_masks_and_point_aug.npz")


def test_image_mask_hides_as_many_patches_in_the_same_blocks() -> None:
    mask = image_block_mask(8, (14, 14), 2, 0.3, torch.Generator().manual_seed(0)).view(8, 14, 14)
    recorded = torch.tensor(NUMBERS["image_mask_seed0"]).bool()
    assert (
        mask.sum((1, 2)).tolist() == recorded.sum((1, 2)).tolist() == [FACTS["image_mask"]["masked_model_patches"]] * 8
    )
    for masks in (mask, recorded):
        blocks = masks.view(8, 7, 2, 7, 2).permute(0, 1, 3, 2, 4).flatten(3)
        assert bool((blocks.all(-1) == blocks.any(-1)).all())


def test_point_mask_from_the_recorded_anchor_and_size() -> None:
    centers = torch.tensor(NUMBERS["point_mask_centers"])
    anchor, size = (torch.tensor(NUMBERS[f"point_mask_{name}"]).long() for name in ("anchor", "count"))
    found = point_region_mask(centers, anchor, size)
    np.testing.assert_array_equal(found, NUMBERS["point_mask_seed0"].astype(bool))
    ratio = torch.tensor(NUMBERS["point_mask_ratio"])
    assert (ratio * centers.shape[1]).long().tolist() == size.tolist()


def test_normalization_and_rotations() -> None:
    cloud = torch.tensor(NUMBERS["aug_in"]).unsqueeze(0)
    normalized = normalize(cloud)
    np.testing.assert_allclose(normalized[0], NUMBERS["aug_normalized"], atol=1e-6)
    for angle in ("0.3", "2.0"):
        matrix = rotation(torch.tensor([[0.0, float(angle), 0.0]], dtype=torch.float64))[0]
        np.testing.assert_allclose(matrix, NUMBERS[f"rot_y_matrix_{angle}"], atol=1e-7)
        base = torch.tensor(rotation_source(f"rot_y_applied_{angle}", matrix.numpy()))
        np.testing.assert_allclose(base @ matrix.T, NUMBERS[f"rot_y_applied_{angle}"], atol=1e-6)
    angles = torch.tensor(NUMBERS["rot_perturb_angles_xyz"], dtype=torch.float64).unsqueeze(0)
    np.testing.assert_allclose(rotation(angles)[0], NUMBERS["rot_perturb_matrix"], atol=1e-7)


def rotation_source(name: str, matrix: np.ndarray) -> np.ndarray:
    """The recorded cloud that was turned: the input, normalized or not."""
    candidates = (NUMBERS["aug_in"], NUMBERS["aug_normalized"])
    return min(candidates, key=lambda cloud: float(np.abs(cloud @ matrix.T - NUMBERS[name]).max())).astype(np.float64)


def test_scale_and_translation_are_the_recorded_ones_for_the_recorded_draws() -> None:
    for source in (NUMBERS["aug_in"], NUMBERS["aug_normalized"]):
        if np.abs(source * FACTS["scale_factor_seed3"] - NUMBERS["scale_out_seed3"]).max() < 1e-5:
            break
    else:
        raise AssertionError("scaling is not a multiplication of the recorded input")
    extent = source.max(0) - source.min(0)
    moved = source + extent * np.array(FACTS["translate_seed3_in_units_of_extent"])
    np.testing.assert_allclose(moved, NUMBERS["translate_out_seed3"], atol=1e-5)


def test_default_ranges_are_the_published_ones(selftraining_settings: SelfTrainingSettings) -> None:
    settings = selftraining_settings.point_augmentation
    weak = {step["op"]: step for step in FACTS["point_weak"]}
    strong = {step["op"]: step for step in FACTS["point_strong"]}
    assert settings.weak_scale == (weak["PointcloudScale"]["lo"], weak["PointcloudScale"]["hi"])
    assert settings.weak_tilt == weak["PointcloudRotatePerturbation"]["angle_sigma"]
    assert settings.weak_tilt_clip == weak["PointcloudRotatePerturbation"]["angle_clip"]
    assert settings.strong_scale == (strong["PointcloudScale"]["lo"], strong["PointcloudScale"]["hi"])
    assert strong["PointcloudRotate"]["axis"] == [0, 1, 0]
    assert settings.strong_shift == strong["PointcloudTranslate"]["translate_range"]
    assert settings.strong_jitter == strong["PointcloudJitter"]["std"]
    assert settings.strong_jitter_clip == strong["PointcloudJitter"]["clip"]
    assert settings.strong_dropout == strong["PointcloudRandomInputDropout"]["max_dropout_ratio"]
    assert FACTS["image_strong_timm_1.0.31"][0]["scale"] == list(selftraining_settings.image_augmentation.crop_scale)
