"""What images and points say together: a product of both, after each was made to mean what it says.

Confidences of two towers need not mean the same: a weak modality that is sure of itself spoils a mean, a strong one
that is timid is outvoted. How far each can be trusted shows without labels in how often it agrees with what both say
together (Dawid & Skene, 1979, with one reliability per modality; calibration as temperature scaling: Guo et al.,
ICML 2017). What a modality means when it says class a shows in what both say of such objects; a product of
probabilities that were read in this way, over the class frequencies, is the joint prediction.
"""

from functools import reduce
from math import log, log2
from typing import NamedTuple

import torch
from torch import Tensor

SMOOTHING = 1.0
"""Share of counts added to the diagonal: without evidence a class means itself. Chosen on procedural objects."""

_ROUNDS = 20
_HALVINGS = 40  # of the interval of temperatures
_MANY_CUTS = 15
_FEW_PROBABILITIES = 1 << 18
# Probabilities of a modality that are looked at together: a large collection is not copied again and again. On a CPU,
# where the result does not depend on it, they are fewer, stay in its cache, and take a quarter of the time.
_AT_ONCE, _AT_ONCE_IN_CACHE = 1 << 22, 1 << 18
_TEMPERATURES = (0.001, 1000.0)
_MOST_RELIABLE = 0.99
_SMALLEST_PROBABILITY = 1e-9
_SMALLEST_PRIOR = 1e-3


class Fusion(NamedTuple):
    """How images (first) and points (second) are read, learned without labels.

    Attributes:
        reliability: (2,) how probable a modality's own class is under both together.
        temperature: (2,) that makes its mean confidence as large as its reliability.
        cooccurrence: (2, C, C) mean outer product of its (tempered) prediction, rows, and that of both, columns; only
            proportions count, zeros stand for no evidence.
    """

    reliability: Tensor
    temperature: Tensor
    cooccurrence: Tensor


def neutral_fusion(n_classes: int) -> Fusion:
    """Both modalities mean what they say: the joint prediction is their product."""
    return Fusion(torch.full((2,), _MOST_RELIABLE), torch.ones(2), torch.zeros(2, n_classes, n_classes))


def fit_fusion(image_probabilities: Tensor, point_probabilities: Tensor, reliability: Tensor | None = None) -> Fusion:
    """Learn from predictions alone how far, and as what, each modality is to be taken.

    Args:
        image_probabilities, point_probabilities: (B, C) of unlabeled objects.
        reliability: (2,) if it is known; else it starts with the mean of both predictions and is found alternately
            with the joint prediction. Towers that have learned each other's labels agree more than they are right:
            theirs is taken from before.
    """
    both = torch.stack([image_probabilities, point_probabilities])
    if reliability is None:
        reliability = _reliability(both)
    temperature = _matching_temperature(both, reliability)
    return Fusion(reliability, temperature, _cooccurrence(both, temperature))


def updated_fusion(fusion: Fusion, image_probabilities: Tensor, point_probabilities: Tensor, momentum: float) -> Fusion:
    """Running mean of temperatures and co-occurrence as predictions change; reliabilities stay.

    Args:
        image_probabilities, point_probabilities: (B, C) of one batch.
        momentum: weight of what was known before.
    """
    both = torch.stack([image_probabilities, point_probabilities]).to(fusion.cooccurrence)
    found = _matching_temperature(both, fusion.reliability)
    temperature = fusion.temperature.log().lerp(found.log(), 1 - momentum).exp()
    cooccurrence = fusion.cooccurrence.lerp(_cooccurrence(both, temperature), 1 - momentum)
    return Fusion(fusion.reliability, temperature, cooccurrence)


