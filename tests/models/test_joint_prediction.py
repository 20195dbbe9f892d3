"""The joint prediction trusts each modality as far as both together confirm it, and reads what it says accordingly."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from crossmost.models.joint_prediction import (
    Fusion,
    fit_fusion,
    joint_prediction,
    neutral_fusion,
    updated_fusion,
)


def probabilities(seed: int, n: int, n_classes: int, sharpness: float) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.softmax(sharpness * torch.randn(n, n_classes, generator=generator, dtype=torch.float64), -1)


def opinions(truth: Tensor, *, accuracy: float, confidence: float, seed: int, n_classes: int) -> Tensor:
    """Predictions that are right with one probability and claim another one."""
    generator = torch.Generator().manual_seed(seed)
    is_right = torch.rand(len(truth), generator=generator) < accuracy
    other = (truth + torch.randint(1, n_classes, truth.shape, generator=generator)) % n_classes
    said = torch.where(is_right, truth, other)
    rest = (1 - confidence) / (n_classes - 1)
    return torch.full((len(truth), n_classes), rest).scatter_(1, said[:, None], confidence)


def top1(prediction: Tensor, truth: Tensor) -> float:
    return (prediction.argmax(-1) == truth).double().mean().item()


def fused(image: Tensor, point: Tensor) -> Tensor:
    return joint_prediction(image, point, fit_fusion(image, point))


@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(2, 8), st.floats(0, 50))
def test_it_is_a_distribution_and_no_scale_of_counts_matters(
    seed: int, n: int, n_classes: int, sharpness: float
) -> None:
    image, point = probabilities(seed, n, n_classes, sharpness), probabilities(seed + 1, n, n_classes, sharpness)
    fusion = fit_fusion(image, point)
    joint = joint_prediction(image, point, fusion)
    assert joint.isfinite().all() and (fusion.reliability > 0).all() and (fusion.reliability <= 1 + 1e-9).all()
    torch.testing.assert_close(joint.sum(-1), torch.ones(n, dtype=torch.float64))
    scaled = fusion._replace(cooccurrence=7 * fusion.cooccurrence)
    torch.testing.assert_close(joint, joint_prediction(image, point, scaled))


@given(st.integers(0, 10**6), st.permutations(range(5)))
def test_neither_the_order_of_classes_nor_that_of_modalities_matters(seed: int, order: list[int]) -> None:
    image, point = probabilities(seed, 6, 5, 3), probabilities(seed + 1, 6, 5, 3)
    joint = fused(image, point)
    torch.testing.assert_close(fused(image[:, order], point[:, order]), joint[:, order])
    torch.testing.assert_close(fused(point, image), joint)


@given(st.integers(0, 10**6), st.floats(0.3, 2))
def test_a_modality_cannot_gain_weight_by_claiming_more(seed: int, factor: float) -> None:
    image, point = probabilities(seed, 300, 5, 1), probabilities(seed + 1, 300, 5, 1)
    louder = torch.softmax(factor * point.log(), -1)
    fusion = fit_fusion(image, point)
    same = joint_prediction(image, louder, fit_fusion(image, louder, fusion.reliability))
    torch.testing.assert_close(same, joint_prediction(image, point, fusion), atol=2e-3, rtol=0)


def test_the_stronger_modality_is_found_whichever_it_is_and_however_sure_the_weaker_one_is() -> None:
    truth = torch.arange(600) % 6
    strong = opinions(truth, accuracy=0.85, confidence=0.5, seed=0, n_classes=6)
    weak = opinions(truth, accuracy=0.4, confidence=0.9, seed=1, n_classes=6)
    assert top1(strong + weak, truth) < 0.5
    for image, point, better in ((strong, weak, 0), (weak, strong, 1)):
        fusion = fit_fusion(image, point, reliability=torch.tensor([0.85, 0.4] if better == 0 else [0.4, 0.85]))
        assert top1(joint_prediction(image, point, fusion), truth) >= top1(strong, truth) - 0.01


def test_two_equally_good_modalities_together_beat_each() -> None:
    truth = torch.arange(900) % 6
    generator = torch.Generator().manual_seed(0)
    image, point = (
        torch.softmax(2 * torch.eye(6)[truth] + torch.randn(900, 6, generator=generator), -1) for _ in range(2)
    )
    assert top1(fused(image, point), truth) > max(top1(image, truth), top1(point, truth)) + 0.1


def test_a_modality_that_always_means_another_class_is_read_as_that_class() -> None:
    truth = torch.arange(300) % 3
    generator = torch.Generator().manual_seed(0)
    image = torch.softmax(1.5 * torch.eye(3)[truth] + torch.randn(300, 3, generator=generator), -1)
    point = 0.94 * torch.eye(3)[(truth + 1) % 3] + 0.02
    known = fit_fusion(image, point, reliability=torch.tensor([0.9, 0.2]))
    assert top1(image + point, truth) < 0.2
    assert top1(joint_prediction(image, point, known), truth) > top1(image, truth) - 0.01


def test_running_means_arrive_where_a_fit_is_and_keep_the_reliabilities() -> None:
    image, point = probabilities(0, 400, 4, 2).float(), probabilities(1, 400, 4, 3).float()
    fitted = fit_fusion(image, point)
    running = Fusion(fitted.reliability, torch.ones(2), torch.zeros(2, 4, 4))
    for _ in range(300):
        running = updated_fusion(running, image, point, momentum=0.95)
    for found, expected in zip(running, fitted, strict=True):
        torch.testing.assert_close(found, expected, atol=1e-3, rtol=1e-3)


def test_the_neutral_fusion_is_the_product() -> None:
    image, point = probabilities(0, 20, 4, 2), probabilities(1, 20, 4, 2)
    product = image * point
    joint = joint_prediction(image, point, neutral_fusion(4))
    torch.testing.assert_close(joint, product / product.sum(-1, keepdim=True), atol=1e-6, rtol=0)


def test_many_predictions_are_read_in_blocks_as_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    image, point = (torch.rand(50, 4, generator=torch.Generator().manual_seed(seed)).softmax(-1) for seed in (0, 1))
    at_once = fit_fusion(image, point)
    joint = joint_prediction(image, point, at_once)
    monkeypatch.setattr("crossmost.models.joint_prediction._AT_ONCE_IN_CACHE", 7 * 4)
    for left, right in zip(fit_fusion(image, point), at_once, strict=True):
        assert torch.equal(left, right)
    monkeypatch.setattr("crossmost.models.joint_prediction._AT_ONCE", 7 * 4)
    torch.testing.assert_close(fit_fusion(image, point).cooccurrence, at_once.cooccurrence)
    torch.testing.assert_close(joint_prediction(image, point, at_once), joint)
