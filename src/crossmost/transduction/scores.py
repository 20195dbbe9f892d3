"""The transductive head on the tables that scoring leaves: images, points and both together."""

from typing import NamedTuple

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


class _Modality(NamedTuple):
    """One modality of N objects: (N, E) unit embeddings, float32 for a head to be fitted, and (N, C) probabilities."""

    embeddings: Tensor
    probabilities: Tensor


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

    n_views = embeddings.views.shape[1]
    mean_view = torch.from_numpy(embeddings.views.mean(axis=1, dtype=np.float32))
    image = _Modality(functional.normalize(mean_view, dim=-1), _stack(views["image"]["probabilities"]))
    point = _Modality(torch.from_numpy(embeddings.points.astype(np.float32)), _stack(views["point"]["probabilities"]))

    image_head, point_head = (_fit(modality, references, settings) for modality in (image, point))
    of_image = apply_head(image_head, *image, own_rows, settings)
    of_point = apply_head(point_head, *point, own_rows, settings)
    single = _stack(views["image_single"]["probabilities"]).unflatten(0, (-1, n_views))
    of_single = [
        apply_head(image_head, torch.from_numpy(embeddings.views[:, view]), single[:, view], own_rows, settings)
        for view in range(n_views)
    ]
    found = {
        "image_single": torch.stack(of_single, dim=1).flatten(0, 1),
        "image": of_image,
        "point": of_point,
        "joint": joint_prediction(of_image, of_point, fit_fusion(of_image[known], of_point[known])),
    }
    parts = [
        pd.Series(list(probabilities.numpy()), index=views[view].index, dtype=object)
        for view, probabilities in found.items()
    ]
    return scores.assign(method=METHOD, probabilities=pd.concat(parts).reindex(scores.index))


def _drawn(known: Tensor, count: int) -> Tensor:
    """(N,) bool, at most ``count`` of the known objects, always the same ones."""
    among = known.nonzero().squeeze(1)
    chosen = among[torch.randperm(len(among), generator=torch.Generator().manual_seed(0))[:count]]
    return torch.zeros_like(known).index_fill(0, chosen, True)


def _fit(modality: _Modality, references: Tensor, settings: TransductionSettings) -> TransductiveHead:
    return fit_head(modality.embeddings[references], modality.probabilities[references], settings)


def _stack(values: pd.Series) -> Tensor:
    """Lists of D numbers in R cells → (R, D) float32."""
    return torch.from_numpy(np.stack(list(values), dtype=np.float32))
