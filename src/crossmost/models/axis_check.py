"""A label-free check of the up axis: objects that are turned should not make images and points agree better.

Two comparisons, for two kinds of mistake. Photographs and published pictures stand upright whatever the axes say: only
the clouds are turned against them. Renders and depth views lie on their side together with a cloud that does, and then
no turn of the cloud agrees with them: pictures of the turned cloud are drawn instead, and both modalities judge it.
"""

import logging
from collections.abc import Sequence
from math import sqrt

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from crossmost.collection import Collection
from crossmost.models.joint import JointModel
from crossmost.models.scoring import prepare_views
from crossmost.progress import track
from crossmost.rendering import CameraRig, DepthViewSettings, draw_depth_views

logger = logging.getLogger(__name__)

MOST_OBJECTS = 128
LEAST_GAIN = 0.1  # of agreement, as a share of the objects
MOST_DRAWN = 24  # objects that are drawn in every turn
LEAST_DRAWN_GAIN = 0.15  # of the probability that both modalities name the same class
DRAWN_VIEWS = 3
# What was taken for y, by the axis that would be up instead: rows give the new coordinates, always right-handed.
TURNS: dict[str, tuple[tuple[int, int, int], ...]] = {
    "y": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "-y": ((1, 0, 0), (0, -1, 0), (0, 0, -1)),
    "z": ((1, 0, 0), (0, 0, 1), (0, -1, 0)),
    "-z": ((1, 0, 0), (0, 0, -1), (0, 1, 0)),
    "x": ((0, -1, 0), (1, 0, 0), (0, 0, 1)),
    "-x": ((0, 1, 0), (-1, 0, 0), (0, 0, 1)),
}


@torch.inference_mode()
def agreement_by_up_axis(
    model: JointModel, collection: Collection, scores: pd.DataFrame, *, n_points: int, batch_size: int
) -> dict[str, float]:
    """How often points name the class that the pictures name, if another axis of the clouds were up.

    Args:
        model: the zero-shot model.
        collection: at most `MOST_OBJECTS` of it are looked at, evenly spread.
        scores: of `score_collection` for the same objects; its ``image`` rows are what clouds are compared with.
        n_points: points of a cloud that enter the point tower.
        batch_size: clouds scored at once.

    Returns:
        Up axis in the stored clouds' coordinates (``y`` is as they are) → share of agreeing objects.
    """
    model.eval()
    rows = np.unique(np.linspace(0, len(collection) - 1, min(MOST_OBJECTS, len(collection))).round().astype(int))
    image = scores[scores["view"] == "image"].set_index("object_id")["probabilities"]
    names = torch.tensor([int(np.argmax(image[collection.object_ids[row]])) for row in rows])
    clouds = torch.from_numpy(collection.clouds[rows, :n_points, :3])
    return {
        axis: float((_labels(model, clouds @ torch.tensor(turn).float().T, batch_size) == names).float().mean())
        for axis, turn in TURNS.items()
    }


def _labels(model: JointModel, clouds: Tensor, batch_size: int) -> Tensor:
    device = model.logit_scale.device
    parts = [model.logits(model.embed_point(part.to(device))).argmax(-1).cpu() for part in clouds.split(batch_size)]
    return torch.cat(parts)


def better_up_axis(agreement: dict[str, float], n_objects: int) -> str | None:
    """The axis with clearly higher agreement than y; None if there is none.

    Clearly: by `LEAST_GAIN`, and by two standard errors of the difference.
    """
    best = max(agreement, key=lambda axis: agreement[axis])
    now, then = agreement["y"], agreement[best]
    error = sqrt((now * (1 - now) + then * (1 - then)) / max(1, n_objects))
    return best if then - now > max(LEAST_GAIN, 2 * error) else None


@torch.inference_mode()
def drawn_agreement_by_up_axis(
    model: JointModel,
    collection: Collection,
    *,
    image_mean: Sequence[float],
    image_std: Sequence[float],
    n_points: int,
) -> dict[str, np.ndarray]:
    """How well depth views of a cloud agree with its points, if another axis were up.

    Probabilities are compared, not names: modalities that know nothing often name the same class.

    Args:
        model: the zero-shot model.
        collection: at most `MOST_DRAWN` of it are looked at, evenly spread.
        image_mean, image_std: normalization of the image tower.
        n_points: points of a cloud that enter the point tower.

    Returns:
        Up axis in the stored clouds' coordinates → (N,) probability that both modalities name the same class.
    """
    model.eval()
    rows = np.unique(np.linspace(0, len(collection) - 1, min(MOST_DRAWN, len(collection))).round().astype(int))
    clouds = collection.clouds[rows, :, :3]
    device = model.logit_scale.device
    size = model.image_tower.visual.image_size[0]
    rig = CameraRig(n_views=DRAWN_VIEWS, image_size=min(size, 224))
    agreement = {}
    for axis, turn in track(TURNS.items(), "trying up axes", len(TURNS), "axes"):
        turned = clouds @ np.array(turn, dtype=np.float32).T
        views = np.concatenate([draw_depth_views(cloud, rig, DepthViewSettings()) for cloud in turned])
        images = prepare_views(views, size, image_mean, image_std, device)
        points = torch.from_numpy(turned[:, :n_points]).to(device)
        image = model.logits(model.embed_image(images)).softmax(-1).unflatten(0, (len(rows), -1)).mean(1)
        point = model.logits(model.embed_point(points)).softmax(-1)
        agreement[axis] = (image * point).sum(-1).float().cpu().numpy()
    return agreement


def better_drawn_axis(agreement: dict[str, np.ndarray]) -> str | None:
    """The axis with clearly higher agreement than y: by `LEAST_DRAWN_GAIN` and by two standard errors; or None."""
    best = max(agreement, key=lambda axis: float(agreement[axis].mean()))
    gain = agreement[best] - agreement["y"]
    error = float(gain.std(ddof=1)) / sqrt(len(gain)) if len(gain) > 1 else float("inf")
    return best if float(gain.mean()) > max(LEAST_DRAWN_GAIN, 2 * error) else None


def warn_about_up_axis(
    model: JointModel,
    collection: Collection,
    scores: pd.DataFrame,
    *,
    image_mean: Sequence[float],
    image_std: Sequence[float],
    n_points: int,
    batch_size: int,
) -> None:
    """Log a warning if the objects look as if another axis were up."""
    agreement = agreement_by_up_axis(model, collection, scores, n_points=n_points, batch_size=batch_size)
    axis = better_up_axis(agreement, min(MOST_OBJECTS, len(collection)))
    shares = agreement
    if axis is None:
        drawn = drawn_agreement_by_up_axis(
            model, collection, image_mean=image_mean, image_std=image_std, n_points=n_points
        )
        axis = better_drawn_axis(drawn)
        shares = {name: float(values.mean()) for name, values in drawn.items()}
    if axis is not None:
        logger.warning(
            "The objects look as if %s were up, not y: image and points would agree on %.0f %% of them, now they agree "
            "on %.0f %%. If they lie on their side in the report, set `up` of the source in parameters_ingestion.yml",
            axis,
            100 * shares[axis],
            100 * shares["y"],
        )
