"""One row per object: what every method says it is, from each modality."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from crossmost.evaluation.scores import COMBINED_VIEWS, MethodScores

TOP_CLASSES = 5


def predictions_table(scores: MethodScores, class_names: Sequence[str]) -> pd.DataFrame:
    """Label, confidence and five best classes of every object, by method and view.

    Args:
        scores: checked scores of every method, all over the same objects.
        class_names: the C class names in logit order.

    Returns:
        A table sorted by `object_id` with `object_id`, `split` and, for each method m and view v in image,
        point and joint, `{m}_{v}_label` (str), `{m}_{v}_confidence` (probability, float32) and `{m}_{v}_top5`
        (list of str, most probable first; shorter when there are fewer than five classes).
    """
    names = np.asarray(class_names, dtype=object)
    reference = next(iter(scores.values()))["joint"]
    columns: dict[str, object] = {"object_id": reference.object_ids, "split": reference.splits}
    for method, views in scores.items():
        for view in COMBINED_VIEWS:
            view_scores = views[view]
            best = np.argsort(-view_scores.probabilities, axis=1, kind="stable")[:, :TOP_CLASSES]
            columns[f"{method}_{view}_label"] = names[best[:, 0]]
            columns[f"{method}_{view}_confidence"] = view_scores.confidence.astype(np.float32)
            columns[f"{method}_{view}_top5"] = [names[row].tolist() for row in best]
    return pd.DataFrame(columns)


def methods_in(predictions: pd.DataFrame) -> list[str]:
    """Method names in a predictions table, in column order."""
    suffix = "_joint_label"
    return [column.removesuffix(suffix) for column in predictions.columns if column.endswith(suffix)]
