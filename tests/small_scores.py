"""Scores of a few objects, written out."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from crossmost.scores import COMBINED_VIEWS, Scores


def make_scores(
    splits: Mapping[str, str],
    image: ArrayLike,
    *,
    method: str = "zeroshot",
    single: ArrayLike | None = None,
    **views: ArrayLike,
) -> Scores:
    """Scores of objects.

    Args:
        splits: object id → split, in the order of the rows.
        image: (N, C).
        single: (N, V, C); one view like ``image`` if it is not given.
        views: (N, C) of point and joint; like ``image`` if they are not given.
    """
    combined = [np.asarray(views.get(view, image), dtype=np.float32)[:, None] for view in COMBINED_VIEWS]
    each = combined[0] if single is None else np.asarray(single, dtype=np.float32)
    return Scores(method, tuple(splits), tuple(splits.values()), np.concatenate([each, *combined], axis=1))


def taken(scores: Scores, rows: Sequence[int] | np.ndarray) -> Scores:
    """Scores of some of the objects, in that order."""
    return replace(
        scores,
        object_ids=tuple(scores.object_ids[row] for row in rows),
        splits=tuple(scores.splits[row] for row in rows),
        probabilities=scores.probabilities[np.asarray(rows, dtype=np.intp)],
    )


def without(scores: Scores, object_ids: set[str]) -> Scores:
    """Scores of all but some objects."""
    return taken(scores, [row for row, name in enumerate(scores.object_ids) if name not in object_ids])


def all_in(scores: Scores, split: str) -> Scores:
    """The same with every object in one split."""
    return replace(scores, splits=(split,) * len(scores))
