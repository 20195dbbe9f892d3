"""Settings of self-training; method notes in docs/ say where each comes from."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


RuleName = Literal["joint", "separate", "agreement", "random", "image_only", "point_only"]


class PseudoLabelSettings(Frozen):
    """Which pseudo-labels the student learns from."""

    rule: RuleName = Field(description="How the two modalities' predictions become labels.")
    threshold_image: float = Field(ge=0, le=1, description="Confidence an image prediction must exceed.")
    threshold_point: float = Field(ge=0, le=1, description="The same for points.")
    threshold_joint: float = Field(
        ge=0, le=1, description="The same for rules that make one label for both modalities."
    )
    point_weight: float = Field(gt=0, description="Factor on the point confidence before modalities are compared.")


class LossWeights(Frozen):
    """Weight of each loss term; 0 switches a term off."""

    fairness: float = Field(ge=0, description="Keeps the batch's mean prediction near uniform over classes.")
    modeling: float = Field(ge=0, description="Masked modeling of hidden patches and groups.")
    alignment: float = Field(ge=0, description="Aligns hidden tokens with the global embedding.")
    cross: float = Field(ge=0, description="Contrasts image and point embeddings of the same object.")


class ImageAugmentationSettings(Frozen):
    """Weak and strong image augmentation."""

    resize: float = Field(ge=1, description="Weak: resize to this multiple of the input side, then random crop.")
    crop_scale: tuple[float, float] = Field(description="Strong: area share of the random resized crop.")
    rand_augment: str = Field(description="Strong: timm RandAugment policy; empty switches it off.")


class PointAugmentationSettings(Frozen):
    """Weak and strong point augmentation; lengths in units of the cloud's radius."""

    weak_scale: tuple[float, float] = Field(description="Weak: uniform scale factor.")
    weak_tilt: float = Field(ge=0, description="Weak: standard deviation of the rotation about each axis, radians.")
    weak_tilt_clip: float = Field(ge=0, description="Weak: largest such rotation, radians.")
    strong_scale: tuple[float, float] = Field(description="Strong: uniform scale factor.")
    strong_turn: float = Field(ge=0, le=3.1416, description="Strong: largest rotation about the up axis, radians.")
    strong_shift: float = Field(ge=0, description="Strong: largest translation, in extents of the cloud.")
    strong_jitter: float = Field(ge=0, description="Strong: standard deviation of per-point noise.")
    strong_jitter_clip: float = Field(ge=0, description="Strong: largest per-point noise along an axis.")
    strong_dropout: float = Field(ge=0, lt=1, description="Strong: largest share of points dropped.")
    strong_crop: tuple[float, float] = Field(description="Strong: share of the points kept by a random box.")
    renormalize: bool = Field(description="Center and scale to unit radius again after augmenting.")


class SelfTrainingSettings(Frozen):
    """One self-training run."""

    pseudo_labels: PseudoLabelSettings
    loss_weights: LossWeights
    image_augmentation: ImageAugmentationSettings
    point_augmentation: PointAugmentationSettings
    epochs: int = Field(gt=0, description="Passes over the adaptation set.")
    batch_size: int = Field(gt=1, description="Objects per step.")
    views_per_object: int = Field(
        gt=0, description="Views drawn per object and step; their probabilities are averaged."
    )
    learning_rate: float = Field(gt=0, description="Peak learning rate.")
    final_learning_rate: float = Field(ge=0, description="Learning rate at the end of the cosine.")
    warmup_epochs: float = Field(ge=0, description="Linear warm-up, epochs.")
    weight_decay: float = Field(ge=0, description="AdamW weight decay, not on vectors.")
    layer_decay: float = Field(gt=0, le=1, description="Learning-rate factor per image layer from the top.")
    classifier_learning_rate: float = Field(
        ge=0, description="Learning-rate factor of the shared classifier; 0 freezes it."
    )
    ema_init: float = Field(ge=0, lt=1, description="Teacher decay at the first step.")
    ema_final: float = Field(ge=0, lt=1, description="Teacher decay after the ramp.")
    ema_warmup_steps: int = Field(ge=0, description="Steps of the linear ramp between them.")
    masked_pass: Literal["own", "shared"] = Field(
        description="'own': logits from an unmasked pass beside the masked one; 'shared': one masked pass for all."
    )
    image_mask_ratio: float = Field(gt=0, lt=1, description="Share of image blocks hidden.")
    image_mask_block: int = Field(gt=0, description="Side of a hidden block, patches.")
    point_mask_ratio: tuple[float, float] = Field(description="Range of the share of point groups hidden.")
    contrast_temperature: float = Field(gt=0, description="Temperature of the cross-modal contrast.")
    n_points: int = Field(gt=0, description="Points per cloud that enter the tower.")
    precision: Literal["32-true", "bf16-mixed"] = Field(description="Lightning Fabric precision.")
    seed: int = Field(ge=0, description="Seeds order, views, augmentation and masks.")
