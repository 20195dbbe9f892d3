"""Settings of self-training; docs/method.md says where each comes from and how the paper's release differs."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from crossmost.models.joint import PointAnchor, PointTarget
from crossmost.ranges import PartRange, PositiveRange, ShareRange


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


RuleName = Literal["pooled", "entropy_weighted", "joint", "separate", "agreement", "random", "image_only", "point_only"]
Weighting = Literal["threshold", "self_adaptive", "soft"]


class PseudoLabelSettings(Frozen):
    """Which pseudo-labels the student learns from."""

    rule: RuleName = Field(description="How the two modalities' predictions become labels.")
    threshold_image: float = Field(ge=0, le=1, description="Confidence an image prediction must exceed.")
    threshold_point: float = Field(ge=0, le=1, description="The same for points.")
    threshold_joint: float = Field(
        ge=0, le=1, description="The same for rules that make one label for both modalities."
    )
    point_weight: float | None = Field(
        gt=0,
        description="Factor on the point confidence where rules compare modalities: joint, agreement, random; null: "
        "none, and both are calibrated before, by temperatures learned without labels.",
    )
    weighting: Weighting = Field(
        default="threshold",
        description="Which labels count: above the fixed thresholds; above running ones, global and per class "
        "(FreeMatch); or all, the less sure ones less (SoftMatch).",
    )
    targets: Literal["hard", "soft"] = Field(
        default="hard", description="Train on the label alone, or on the probabilities that gave it."
    )
    diversity: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="d: the pooled label of a modality counts its own prediction 1 + d times, the other's 1 − d times; "
        "with 0 both learn the same labels, with 1 each its own.",
    )
    balance: bool = Field(
        default=False,
        description="Scale the teacher's predictions so that in the mean they have the expected class frequencies "
        "(distribution alignment).",
    )
    prototypes: float = Field(
        default=0.0,
        ge=0,
        description="Exponent with which nearness to class prototypes enters the teacher's predictions; 0: not.",
    )
    transductive_epochs: float = Field(
        default=0.0,
        ge=0,
        description="Epochs in which labels move from the predictions of the transductive head to the teacher's; "
        "0: the teacher's from the start.",
    )


class LossWeights(Frozen):
    """Weight of each loss term; 0 switches a term off."""

    image: float = Field(default=1.0, ge=0, description="Factor on all terms of the image tower alone.")
    point: float = Field(default=1.0, ge=0, description="Factor on all terms of the point tower alone.")
    fairness: float = Field(ge=0, description="Keeps the batch's mean prediction near the expected class frequencies.")
    modeling: float = Field(ge=0, description="Masked modeling of hidden patches and groups.")
    alignment: float = Field(ge=0, description="Aligns hidden tokens with the global embedding.")
    cross: float = Field(ge=0, description="Contrasts image and point embeddings of the same object.")


class ImageAugmentationSettings(Frozen):
    """Weak and strong image augmentation."""

    resize: float = Field(ge=1, description="Weak: resize to this multiple of the input side, then random crop.")
    crop_scale: ShareRange = Field(description="Strong: area share of the random resized crop.")
    rand_augment: str = Field(description="Strong: timm RandAugment policy; empty switches it off.")
    rand_augment_interpolation: Literal["random", "bicubic"] = Field(
        default="random", description="Of its turns, shears and shifts; random: bilinear or bicubic."
    )


class PointAugmentationSettings(Frozen):
    """Weak and strong point augmentation; lengths in units of the cloud's radius."""

    weak_scale: PositiveRange = Field(description="Weak: uniform scale factor.")
    weak_tilt: float = Field(ge=0, description="Weak: standard deviation of the rotation about each axis, radians.")
    weak_tilt_clip: float = Field(ge=0, description="Weak: largest such rotation, radians.")
    strong_scale: PositiveRange = Field(description="Strong: uniform scale factor.")
    strong_turn: float = Field(ge=0, le=3.1416, description="Strong: largest rotation about the up axis, radians.")
    strong_shift: float = Field(ge=0, description="Strong: largest translation, in extents of the cloud.")
    strong_jitter: float = Field(ge=0, description="Strong: standard deviation of per-point noise.")
    strong_jitter_clip: float = Field(ge=0, description="Strong: largest per-point noise along an axis.")
    strong_dropout: float = Field(ge=0, lt=1, description="Strong: largest share of points dropped.")
    strong_crop: PositiveRange | None = Field(
        description="Strong: share of the cloud's extent that a random box keeps; null keeps all, as the paper's "
        "release does in effect."
    )
    strong_fill: Literal["random", "first"] = Field(
        default="random",
        description="Strong: what takes the place of points that are dropped: random ones of the others, or the "
        "cloud's first.",
    )
    renormalize: bool = Field(description="Center and scale to unit radius again after augmenting.")


