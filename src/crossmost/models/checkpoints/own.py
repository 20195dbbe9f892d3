"""Encoders that this project made: a folder with safetensors and a card, in place of a public checkpoint's file."""

from dataclasses import replace
from pathlib import Path

from torch import Tensor

from crossmost.errors import CrossmostError
from crossmost.models.checkpoint import Checkpoint, load_checkpoint
from crossmost.models.checkpoints.content import (
    CheckpointContent,
    CheckpointDescription,
    ImageTextDescription,
    scale_factor,
)
from crossmost.models.encoders import CHECKPOINT_FORMAT, Encoders

TITLE = "encoders of this project"


def load_own_encoders(folder: Path) -> Checkpoint:
    """The checkpoint of encoders in a folder.

    Raises:
        MissingInputError: if there is no checkpoint.
        CrossmostError: if a file is damaged, or the folder holds another kind of model.
    """
    checkpoint = load_checkpoint(folder)
    found = checkpoint.card.get("format")
    if found != CHECKPOINT_FORMAT:
        raise CrossmostError(
            f"{folder} holds a model of format {found!r}, which is no starting point: it has no text tower, or another "
            f"version made it. Encoders ({CHECKPOINT_FORMAT}) are made by `kedro run --pipelines=alignment`"
        )
    return checkpoint


def describe_own_encoders(folder: Path) -> CheckpointContent:
    """The same as what readers of public files give, to be looked at.

    Raises:
        MissingInputError, CrossmostError: as `load_own_encoders`, or if weights and card do not fit each other.
    """
    checkpoint = load_own_encoders(folder)
    encoders, card = Encoders.from_checkpoint(checkpoint), checkpoint.card
    config = encoders.config
    trained_on = card.get("trained_on")
    description = CheckpointDescription(
        family=TITLE,
        space=card.get("space") or config.backbone,
        embed_dim=encoders.embed_dim,
        point_tower=replace(config.point_tower, up_axis=card.get("up_axis", config.point_tower.up_axis)),
        expected_points=card.get("expected_points") or card.get("n_points"),
        image_text=ImageTextDescription(backbone=config.backbone, architecture=config.resolved_architecture()),
        logit_scale=scale_factor(encoders.logit_scale.detach()),
        notes=(f"trained on {trained_on}",) if trained_on else (),
    )
    return CheckpointContent(
        description=description,
        image=_part(checkpoint, "image_tower."),
        text=_part(checkpoint, "text_tower."),
        point=_part(checkpoint, "point_tower."),
    )


def _part(checkpoint: Checkpoint, prefix: str) -> dict[str, Tensor]:
    return {key.removeprefix(prefix): value for key, value in checkpoint.tensors.items() if key.startswith(prefix)}
