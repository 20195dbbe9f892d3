"""From stored objects to augmented batches. What an object looks like follows from (seed, epoch, object) alone.

Neither the batch an object is in, nor the number of processes, nor where a run was resumed changes it.
"""

import hashlib
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from crossmost.collection import Collection
from crossmost.models.point_towers import AnyPointTower
from crossmost.selftraining.image_augmentation import ImageAugmentation
from crossmost.selftraining.masking import image_block_mask, point_region_mask
from crossmost.selftraining.point_augmentation import strong_points, weak_points
from crossmost.selftraining.settings import SelfTrainingSettings
from crossmost.selftraining.step import Batch, assemble_batch

Index = tuple[int, int]
"""Epoch and row of an object."""


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


class AugmentedObjects(Dataset[AugmentedObject]):
    """The adaptation set under augmentation, by (epoch, row)."""

    def __init__(
        self,
        data: Collection,
        augment: ImageAugmentation,
        settings: SelfTrainingSettings,
        grid: tuple[int, int],
        n_groups: int,
    ) -> None:
        self.data, self.augment, self.settings = data, augment, settings
        self.grid, self.n_groups = grid, n_groups

    def __getitem__(self, index: Index) -> AugmentedObject:
        epoch, row = index
        settings = self.settings
        generator = torch.Generator().manual_seed(derived_seed(settings.seed, epoch, row))
        k, t = settings.views_per_object, settings.teacher_views
        strong_view, weak_view = _draw_views(self.data.views.shape[1], k, t, generator)
        weak_views = self.augment.weak(self.data.views[row][weak_view], generator)
        strong_views = self.augment.strong(self.data.views[row][strong_view], generator)
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
        )


def derived_seed(*parts: int) -> int:
    """A 63-bit seed that differs between all tuples of integers."""
    digest = hashlib.sha256(",".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:8], "little") >> 1


def _draw_views(stored: int, k: int, t: int, generator: torch.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Indices of the student's k and the teacher's t views; they share as many views as they can.

    Without replacement while there are enough views, so that teacher and student see the same view when k = t = 1.
    """
    order = torch.cat([torch.randperm(stored, generator=generator) for _ in range(-(-max(k, t) // stored))])
    return order[:k].numpy(), order[:t].numpy()


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
    )


def epoch_batches(n_objects: int, batch_size: int, seed: int, epoch: int) -> list[list[int]]:
    """Rows of each batch of one shuffled pass; a last, smaller batch is left out."""
    generator = torch.Generator().manual_seed(derived_seed(seed, epoch))
    order = torch.randperm(n_objects, generator=generator).tolist()
    return [order[first : first + batch_size] for first in range(0, n_objects - batch_size + 1, batch_size)]


class _Share(Sampler[list[Index]]):
    """One process's share of given batches: the rows at rank, rank + 1, … blocks."""

    def __init__(self, batches: Sequence[tuple[int, list[int]]], rank: int, world_size: int) -> None:
        self.batches, self.rank, self.world_size = batches, rank, world_size

    def __iter__(self) -> Iterator[list[Index]]:
        for epoch, rows in self.batches:
            share = len(rows) // self.world_size
            yield [(epoch, row) for row in rows[self.rank * share : (self.rank + 1) * share]]


def make_loader(
    objects: AugmentedObjects,
    tower: AnyPointTower,
    batches: Sequence[tuple[int, list[int]]],
    *,
    rank: int,
    world_size: int,
    workers: int,
) -> "DataLoader[Any]":
    """Batches of one process, in order.

    Args:
        batches: (epoch, rows of all processes) of every batch.
        workers: processes that augment ahead.
    """
    return DataLoader(
        objects,
        batch_sampler=_Share(batches, rank, world_size),
        collate_fn=partial(collate, _grouping_only(tower)),
        num_workers=workers,
        multiprocessing_context="spawn" if workers else None,
    )


def _grouping_only(tower: AnyPointTower) -> AnyPointTower:
    """A tower that can cut clouds into groups and has no weights to send to workers."""
    bare = object.__new__(type(tower))
    torch.nn.Module.__init__(bare)
    bare.config = tower.config
    return bare