class ArithmeticSettings(Frozen):
    """Arithmetic in which the paper's released code and its description, or good sense, differ."""

    masked_pass: Literal["own", "shared"] = Field(
        description="'own': logits from an unmasked pass beside the masked one; 'shared': one masked pass for all."
    )
    image_modeling_divisor: Literal["channels", "tokens"] = Field(
        description="The sum of absolute pixel errors is divided by the hidden pixels and by the 3 color channels, or "
        "by the number of tokens."
    )
    point_modeling_target: PointTarget = Field(
        description="What a hidden point token is predicted as: itself, or the mask token that replaced it."
    )
    point_modeling_divisor: Literal["tokens_and_channels", "tokens_and_batch"] = Field(
        description="The sum of absolute token errors is divided by the hidden tokens and by their channels, or by the "
        "hidden tokens and the batch size."
    )
    point_alignment_anchor: PointAnchor = Field(
        description="What hidden point tokens are aligned with: the cloud's embedding, or its projected class token."
    )
    contrast_temperature: float = Field(gt=0, description="Temperature of the cross-modal contrast; 1 is raw cosines.")
    contrast_negatives: Literal["other_labels", "all"] = Field(
        description="Which other objects are negatives: those with another pseudo-label, or all."
    )
    contrast_scope: Literal["global", "local"] = Field(
        description="Contrast over the batches of all processes, or within each process."
    )
    mini_pointnet_statistics: Literal["pretraining", "batch"] = Field(
        description="BatchNorm statistics of the frozen mini-PointNet: those of pre-training, or updated by batches."
    )
    decay_logit_scale: bool = Field(description="Whether weight decay also pulls the logit scale to 0.")
    warmup_start: float = Field(ge=0, le=1, description="Learning rate at the first step, as a share of the peak.")


class AdaptedShare(Frozen):
    """How far the result goes from the start (0) to the adapted weights (1)."""

    image: float = Field(default=1.0, ge=0, le=1, description="Of the image tower.")
    point: float = Field(default=1.0, ge=0, le=1, description="Of the point tower and its projections.")
    classifier: float = Field(default=1.0, ge=0, le=1, description="Of the shared classifier and the logit scale.")


class TrainingEngineSettings(Frozen):
    """Where and how steps are computed; up to rounding, the result depends on none of it but the precision.

    On several processes it also depends on their number with stochastic depth, and with two choices of the release:
    `mini_pointnet_statistics: batch` and `contrast_scope: local`.
    """

    accelerator: Literal["auto", "cpu", "cuda"] = Field(description="Lightning Fabric accelerator.")
    devices: int = Field(
        gt=0, description="Processes per machine, one device each; more than one trains data-parallel."
    )
    num_nodes: int = Field(
        default=1, gt=0, description="Machines; on more than one, torchrun or srun starts the processes."
    )
    precision: Literal["64-true", "32-true", "bf16-mixed"] = Field(description="Lightning Fabric precision.")
    gradient_checkpointing: bool = Field(
        description="Compute the image tower's blocks again in the backward pass: slower, less memory for large ViTs."
    )
    compile: bool = Field(
        default=False, description="Compile the towers' blocks with torch.compile when training starts: see running.md."
    )
    cuda_graph: bool = Field(
        default=True,
        description="On a single GPU, record what a step computes once, and replay it as a whole (CUDA graph): small "
        "towers no longer wait for the program.",
    )
    loader_workers: int | None = Field(
        ge=0,
        description="Processes that augment ahead; 0 augments between steps; null: as many as there are other cores, "
        "up to 8, for a GPU, and none for a CPU, which computes on them already.",
    )
    checkpoint_seconds: float | None = Field(
        ge=0, description="Time between resumable checkpoints; 0: after every step; null: none."
    )


