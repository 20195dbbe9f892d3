"""Embeddings of a collection as a Kedro dataset: a NumPy array, read as it is needed, beside its object ids."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from kedro.io import AbstractDataset
from kedro_datasets._typing import TablePreview

from crossmost.embeddings import Embeddings
from crossmost.errors import CrossmostError, MissingInputError
from crossmost.kedro_datasets.table import cell_text

VALUES_NAME = "embeddings.npy"
OBJECTS_NAME = "objects.parquet"


class EmbeddingsDataset(AbstractDataset[Embeddings, Embeddings]):
    """A folder with `embeddings.npy`, (N, V + 1, E) float16, and `objects.parquet`: method and object_id of each row.

    Args:
        filepath: The folder.
        metadata: Free information for other tools (Kedro-Viz).
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._filepath = Path(filepath)
        self.metadata = metadata

    def preview(self, nrows: int = 20) -> TablePreview:
        """The first views and clouds; numbers are rounded, long lists cut."""
        embeddings = self.load()
        n_rows = embeddings.values.shape[1]
        rows = [
            {
                "object_id": embeddings.object_ids[row // n_rows],
                "modality": "image" if row % n_rows < n_rows - 1 else "point",
                "embedding": cell_text(embeddings.values[divmod(row, n_rows)]),
            }
            for row in range(min(nrows, len(embeddings.object_ids) * n_rows))
        ]
        return TablePreview(pd.DataFrame(rows, columns=["object_id", "modality", "embedding"]).to_dict(orient="split"))

    def load(self) -> Embeddings:
        """Embeddings whose values stay in the file until they are looked at.

        Raises:
            MissingInputError: if there are none.
            CrossmostError: if one of the two files is damaged, or they do not belong together.
        """
        values_path, objects_path = self._filepath / VALUES_NAME, self._filepath / OBJECTS_NAME
        if not self._exists():
            raise MissingInputError(f"There are no embeddings in {self._filepath}")
        try:
            objects = pd.read_parquet(objects_path)
            values = np.load(values_path, mmap_mode="c", allow_pickle=False)  # what is written stays in memory
            method = str(objects["method"].iloc[0]) if len(objects) else ""
            object_ids = tuple(objects["object_id"].astype(str))
        except (ValueError, OSError, KeyError) as error:
            raise CrossmostError(f"{self._filepath} is damaged ({error}); delete it and make it again") from error
        if values.ndim != 3 or len(values) != len(object_ids):
            raise CrossmostError(
                f"{self._filepath} has embeddings of shape {values.shape} for {len(object_ids)} objects; "
                "delete it and make it again"
            )
        return Embeddings(method, object_ids, values)

    def save(self, data: Embeddings) -> None:
        """Write both files under temporary names, then rename them; without object ids there are no embeddings.

        Raises:
            CrossmostError: if `data` are no `Embeddings`.
        """
        if not isinstance(data, Embeddings):
            raise CrossmostError(f"{self._filepath} can save Embeddings only, got {type(data).__name__}")
        self._filepath.mkdir(parents=True, exist_ok=True)
        values_part = self._filepath / f".{VALUES_NAME}.{os.getpid()}.partial"
        objects_part = self._filepath / f".{OBJECTS_NAME}.{os.getpid()}.partial"
        try:
            with values_part.open("wb") as file:
                np.save(file, data.values, allow_pickle=False)
            pd.DataFrame({"method": data.method, "object_id": list(data.object_ids)}).to_parquet(objects_part)
            (self._filepath / OBJECTS_NAME).unlink(missing_ok=True)
            values_part.replace(self._filepath / VALUES_NAME)
            objects_part.replace(self._filepath / OBJECTS_NAME)
        finally:
            values_part.unlink(missing_ok=True)
            objects_part.unlink(missing_ok=True)

    def _exists(self) -> bool:
        return (self._filepath / VALUES_NAME).is_file() and (self._filepath / OBJECTS_NAME).is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath.as_posix()}
