"""One self-training step: batch + model + teacher → named losses and a report (method notes: docs/method.md)."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from crossmost.models.joint import JointModel
from crossmost.selftraining.losses import cross_modal_contrast, fairness, kept_cross_entropy
from crossmost.selftraining.pseudo_labels import PseudoLabels
from crossmost.selftraining.settings import SelfTrainingSettings


class Batch(NamedTuple):
    """B objects with k views each. A tuple, because Fabric rebuilds containers to convert precision and device.

    Attributes:
        weak_views, strong_views: (B·k, 3, S, S) normalized, the views of one object adjacent.
        weak_clouds: (B, N, 3).
        image_mask: (B·k, P) bool.
        point_centers, point_neighborhoods: grouped strong clouds.
        point_mask: (B, G) bool.
    """

    weak_views: Tensor
    strong_views: Tensor
    weak_clouds: Tensor
    image_mask: Tensor
    point_neighborhoods: Tensor
    point_centers: Tensor
    point_mask: Tensor


class StudentOutput(NamedTuple):
    """Logits, embeddings and masked losses of the student; image rows are views (B·k)."""

    image_logits: Tensor
    point_logits: Tensor
    image_embedding: Tensor
    point_embedding: Tensor
    modeling_image: Tensor
    modeling_point: Tensor
    align_image: Tensor
    align_point: Tensor


@dataclass(frozen=True)
class TeacherOutput:
    """Teacher probabilities (B, C) of both modalities; image ones are the mean over the object's views."""

    image_probabilities: Tensor
    point_probabilities: Tensor


class Student(nn.Module):
    """All student passes of a step behind one ``forward``, as training launchers need it."""

    def __init__(self, model: JointModel, settings: SelfTrainingSettings) -> None:
        super().__init__()
        self.model = model
        self.needs_masks = settings.loss_weights.modeling > 0 or settings.loss_weights.alignment > 0
        self.shared_pass = settings.masked_pass == "shared"

    def forward(self, batch: Batch) -> StudentOutput:
        model = self.model
        zero = model.logit_scale.new_zeros(())
        losses = {"modeling_image": zero, "modeling_point": zero, "align_image": zero, "align_point": zero}
        embeddings: tuple[Tensor, Tensor] | None = None
        tokens = model.point_tower.tokenize(batch.point_neighborhoods)
        if self.needs_masks or self.shared_pass:
            image = model.masked_image(batch.strong_views, batch.image_mask)
            point = model.masked_point(tokens, batch.point_centers, batch.point_mask)
            losses = {
                "modeling_image": image.modeling_loss,
                "modeling_point": point.modeling_loss,
                "align_image": image.alignment_loss,
                "align_point": point.alignment_loss,
            }
            embeddings = (image.embedding, point.embedding) if self.shared_pass else None
        if embeddings is None:
            embeddings = (
                model.embed_image(batch.strong_views),
                model.embed_tokens(tokens, batch.point_centers),
            )
        image_embedding, point_embedding = embeddings
        return StudentOutput(
            image_logits=model.logits(image_embedding),
            point_logits=model.logits(point_embedding),
            image_embedding=image_embedding,
            point_embedding=point_embedding,
            **losses,
        )


@torch.no_grad()
def teach(teacher: JointModel, batch: Batch, views_per_object: int) -> TeacherOutput:
    """Teacher probabilities on weak views and clouds, without masks."""
    image = functional.softmax(teacher.logits(teacher.embed_image(batch.weak_views)).float(), dim=-1)
    point = functional.softmax(teacher.logits(teacher.embed_point(batch.weak_clouds)).float(), dim=-1)
    return TeacherOutput(image.unflatten(0, (-1, views_per_object)).mean(1), point)


def self_training_losses(
    output: StudentOutput, labels: PseudoLabels, settings: SelfTrainingSettings
) -> dict[str, Tensor]:
    """Weighted loss terms; their sum is what is minimized."""
    weights, k = settings.loss_weights, settings.views_per_object
    image_label, image_keep = labels.image_label.repeat_interleave(k), labels.image_keep.repeat_interleave(k)
    losses = {
        "ce_image": kept_cross_entropy(output.image_logits, image_label, image_keep),
        "ce_point": kept_cross_entropy(output.point_logits, labels.point_label, labels.point_keep),
        "fairness_image": weights.fairness * fairness(output.image_logits),
        "fairness_point": weights.fairness * fairness(output.point_logits),
        "mim_image": weights.modeling * output.modeling_image,
        "mim_point": weights.modeling * output.modeling_point,
        "align_image": weights.alignment * output.align_image,
        "align_point": weights.alignment * output.align_point,
    }
    if weights.cross > 0:
        image = functional.normalize(output.image_embedding.unflatten(0, (-1, k)).mean(1), dim=-1)
        contrast = cross_modal_contrast(
            image, output.point_embedding, labels.image_label, settings.contrast_temperature
        )
        losses["cross"] = weights.cross * contrast
    else:
        losses["cross"] = output.image_logits.new_zeros(())
    return losses


def step_report(teacher: TeacherOutput, labels: PseudoLabels) -> dict[str, Tensor]:
    """Label-free facts worth watching: kept share, agreement of the modalities, mean entropy of the teacher (nats)."""

    def entropy(probabilities: Tensor) -> Tensor:
        return -(probabilities * probabilities.clamp_min(1e-12).log()).sum(-1).mean()

    agreement = teacher.image_probabilities.argmax(-1) == teacher.point_probabilities.argmax(-1)
    return {
        "kept_share": (labels.image_keep.float().mean() + labels.point_keep.float().mean()) / 2,
        "agreement": agreement.float().mean(),
        "teacher_entropy_image": entropy(teacher.image_probabilities),
        "teacher_entropy_point": entropy(teacher.point_probabilities),
    }
