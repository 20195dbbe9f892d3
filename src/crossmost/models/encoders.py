"""The three aligned encoders (image, text, point cloud) that zero-shot classification and self-training start from."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import open_clip
import torch
from torch import Tensor, nn
from torch.nn import functional

from crossmost.errors import CrossmostError
from crossmost.models.backbones import backbone_config, build_image_tower, build_text_tower, build_tokenizer
from crossmost.models.checkpoint import Checkpoint
from crossmost.models.point_tower import PointTowerConfig
from crossmost.models.point_towers import AnyPointConfig, build_point_tower, point_config_from_card

CHECKPOINT_FORMAT = "crossmost-encoders-1"
_INITIAL_LOGIT_SCALE = math.log(1 / 0.07)


MINI = "crossmost-mini"
"""Architecture of the encoders of this project, as open_clip knows it."""


@dataclass(frozen=True, kw_only=True)
class EncodersConfig:
    """Which towers to build.

    Attributes:
        backbone: open_clip model name; ``crossmost-mini`` and ``ulip-slip-vit-b-16`` are ours.
        point_tower: sizes of the point tower.
        stem_channels: channels of a convolutional stem in place of the patch convolution; empty keeps the backbone's.
        architecture: open_clip configuration of a backbone that no name stands for; without ``text_cfg`` there is no
            text tower. None: by the name.
        image_mean, image_std: normalization of the image tower, per channel, for pixels in 0…1.
    """

    backbone: str
    point_tower: AnyPointConfig
    stem_channels: tuple[int, ...] = ()
    architecture: dict[str, Any] | None = None
    image_mean: tuple[float, ...] = open_clip.OPENAI_DATASET_MEAN
    image_std: tuple[float, ...] = open_clip.OPENAI_DATASET_STD

    @classmethod
    def from_card(cls, described: dict[str, Any]) -> "EncodersConfig":
        """From the JSON that ``asdict`` of a config becomes."""
        values: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in described.items()
        }
        return cls(**values | {"point_tower": point_config_from_card(described["point_tower"])})

    def resolved_architecture(self) -> dict[str, Any]:
        """The backbone's open_clip configuration."""
        return self.architecture or backbone_config(self.backbone)

    def without_text(self) -> "EncodersConfig":
        """The same towers but the text tower."""
        kept = {key: value for key, value in self.resolved_architecture().items() if key != "text_cfg"}
        return replace(self, architecture=kept)


def mini_config() -> EncodersConfig:
    """The small encoders that ship with the project."""
    return EncodersConfig(
        backbone=MINI,
        stem_channels=(32, 64, 128),
        point_tower=PointTowerConfig(
            width=192,
            layers=3,
            heads=3,
            encoder_dims=128,
            encoder_hidden=(32, 64, 128),
            n_groups=64,
            group_size=24,
        ),
    )


class Encoders(nn.Module):
    """Image, text and point towers that share one embedding space of ``embed_dim`` dimensions.

    Args:
        config: which towers; weights are random until a checkpoint is loaded.
    """

    def __init__(self, config: EncodersConfig) -> None:
        super().__init__()
        architecture = config.resolved_architecture()
        self.config = config
        self.image_tower = build_image_tower(architecture, config.stem_channels)
        self.text_tower = build_text_tower(architecture) if "text_cfg" in architecture else None
        self.point_tower = build_point_tower(config.point_tower)
        self.embed_dim: int = architecture["embed_dim"]
        self.image_size: int = self.image_tower.visual.image_size[0]
        self.image_mean, self.image_std = config.image_mean, config.image_std
        feature_dim = self.point_tower.feature_dim
        self.point_projection = nn.Parameter(torch.randn(feature_dim, self.embed_dim) * feature_dim**-0.5)
        self.logit_scale = nn.Parameter(torch.tensor(_INITIAL_LOGIT_SCALE))
        self.tokenizer = build_tokenizer(architecture) if "text_cfg" in architecture else None

    def encode_image(self, images: Tensor) -> Tensor:
        """Normalized images (B, 3, H, W) → unit embeddings (B, E)."""
        return functional.normalize(self.image_tower.project(self.image_tower(images).feature), dim=-1)

    def encode_point(self, points: Tensor) -> Tensor:
        """Unit-radius clouds (B, N, C) → unit embeddings (B, E)."""
        return functional.normalize(self.point_tower.encode(points).feature @ self.point_projection, dim=-1)

    def encode_text(self, texts: Sequence[str]) -> Tensor:
        """Strings → unit embeddings (len(texts), E).

        Raises:
            CrossmostError: if the towers came without a text tower.
        """
        if self.text_tower is None or self.tokenizer is None:
            raise CrossmostError("these encoders have no text tower, so class names cannot become a classifier")
        tokens = self.tokenizer(list(texts)).to(self.point_projection.device)
        return functional.normalize(self.text_tower(tokens), dim=-1)

    def checkpoint(self, card: dict[str, Any]) -> Checkpoint:
        """Weights in half precision (small enough for git) with a card that can rebuild the towers."""
        tensors = {
            key: value.detach().cpu().half() if value.is_floating_point() else value.detach().cpu()
            for key, value in self.state_dict().items()
        }
        return Checkpoint(tensors=tensors, card=self.card(card))

    def card(self, more: dict[str, Any]) -> dict[str, Any]:
        """What can rebuild the towers, and more facts about them."""
        return {
            "format": CHECKPOINT_FORMAT,
            "encoders": asdict(self.config),
            "embed_dim": self.embed_dim,
            "image_size": self.image_size,
            "image_mean": list(self.image_mean),
            "image_std": list(self.image_std),
            **more,
        }

    @classmethod
    def from_checkpoint(cls, checkpoint: Checkpoint) -> "Encoders":
        """Rebuild towers from a checkpoint.

        Raises:
            CrossmostError: if the card is of another format or the tensors do not fit the towers it names.
        """
        found = checkpoint.card.get("format")
        if found != CHECKPOINT_FORMAT:
            raise CrossmostError(
                f"the encoders' card.json says format {found!r}, this version reads {CHECKPOINT_FORMAT!r}; "
                "make the checkpoint again with `kedro run --pipelines=pretraining`"
            )
        encoders = cls(EncodersConfig.from_card(checkpoint.card["encoders"]))
        floats = {
            key: value.float() if value.is_floating_point() else value for key, value in checkpoint.tensors.items()
        }
        try:
            encoders.load_state_dict(floats, strict=True)
        except RuntimeError as error:
            raise CrossmostError(
                f"the encoders' weights do not fit the towers named in their card.json: {error}"
            ) from error
        return encoders
