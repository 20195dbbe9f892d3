"""Contrastive losses of tri-modal pre-training."""

import torch
from torch import Tensor
from torch.nn import functional


def symmetric_contrastive(left: Tensor, right: Tensor, scale: Tensor, ignore: Tensor | None = None) -> Tensor:
    """InfoNCE in both directions between matching rows of two unit embeddings (B, E).

    Args:
        scale: positive scalar that multiplies the cosines (inverse temperature).
        ignore: (B, B) bool; pairs that are neither positive nor negative. The diagonal is always positive.
    """
    logits = scale * left @ right.T  # (B, B)
    if ignore is not None:
        ignore = ignore & ~torch.eye(len(left), dtype=torch.bool, device=left.device)
        logits = logits.masked_fill(ignore | ignore.T, -torch.inf)
    target = torch.arange(len(left), device=left.device)
    return (functional.cross_entropy(logits, target) + functional.cross_entropy(logits.T, target)) / 2
