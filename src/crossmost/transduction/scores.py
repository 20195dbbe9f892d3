"""The transductive head on the tables that scoring leaves: images, points and both together."""

from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.nn import functional

from crossmost.models.joint_prediction import fit_fusion, joint_prediction
from crossmost.splits import ADAPT
from crossmost.transduction.head import TransductiveHead, apply_head, fit_head
from crossmost.transduction.settings import TransductionSettings

METHOD = "transductive"


class _Modality(NamedTuple):
    """One modality of N objects: (N, E) unit embeddings, float32 for a head to be fitted, and (N, C) probabilities."""

    embeddings: Tensor
    probabilities: Tensor


def transductive_scores(scores: pd.DataFrame, embeddings: pd.DataFrame, settings: TransductionSettings) -> pd.DataFrame:
    """Scores of `fit_head`, one head for images (mean over views) and one for points.

    Heads and the joint prediction are learned from objects of the split "adapt", or from all if there are none; objects
    to test on have no part in them. Where there are many, heads are fitted on some of them and read the others, like
    single views, as they read objects to test on.

    Args:
        scores, embeddings: both tables of `score_collection`, of the same objects.
        settings: of the heads.

    Returns:
        ``scores`` with other probabilities and the method "transductive".
    """
    views = {str(view): rows.sort_values(["object_id", "view_index"]) for view, rows in scores.groupby("view")}
    embeddings = embeddings.sort_values(["object_id", "view_index"])
    embedded = {str(modality): rows["embedding"] for modality, rows in embeddings.groupby("modality")}
    split = views["image"]["split"].to_numpy()
    adapted_to = torch.from_numpy(split == ADAPT)
    known = adapted_to if adapted_to.any() else torch.ones_like(adapted_to)
    references = _drawn(known, settings.references)
    own_rows = torch.where(references, references.cumsum(0) - 1, -1)  # (N,)

    of_views = np.stack(list(embedded["image"]))  # (N·V, E), as stored
    n_views = len(of_views) // len(split)
    mean_view = torch.from_numpy(of_views.reshape(len(split), n_views, -1).mean(axis=1, dtype=np.float32))
    image = _Modality(functional.normalize(mean_view, dim=-1), _stack(views["image"]["probabilities"]))
    point = _Modality(_stack(embedded["point"]), _stack(views["point"]["probabilities"]))
    single = _Modality(torch.from_numpy(of_views), _stack(views["image_single"]["probabilities"]))

    image_head, point_head = (_fit(modality, references, settings) for modality in (image, point))
    of_image = apply_head(image_head, *image, own_rows, settings)
    of_point = apply_head(point_head, *point, own_rows, settings)
    found = {
        "image_single": apply_head(image_head, *single, own_rows.repeat_interleave(n_views), settings),
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
