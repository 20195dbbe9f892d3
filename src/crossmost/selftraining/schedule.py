"""Learning-rate and teacher-decay schedules, and optimizer groups."""

import logging
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from torch import nn

from crossmost.models.joint import JointModel
from crossmost.selftraining.settings import SelfTrainingSettings

logger = logging.getLogger(__name__)

PUBLISHED_RATE, PUBLISHED_FINAL_RATE, PUBLISHED_BATCH = 2e-5, 1e-6, 256
"""Learning rates of Cross-MoST for CLIP's ViT-B/16 and Point-BERT, per so many objects in a step."""
_TOO_FAST = 10  # times the published rate


def warn_of_learning_rate(settings: SelfTrainingSettings) -> None:
    """Say so if towers of published size are to learn as fast as small ones."""
    scale = settings.batch_size * settings.accumulate / PUBLISHED_BATCH
    if settings.learning_rate > _TOO_FAST * PUBLISHED_RATE * scale:
        logger.warning(
            "selftraining.crossmost.learning_rate is %g, as was chosen for the mini encoders; for CLIP's ViT-B/16 and "
            "Point-BERT the paper has %g, falling to %g (final_learning_rate), for steps of %d objects",
            settings.learning_rate,
            PUBLISHED_RATE * scale,
            PUBLISHED_FINAL_RATE * scale,
            settings.batch_size * settings.accumulate,
        )


def cosine_with_warmup(step: int, total: int, warmup: int, peak: float, final: float, start: float = 0.0) -> float:
    """Linear warm-up from ``start`` to ``peak`` over ``warmup`` steps, then a cosine to ``final`` (BEiT)."""
    if step < warmup:
        return start + (peak - start) * (step / (warmup - 1) if warmup > 1 else 1.0)
    progress = (step - warmup) / max(1, total - warmup)
    return final + 0.5 * (peak - final) * (1 + math.cos(math.pi * progress))


def linear_ramp(step: int, init: float, final: float, warmup: int) -> float:
    """Linear from ``init`` to ``final`` over ``warmup`` steps, then constant."""
    return final if step >= warmup else init + (final - init) * step / warmup


@dataclass(frozen=True)
class Schedule:
    """What changes from step to step by plan.

    Attributes:
        settings: of the run.
        steps_per_epoch: optimizer steps of one pass over the adaptation set.
    """

    settings: SelfTrainingSettings
    steps_per_epoch: int

    @property
    def total_steps(self) -> int:
        """Optimizer steps of the whole run."""
        return self.settings.epochs * self.steps_per_epoch

    def learning_rate(self, step: int) -> float:
        """Base learning rate of an optimizer step; each parameter group multiplies its ``lr_scale``."""
        settings = self.settings
        peak = settings.learning_rate
        return cosine_with_warmup(
            step,
            self.total_steps,
            round(settings.warmup_epochs * self.steps_per_epoch),
            peak,
            settings.final_learning_rate,
            settings.arithmetic.warmup_start * peak,
        )

    def ema_decay(self, step: int) -> float:
        """Share of the teacher that stays in the update after an optimizer step."""
        settings = self.settings
        return linear_ramp(step, settings.ema_init, settings.ema_final, settings.ema_warmup_steps)

    def transductive_share(self, step: int) -> float:
        """Share of the transductive head's predictions in what labels are made of: from 1 down to 0."""
        steps = round(self.settings.pseudo_labels.transductive_epochs * self.steps_per_epoch)
        return linear_ramp(step, 1.0, 0.0, steps)


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
        is_decayed = parameter.dim() > 1 or (parameter.dim() == 0 and settings.arithmetic.decay_logit_scale)
        decay = settings.weight_decay if is_decayed else 0.0
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
