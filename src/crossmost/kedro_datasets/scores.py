"""Scores of a collection as a Kedro dataset."""

import numpy as np
import pandas as pd

from crossmost.kedro_datasets.large_array import LargeArrayDataset, method_in
from crossmost.kedro_datasets.table import cell_text
from crossmost.scores import COMBINED_VIEWS, Scores

CLASS_NAMES = "class_names"


class ScoresDataset(LargeArrayDataset[Scores]):
    """A folder with `probabilities.npy`, (N, V + 3, C) float32, and `objects.parquet`: method, object_id, split.

    The names of the classes are in the metadata of the table.

    Args:
        filepath: The folder.
        metadata: Free information for other tools (Kedro-Viz).
    """

    kind = Scores
    what = "scores"
    array_name = "probabilities.npy"
    mmap_mode = "r"

    def _taken_apart(self, data: Scores) -> tuple[np.ndarray, pd.DataFrame]:
        columns = {"method": data.method, "object_id": list(data.object_ids), "split": list(data.splits)}
        objects = pd.DataFrame(columns)
        objects.attrs[CLASS_NAMES] = list(data.class_names)  # kept in the file's metadata
        return data.probabilities, objects

    def _put_together(self, array: np.ndarray, objects: pd.DataFrame) -> Scores:
        if array.shape[1] <= len(COMBINED_VIEWS):
            raise ValueError(f"scores of shape {array.shape}, without single views")
        ids, splits = (tuple(objects[name].astype(str)) for name in ("object_id", "split"))
        return Scores(method_in(objects), ids, splits, array, tuple(objects.attrs.get(CLASS_NAMES, ())))

    def _preview_rows(self, data: Scores, nrows: int) -> pd.DataFrame:
        names = data.view_names()
        rows = [
            {
                "object_id": data.object_ids[row // len(names)],
                "split": data.splits[row // len(names)],
                "view": names[row % len(names)],
                "probabilities": cell_text(data.probabilities[divmod(row, len(names))]),
            }
            for row in range(min(nrows, len(data) * len(names)))
        ]
        return pd.DataFrame(rows, columns=["object_id", "split", "view", "probabilities"])
