"""Whether confidences can be believed: accuracy by confidence, and the expected calibration error."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from crossmost.evaluation.calibration import CALIBRATED, calibrated_scores
from crossmost.evaluation.metrics import GROUP, class_index_of
from crossmost.evaluation.scores import SPLITS, MethodScores

N_BINS = 10
CONFIDENCES = ("image", "image" + CALIBRATED, "point", "point" + CALIBRATED, "joint")
COLUMNS = [*GROUP, "bin", "low", "high", "n", "confidence", "accuracy"]


def reliability_table(
    scores: MethodScores, labels: pd.DataFrame, class_names: Sequence[str], n_bins: int = N_BINS
) -> pd.DataFrame:
    """Accuracy of labeled objects by confidence, in bins of equal width (Guo et al., 2017, section 2).

    Args:
        scores: checked scores of every method.
        labels: true labels; may be empty.
        class_names: the C class names in logit order.
        n_bins: bins between 0 and 1; a bin includes its upper end.

    Returns:
        `method, split, view, bin, low, high, n, confidence, accuracy`, bins that hold objects only; `confidence`
        is the mean over the bin's objects, `accuracy` the share of them that is right. Views are `CONFIDENCES`, with
        those of `calibrated_scores`. Empty without labels.
    """
    class_index = class_index_of(labels, class_names)
    calibrated = calibrated_scores(scores)
    truth = pd.Series(scores.object_ids).map(class_index).to_numpy(dtype=np.float64)  # (N,), NaN: no label
    parts = []
    for method, views in scores.views.items():
        for view in CONFIDENCES:
            said = (views | calibrated[method])[view]
            rows = pd.DataFrame(
                {
                    "split": scores.splits,
                    "confidence": said.confidence,
                    "correct": (said.predicted == truth).astype(np.float64),
                }
            )[~np.isnan(truth)]
            rows["bin"] = np.ceil(rows["confidence"] * n_bins).clip(1, n_bins).astype(np.int64) - 1
            table = rows.groupby(["split", "bin"]).agg(
                n=("correct", "size"), confidence=("confidence", "mean"), accuracy=("correct", "mean")
            )
            parts.append(table.reset_index().assign(method=method, view=view))
    table = pd.concat(parts, ignore_index=True)
    table["low"], table["high"] = table["bin"] / n_bins, (table["bin"] + 1) / n_bins
    position = {split: index for index, split in enumerate(SPLITS)}
    order = table["split"].map(position).sort_values(kind="stable").index
    return table.loc[order, COLUMNS].reset_index(drop=True)


def calibration_error(reliability: pd.DataFrame) -> pd.Series:
    """Expected calibration error by (method, split, view): mean distance of accuracy and confidence over objects."""
    distance = (reliability["accuracy"] - reliability["confidence"]).abs() * reliability["n"]
    keys = [reliability[name] for name in GROUP]
    return (distance.groupby(keys).sum() / reliability["n"].groupby(keys).sum()).rename("calibration_error")
