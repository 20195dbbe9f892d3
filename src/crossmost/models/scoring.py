"""Scores of a whole collection, and what is learned from them."""

import logging
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from crossmost.collection import Collection
from crossmost.embeddings import Embeddings
from crossmost.errors import CrossmostError
from crossmost.large_arrays import room_for
from crossmost.models.encoding import encode_collection
from crossmost.models.joint import JointModel
from crossmost.models.joint_prediction import Fusion, fit_fusion, joint_prediction
from crossmost.models.point_towers import AnyPointConfig
from crossmost.scores import COMBINED_VIEWS, Scores
from crossmost.splits import ADAPT

logger = logging.getLogger(__name__)


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


def require_stored_points(asked: int, stored: int, setting: str, stored_by: str = "rendering.clouds.n_points") -> None:
    """Check that clouds have the points that a setting asks for.

    Args:
        asked: points per cloud that are to enter the tower.
        stored: points that each cloud has.
        setting: the name of the parameter that asks.
        stored_by: the name of the parameter that says how many are stored.

    Raises:
        CrossmostError: if there are fewer.
    """
    if asked > stored:
        raise CrossmostError(
            f"{setting} is {asked}, but clouds are stored with {stored} points: raise {stored_by} to at least {asked} "
            f"and make them again, or lower {setting}"
        )


class Scored(NamedTuple):
    """What is left of a scored collection; see `score_collection`."""

    scores: Scores
    embeddings: Embeddings


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
    keep_embeddings: bool = True,
) -> Scored:
    """Encode every object once, and score it with both modalities and jointly.

    Args:
        model: see `encode_collection`, as for the other arguments.
        splits: object id → split.
        fusion: of the objects that the model was adapted to, for the joint prediction; None learns it
            from the objects of the split "adapt", or from all if there are none. Objects to test on have no part in it.
        reliability: (2,) of images and points if it is known, for learning that; see `fit_fusion`.
        keep_embeddings: False keeps those of no object, for those who want scores alone.

    Returns:
        Scores, with the `joint_prediction`, and embeddings of every view and cloud; where they are large, both lie in
        temporary files.
    """
    n_objects, n_views = collection.views.shape[:2]
    width, n_classes = model.classifier.shape
    probabilities = room_for((n_objects, n_views + len(COMBINED_VIEWS), n_classes), np.float32)
    embeddings = room_for((n_objects if keep_embeddings else 0, n_views + 1, width), np.float16)
    ids = tuple(collection.object_ids)
    scores = Scores(method, ids, tuple(splits[object_id] for object_id in ids), probabilities)
    image, point = encode_collection(
        model,
        collection,
        image_mean=image_mean,
        image_std=image_std,
        n_points=n_points,
        batch_size=batch_size,
        single=scores.single,
        embeddings=embeddings if keep_embeddings else None,
        title=f"scoring objects ({method})",
    )
    if fusion is None:
        adapted_to = torch.tensor([split == ADAPT for split in scores.splits])
        known = adapted_to if adapted_to.any() else torch.ones_like(adapted_to)
        fusion = fit_fusion(image[known], point[known], reliability)
    joint = joint_prediction(image, point, fusion)
    for view, values in zip(COMBINED_VIEWS, (image, point, joint), strict=True):
        scores.of(view)[:] = values.numpy()
    return Scored(scores, Embeddings(method, ids if keep_embeddings else (), embeddings))


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
    image, point = encode_collection(
        model,
        collection,
        image_mean=image_mean,
        image_std=image_std,
        n_points=n_points,
        batch_size=batch_size,
        title="comparing images and points",
    )
    return fit_fusion(image, point, reliability)


def predictions_from_scores(scores: Scores, object_ids: Sequence[str]) -> Tensor:
    """Class probabilities (N, 2, C) of the images (mean over views) and the points of objects, in their order.

    Raises:
        KeyError: if an object has no scores.
    """
    return torch.stack([torch.from_numpy(values) for values in scores.modalities(scores.rows_of(object_ids))], dim=1)


def fusion_from_scores(scores: Scores) -> Fusion:
    """What `score_collection` learned for the joint prediction, from the scores that it made."""
    image, point = (torch.from_numpy(values) for values in scores.modalities(scores.known_rows()))
    return fit_fusion(image, point)
