"""Weak and strong augmentation of rendered views and photographs."""

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import numpy as np
import torch
from PIL import Image
from timm.data.auto_augment import RandAugment, rand_augment_transform
from torch import Tensor
from torchvision.transforms import v2

from crossmost.selftraining.settings import ImageAugmentationSettings


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Seed the global generators torchvision and timm draw from, and restore them afterwards."""
    states = random.getstate(), np.random.get_state(), torch.random.get_rng_state()  # noqa: NPY002 - timm draws here
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002
    torch.manual_seed(seed)
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])  # noqa: NPY002
        torch.random.set_rng_state(states[2])


def _rand_augment(policy: str, fill: tuple[int, ...]) -> RandAugment:
    """timm's RandAugment, with the one operation that today's Pillow refuses made valid."""
    transform = rand_augment_transform(policy, {"img_mean": fill})
    for operation in transform.ops:
        if operation.name.startswith("Posterize"):
            # The strongest level keeps 0 bits: black pictures in old versions of Pillow, an error in new ones.
            operation.level_fn = partial(_at_least_one_bit, operation.level_fn)
    return transform


def _at_least_one_bit(level_fn: Callable[..., tuple[int]], level: float, parameters: dict[str, object]) -> tuple[int]:
    return (max(1, level_fn(level, parameters)[0]),)


class ImageAugmentation:
    """Turns uint8 views into normalized weak and strong versions of the tower's input size.

    Args:
        size: input side of the image tower, pixels.
        mean, std: per-channel normalization of the tower.
    """

    def __init__(
        self, settings: ImageAugmentationSettings, size: int, mean: Sequence[float], std: Sequence[float]
    ) -> None:
        to_tensor = [
            v2.PILToTensor(),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize(list(mean), list(std)),
        ]
        bicubic = v2.InterpolationMode.BICUBIC
        self._weak = v2.Compose(
            [v2.Resize(round(size * settings.resize), interpolation=bicubic), v2.RandomCrop(size), *to_tensor]
        )
        # Cut-outs of RandAugment's shifts and rotations are filled with the mean color, as timm does in training.
        fill = tuple(round(255 * value) for value in mean)
        policy = [_rand_augment(settings.rand_augment, fill)] if settings.rand_augment else []
        self._strong = v2.Compose(
            [
                v2.RandomResizedCrop(size, scale=settings.crop_scale, interpolation=bicubic),
                v2.RandomHorizontalFlip(),
                *policy,
                *to_tensor,
            ]
        )

    def __call__(self, views: np.ndarray, seed: int) -> tuple[Tensor, Tensor]:
        """Views (B, H, W, 3) uint8 → weak and strong (B, 3, size, size) float32; same seed, same pixels."""
        with _seeded(seed):
            images = [Image.fromarray(view) for view in views]
            weak = torch.stack([self._weak(image) for image in images])
            strong = torch.stack([self._strong(image) for image in images])
        return weak, strong
