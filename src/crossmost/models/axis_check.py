"""A label-free check of the clouds' up axis: turned clouds should not agree better with the pictures."""

import logging
from math import sqrt

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from crossmost.collection import Collection
from crossmost.models.joint import JointModel

logger = logging.getLogger(__name__)

MOST_OBJECTS = 128
LEAST_GAIN = 0.1  # of agreement, as a share of the objects
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
    return torch.cat([model.logits(model.embed_point(part)).argmax(-1) for part in clouds.split(batch_size)])


def better_up_axis(agreement: dict[str, float], n_objects: int) -> str | None:
    """The axis with clearly higher agreement than y; None if there is none.

    Clearly: by `LEAST_GAIN`, and by two standard errors of the difference.
    """
    best = max(agreement, key=lambda axis: agreement[axis])
    now, then = agreement["y"], agreement[best]
    error = sqrt((now * (1 - now) + then * (1 - then)) / max(1, n_objects))
    return best if then - now > max(LEAST_GAIN, 2 * error) else None


def warn_about_up_axis(
    model: JointModel, collection: Collection, scores: pd.DataFrame, *, n_points: int, batch_size: int
) -> None:
    """Log a warning if the clouds look as if another axis were up."""
    agreement = agreement_by_up_axis(model, collection, scores, n_points=n_points, batch_size=batch_size)
    axis = better_up_axis(agreement, min(MOST_OBJECTS, len(collection)))
    if axis is not None:
        logger.warning(
            "The clouds look as if %s were up, not y: image and points would agree on %.0f %% of the objects, now they "
            "agree on %.0f %%. If the objects lie on their side in the report, set `up` of the source in "
            "parameters_ingestion.yml",
            axis,
            100 * agreement[axis],
            100 * agreement["y"],
        )
