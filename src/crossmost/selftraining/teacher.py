"""Mean teacher (Tarvainen & Valpola, 2017)."""

import copy

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from crossmost.models.joint import JointModel


def make_teacher(student: JointModel) -> JointModel:
    """A copy in eval mode, to be used without gradients.

    Its parameters keep ``requires_grad`` all the same: with weights that need no gradient PyTorch computes a bfloat16
    product with a tensor that is not contiguous, as attention's input is, as one product per token, and copies the
    weights for each. Values are the same, but on a CPU ViT-B/16 takes ten times as long.
    """
    return copy.deepcopy(student).eval()


@torch.no_grad()
def update_teacher(teacher: nn.Module, student: nn.Module, decay: float) -> None:
    """teacher ← decay·teacher + (1 − decay)·student, for parameters and buffers; counters are truncated."""
    pairs = list(zip(teacher.state_dict().values(), student.state_dict().values(), strict=True))
    floats = [(mean, new) for mean, new in pairs if mean.is_floating_point()]
    means, news = [mean for mean, _ in floats], [new for _, new in floats]
    get_ema_multi_avg_fn(decay)(means, news, 0)  # on GPUs one kernel for many tensors
    for mean, new in pairs:
        if not mean.is_floating_point():
            mean.copy_((decay * mean + (1 - decay) * new).to(mean.dtype))


def copy_weights(model: JointModel) -> dict[str, Tensor]:
    """A copy of all parameters and buffers on the CPU."""
    return {name: value.detach().cpu().clone() for name, value in model.state_dict().items()}
