"""Augmentations keep shapes, follow their seed, and do what their settings say."""

import random
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from timm.data.auto_augment import RandAugment

from crossmost.collection import Collection
from crossmost.geometry.batches import unit_radius
from crossmost.selftraining.image_augmentation import ImageAugmentation
from crossmost.selftraining.objects import AugmentedObjects
from crossmost.selftraining.point_augmentation import (
    jitter_points,
    replacements,
    rotation,
    strong_points,
    weak_points,
)
from crossmost.selftraining.settings import SelfTrainingSettings


def clouds(seed: int, count: int = 3) -> torch.Tensor:
    return torch.randn(count, 200, 3, generator=torch.Generator().manual_seed(seed))


@given(st.lists(st.floats(-3, 3), min_size=3, max_size=3))
def test_rotation_matrices_are_rotations(angles: list[float]) -> None:
    matrix = rotation(torch.tensor([angles], dtype=torch.float64))[0]
    torch.testing.assert_close(matrix @ matrix.T, torch.eye(3, dtype=torch.float64))
    assert torch.linalg.det(matrix) > 0


def test_rotation_is_z_after_y_after_x() -> None:
    x, y, z = (rotation(torch.tensor([[a, b, c]])) for a, b, c in ((0.3, 0, 0), (0, 0.5, 0), (0, 0, 0.7)))
    torch.testing.assert_close(rotation(torch.tensor([[0.3, 0.5, 0.7]])), z @ y @ x)


def test_points_follow_their_generator_and_stay_normalized(selftraining_settings: SelfTrainingSettings) -> None:
    settings = selftraining_settings.point_augmentation.model_copy(update={"renormalize": True})
    for augment in (weak_points, strong_points):
        first = augment(clouds(0), settings, torch.Generator().manual_seed(5))
        again = augment(clouds(0), settings, torch.Generator().manual_seed(5))
        other = augment(clouds(0), settings, torch.Generator().manual_seed(6))
        assert torch.equal(first, again)
        assert not torch.equal(first, other)
        assert first.shape == (3, 200, 3)
        torch.testing.assert_close(first.norm(dim=-1).amax(1), torch.ones(3))
        torch.testing.assert_close(first.mean(1), torch.zeros(3, 3), atol=1e-5, rtol=0)


def test_weak_points_turn_no_further_than_clipped(selftraining_settings: SelfTrainingSettings) -> None:
    settings = selftraining_settings.point_augmentation.model_copy(
        update={"weak_scale": (1.0, 1.0), "weak_tilt": 10.0, "weak_tilt_clip": 0.01}
    )
    points = clouds(1)
    normalized = points - points.mean(1, keepdim=True)
    normalized = normalized / normalized.norm(dim=-1).amax(1)[:, None, None]
    moved = weak_points(points, settings, torch.Generator().manual_seed(0))
    assert (moved - normalized).norm(dim=-1).max() < 0.03


def test_dropped_points_are_replaced_by_kept_ones(selftraining_settings: SelfTrainingSettings) -> None:
    settings = selftraining_settings.point_augmentation.model_copy(
        update={"strong_dropout": 0.875, "strong_jitter": 0.0, "renormalize": False}
    )
    augmented = strong_points(clouds(2, 20), settings, torch.Generator().manual_seed(0))
    distinct = [len(torch.unique(cloud, dim=0)) for cloud in augmented]
    assert min(distinct) < 120
    assert min(distinct) > 5


def test_color_stays_with_its_point(selftraining_settings: SelfTrainingSettings) -> None:
    settings = selftraining_settings.point_augmentation.model_copy(
        update={"strong_jitter": 0.0, "strong_turn": 0.0, "strong_shift": 0.0, "renormalize": True}
    )
    points = clouds(4)
    colored = torch.cat([points, torch.linspace(0, 1, 200).expand(3, -1).unsqueeze(-1).expand(-1, -1, 3)], dim=-1)
    for augment in (weak_points, strong_points):
        plain = augment(points, settings, torch.Generator().manual_seed(2))
        moved = augment(colored, settings, torch.Generator().manual_seed(2))
        torch.testing.assert_close(moved[..., :3], plain)
    source = (moved[..., 3] * 199).round().long()
    scaled = (points - points.mean(1, keepdim=True)).gather(1, source.unsqueeze(-1).expand(-1, -1, 3))
    cosine = torch.nn.functional.cosine_similarity(
        moved[..., :3] - moved[..., :3].mean(1, keepdim=True), scaled - scaled.mean(1, keepdim=True), dim=-1
    )
    assert float(cosine.min()) > 0.999


