"""From stored objects to augmented batches. What an object looks like follows from (seed, epoch, object) alone.

Neither the batch an object is in, nor the number of processes, nor where a run was resumed changes it.
"""

import hashlib
from collections.abc import Iterator, Sequence
from copy import copy
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch
from joblib import cpu_count
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from crossmost.collection import Collection
from crossmost.models.point_towers import AnyPointTower
from crossmost.selftraining.image_augmentation import ImageAugmentation
from crossmost.selftraining.masking import image_block_mask, point_region_mask
from crossmost.selftraining.point_augmentation import strong_points, weak_points
from crossmost.selftraining.settings import SelfTrainingSettings, TrainingEngineSettings
from crossmost.selftraining.step import Batch, assemble_batch

Index = tuple[int, int]
"""Epoch and row of an object."""

MIXED_BLOCKS = 64
"""Storage blocks (shards) whose objects are shuffled together; collections that stay in memory are one block."""


MOST_WORKERS = 8
"""Processes that augment for one device, unless settings say otherwise; each holds the libraries in memory."""


class AugmentedObject(NamedTuple):
    """One object, ready to be collated; t weak and k strong views."""

    weak_views: Tensor  # (t, 3, S, S)
    strong_views: Tensor  # (k, 3, S, S)
    weak_cloud: Tensor  # (N, D)
    strong_cloud: Tensor  # (N, D)
    weak_start: Tensor  # int64
    strong_start: Tensor  # int64
    image_mask: Tensor  # (k, P) bool
    mask_anchor: Tensor  # int64, group around which the point mask grows
    mask_size: Tensor  # int64, masked groups
    coin: Tensor  # bool
    transductive: Tensor  # (2, C), or (2, 0)


class AugmentedObjects(Dataset[AugmentedObject]):
    """The adaptation set under augmentation, by (epoch, row).

    Args:
        grid: rows and columns of the image tower's patches.
        n_groups: groups that the point tower cuts a cloud into.
        transductive: (N, 2, C) predictions for images and points that come with the objects; None: none.
    """

    def __init__(
        self,
        data: Collection,
        augment: ImageAugmentation,
        settings: SelfTrainingSettings,
        grid: tuple[int, int],
        n_groups: int,
        transductive: Tensor | None = None,
    ) -> None:
        self.data, self.augment, self.settings = data, augment, settings
        self.grid, self.n_groups = grid, n_groups
        self.transductive = transductive

    def __getitem__(self, index: Index) -> AugmentedObject:
        epoch, row = index
        settings = self.settings
        generator = torch.Generator().manual_seed(derived_seed(settings.seed, epoch, row))
        k, t = settings.views_per_object, settings.teacher_views
        views = self.data.views[row, _draw_views(self.data.views.shape[1], max(k, t), generator)]
        weak_views = self.augment.weak(views[:t], generator)
        strong_views = self.augment.strong(views[:k], generator)
        stored = torch.from_numpy(self.data.clouds[row])
        picked = torch.randperm(len(stored), generator=generator)[: settings.n_points]
        cloud = stored[picked].unsqueeze(0)
        weak = weak_points(cloud, settings.point_augmentation, generator)[0]
        strong = strong_points(cloud, settings.point_augmentation, generator)[0]
        low, high = settings.point_mask_ratio
        share = low + (high - low) * torch.rand((), generator=generator)
        return AugmentedObject(
            weak_views=weak_views,
            strong_views=strong_views,
            weak_cloud=weak,
            strong_cloud=strong,
            weak_start=torch.randint(len(weak), (), generator=generator),
            strong_start=torch.randint(len(strong), (), generator=generator),
            image_mask=image_block_mask(k, self.grid, settings.image_mask_block, settings.image_mask_ratio, generator),
            mask_anchor=torch.randint(self.n_groups, (), generator=generator),
            mask_size=(share * self.n_groups).long().clamp_min(1),
            coin=torch.rand((), generator=generator) < 0.5,
            transductive=torch.empty(2, 0) if self.transductive is None else self.transductive[row],
        )


def derived_seed(*parts: int) -> int:
    """A 63-bit seed that differs between all tuples of integers."""
    digest = hashlib.sha256(",".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:8], "little") >> 1


