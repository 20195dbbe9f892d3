"""Pseudo-labels from the teacher's probabilities of both modalities (Cross-MoST, §3.2)."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from crossmost.selftraining.settings import PseudoLabelSettings


@dataclass(frozen=True)
class PseudoLabels:
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


@dataclass(frozen=True)
class _Predictions:
    image_label: Tensor
    point_label: Tensor
    image_score: Tensor
    point_score: Tensor  # weighted


# Label and keep mask for images and points: image_label, point_label, image_keep, point_keep.
Labels = tuple[Tensor, Tensor, Tensor, Tensor]


def _joint(p: _Predictions, settings: PseudoLabelSettings, _: torch.Generator | None) -> Labels:
    # On a tie the image decides (≥); the released code would add the two class ids.
    label = torch.where(p.image_score >= p.point_score, p.image_label, p.point_label)
    keep = torch.maximum(p.image_score, p.point_score) > settings.threshold_joint
    return label, label, keep, keep


def _separate(p: _Predictions, settings: PseudoLabelSettings, _: torch.Generator | None) -> Labels:
    return (
        p.image_label,
        p.point_label,
        p.image_score > settings.threshold_image,
        p.point_score > settings.threshold_point,
    )


def _agreement(p: _Predictions, settings: PseudoLabelSettings, _: torch.Generator | None) -> Labels:
    confident = torch.maximum(p.image_score, p.point_score) > settings.threshold_joint
    keep = confident & (p.image_label == p.point_label)
    return p.image_label, p.image_label, keep, keep


def _random(p: _Predictions, settings: PseudoLabelSettings, generator: torch.Generator | None) -> Labels:
    image_wins = torch.rand(p.image_label.shape, generator=generator).to(p.image_label.device) < 0.5
    label = torch.where(image_wins, p.image_label, p.point_label)
    keep = torch.where(image_wins, p.image_score, p.point_score) > settings.threshold_joint
    return label, label, keep, keep


def _image_only(p: _Predictions, settings: PseudoLabelSettings, _: torch.Generator | None) -> Labels:
    keep = p.image_score > settings.threshold_image
    return p.image_label, p.image_label, keep, keep


def _point_only(p: _Predictions, settings: PseudoLabelSettings, _: torch.Generator | None) -> Labels:
    keep = p.point_score > settings.threshold_point
    return p.point_label, p.point_label, keep, keep


RULES: dict[str, Callable[[_Predictions, PseudoLabelSettings, torch.Generator | None], Labels]] = {
    "joint": _joint,
    "separate": _separate,
    "agreement": _agreement,
    "random": _random,
    "image_only": _image_only,
    "point_only": _point_only,
}


def make_pseudo_labels(
    image_probabilities: Tensor,
    point_probabilities: Tensor,
    settings: PseudoLabelSettings,
    generator: torch.Generator | None = None,
) -> PseudoLabels:
    """Apply the configured rule to teacher probabilities (B, C) of both modalities.

    Args:
        generator: decides the coin flips of the ``random`` rule.
    """
    image_confidence, image_label = image_probabilities.max(-1)
    point_confidence, point_label = point_probabilities.max(-1)
    # Separate training compares no modalities, so the weight has no place in it.
    weight = 1.0 if settings.rule in ("separate", "point_only") else settings.point_weight
    predictions = _Predictions(image_label, point_label, image_confidence, weight * point_confidence)
    labels = RULES[settings.rule](predictions, settings, generator)
    return PseudoLabels(*labels, image_confidence=image_confidence, point_confidence=point_confidence)
