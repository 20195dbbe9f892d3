"""Whether objects stand upright and are as large as the towers expect, found out without labels."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from crossmost.collection import Collection
from crossmost.models.axis_check import (
    agreement_by_up_axis,
    better_drawn_axis,
    better_up_axis,
    drawn_agreement_by_up_axis,
    spread_rows,
)
from crossmost.models.encoding import prepare_views, scoring_device
from crossmost.models.joint import JointModel
from crossmost.models.picture_check import PictureSizes, picture_sizes, pictures_lie_with_clouds
from crossmost.pose import PoseCorrection, outlier_rows

logger = logging.getLogger(__name__)

PoseCheck = Literal["warn", "fix", "ignore"]
"""What is done about clouds in a wrong pose."""

MOST_OBJECTS = 128  # that are looked at
MOST_VIEWS = 4  # of each
MOST_COMPARED = 24  # objects whose pictures are compared with their clouds
LEAST_SHARE = 0.02  # of objects with outliers
LEAST_CORE = 0.25  # median distance from the middle; in the stored scans 0.43, 0.28 in one of twenty
LEAST_BAD_PICTURES = 0.25  # share of objects


@dataclass(frozen=True)
class PoseFindings:
    """What was found about the pose of a collection.

    Attributes:
        up: the axis of the stored clouds that seems to be up; ``y`` is as it should be.
        agreement: of pictures and points, by up axis; what `up` was decided by.
        pictures_lie_too: the pictures were drawn from the objects as they are stored.
        outliers: share of the objects with a few points far from all others.
        core: median over objects of the median distance of points from their middle, without outliers.
        pictures: how objects fill their pictures.
    """

    up: str
    agreement: dict[str, float]
    pictures_lie_too: bool
    outliers: float
    core: float
    pictures: PictureSizes

    def correction(self) -> PoseCorrection:
        """What can be put right in the clouds alone: not objects whose pictures lie on their side with them."""
        return PoseCorrection(up="y" if self.pictures_lie_too else self.up, drop_outliers=self.outliers > LEAST_SHARE)


def check_pose(
    model: JointModel,
    collection: Collection,
    *,
    image_mean: Sequence[float],
    image_std: Sequence[float],
    n_points: int,
    batch_size: int,
) -> PoseFindings:
    """Look at the pose of a collection.

    Args:
        model: the zero-shot model; is moved to a GPU if there is one, and stays there.
        collection: at most `MOST_OBJECTS` of it are looked at, evenly spread.
        image_mean, image_std: normalization of the image tower.
        n_points: points of a cloud that enter the point tower.
        batch_size: objects scored at once.
    """
    model.to(scoring_device()).eval()
    rows = spread_rows(len(collection), MOST_OBJECTS)
    views = collection.views[rows, :: -(-collection.views.shape[1] // MOST_VIEWS)]
    stored = collection.clouds[rows][..., :3]
    outliers = float(np.mean([len(outlier_rows(cloud)) > 0 for cloud in stored]))
    # With outliers the object is a dot: which way it stands shows only without them.
    without = PoseCorrection(drop_outliers=True)
    clouds = np.stack([without.points(cloud) for cloud in stored]) if outliers > LEAST_SHARE else stored
    distances = np.linalg.norm(clouds - np.median(clouds, axis=1, keepdims=True), axis=-1)  # (N, M)
    labels = image_labels(model, views, image_mean, image_std, batch_size)
    agreement = agreement_by_up_axis(model, clouds, labels, n_points=n_points, batch_size=batch_size)
    up = better_up_axis(agreement)
    if up is None:
        agreement = drawn_agreement_by_up_axis(
            model, clouds, image_mean=image_mean, image_std=image_std, n_points=n_points
        )
        up = better_drawn_axis(agreement)
    compared = spread_rows(len(rows), MOST_COMPARED)
    return PoseFindings(
        up=up or "y",
        agreement={axis: float(values.mean()) for axis, values in agreement.items()},
        pictures_lie_too=up is not None and pictures_lie_with_clouds(views[compared], clouds[compared], up),
        outliers=outliers,
        core=float(np.median(np.median(distances, axis=1))),
        pictures=picture_sizes(views),
    )


@torch.inference_mode()
def image_labels(
    model: JointModel, views: np.ndarray, mean: Sequence[float], std: Sequence[float], batch_size: int
) -> Tensor:
    """(N,) class that the pictures (N, V, H, W, 3) of each object name, on the CPU."""
    size, device = model.image_tower.visual.image_size[0], model.logit_scale.device
    labels = []
    for start in range(0, len(views), batch_size):
        part = views[start : start + batch_size]
        images = prepare_views(part.reshape(-1, *part.shape[2:]), size, mean, std, device)
        probabilities = model.logits(model.embed_image(images)).softmax(-1).unflatten(0, part.shape[:2]).mean(1)
        labels.append(probabilities.argmax(-1).cpu())
    return torch.cat(labels)


def report_pose(findings: PoseFindings, *, fix: bool) -> None:
    """Log what was found, what is done about it, and what else to do; nothing if all is well.

    Args:
        fix: whether the correction will be applied.
    """
    if findings.up != "y":
        if findings.pictures_lie_too:
            advice = (
                "Their pictures were drawn lying on their side too, and no picture can be turned afterwards: run again "
                f"with --params ingestion.sources.SOURCE.up={findings.up} (if `up` of the source is y now, as it is "
                f"for a folder; else with the axis of the files that was stored as {findings.up})"
            )
        elif fix:
            advice = "Their pictures stand upright: the model turns the clouds wherever it sees them"
        else:
            advice = "Their pictures stand upright: --params zeroshot.pose_check=fix turns the clouds for the model"
        logger.warning(
            "The objects look as if %s were up, not y: image and points would agree on %.0f %% of them, now they agree "
            "on %.0f %%. %s",
            findings.up,
            100 * findings.agreement[findings.up],
            100 * findings.agreement["y"],
            advice,
        )
    if findings.correction().drop_outliers:
        logger.warning(
            "%.0f %% of the clouds have a few points far from all others, which make the object small: %s",
            100 * findings.outliers,
            "the model sees them without" if fix else "--params zeroshot.pose_check=fix leaves them out for the model",
        )
    if findings.core < LEAST_CORE:
        logger.warning(
            "Half of a cloud's points lie within %.0f %% of its radius: far points, floor or background make objects "
            "smaller than point towers know them; cut them off in the files",
            100 * findings.core,
        )
    if findings.pictures.small > LEAST_BAD_PICTURES:
        logger.warning(
            "%.0f %% of the objects are small in their pictures: cut pictures to the object, or remove far points from "
            "the files that depth views are drawn of, and run the rendering again",
            100 * findings.pictures.small,
        )
    if findings.pictures.cut > LEAST_BAD_PICTURES:
        logger.warning(
            "%.0f %% of the objects go on beyond the edge of their pictures: take pictures that show all of them",
            100 * findings.pictures.cut,
        )
