"""The towers that an alignment begins with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from crossmost.alignment.settings import PointTowerSettings, TowersSettings
from crossmost.errors import CrossmostError
from crossmost.models.checkpoint import Checkpoint
from crossmost.models.checkpoints import CheckpointContent, read_checkpoint
from crossmost.models.checkpoints.assembly import (
    initialize_point_tower,
    load_starting_point,
    load_with_fresh_point_tower,
)
from crossmost.models.checkpoints.fetch import locate
from crossmost.models.encoders import Encoders
from crossmost.models.point_towers import AnyPointConfig


@dataclass(frozen=True)
class AlignedTowers:
    """Towers and what their card says of them besides their sizes.

    Attributes:
        encoders: in eval mode; only the point tower, its projection and the logit scale are to be trained.
        facts: `family`, `space`, `up_axis` and `color`; `class_names` and `license` if the encoders had them.
        expected_points: points per cloud that the point tower was trained on before; None if it is fresh.
    """

    encoders: Encoders
    facts: dict[str, Any]
    expected_points: int | None


def towers_to_align(settings: TowersSettings, mini_encoders: Checkpoint, seed: int) -> AlignedTowers:
    """Image and text towers as configured, with a fresh point tower, the one they have, or one from a checkpoint.

    Args:
        settings: which.
        mini_encoders: used when the backbone is ``mini``.
        seed: of fresh weights.

    Raises:
        MissingInputError: for weights that are not there.
        CrossmostError: for towers that do not go together, or encoders without a text tower.
    """
    expected_points = None
    if settings.point_tower.start == "encoders":
        start = load_starting_point(settings.encoders, mini_encoders)
        expected_points = start.card.get("expected_points")
    elif settings.point_tower.checkpoint is not None:
        content = read_checkpoint(locate(settings.point_tower.checkpoint))
        sizes = _sizes_of(content, settings.point_tower)
        start = load_with_fresh_point_tower(settings.encoders, mini_encoders, sizes, seed)
        initialize_point_tower(start.encoders.point_tower, content)
        expected_points = content.description.expected_points
    else:
        start = load_with_fresh_point_tower(settings.encoders, mini_encoders, settings.point_tower.config(), seed)
    encoders, card = start.encoders, start.card
    if encoders.text_tower is None:
        raise CrossmostError(
            "these encoders have no text tower, so captions cannot be embedded; name another backbone under "
            "alignment.towers.encoders, or the checkpoint that an adapted one was adapted from"
        )
    config = encoders.config.point_tower
    facts: dict[str, Any] = {
        "family": "aligned by this project",
        "space": card.get("space") or encoders.config.backbone,
        "up_axis": config.up_axis,
        "color": config.in_channels == 6,
        # The text tower is the one it was: it knows the names it knew.
        **{key: card[key] for key in ("class_names", "license") if key in card},
    }
    return AlignedTowers(encoders.eval(), facts, expected_points)


def _sizes_of(content: CheckpointContent, settings: PointTowerSettings) -> AnyPointConfig:
    """Of the tower in a checkpoint; where it has but a mini-PointNet, the other sizes are the configured ones."""
    described = content.description
    if described.point_tower is not None:
        return described.point_tower
    if not content.point:
        raise CrossmostError(f"{settings.checkpoint} is a {described.family} checkpoint, which has no point tower")
    if settings.color:
        raise CrossmostError(f"the mini-PointNet in {settings.checkpoint} knows no color; set color: false")
    first, middle, last, out = (
        content.point[f"encoder.{layer}.weight"].shape[0]
        for layer in ("first_conv.0", "first_conv.3", "second_conv.0", "second_conv.3")
    )
    return replace(settings.config(), encoder_hidden=(first, middle, last), encoder_dims=out)
