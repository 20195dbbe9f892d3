"""Loss terms of self-training (method notes: docs/method.md)."""

import torch
from torch import Tensor
from torch.nn import functional


def kept_cross_entropy(logits: Tensor, labels: Tensor, keep: Tensor) -> Tensor:
    """Mean cross-entropy of the kept rows; 0 (with zero gradient) when nothing is kept.

    Args:
        logits: (B, C); labels: (B,) int64; keep: (B,) bool.
    """
    losses = functional.cross_entropy(logits.float(), labels, reduction="none")
    return (losses * keep).sum() / keep.sum().clamp_min(1)


def fairness(logits: Tensor) -> Tensor:
    """−mean over classes of log(mean softmax over the batch): smallest when classes are predicted equally often (MUST).

    Args:
        logits: (B, C) of the whole batch.
    """
    marginal = functional.softmax(logits.float(), dim=-1).mean(0)
    return -marginal.clamp_min(1e-12).log().mean()


def cross_modal_contrast(image: Tensor, point: Tensor, labels: Tensor | None, temperature: float) -> Tensor:
    """InfoNCE between both modalities of the same objects, in both directions, summed.

    Args:
        image, point: (B, E) unit embeddings.
        labels: (B,) pseudo-labels; other objects with the same label are left out of the negatives. None keeps all.
        temperature: divides the cosines.
    """
    logits = image.float() @ point.float().T / temperature  # (B, B)
    if labels is not None:
        same = labels.unsqueeze(0) == labels.unsqueeze(1)
        same.fill_diagonal_(False)
        logits = logits.masked_fill(same, -torch.inf)
    target = torch.arange(len(logits), device=logits.device)
    return functional.cross_entropy(logits, target) + functional.cross_entropy(logits.T, target)
