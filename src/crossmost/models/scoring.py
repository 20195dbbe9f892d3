"""Class probabilities of a whole collection, deterministically: all views, fixed points, fixed sampling start."""

import logging
from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.nn import functional
from torchvision.transforms import v2

from crossmost.collection import Collection
from crossmost.errors import CrossmostError
from crossmost.models.joint import JointModel
from crossmost.models.point_towers import AnyPointConfig
from crossmost.progress import track_batches

logger = logging.getLogger(__name__)


def prepare_views(views: np.ndarray, size: int, mean: Sequence[float], std: Sequence[float]) -> Tensor:
    """Views (B, H, W, 3) uint8 → normalized (B, 3, size, size) float32, as the image tower expects at test time."""
    images = torch.from_numpy(views).permute(0, 3, 1, 2)
    resized = v2.functional.resize(images, [size, size], interpolation=v2.InterpolationMode.BICUBIC, antialias=True)
    return v2.functional.normalize(resized.float() / 255, list(mean), list(std))


def check_cloud_size(config: AnyPointConfig, n_points: int, expected: int | None) -> None:
    """Warn if clouds are smaller than those a point tower was trained on.

    Args:
        n_points: points per cloud that will enter the tower.
        expected: points per cloud in its training; None if unknown.

    Raises:
        CrossmostError: if there are fewer points than the tower makes groups of.
    """
    needed = max(config.n_groups, config.group_size)
    if n_points < needed:
        raise CrossmostError(
            f"clouds have {n_points} points, but the point tower makes {config.n_groups} groups of "
            f"{config.group_size} points; raise rendering.clouds.n_points and zeroshot.n_points to at least {needed}"
        )
    if expected is not None and n_points < expected / 2:
        logger.warning(
            "The point tower was trained on clouds of %d points, these have %d; more points (rendering.clouds.n_points "
            "and zeroshot.n_points) will probably give better predictions",
            expected,
            n_points,
        )


@torch.inference_mode()
def score_collection(
    model: JointModel,
    collection: Collection,
    splits: dict[str, str],
    *,
    method: str,
    image_mean: Sequence[float],
    image_std: Sequence[float],
    n_points: int,
    batch_size: int,
) -> pd.DataFrame:
    """Score every object with both modalities, on a GPU if there is one.

    Args:
        model: is moved to that device and stays there.
        splits: object id → split.
        n_points: the first so many stored points (they are in random order) enter the point tower.

    Returns:
        Long table: method, object_id, split, view, view_index, probabilities (list of C floats). ``image_single`` rows
        are single views, ``image`` the mean of their probabilities, ``joint`` the mean of ``image`` and ``point``.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model.to(device).eval()
    size = model.image_tower.visual.image_size[0]
    rows: list[tuple[str, str, str, int, np.ndarray]] = []
    for chunk in track_batches(len(collection), batch_size, f"scoring objects ({method})", "objects"):
        views = collection.views[chunk]
        clouds = torch.from_numpy(collection.tower_clouds(chunk, n_points, model.point_tower.config.in_channels))
        flat = prepare_views(views.reshape(-1, *views.shape[2:]), size, image_mean, image_std)
        image_logits = model.logits(model.embed_image(flat.to(device))).cpu()
        single = functional.softmax(image_logits, dim=-1).unflatten(0, views.shape[:2])
        point = functional.softmax(model.logits(model.embed_point(clouds.to(device))).cpu(), dim=-1)
        image = single.mean(1)
        joint = (image + point) / 2
        for row, object_id in enumerate(collection.object_ids[chunk]):
            split = splits[object_id]
            rows += [(object_id, split, "image_single", i, p) for i, p in enumerate(single[row].numpy())]
            rows += [
                (object_id, split, view, -1, probabilities[row].numpy())
                for view, probabilities in (("image", image), ("point", point), ("joint", joint))
            ]
    table = pd.DataFrame(rows, columns=["object_id", "split", "view", "view_index", "probabilities"])
    table.insert(0, "method", method)
    return table
