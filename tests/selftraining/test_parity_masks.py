"""Masks and point augmentations of the original implementation, from its random draws."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms import v2

from crossmost.geometry.batches import unit_radius
from crossmost.selftraining.image_augmentation import ImageAugmentation
from crossmost.selftraining.masking import image_block_mask, point_region_mask
from crossmost.selftraining.point_augmentation import (
    kept_points,
    rotation,
    scale_points,
    shift_points,
    turn_points,
)
from tests.selftraining.small_run import default_settings

PARITY = Path(__file__).parents[1] / "parity"
FACTS = json.loads((PARITY / "F_masks_and_aug.json").read_text())
OLD_TIMM = json.loads((PARITY / "F_image_strong_timm_0.4.12.json").read_text())
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
    np.testing.assert_allclose(unit_radius(recorded_cloud("aug_in"))[0], NUMBERS["aug_normalized"], atol=1e-6)
    normalized = recorded_cloud("aug_normalized").double()
    for angle in ("0.3", "2.0"):
        about_up = torch.tensor([[0.0, float(angle), 0.0]], dtype=torch.float64)
        np.testing.assert_allclose(rotation(about_up)[0], NUMBERS[f"rot_y_matrix_{angle}"], atol=1e-7)
        turned = turn_points(normalized, about_up)[0]
        np.testing.assert_allclose(turned, NUMBERS[f"rot_y_applied_{angle}"], atol=1e-6)
    angles = torch.tensor(NUMBERS["rot_perturb_angles_xyz"], dtype=torch.float64).unsqueeze(0)
    np.testing.assert_allclose(rotation(angles)[0], NUMBERS["rot_perturb_matrix"], atol=1e-7)
    np.testing.assert_allclose(turn_points(normalized, angles)[0], NUMBERS["rot_perturb_applied"], atol=1e-6)


def recorded_cloud(name: str) -> torch.Tensor:
    """(1, 512, 3)."""
    return torch.tensor(NUMBERS[name]).unsqueeze(0)


def moved_by_recorded_draws() -> dict[str, torch.Tensor]:
    """Our clouds (512, 3) under the names of the recorded ones."""
    cloud = recorded_cloud("aug_normalized")
    share = torch.tensor([FACTS["translate_seed3_in_units_of_extent"]])
    return {
        "scale_out_seed3": scale_points(cloud, torch.tensor([FACTS["scale_factor_seed3"]]))[0],
        "translate_out_seed3": shift_points(cloud, share)[0],
    }


def test_scale_and_translation_are_the_recorded_ones_for_the_recorded_draws() -> None:
    for name, cloud in moved_by_recorded_draws().items():
        np.testing.assert_allclose(cloud, NUMBERS[name], atol=1e-6, err_msg=name)


def test_dropout_drops_as_many_points_for_the_recorded_draws() -> None:
    """The recorded draws are those of numpy's legacy generator after one that the original's probability takes."""
    draws = np.random.RandomState(3).random_sample(2 + 512)[1:]
    step = next(step for step in FACTS["point_strong"] if step["op"] == "PointcloudRandomInputDropout")
    lowest, highest = default_settings("paper").point_augmentation.strong_scale
    assert lowest + (highest - lowest) * draws[0] == pytest.approx(FACTS["scale_factor_seed3"], rel=1e-7)
    share = torch.tensor([step["max_dropout_ratio"] * draws[0]])
    keep = kept_points(share, torch.tensor(draws[1:]).unsqueeze(0))
    assert keep.shape == (1, FACTS["dropout_keeps_n_points"])
    # The original puts the first point in the place of dropped ones; here it was dropped itself, and counts once.
    assert not keep[0, 0]
    assert int((~keep).sum()) == FACTS["dropout_seed3_points_equal_to_first"]


@pytest.mark.parametrize("environment", ["base", "paper"])
def test_ranges_are_the_published_ones(environment: str) -> None:
    settings = default_settings(environment).point_augmentation
    weak = {step["op"]: step for step in FACTS["point_weak"]}
    strong = {step["op"]: step for step in FACTS["point_strong"]}
    assert settings.weak_scale == (weak["PointcloudScale"]["lo"], weak["PointcloudScale"]["hi"])
    assert settings.weak_tilt == weak["PointcloudRotatePerturbation"]["angle_sigma"]
    assert settings.weak_tilt_clip == weak["PointcloudRotatePerturbation"]["angle_clip"]
    assert settings.strong_scale == (strong["PointcloudScale"]["lo"], strong["PointcloudScale"]["hi"])
    assert strong["PointcloudRotate"]["axis"] == [0, 1, 0]
    assert settings.strong_turn == pytest.approx(np.pi, abs=1e-4)
    assert settings.strong_shift == strong["PointcloudTranslate"]["translate_range"]
    assert settings.strong_jitter == strong["PointcloudJitter"]["std"]
    assert settings.strong_jitter_clip == strong["PointcloudJitter"]["clip"]
    assert settings.strong_dropout == strong["PointcloudRandomInputDropout"]["max_dropout_ratio"]
    changed = FACTS["random_crop"]["as_released_x_min_9"]["trials_that_changed_the_cloud"]
    assert (settings.strong_crop is None) == (environment == "paper") and changed == 0


def released_images() -> ImageAugmentation:
    """Our augmentation for the recorded input size and normalization."""
    normalize_step = FACTS["image_strong_timm_1.0.31"][-1]
    settings = default_settings("paper").image_augmentation
    return ImageAugmentation(settings, 224, normalize_step["mean"], normalize_step["std"])


def test_strong_images_go_through_the_recorded_operations() -> None:
    augment = released_images()
    crop, flip, policy, to_tensor = augment.strong_steps.transforms
    for recorded in (FACTS["image_strong_timm_1.0.31"], OLD_TIMM["transforms"]):
        assert [step["op"] for step in recorded][:3] == [
            "RandomResizedCropAndInterpolation", "RandomHorizontalFlip", "RandAugment",
        ]  # fmt: skip
        assert flip.p == recorded[1]["p"]
        assert (policy.num_layers, policy.choice_weights) == (recorded[2]["num_layers"], recorded[2]["choice_weights"])
        assert (augment.mean, augment.std) == (recorded[4]["mean"], recorded[4]["std"])
    recorded_crop, _, recorded_policy, *_ = FACTS["image_strong_timm_1.0.31"]
    assert [list(crop.size), list(crop.scale), list(crop.ratio)] == [
        recorded_crop["size"], recorded_crop["scale"], recorded_crop["ratio"],
    ]  # fmt: skip
    assert str(crop.interpolation) == recorded_crop["interpolation"]
    assert [str(operation) for operation in policy.ops] == recorded_policy["ops"]
    assert isinstance(to_tensor, v2.PILToTensor)


def test_operations_take_the_recorded_arguments() -> None:
    policy = released_images().strong_steps.transforms[2]
    arguments = OLD_TIMM["possible_arguments_at_magnitude_9"]
    recorded = OLD_TIMM["transforms"][2]["ops"]
    assert [operation.aug_fn.__name__ for operation in policy.ops] == [operation["name"] for operation in recorded]
    for operation, expected in zip(policy.ops, recorded, strict=True):
        of_recorded = (expected["prob"], expected["magnitude"], expected["magnitude_std"])
        assert (operation.prob, operation.magnitude, operation.magnitude_std) == of_recorded
        assert str(operation.hparams["img_mean"]) == expected["hparams"]["img_mean"]
        level = operation.level_fn
        found = {level(9, operation.hparams)[0] for _ in range(60)} if level is not None else set()
        assert sorted(found) == pytest.approx(arguments[expected["name"]]), expected["name"]


def test_weak_images_are_the_recorded_resize_and_crop() -> None:
    """Of a square there is one crop; Pillow and torch round differently."""
    resize, crop, _, normalize_step = FACTS["image_weak"]
    augment = released_images()
    assert [augment.resized] * 2 == crop["size"] and augment.resized == resize["size"]
    view = np.random.default_rng(0).integers(0, 255, (300, 300, 3), dtype=np.uint8)
    recorded = v2.Compose(
        [
            v2.Resize(resize["size"], interpolation=v2.InterpolationMode.BICUBIC, antialias=resize["antialias"]),
            v2.PILToTensor(),
        ]
    )
    assert resize["interpolation"] == str(v2.InterpolationMode.BICUBIC)
    expected = recorded(Image.fromarray(view)).float() / 255
    found = augment.weak(view[None], torch.Generator().manual_seed(0))[0]
    mean, std = (torch.tensor(normalize_step[name]).view(3, 1, 1) for name in ("mean", "std"))
    torch.testing.assert_close(found * std + mean, expected, atol=1.01 / 255, rtol=0)
