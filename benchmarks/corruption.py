"""Make procedural views as hard as foreign ones, so that settings can be tuned without touching the reported sets."""

import numpy as np
from PIL import Image, ImageFilter

from crossmost.collection import Collection


def corrupt_views(collection: Collection, strength: float, seed: int) -> Collection:
    """The same objects under foreign colors, blur, noise, background and occlusion; one style per object.

    Args:
        strength: 0 leaves the views as they are, 1 is severe.
    """
    rng = np.random.default_rng(seed)
    styles = rng.integers(2**32, size=len(collection))
    views = np.stack(
        [
            np.stack([_corrupt(view, style, strength) for view in of_object])
            for of_object, style in zip(collection.views, styles, strict=True)
        ]
    )
    return Collection(collection.object_ids, views, collection.clouds)


def _corrupt(view: np.ndarray, style: int, strength: float) -> np.ndarray:
    rng = np.random.default_rng(style)
    picture = view.astype(np.float32) / 255
    background = picture.min(-1, keepdims=True) > 0.98
    mix = np.eye(3) * (1 - strength) + strength * rng.dirichlet([0.5] * 3, size=3)
    picture = picture @ mix.T.astype(np.float32)
    picture = (
        (picture - 0.5) * rng.uniform(1 - 0.7 * strength, 1 + 0.5 * strength)
        + 0.5
        + rng.uniform(-0.25, 0.25) * strength
    )
    picture = np.where(background, 1 - strength * rng.uniform(0, 0.9, 3).astype(np.float32), picture)
    side = view.shape[0]
    width = int(rng.uniform(0, 0.6) * strength * side)
    top, left = rng.integers(0, side - width + 1, 2)
    picture[top : top + width, left : left + width] = rng.uniform(0, 1, 3)
    picture = picture + rng.normal(0, 0.12 * strength, picture.shape)
    image = Image.fromarray((picture.clip(0, 1) * 255).astype(np.uint8))
    return np.asarray(image.filter(ImageFilter.GaussianBlur(1.2 * strength * rng.uniform())))
