"""The joint prediction trusts each modality as far as both together confirm it, and reads what it says accordingly."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from crossmost.models.joint_prediction import (
    SMOOTHING,
    Fusion,
    calibrated_predictions,
    class_frequencies,
    fit_fusion,
    joint_prediction,
    leaning_predictions,
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


@settings(max_examples=25)  # each fits twice
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


def test_one_batch_moves_temperatures_on_their_logarithms_and_is_read_with_the_running_ones() -> None:
    image, point = probabilities(0, 50, 4, 2).float(), probabilities(1, 50, 4, 3).float()
    fitted = fit_fusion(image, point)
    start = Fusion(fitted.reliability, torch.tensor([0.25, 4.0]), torch.ones(2, 4, 4))
    moved = updated_fusion(start, image, point, momentum=0.5)
    torch.testing.assert_close(moved.temperature, (start.temperature * fitted.temperature).sqrt())
    tempered = [(said.log() / of).softmax(-1) for said, of in zip((image, point), moved.temperature, strict=True)]
    both = (tempered[0] * tempered[1]) / (tempered[0] * tempered[1]).sum(-1, keepdim=True)
    for found, said in zip(moved.cooccurrence, tempered, strict=True):
        torch.testing.assert_close(found, 0.5 + 0.5 * said.T @ both / 50)


def test_the_neutral_fusion_is_the_product() -> None:
    image, point = probabilities(0, 20, 4, 2), probabilities(1, 20, 4, 2)
    product = image * point
    joint = joint_prediction(image, point, neutral_fusion(4))
    torch.testing.assert_close(joint, product / product.sum(-1, keepdim=True), atol=1e-6, rtol=0)


def literal_pool(said: tuple[Tensor, Tensor], fusion: Fusion, shares: tuple[float, float], of_prior: float) -> Tensor:
    """Of one object, class by class: what each modality says, as often as it counts, over what is expected anyway."""
    n_classes = len(said[0])
    together = fusion.cooccurrence / fusion.cooccurrence.sum(
        (1, 2), keepdim=True
    )  # own class in rows, both's in columns
    found = []
    for both in range(n_classes):
        value = 1.0
        for own, temperature, counts, share in zip(said, fusion.temperature, together, shares, strict=True):
            tempered = own ** (1 / temperature) / (own ** (1 / temperature)).sum()
            meant = counts + SMOOTHING / n_classes * torch.eye(n_classes)
            read = sum(tempered[row] * meant[row, both] / meant[row].sum() for row in range(n_classes))
            value = value * float(read) ** share
        expected = max(float(together[:, :, both].sum()) / 2, 1e-3)
        found.append(value / expected**of_prior)
    return torch.tensor(found) / sum(found)


@pytest.mark.parametrize("lean", [0.0, 0.5, 1.0])
def test_predictions_are_read_as_the_fusion_says_and_divided_by_the_expected_frequencies(lean: float) -> None:
    generator = torch.Generator().manual_seed(0)
    counts = torch.rand(2, 4, 4, generator=generator) * torch.tensor(
        [9.0, 3.0, 1.0, 0.0]
    )  # the last class is never both's
    fusion = Fusion(torch.tensor([0.8, 0.6]), torch.tensor([0.7, 2.0]), counts)
    image, point = probabilities(3, 5, 4, 2).float(), probabilities(4, 5, 4, 2).float()
    found = leaning_predictions(image, point, fusion, lean)
    for row, said in enumerate(zip(image, point, strict=True)):
        for modality, shares in enumerate([(1 + lean, 1 - lean), (1 - lean, 1 + lean)]):
            torch.testing.assert_close(found[modality][row], literal_pool(said, fusion, shares, 1 - lean))
    if lean == 0:
        torch.testing.assert_close(joint_prediction(image, point, fusion), found[0])
    torch.testing.assert_close(class_frequencies(fusion), counts.sum((0, 1)) / counts.sum())


def test_reliabilities_are_what_both_together_confirm() -> None:
    truth, generator = torch.arange(400) % 5, torch.Generator().manual_seed(0)
    image, point = (
        torch.softmax(sharpness * (2 * torch.eye(5)[truth] + torch.randn(400, 5, generator=generator)), -1)
        for sharpness in (0.3, 3)
    )
    fusion = fit_fusion(image, point)
    calibrated = calibrated_predictions(image, point, fusion)
    product = calibrated[0] * calibrated[1]
    product /= product.sum(-1, keepdim=True)
    for said, tempered, reliability in zip((image, point), calibrated, fusion.reliability, strict=True):
        assert tempered.amax(-1).mean().item() == pytest.approx(reliability.item(), abs=1e-3)
        confirmed = product.gather(-1, said.argmax(-1, keepdim=True)).mean()
        assert confirmed.item() == pytest.approx(reliability.item(), abs=1e-2)


def test_modalities_that_always_agree_are_not_taken_for_infallible() -> None:
    sure = 0.98 * torch.eye(4)[torch.arange(40) % 4] + 0.005
    for tempered in calibrated_predictions(sure, sure, fit_fusion(sure, sure, torch.ones(2))):
        assert tempered.amax(-1).mean().item() == pytest.approx(0.99, abs=1e-3)


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
