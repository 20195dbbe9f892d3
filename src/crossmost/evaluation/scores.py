"""What every method says of every object, checked; as much of it as evaluation needs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from crossmost.errors import CrossmostError
from crossmost.scores import COMBINED_VIEWS, SINGLE_VIEW, Scores

SPLITS = ("adapt", "test")
BASELINE = "zeroshot"

TOP_CLASSES = 5
SUM_TOLERANCE = 1e-2
NEGATIVE_TOLERANCE = 1e-6


@dataclass(frozen=True)
class ViewScores:
    """Verdicts of one method on N objects, seen through one view kind.

    Attributes:
        best: (N, K) int32 classes, the most probable first; of equal ones the first in the class list. For
            `image_single` (N, V, 1), one verdict per view.
        confidence: (N,) or (N, V) float64 probability of the most probable class.
    """

    best: np.ndarray
    confidence: np.ndarray

    @property
    def predicted(self) -> np.ndarray:
        """(N,) or (N, V) most probable class."""
        return np.asarray(self.best[..., 0])

    def taken(self, rows: np.ndarray) -> ViewScores:
        """Of some objects."""
        return ViewScores(self.best[rows], self.confidence[rows])


MethodViews = dict[str, dict[str, ViewScores]]
"""Method name → view kind → verdicts."""


@dataclass(frozen=True)
class MethodScores:
    """Verdicts of all methods on the same N objects, in the order of their ids.

    Attributes:
        object_ids: (N,).
        splits: (N,) "adapt" or "test".
        views: in the order in which methods were given.
        stored: by method, the scores that verdicts were read from, in an order of their own.
    """

    object_ids: np.ndarray
    splits: np.ndarray
    views: MethodViews
    stored: dict[str, Scores]


def check_scores(methods: Iterable[Scores], objects: pd.DataFrame, class_names: Sequence[str]) -> MethodScores:
    """Check scores against the objects and the class list, and keep what each says of each object.

    Args:
        methods: scores of one or more methods; they are read block by block.
        objects: the objects table; its `object_id` and `split` are the reference.
        class_names: the C class names in logit order.

    Raises:
        CrossmostError: a method, an object or a split is unknown, doubled or missing, classes are others, or a
            probability vector has the wrong length, is not finite, is negative or does not sum to 1.
    """
    given = [scores for scores in methods if len(scores)]
    if not given:
        raise CrossmostError(
            "There are no scores to evaluate: no method has scored an object. "
            "Run `kedro run --pipelines=zeroshot` and look at the quarantine table."
        )
    stored = {scores.method: scores for scores in given}
    if len(stored) < len(given):
        names = [scores.method for scores in given]
        raise CrossmostError(f"Each method may have scores once, but they are of {', '.join(names)}.")
    split_of = objects.drop_duplicates("object_id").set_index("object_id")["split"]
    for scores in given:
        _check_objects(scores, split_of)
        if scores.probabilities.shape[-1] != len(class_names):
            raise CrossmostError(
                f"Probability vectors have the wrong length: method '{scores.method}' has "
                f"{scores.probabilities.shape[-1]} values for {len(class_names)} classes. "
                "The class list changed after scoring: run the scoring stages again."
            )
        if scores.class_names and scores.class_names != tuple(class_names):
            own, other = next(pair for pair in zip(scores.class_names, class_names, strict=True) if pair[0] != pair[1])
            raise CrossmostError(
                f"Method '{scores.method}' was scored with other classes ('{own}' where the list has '{other}'). "
                "The class list changed after scoring: run the scoring stages again."
            )
    _check_same_objects(given)
    rows = given[0].sorted_rows()
    return MethodScores(
        object_ids=np.asarray(given[0].object_ids, dtype=object)[rows],
        splits=np.asarray(given[0].splits, dtype=object)[rows],
        views={method: _verdicts(scores) for method, scores in stored.items()},
        stored=stored,
    )


def most_probable(probabilities: np.ndarray, count: int) -> np.ndarray:
    """(…, C) → (…, count) int32 classes, the most probable first; of equal ones the first in the class list."""
    rest = np.array(probabilities)
    best = np.empty((*rest.shape[:-1], count), dtype=np.int32)
    for place in range(count):
        best[..., place] = rest.argmax(axis=-1)
        np.put_along_axis(rest, best[..., place, None].astype(np.intp), -np.inf, axis=-1)
    return best


def _verdicts(scores: Scores) -> dict[str, ViewScores]:
    """By view kind, objects in the order of their ids; raises if something is no probability."""
    n_objects, n_rows, n_classes = scores.probabilities.shape
    combined = slice(n_rows - len(COMBINED_VIEWS), n_rows)
    best = np.empty((n_objects, n_rows, 1), dtype=np.int32)
    top = np.empty((n_objects, len(COMBINED_VIEWS), min(TOP_CLASSES, n_classes)), dtype=np.int32)
    confidence = np.empty((n_objects, n_rows))
    negative, sums = np.empty((n_objects, n_rows), dtype=bool), np.empty((n_objects, n_rows))
    for rows in scores.blocks():
        block = np.asarray(scores.probabilities[rows])  # (B, V + 3, C)
        negative[rows] = ~(np.isfinite(block) & (block >= -NEGATIVE_TOLERANCE)).all(axis=-1)
        with np.errstate(invalid="ignore"):  # the sum of what is not finite
            sums[rows] = block.sum(axis=-1, dtype=np.float64)
        best[rows], top[rows] = most_probable(block, 1), most_probable(block[:, combined], top.shape[-1])
        confidence[rows] = block.max(axis=-1)
    _check_probabilities(scores, negative, sums)
    order = scores.sorted_rows()
    verdicts = {SINGLE_VIEW: ViewScores(best[:, : combined.start], confidence[:, : combined.start]).taken(order)}
    for number, view in enumerate(COMBINED_VIEWS):
        verdicts[view] = ViewScores(top[:, number], confidence[:, combined.start + number]).taken(order)
    return verdicts


def _check_probabilities(scores: Scores, negative: np.ndarray, sums: np.ndarray) -> None:
    """Say which of the (N, V + 3) vectors are wrong, if some are."""

    def where(found: tuple[np.ndarray, ...]) -> str:
        number, row = found[0][0], found[1][0]
        return f"method '{scores.method}', object '{scores.object_ids[number]}', view '{scores.view_names()[row]}'"

    if negative.any():
        found = negative.nonzero()
        raise CrossmostError(
            f"{len(found[0])} probability vector(s) have negative or non-finite values; the first is "
            f"{where(found)}. The model that made them diverged: lower the learning rate."
        )
    off = np.abs(sums - 1) > SUM_TOLERANCE
    if off.any():
        found = off.nonzero()
        raise CrossmostError(
            f"{len(found[0])} probability vector(s) do not sum to 1; the first ({where(found)}) sums to "
            f"{sums[found][0]:.4f}. Scores must be probabilities, not logits."
        )


def _check_objects(scores: Scores, split_of: pd.Series) -> None:
    """Against the objects table: split by object id."""
    unknown = sorted(set(scores.object_ids) - set(split_of.index))
    if unknown:
        raise CrossmostError(
            f"Scores name {len(unknown)} object(s) that the objects table does not have: {_some(unknown)}. "
            "The scores belong to an older ingestion: run the scoring stages again."
        )
    ids = pd.Series(scores.object_ids)
    moved = ids[np.asarray(scores.splits, dtype=object) != ids.map(split_of).to_numpy(dtype=object)].tolist()
    if moved:
        raise CrossmostError(
            f"Scores and objects table disagree on the split of {len(moved)} object(s): {_some(moved)}. "
            "The split was drawn again after scoring: run the scoring stages again."
        )
    strange = sorted(set(scores.splits) - set(SPLITS))
    if strange:
        raise CrossmostError(f"Scores have the unknown split(s) {strange}; allowed are {', '.join(SPLITS)}.")
    doubled = ids[ids.duplicated()].tolist()
    if doubled:
        raise CrossmostError(
            f"Method '{scores.method}' has scored {len(doubled)} object(s) more than once: {_some(doubled)}. "
            "Run the stage that scores it again."
        )


def _check_same_objects(methods: Sequence[Scores]) -> None:
    reference = methods[0]
    for scores in methods:
        difference = sorted(set(reference.object_ids) ^ set(scores.object_ids))
        if difference:
            raise CrossmostError(
                f"Methods can only be compared on the same objects, but '{scores.method}' and "
                f"'{reference.method}' differ in {len(difference)} object(s): "
                f"{_some(difference)}. Run the scoring stages again."
            )


def _some(names: Sequence[str], limit: int = 5) -> str:
    listed = ", ".join(f"'{name}'" for name in names[:limit])
    return listed if len(names) <= limit else f"{listed} and {len(names) - limit} more"
