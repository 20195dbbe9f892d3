"""A whole collection encoded once, deterministically: all views, fixed points, fixed sampling start."""

import logging
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.nn import functional
from torchvision.transforms import v2

from crossmost.collection import Collection
from crossmost.errors import CrossmostError
from crossmost.models.host_memory import freed_memory_kept
from crossmost.models.joint import JointModel
from crossmost.models.joint_prediction import Fusion, fit_fusion, joint_prediction
from crossmost.models.point_towers import AnyPointConfig
from crossmost.progress import track_batches
from crossmost.splits import ADAPT

logger = logging.getLogger(__name__)


def scoring_device() -> torch.device:
    """Where models that are not being trained compute: on a GPU if there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def prepare_views(
    views: np.ndarray,
    size: int,
    mean: Sequence[float],
    std: Sequence[float],
    device: torch.device | None = None,
) -> Tensor:
    """Views (B, H, W, 3) uint8 → normalized (B, 3, size, size) float32, as the image tower expects at test time.

    Args:
        device: where they are resized, and stay; None is the CPU. A GPU may round a pixel to the next of 256 values.
    """
    images = torch.from_numpy(views).to(device or "cpu").permute(0, 3, 1, 2)
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


class Encoded(NamedTuple):
    """Class probabilities and embeddings of N objects, on the CPU.

    Attributes:
        single: (N, V, C) probabilities of each view.
        image: (N, C) mean over an object's views.
        point: (N, C).
        view_embeddings: (N, V, E) float16, of unit length.
        point_embeddings: (N, E) float16, of unit length.
    """

    single: Tensor
    image: Tensor
    point: Tensor
    view_embeddings: Tensor
    point_embeddings: Tensor


class Scored(NamedTuple):
    """Tables of a scored collection; see `score_collection`."""

    scores: pd.DataFrame
    embeddings: pd.DataFrame


@torch.inference_mode()
def encode_collection(
    model: JointModel,
    collection: Collection,
    *,
    image_mean: Sequence[float],
    image_std: Sequence[float],
    n_points: int,
    batch_size: int,
    title: str = "scoring objects",
) -> Encoded:
    """Class probabilities and embeddings of every object from both modalities, on a GPU if there is one.

    Args:
        model: is moved to that device and stays there.
        n_points: the first so many stored points (they are in random order) enter the point tower.
        title: text of the progress bar.
    """
    device = scoring_device()
    model.to(device).eval()
    size = model.image_tower.visual.image_size[0]
    single, point, view_embeddings, point_embeddings = [], [], [], []
    with freed_memory_kept(device):
        for chunk in track_batches(len(collection), batch_size, title, "objects"):
            views = collection.views[chunk]
            flat = prepare_views(views.reshape(-1, *views.shape[2:]), size, image_mean, image_std, device)
            of_views = model.embed_image(flat)
            image_logits = model.logits(of_views).cpu()
            single.append(functional.softmax(image_logits, dim=-1).unflatten(0, views.shape[:2]))
            view_embeddings.append(of_views.half().cpu().unflatten(0, views.shape[:2]))
            clouds = torch.from_numpy(collection.tower_clouds(chunk, n_points, model.point_tower.config.in_channels))
            of_clouds = model.embed_point(clouds.to(device))
            point.append(functional.softmax(model.logits(of_clouds).cpu(), dim=-1))
            point_embeddings.append(of_clouds.half().cpu())
    each = torch.cat(single)
    return Encoded(each, each.mean(1), torch.cat(point), torch.cat(view_embeddings), torch.cat(point_embeddings))


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
    fusion: Fusion | None = None,
    reliability: Tensor | None = None,
) -> Scored:
    """Encode every object once, and score it with both modalities and jointly.

    Args:
        model: see `encode_collection`, as for the other arguments.
        splits: object id → split.
        fusion: of the objects that the model was adapted to, for the joint prediction; None learns it
            from the objects of the split "adapt", or from all if there are none. Objects to test on have no part in it.
        reliability: (2,) of images and points if it is known, for learning that; see `fit_fusion`.

    Returns:
        Two long tables. ``scores``: method, object_id, split, view, view_index, probabilities (list of C floats);
        ``image_single`` rows are single views, ``image`` the mean of their probabilities, ``joint`` the
        `joint_prediction`. ``embeddings``: method, object_id, modality, view_index, embedding (list of E float16, unit
        length); a row for each view and one of the points, whose view_index is -1.
    """
    found = encode_collection(
        model,
        collection,
        image_mean=image_mean,
        image_std=image_std,
        n_points=n_points,
        batch_size=batch_size,
        title=f"scoring objects ({method})",
    )
    if fusion is None:
        adapted_to = torch.tensor([splits[object_id] == ADAPT for object_id in collection.object_ids])
        known = adapted_to if adapted_to.any() else torch.ones_like(adapted_to)
        fusion = fit_fusion(found.image[known], found.point[known], reliability)
    joint = joint_prediction(found.image, found.point, fusion)
    rows: list[tuple[str, str, str, int, np.ndarray]] = []
    for row, object_id in enumerate(collection.object_ids):
        split = splits[object_id]
        rows += [(object_id, split, "image_single", i, p) for i, p in enumerate(found.single[row].numpy())]
        combined = (("image", found.image), ("point", found.point), ("joint", joint))
        rows += [(object_id, split, view, -1, probabilities[row].numpy()) for view, probabilities in combined]
    table = pd.DataFrame(rows, columns=["object_id", "split", "view", "view_index", "probabilities"])
    table.insert(0, "method", method)
    return Scored(table, _embedding_table(method, collection.object_ids, found))


def _embedding_table(method: str, object_ids: Sequence[str], found: Encoded) -> pd.DataFrame:
    rows: list[tuple[str, str, str, int, np.ndarray]] = []
    for row, object_id in enumerate(object_ids):
        rows += [(method, object_id, "image", i, e) for i, e in enumerate(found.view_embeddings[row].numpy())]
        rows.append((method, object_id, "point", -1, found.point_embeddings[row].numpy()))
    return pd.DataFrame(rows, columns=["method", "object_id", "modality", "view_index", "embedding"])


def learn_fusion(
    model: JointModel,
    collection: Collection,
    *,
    image_mean: Sequence[float],
    image_std: Sequence[float],
    n_points: int,
    batch_size: int,
    reliability: Tensor | None = None,
) -> Fusion:
    """`fit_fusion` of a model's predictions for unlabeled objects; see `encode_collection` for the arguments."""
    found = encode_collection(
        model,
        collection,
        image_mean=image_mean,
        image_std=image_std,
        n_points=n_points,
        batch_size=batch_size,
        title="comparing images and points",
    )
    return fit_fusion(found.image, found.point, reliability)


def fusion_from_scores(scores: pd.DataFrame) -> Fusion:
    """What `score_collection` learned for the joint prediction, from the table that it made."""
    adapted_to = scores[scores["split"] == ADAPT]
    known = scores if adapted_to.empty else adapted_to
    image, point = (
        torch.from_numpy(np.stack(list(known[known["view"] == view].sort_values("object_id")["probabilities"])))
        for view in ("image", "point")
    )
    return fit_fusion(image, point)
