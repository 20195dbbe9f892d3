"""Settings of aligning a point tower to image and text towers that stay as they are."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from crossmost.models.checkpoints.settings import EncoderSettings
from crossmost.models.point_tower import PointTowerConfig
from crossmost.ranges import PositiveRange


class PointTowerSettings(BaseModel):
    """The point tower to begin with; sizes and color are those of a fresh one, a Point-BERT."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    start: Literal["fresh", "encoders", "checkpoint"] = Field(
        default="fresh",
        description=(
            "fresh: random weights; encoders: the point tower that the encoders have; checkpoint: that of `checkpoint`."
        ),
    )
    checkpoint: str | None = Field(
        default=None,
        description=(
            "Point-BERT's dVAE (for the mini-PointNet), Point-BERT by masked point modeling, or any other checkpoint "
            "with a point tower, whatever its space: a path, or hf://OWNER/REPOSITORY/FILE. Its sizes hold."
        ),
    )
    width: int = Field(default=384, gt=0, description="Channels of a token; a multiple of `heads`.")
    layers: int = Field(default=12, gt=0, description="Transformer blocks.")
    heads: int = Field(default=6, gt=0, description="Attention heads.")
    encoder_dims: int = Field(default=256, gt=0, description="Channels that the mini-PointNet makes of a group.")
    encoder_hidden: tuple[int, int, int] = Field(default=(128, 256, 512), description="Its inner channels.")
    n_groups: int = Field(default=64, gt=0, description="Groups of points per cloud.")
    group_size: int = Field(default=32, gt=0, description="Points per group.")
    color: bool = Field(default=False, description="Whether it sees the color of points; grey 0.4 where there is none.")

    @model_validator(mode="after")
    def _heads_share_the_width(self) -> "PointTowerSettings":
        if self.width % self.heads:
            raise ValueError(f"width is {self.width}, which {self.heads} heads cannot share evenly")
        return self

    @model_validator(mode="after")
    def _checkpoint_where_it_is_used(self) -> "PointTowerSettings":
        if (self.start == "checkpoint") != (self.checkpoint is not None):
            raise ValueError("`start: checkpoint` and the path `checkpoint` go together")
        return self

    def config(self) -> PointTowerConfig:
        """The tower's sizes as models have them."""
        sizes = self.model_dump(exclude={"start", "checkpoint", "color"})
        return PointTowerConfig(**sizes, in_channels=6 if self.color else 3)


class TowersSettings(BaseModel):
    """Which towers are aligned."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    encoders: EncoderSettings = Field(
        default=EncoderSettings(), description="Image and text towers, which stay as they are."
    )
    point_tower: PointTowerSettings = Field(default=PointTowerSettings(), description="What is trained.")


class PointAugmentationSettings(BaseModel):
    """How clouds are varied; lengths in radii of the cloud."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    turn: float = Field(default=180.0, ge=0, le=180, description="Largest turn about the up axis, degrees.")
    tilt: float = Field(default=3.5, ge=0, description="Standard deviation of the tilt, degrees.")
    scale: PositiveRange = Field(default=(0.8, 1.25), description="Range of the uniform scale factor.")
    shift: float = Field(default=0.1, ge=0, description="Largest shift along each axis.")
    jitter: float = Field(default=0.01, ge=0, description="Standard deviation of the noise on every coordinate.")
    jitter_clip: float = Field(default=0.05, ge=0, description="Largest noise on a coordinate.")
    dropout: float = Field(default=0.875, ge=0, lt=1, description="Largest share of points dropped.")
    grey: float = Field(
        default=0.5, ge=0, le=1, description="Share of clouds shown in grey, so that the tower works without color."
    )


class AlignmentTraining(BaseModel):
    """How the point tower learns: contrastive losses against pictures and captions, as ULIP."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    epochs: int = Field(default=50, gt=0, description="Passes over the triplets.")
    batch_size: int = Field(
        default=64, gt=1, description="Triplets per step; the others of a step are what each is told apart from."
    )
    learning_rate: float = Field(default=1e-3, gt=0, description="Peak of the one-cycle cosine schedule.")
    weight_decay: float = Field(default=0.1, ge=0, description="AdamW weight decay, on matrices only.")
    warmup_share: float = Field(default=0.08, ge=0, lt=1, description="Share of all steps with rising learning rate.")
    n_points: int = Field(default=1024, gt=0, description="Points drawn from each stored cloud at every step.")
    augmentation: PointAugmentationSettings = Field(
        default=PointAugmentationSettings(), description="How clouds are varied."
    )
    weight_image: float = Field(default=1.0, ge=0, description="Weight of the loss between points and pictures.")
    weight_caption: float = Field(default=1.0, ge=0, description="Weight of the loss between points and captions.")
    weight_modeling: float = Field(default=0.25, ge=0, description="Weight of predicting hidden groups.")
    masked_share: float = Field(
        default=0.25, ge=0, le=1, description="Share of steps that hide groups, which self-training does later."
    )
    mask_ratio: float = Field(default=0.4, gt=0.1, lt=1, description="Largest share of groups that such a step hides.")
    holdout_share: float = Field(
        default=0.1, gt=0, lt=1, description="Share of the triplets kept out to measure how well they are found again."
    )
    precision: Literal["32-true", "bf16-mixed"] = Field(default="bf16-mixed", description="Lightning Fabric precision.")
    seed: int = Field(default=0, ge=0, description="Seeds fresh weights, order, augmentation and masks.")
