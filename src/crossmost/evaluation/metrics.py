"""Accuracy of every method, split and view; all of it follows from one table of per-object correctness."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.metrics import confusion_matrix

from crossmost.errors import CrossmostError
from crossmost.evaluation.scores import BASELINE, SPLITS, MethodScores
from crossmost.scores import COMBINED_VIEWS, VIEWS

logger = logging.getLogger(__name__)

GROUP = ["method", "split", "view"]
MOST_CLASSES = 100
"""Tables of all pairs of more classes would be nearly empty, and very long."""


def class_index_of(labels: pd.DataFrame, class_names: Sequence[str]) -> pd.Series:
    """Class index (int64) of each labeled object, by object_id; rows without a class name are left out.

    Raises:
        CrossmostError: a class name is not in `class_names`, or an object has two labels.
    """
    labeled = labels.dropna(subset=["class_name"])
    unknown = sorted(set(labeled["class_name"]) - set(class_names))
    if unknown:
        raise CrossmostError(
            f"The labels name {len(unknown)} class(es) that the class list does not have: {unknown[:5]}; "
            f"allowed are {', '.join(class_names)}. Run `kedro run --pipelines=ingestion` again."
        )
    doubled = labeled.loc[labeled["object_id"].duplicated(), "object_id"].tolist()
    if doubled:
        raise CrossmostError(
            f"{len(doubled)} object(s) have more than one label, the first is '{doubled[0]}'. "
            "Run `kedro run --pipelines=ingestion` again."
        )
    position = {name: index for index, name in enumerate(class_names)}
    indices = labeled["class_name"].map(position).astype(np.int64).to_numpy()
    return pd.Series(indices, index=labeled["object_id"].to_numpy(dtype=object), dtype=np.int64)


def correctness_table(scores: MethodScores, labels: pd.DataFrame, class_names: Sequence[str]) -> pd.DataFrame:
    """How right each method is about each labeled object.

    `correct` is 0 or 1; for `image_single` it is the share of the object's views, taken one at a time, that
    are classified correctly, so that its mean over objects is the mean over views of the single-view accuracy
    (method, section 5).

    Returns:
        A table `method, split, view, object_id, class_name, correct` (float64 in [0, 1]), without unlabeled
        objects.
    """
    class_index = class_index_of(labels, class_names)
    names = np.asarray(class_names, dtype=object)
    truth = pd.Series(scores.object_ids).map(class_index).to_numpy(dtype=np.float64)  # (N,), NaN: no label
    labeled = ~np.isnan(truth)
    truth = truth[labeled].astype(np.int64)
    parts = []
    for method, views in scores.views.items():
        for view, said in views.items():
            right = np.atleast_2d(truth == said.predicted[labeled].T)  # (1, N) or (V, N)
            parts.append(
                pd.DataFrame(
                    {
                        "method": method,
                        "split": scores.splits[labeled],
                        "view": view,
                        "object_id": scores.object_ids[labeled],
                        "class_name": names[truth],
                        "correct": right.mean(axis=0),
                    }
                )
            )
    left_out = len(labeled) - len(truth)
    if left_out and len(class_index):
        logger.warning("%d of %d scored objects have no label and are left out of the metrics.", left_out, len(labeled))
    return pd.concat(parts, ignore_index=True)


def accuracy_table(correctness: pd.DataFrame) -> pd.DataFrame:
    """`method, split, view, n, top1, mean_class` (fractions); classes without objects do not count."""
    if correctness.empty:
        return pd.DataFrame(columns=[*GROUP, "n", "top1", "mean_class"])
    overall = correctness.groupby(GROUP, sort=False)["correct"].agg(n="size", top1="mean").reset_index()
    by_class = correctness.groupby([*GROUP, "class_name"], sort=False)["correct"].mean()
    mean_class = by_class.groupby(level=GROUP, sort=False).mean().rename("mean_class").reset_index()
    return overall.merge(mean_class, on=GROUP, how="left", validate="one_to_one")


def per_class_table(correctness: pd.DataFrame, class_names: Sequence[str]) -> pd.DataFrame:
    """`method, split, view, class_name, n, top1` of every class that has objects in the split."""
    if correctness.empty:
        return pd.DataFrame(columns=[*GROUP, "class_name", "n", "top1"])
    grouped = correctness.groupby([*GROUP, "class_name"], sort=False)["correct"]
    table = grouped.agg(n="size", top1="mean").reset_index()
    position = {name: index for index, name in enumerate(class_names)}
    methods = {method: index for index, method in enumerate(correctness["method"].unique())}
    return table.sort_values(
        [*GROUP, "class_name"],
        key=lambda column: column.map(
            {"method": methods, "class_name": position}.get(
                str(column.name), {v: i for i, v in enumerate(SPLITS + VIEWS)}
            )
        ),
        ignore_index=True,
    )


def confusion_table(scores: MethodScores, labels: pd.DataFrame, class_names: Sequence[str]) -> pd.DataFrame:
    """`method, split, view, true_class, predicted_class, count`: all C x C pairs, all views combined.

    Of more than `MOST_CLASSES` classes only the pairs that occur.
    """
    class_index = class_index_of(labels, class_names)
    names = np.asarray(class_names, dtype=object)
    classes = np.arange(len(class_names))
    truth = pd.Series(scores.object_ids).map(class_index).to_numpy(dtype=np.float64)  # (N,), NaN: no label
    parts = []
    for method, views in scores.views.items():
        for view in COMBINED_VIEWS:
            for split in SPLITS:
                rows = (scores.splits == split) & ~np.isnan(truth)
                if not rows.any():
                    continue
                counts = confusion_matrix(truth[rows].astype(np.int64), views[view].predicted[rows], labels=classes)
                true, predicted = (counts >= (0 if len(names) <= MOST_CLASSES else 1)).nonzero()
                parts.append(
                    pd.DataFrame(
                        {
                            "method": method,
                            "split": split,
                            "view": view,
                            "true_class": names[true],
                            "predicted_class": names[predicted],
                            "count": counts[true, predicted],  # (C, C), true class in rows
                        }
                    )
                )
    if not parts:
        return pd.DataFrame(columns=[*GROUP, "true_class", "predicted_class", "count"])
    return pd.concat(parts, ignore_index=True)


def gains_table(correctness: pd.DataFrame, baseline: str = BASELINE) -> pd.DataFrame:
    """What each method gains over the baseline on the same objects, with a paired 95 % interval.

    The interval says how far the gain would move on other objects of the same kind, not how far it moves with the
    training seed. It is Student's with half an object added to each cell of the table of both methods' successes, which
    keeps its promise where few objects changed (after Agresti & Min, 2005).

    Returns:
        `method, baseline, split, view, n, fixed, broken, gain, low, high`; fixed and broken are numbers of
        objects (for `image_single`: summed shares of views), the last three are fractions.
    """
    columns = ["method", "baseline", "split", "view", "n", "fixed", "broken", "gain", "low", "high"]
    records: list[dict[str, Any]] = []
    for (split, view), group in correctness.groupby(["split", "view"], sort=False):
        by_method = group.pivot(index="object_id", columns="method", values="correct")
        if baseline not in by_method:
            continue
        for method in (name for name in group["method"].unique() if name != baseline):
            difference = (by_method[method] - by_method[baseline]).to_numpy()
            low, high = paired_interval(difference)
            records.append(
                {
                    "method": method,
                    "baseline": baseline,
                    "split": split,
                    "view": view,
                    "n": len(difference),
                    "fixed": round(float(difference[difference > 0].sum()), 4),
                    "broken": round(float(np.abs(difference[difference < 0]).sum()), 4),
                    "gain": difference.mean(),
                    "low": low,
                    "high": high,
                }
            )
    return pd.DataFrame(records, columns=columns)


def paired_interval(difference: np.ndarray) -> tuple[float, float]:
    """95 % interval of the mean of paired differences, see `gains_table`.

    Args:
        difference: (N,) of one object each, in [−1, 1].
    """
    size = len(difference) + 2  # half an object that gained, half a one that lost, one that did neither
    center = difference.sum() / size
    error = stats.t.ppf(0.975, size - 1) * np.sqrt(((np.square(difference).sum() + 1) / size - center**2) / size)
    return max(float(center - error), -1.0), min(float(center + error), 1.0)


def metrics_document(
    *,
    dataset: str,
    seed: int,
    class_names: Sequence[str],
    accuracy: pd.DataFrame,
    confidence: pd.DataFrame,
) -> dict[str, Any]:
    """The content of metrics.json.

    Args:
        dataset: name of the collection.
        seed: seed of the split and of training.
        class_names: the C class names.
        accuracy: from `accuracy_table`; empty for an unlabeled collection.
        confidence: from `confidence_table`; used where there are no labels.

    Returns:
        `{"dataset", "n_classes", "n_adapt", "n_test", "seed", "methods": {METHOD: {SPLIT: {VIEW: {...}}}}}`.
        With labels, `{"top1", "mean_class"}` as fractions rounded to four decimals and n the labeled objects;
        without, `{"confidence"}` (for joint also `"agreement"`) and n all scored objects.
    """
    source = accuracy if len(accuracy) else confidence
    methods: dict[str, Any] = {}
    for row in source.to_dict("records"):
        if len(accuracy):
            values = {"top1": row["top1"], "mean_class": row["mean_class"]}
        else:
            values = {"confidence": row["confidence"]}
            if row["view"] == "joint":
                values["agreement"] = row["agreement"]
        view = {name: round(float(value), 4) for name, value in values.items()}
        methods.setdefault(row["method"], {}).setdefault(row["split"], {})[row["view"]] = view
    size = source.groupby("split")["n"].max()
    return {
        "dataset": dataset,
        "n_classes": len(class_names),
        "n_adapt": int(size.get("adapt", 0)),
        "n_test": int(size.get("test", 0)),
        "seed": seed,
        "methods": methods,
    }
