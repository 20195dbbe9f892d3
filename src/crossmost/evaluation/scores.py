"""Class probabilities of every method, checked and arranged for evaluation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from crossmost.errors import CrossmostError

SINGLE_VIEW = "image_single"
COMBINED_VIEWS = ("image", "point", "joint")
VIEWS = (SINGLE_VIEW, *COMBINED_VIEWS)
SPLITS = ("adapt", "test")
BASELINE = "zeroshot"

SCORE_COLUMNS = ("method", "object_id", "split", "view", "view_index", "probabilities")
SUM_TOLERANCE = 1e-2
NEGATIVE_TOLERANCE = 1e-6


@dataclass(frozen=True)
class ViewScores:
    """Probabilities of one method seen through one view kind, rows sorted by object, then view index.

    Attributes:
        object_ids: (R,) object of each row; R = objects, or objects times views for `image_single`.
        splits: (R,) "adapt" or "test".
        probabilities: (R, C) float64, each row sums to 1.
    """

    object_ids: np.ndarray
    splits: np.ndarray
    probabilities: np.ndarray

    @property
    def predicted(self) -> np.ndarray:
        """(R,) int64 index of the most probable class; the first one on an exact tie."""
        return self.probabilities.argmax(axis=1)

    @property
    def confidence(self) -> np.ndarray:
        """(R,) float64 probability of the predicted class."""
        return self.probabilities.max(axis=1)


MethodScores = dict[str, dict[str, ViewScores]]
"""Method name -> view kind -> scores; every method covers the same objects."""


def check_scores(tables: Iterable[pd.DataFrame], objects: pd.DataFrame, class_names: Sequence[str]) -> MethodScores:
    """Check long score tables against the objects and the class list, and arrange them by method and view.

    Args:
        tables: one or more tables with the columns `method, object_id, split, view, view_index,
            probabilities`.
        objects: the objects table; its `object_id` and `split` are the reference.
        class_names: the C class names in logit order.

    Returns:
        Method -> view -> `ViewScores`, in the order in which the methods first appear.

    Raises:
        CrossmostError: a column, object, view or split is unknown or missing, a row is doubled, or a
            probability vector has the wrong length, is not finite, is negative or does not sum to 1.
    """
    tables = list(tables)
    for table in tables:
        missing = [column for column in SCORE_COLUMNS if column not in table.columns]
        if missing:
            raise CrossmostError(
                f"A scores table lacks {', '.join(missing)}; its columns are {', '.join(table.columns)}. "
                "Run the stage that makes it again."
            )
    if not tables or all(table.empty for table in tables):
        raise CrossmostError(
            "There are no scores to evaluate: every scores table is empty. "
            "Run `kedro run --pipelines=zeroshot` and look at the quarantine table."
        )
    scores = pd.concat([table[list(SCORE_COLUMNS)] for table in tables if not table.empty], ignore_index=True)
    _check_keys(scores, objects)
    probabilities = _stack_probabilities(scores, class_names)

    arranged: MethodScores = {}
    order = scores.sort_values(["object_id", "view_index"], kind="stable").index.to_numpy()
    rows_of = scores.loc[order].groupby(["method", "view"], sort=False).indices
    for method in scores["method"].unique():
        arranged[method] = {}
        for view in VIEWS:
            if (method, view) not in rows_of:
                raise CrossmostError(
                    f"Method '{method}' has no scores for view '{view}'; each needs {', '.join(VIEWS)}. "
                    "Run the stage that scores it again."
                )
            rows = order[rows_of[method, view]]
            arranged[method][view] = ViewScores(
                object_ids=scores["object_id"].to_numpy(dtype=object)[rows],
                splits=scores["split"].to_numpy(dtype=object)[rows],
                probabilities=probabilities[rows],
            )
    _check_same_objects(arranged)
    return arranged


def _check_keys(scores: pd.DataFrame, objects: pd.DataFrame) -> None:
    unknown_views = sorted(set(scores["view"]) - set(VIEWS))
    if unknown_views:
        raise CrossmostError(f"Scores have the unknown view(s) {unknown_views}; allowed are {', '.join(VIEWS)}.")
    split_of = objects.drop_duplicates("object_id").set_index("object_id")["split"]
    unknown = sorted(set(scores["object_id"]) - set(split_of.index))
    if unknown:
        raise CrossmostError(
            f"Scores name {len(unknown)} object(s) that the objects table does not have: {_some(unknown)}. "
            "The scores belong to an older ingestion: run the scoring stages again."
        )
    expected = scores["object_id"].map(split_of)
    moved = scores.loc[scores["split"].to_numpy() != expected.to_numpy(), "object_id"].unique().tolist()
    if moved:
        raise CrossmostError(
            f"Scores and objects table disagree on the split of {len(moved)} object(s): {_some(moved)}. "
            "The split was drawn again after scoring: run the scoring stages again."
        )
    strange = sorted(set(scores["split"].dropna()) - set(SPLITS))
    if strange:
        raise CrossmostError(f"Scores have the unknown split(s) {strange}; allowed are {', '.join(SPLITS)}.")
    key = ["method", "object_id", "view", "view_index"]
    doubled = scores.loc[scores.duplicated(key), key]
    if len(doubled):
        first = doubled.iloc[0]
        raise CrossmostError(
            f"Scores have {len(doubled)} doubled row(s), the first: method '{first['method']}', object "
            f"'{first['object_id']}', view '{first['view']}', view index {first['view_index']}. "
            "Each may occur once: is the same scores table passed twice?"
        )


def _stack_probabilities(scores: pd.DataFrame, class_names: Sequence[str]) -> np.ndarray:
    """(R, C) float64 probabilities, checked."""

    def where(row: int) -> str:
        return (
            f"method '{scores['method'].iloc[row]}', object '{scores['object_id'].iloc[row]}', "
            f"view '{scores['view'].iloc[row]}'"
        )

    vectors = scores["probabilities"].tolist()
    lengths = np.fromiter((len(vector) for vector in vectors), dtype=np.int64, count=len(vectors))
    wrong = np.flatnonzero(lengths != len(class_names))
    if wrong.size:
        raise CrossmostError(
            f"{wrong.size} probability vector(s) have the wrong length; the first ({where(int(wrong[0]))}) "
            f"has {lengths[wrong[0]]} values for {len(class_names)} classes. "
            "The class list changed after scoring: run the scoring stages again."
        )
    stacked = np.stack([np.asarray(vector, dtype=np.float64) for vector in vectors])  # (R, C)
    invalid = np.flatnonzero(~(np.isfinite(stacked) & (stacked >= -NEGATIVE_TOLERANCE)).all(axis=1))
    if invalid.size:
        raise CrossmostError(
            f"{invalid.size} probability vector(s) have negative or non-finite values; the first is "
            f"{where(int(invalid[0]))}. The model that made them diverged: lower the learning rate."
        )
    sums = stacked.sum(axis=1)
    off = np.flatnonzero(np.abs(sums - 1) > SUM_TOLERANCE)
    if off.size:
        raise CrossmostError(
            f"{off.size} probability vector(s) do not sum to 1; the first ({where(int(off[0]))}) sums to "
            f"{sums[off[0]]:.4f}. Scores must be probabilities, not logits."
        )
    return stacked


def _check_same_objects(arranged: MethodScores) -> None:
    reference_method = next(iter(arranged))
    reference = set(arranged[reference_method]["joint"].object_ids)
    for method, views in arranged.items():
        for view, scores in views.items():
            difference = sorted(reference ^ set(scores.object_ids))
            if difference:
                raise CrossmostError(
                    f"Methods can only be compared on the same objects, but '{method}' ({view}) and "
                    f"'{reference_method}' (joint) differ in {len(difference)} object(s): "
                    f"{_some(difference)}. Run the scoring stages again."
                )


def _some(names: Sequence[str], limit: int = 5) -> str:
    listed = ", ".join(f"'{name}'" for name in names[:limit])
    return listed if len(names) <= limit else f"{listed} and {len(names) - limit} more"
