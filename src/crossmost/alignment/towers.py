"""The towers that an alignment begins with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from crossmost.alignment.settings import TowersSettings
from crossmost.errors import CrossmostError
from crossmost.models.checkpoint import Checkpoint
from crossmost.models.checkpoints.assembly import load_starting_point, load_with_fresh_point_tower
from crossmost.models.encoders import Encoders


@dataclass(frozen=True)
class AlignedTowers:
    """Towers and what their card says of them besides their sizes.

    Attributes:
        encoders: in eval mode; only the point tower, its projection and the logit scale are to be trained.
        facts: `family`, `space`, `up_axis` and `color`.
        expected_points: points per cloud that the point tower was trained on before; None if it is fresh.
    """

    encoders: Encoders
    facts: dict[str, Any]
    expected_points: int | None


def towers_to_align(settings: TowersSettings, mini_encoders: Checkpoint, seed: int) -> AlignedTowers:
    """Image and text towers as configured, with a fresh point tower or the one they have.

    Args:
        settings: which.
        mini_encoders: used when the backbone is ``mini``.
        seed: of fresh weights.

    Raises:
        MissingInputError: for weights that are not there.
        CrossmostError: for towers that do not go together, or encoders without a text tower.
    """
    if settings.point_tower.start == "encoders":
        start = load_starting_point(settings.encoders, mini_encoders)
    else:
        sizes = settings.point_tower.config()
        start = load_with_fresh_point_tower(settings.encoders, mini_encoders, sizes, seed)
    encoders, card = start.encoders, start.card
    if encoders.text_tower is None:
        raise CrossmostError(
            "these encoders have no text tower, so captions cannot be embedded; name another backbone under "
            "alignment.towers.encoders, or the checkpoint that an adapted one was adapted from"
        )
    config = encoders.config.point_tower
    facts = {
        "family": "aligned by this project",
        "space": card.get("space") or encoders.config.backbone,
        "up_axis": config.up_axis,
        "color": config.in_channels == 6,
    }
    is_fresh = settings.point_tower.start == "fresh"
    return AlignedTowers(encoders.eval(), facts, None if is_fresh else card.get("expected_points"))
