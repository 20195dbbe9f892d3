"""Image and point predictions whose confidences mean what they say, without a label."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from crossmost.evaluation.scores import BASELINE, MethodScores, MethodViews, ViewScores, most_probable
from crossmost.models.joint_prediction import (
    Fusion,
    calibrated_predictions,
    confirmed_reliability,
    fit_fusion,
    joint_prediction,
)
from crossmost.scores import Scores

MODALITIES = ("image", "point")
CALIBRATED = "_calibrated"


def calibrated_scores(scores: MethodScores) -> MethodViews:
    """Predictions of images (mean over views) and points with temperatures that are learned without a label.

    A modality becomes as sure, in the mean over the objects of the split "adapt" (or all, if there are none), as the
    zero-shot joint prediction finds its classes probable; the zero-shot model's own modalities, and all others if it is
    not there, as they enter their joint prediction. Adapted ones enter theirs with less trust: they share mistakes.

    Returns:
        Method → `image_calibrated` and `point_calibrated` → verdicts; their classes are those of `image` and `point`.
    """
    fusions: dict[str, Fusion] = {}
    before = None
    if BASELINE in scores.stored:
        fusions[BASELINE], before = _start(scores.stored[BASELINE])
    for method, stored in scores.stored.items():
        if method not in fusions:
            fusions[method] = _fusion(stored, before)
    return {method: _calibrated(stored, fusions[method]) for method, stored in scores.stored.items()}


def _start(stored: Scores) -> tuple[Fusion, Tensor]:
    """How the zero-shot model is read, and its joint prediction (K, C) for the objects to adapt to."""
    known = _known(stored)
    fusion = fit_fusion(*known)
    return fusion, joint_prediction(*known, fusion)


def _fusion(stored: Scores, before: Tensor | None) -> Fusion:
    """How another method is read, by what that joint prediction confirms, if there is one."""
    known = _known(stored)
    return fit_fusion(*known, None if before is None else confirmed_reliability(*known, before))


def _calibrated(stored: Scores, fusion: Fusion) -> dict[str, ViewScores]:
    """Verdicts on all objects, in the order of their ids."""
    best = np.empty((len(MODALITIES), len(stored), 1), dtype=np.int32)
    confidence = np.empty((len(MODALITIES), len(stored)))
    for rows in stored.blocks():
        image, point = (torch.from_numpy(stored.of(name)[rows].astype(np.float64)) for name in MODALITIES)
        for number, probabilities in enumerate(calibrated_predictions(image, point, fusion)):
            best[number, rows] = most_probable(probabilities.numpy(), 1)
            confidence[number, rows] = probabilities.numpy().max(axis=-1)
    order = stored.sorted_rows()
    return {
        name + CALIBRATED: ViewScores(best[number], confidence[number]).taken(order)
        for number, name in enumerate(MODALITIES)
    }


def _known(stored: Scores) -> tuple[Tensor, Tensor]:
    """Predictions (K, C) of images and points for the objects to adapt to, the same ones of every method."""
    image, point = stored.modalities(stored.known_rows(), np.float64)
    return torch.from_numpy(image), torch.from_numpy(point)
