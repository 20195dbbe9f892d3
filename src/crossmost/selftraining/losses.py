"""Loss terms of self-training (method notes: docs/method.md)."""

import torch
from torch import Tensor
from torch.nn import functional


def weighted_cross_entropy(logits: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
    """Cross-entropy, its sum by weight over the number of rows that have one; 0 (with zero gradient) when none has.

    Args:
        logits: (B, C); targets: (B,) int64 classes or (B, C) probabilities; weights: (B,), 0 leaves a row out.
    """
    losses = functional.cross_entropy(_at_least_single(logits), targets, reduction="none")
    return (losses * weights).sum() / (weights > 0).sum().clamp_min(1)


def fairness(logits: Tensor, prior: Tensor | None = None) -> Tensor:
    """Cross-entropy of the batch's mean prediction under expected class frequencies (MUST, Li et al. 2022, §3.1).

    −Σ_c prior_c · log(mean over the batch of softmax(logits)_c): least when classes are predicted as often as expected.

    Args:
        logits: (B, C) of the whole batch.
        prior: (C,) expected frequencies; all equal when None.
    """
    log_marginal = functional.softmax(_at_least_single(logits), dim=-1).mean(0).clamp_min(1e-12).log()
    return -log_marginal.mean() if prior is None else -(prior * log_marginal).sum()


def symmetric_contrast(cosines: Tensor, labels: Tensor | None, temperature: float) -> Tensor:
    """InfoNCE between both modalities of the same objects, in both directions, summed.

    Args:
        cosines: (B, B) of every image embedding (rows) with every point embedding (columns).
        labels: (M, B) pseudo-labels by modality; other objects that share one are left out of the negatives. None keeps
            all.
        temperature: divides the cosines.
    """
    logits = _at_least_single(cosines) / temperature
    if labels is not None:
        same = (labels.unsqueeze(1) == labels.unsqueeze(2)).any(0)
        same.fill_diagonal_(False)
        logits = logits.masked_fill(same, -torch.inf)
    target = torch.arange(len(logits), device=logits.device)
    return functional.cross_entropy(logits, target) + functional.cross_entropy(logits.T, target)


def _at_least_single(values: Tensor) -> Tensor:
    """Losses are computed in float32, or in float64 where the model is."""
    return values if values.dtype == torch.float64 else values.float()
