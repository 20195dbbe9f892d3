"""Zero-shot predictions of one modality, made consistent with each other over unlabeled objects.

The assignment z of an object stays near its zero-shot prediction in the Kullback-Leibler sense and is drawn to those
of its nearest neighbors: the language and Laplacian terms of TransCLIP (Zanella et al., NeurIPS 2024) and its update
of z. In place of that paper's Gaussian mixture, which did harm on procedural objects, class frequencies are drawn to
equal ones: Sinkhorn's scaling (Cuturi, 2013) with a relaxed class marginal (Chizat et al., 2018). Frequencies are
counted with one object more in each class (Laplace's rule), so that a few objects say little about them.

All that is learned is a vector of class offsets and the assignments of the objects adapted to. Other objects are
classified with these, and have no part in them.
"""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from crossmost.transduction.settings import TransductionSettings

_SMALLEST_PROBABILITY = 1e-9
_ROWS_AT_ONCE = 1024
_COSINES_AT_ONCE = 2**26
"""Of a chunk of rows with all objects that may be neighbors: 256 MB."""


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
    center = embeddings.mean(0)
    directions = functional.normalize(embeddings - center, dim=-1)
    own_rows = torch.arange(len(directions))
    near = [
        _neighbors(directions[rows], directions, own_rows[rows], settings.neighbors)
        for rows in _chunks(len(directions), len(directions))
    ]
    given = _log(probabilities)
    offsets = torch.zeros(probabilities.shape[1]).to(probabilities)
    assignments = probabilities
    for _ in range(settings.rounds):
        pull = settings.affinity * torch.cat([_weighted(assignments, *of_rows) for of_rows in near])
        assignments = torch.softmax(given + pull + offsets, dim=-1)
        offsets = settings.balance * (offsets - _excess(assignments))
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
        embeddings: (B, E), in any floating type.
        probabilities: (B, C) zero-shot predictions.
        own_rows: (B,) int64 which of the head's objects each is, -1 if none: nothing is its own neighbor.
        settings: with which the head was fitted.
    """
    found = []
    for rows in _chunks(len(embeddings), len(head.directions)):
        directions = functional.normalize(embeddings[rows].to(head.center) - head.center, dim=-1)
        near = _neighbors(directions, head.directions, own_rows[rows], settings.neighbors)
        pull = settings.affinity * _weighted(head.assignments, *near)
        found.append(torch.softmax(_log(probabilities[rows]) + pull + head.offsets, dim=-1))
    return torch.cat(found)


def _chunks(count: int, n_others: int) -> Iterator[slice]:
    """Rows that are compared with so many others at once; one empty chunk of no rows."""
    size = max(1, min(_ROWS_AT_ONCE, _COSINES_AT_ONCE // max(1, n_others)))
    return (slice(first, first + size) for first in range(0, max(1, count), size))


def _neighbors(directions: Tensor, among: Tensor, own_rows: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Rows of ``among`` (B, K) that are most similar, and their similarities, 0 or more."""
    cosines = directions @ among.T  # (B, N)
    known = own_rows >= 0
    cosines[known.nonzero().squeeze(1), own_rows[known]] = -1.0
    best = cosines.topk(min(count, len(among)), dim=-1)
    return best.indices, best.values.clamp_min(0)


def _excess(assignments: Tensor) -> Tensor:
    """(N, C) → (C,) log of how much more frequent a class is than the mean; −log(1 + N / C) if no object is of it."""
    n, n_classes = assignments.shape
    return ((assignments.sum(0) + 1) * n_classes / (n + n_classes)).log()


def _weighted(assignments: Tensor, neighbors: Tensor, similarity: Tensor) -> Tensor:
    """(N, C), (B, K), (B, K) → (B, C)."""
    return torch.einsum("bk,bkc->bc", similarity, assignments[neighbors])


def _log(probabilities: Tensor) -> Tensor:
    return probabilities.clamp_min(_SMALLEST_PROBABILITY).log()
