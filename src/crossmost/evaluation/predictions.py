"""One row per object: what every method says it is, from each modality."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from crossmost.evaluation.answer import Answer
from crossmost.evaluation.scores import MethodScores, ViewScores
from crossmost.scores import COMBINED_VIEWS


def predictions_table(scores: MethodScores, class_names: Sequence[str], answer: Answer | None = None) -> pd.DataFrame:
    """Label, confidence and five best classes of every object, by method and view.

    Args:
        scores: checked scores of every method, all over the same objects.
        class_names: the C class names in logit order.
        answer: whose joint prediction is the answer, if that was chosen.

    Returns:
        A table sorted by `object_id` with `object_id`, `split` and, for each method m and view v in image,
        point and joint, `{m}_{v}_label` (str), `{m}_{v}_confidence` (probability, float32) and `{m}_{v}_top5`
        (list of str, most probable first; shorter when there are fewer than five classes). With an answer, its
        `answer_method`, `answer_label`, `answer_confidence` and `answer_top5` come before those.
    """
    names = np.asarray(class_names, dtype=object)
    columns: dict[str, object] = {"object_id": scores.object_ids, "split": scores.splits}

    def add(name: str, said: ViewScores) -> None:
        columns[f"{name}_label"] = names[said.predicted]
        columns[f"{name}_confidence"] = said.confidence.astype(np.float32)
        columns[f"{name}_top5"] = [names[row].tolist() for row in said.best]

    if answer is not None:
        columns["answer_method"] = [answer.method] * len(scores.object_ids)
        add("answer", scores.views[answer.method]["joint"])
    for method, views in scores.views.items():
        for view in COMBINED_VIEWS:
            add(f"{method}_{view}", views[view])
    return pd.DataFrame(columns)


def methods_in(predictions: pd.DataFrame) -> list[str]:
    """Method names in a predictions table, in column order."""
    suffix = "_joint_label"
    return [column.removesuffix(suffix) for column in predictions.columns if column.endswith(suffix)]
