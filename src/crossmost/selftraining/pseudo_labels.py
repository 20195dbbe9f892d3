"""Pseudo-labels from the teacher's probabilities of both modalities (Cross-MoST, §3.2)."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from crossmost.models.joint_prediction import Fusion, fit_fusion, joint_prediction
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


class _Predictions(NamedTuple):
    image_label: Tensor
    point_label: Tensor
    image_score: Tensor
    point_score: Tensor  # weighted
    coin: Tensor  # bool: the random rule takes the image
    pooled_label: Tensor
    pooled_score: Tensor


# Label and keep mask for images and points: image_label, point_label, image_keep, point_keep.
Labels = tuple[Tensor, Tensor, Tensor, Tensor]


def _joint(p: _Predictions, settings: PseudoLabelSettings) -> Labels:
    # On a tie the image decides (≥); the released code would add the two class ids.
    label = torch.where(p.image_score >= p.point_score, p.image_label, p.point_label)
    keep = torch.maximum(p.image_score, p.point_score) > settings.threshold_joint
    return label, label, keep, keep


def _pooled(p: _Predictions, settings: PseudoLabelSettings) -> Labels:
    keep = p.pooled_score > settings.threshold_joint
    return p.pooled_label, p.pooled_label, keep, keep


def _kept_separately(p: _Predictions, settings: PseudoLabelSettings) -> tuple[Tensor, Tensor]:
    return p.image_score > settings.threshold_image, p.point_score > settings.threshold_point


def _separate(p: _Predictions, settings: PseudoLabelSettings) -> Labels:
    return p.image_label, p.point_label, *_kept_separately(p, settings)


def _agreement(p: _Predictions, settings: PseudoLabelSettings) -> Labels:
    confident = torch.minimum(p.image_score, p.point_score) > settings.threshold_joint
    keep = confident & (p.image_label == p.point_label)
    return p.image_label, p.image_label, keep, keep


def _random(p: _Predictions, settings: PseudoLabelSettings) -> Labels:
    label = torch.where(p.coin, p.image_label, p.point_label)
    keep = torch.where(p.coin, p.image_score, p.point_score) > settings.threshold_joint
    return label, label, keep, keep


def _image_only(p: _Predictions, settings: PseudoLabelSettings) -> Labels:
    keep, _ = _kept_separately(p, settings)
    return p.image_label, p.image_label, keep, keep


def _point_only(p: _Predictions, settings: PseudoLabelSettings) -> Labels:
    _, keep = _kept_separately(p, settings)
    return p.point_label, p.point_label, keep, keep


RULES: dict[str, Callable[[_Predictions, PseudoLabelSettings], Labels]] = {
    "pooled": _pooled,
    "joint": _joint,
    "separate": _separate,
    "agreement": _agreement,
    "random": _random,
    "image_only": _image_only,
    "point_only": _point_only,
}

# Rules that never compare the modalities' confidences, so that a weight has no place in them.
_WITHOUT_WEIGHT = ("pooled", "separate", "image_only", "point_only")


def make_pseudo_labels(
    image_probabilities: Tensor,
    point_probabilities: Tensor,
    coin: Tensor,
    settings: PseudoLabelSettings,
    fusion: Fusion | None = None,
) -> PseudoLabels:
    """Apply the configured rule to teacher probabilities (B, C) of both modalities.

    Args:
        coin: (B,) bool, which modality the ``random`` rule takes: True is the image.
        fusion: how the ``pooled`` rule reads both predictions; None learns it from these objects.
    """
    image_confidence, image_label = image_probabilities.max(-1)
    point_confidence, point_label = point_probabilities.max(-1)
    weight = 1.0 if settings.rule in _WITHOUT_WEIGHT else settings.point_weight
    if fusion is None:
        fusion = fit_fusion(image_probabilities, point_probabilities)
    pooled_score, pooled_label = joint_prediction(image_probabilities, point_probabilities, fusion).max(-1)
    scores = (image_confidence, weight * point_confidence)
    predictions = _Predictions(image_label, point_label, *scores, coin, pooled_label, pooled_score)
    labels = RULES[settings.rule](predictions, settings)
    return PseudoLabels(*labels, image_confidence=image_confidence, point_confidence=point_confidence)
