"""What the teacher has said so far, as running means, and what is made of it: weights, balance, prototypes."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from crossmost.selftraining.settings import Weighting

_SMALLEST = 1e-6
_PROTOTYPE_TEMPERATURE = 0.07


class LabelMemory(NamedTuple):
    """Running statistics; images first, points second.

    Attributes:
        confidence, variance: (2,) of the labels' scores.
        labeled: (2, C) mean of the distributions that gave the labels.
        predicted: (2, C) mean of the teacher's own predictions.
        prototypes: (2, C, E) mean teacher embedding of each class.
    """

    confidence: Tensor
    variance: Tensor
    labeled: Tensor
    predicted: Tensor
    prototypes: Tensor


def new_memory(classifier: Tensor) -> LabelMemory:
    """Before anything was said: no confidence, equal classes (Wang et al., 2023, §4), class texts as prototypes.

    Args:
        classifier: (E, C) of unit columns.
    """
    n_classes = classifier.shape[1]
    uniform = classifier.new_full((2, n_classes), 1 / n_classes)
    prototypes = functional.normalize(classifier.detach().T, dim=-1).expand(2, -1, -1).clone()
    return LabelMemory(uniform[:, 0].clone(), classifier.new_ones(2), uniform.clone(), uniform.clone(), prototypes)


def label_weights(
    targets: Tensor, scores: Tensor, fixed: Sequence[float], weighting: Weighting, memory: LabelMemory | None
) -> Tensor:
    """Weight of every label (2, B).

    ``threshold``: 1 above the fixed threshold, else 0. ``self_adaptive``: 1 above the mean confidence so far, times how
    probable the label's class has been in the mean, compared with the most probable one (FreeMatch: Wang et al., ICLR
    2023, eq. 5–8; this batch included).
    ``soft``: a Gaussian of the distance below the mean confidence, 1 above it (SoftMatch: Chen et al., 2023, §3.2).

    Args:
        targets: (2, B, C); the largest is the label.
        scores: (2, B).
        fixed: thresholds of images and points.
        memory: for the other two.

    Raises:
        ValueError: if they have none.
    """
    if weighting == "threshold":
        return torch.stack([score > least for score, least in zip(scores, fixed, strict=True)]).to(targets.dtype)
    if memory is None:
        raise ValueError(f"the weighting {weighting} needs the running statistics of the labels")
    if weighting == "self_adaptive":
        relative = memory.labeled / memory.labeled.amax(-1, keepdim=True)
        least = memory.confidence.unsqueeze(1) * relative.gather(1, targets.argmax(-1))
        return (scores > least).to(targets.dtype)
    below = (memory.confidence.unsqueeze(1) - scores).clamp_min(0)
    return torch.exp(-(below**2) / (2 * memory.variance.unsqueeze(1).clamp_min(_SMALLEST)))


def remember_labels(memory: LabelMemory, targets: Tensor, scores: Tensor, momentum: float) -> LabelMemory:
    """With the labels of one batch.

    Args:
        targets: (2, B, C); scores: (2, B).
        momentum: weight of what was known before.
    """
    new = 1 - momentum
    return memory._replace(
        confidence=memory.confidence.lerp(scores.mean(1).to(memory.confidence), new),
        variance=memory.variance.lerp(scores.var(1, correction=0).to(memory.variance), new),
        labeled=memory.labeled.lerp(targets.mean(1).to(memory.labeled), new),
    )


def remember_predictions(memory: LabelMemory, probabilities: Tensor, momentum: float) -> LabelMemory:
    """With the teacher's own predictions (2, B, C) of one batch."""
    mean = probabilities.mean(1).to(memory.predicted)
    return memory._replace(predicted=memory.predicted.lerp(mean, 1 - momentum))


def remember_embeddings(
    memory: LabelMemory, embeddings: Tensor, targets: Tensor, weights: Tensor, momentum: float
) -> LabelMemory:
    """With teacher embeddings (2, B, E) of objects that carry targets (2, B, C) with weights (2, B).

    A class moves the further the more the batch says of it, by 1 − momentum for as many labels as it has in a batch of
    equal classes (or for one, if that is less); one that does not occur stays.
    """
    shares = (targets * weights.unsqueeze(-1)).to(memory.prototypes)
    counts = shares.sum(1).unsqueeze(-1)
    means = shares.transpose(1, 2) @ embeddings.to(memory.prototypes) / counts.clamp_min(_SMALLEST)
    kept = momentum ** (counts / max(1, targets.shape[1] / targets.shape[2]))
    moved = kept * memory.prototypes + (1 - kept) * means
    return memory._replace(prototypes=functional.normalize(moved, dim=-1))


def balanced(probabilities: Tensor, memory: LabelMemory, prior: Tensor | None) -> Tensor:
    """Predictions (2, B, C) that in the mean are as expected (distribution alignment: Berthelot et al., 2020, §3.1).

    Args:
        prior: (2, C) expected class frequencies; all equal when None.
    """
    wanted = 1 / probabilities.shape[-1] if prior is None else prior.to(probabilities).unsqueeze(1)
    aligned = probabilities * wanted / memory.predicted.to(probabilities).clamp_min(_SMALLEST).unsqueeze(1)
    return aligned / aligned.sum(-1, keepdim=True)


def near_prototypes(probabilities: Tensor, embeddings: Tensor, memory: LabelMemory, weight: float) -> Tensor:
    """Predictions (2, B, C) times nearness to class prototypes (after ProDA: Zhang et al., CVPR 2021, §3.1).

    Args:
        embeddings: (2, B, E), of unit length.
        weight: exponent of the nearness; 0 leaves predictions as they are.
    """
    cosines = embeddings.to(probabilities) @ memory.prototypes.to(probabilities).transpose(1, 2)
    nearness = torch.softmax(cosines / _PROTOTYPE_TEMPERATURE, dim=-1)
    near = probabilities * nearness**weight
    return near / near.sum(-1, keepdim=True).clamp_min(torch.finfo(near.dtype).tiny)