def joint_prediction(image_probabilities: Tensor, point_probabilities: Tensor, fusion: Fusion) -> Tensor:
    """Joint class probabilities (B, C); rows sum to 1.

    Args:
        image_probabilities, point_probabilities: (B, C).
        fusion: see there.
    """
    parts = []
    for rows in _blocks(image_probabilities, _AT_ONCE):
        read, prior = _read(image_probabilities[rows], point_probabilities[rows], fusion)
        parts.append(torch.softmax(_log(read).sum(0) - prior.log(), dim=-1))
    return parts[0] if len(parts) == 1 else torch.cat(parts)


def calibrated_predictions(
    image_probabilities: Tensor, point_probabilities: Tensor, fusion: Fusion
) -> tuple[Tensor, Tensor]:
    """What images and points say, each (B, C), with their temperatures; before they are read through both."""
    both = torch.stack([image_probabilities, point_probabilities])
    image, point = _tempered(both, fusion.temperature.to(both))
    return image, point


def confirmed_reliability(
    image_probabilities: Tensor, point_probabilities: Tensor, joint_probabilities: Tensor
) -> Tensor:
    """(2,) how probable the class that images, and points, name is under a joint prediction (B, C) of before.

    That one had no part in what the modalities have learned since: an estimate of how often they are right, which their
    own agreement would exaggerate. For `fit_fusion`, where confidences are to mean what they say.
    """
    both = torch.stack([image_probabilities, point_probabilities])
    return joint_probabilities.expand_as(both).gather(-1, both.argmax(-1, keepdim=True)).mean((1, 2))


def leaning_predictions(
    image_probabilities: Tensor, point_probabilities: Tensor, fusion: Fusion, lean: float
) -> tuple[Tensor, Tensor]:
    """The joint prediction as images and as points would have it, each (B, C).

    A log-linear pool: each counts itself 1 + lean times, the other and the prior 1 − lean times.

    Args:
        image_probabilities, point_probabilities: (B, C).
        fusion: see `joint_prediction`.
        lean: 0 gives the joint prediction twice; 1 each modality's own one, read through both and squared.
    """
    read, prior = _read(image_probabilities, point_probabilities, fusion)
    image, point = _log(read)
    own, other = 1 + lean, 1 - lean
    reference = other * prior.log()
    return (
        torch.softmax(own * image + other * point - reference, dim=-1),
        torch.softmax(own * point + other * image - reference, dim=-1),
    )


def entropy_weighted_prediction(image_probabilities: Tensor, point_probabilities: Tensor) -> Tensor:
    """A log-linear pool (B, C) in which each modality counts as far as it is not undecided.

    The exponent of a prediction p of C classes is 1 − H(p) / log C: 1 for one that is certain, 0 for one that holds all
    classes equally likely. Two certain predictions are multiplied.

    Args:
        image_probabilities, point_probabilities: (B, C), C > 1.
    """
    logs = _log(torch.stack([image_probabilities, point_probabilities]))
    entropy = -(logs.exp() * logs).sum(-1, keepdim=True)
    return torch.softmax(((1 - entropy / log(logs.shape[-1])) * logs).sum(0), dim=-1)


def class_frequencies(fusion: Fusion) -> Tensor:
    """Expected class frequencies (C,): the mean joint prediction so far; all equal before there is one."""
    frequencies = fusion.cooccurrence.sum((0, 1))
    total = frequencies.sum()
    even = torch.full_like(frequencies, 1 / len(frequencies))
    return torch.where(total > 0, frequencies / total.clamp_min(_SMALLEST_PROBABILITY), even)


def _read(image_probabilities: Tensor, point_probabilities: Tensor, fusion: Fusion) -> tuple[Tensor, Tensor]:
    """Both predictions (2, B, C), tempered and read through what both say, and the prior (C,) they share."""
    both = torch.stack([image_probabilities, point_probabilities])
    n_classes = both.shape[-1]
    counts = fusion.cooccurrence.to(both)
    counts = counts / counts.sum((1, 2), keepdim=True).clamp_min(_SMALLEST_PROBABILITY)
    prior = counts.sum(1).mean(0).clamp_min(_SMALLEST_PRIOR)
    smoothed = counts + SMOOTHING / n_classes * torch.eye(n_classes, dtype=counts.dtype, device=counts.device)
    return _tempered(both, fusion.temperature.to(both)) @ (smoothed / smoothed.sum(-1, keepdim=True)), prior


