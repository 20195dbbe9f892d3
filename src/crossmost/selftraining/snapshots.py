"""What teachers along a run say of every object, as far as their accuracy asks for it."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from crossmost.scores import COMBINED_VIEWS, SINGLE_VIEW, Scores


def snapshot_predictions(epochs: Sequence[int], scored: Iterable[Scores]) -> pd.DataFrame:
    """The class that each snapshot names for each object from each view.

    Args:
        epochs: after which the snapshots were taken.
        scored: scores of each; they are asked for one after the other, and not kept.

    Returns:
        A row per epoch and object: epoch, object_id, split, and the int32 place in the class list that is named from
        each single view (`image_single_00` …), `image`, `point` and `joint`.
    """
    tables = []
    for epoch, scores in zip(epochs, scored, strict=True):
        predicted = np.empty(scores.probabilities.shape[:2], dtype=np.int32)
        for rows in scores.blocks():
            predicted[rows] = scores.probabilities[rows].argmax(axis=-1)
        names = [f"{SINGLE_VIEW}_{number:02d}" for number in range(scores.single.shape[1])]
        table = pd.DataFrame(predicted, columns=[*names, *COMBINED_VIEWS])
        table.insert(0, "split", list(scores.splits))
        table.insert(0, "object_id", list(scores.object_ids))
        table.insert(0, "epoch", epoch)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)
