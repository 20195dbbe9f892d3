"""What can be said of a picture without a model: where the object is on a plain background, and how large."""

from typing import NamedTuple

import numpy as np
from PIL import Image

from crossmost.pose import TURNS
from crossmost.rendering import CameraRig, DepthViewSettings, draw_depth_views

TOLERANCE = 20  # of 255; JPEG leaves some
PLAIN_BORDER = 0.9  # share of the border's pixels that are background, if the object lies inside; splats may touch it
CUT_BORDER = 0.6  # with less background at the border it is a photograph
SMALL = 0.35  # of the picture's side
SILHOUETTE_SIZE = 32
SILHOUETTE_VIEWS = 4


class Foreground(NamedTuple):
    """What differs from the color of the border.

    Attributes:
        mask: (H, W) bool.
        border: share of the border's pixels that are background.
    """

    mask: np.ndarray
    border: float


def foreground(picture: np.ndarray) -> Foreground:
    """The foreground of a picture (H, W, 3) uint8; means little if little of the border is background."""
    edge = np.concatenate([picture[0], picture[-1], picture[1:-1, 0], picture[1:-1, -1]]).astype(int)
    color = np.median(edge, axis=0)
    mask = (np.abs(picture - color) > TOLERANCE).any(-1)
    return Foreground(mask, float((np.abs(edge - color) <= TOLERANCE).all(-1).mean()))


def fill_share(mask: np.ndarray) -> float:
    """Longer side of the object as a share of the picture's side; single far pixels do not count."""
    places = np.argwhere(mask) / (np.array(mask.shape) - 1)
    if not len(places):
        return 0.0
    return float(np.subtract(*np.quantile(places, [0.95, 0.05], axis=0)).max() / 0.9)


class PictureSizes(NamedTuple):
    """Shares of objects, by their first picture that shows something on a plain background.

    Attributes:
        small: the object takes less than `SMALL` of the side.
        cut: it goes on beyond the picture.
    """

    small: float
    cut: float


def picture_sizes(views: np.ndarray) -> PictureSizes:
    """How objects fill their pictures (N, V, H, W, 3) uint8; photographs count as neither small nor cut."""
    small, cut = [], []
    for pictures in views:
        found = [foreground(picture) for picture in pictures]
        fills = [fill_share(one.mask) for one in found if one.border >= PLAIN_BORDER and one.mask.any()]
        small.append(bool(fills) and float(np.median(fills)) < SMALL)
        cut.append(np.mean([CUT_BORDER <= one.border < PLAIN_BORDER for one in found]) > 0.5)
    return PictureSizes(float(np.mean(small)), float(np.mean(cut)))


def pictures_lie_with_clouds(views: np.ndarray, clouds: np.ndarray, axis: str) -> bool:
    """Whether the stored pictures show the clouds as they are stored, rather than with another axis up.

    Pictures that were drawn from the same turned object lie on their side with it. What is compared is the mean
    silhouette over an object's views, which hardly depends on where the cameras stood.

    Args:
        views: (N, V, H, W, 3) uint8; those without a plain background are photographs, which were drawn from nothing.
        clouds: (N, M, 3) of the same objects.
        axis: the axis that seems to be up.
    """
    rig = CameraRig(n_views=SILHOUETTE_VIEWS, image_size=SILHOUETTE_SIZE)
    turn = np.array(TURNS[axis], dtype=np.float32)
    lies = []
    for pictures, cloud in zip(views, clouds, strict=True):
        found = [foreground(picture) for picture in pictures]
        masks = [one.mask for one in found if one.border >= CUT_BORDER and one.mask.any()]
        if not masks:
            lies.append(False)
            continue
        stored, turned = (draw_depth_views(points, rig, DepthViewSettings()) for points in (cloud, cloud @ turn.T))
        seen = _mean_silhouette(masks)
        distances = [
            np.abs(seen - _mean_silhouette([foreground(view).mask for view in drawn])).mean()
            for drawn in (stored, turned)
        ]
        lies.append(distances[0] < distances[1])
    return float(np.mean(lies)) > 0.5


def _mean_silhouette(masks: list[np.ndarray]) -> np.ndarray:
    """(S, S) share of the views in which a place is covered, every object framed by its own bounding square."""
    framed = []
    for mask in masks:
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        half = max(rows[-1] - rows[0], columns[-1] - columns[0], 1) / 2 + 0.5
        middle = (rows[0] + rows[-1]) / 2 + 0.5, (columns[0] + columns[-1]) / 2 + 0.5
        box = tuple(round(edge) for edge in (middle[1] - half, middle[0] - half, middle[1] + half, middle[0] + half))
        picture = Image.fromarray(mask.astype(np.uint8) * 255).crop(box)
        framed.append(np.asarray(picture.resize((SILHOUETTE_SIZE, SILHOUETTE_SIZE), Image.Resampling.BILINEAR)) / 255)
    return np.mean(framed, axis=0)
