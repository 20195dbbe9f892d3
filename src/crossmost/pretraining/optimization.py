"""What every training against captions shares: AdamW without decay of vectors, one cycle of learning rates, a step."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR

_LARGEST_GRADIENT = 1.0


def adamw(module: nn.Module, learning_rate: float, weight_decay: float) -> torch.optim.AdamW:
    """AdamW over all parameters with the moments of CLIP; only matrices and larger tensors decay."""
    matrices = [parameter for parameter in module.parameters() if parameter.dim() > 1]
    vectors = [parameter for parameter in module.parameters() if parameter.dim() <= 1]
    groups = [{"params": matrices, "weight_decay": weight_decay}, {"params": vectors, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=learning_rate, betas=(0.9, 0.98))


def one_cycle(optimizer: torch.optim.Optimizer, total_steps: int, warmup_share: float) -> LambdaLR:
    """A linear rise of the learning rate over a share of the steps, then half a cosine down to zero."""
    warmup = warmup_share * total_steps

    def factor(done: int) -> float:
        if done < warmup:
            return (done + 1) / (warmup + 1)
        return 0.5 * (1 + math.cos(math.pi * (done - warmup) / max(1, total_steps - warmup)))

    return LambdaLR(optimizer, factor)


def descend(
    fabric: Fabric, module: Any, optimizer: Any, schedule: LambdaLR, losses: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """One step down the sum of the losses.

    Args:
        module, optimizer: as `Fabric.setup` returned them.

    Returns:
        The losses and their sum, `loss`, detached.
    """
    loss = torch.stack(list(losses.values())).sum()
    fabric.backward(loss)
    fabric.clip_gradients(module, optimizer, max_norm=_LARGEST_GRADIENT)
    optimizer.step()
    schedule.step()
    optimizer.zero_grad()
    return {name: value.detach() for name, value in {**losses, "loss": loss}.items()}


@torch.no_grad()
def limit_scale(logit_scale: Tensor, largest: float) -> None:
    """Bring the logarithm of the cosines' scale back to that of the largest one, after each step (CLIP, §2.5)."""
    logit_scale.clamp_(max=math.log(largest))


def epoch_means(steps: Sequence[Mapping[str, Tensor]]) -> dict[str, float]:
    """Mean of each value that `descend` returned in an epoch, over the steps that have it (some mask, some do not)."""
    names = dict.fromkeys(name for step in steps for name in step)
    return {name: torch.stack([step[name] for step in steps if name in step]).mean().item() for name in names}