def test_views_follow_their_generator_and_leave_global_randomness_alone(
    selftraining_settings: SelfTrainingSettings,
) -> None:
    augment = ImageAugmentation(selftraining_settings.image_augmentation, 64, (0.5,) * 3, (0.25,) * 3)
    views = np.random.default_rng(0).integers(0, 255, (4, 96, 96, 3), dtype=np.uint8)
    state = torch.random.get_rng_state()
    others = random.getstate(), str(np.random.get_state())  # noqa: NPY002
    for version in (augment.weak, augment.strong):
        first, again, other = (version(views, torch.Generator().manual_seed(seed)) for seed in (7, 7, 8))
        assert first.shape == (4, 3, 64, 64)
        assert torch.equal(first, again)
        assert not torch.equal(first, other)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert (random.getstate(), str(np.random.get_state())) == others  # noqa: NPY002


def test_strong_views_do_not_depend_on_global_randomness(selftraining_settings: SelfTrainingSettings) -> None:
    augment = ImageAugmentation(selftraining_settings.image_augmentation, 32, (0.5,) * 3, (0.25,) * 3)
    views = np.random.default_rng(0).integers(0, 255, (8, 48, 48, 3), dtype=np.uint8)
    first = augment.strong(views, torch.Generator().manual_seed(7))
    random.random(), np.random.random(), torch.rand(1)  # noqa: NPY002
    assert torch.equal(augment.strong(views, torch.Generator().manual_seed(7)), first)


def test_weak_views_are_crops_of_the_resized_picture(selftraining_settings: SelfTrainingSettings) -> None:
    settings = selftraining_settings.image_augmentation.model_copy(update={"resize": 1.0})
    views = np.random.default_rng(0).integers(0, 255, (2, 64, 64, 3), dtype=np.uint8)
    same = ImageAugmentation(settings, 64, (0.5,) * 3, (0.25,) * 3).weak(views, torch.Generator().manual_seed(0))
    expected = (torch.from_numpy(views).permute(0, 3, 1, 2).float() / 255 - 0.5) / 0.25
    torch.testing.assert_close(same, expected)


def test_weak_crops_are_taken_anywhere(selftraining_settings: SelfTrainingSettings) -> None:
    """Of a picture whose red says the column and whose green says the row."""
    settings = selftraining_settings.image_augmentation.model_copy(update={"resize": 1.5})
    column, row = np.meshgrid(np.arange(30, dtype=np.uint8), np.arange(24, dtype=np.uint8))
    views = np.repeat(np.stack([column, row, row], axis=-1)[None], 200, axis=0)
    augment = ImageAugmentation(settings, 16, (0.0,) * 3, (1.0,) * 3)
    corners = (255 * augment.weak(views, torch.Generator().manual_seed(0))[:, :2, 0, 0]).round().int()
    assert set(corners[:, 0].tolist()) == set(range(15)) and set(corners[:, 1].tolist()) == set(range(9))


def test_points_at_one_place_stay_finite() -> None:
    assert bool(torch.isfinite(unit_radius(torch.full((1, 5, 3), 0.3))).all())


def test_jitter_is_cut_and_kept_points_stay_where_they_are() -> None:
    noise = torch.tensor([[[-0.3, 0.04, 0.3]]])
    torch.testing.assert_close(jitter_points(torch.ones(1, 1, 3), noise, 0.05), torch.tensor([[[0.95, 1.04, 1.05]]]))
    keep = torch.rand(5, 50, generator=torch.Generator().manual_seed(0)) < 0.4
    source = replacements(keep, torch.Generator().manual_seed(0))
    assert torch.equal(source[keep], torch.arange(50).expand(5, -1)[keep])
    assert bool(keep.gather(1, source).all()), "what was dropped is nowhere"


