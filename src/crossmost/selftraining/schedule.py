"""Learning-rate and teacher-decay schedules, and optimizer groups."""

import math
import re
from collections.abc import Iterable

from torch import nn

from crossmost.models.joint import JointModel
from crossmost.selftraining.settings import SelfTrainingSettings


def learning_rate(step: int, total: int, warmup: int, peak: float, final: float) -> float:
    """Linear warm-up from 0 over ``warmup`` steps, then a cosine from ``peak`` to ``final`` (BEiT)."""
    if step < warmup:
        return peak * step / max(1, warmup - 1) if warmup > 1 else peak
    progress = (step - warmup) / max(1, total - warmup)
    return final + 0.5 * (peak - final) * (1 + math.cos(math.pi * progress))


def ema_decay(step: int, init: float, final: float, warmup: int) -> float:
    """Teacher decay: linear from ``init`` to ``final`` over ``warmup`` steps, then constant."""
    if step >= warmup:
        return final
    return init + (final - init) * step / warmup


def parameter_groups(model: JointModel, settings: SelfTrainingSettings) -> list[dict[str, object]]:
    """AdamW groups with ``lr_scale`` and weight decay: layer-wise decay in the image tower, no decay on vectors.

    The mini-PointNet is frozen, as in the paper.
    """
    layers = model.image_tower.depth
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in trainable_parameters(model):
        scale = settings.layer_decay ** (layers + 1 - _image_layer(name, layers))
        if name == "classifier":
            scale = settings.classifier_learning_rate
        decay = settings.weight_decay if parameter.dim() > 1 else 0.0
        if scale > 0:
            groups.setdefault((scale, decay), []).append(parameter)
    return [
        {"params": parameters, "lr_scale": scale, "weight_decay": decay}
        for (scale, decay), parameters in groups.items()
    ]


def trainable_parameters(model: JointModel) -> Iterable[tuple[str, nn.Parameter]]:
    """All parameters but those of the frozen mini-PointNet."""
    return ((name, p) for name, p in model.named_parameters() if not name.startswith("point_tower.encoder."))


def _image_layer(name: str, layers: int) -> int:
    """0 for the image tower's embeddings, 1…layers for its blocks, layers + 1 for everything else."""
    if block := re.match(r"image_tower\.visual\.(?:transformer\.resblocks|trunk\.blocks)\.(\d+)\.", name):
        return int(block[1]) + 1
    embeddings = ["conv1", "class_embedding", "positional_embedding", "ln_pre"]
    embeddings += ["trunk.patch_embed", "trunk.cls_token", "trunk.pos_embed"]
    if name.startswith(tuple(f"image_tower.visual.{part}" for part in embeddings)) or name.endswith(
        "mask_token_embedding"
    ):
        return 0
    return layers + 1
