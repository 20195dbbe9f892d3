"""Large arrays as Kedro datasets: a NumPy file, read as it is needed, beside a table that says what its rows are."""

from __future__ import annotations

import os
from abc import abstractmethod
from pathlib import Path
from typing import Any, ClassVar, Generic, Literal, TypeVar

import numpy as np
import pandas as pd
from kedro.io import AbstractDataset
from kedro_datasets._typing import TablePreview

from crossmost.errors import CrossmostError, MissingInputError

OBJECTS_NAME = "objects.parquet"
Data = TypeVar("Data")


class LargeArrayDataset(AbstractDataset[Data, Data], Generic[Data]):
    """A folder with an array, (N, …), and `objects.parquet`: method, object_id and what else is known of each row.

    Args:
        filepath: The folder.
        metadata: Free information for other tools (Kedro-Viz).
    """

    kind: ClassVar[type]
    """What is saved and loaded."""
    what: ClassVar[str]
    """Its name in errors."""
    array_name: ClassVar[str]
    """Name of the array's file."""
    mmap_mode: ClassVar[Literal["r", "c"]]
    """How the file is opened: "c" keeps in memory what is written to the array, "r" refuses it."""

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._filepath = Path(filepath)
        self.metadata = metadata

    @abstractmethod
    def _taken_apart(self, data: Data) -> tuple[np.ndarray, pd.DataFrame]:
        """The array, and a table with a row for each of its N."""

    @abstractmethod
    def _put_together(self, array: np.ndarray, objects: pd.DataFrame) -> Data:
        """The reverse; `KeyError` if a column is missing, `ValueError` if the array is of another shape."""

    @abstractmethod
    def _preview_rows(self, data: Data, nrows: int) -> pd.DataFrame:
        """The first rows in words."""

    def preview(self, nrows: int = 20) -> TablePreview:
        """The first rows; numbers are rounded, long lists cut."""
        return TablePreview(self._preview_rows(self.load(), nrows).to_dict(orient="split"))

    def load(self) -> Data:
        """What was saved; its array stays in the file until it is looked at.

        Raises:
            MissingInputError: if there is none.
            CrossmostError: if one of the two files is damaged, or they do not belong together.
        """
        if not self._exists():
            raise MissingInputError(f"There are no {self.what} in {self._filepath}{self._older()}")
        try:
            objects = pd.read_parquet(self._filepath / OBJECTS_NAME)
            array = np.load(self._filepath / self.array_name, mmap_mode=self.mmap_mode, allow_pickle=False)
            if array.ndim != 3 or len(array) != len(objects):
                raise ValueError(f"{self.what} of shape {array.shape} for {len(objects)} objects")
            return self._put_together(array, objects)
        except (ValueError, OSError, KeyError) as error:
            raise CrossmostError(f"{self._filepath} is damaged ({error}); delete it and make it again") from error

    def save(self, data: Data) -> None:
        """Write both files under temporary names, then rename them; without the table of objects there is nothing.

        Raises:
            CrossmostError: if `data` is of another kind.
        """
        if not isinstance(data, self.kind):
            raise CrossmostError(f"{self._filepath} can save {self.kind.__name__} only, got {type(data).__name__}")
        array, objects = self._taken_apart(data)
        self._filepath.mkdir(parents=True, exist_ok=True)
        array_part = self._filepath / f".{self.array_name}.{os.getpid()}.partial"
        objects_part = self._filepath / f".{OBJECTS_NAME}.{os.getpid()}.partial"
        try:
            with array_part.open("wb") as file:
                np.save(file, array, allow_pickle=False)
            objects.to_parquet(objects_part)
            (self._filepath / OBJECTS_NAME).unlink(missing_ok=True)
            array_part.replace(self._filepath / self.array_name)
            objects_part.replace(self._filepath / OBJECTS_NAME)
        finally:
            array_part.unlink(missing_ok=True)
            objects_part.unlink(missing_ok=True)

    def _older(self) -> str:
        """A word about a table that an older version left in place of the folder."""
        table = self._filepath.with_suffix(".parquet")
        return f" ({table.name} beside it is of an older version: run the stage again)" if table.is_file() else ""

    def _exists(self) -> bool:
        return (self._filepath / self.array_name).is_file() and (self._filepath / OBJECTS_NAME).is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath.as_posix()}


def method_in(objects: pd.DataFrame) -> str:
    """The method that a table of objects names."""
    return str(objects["method"].iloc[0]) if len(objects) else ""
