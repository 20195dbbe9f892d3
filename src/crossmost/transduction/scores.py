"""The transductive head on what scoring leaves: images, points and both together."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from crossmost.embeddings import Embeddings
from crossmost.large_arrays import release_pages, room_for
from crossmost.models.joint_prediction import fit_fusion, joint_prediction
from crossmost.scores import Scores
from crossmost.splits import ADAPT
from crossmost.transduction.head import apply_head, fit_head
from crossmost.transduction.settings import TransductionSettings

METHOD = "transductive"
_OBJECTS_AT_ONCE = 4096  # embeddings may be larger than memory


def transductive_scores(scores: Scores, embeddings: Embeddings, settings: TransductionSettings) -> Scores:
    """Scores of `fit_head`, one head for images (mean over views) and one for points.

    Heads and the joint prediction are learned from objects of the split "adapt", or from all if there are none; objects
    to test on have no part in them. Where there are many, heads are fitted on some of them and read the others, like
    single views, as they read objects to test on.

    Args:
        scores, embeddings: both of `score_collection`, of the same objects.
        settings: of the heads.

    Raises:
        ValueError: if they are of different objects.

    Returns:
        Scores with the method "transductive", objects in the order of the embeddings.
    """
    if len(scores) != len(embeddings.object_ids) or set(scores.object_ids) != set(embeddings.object_ids):
        raise ValueError("scores and embeddings are of different objects")
    order = scores.rows_of(embeddings.object_ids)
    splits = tuple(scores.splits[row] for row in order)
    adapted_to = torch.tensor([split == ADAPT for split in splits])
    known = adapted_to if adapted_to.any() else torch.ones_like(adapted_to)
    references = _drawn(known, settings.references)
    own_rows = torch.where(references, references.cumsum(0) - 1, -1)  # (N,)

    drawn = references.numpy()
    of_images, of_points = (torch.from_numpy(values) for values in scores.modalities(order[drawn]))
    image_head = fit_head(_mean_of_views(embeddings.views[drawn]), of_images, settings)
    point_head = fit_head(torch.from_numpy(embeddings.points[drawn]).float(), of_points, settings)

    array = room_for(scores.probabilities.shape, np.float32)
    found = Scores(METHOD, embeddings.object_ids, splits, array, scores.class_names)
    n_views = found.single.shape[1]
    for rows in found.blocks(_OBJECTS_AT_ONCE):
        given = torch.from_numpy(scores.probabilities[order[rows]])  # (B, V + 3, C)
        of_views, own = torch.from_numpy(embeddings.views[rows]), own_rows[rows]
        single, image, point = given[:, :n_views], given[:, n_views], given[:, n_views + 1]
        of_single = apply_head(
            image_head, of_views.flatten(0, 1), single.flatten(0, 1), own.repeat_interleave(n_views), settings
        )
        of_image = apply_head(image_head, _mean_of_views(embeddings.views[rows]), image, own, settings)
        of_point = apply_head(point_head, torch.from_numpy(embeddings.points[rows]), point, own, settings)
        found.single[rows] = of_single.unflatten(0, (-1, n_views)).numpy()
        found.image[rows], found.point[rows] = of_image.numpy(), of_point.numpy()
        release_pages(scores.probabilities)
    image, point = (torch.from_numpy(values) for values in found.modalities(np.arange(len(found))))
    found.joint[:] = joint_prediction(image, point, fit_fusion(image[known], point[known])).numpy()
    return found


def _drawn(known: Tensor, count: int) -> Tensor:
    """(N,) bool, at most ``count`` of the known objects, always the same ones."""
    among = known.nonzero().squeeze(1)
    chosen = among[torch.randperm(len(among), generator=torch.Generator().manual_seed(0))[:count]]
    return torch.zeros_like(known).index_fill(0, chosen, True)


def _mean_of_views(views: np.ndarray) -> Tensor:
    """(B, V, E) → (B, E) of unit length, float32."""
    return functional.normalize(torch.from_numpy(views.mean(axis=1, dtype=np.float32)), dim=-1)
