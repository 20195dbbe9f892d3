"""How many objects were trained on, and how many of their pseudo-labels were right, epoch by epoch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from crossmost.errors import CrossmostError
from crossmost.evaluation.metrics import class_index_of

MODALITIES = ("image", "point")
COLUMNS = ["method", "epoch", "modality", "class_name", "n", "n_kept", "coverage", "accuracy", "n_assigned"]


def pseudo_label_quality(
    tables: Iterable[pd.DataFrame], labels: pd.DataFrame, class_names: Sequence[str]
) -> pd.DataFrame:
    """Coverage and accuracy of recorded pseudo-labels.

    Args:
        tables: pseudo-label tables with `method, epoch, object_id, label_image, label_point, kept_image,
            kept_point`; labels are class indices.
        labels: true labels; may be empty.
        class_names: the C class names in index order.

    Returns:
        One row per method, epoch and modality (`class_name` null), then one per true class:

        * `n`: objects (of that class); null per class when there are no labels,
        * `n_kept`, `coverage`: those trained on, as a number and as a share,
        * `accuracy`: share of right labels among kept objects with a known label; null when there are none,
        * `n_assigned`: kept objects whose pseudo-label names this class (total row: equals `n_kept`).

    Raises:
        CrossmostError: a pseudo-label of a kept object is not a class index, or an object occurs twice in an
            epoch.
    """
    class_index = class_index_of(labels, class_names)
    records: list[dict[str, object]] = []
    for table in tables:
        for _, group in table.groupby(["method", "epoch"], sort=True):
            records += _epoch_records(group, class_index, class_names)
    quality_table = pd.DataFrame(records, columns=COLUMNS)
    numbers = ["n", "n_kept", "coverage", "accuracy"]
    quality_table[numbers] = quality_table[numbers].astype(np.float64)
    return quality_table


def _epoch_records(group: pd.DataFrame, class_index: pd.Series, class_names: Sequence[str]) -> list[dict[str, object]]:
    """The rows of one method and epoch."""
    method, epoch = str(group["method"].iloc[0]), int(group["epoch"].iloc[0])
    doubled = group.loc[group["object_id"].duplicated(), "object_id"]
    if len(doubled):
        raise CrossmostError(f"Pseudo-labels of '{method}' name object '{doubled.iloc[0]}' twice in epoch {epoch}.")
    truth = group["object_id"].map(class_index).to_numpy(dtype=np.float64)  # NaN: no label
    unknown = dict.fromkeys(("n", "n_kept", "coverage", "accuracy"), np.nan)
    records: list[dict[str, object]] = []
    for modality in MODALITIES:
        assigned = group[f"label_{modality}"].to_numpy(dtype=np.int64)
        kept = group[f"kept_{modality}"].to_numpy(dtype=bool)
        _check_range(assigned[kept], len(class_names), method, epoch)
        key = {"method": method, "epoch": epoch, "modality": modality}
        overall = _quality(np.ones(len(group), dtype=bool), kept, assigned, truth)
        records.append({**key, "class_name": None, **overall, "n_assigned": int(kept.sum())})
        for index, name in enumerate(class_names):
            quality = unknown if class_index.empty else _quality(truth == index, kept, assigned, truth)
            n_assigned = int((assigned[kept] == index).sum())
            records.append({**key, "class_name": name, **quality, "n_assigned": n_assigned})
    return records


def _quality(members: np.ndarray, kept: np.ndarray, assigned: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Coverage of the member objects; accuracy over those of them that were kept and have a label."""
    trained = members & kept
    known = trained & ~np.isnan(truth)
    n = int(members.sum())
    return {
        "n": n,
        "n_kept": int(trained.sum()),
        "coverage": float(trained.sum() / n) if n else np.nan,
        "accuracy": float((assigned[known] == truth[known]).mean()) if known.any() else np.nan,
    }


def _check_range(assigned: np.ndarray, n_classes: int, method: str, epoch: int) -> None:
    wrong = assigned[(assigned < 0) | (assigned >= n_classes)]
    if wrong.size:
        raise CrossmostError(
            f"Pseudo-labels of '{method}' in epoch {epoch} contain class index {wrong[0]}; allowed are 0 to "
            f"{n_classes - 1}. The class list changed after training: run the selftraining stage again."
        )
