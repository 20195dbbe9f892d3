"""What a step minimizes: student's output and pseudo-labels → weighted loss terms, over all processes."""

from typing import cast

import torch
from lightning_fabric import Fabric
from torch import Tensor
from torch.nn import functional

from crossmost.models.joint import JointOutput, MaskedPass
from crossmost.selftraining.losses import fairness, symmetric_contrast, weighted_cross_entropy
from crossmost.selftraining.pseudo_labels import PseudoLabels, Supervision
from crossmost.selftraining.settings import SelfTrainingSettings


def self_training_losses(
    output: JointOutput,
    labels: PseudoLabels,
    taught: Supervision,
    prior: Tensor | None,
    settings: SelfTrainingSettings,
    fabric: Fabric,
) -> dict[str, Tensor]:
    """Weighted loss terms of the batches of all processes; their sum is what is minimized.

    Args:
        output: of this process.
        labels, taught: of all processes' objects, in order of the processes.
        prior: (2, C) expected class frequencies for images and points; None is uniform.
    """
    weights, k = settings.loss_weights, settings.views_per_object
    image_logits, point_logits = gather_rows(output.image.logits, fabric), gather_rows(output.point.logits, fabric)
    image_target, image_weight = (values.repeat_interleave(k, 0) for values in (taught.image, taught.image_weight))
    image_prior, point_prior = (None, None) if prior is None else prior
    losses = {
        "ce_image": weights.image * weighted_cross_entropy(image_logits, image_target, image_weight),
        "ce_point": weights.point * weighted_cross_entropy(point_logits, taught.point, taught.point_weight),
        "fairness_image": weights.image * weights.fairness * fairness(image_logits, image_prior),
        "fairness_point": weights.point * weights.fairness * fairness(point_logits, point_prior),
    }
    losses |= _masked_losses(output, settings, fabric)
    losses["cross"] = weights.cross * _contrast(output, labels, settings, fabric)
    return losses


def _masked_losses(output: JointOutput, settings: SelfTrainingSettings, fabric: Fabric) -> dict[str, Tensor]:
    weights, arithmetic = settings.loss_weights, settings.arithmetic
    image, point = output.image.masked, output.point.masked
    if image is None or point is None:
        zero = output.image.logits.new_zeros(())
        return dict.fromkeys(("mim_image", "mim_point", "align_image", "align_point"), zero)
    image_error, image_alignment = _global_means(image, fabric)
    point_error, point_alignment = _global_means(point, fabric)
    batch_size = len(output.point.logits) * fabric.world_size
    image_divisor = image.channels if arithmetic.image_modeling_divisor == "channels" else image.tokens
    point_divisor = point.channels if arithmetic.point_modeling_divisor == "tokens_and_channels" else batch_size
    return {
        "mim_image": weights.image * weights.modeling * image_error / image_divisor,
        "mim_point": weights.point * weights.modeling * point_error / point_divisor,
        "align_image": weights.image * weights.alignment * image_alignment,
        "align_point": weights.point * weights.alignment * point_alignment,
    }


def _global_means(masked: MaskedPass, fabric: Fabric) -> tuple[Tensor, Tensor]:
    """Absolute error per hidden pixel or token, summed over channels, and alignment per token, over all processes."""
    values = [masked.absolute_error, masked.hidden, masked.alignment.sum(), masked.hidden_tokens]
    sums = torch.stack([value.to(masked.absolute_error.dtype) for value in values])
    error, hidden, alignment, tokens = gather_rows(sums.unsqueeze(0), fabric).sum(0)
    return error / hidden, alignment / tokens


def _contrast(output: JointOutput, labels: PseudoLabels, settings: SelfTrainingSettings, fabric: Fabric) -> Tensor:
    arithmetic, k = settings.arithmetic, settings.views_per_object
    if settings.loss_weights.cross == 0:
        return output.image.logits.new_zeros(())
    image, point = output.image.embedding, output.point.embedding
    if k > 1:
        image = functional.normalize(image.unflatten(0, (-1, k)).mean(1), dim=-1)
    label = torch.stack([labels.image_label, labels.point_label])
    if arithmetic.contrast_scope == "global":
        image, point = gather_rows(image, fabric), gather_rows(point, fabric)
    else:
        label = label.unflatten(1, (fabric.world_size, -1))[:, fabric.global_rank]
    negatives = label if arithmetic.contrast_negatives == "other_labels" else None
    return symmetric_contrast(image @ point.T, negatives, arithmetic.contrast_temperature)


def gather_rows(values: Tensor, fabric: Fabric) -> Tensor:
    """Rows of all processes, in order, with gradients."""
    if fabric.world_size == 1:
        return values
    gathered = cast(Tensor, fabric.all_gather(values, sync_grads=values.requires_grad))
    return gathered.flatten(0, 1)