def strong_alone(points: torch.Tensor, settings: SelfTrainingSettings, **changes: Any) -> torch.Tensor:
    """Strong versions of clouds of which nothing is changed but what is asked for."""
    still: dict[str, Any] = {"strong_scale": (1.0, 1.0), "strong_turn": 0.0, "strong_shift": 0.0, "strong_jitter": 0.0}
    still |= {"strong_dropout": 0.0, "strong_crop": None, "renormalize": False}
    alone = settings.point_augmentation.model_copy(update={**still, **changes})
    return strong_points(points, alone, torch.Generator().manual_seed(0))


def test_each_strong_change_takes_all_that_its_setting_allows(selftraining_settings: SelfTrainingSettings) -> None:
    corners = torch.cartesian_prod(*[torch.tensor([-1.0, 1.0])] * 3).repeat(8, 1).expand(400, -1, -1)
    half = 3**-0.5  # the cube's side, halved, at unit radius
    still = strong_alone(corners, selftraining_settings)
    torch.testing.assert_close(still, half * corners)
    sizes = strong_alone(corners, selftraining_settings, strong_scale=(0.5, 2.0)).abs().amax((1, 2)) / half
    assert 0.5 <= sizes.min() < 0.55 and 1.9 < sizes.max() <= 2.0001
    shifts = strong_alone(corners, selftraining_settings, strong_shift=0.5).mean(1) / (2 * half)
    assert bool((shifts.amin(0) < -0.45).all() and (shifts.amax(0) > 0.45).all() and (shifts.abs() <= 0.5001).all())
    turned = strong_alone(corners, selftraining_settings, strong_turn=3.1416)
    torch.testing.assert_close(turned[..., 1], still[..., 1])
    assert turned[:, 0, 0].min() < -0.8 and turned[:, 0, 0].max() > 0.8
    left = strong_alone(corners, selftraining_settings, strong_dropout=0.9, strong_fill="first")
    dropped = (left == left[:, :1]).all(-1).float().mean(1) - 1 / 8  # copies of the first corner are no drops
    assert dropped.mean().item() == pytest.approx(0.45 * 7 / 8, abs=0.04) and dropped.max() > 0.6


def test_a_crop_keeps_a_box_of_its_size_anywhere_in_the_cloud(selftraining_settings: SelfTrainingSettings) -> None:
    points = torch.rand(300, 256, 3, generator=torch.Generator().manual_seed(1))
    whole, kept = (strong_alone(points, selftraining_settings, strong_crop=crop) for crop in (None, (0.6, 0.6)))
    extent = whole.amax(1) - whole.amin(1)
    side, low = (kept.amax(1) - kept.amin(1)) / extent, (kept.amin(1) - whole.amin(1)) / extent
    assert bool((side <= 0.6001).all()) and side.mean() > 0.5
    assert low.min() < 0.03 and low.max() > 0.37


def test_the_first_point_stands_for_dropped_ones_if_asked(selftraining_settings: SelfTrainingSettings) -> None:
    changes: dict[str, Any] = {"strong_dropout": 0.875, "strong_jitter": 0.0, "renormalize": False}
    changes |= {"strong_crop": None, "strong_fill": "first"}
    settings = selftraining_settings.point_augmentation.model_copy(update=changes)
    for points in strong_points(clouds(2, 20), settings, torch.Generator().manual_seed(0)):
        unique, counts = points.unique(dim=0, return_counts=True)
        assert len(unique) < len(points), "some were dropped"
        assert (counts > 1).sum() == 1
        torch.testing.assert_close(unique[counts > 1][0], points[0])


@pytest.mark.parametrize("interpolation", ["random", "bicubic"])
def test_interpolation_of_turned_views(interpolation: str, selftraining_settings: SelfTrainingSettings) -> None:
    settings = selftraining_settings.image_augmentation.model_copy(update={"rand_augment_interpolation": interpolation})
    augment = ImageAugmentation(settings, 32, (0.5,) * 3, (0.25,) * 3)
    (policy,) = [step for step in augment.strong_steps.transforms if isinstance(step, RandAugment)]
    used = {operation.kwargs["resample"] for operation in policy.ops}
    both = (Image.Resampling.BILINEAR, Image.Resampling.BICUBIC)
    assert used == {Image.Resampling.BICUBIC if interpolation == "bicubic" else both}


