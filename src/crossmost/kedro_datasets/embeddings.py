"""Embeddings of a collection as a Kedro dataset."""

import numpy as np
import pandas as pd

from crossmost.embeddings import Embeddings
from crossmost.kedro_datasets.large_array import LargeArrayDataset, method_in
from crossmost.kedro_datasets.table import cell_text


class EmbeddingsDataset(LargeArrayDataset[Embeddings]):
    """A folder with `embeddings.npy`, (N, V + 1, E) float16, and `objects.parquet`: method and object_id of each row.

    Args:
        filepath: The folder.
        metadata: Free information for other tools (Kedro-Viz).
    """

    kind = Embeddings
    what = "embeddings"
    array_name = "embeddings.npy"
    mmap_mode = "c"

    def _taken_apart(self, data: Embeddings) -> tuple[np.ndarray, pd.DataFrame]:
        return data.values, pd.DataFrame({"method": data.method, "object_id": list(data.object_ids)})

    def _put_together(self, array: np.ndarray, objects: pd.DataFrame) -> Embeddings:
        return Embeddings(method_in(objects), tuple(objects["object_id"].astype(str)), array)

    def _preview_rows(self, data: Embeddings, nrows: int) -> pd.DataFrame:
        n_rows = data.values.shape[1]
        rows = [
            {
                "object_id": data.object_ids[row // n_rows],
                "modality": "image" if row % n_rows < n_rows - 1 else "point",
                "embedding": cell_text(data.values[divmod(row, n_rows)]),
            }
            for row in range(min(nrows, len(data.object_ids) * n_rows))
        ]
        return pd.DataFrame(rows, columns=["object_id", "modality", "embedding"])
