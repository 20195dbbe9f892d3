"""Training a point tower against embeddings of pictures and captions that stay as they are."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.nn import functional

from crossmost.alignment.augmentation import vary_clouds
from crossmost.alignment.features import AlignedTriplets
from crossmost.alignment.settings import AlignmentTraining
from crossmost.errors import CrossmostError
from crossmost.models.attention import fastest_attention
from crossmost.models.encoders import Encoders
from crossmost.models.scoring import check_cloud_size, require_stored_points
from crossmost.pretraining.augmentation import random_token_mask
from crossmost.pretraining.losses import symmetric_contrastive
from crossmost.pretraining.optimization import adamw, descend, epoch_means, limit_scale, one_cycle
from crossmost.progress import show_progress

LEAST_TRIPLETS = 4
"""Two to learn from, and two to be told apart when measuring."""
_LARGEST_SCALE = 100.0  # of the cosines, as CLIP has it
_CLOUDS_AT_ONCE = 64


class _Batch(NamedTuple):
    """Inputs of one step."""

    clouds: Tensor  # (B, n_points, 3 or 6)
    start: Tensor  # (B,) int64, first point of the sampling
    pictures: Tensor  # (B, E)
    captions: Tensor  # (B, E), zeros where an object has none
    has_caption: Tensor  # (B,) bool
    neutral: Tensor  # (B, B) bool: caption i also describes object j
    mask: Tensor | None  # (B, G) bool


class _AlignmentStep(nn.Module):
    """One forward pass of the point tower → named losses."""

    def __init__(self, encoders: Encoders, settings: AlignmentTraining) -> None:
        super().__init__()
        self.tower = encoders.point_tower
        self.projection = encoders.point_projection
        self.logit_scale = encoders.logit_scale
        self.settings = settings

    def forward(self, batch: _Batch) -> dict[str, Tensor]:
        settings = self.settings
        neighborhoods, centers = self.tower.group(batch.clouds, batch.start)
        tokens = self.tower.tokenize(neighborhoods)
        features = self.tower(tokens, centers, batch.mask)
        embedding = functional.normalize(features.feature @ self.projection, dim=-1).float()
        scale = self.logit_scale.exp()
        losses = {"image": settings.weight_image * symmetric_contrastive(embedding, batch.pictures, scale)}
        told = batch.has_caption
        if settings.weight_caption and told.any():
            losses["caption"] = settings.weight_caption * symmetric_contrastive(
                embedding[told], batch.captions[told], scale, batch.neutral[told][:, told]
            )
        if batch.mask is not None:
            predicted = self.tower.lm_head(features.tokens)[batch.mask]
            losses["modeling"] = settings.weight_modeling * (predicted - tokens.detach()[batch.mask]).abs().mean()
        return losses


def align(
    encoders: Encoders, data: AlignedTriplets, settings: AlignmentTraining, *, expected_points: int | None = None
) -> tuple[Encoders, pd.DataFrame]:
    """Train the point tower of the encoders; image and text towers are not touched.

    Args:
        encoders: changed in place.
        data: embedded by the same encoders.
        settings: of the training.
        expected_points: points per cloud that the point tower was trained on before; None if it is fresh.

    Returns:
        The encoders on the CPU in eval mode, and a log with one row per epoch: mean of every loss, and the share of
        held-out objects whose cloud finds its own caption, and its own pictures, among those of all held-out objects.

    Raises:
        CrossmostError: for too few triplets, or clouds with fewer points than the settings say, or than the tower makes
            groups of.
    """
    if len(data) < LEAST_TRIPLETS:
        raise CrossmostError(f"{len(data)} triplets can be used; at least {LEAST_TRIPLETS} are needed")
    config = encoders.point_tower.config
    stored = data.clouds.shape[1]
    require_stored_points(
        settings.n_points, stored, "alignment.training.n_points", "alignment.rendering.clouds.n_points"
    )
    check_cloud_size(config, settings.n_points, expected_points)
    fabric = Fabric(accelerator="auto", devices=1, precision=settings.precision)
    generator = torch.Generator().manual_seed(settings.seed)
    permutation = torch.randperm(len(data), generator=generator).numpy()
    n_holdout = min(max(2, round(settings.holdout_share * len(data))), len(data) - 2)
    holdout, rows = permutation[:n_holdout], permutation[n_holdout:]
    batch_size = min(settings.batch_size, len(rows))
    steps_per_epoch = len(rows) // batch_size

    encoders.requires_grad_(False)
    step = _AlignmentStep(encoders, settings)
    for parameter in step.parameters():
        parameter.requires_grad_(True)
    optimizer = adamw(step, settings.learning_rate, settings.weight_decay)
    total_steps = settings.epochs * steps_per_epoch
    schedule = one_cycle(optimizer, total_steps, settings.warmup_share)
    wrapped, fabric_optimizer = fabric.setup(step, optimizer)
    n_groups = config.n_groups
    log: list[dict[str, float]] = []
    with (
        show_progress("aligning", total_steps, "steps") as progress,
        fastest_attention(fabric.device),
        torch.random.fork_rng(),
    ):
        torch.manual_seed(settings.seed)  # a tower may drop paths at random
        for epoch in range(settings.epochs):
            step.train()
            steps: list[dict[str, Tensor]] = []
            for batch in _batches(data, rows, batch_size, n_groups, config.in_channels, settings, generator):
                losses = wrapped(fabric.to_device(batch))
                steps.append(descend(fabric, wrapped, fabric_optimizer, schedule, losses))
                limit_scale(encoders.logit_scale, _LARGEST_SCALE)
                progress.advance(note=lambda: _headline(log))
            row = epoch_means(steps) | retrieval(encoders, data, holdout, settings.n_points)
            log.append({"epoch": epoch, **row})
    return encoders.requires_grad_(True).cpu().eval(), pd.DataFrame(log)


def _headline(log: Sequence[Mapping[str, float]]) -> str:
    """The last finished epoch in a few words; empty during the first one."""
    if not log:
        return ""
    last = log[-1]
    image, caption = last["holdout_image_top1"], last["holdout_caption_top1"]
    return f"loss {last['loss']:.2f}, held-out clouds find their pictures {image:.0%}, captions {caption:.0%}"


def _batches(
    data: AlignedTriplets,
    rows: np.ndarray,
    batch_size: int,
    n_groups: int,
    channels: int,
    settings: AlignmentTraining,
    generator: torch.Generator,
) -> Iterator[_Batch]:
    """One shuffled pass; a last, smaller batch is left out."""
    order = rows[torch.randperm(len(rows), generator=generator).numpy()]
    for first in range(0, len(order) - batch_size + 1, batch_size):
        picked = order[first : first + batch_size]
        chance = torch.rand(2, len(picked), generator=generator).numpy()
        begin, end = data.picture_start[picked], data.picture_start[picked + 1]
        pictures = data.pictures[begin + (chance[0] * (end - begin)).astype(int)]
        own = [data.caption_rows[row] for row in picked]
        caption = [rows[int(c * len(rows))] if rows else -1 for rows, c in zip(own, chance[1], strict=True)]
        has_caption = torch.tensor([row >= 0 for row in caption])
        captions = torch.zeros(len(picked), data.pictures.shape[1])
        captions[has_caption] = torch.from_numpy(data.captions[[row for row in caption if row >= 0]]).float()
        masked = float(torch.rand((), generator=generator)) < settings.masked_share
        clouds = vary_clouds(tower_points(data, picked, channels), settings.n_points, settings.augmentation, generator)
        yield _Batch(
            clouds=clouds,
            start=torch.randint(clouds.shape[1], (len(picked),), generator=generator),
            pictures=torch.from_numpy(pictures).float(),
            captions=captions,
            has_caption=has_caption,
            neutral=torch.tensor([[row in others for others in map(set, own)] for row in caption]),
            mask=random_token_mask(len(picked), n_groups, settings.mask_ratio, generator) if masked else None,
        )


def tower_points(data: AlignedTriplets, rows: np.ndarray, channels: int) -> Tensor:
    """(B, M, 3), or (B, M, 6) with colors in 0…1 if the tower uses color and the data have it; float32."""
    points = torch.from_numpy(data.clouds[rows]).float()
    if channels <= 3 or data.colors is None:
        return points
    return torch.cat([points, torch.from_numpy(data.colors[rows]).float() / 255], dim=-1)


@torch.no_grad()
def retrieval(encoders: Encoders, data: AlignedTriplets, rows: np.ndarray, n_points: int) -> dict[str, float]:
    """How often the cloud of an object finds what belongs to it among what belongs to all of `rows`.

    Returns:
        `holdout_image_top1`: the nearest mean of an object's pictures is its own; `holdout_caption_top1`: the nearest
        caption is one of its own, counted over objects that have captions (NaN if none has).
    """
    encoders.point_tower.eval()
    device = encoders.point_projection.device
    parts = [
        encoders.encode_point(
            tower_points(data, rows[first : first + _CLOUDS_AT_ONCE], encoders.point_tower.config.in_channels)[
                :, :n_points
            ].to(device)
        ).cpu()
        for first in range(0, len(rows), _CLOUDS_AT_ONCE)
    ]
    clouds = torch.cat(parts).float()
    means = np.stack(
        [data.pictures[data.picture_start[r] : data.picture_start[r + 1]].astype(np.float32).mean(0) for r in rows]
    )
    nearest = (clouds @ functional.normalize(torch.from_numpy(means), dim=-1).T).argmax(1)
    found = {"holdout_image_top1": float((nearest == torch.arange(len(rows))).float().mean())}
    offered = sorted({caption for row in rows for caption in data.caption_rows[row]})
    told = [number for number, row in enumerate(rows) if data.caption_rows[row]]
    if not told:
        return found | {"holdout_caption_top1": math.nan}
    choice = (clouds[told] @ torch.from_numpy(data.captions[offered]).float().T).argmax(1).tolist()
    hits = [offered[best] in data.caption_rows[rows[number]] for number, best in zip(told, choice, strict=True)]
    return found | {"holdout_caption_top1": sum(hits) / len(hits)}
