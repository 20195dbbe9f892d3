"""Image and point predictions with the temperatures under which they enter the joint prediction."""

from __future__ import annotations

import numpy as np
import torch

from crossmost.evaluation.scores import BASELINE, MethodScores, ViewScores
from crossmost.models.joint_prediction import calibrated_predictions, fit_fusion

MODALITIES = ("image", "point")
CALIBRATED = "_calibrated"
ADAPTED = ("selftrain_separate", "crossmost")
"""Their towers have learned labels from each other or themselves; how far to trust them is known from before."""


def calibrated_scores(scores: MethodScores) -> MethodScores:
    """Predictions of images (mean over views) and points as both count jointly, without a label.

    Temperatures are learned again from the objects of the split "adapt", or from all if there are none, as scoring and
    self-training learned them: with the reliabilities of the zero-shot predictions for adapted models, with their own
    for others.

    Returns:
        Method → `image_calibrated` and `point_calibrated` → scores; labels are those of `image` and `point`.
    """
    before = fit_fusion(*_known(scores[BASELINE])).reliability if BASELINE in scores else None
    calibrated: MethodScores = {}
    for method, views in scores.items():
        fusion = fit_fusion(*_known(views), before if method in ADAPTED else None)
        image, point = (torch.from_numpy(views[name].probabilities) for name in MODALITIES)
        both = calibrated_predictions(image, point, fusion)
        calibrated[method] = {
            name + CALIBRATED: ViewScores(views[name].object_ids, views[name].splits, probabilities.numpy())
            for name, probabilities in zip(MODALITIES, both, strict=True)
        }
    return calibrated


def _known(views: dict[str, ViewScores]) -> tuple[torch.Tensor, torch.Tensor]:
    """Predictions (B, C) of images and points for the objects to adapt to."""
    is_known = views["image"].splits == "adapt"
    known = is_known if is_known.any() else np.ones_like(is_known)
    image, point = (torch.from_numpy(views[name].probabilities[known]) for name in MODALITIES)
    return image, point