class SelfTrainingSettings(Frozen):
    """One self-training run."""

    pseudo_labels: PseudoLabelSettings
    loss_weights: LossWeights
    image_augmentation: ImageAugmentationSettings
    point_augmentation: PointAugmentationSettings
    arithmetic: ArithmeticSettings
    engine: TrainingEngineSettings
    epochs: int = Field(gt=0, description="Passes over the adaptation set.")
    batch_size: int = Field(gt=1, description="Objects per forward pass, over all processes together.")
    accumulate: int = Field(default=1, gt=0, description="Forward passes whose gradients are averaged into one step.")
    clip_norm: float | None = Field(default=None, gt=0, description="Largest gradient norm; null does not clip.")
    views_per_object: int = Field(gt=0, description="Strong views the student sees of each object in a step.")
    teacher_views: int = Field(
        gt=0, description="Weak views the teacher sees of each object; their probabilities are averaged."
    )
    learning_rate: float = Field(gt=0, description="Peak learning rate.")
    final_learning_rate: float = Field(ge=0, description="Learning rate at the end of the cosine.")
    warmup_epochs: float = Field(ge=0, description="Linear warm-up, epochs.")
    weight_decay: float = Field(ge=0, description="AdamW weight decay, not on vectors.")
    layer_decay: float = Field(gt=0, le=1, description="Learning-rate factor per image layer from the top.")
    classifier_learning_rate: float = Field(
        ge=0, description="Learning-rate factor of the shared classifier; 0 freezes it."
    )
    class_prior: Literal["uniform", "teacher", "joint"] = Field(
        description="Class frequencies that fairness and balance pull to: all equal, the running mean of the teacher's "
        "labels from equal ones on, or that of the joint prediction from the zero-shot one on."
    )
    prior_momentum: float = Field(
        default=0.95,
        ge=0,
        lt=1,
        description="Of running means of the teacher: class frequencies, temperatures, confidences, prototypes.",
    )
    ema_init: float = Field(ge=0, lt=1, description="Teacher decay at the first step.")
    ema_final: float = Field(ge=0, lt=1, description="Teacher decay after the ramp.")
    ema_warmup_steps: int = Field(ge=0, description="Steps of the linear ramp between them.")
    image_mask_ratio: float = Field(gt=0, lt=1, description="Share of image blocks hidden.")
    image_mask_block: int = Field(gt=0, description="Side of a hidden block, patches.")
    point_mask_ratio: PartRange = Field(description="Range of the share of point groups hidden.")
    point_drop_path: float | None = Field(
        default=None,
        ge=0,
        lt=1,
        description="Stochastic depth of a Point-BERT tower: how often its last block is skipped, earlier ones less; "
        "null: as the tower was configured.",
    )
    n_points: int = Field(gt=0, description="Points per cloud that enter the tower.")
    selection: Literal["last", "agreement", "entropy"] = Field(
        description="Which teacher is the result: the last, or that after the epoch in which the modalities agreed "
        "most, or in which the teacher was surest. None looks at a label."
    )
    adapted_share: AdaptedShare = Field(
        default=AdaptedShare(), description="Where the result lies between the start and the selected teacher."
    )
    snapshots: int = Field(
        ge=0, description="Earlier teachers kept at equal distances, so that evaluation can show what selection missed."
    )
    seed: int = Field(ge=0, description="Seeds order, views, augmentation and masks.")