def test_the_strongest_policy_never_fails(selftraining_settings: SelfTrainingSettings) -> None:
    settings = selftraining_settings.image_augmentation.model_copy(update={"rand_augment": "rand-m10-n8-inc1"})
    augment = ImageAugmentation(settings, 32, (0.5,) * 3, (0.25,) * 3)
    views = np.random.default_rng(1).integers(0, 255, (64, 40, 40, 3), dtype=np.uint8)
    assert bool(torch.isfinite(augment.strong(views, torch.Generator().manual_seed(3))).all())


def objects(settings: SelfTrainingSettings, **changes: Any) -> AugmentedObjects:
    """Two objects of 40 points under augmentation; each of their four views is a picture of one shade of grey."""
    shades = np.arange(30, 230, 25, dtype=np.uint8).reshape(2, 4, 1, 1, 1)
    clouds = np.random.default_rng(0).normal(size=(2, 40, 3)).astype(np.float32)
    data = Collection(("a", "b"), np.broadcast_to(shades, (2, 4, 24, 24, 3)).copy(), clouds)
    pictures = settings.image_augmentation.model_copy(update={"rand_augment": ""})
    return AugmentedObjects(
        data,
        ImageAugmentation(pictures, 16, (0.5,) * 3, (0.5,) * 3),
        settings.model_copy(update={"n_points": 30, **changes}),
        grid=(4, 4),
        n_groups=20,
    )


def test_an_object_looks_the_same_whenever_an_epoch_is_repeated(selftraining_settings: SelfTrainingSettings) -> None:
    first, again = (objects(selftraining_settings)[0, 1] for _ in range(2))
    others = [objects(selftraining_settings)[1, 1], objects(selftraining_settings, seed=7)[0, 1]]
    for name in first._fields:
        assert torch.equal(getattr(first, name), getattr(again, name)), name
    for other in others:
        assert not torch.equal(first.weak_cloud, other.weak_cloud)
        assert not torch.equal(first.strong_cloud, other.strong_cloud)


@pytest.mark.parametrize(("student", "teacher"), [(2, 3), (3, 2), (4, 4), (6, 1), (1, 9)])
def test_student_and_teacher_share_as_many_views_as_they_can(
    student: int, teacher: int, selftraining_settings: SelfTrainingSettings
) -> None:
    seen = objects(selftraining_settings, views_per_object=student, teacher_views=teacher)[0, 0]
    weak, strong = (views.amax((1, 2, 3)).tolist() for views in (seen.weak_views, seen.strong_views))
    assert (len(weak), len(strong)) == (teacher, student)
    shared = min(student, teacher)
    assert weak[:shared] == pytest.approx(strong[:shared])
    for shades in (weak, strong):  # each view is seen before any is seen twice
        assert len({round(shade, 3) for shade in shades[:4]}) == min(len(shades), 4)


def test_draws_of_an_object_go_through_all_that_settings_allow(selftraining_settings: SelfTrainingSettings) -> None:
    unchanged = selftraining_settings.point_augmentation.model_copy(
        update={"weak_scale": (1.0, 1.0), "weak_tilt": 0.0, "renormalize": False}
    )
    drawn = objects(selftraining_settings, point_augmentation=unchanged, point_mask_ratio=(0.25, 0.5))
    epochs = [drawn[epoch, 0] for epoch in range(60)]
    assert {int(seen.mask_size) for seen in epochs} == set(range(5, 10))  # of 20 groups
    assert {bool(seen.coin) for seen in epochs} == {True, False}
    for starts in ([int(seen.weak_start) for seen in epochs], [int(seen.strong_start) for seen in epochs]):
        assert len(set(starts)) > 15 and max(starts) < 30
    anchors = {int(seen.mask_anchor) for seen in epochs}
    assert len(anchors) > 10 and max(anchors) < 20
    spread = [np.ptp(seen.weak_cloud.numpy(), axis=0).tolist() for seen in epochs]
    assert len({str(extent) for extent in spread}) > 30, "other points of the 40 in each epoch"
    least = objects(selftraining_settings, point_mask_ratio=(0.0, 0.0))[0, 0]
    assert int(least.mask_size) == 1
