"""The transductive head on the tables that scoring leaves: images, points and both together."""

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.nn import functional

from crossmost.embeddings import Embeddings
from crossmost.models.joint_prediction import fit_fusion, joint_prediction
from crossmost.splits import ADAPT
from crossmost.transduction.head import TransductiveHead, apply_head, fit_head
from crossmost.transduction.settings import TransductionSettings

METHOD = "transductive"
_OBJECTS_AT_ONCE = 4096  # embeddings may be larger than memory


def transductive_scores(scores: pd.DataFrame, embeddings: Embeddings, settings: TransductionSettings) -> pd.DataFrame:
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
        ``scores`` with other probabilities and the method "transductive".
    """
    place = scores["object_id"].map({object_id: row for row, object_id in enumerate(embeddings.object_ids)})
    if place.isna().any() or place.nunique() < len(embeddings.object_ids):
        raise ValueError("scores and embeddings are of different objects")
    ordered = scores.assign(place=place).sort_values(["place", "view_index"])
    views = {str(view): rows for view, rows in ordered.groupby("view")}
    split = views["image"]["split"].to_numpy()
    adapted_to = torch.from_numpy(split == ADAPT)
    known = adapted_to if adapted_to.any() else torch.ones_like(adapted_to)
    references = _drawn(known, settings.references)
    own_rows = torch.where(references, references.cumsum(0) - 1, -1)  # (N,)

    probabilities = {view: _stack(rows["probabilities"]) for view, rows in views.items()}
    image_head = _fit(
        _mean_of_views(embeddings.views[references.numpy()]), probabilities["image"][references], settings
    )
    point_head = _fit(
        torch.from_numpy(embeddings.points[references.numpy()]), probabilities["point"][references], settings
    )

    n_views = embeddings.views.shape[1]
    single = probabilities["image_single"].unflatten(0, (-1, n_views))
    blocks: list[dict[str, Tensor]] = []
    for first in range(0, len(split), _OBJECTS_AT_ONCE):
        rows = slice(first, first + _OBJECTS_AT_ONCE)
        of_views, own = torch.from_numpy(embeddings.views[rows]), own_rows[rows]
        of_single = apply_head(
            image_head, of_views.flatten(0, 1), single[rows].flatten(0, 1), own.repeat_interleave(n_views), settings
        )
        of_image = apply_head(
            image_head, _mean_of_views(embeddings.views[rows]), probabilities["image"][rows], own, settings
        )
        points = torch.from_numpy(embeddings.points[rows])
        of_point = apply_head(point_head, points, probabilities["point"][rows], own, settings)
        blocks.append({"image_single": of_single, "image": of_image, "point": of_point})
    found = {view: torch.cat([block[view] for block in blocks]) for view in ("image_single", "image", "point")}
    fusion = fit_fusion(found["image"][known], found["point"][known])
    found["joint"] = joint_prediction(found["image"], found["point"], fusion)
    parts = [pd.Series(list(values.numpy()), index=views[view].index, dtype=object) for view, values in found.items()]
    return scores.assign(method=METHOD, probabilities=pd.concat(parts).reindex(scores.index))


def _drawn(known: Tensor, count: int) -> Tensor:
    """(N,) bool, at most ``count`` of the known objects, always the same ones."""
    among = known.nonzero().squeeze(1)
    chosen = among[torch.randperm(len(among), generator=torch.Generator().manual_seed(0))[:count]]
    return torch.zeros_like(known).index_fill(0, chosen, True)


def _mean_of_views(views: np.ndarray) -> Tensor:
    """(B, V, E) → (B, E) of unit length, float32."""
    return functional.normalize(torch.from_numpy(views.mean(axis=1, dtype=np.float32)), dim=-1)


def _fit(embeddings: Tensor, probabilities: Tensor, settings: TransductionSettings) -> TransductiveHead:
    return fit_head(embeddings.float(), probabilities, settings)


def _stack(values: pd.Series) -> Tensor:
    """Lists of D numbers in R cells → (R, D) float32."""
    return torch.from_numpy(np.stack(list(values), dtype=np.float32))
