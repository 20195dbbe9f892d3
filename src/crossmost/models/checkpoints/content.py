"""What a reader makes of a checkpoint file: towers under our names, and a description of them."""

from dataclasses import dataclass, field
from typing import Any

import open_clip
from torch import Tensor

from crossmost.models.checkpoints.ledger import UnusedKeys
from crossmost.models.point_towers import AnyPointConfig

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True, kw_only=True)
class ImageTextDescription:
    """The image tower, and the text tower if there is one, inside a checkpoint.

    Attributes:
        backbone: name of the architecture.
        architecture: its open_clip configuration where the name alone does not say it; without ``text_cfg`` the file
            has no text tower.
        image_mean, image_std: normalization of pixels in 0…1.
    """

    backbone: str
    architecture: dict[str, Any] | None = None
    image_mean: tuple[float, ...] = open_clip.OPENAI_DATASET_MEAN
    image_std: tuple[float, ...] = open_clip.OPENAI_DATASET_STD


@dataclass(frozen=True, kw_only=True)
class CheckpointDescription:
    """What a checkpoint is, in words that people and the assembly read.

    Attributes:
        family: name of the reader's family.
        space: the image/text space the point tower is aligned to, as PRETRAINED/ARCHITECTURE; None if it is not.
        embed_dim: dimensions E of that space.
        point_tower: sizes, channels and up axis of the point tower; None if there is none.
        is_initialization: the point weights are of no image/text space; a tower can be aligned from them.
        expected_points: points per cloud in the published training.
        image_text: the file's own image and text towers.
        logit_scale: factor on cosines (already exponentiated).
        n_classes: columns of the file's own classifier.
        unused: keys that are knowingly not read.
        other_entries: top-level entries of the file that are no weights, and are not read.
        notes: what a reader cannot know for sure.
    """

    family: str
    space: str | None = None
    embed_dim: int | None = None
    point_tower: AnyPointConfig | None = None
    is_initialization: bool = False
    expected_points: int | None = None
    image_text: ImageTextDescription | None = None
    logit_scale: float | None = None
    n_classes: int | None = None
    unused: tuple[UnusedKeys, ...] = ()
    other_entries: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CheckpointContent:
    """State dicts under the names of our modules; empty where the checkpoint has no such part.

    Attributes:
        image: of `ImageTower`; text: of the text tower; point: of the point tower.
        point_projection: (feature, E); a bias is its last row.
        point_token_projection: (width, E).
        logit_scale: logarithm of the factor.
        classifier: (E, C).
    """

    description: CheckpointDescription
    image: dict[str, Tensor] = field(default_factory=dict)
    text: dict[str, Tensor] = field(default_factory=dict)
    point: dict[str, Tensor] = field(default_factory=dict)
    point_projection: Tensor | None = None
    point_token_projection: Tensor | None = None
    logit_scale: Tensor | None = None
    classifier: Tensor | None = None


def scale_factor(logit_scale: Tensor) -> float | None:
    """exp of a stored logit scale; None if the tensor is missing (the ledger reports that)."""
    return round(float(logit_scale.float().exp()), 4) if logit_scale.numel() == 1 else None
