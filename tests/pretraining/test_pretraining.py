"""Pre-training: losses, augmentation, token dropping."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from crossmost.errors import CrossmostError
from crossmost.models.encoders import Encoders, mini_config
from crossmost.pretraining.augmentation import augment_clouds, augment_views, random_token_mask
from crossmost.pretraining.losses import symmetric_contrastive
from crossmost.pretraining.settings import CloudAugmentationSettings, TrainingSettings
from crossmost.pretraining.trainer import CaptionedObjects, pretrain


@given(st.integers(0, 2**31), st.booleans())
def test_contrast_against_literal_sum(seed: int, with_ignored: bool) -> None:
    generator = torch.Generator().manual_seed(seed)
    left, right = (torch.nn.functional.normalize(torch.randn(5, 4, generator=generator), dim=-1) for _ in range(2))
    ignore = torch.rand(5, 5, generator=generator) < 0.3 if with_ignored else None
    expected = 0.0
    for a, b in ((left, right), (right, left)):
        for i in range(5):
            others = [j for j in range(5) if j == i or ignore is None or not (ignore[i, j] or ignore[j, i])]
            total = sum(math.exp(3 * (a[i] @ b[j]).item()) for j in others)
            expected -= math.log(math.exp(3 * (a[i] @ b[i]).item()) / total) / 10
    assert symmetric_contrastive(left, right, torch.tensor(3.0), ignore).item() == pytest.approx(expected, rel=1e-4)


def test_augmented_views_are_pictures_and_follow_the_generator() -> None:
    views = torch.rand(6, 3, 80, 80)
    first = augment_views(views, 64, torch.Generator().manual_seed(0))
    assert first.shape == (6, 3, 64, 64)
    assert float(first.min()) >= 0
    assert float(first.max()) <= 1
    assert torch.equal(first, augment_views(views, 64, torch.Generator().manual_seed(0)))
    assert not torch.equal(first, augment_views(views, 64, torch.Generator().manual_seed(1)))


def test_what_a_crop_shows_beyond_the_picture_is_white() -> None:
    black = torch.zeros(200, 3, 16, 16)
    augmented = augment_views(black, 16, torch.Generator().manual_seed(0))
    corners = augmented[:, :, 0, 0].mean(1)
    assert float((corners > 0.6).float().mean()) > 0.2, "shifted crops show background, not the object's black"


PLAIN = CloudAugmentationSettings(stretch=0, jitter=0.01, jitter_clip=0.05, stray=0, dropout=0, scale=(1, 1), shift=0)


def test_clouds_stay_upright_and_normalized_but_for_scale_and_shift() -> None:
    tower = torch.rand(8, 500, 3) * torch.tensor([0.05, 2.0, 0.05])
    plain = augment_clouds(tower, 200, PLAIN, torch.Generator().manual_seed(0))
    assert plain.shape == (8, 200, 3)
    torch.testing.assert_close(plain.norm(dim=-1).amax(1), torch.ones(8))
    extent = plain.amax(1) - plain.amin(1)
    assert bool((extent[:, 1] > 3 * extent[:, 0]).all())
    moving = PLAIN.model_copy(update={"scale": (0.5, 0.8), "shift": 0.3})
    moved = augment_clouds(tower, 200, moving, torch.Generator().manual_seed(0))
    ratio = (moved.amax(1) - moved.amin(1)) / extent
    assert bool(((ratio > 0.49) & (ratio < 0.81)).all())
    torch.testing.assert_close(ratio, ratio[:, :1].expand(-1, 3))
    shift = moved.mean(1)
    assert bool((shift.abs() <= 0.3 + 1e-5).all())
    assert float(shift.abs().max()) > 0.1


def test_stray_points_lie_off_the_object() -> None:
    flat = torch.rand(16, 500, 3) * torch.tensor([1.0, 0.0, 1.0])
    clouds = augment_clouds(flat, 400, PLAIN.model_copy(update={"stray": 0.2}), torch.Generator().manual_seed(0))
    height = (clouds[..., 1] - clouds[..., 1].median(1, keepdim=True).values).abs()
    share = (height > 0.2).float().mean(1)
    assert float(share.max()) < 0.25
    assert float(share.max()) > 0.1
    assert float(share.min()) < 0.05


def test_dropped_points_become_copies_of_kept_ones() -> None:
    cloud = torch.rand(16, 400, 3)
    dropped = augment_clouds(cloud, 200, PLAIN.model_copy(update={"dropout": 0.8}), torch.Generator().manual_seed(0))
    distinct = [len(torch.unique(points, dim=0)) for points in dropped]
    assert min(distinct) >= 40
    assert max(distinct) <= 200
    assert len(set(distinct)) > 8


@given(st.integers(0, 2**31))
def test_masks_hide_the_same_number_everywhere(seed: int) -> None:
    mask = random_token_mask(7, 40, 0.5, torch.Generator().manual_seed(seed))
    counts = set(mask.sum(1).tolist())
    assert len(counts) == 1
    assert 4 <= counts.pop() <= 20


SETTINGS = TrainingSettings(
    epochs=1,
    batch_size=128,
    learning_rate=1e-3,
    weight_decay=0.1,
    warmup_share=0.1,
    n_points=256,
    cloud_augmentation=PLAIN,
    point_groups=64,
    patch_keep=1.0,
    masked_share=0.0,
    mask_ratio=0.4,
    label_smoothing=0.0,
    weight_pair=1.0,
    weight_caption=1.0,
    weight_modeling=1.0,
    holdout_share=0.2,
    precision="32-true",
    seed=0,
)


def few_objects(count: int) -> CaptionedObjects:
    """Objects of noise."""
    rng = np.random.default_rng(0)
    clouds = rng.normal(size=(count, 256, 3)).astype(np.float16)
    views = rng.integers(0, 255, (count, 1, 64, 64, 3), dtype=np.uint8)
    kinds = np.arange(count) % 2
    return CaptionedObjects(views, clouds, [(f"object {row}",) for row in range(count)], kinds, ("a", "b"))


def test_fewer_objects_than_a_batch_are_learned_from_all_the_same() -> None:
    encoders, log = pretrain(few_objects(6), mini_config(), ["a {}."], SETTINGS)
    assert np.isfinite(log["loss"]).all()
    torch.manual_seed(SETTINGS.seed)
    assert not torch.equal(encoders.point_projection, Encoders(mini_config()).point_projection)


def test_source_objects_that_are_too_few_or_too_small_are_refused() -> None:
    with pytest.raises(CrossmostError, match=r"2 source objects are too few; raise pretraining\.source"):
        pretrain(few_objects(2), mini_config(), ["a {}."], SETTINGS)
    with pytest.raises(CrossmostError, match=r"raise pretraining\.source\.n_points to at least 300"):
        pretrain(few_objects(6), mini_config(), ["a {}."], SETTINGS.model_copy(update={"n_points": 300}))


def test_keeping_all_patches_in_order_changes_nothing() -> None:
    torch.manual_seed(0)
    tower = Encoders(mini_config()).image_tower.eval()
    images = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        everything = tower(images).feature
        torch.testing.assert_close(tower(images, keep=torch.arange(64).expand(2, -1)).feature, everything)
        assert not torch.allclose(tower(images, keep=torch.arange(32).expand(2, -1)).feature, everything)
