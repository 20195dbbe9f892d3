"""Zero-shot predictions of one modality, made consistent with each other over unlabeled objects.

The assignment z of an object stays near its zero-shot prediction in the Kullback-Leibler sense and is drawn to those
of its nearest neighbors: the language and Laplacian terms of TransCLIP (Zanella et al., NeurIPS 2024) and its update
of z. In place of that paper's Gaussian mixture, which did harm on procedural objects, class frequencies are drawn to
equal ones: Sinkhorn's scaling (Cuturi, 2013) with a relaxed class marginal (Chizat et al., 2018).

All that is learned is a vector of class offsets and the assignments of the objects adapted to. Other objects are
classified with these, and have no part in them.
"""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from crossmost.transduction.settings import TransductionSettings

_SMALLEST_PROBABILITY = 1e-9
_ROWS_AT_ONCE = 1024


class TransductiveHead(NamedTuple):
    """What is known after `fit_head`.

    Attributes:
        center: (E,) mean embedding, from which directions are measured: towers put all they see into a cone.
        directions: (N, E) of unit length, of the objects adapted to.
        assignments: (N, C) of them; rows sum to 1.
        offsets: (C,) added to log probabilities.
    """

    center: Tensor
    directions: Tensor
    assignments: Tensor
    offsets: Tensor


def fit_head(embeddings: Tensor, probabilities: Tensor, settings: TransductionSettings) -> TransductiveHead:
    """Assign unlabeled objects to classes.

    Args:
        embeddings: (N, E) of one modality.
        probabilities: (N, C) zero-shot predictions from it.
        settings: see there.
    """
    n_classes = probabilities.shape[1]
    center = embeddings.mean(0)
    directions = functional.normalize(embeddings - center, dim=-1)
    neighbors, similarity = _neighbors(directions, directions, torch.arange(len(directions)), settings.neighbors)
    given = _log(probabilities)
    offsets = torch.zeros(n_classes).to(probabilities)
    assignments = probabilities
    for _ in range(settings.rounds):
        pull = settings.affinity * _weighted(assignments, neighbors, similarity)
        assignments = torch.softmax(given + pull + offsets, dim=-1)
        offsets = settings.balance * (offsets - _log(assignments.mean(0) * n_classes))
    return TransductiveHead(center, directions, assignments, offsets)


def apply_head(
    head: TransductiveHead,
    embeddings: Tensor,
    probabilities: Tensor,
    own_rows: Tensor,
    settings: TransductionSettings,
) -> Tensor:
    """Class probabilities (B, C) of objects or single views under a head.

    Args:
        embeddings: (B, E).
        probabilities: (B, C) zero-shot predictions.
        own_rows: (B,) int64 which of the head's objects each is, -1 if none: nothing is its own neighbor.
        settings: with which the head was fitted.
    """
    directions = functional.normalize(embeddings - head.center, dim=-1)
    neighbors, similarity = _neighbors(directions, head.directions, own_rows, settings.neighbors)
    pull = settings.affinity * _weighted(head.assignments, neighbors, similarity)
    return torch.softmax(_log(probabilities) + pull + head.offsets, dim=-1)


def _neighbors(directions: Tensor, among: Tensor, own_rows: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Rows of ``among`` (B, K) that are most similar, and their similarities, 0 or more."""
    count = min(count, len(among))
    found, similarities = [], []
    for part, own in zip(directions.split(_ROWS_AT_ONCE), own_rows.split(_ROWS_AT_ONCE), strict=True):
        cosines = part @ among.T  # (b, N)
        known = own >= 0
        cosines[known.nonzero().squeeze(1), own[known]] = -1.0
        best = cosines.topk(count, dim=-1)
        found.append(best.indices)
        similarities.append(best.values.clamp_min(0))
    return torch.cat(found), torch.cat(similarities)


def _weighted(assignments: Tensor, neighbors: Tensor, similarity: Tensor) -> Tensor:
    """(N, C), (B, K), (B, K) → (B, C)."""
    return torch.einsum("bk,bkc->bc", similarity, assignments[neighbors])


def _log(probabilities: Tensor) -> Tensor:
    return probabilities.clamp_min(_SMALLEST_PROBABILITY).log()
