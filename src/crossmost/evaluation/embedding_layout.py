"""Embeddings in two dimensions, for a map that people look at."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from sklearn.manifold import TSNE

from crossmost.embeddings import Embeddings

PERPLEXITY = 30.0
"""Of t-SNE: about how many neighbors a point keeps."""
LEAST_FOR_TSNE = 12
"""Fewer points have no neighborhoods to speak of: they are laid out by their principal components."""


def drawn_embeddings(models: Sequence[Embeddings], *, n_objects: int, n_views: int, seed: int) -> pd.DataFrame:
    """Embeddings of the same random objects under several models, one for each modality.

    Args:
        models: of the same objects, one for each model.
        n_objects: objects to draw; fewer if there are fewer.
        n_views: views per object, evenly spread over the stored ones; their embeddings are averaged.
        seed: draws the objects.

    Returns:
        `method, object_id, modality, embedding`; embeddings are (E,) float32 of unit length.
    """
    object_ids = np.unique(models[0].object_ids)
    size = min(n_objects, len(object_ids))
    drawn = set(object_ids[np.random.default_rng(seed).choice(len(object_ids), size=size, replace=False)])
    parts = []
    for embeddings in models:
        rows = [row for row, object_id in enumerate(embeddings.object_ids) if object_id in drawn]
        stored = embeddings.views.shape[1]
        picked = [index * stored // min(n_views, stored) for index in range(min(n_views, stored))]
        of_modality = {"image": embeddings.views[rows][:, picked], "point": embeddings.points[rows][:, None]}
        columns = {"method": embeddings.method, "object_id": [embeddings.object_ids[row] for row in rows]}
        parts += [
            pd.DataFrame({**columns, "modality": modality, "embedding": list(_mean_direction(values))})
            for modality, values in of_modality.items()
        ]
    return pd.concat(parts, ignore_index=True)


def _mean_direction(embeddings: np.ndarray) -> np.ndarray:
    """(B, V, E) → (B, E) of unit length."""
    mean = embeddings.mean(axis=1, dtype=np.float32)
    return np.asarray(mean / np.linalg.norm(mean, axis=-1, keepdims=True))


def lay_out(embeddings: pd.DataFrame, classifier: np.ndarray, *, seed: int) -> pd.DataFrame:
    """All embeddings together in the plane, so that the maps of both models share their axes.

    Only the directions in which class embeddings differ are looked at, which is what the classifier sees. Each model's
    modality is centered first: the constant offset between images and points (the modality gap, Liang et al., 2022)
    would otherwise part the map into two islands. Then t-SNE (van der Maaten & Hinton, 2008), started from the
    principal components.

    Args:
        embeddings: `method, object_id, modality, embedding` (lists of E floats).
        classifier: (E, C) class embeddings of the zero-shot model.
        seed: of the layout.

    Returns:
        The table with `x, y` in place of `embedding`, scaled so that the largest coordinate is 1.
    """
    vectors = np.stack([np.asarray(values, dtype=np.float64) for values in embeddings["embedding"]])  # (R, E)
    for rows in embeddings.groupby(["method", "modality"], sort=False).indices.values():
        vectors[rows] -= vectors[rows].mean(axis=0)
    vectors = vectors @ class_directions(classifier)  # (R, ≤ C - 1)
    if len(vectors) < LEAST_FOR_TSNE:
        xy = _principal_components(vectors)
    else:
        perplexity = min(PERPLEXITY, (len(vectors) - 1) / 3)
        start = _principal_components(vectors)
        start = 1e-4 * start / max(start[:, 0].std(), 1e-12)
        layout = TSNE(init=start, perplexity=perplexity, metric="cosine", random_state=seed, n_jobs=1)
        xy = layout.fit_transform(vectors.astype(np.float32)).astype(np.float64)
        xy -= (xy.min(axis=0) + xy.max(axis=0)) / 2
    xy = (xy / max(np.abs(xy).max(), 1e-12)).round(4)
    return embeddings.drop(columns="embedding").assign(x=xy[:, 0], y=xy[:, 1])


def class_directions(classifier: np.ndarray) -> np.ndarray:
    """Orthonormal basis (E, K), K ≤ C - 1, of the space in which the C columns of the classifier (E, C) differ."""
    centered = classifier - classifier.mean(axis=1, keepdims=True)
    directions, sizes, _ = np.linalg.svd(centered.astype(np.float64), full_matrices=False)
    return directions[:, sizes > 1e-6 * max(sizes[0], 1e-12)]


def _principal_components(vectors: np.ndarray) -> np.ndarray:
    """(R, 2) coordinates along the two axes of largest variance; a missing axis is 0, the sign of an axis is fixed."""
    _, axes = np.linalg.eigh(vectors.T @ vectors)
    top = axes[:, ::-1][:, :2]
    top = top * np.sign(top[np.abs(top).argmax(axis=0), np.arange(top.shape[1])])
    xy = vectors @ top
    return np.pad(xy, ((0, 0), (0, 2 - xy.shape[1])))
