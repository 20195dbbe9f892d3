"""Pre-training of the mini encoders: one step module, one loop."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.nn import functional

from crossmost.errors import CrossmostError
from crossmost.models.attention import fastest_attention
from crossmost.models.encoders import Encoders, EncodersConfig
from crossmost.models.scoring import require_stored_points
from crossmost.models.text_classifier import text_classifier
from crossmost.pretraining.augmentation import augment_clouds, augment_views, random_token_mask
from crossmost.pretraining.losses import symmetric_contrastive
from crossmost.pretraining.optimization import adamw, descend, epoch_means, limit_scale, one_cycle
from crossmost.pretraining.settings import TrainingSettings
from crossmost.progress import show_progress

_LARGEST_SCALE = 50.0  # of the cosines


@dataclass(frozen=True)
class CaptionedObjects:
    """Source objects in memory.

    Attributes:
        views: (N, V, H, W, 3) uint8.
        clouds: (N, M, 3) float16, unit radius.
        captions: per object, several descriptions.
        class_index: (N,) int64 into ``class_names``.
        class_names: C names.
    """

    views: np.ndarray
    clouds: np.ndarray
    captions: Sequence[tuple[str, ...]]
    class_index: np.ndarray
    class_names: tuple[str, ...]


class Batch(NamedTuple):
    """Inputs of one step. A tuple, because Fabric rebuilds containers to convert precision and device."""

    views: Tensor  # (B, 3, S, S) normalized
    clouds: Tensor  # (B, N, 3)
    captions: list[str]
    neutral: Tensor  # (B, B) bool: caption i also describes object j
    labels: Tensor  # (B,)
    image_mask: Tensor | None
    point_mask: Tensor | None
    patch_keep: Tensor | None
    template_index: list[int]  # prompt template of each class


class PretrainingStep(nn.Module):
    """One forward pass of all towers → named losses."""

    def __init__(
        self,
        encoders: Encoders,
        class_names: Sequence[str],
        templates: Sequence[str],
        settings: TrainingSettings,
    ) -> None:
        super().__init__()
        self.encoders = encoders
        self.settings = settings
        self.class_names = [name.replace("_", " ") for name in class_names]
        self.templates = list(templates)

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        encoders, settings = self.encoders, self.settings
        tower, points = encoders.image_tower, encoders.point_tower
        image = tower(batch.views, batch.image_mask, batch.patch_keep)
        neighborhoods, centers = points.group(batch.clouds, n_groups=settings.point_groups)
        tokens = points.tokenize(neighborhoods)
        cloud = points(tokens, centers, batch.point_mask)
        image_embedding = functional.normalize(image.feature @ tower.projection, dim=-1).float()
        point_embedding = functional.normalize(cloud.feature @ encoders.point_projection, dim=-1).float()
        prompts = [
            self.templates[t].replace("{}", name)
            for t, name in zip(batch.template_index, self.class_names, strict=True)
        ]
        text = encoders.encode_text(prompts + batch.captions).float()
        classes, captions = text[: len(prompts)], text[len(prompts) :]
        scale = encoders.logit_scale.exp()

        losses = {
            "class_image": functional.cross_entropy(
                scale * image_embedding @ classes.T, batch.labels, label_smoothing=settings.label_smoothing
            ),
            "class_point": functional.cross_entropy(
                scale * point_embedding @ classes.T, batch.labels, label_smoothing=settings.label_smoothing
            ),
            "pair": settings.weight_pair * symmetric_contrastive(image_embedding, point_embedding, scale),
            "caption": settings.weight_caption
            * (
                symmetric_contrastive(image_embedding, captions, scale, batch.neutral)
                + symmetric_contrastive(point_embedding, captions, scale, batch.neutral)
            )
            / 2,
        }
        if batch.image_mask is not None and batch.point_mask is not None:
            hidden = batch.image_mask.view(-1, *tower.grid_size)
            hidden = hidden.repeat_interleave(tower.patch_size, 1).repeat_interleave(tower.patch_size, 2)
            error = (tower.reconstruct(image.tokens) - batch.views).abs().mean(1)
            losses["modeling_image"] = settings.weight_modeling * error[hidden].mean()
            predicted = points.lm_head(cloud.tokens)[batch.point_mask]
            losses["modeling_point"] = (
                settings.weight_modeling * (predicted - tokens.detach()[batch.point_mask]).abs().mean()
            )
        return losses


def _ahead(batches: Iterator[Batch]) -> Iterator[Batch]:
    """The same batches; each is made in a thread while the step before it runs."""
    with ThreadPoolExecutor(max_workers=1) as executor:
        following = executor.submit(next, batches, None)
        while (batch := following.result()) is not None:
            following = executor.submit(next, batches, None)
            yield batch


def _batches(
    data: CaptionedObjects,
    rows: np.ndarray,
    batch_size: int,
    encoders: Encoders,
    n_templates: int,
    settings: TrainingSettings,
    generator: torch.Generator,
) -> Iterator[Batch]:
    order = rows[torch.randperm(len(rows), generator=generator).numpy()]
    mean, std = (torch.tensor(value).view(3, 1, 1) for value in (encoders.image_mean, encoders.image_std))
    n_patches = encoders.image_tower.grid_size[0] * encoders.image_tower.grid_size[1]
    for first in range(0, len(order) - batch_size + 1, batch_size):
        picked = order[first : first + batch_size]
        view = torch.randint(data.views.shape[1], (len(picked),), generator=generator).numpy()
        views = torch.from_numpy(data.views[picked, view]).permute(0, 3, 1, 2).float() / 255
        choice = torch.rand(len(picked), generator=generator).tolist()
        captions = [data.captions[i][int(c * len(data.captions[i]))] for i, c in zip(picked, choice, strict=True)]
        described = [set(data.captions[i]) for i in picked]
        neutral = torch.tensor([[caption in other for other in described] for caption in captions])
        masks: dict[str, Tensor | None] = {"image_mask": None, "point_mask": None, "patch_keep": None}
        if float(torch.rand((), generator=generator)) < settings.masked_share:
            masks["image_mask"] = random_token_mask(len(picked), n_patches, settings.mask_ratio, generator)
            masks["point_mask"] = random_token_mask(len(picked), settings.point_groups, settings.mask_ratio, generator)
        else:
            order_of_patches = torch.rand(len(picked), n_patches, generator=generator).argsort(1)
            masks["patch_keep"] = order_of_patches[:, : max(1, round(settings.patch_keep * n_patches))]
        yield Batch(
            views=(augment_views(views, encoders.image_size, generator) - mean) / std,
            clouds=augment_clouds(
                torch.from_numpy(data.clouds[picked]).float(), settings.n_points, settings.cloud_augmentation, generator
            ),
            captions=captions,
            neutral=neutral,
            labels=torch.from_numpy(data.class_index[picked]),
            **masks,
            template_index=torch.randint(n_templates, (len(data.class_names),), generator=generator).tolist(),
        )


@torch.no_grad()
def source_accuracy(
    encoders: Encoders, data: CaptionedObjects, rows: np.ndarray, templates: Sequence[str], n_points: int
) -> dict[str, float]:
    """Zero-shot top-1 of the first view and of the cloud of held-out source objects."""
    encoders.eval()
    device = encoders.point_projection.device
    classifier = text_classifier(encoders, data.class_names, templates)
    mean, std = (torch.tensor(value).view(3, 1, 1) for value in (encoders.image_mean, encoders.image_std))
    correct_image = correct_point = 0
    for chunk in np.array_split(rows, max(1, len(rows) // 256)):
        labels = torch.from_numpy(data.class_index[chunk]).to(device)
        views = torch.from_numpy(data.views[chunk, 0]).permute(0, 3, 1, 2).float() / 255
        views = functional.interpolate(views, (encoders.image_size,) * 2, mode="bilinear", antialias=True)
        clouds = torch.from_numpy(data.clouds[chunk, :n_points]).float().to(device)
        images = ((views - mean) / std).to(device)
        correct_image += int(((encoders.encode_image(images) @ classifier).argmax(1) == labels).sum())
        correct_point += int(((encoders.encode_point(clouds) @ classifier).argmax(1) == labels).sum())
    encoders.train()
    return {"holdout_top1_image": correct_image / len(rows), "holdout_top1_point": correct_point / len(rows)}


def pretrain(
    data: CaptionedObjects, config: EncodersConfig, templates: Sequence[str], settings: TrainingSettings
) -> tuple[Encoders, pd.DataFrame]:
    """Train encoders from scratch on captioned objects.

    Returns:
        The encoders in eval mode, and a log with one row per epoch: mean of every loss, held-out accuracy.

    Raises:
        CrossmostError: for fewer objects than two beside those held out, or clouds of fewer points than a step takes.
    """
    n_objects = len(data.class_index)
    n_holdout = max(1, round(settings.holdout_share * n_objects))
    batch_size = min(settings.batch_size, n_objects - n_holdout)
    if batch_size < 2:
        raise CrossmostError(f"{n_objects} source objects are too few; raise pretraining.source.objects_per_class")
    require_stored_points(
        settings.n_points, data.clouds.shape[1], "pretraining.training.n_points", "pretraining.source.n_points"
    )
    fabric = Fabric(accelerator="auto", devices=1, precision=settings.precision)
    torch.manual_seed(settings.seed)  # weight initialization has no generator argument
    generator = torch.Generator().manual_seed(settings.seed)
    encoders = Encoders(config)
    step = PretrainingStep(encoders, data.class_names, templates, settings)
    optimizer = adamw(step, settings.learning_rate, settings.weight_decay)
    permutation = torch.randperm(n_objects, generator=generator).numpy()
    holdout, rows = permutation[:n_holdout], permutation[n_holdout:]
    total_steps = settings.epochs * (len(rows) // batch_size)
    schedule = one_cycle(optimizer, total_steps, settings.warmup_share)
    wrapped, fabric_optimizer = fabric.setup(step, optimizer)

    log: list[dict[str, float]] = []
    with show_progress("pre-training", total_steps, "steps") as progress, fastest_attention(fabric.device):
        for epoch in range(settings.epochs):
            steps: list[dict[str, Tensor]] = []
            for batch in _ahead(_batches(data, rows, batch_size, encoders, len(templates), settings, generator)):
                steps.append(descend(fabric, wrapped, fabric_optimizer, schedule, wrapped(fabric.to_device(batch))))
                limit_scale(encoders.logit_scale, _LARGEST_SCALE)
                progress.advance(note=lambda: _headline(log))
            row = epoch_means(steps) | source_accuracy(encoders, data, holdout, templates, settings.n_points)
            log.append({"epoch": epoch, **row})
    return encoders.eval(), pd.DataFrame(log)


def _headline(log: Sequence[Mapping[str, float]]) -> str:
    """The last finished epoch in a few words; empty during the first one."""
    if not log:
        return ""
    last = log[-1]
    image, point = last["holdout_top1_image"], last["holdout_top1_point"]
    return f"loss {last['loss']:.2f}, held-out image {image:.0%}, point {point:.0%}"
