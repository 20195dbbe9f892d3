"""Pseudo-labels from the teacher's probabilities of both modalities (Cross-MoST, §3.2)."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from crossmost.models.joint_prediction import (
    Fusion,
    calibrated_predictions,
    entropy_weighted_prediction,
    fit_fusion,
    joint_prediction,
    leaning_predictions,
)
from crossmost.selftraining.label_memory import LabelMemory, label_weights
from crossmost.selftraining.settings import PseudoLabelSettings


class PseudoLabels(NamedTuple):
    """What the student learns from; all (B,).

    Attributes:
        image_label, point_label: int64 class trained on in that modality.
        image_keep, point_keep: bool, whether the object enters that modality's cross-entropy.
        image_confidence, point_confidence: the teacher's largest probability (the point one before any weight).
    """

    image_label: Tensor
    point_label: Tensor
    image_keep: Tensor
    point_keep: Tensor
    image_confidence: Tensor
    point_confidence: Tensor


class Choice(NamedTuple):
    """What a rule makes of both predictions.

    Attributes:
        image_target, point_target: (B, C) probabilities whose largest is the label of that modality.
        image_score, point_score: (B,) how sure the label is.
        allowed: (B,) bool, objects that may be learned from at all.
    """

    image_target: Tensor
    point_target: Tensor
    image_score: Tensor
    point_score: Tensor
    allowed: Tensor


class Supervision(NamedTuple):
    """What the cross-entropy sees.

    Attributes:
        image, point: (B,) int64 classes or (B, C) probabilities.
        image_weight, point_weight: (B,), 0 leaves an object out.
    """

    image: Tensor
    point: Tensor
    image_weight: Tensor
    point_weight: Tensor


class _Predictions(NamedTuple):
    image: Tensor
    point: Tensor
    image_score: Tensor
    point_score: Tensor  # weighted
    coin: Tensor  # bool: the random rule takes the image
    fusion: Fusion
    diversity: float


def _one_for_both(target: Tensor, score: Tensor) -> Choice:
    return Choice(target, target, score, score, torch.ones_like(score, dtype=torch.bool))


def _joint(p: _Predictions) -> Choice:
    # On a tie the image decides (≥); the released code would add the two class ids.
    image_wins = p.image_score >= p.point_score
    target = torch.where(image_wins.unsqueeze(1), p.image, p.point)
    return _one_for_both(target, torch.maximum(p.image_score, p.point_score))


def _pooled(p: _Predictions) -> Choice:
    if p.diversity == 0:
        target = joint_prediction(p.image, p.point, p.fusion)
        return _one_for_both(target, target.amax(-1))
    image, point = leaning_predictions(p.image, p.point, p.fusion, p.diversity)
    return Choice(image, point, image.amax(-1), point.amax(-1), torch.ones_like(p.coin))


def _entropy_weighted(p: _Predictions) -> Choice:
    target = entropy_weighted_prediction(p.image, p.point)
    return _one_for_both(target, target.amax(-1))


def _separate(p: _Predictions) -> Choice:
    return Choice(p.image, p.point, p.image_score, p.point_score, torch.ones_like(p.coin))


def _agreement(p: _Predictions) -> Choice:
    score = torch.minimum(p.image_score, p.point_score)
    return _one_for_both(p.image, score)._replace(allowed=p.image.argmax(-1) == p.point.argmax(-1))


def _random(p: _Predictions) -> Choice:
    target = torch.where(p.coin.unsqueeze(1), p.image, p.point)
    return _one_for_both(target, torch.where(p.coin, p.image_score, p.point_score))


def _image_only(p: _Predictions) -> Choice:
    return _one_for_both(p.image, p.image_score)


def _point_only(p: _Predictions) -> Choice:
    return _one_for_both(p.point, p.point_score)


RULES: dict[str, Callable[[_Predictions], Choice]] = {
    "pooled": _pooled,
    "entropy_weighted": _entropy_weighted,
    "joint": _joint,
    "separate": _separate,
    "agreement": _agreement,
    "random": _random,
    "image_only": _image_only,
    "point_only": _point_only,
}

_COMPARING = ("joint", "agreement", "random")
"""Rules that compare the modalities' confidences, so that a weight has its place in them."""


def choose_targets(
    image_probabilities: Tensor,
    point_probabilities: Tensor,
    coin: Tensor,
    settings: PseudoLabelSettings,
    fusion: Fusion | None = None,
) -> Choice:
    """Apply the configured rule to teacher probabilities (B, C) of both modalities.

    Args:
        coin: (B,) bool, which modality the ``random`` rule takes: True is the image.
        fusion: how the ``pooled`` rule reads both predictions, and the temperatures that stand in for a point weight of
            None; None learns it from these objects.
    """
    if fusion is None:
        fusion = fit_fusion(image_probabilities, point_probabilities)
    image, point = image_probabilities, point_probabilities
    weight = settings.point_weight if settings.rule in _COMPARING else 1.0
    if weight is None:
        image, point = calibrated_predictions(image, point, fusion)
    scores = image.amax(-1), (1.0 if weight is None else weight) * point.amax(-1)
    return RULES[settings.rule](_Predictions(image, point, *scores, coin, fusion, settings.diversity))


def thresholds(settings: PseudoLabelSettings) -> tuple[float, float]:
    """What the scores of images and points must exceed under the configured rule."""
    image, point, joint = settings.threshold_image, settings.threshold_point, settings.threshold_joint
    of_rule = {"separate": (image, point), "image_only": (image, image), "point_only": (point, point)}
    return of_rule.get(settings.rule, (joint, joint))


def weigh(choice: Choice, settings: PseudoLabelSettings, memory: LabelMemory | None = None) -> tuple[Tensor, Tensor]:
    """(B,) weights with which objects enter the cross-entropy of images and points; 0 leaves an object out.

    Args:
        memory: running statistics of the labels, which all weightings but the fixed threshold need.
    """
    scores = torch.stack([choice.image_score, choice.point_score])
    targets = torch.stack([choice.image_target, choice.point_target])
    weights = label_weights(targets, scores, thresholds(settings), settings.weighting, memory) * choice.allowed
    return weights[0], weights[1]


def supervision(choice: Choice, weights: tuple[Tensor, Tensor], settings: PseudoLabelSettings) -> Supervision:
    """Targets, hard or soft as configured, and weights."""
    targets = choice.image_target, choice.point_target
    if settings.targets == "hard":
        targets = targets[0].argmax(-1), targets[1].argmax(-1)
    return Supervision(*targets, *weights)


def make_pseudo_labels(
    image_probabilities: Tensor, point_probabilities: Tensor, choice: Choice, weights: tuple[Tensor, Tensor]
) -> PseudoLabels:
    """Labels as they are recorded.

    Args:
        image_probabilities, point_probabilities: (B, C) of the teacher.
        choice, weights: of `choose_targets` and `weigh`.
    """
    return PseudoLabels(
        choice.image_target.argmax(-1),
        choice.point_target.argmax(-1),
        weights[0] > 0,
        weights[1] > 0,
        image_confidence=image_probabilities.amax(-1),
        point_confidence=point_probabilities.amax(-1),
    )
