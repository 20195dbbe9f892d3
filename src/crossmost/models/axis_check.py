"""A label-free check of the up axis: objects that are turned should not make images and points agree better.

Two comparisons, for two kinds of mistake. Photographs and published pictures stand upright whatever the axes say: only
the clouds are turned against them. Renders and depth views lie on their side together with a cloud that does, and then
no turn of the cloud agrees with them: pictures of the turned cloud are drawn instead, and both modalities judge it.
"""

from collections.abc import Sequence
from math import sqrt

import numpy as np
import torch
from torch import Tensor

from crossmost.models.encoding import prepare_views
from crossmost.models.joint import JointModel
from crossmost.pose import TURNS
from crossmost.progress import track
from crossmost.rendering import CameraRig, DepthViewSettings, draw_depth_views

LEAST_OBJECTS = 10  # fewer decide nothing
LEAST_GAIN = 0.1  # of agreement, as a share of the objects
MOST_DRAWN = 24  # objects that are drawn in every turn
LEAST_DRAWN_GAIN = 0.15  # of the probability that both modalities name the same class
DRAWN_VIEWS = 3


def spread_rows(count: int, most: int) -> np.ndarray:
    """At most so many of ``count`` rows, evenly spread."""
    return np.unique(np.linspace(0, count - 1, min(most, count)).round().astype(int))


@torch.inference_mode()
def agreement_by_up_axis(
    model: JointModel, clouds: np.ndarray, image_labels: Tensor, *, n_points: int, batch_size: int
) -> dict[str, np.ndarray]:
    """Whether points name the class that the pictures name, if another axis of the clouds were up.

    Args:
        model: the zero-shot model.
        clouds: (N, M, 3).
        image_labels: (N,) classes that the objects' stored pictures name.
        n_points: points of a cloud that enter the point tower.
        batch_size: clouds scored at once.

    Returns:
        Up axis in the stored clouds' coordinates (``y`` is as they are) → (N,) bool.
    """
    model.eval()
    points = torch.from_numpy(clouds[:, :n_points])
    return {
        axis: (point_labels(model, points @ torch.tensor(turn).float().T, batch_size) == image_labels).numpy()
        for axis, turn in TURNS.items()
    }


@torch.inference_mode()
def point_labels(model: JointModel, clouds: Tensor, batch_size: int) -> Tensor:
    """(N,) class that each cloud (N, M, 3) names, on the CPU."""
    device = model.logit_scale.device
    parts = [model.logits(model.embed_point(part.to(device))).argmax(-1).cpu() for part in clouds.split(batch_size)]
    return torch.cat(parts)


def better_up_axis(agreement: dict[str, np.ndarray]) -> str | None:
    """The axis with clearly higher agreement than y; None if there is none.

    Clearly: on `LEAST_OBJECTS` or more, by `LEAST_GAIN`, and by two standard errors of the difference. Each object is
    compared with itself, and half an object is added to each of the four outcomes (Agresti and Min, 2005): otherwise
    the error would be 0 where all objects, or the only one, say the same.
    """
    now, count = agreement["y"], len(agreement["y"])
    best = max(agreement, key=lambda axis: float(agreement[axis].mean()))
    gained, lost = int((agreement[best] & ~now).sum()), int((now & ~agreement[best]).sum())
    smoothed = (gained - lost) / (count + 2)
    error = sqrt(((gained + lost + 1) / (count + 2) - smoothed**2) / (count + 2))
    is_clear = (gained - lost) / count > LEAST_GAIN and smoothed > 2 * error
    return best if count >= LEAST_OBJECTS and is_clear else None


@torch.inference_mode()
def drawn_agreement_by_up_axis(
    model: JointModel,
    clouds: np.ndarray,
    *,
    image_mean: Sequence[float],
    image_std: Sequence[float],
    n_points: int,
) -> dict[str, np.ndarray]:
    """How well depth views of a cloud agree with its points, if another axis were up.

    Probabilities are compared, not names: modalities that know nothing often name the same class.

    Args:
        model: the zero-shot model.
        clouds: (N, M, 3); at most `MOST_DRAWN` are looked at, evenly spread.
        image_mean, image_std: normalization of the image tower.
        n_points: points of a cloud that enter the point tower.

    Returns:
        Up axis in the stored clouds' coordinates → (N,) probability that both modalities name the same class.
    """
    model.eval()
    device = model.logit_scale.device
    clouds = clouds[spread_rows(len(clouds), MOST_DRAWN)]
    size = model.image_tower.visual.image_size[0]
    rig = CameraRig(n_views=DRAWN_VIEWS, image_size=min(size, 224))
    agreement = {}
    for axis, turn in track(TURNS.items(), "trying up axes", len(TURNS), "axes"):
        turned = clouds @ np.array(turn, dtype=np.float32).T
        views = np.concatenate([draw_depth_views(cloud, rig, DepthViewSettings()) for cloud in turned])
        images = prepare_views(views, size, image_mean, image_std, device)
        points = torch.from_numpy(turned[:, :n_points]).to(device)
        image = model.logits(model.embed_image(images)).softmax(-1).unflatten(0, (len(clouds), -1)).mean(1)
        point = model.logits(model.embed_point(points)).softmax(-1)
        agreement[axis] = (image * point).sum(-1).float().cpu().numpy()
    return agreement


def better_drawn_axis(agreement: dict[str, np.ndarray]) -> str | None:
    """The axis with clearly higher agreement than y, or None.

    Clearly: on `LEAST_OBJECTS` or more, by `LEAST_DRAWN_GAIN`, and by two standard errors.
    """
    best = max(agreement, key=lambda axis: float(agreement[axis].mean()))
    gain = agreement[best] - agreement["y"]
    if len(gain) < LEAST_OBJECTS:
        return None
    error = float(gain.std(ddof=1)) / sqrt(len(gain))
    return best if float(gain.mean()) > max(LEAST_DRAWN_GAIN, 2 * error) else None
