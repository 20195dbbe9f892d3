"""Weak and strong augmentation of rendered views and photographs."""

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

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
    # Not torch.manual_seed, which also seeds devices that nothing here draws on, at the price of three stack traces.
    torch.default_generator.manual_seed(seed)
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])  # noqa: NPY002
        torch.random.set_rng_state(states[2])


def _rand_augment(settings: ImageAugmentationSettings, fill: tuple[int, ...]) -> RandAugment:
    """timm's RandAugment, with the one operation that today's Pillow refuses made valid."""
    parameters: dict[str, Any] = {"img_mean": fill}
    if settings.rand_augment_interpolation == "bicubic":
        parameters["interpolation"] = Image.Resampling.BICUBIC
    transform = rand_augment_transform(settings.rand_augment, parameters)
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

    Attributes:
        resized: side of the weak version before it is cropped.
        strong_steps: what makes a picture its strong version, before it is normalized.
    """

    def __init__(
        self, settings: ImageAugmentationSettings, size: int, mean: Sequence[float], std: Sequence[float]
    ) -> None:
        self.size, self.resized = size, round(size * settings.resize)
        self.mean, self.std = list(mean), list(std)
        # Cut-outs of RandAugment's shifts and rotations are filled with the mean color, as timm does in training.
        fill = tuple(round(255 * value) for value in mean)
        policy = [_rand_augment(settings, fill)] if settings.rand_augment else []
        self.strong_steps = v2.Compose(
            [
                v2.RandomResizedCrop(size, scale=settings.crop_scale, interpolation=v2.InterpolationMode.BICUBIC),
                v2.RandomHorizontalFlip(),
                *policy,
                v2.PILToTensor(),
            ]
        )

    def weak(self, views: np.ndarray, generator: torch.Generator) -> Tensor:
        """Resize the shorter side and crop at random: (V, H, W, 3) uint8 → (V, 3, size, size) float32."""
        images = torch.from_numpy(views).permute(0, 3, 1, 2)
        bicubic = v2.InterpolationMode.BICUBIC
        resized = v2.functional.resize(images, [self.resized], interpolation=bicubic, antialias=True)
        height, width = resized.shape[-2:]
        tops = torch.randint(height - self.size + 1, (len(resized),), generator=generator).tolist()
        lefts = torch.randint(width - self.size + 1, (len(resized),), generator=generator).tolist()
        crops = [
            image[:, top : top + self.size, left : left + self.size]
            for image, top, left in zip(resized, tops, lefts, strict=True)
        ]
        return self._normalize(torch.stack(crops))

    def strong(self, views: np.ndarray, generator: torch.Generator) -> Tensor:
        """Random resized crop, flip and RandAugment: (V, H, W, 3) uint8 → (V, 3, size, size) float32."""
        seed = int(torch.randint(2**31, (), generator=generator))
        with _seeded(seed):
            images = [self.strong_steps(Image.fromarray(view)) for view in views]
        return self._normalize(torch.stack(images))

    def _normalize(self, images: Tensor) -> Tensor:
        return v2.functional.normalize(images.float() / 255, self.mean, self.std)
