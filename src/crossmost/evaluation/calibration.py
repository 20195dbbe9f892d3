"""Image and point predictions whose confidences mean what they say, without a label."""

from __future__ import annotations

import numpy as np
import torch

from crossmost.evaluation.scores import BASELINE, MethodScores, ViewScores
from crossmost.models.joint_prediction import (
    calibrated_predictions,
    confirmed_reliability,
    fit_fusion,
    joint_prediction,
)

MODALITIES = ("image", "point")
CALIBRATED = "_calibrated"


def calibrated_scores(scores: MethodScores) -> MethodScores:
    """Predictions of images (mean over views) and points with temperatures that are learned without a label.

    A modality becomes as sure, in the mean over the objects of the split "adapt" (or all, if there are none), as the
    zero-shot joint prediction finds its classes probable; the zero-shot model's own modalities, and all others if it is
    not there, as they enter their joint prediction. Adapted ones enter theirs with less trust: they share mistakes.

    Returns:
        Method → `image_calibrated` and `point_calibrated` → scores; labels are those of `image` and `point`.
    """
    before = None
    if BASELINE in scores:
        known = _known(scores[BASELINE])
        before = joint_prediction(*known, fit_fusion(*known))
    calibrated: MethodScores = {}
    for method, views in scores.items():
        known = _known(views)
        confirmed = None if before is None or method == BASELINE else confirmed_reliability(*known, before)
        fusion = fit_fusion(*known, confirmed)
        image, point = (torch.from_numpy(views[name].probabilities) for name in MODALITIES)
        both = calibrated_predictions(image, point, fusion)
        calibrated[method] = {
            name + CALIBRATED: ViewScores(views[name].object_ids, views[name].splits, probabilities.numpy())
            for name, probabilities in zip(MODALITIES, both, strict=True)
        }
    return calibrated


def _known(views: dict[str, ViewScores]) -> tuple[torch.Tensor, torch.Tensor]:
    """Predictions (B, C) of images and points for the objects to adapt to, the same ones of every method."""
    is_known = views["image"].splits == "adapt"
    known = is_known if is_known.any() else np.ones_like(is_known)
    image, point = (torch.from_numpy(views[name].probabilities[known]) for name in MODALITIES)
    return image, point