def _reliability(both: Tensor) -> Tensor:
    """(2, B, C) → (2,), starting from the mean of both predictions."""
    labels = both.argmax(-1, keepdim=True)
    reliability = _confirmed(both, labels, None)
    for _ in range(_ROUNDS):
        reliability = _confirmed(both, labels, _matching_temperature(both, reliability))
    return reliability


def _confirmed(both: Tensor, labels: Tensor, temperature: Tensor | None) -> Tensor:
    """(2,) mean probability of the labels (2, B, 1) under the product of both (2, B, C), or, untempered, their mean."""
    found = torch.empty_like(labels, dtype=both.dtype)
    for rows in _blocks(both[0], _at_once(both.device)):
        some = both[:, rows]
        joint = some.mean(0) if temperature is None else _product(_tempered(some, temperature))
        found[:, rows] = joint.expand_as(some).gather(-1, labels[:, rows])
    return found.mean((1, 2))


@torch.no_grad()
def _matching_temperature(both: Tensor, confidence: Tensor) -> Tensor:
    """Temperatures (2,) with which the largest probability is ``confidence`` in the mean.

    An interval is cut again and again where the confidence crosses the wanted one. Of few objects many cuts are tried
    at once: on a GPU the number of small operations is what takes time.
    """
    wanted = confidence.to(both).clamp_max(_MOST_RELIABLE)
    cuts = _MANY_CUTS if both[0].numel() <= _FEW_PROBABILITIES else 1
    shares = torch.arange(1, cuts + 1, dtype=both.dtype, device=both.device).unsqueeze(1) / (cuts + 1)
    low, high = (torch.full_like(wanted, bound).log() for bound in _TEMPERATURES)
    scaled = both.clamp_min(_SMALLEST_PROBABILITY).log_()
    largest = scaled.new_empty((cuts, *scaled.shape[:2]))
    for _ in range(round(_HALVINGS / log2(cuts + 1))):
        inner = torch.exp(low + shares * (high - low))  # (cuts, 2)
        for rows in _blocks(both[0], _at_once(both.device) // cuts):
            tempered = torch.softmax(scaled[:, rows] / inner[:, :, None, None], dim=-1)
            torch.amax(tempered, dim=-1, out=largest[:, :, rows])
        confidences = largest.mean(-1)
        width = (high - low) / (cuts + 1)
        low = low + (confidences > wanted).sum(0) * width
        high = low + width
    return ((low + high) / 2).exp()


def _cooccurrence(both: Tensor, temperature: Tensor) -> Tensor:
    """(2, B, C) → (2, C, C)."""
    blocks = (_tempered(both[:, rows], temperature) for rows in _blocks(both[0], _AT_ONCE))
    total: Tensor = reduce(torch.add, (tempered.transpose(1, 2) @ _product(tempered) for tempered in blocks))
    return total / both.shape[1]


def _at_once(device: torch.device) -> int:
    return _AT_ONCE_IN_CACHE if device.type == "cpu" else _AT_ONCE


def _blocks(probabilities: Tensor, at_once: int) -> list[slice]:
    """Rows of (B, C) to look at together, all in turn; one block of no rows if there are none."""
    size = max(1, at_once // probabilities.shape[-1])
    return [slice(first, first + size) for first in range(0, max(1, len(probabilities)), size)]


def _tempered(both: Tensor, temperature: Tensor) -> Tensor:
    return torch.softmax(_log(both) / temperature[:, None, None], dim=-1)


def _product(both: Tensor) -> Tensor:
    return torch.softmax(_log(both).sum(0), dim=-1)


def _log(probabilities: Tensor) -> Tensor:
    return probabilities.clamp_min(_SMALLEST_PROBABILITY).log()
