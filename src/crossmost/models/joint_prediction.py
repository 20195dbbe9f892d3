"""What images and points say together: a product in which points count for as much as images confirm.

A weak modality that is sure of itself spoils a mean, and confidences of two towers need not mean the same. How often
the point tower says class a where the image tower says class b is known without any label: this co-occurrence turns
the points' probabilities into what images say about such objects (as a confusion matrix would: Dawid & Skene, 1979,
with the image tower in the place of the truth), and both are multiplied as independent evidence.
"""

import torch
from torch import Tensor

SMOOTHING = 0.3
"""Share of counts added to the diagonal: without evidence a class means itself. Chosen on procedural objects."""

JOINT_EVIDENCE = 0.5
"""Weight of the points in the joint prediction: images and points of one object err together, the more so after they
have learned from each other, and evidence that repeats itself counts less. Chosen on procedural objects."""

_SMALLEST_PROBABILITY = 1e-9
_SMALLEST_PRIOR = 1e-3


def class_cooccurrence(image_probabilities: Tensor, point_probabilities: Tensor) -> Tensor:
    """Mean over objects of the outer product of both predictions.

    Args:
        image_probabilities, point_probabilities: (B, C).

    Returns:
        (C, C), sums to 1; rows are the points' classes, columns the images'.
    """
    return point_probabilities.T @ image_probabilities / len(image_probabilities)


def pooled_prediction(
    image_probabilities: Tensor, point_probabilities: Tensor, cooccurrence: Tensor, *, evidence: float = 1.0
) -> Tensor:
    """Joint class probabilities: image × (points, read through the co-occurrence / class frequencies)^evidence.

    Args:
        image_probabilities, point_probabilities: (B, C).
        cooccurrence: (C, C) from `class_cooccurrence`, or a running mean of such; need not sum to 1.
        evidence: weight of the points; 1 takes both modalities as independent given the class.

    Returns:
        (B, C), rows sum to 1.
    """
    n_classes = len(cooccurrence)
    counts = (cooccurrence / cooccurrence.sum()).to(image_probabilities)
    prior = counts.sum(0).clamp_min(_SMALLEST_PRIOR)
    smoothed = counts + SMOOTHING / n_classes * torch.eye(n_classes, dtype=counts.dtype, device=counts.device)
    recalibrated = point_probabilities @ (smoothed / smoothed.sum(1, keepdim=True))
    of_image = image_probabilities.clamp_min(_SMALLEST_PROBABILITY).log()
    of_point = recalibrated.clamp_min(_SMALLEST_PROBABILITY).log() - prior.log()
    return torch.softmax(of_image + evidence * of_point, dim=-1)
