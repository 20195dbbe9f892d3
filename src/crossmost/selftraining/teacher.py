"""Mean teacher (Tarvainen & Valpola, 2017)."""

import copy

import torch

from crossmost.models.joint import JointModel


def make_teacher(student: JointModel) -> JointModel:
    """A frozen copy in eval mode."""
    teacher = copy.deepcopy(student).eval()
    return teacher.requires_grad_(False)


@torch.no_grad()
def update_teacher(teacher: JointModel, student: JointModel, decay: float) -> None:
    """teacher ← decay·teacher + (1 − decay)·student, for parameters and buffers; integer buffers are copied."""
    for mean, new in zip(teacher.state_dict().values(), student.state_dict().values(), strict=True):
        if mean.is_floating_point():
            mean.lerp_(new.to(mean.dtype), 1 - decay)
        else:
            mean.copy_(new)
