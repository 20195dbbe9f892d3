"""Settings of encoder pre-training."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from crossmost.ranges import PositiveRange
from crossmost.rendering import CameraRig


class CloudAugmentationSettings(BaseModel):
    """How clouds are varied; lengths in units of the cloud's radius."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stretch: float = Field(ge=0, lt=1, description="Largest relative change of the extent along each axis.")
    jitter: float = Field(ge=0, description="Standard deviation of the noise on every coordinate.")
    jitter_clip: float = Field(ge=0, description="Largest noise on a coordinate.")
    stray: float = Field(ge=0, lt=1, description="Largest share of points that lie anywhere but on the object.")
    dropout: float = Field(ge=0, lt=1, description="Largest share of points dropped.")
    scale: PositiveRange = Field(description="Range of the uniform scale factor, after normalization.")
    shift: float = Field(ge=0, description="Largest shift along each axis, after normalization.")


class TrainingSettings(BaseModel):
    """How the mini encoders are trained on captioned shapes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    epochs: int = Field(gt=0, description="Passes over the source objects.")
    batch_size: int = Field(gt=1, description="Objects per step; each gives one view, one cloud and one caption.")
    learning_rate: float = Field(gt=0, description="Peak of the one-cycle cosine schedule.")
    weight_decay: float = Field(ge=0, description="AdamW weight decay, on matrices only.")
    warmup_share: float = Field(ge=0, lt=1, description="Share of all steps in which the learning rate rises.")
    n_points: int = Field(gt=0, description="Points drawn from each stored cloud at every step.")
    cloud_augmentation: CloudAugmentationSettings
    point_groups: int = Field(
        gt=0, description="Groups per cloud while training; fewer than the tower's makes it cheaper."
    )
    patch_keep: float = Field(gt=0, le=1, description="Share of image patches kept on unmasked steps (token dropping).")
    masked_share: float = Field(ge=0, le=1, description="Share of steps whose input tokens are masked.")
    mask_ratio: float = Field(gt=0.1, lt=1, description="Largest share of tokens a masked step hides.")
    label_smoothing: float = Field(ge=0, lt=1, description="Of the class-prompt cross-entropy.")
    weight_pair: float = Field(ge=0, description="Weight of the image-point contrastive loss.")
    weight_caption: float = Field(ge=0, description="Weight of the caption contrastive losses.")
    weight_modeling: float = Field(ge=0, description="Weight of masked modeling on masked steps.")
    holdout_share: float = Field(gt=0, lt=1, description="Share of the source objects kept out to measure accuracy.")
    precision: Literal["32-true", "bf16-mixed"] = Field(description="Lightning Fabric precision.")
    seed: int = Field(description="Seeds weights, order, augmentation and masks.")


class SourceSettings(BaseModel):
    """The procedural source domain."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    objects_per_class: int = Field(gt=0, description="Shapes generated of every class.")
    first_seed: int = Field(ge=0, description="Seed of the first shape; the next ones count up.")
    n_points: int = Field(gt=0, description="Surface points stored per shape.")
    views: CameraRig = Field(description="Cameras around each shape; jitter makes them random.")
