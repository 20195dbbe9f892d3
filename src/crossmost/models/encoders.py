"""The three aligned encoders (image, text, point cloud) that zero-shot classification and self-training start from."""

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import open_clip
import torch
from torch import Tensor, nn
from torch.nn import functional

from crossmost.errors import CrossmostError
from crossmost.models.checkpoint import Checkpoint
from crossmost.models.conv_stem import ConvolutionalStem
from crossmost.models.image_tower import ImageTower
from crossmost.models.point_tower import PointTower, PointTowerConfig

CONFIG_FOLDER = Path(__file__).parent / "configs"
CHECKPOINT_FORMAT = "crossmost-encoders-1"


@dataclass(frozen=True, kw_only=True)
class EncodersConfig:
    """Which towers to build.

    Attributes:
        backbone: open_clip model name; ``crossmost-mini`` is ours.
        stem_channels: channels of a convolutional stem in place of the patch convolution; empty keeps the backbone's.
        point_tower: sizes of the Point-BERT tower.
    """

    backbone: str
    stem_channels: tuple[int, ...]
    point_tower: PointTowerConfig

    @classmethod
    def from_card(cls, described: dict[str, Any]) -> "EncodersConfig":
        """From the JSON that ``asdict`` of a config becomes."""
        tower = described["point_tower"] | {"encoder_hidden": tuple(described["point_tower"]["encoder_hidden"])}
        return cls(
            backbone=described["backbone"],
            stem_channels=tuple(described["stem_channels"]),
            point_tower=PointTowerConfig(**tower),
        )


def mini_config() -> EncodersConfig:
    """The small encoders that ship with the project."""
    return EncodersConfig(
        backbone="crossmost-mini",
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


def _untrained_clip(backbone: str) -> open_clip.CustomTextCLIP:
    """An open_clip model with random weights, without the warning that they are random: a checkpoint follows."""
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        return open_clip.create_model(backbone, pretrained=None, force_custom_text=True)
    finally:
        logging.disable(level)


class Encoders(nn.Module):
    """Image, text and point towers that share one embedding space of ``embed_dim`` dimensions.

    Args:
        config: which towers; weights are random until a checkpoint is loaded.
    """

    def __init__(self, config: EncodersConfig) -> None:
        super().__init__()
        if config.backbone not in open_clip.list_models():
            open_clip.add_model_config(CONFIG_FOLDER)
        clip = _untrained_clip(config.backbone)
        if config.stem_channels:
            width = clip.visual.conv1.out_channels
            clip.visual.conv1 = ConvolutionalStem(width, config.stem_channels)
        self.config = config
        self.image_tower = ImageTower(clip.visual)
        self.text_tower = clip.text
        self.point_tower = PointTower(config.point_tower)
        self.embed_dim: int = self.image_tower.projection.shape[1]
        self.image_size: int = clip.visual.image_size[0]
        self.image_mean: tuple[float, ...] = tuple(open_clip.OPENAI_DATASET_MEAN)
        self.image_std: tuple[float, ...] = tuple(open_clip.OPENAI_DATASET_STD)
        feature_dim = self.point_tower.feature_dim
        self.point_projection = nn.Parameter(torch.randn(feature_dim, self.embed_dim) * feature_dim**-0.5)
        self.logit_scale = nn.Parameter(clip.logit_scale.detach().clone())
        self.tokenizer = open_clip.get_tokenizer(config.backbone)

    def encode_image(self, images: Tensor) -> Tensor:
        """Normalized images (B, 3, H, W) → unit embeddings (B, E)."""
        return functional.normalize(self.image_tower(images).feature @ self.image_tower.projection, dim=-1)

    def encode_point(self, points: Tensor) -> Tensor:
        """Unit-radius clouds (B, N, C) → unit embeddings (B, E)."""
        return functional.normalize(self.point_tower.encode(points).feature @ self.point_projection, dim=-1)

    def encode_text(self, texts: Sequence[str]) -> Tensor:
        """Strings → unit embeddings (len(texts), E)."""
        tokens = self.tokenizer(list(texts)).to(self.point_projection.device)
        return functional.normalize(self.text_tower(tokens), dim=-1)

    def checkpoint(self, card: dict[str, Any]) -> Checkpoint:
        """Weights in half precision (small enough for git) with a card that can rebuild the towers."""
        tensors = {
            key: value.detach().cpu().half() if value.is_floating_point() else value.detach().cpu()
            for key, value in self.state_dict().items()
        }
        return Checkpoint(
            tensors=tensors,
            card={
                "format": CHECKPOINT_FORMAT,
                "encoders": asdict(self.config),
                "embed_dim": self.embed_dim,
                "image_size": self.image_size,
                "image_mean": list(self.image_mean),
                "image_std": list(self.image_std),
                **card,
            },
        )

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
