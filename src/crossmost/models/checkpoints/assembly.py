"""Encoders from the parts that a configuration names, refusing parts that live in different spaces."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from crossmost.errors import CrossmostError
from crossmost.models.checkpoint import Checkpoint
from crossmost.models.checkpoints.backbone import read_backbone
from crossmost.models.checkpoints.content import CheckpointContent, CheckpointDescription
from crossmost.models.checkpoints.fetch import locate
from crossmost.models.checkpoints.readers import read_checkpoint
from crossmost.models.checkpoints.settings import EncoderSettings
from crossmost.models.encoders import Encoders, EncodersConfig
from crossmost.models.image_tower import FRESH_IMAGE_PARTS
from crossmost.models.point_towers import FRESH_PARTS

_SEED = 0  # of the parts that no published checkpoint holds: mask tokens and decoders


@dataclass(frozen=True)
class StartingPoint:
    """Encoders and what a checkpoint may bring beside them.

    Attributes:
        encoders: in eval mode.
        card: describes them, for the card of the joint model.
        classifier: (E, C) of an adapted checkpoint; None: class names make it.
        point_token_projection: (width, E) of a Cross-MoST checkpoint.
    """

    encoders: Encoders
    card: dict[str, Any]
    classifier: Tensor | None = None
    point_token_projection: Tensor | None = None


def load_starting_point(settings: EncoderSettings, mini_encoders: Checkpoint) -> StartingPoint:
    """The encoders that a configuration names.

    Args:
        settings: backbone and point checkpoint.
        mini_encoders: used when the backbone is ``mini``.

    Raises:
        MissingInputError: a file that is not there and cannot be downloaded.
        CrossmostError: settings that do not go together, parts of different spaces, or files that do not fit.
    """
    if settings.backbone == "mini":
        if settings.point_checkpoint or settings.backbone_file:
            raise CrossmostError(
                "backbone is `mini`, whose point tower and weights are its own; set backbone to `checkpoint` or to "
                "PRETRAINED/ARCHITECTURE, or point_checkpoint and backbone_file to null"
            )
        return StartingPoint(Encoders.from_checkpoint(mini_encoders).eval(), mini_encoders.card)
    if not settings.point_checkpoint:
        raise CrossmostError(
            f"backbone {settings.backbone!r} has no point tower; set point_checkpoint to the path of one aligned to it"
        )
    point = read_checkpoint(locate(settings.point_checkpoint))
    if settings.backbone == "checkpoint":
        return assemble(point, point)
    _check_point_tower(point.description)
    _check_space(point.description, settings.backbone)
    return assemble(point, read_backbone(settings.backbone, settings.backbone_file))


def assemble(point: CheckpointContent, images: CheckpointContent) -> StartingPoint:
    """Encoders from a point tower, and image and text towers of the same space.

    Raises:
        CrossmostError: a part that is missing, or spaces that differ.
    """
    described, image_text = point.description, images.description.image_text
    _check_point_tower(described)
    if described.point_tower is None or image_text is None:
        raise CrossmostError(
            f"this {described.family} checkpoint has no image and text towers; set backbone: {described.space}, which "
            "it is aligned to"
        )
    if images is not point:
        _check_space(described, images.description.space or "an unknown space")
    config = EncodersConfig(
        backbone=image_text.backbone,
        point_tower=described.point_tower,
        architecture=image_text.architecture,
        image_mean=image_text.image_mean,
        image_std=image_text.image_std,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(_SEED)
        encoders = Encoders(config).eval()
    _fill(encoders.image_tower, images.image, FRESH_IMAGE_PARTS)
    _fill(encoders.point_tower, point.point, FRESH_PARTS)
    if encoders.text_tower is not None:
        _fill(encoders.text_tower, images.text, ())
    with torch.no_grad():
        if point.point_projection is not None:
            encoders.point_projection.copy_(point.point_projection)
        logit_scale = images.logit_scale if point.logit_scale is None else point.logit_scale
        if logit_scale is not None:
            encoders.logit_scale.copy_(logit_scale)
    facts = {
        "color": described.point_tower.in_channels == 6,
        "up_axis": described.point_tower.up_axis,
        "family": described.family,
        "space": described.space,
        "expected_points": described.expected_points,
    }
    return StartingPoint(encoders, encoders.card(facts), point.classifier, point.point_token_projection)


def space_name(space: str) -> str:
    """A space's name without what does not change it: case, and the spelling of the activation."""
    return space.lower().removesuffix("-quickgelu")


def _check_point_tower(described: CheckpointDescription) -> None:
    if described.point_tower is None:
        raise CrossmostError(
            f"point_checkpoint is a {described.family} checkpoint, which has no point tower aligned to text"
        )


def _check_space(described: CheckpointDescription, backbone_space: str) -> None:
    if described.space is None or space_name(described.space) != space_name(backbone_space):
        own = "backbone: checkpoint" if described.image_text else f"backbone: {described.space}"
        raise CrossmostError(
            f"the point tower ({described.family}) is aligned to the space {described.space}, but the image and text "
            f"towers are of {backbone_space}: their embeddings cannot be compared; set {own}"
        )


def _fill(module: nn.Module, state: dict[str, Tensor], fresh: tuple[str, ...]) -> None:
    """Load a state dict that may lack the parts that only self-training needs."""
    missing, unexpected = module.load_state_dict(state, strict=False)
    lost = [key for key in missing if not key.startswith(fresh)] if fresh else missing
    if lost or unexpected:
        raise CrossmostError(f"{type(module).__name__} cannot take these keys: {[*lost, *unexpected][:5]}")
