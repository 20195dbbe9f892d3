"""Encoders from the parts that a configuration names, refusing parts that live in different spaces."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from crossmost.errors import CrossmostError
from crossmost.models.checkpoint import Checkpoint
from crossmost.models.checkpoints.backbone import check_form, read_backbone
from crossmost.models.checkpoints.content import CheckpointContent, CheckpointDescription
from crossmost.models.checkpoints.fetch import locate
from crossmost.models.checkpoints.own import load_own_encoders
from crossmost.models.checkpoints.readers import read_checkpoint
from crossmost.models.checkpoints.settings import EncoderSettings
from crossmost.models.encoders import Encoders, EncodersConfig
from crossmost.models.image_tower import FRESH_IMAGE_PARTS
from crossmost.models.point_towers import FRESH_PARTS, AnyPointConfig

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
    if settings.backbone == "checkpoint":
        _refuse_backbone_file(settings)
    else:
        check_form(settings.backbone)
    if not settings.point_checkpoint:
        raise CrossmostError(
            f"backbone {settings.backbone!r} has no point tower; set point_checkpoint to the path of one aligned to it"
        )
    place = locate(settings.point_checkpoint)
    if place.is_dir():
        return _own_starting_point(settings, place)
    point = read_checkpoint(place)
    if settings.backbone == "checkpoint":
        return assemble(point, point)
    _check_point_tower(point.description)
    _check_space(point.description, settings.backbone)
    return assemble(point, read_backbone(settings.backbone, settings.backbone_file))


def _refuse_backbone_file(settings: EncoderSettings) -> None:
    if settings.backbone_file:
        raise CrossmostError(
            "backbone is `checkpoint`, whose towers are all in point_checkpoint; set backbone_file to null, or "
            "backbone to PRETRAINED/ARCHITECTURE"
        )


def load_with_fresh_point_tower(
    settings: EncoderSettings, mini_encoders: Checkpoint, point_tower: AnyPointConfig, seed: int
) -> StartingPoint:
    """Image and text towers that a configuration names, beside a point tower that is still to be aligned to them.

    Args:
        settings: the backbone; with ``checkpoint``, the towers inside ``point_checkpoint``.
        mini_encoders: used when the backbone is ``mini``.
        point_tower: sizes of the point tower.
        seed: of its random weights.

    Raises:
        MissingInputError: a file that is not there and cannot be downloaded.
        CrossmostError: settings that do not go together, or files that do not fit.
    """
    if settings.backbone == "mini":
        start = load_starting_point(settings, mini_encoders)
        return _replace_point_tower(start, point_tower, seed)
    if settings.backbone == "checkpoint":
        _refuse_backbone_file(settings)
        if not settings.point_checkpoint:
            raise CrossmostError("backbone is `checkpoint`; set point_checkpoint to the file that has the towers")
        place = locate(settings.point_checkpoint)
        if place.is_dir():
            return _replace_point_tower(_own_starting_point(settings, place), point_tower, seed)
        images = read_checkpoint(place)
    elif settings.point_checkpoint:
        raise CrossmostError(
            "point_checkpoint is of no use beside a fresh point tower; set it to null, or go on from its point tower"
        )
    else:
        images = read_backbone(settings.backbone, settings.backbone_file)
    image_text = images.description.image_text
    if image_text is None:
        raise CrossmostError(f"this {images.description.family} checkpoint has no image and text towers to align to")
    config = EncodersConfig(
        backbone=image_text.backbone,
        point_tower=point_tower,
        architecture=image_text.architecture,
        image_mean=image_text.image_mean,
        image_std=image_text.image_std,
    )
    encoders = _random_encoders(config, seed)
    _fill(encoders.image_tower, images.image, FRESH_IMAGE_PARTS)
    if encoders.text_tower is not None:
        _fill(encoders.text_tower, images.text, ())
    return StartingPoint(encoders, encoders.card({"space": images.description.space}))


def _own_starting_point(settings: EncoderSettings, folder: Path) -> StartingPoint:
    if settings.backbone != "checkpoint":
        raise CrossmostError(
            f"point_checkpoint is {folder}, encoders of this project, which have image and text towers of their own; "
            "set backbone: checkpoint"
        )
    checkpoint = load_own_encoders(folder)
    return StartingPoint(Encoders.from_checkpoint(checkpoint).eval(), checkpoint.card)


def _replace_point_tower(start: StartingPoint, point_tower: AnyPointConfig, seed: int) -> StartingPoint:
    encoders = _random_encoders(replace(start.encoders.config, point_tower=point_tower), seed)
    encoders.image_tower, encoders.text_tower = start.encoders.image_tower, start.encoders.text_tower
    return StartingPoint(encoders, start.card)


def _random_encoders(config: EncodersConfig, seed: int) -> Encoders:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Encoders(config).eval()


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
    encoders = _random_encoders(config, _SEED)
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


def initialize_point_tower(tower: nn.Module, content: CheckpointContent) -> None:
    """Fill a point tower, or its mini-PointNet alone if the checkpoint has no more (Point-BERT's dVAE).

    Raises:
        CrossmostError: if weights and tower do not fit each other.
    """
    only_mini_pointnet = content.description.point_tower is None
    fresh = tuple(key for key in tower.state_dict() if not key.startswith("encoder.")) if only_mini_pointnet else ()
    _fill(tower, content.point, FRESH_PARTS + fresh)


def space_name(space: str) -> str:
    """A space's name without what does not change it: case, and the spelling of the activation."""
    return space.lower().removesuffix("-quickgelu")


def _check_point_tower(described: CheckpointDescription) -> None:
    if described.point_tower is None or described.is_initialization:
        aligning = "; `kedro run --pipelines=alignment` aligns one that starts from it"
        hint = aligning if described.is_initialization else ""
        raise CrossmostError(
            f"point_checkpoint is a {described.family} checkpoint, which has no point tower aligned to text{hint}"
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
