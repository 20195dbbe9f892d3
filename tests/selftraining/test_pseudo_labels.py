"""Rules that turn teacher probabilities into labels."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from crossmost.models.joint_prediction import Fusion, neutral_fusion
from crossmost.selftraining.pseudo_labels import RULES, PseudoLabels, choose_targets, make_pseudo_labels, weigh
from crossmost.selftraining.settings import PseudoLabelSettings

IMAGE = torch.tensor([[0.9, 0.1, 0.0], [0.3, 0.4, 0.3], [0.1, 0.2, 0.7], [0.5, 0.5, 0.0]])
POINT = torch.tensor([[0.0, 0.95, 0.05], [0.8, 0.1, 0.1], [0.1, 0.1, 0.8], [0.2, 0.2, 0.6]])

HEADS = torch.ones(16, dtype=torch.bool)


def settings(rule: str, **changes: float | None) -> PseudoLabelSettings:
    values = {"threshold_image": 0.6, "threshold_point": 0.6, "threshold_joint": 0.6, "point_weight": 1.0, **changes}
    return PseudoLabelSettings.model_validate({"rule": rule, **values})


def labels_of(
    image: Tensor, point: Tensor, coin: Tensor, settings: PseudoLabelSettings, fusion: Fusion | None = None
) -> PseudoLabels:
    choice = choose_targets(image, point, coin, settings, fusion)
    return make_pseudo_labels(image, point, choice, weigh(choice, settings))


def test_joint_takes_the_more_confident_modality_for_both() -> None:
    labels = labels_of(IMAGE, POINT, HEADS[:4], settings("joint"))
    assert labels.image_label.tolist() == labels.point_label.tolist() == [1, 0, 2, 2]
    assert labels.image_keep.tolist() == labels.point_keep.tolist() == [True, True, True, False]


def test_pooled_labels_trust_and_read_each_modality_as_the_fusion_says() -> None:
    image, point = torch.tensor([[0.6, 0.4], [0.6, 0.4]]), torch.tensor([[0.95, 0.05], [0.05, 0.95]])
    plain = neutral_fusion(2)
    labels = labels_of(image, point, HEADS[:2], settings("pooled"), plain)
    assert labels.image_label.tolist() == labels.point_label.tolist() == [0, 1]
    doubted = plain._replace(temperature=torch.tensor([0.2, 10.0]))
    assert labels_of(image, point, HEADS[:2], settings("pooled"), doubted).image_label.tolist() == [0, 0]
    # Points as often mean the other class: they say nothing, and the images decide.
    swapped = plain._replace(cooccurrence=torch.tensor([[[50.0, 0.0], [0.0, 50.0]], [[0.0, 50.0], [50.0, 0.0]]]))
    read = labels_of(image, point, HEADS[:2], settings("pooled"), swapped)
    assert read.image_label.tolist() == read.point_label.tolist() == [0, 0]
    certain = labels_of(image, point, HEADS[:2], settings("pooled", threshold_joint=0.9), plain)
    assert certain.image_keep.tolist() == certain.point_keep.tolist() == [True, True]
    unsure = labels_of(image, point, HEADS[:2], settings("pooled", threshold_joint=0.95), plain)
    assert unsure.image_keep.tolist() == unsure.point_keep.tolist() == [True, False]


def test_point_weight_shifts_the_decision_and_the_threshold() -> None:
    labels = labels_of(IMAGE, POINT, HEADS[:4], settings("joint", point_weight=0.7))
    assert labels.image_label.tolist() == [0, 0, 2, 0]
    assert labels.image_keep.tolist() == [True, False, True, False]  # 0.8 · 0.7 is below the threshold
    assert labels.point_confidence.tolist() == pytest.approx([0.95, 0.8, 0.8, 0.6])


def test_without_a_point_weight_calibrated_confidences_are_compared() -> None:
    """Points that are sure of themselves and seldom right lose to timid images that are right."""
    image, point = torch.tensor([[0.5, 0.3, 0.2]]), torch.tensor([[0.05, 0.9, 0.05]])
    fusion = neutral_fusion(3)._replace(temperature=torch.tensor([0.3, 4.0]))
    raw = labels_of(image, point, HEADS[:1], settings("joint"), fusion)
    calibrated = labels_of(image, point, HEADS[:1], settings("joint", point_weight=None), fusion)
    assert (raw.image_label.tolist(), calibrated.image_label.tolist()) == ([1], [0])
    assert calibrated.image_keep.tolist() == [True], "0.5 becomes 0.8"
    assert calibrated.image_confidence.tolist() == pytest.approx([0.5]), "recorded as the teacher said it"
    both_sure = torch.tensor([[0.0, 1.0, 0.0]])
    agreed = settings("agreement", point_weight=None)
    assert labels_of(both_sure, point, HEADS[:1], agreed, fusion).point_keep.tolist() == [False]
    assert labels_of(both_sure, point, HEADS[:1], settings("agreement"), fusion).point_keep.tolist() == [True]


def test_entropy_weighted_labels_count_each_modality_as_far_as_it_is_decided() -> None:
    undecided, sure = torch.full((1, 4), 0.25), torch.tensor([[0.7, 0.1, 0.1, 0.1]])
    rule = settings("entropy_weighted")
    first = choose_targets(undecided, sure, HEADS[:1], rule)
    exponent = 1 - float(-(sure * sure.log()).sum() / torch.tensor(4.0).log())
    assert first.image_target[0].tolist() == pytest.approx((exponent * sure.log()).softmax(-1)[0].tolist(), abs=1e-5)
    timid = torch.tensor([[0.2, 0.3, 0.3, 0.2]])
    assert labels_of(timid, sure, HEADS[:1], rule).point_label.tolist() == [0], "the timid one hardly counts"
    certain = torch.tensor([[1.0, 0.0, 0.0, 0.0]])
    product = choose_targets(certain, certain, HEADS[:1], rule)
    assert product.image_target[0].tolist() == pytest.approx(certain[0].tolist(), abs=1e-6)


def test_tie_takes_the_images_label() -> None:
    image, point = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]])
    assert labels_of(image, point, HEADS[:1], settings("joint")).image_label.tolist() == [0]


def test_separate_keeps_each_modality_to_itself() -> None:
    labels = labels_of(IMAGE, POINT, HEADS[:4], settings("separate", threshold_image=0.65, point_weight=0.1))
    assert labels.image_label.tolist() == [0, 1, 2, 0]
    assert labels.point_label.tolist() == [1, 0, 2, 2]
    assert labels.image_keep.tolist() == [True, False, True, False]
    assert labels.point_keep.tolist() == [True, True, True, False]


def test_agreement_keeps_what_both_are_sure_of() -> None:
    labels = labels_of(IMAGE, POINT, HEADS[:4], settings("agreement"))
    assert labels.image_keep.tolist() == [False, False, True, False]
    assert labels.image_label[2] == 2
    unsure = labels_of(IMAGE, POINT, HEADS[:4], settings("agreement", threshold_joint=0.75))
    assert not unsure.image_keep[2], "the less confident modality says 0.7"


@pytest.mark.parametrize(("rule", "source"), [("image_only", IMAGE), ("point_only", POINT)])
def test_one_modality_teaches_both(rule: str, source: torch.Tensor) -> None:
    labels = labels_of(IMAGE, POINT, HEADS[:4], settings(rule))
    confidence, expected = source.max(-1)
    assert labels.image_label.tolist() == labels.point_label.tolist() == expected.tolist()
    assert labels.image_keep.tolist() == (confidence > 0.6).tolist()


@pytest.mark.parametrize(("rule", "kept"), [("image_only", [True, False, True]), ("point_only", [True, False, False])])
def test_one_modality_has_its_own_threshold(rule: str, kept: list[bool]) -> None:
    labels = labels_of(IMAGE[:3], POINT[:3], HEADS[:3], settings(rule, threshold_point=0.85, threshold_joint=1.0))
    assert labels.image_keep.tolist() == labels.point_keep.tolist() == kept


def test_diverse_pooled_labels_lean_to_their_own_modality() -> None:
    image, point = torch.tensor([[0.8, 0.2]]), torch.tensor([[0.1, 0.9]])
    leaning = settings("pooled").model_copy(update={"diversity": 1.0})
    choice = choose_targets(image, point, HEADS[:1], leaning, neutral_fusion(2))
    labels = make_pseudo_labels(image, point, choice, weigh(choice, leaning))
    assert (labels.image_label.tolist(), labels.point_label.tolist()) == ([0], [1])
    assert choice.image_score.tolist() == pytest.approx([0.64 / 0.68], abs=1e-5)
    assert choice.point_score.tolist() == pytest.approx([0.81 / 0.82], abs=1e-5)


def test_random_takes_the_modality_its_coin_says() -> None:
    coin = torch.tensor([True, False, True, False])
    labels = labels_of(IMAGE, POINT, coin, settings("random"))
    assert labels.image_label.tolist() == labels.point_label.tolist() == [0, 0, 2, 2]
    assert labels.image_keep.tolist() == labels.point_keep.tolist() == [True, True, True, False]
    doubted = labels_of(IMAGE, POINT, coin, settings("random", point_weight=0.7))
    assert doubted.image_keep.tolist() == [True, False, True, False], "0.8 · 0.7 is below the threshold"


@given(st.sampled_from(sorted(RULES)), st.integers(0, 2**31), st.floats(0, 1))
def test_kept_labels_are_predictions_of_a_modality(rule: str, seed: int, threshold: float) -> None:
    generator = torch.Generator().manual_seed(seed)
    image = torch.rand(16, 5, generator=generator).softmax(-1)
    point = torch.rand(16, 5, generator=generator).softmax(-1)
    coin = torch.rand(16, generator=generator) < 0.5
    labels = labels_of(image, point, coin, settings(rule, threshold_joint=threshold))
    if rule not in ("pooled", "entropy_weighted"):  # which may name a third class that both modalities held likely
        offered = torch.stack([image.argmax(-1), point.argmax(-1)])
        assert bool((offered == labels.image_label).any(0).all())
        assert bool((offered == labels.point_label).any(0).all())
    if rule != "separate":
        assert torch.equal(labels.image_label, labels.point_label)
        assert torch.equal(labels.image_keep, labels.point_keep)