def _draw_views(stored: int, n: int, generator: torch.Generator) -> np.ndarray:
    """Indices of n views, without replacement while there are enough; student and teacher take the first of them each,
    so that they share as many as they can."""
    order = torch.cat([torch.randperm(stored, generator=generator) for _ in range(-(-n // stored))])
    return order[:n].numpy()


def collate(tower: AnyPointTower, objects: Sequence[AugmentedObject]) -> Batch:
    """Stack objects and cut their clouds into groups."""
    columns = AugmentedObject(*(torch.stack(column) for column in zip(*objects, strict=True)))
    return assemble_batch(
        tower,
        weak_views=columns.weak_views.flatten(0, 1),
        strong_views=columns.strong_views.flatten(0, 1),
        weak_clouds=columns.weak_cloud,
        strong_clouds=columns.strong_cloud,
        weak_start=columns.weak_start,
        strong_start=columns.strong_start,
        image_mask=columns.image_mask.flatten(0, 1),
        point_mask=partial(point_region_mask, anchor=columns.mask_anchor, size=columns.mask_size),
        coin=columns.coin,
        transductive=columns.transductive,
    )


def epoch_batches(blocks: Sequence[Sequence[int]], batch_size: int, seed: int, epoch: int) -> list[list[int]]:
    """Rows of each batch of one shuffled pass; a last, smaller batch is left out.

    Args:
        blocks: rows that lie together in storage. Their order is shuffled, then the rows of `MIXED_BLOCKS` blocks at a
            time, so that a pass reads each shard once and not in a thousand places.
    """
    generator = torch.Generator().manual_seed(derived_seed(seed, epoch))
    if len(blocks) > 1:
        blocks = [blocks[block] for block in torch.randperm(len(blocks), generator=generator).tolist()]
    order: list[int] = []
    for first in range(0, len(blocks), MIXED_BLOCKS):
        rows = [row for block in blocks[first : first + MIXED_BLOCKS] for row in block]
        order += [rows[place] for place in torch.randperm(len(rows), generator=generator).tolist()]
    return [order[first : first + batch_size] for first in range(0, len(order) - batch_size + 1, batch_size)]


class BatchPlan:
    """Which objects each batch of a run holds, for all processes together; memory for one epoch.

    Args:
        blocks, seed: see `epoch_batches`.
        per_epoch: batches of an epoch that are used.
        epochs: passes.
    """

    def __init__(
        self, blocks: Sequence[Sequence[int]], *, batch_size: int, per_epoch: int, epochs: int, seed: int
    ) -> None:
        self.blocks, self.batch_size, self.seed = blocks, batch_size, seed
        self.per_epoch, self.epochs = per_epoch, epochs
        self._epoch, self._batches = -1, list[list[int]]()

    def __len__(self) -> int:
        return self.epochs * self.per_epoch

    def __getitem__(self, index: int) -> tuple[int, list[int]]:
        """Epoch and rows of a batch."""
        if not 0 <= index < len(self):
            raise IndexError(f"batch {index} of {len(self)}")
        epoch, place = divmod(index, self.per_epoch)
        if epoch != self._epoch:
            self._epoch, self._batches = epoch, epoch_batches(self.blocks, self.batch_size, self.seed, epoch)
        return epoch, self._batches[place]


class _Share(Sampler[list[Index]]):
    """One process's share of the batches from a first one on: a slice of each, by rank."""

    def __init__(self, plan: BatchPlan, first: int, rank: int, world_size: int) -> None:
        self.plan, self.first, self.rank, self.world_size = plan, first, rank, world_size

    def __iter__(self) -> Iterator[list[Index]]:
        for batch in range(self.first, len(self.plan)):
            epoch, rows = self.plan[batch]
            share = len(rows) // self.world_size
            yield [(epoch, row) for row in rows[self.rank * share : (self.rank + 1) * share]]


def loader_workers(engine: TrainingEngineSettings, device: torch.device) -> int:
    """Processes that augment ahead, for each process that trains."""
    if engine.loader_workers is not None:
        return engine.loader_workers
    return max(0, min(MOST_WORKERS, cpu_count() // engine.devices - 1)) if device.type == "cuda" else 0


def make_loader(
    objects: AugmentedObjects,
    tower: AnyPointTower,
    plan: BatchPlan,
    *,
    first: int,
    rank: int,
    world_size: int,
    workers: int,
    pin_memory: bool = False,
) -> "DataLoader[Any]":
    """Batches of one process, in order.

    Args:
        plan: all batches of the run.
        first: number of the batch to begin with.
        workers: processes that augment ahead.
        pin_memory: hand batches over in page-locked memory, from which a GPU fetches them while it computes.
    """
    return DataLoader(
        objects,
        batch_sampler=_Share(copy(plan), first, rank, world_size),
        collate_fn=partial(collate, _grouping_only(tower)),
        num_workers=workers,
        pin_memory=pin_memory,
        multiprocessing_context="spawn" if workers else None,
    )


def _grouping_only(tower: AnyPointTower) -> AnyPointTower:
    """A tower that can cut clouds into groups and has no weights to send to workers."""
    bare = object.__new__(type(tower))
    torch.nn.Module.__init__(bare)
    bare.config = tower.config
    return bare
